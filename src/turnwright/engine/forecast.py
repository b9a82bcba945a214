"""What a run will need, before anything is sent: blueprints are planned for a sample, and their words are counted.

Planning calls no model, so the number of turns to write is known, not guessed. What is estimated is the size of
prompts and replies and the tries per turn; the constants stand here, with where they come from.
"""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

import msgspec

from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.engine.spec import PriceSpec, Spec
from turnwright.errors import Impossible
from turnwright.plan import plan
from turnwright.records import Blueprint

__all__ = ["Forecast", "RoleForecast", "forecast"]

SAMPLE = 200
CALLS_A_TURN = {"turn": 2.5, "conversation": 1.0, "interplay": 1.0, "naive": 1.0}
"""Calls of a turn, tries included: SmolLM2-135M on telecom_support, at three tries; a stronger model takes fewer."""
PROMPT_TOKENS_A_CALL = {"turn": 200, "conversation": 900, "interplay": 700, "naive": 2200}
"""Prompt tokens of one call: few-shot turn, whole outline, growing chat (telecom_support, SmolLM2 tokenizer)."""
REPLY_TOKENS_A_TURN = {"turn": 35, "conversation": 22, "interplay": 30, "naive": 30}
"""Tokens written for one turn, tries and JSON included (same source)."""
GUARD_TOKENS = {"critics": (1400, 90), "arbiter": (1500, 2)}
"""Prompt and reply tokens of a critic's and an arbiter's call: policy, tools and whole conversation (telecom_support);
all but the last hundred are the same from call to call, so that most come from a prefix cache."""


class RoleForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Expected calls and tokens of one role, and their price (None without a price table)."""

    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    money: Decimal


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is expected to need.

    sampled: scenarios that were planned. impossible: code → how many of them cannot be planned.
    turns: mean text turns a conversation. steps: mean steps. outcomes: outcome → how many of the sample.
    """

    scenarios: int
    sampled: int
    impossible: dict[str, int]
    outcomes: dict[str, int]
    turns: float
    steps: float
    roles: dict[str, RoleForecast]


def forecast(spec: Spec, domain: Domain, design: Design) -> Forecast:
    """Plan up to 200 scenarios, spread over the design, and scale up."""
    stride = max(1, len(design) // SAMPLE)
    ordinals = range(0, len(design), stride)
    blueprints: list[Blueprint] = []
    impossible: Counter[str] = Counter()
    for ordinal in ordinals:
        try:
            blueprints.append(plan(design.scenario(ordinal), domain, spec.plan, dict(design.factors)))
        except Impossible as why:
            impossible[why.code] += 1
    scale = len(design) / len(ordinals)
    return Forecast(
        scenarios=len(design),
        sampled=len(ordinals),
        impossible=dict(impossible),
        outcomes=dict(Counter(blueprint.outcome for blueprint in blueprints)),
        turns=_mean([sum(bool(step.phrase) for step in blueprint.steps) for blueprint in blueprints]),
        steps=_mean([len(blueprint.steps) for blueprint in blueprints]),
        roles={role: _role(role, spec, blueprints, scale) for role in spec.speaking},
    )


def _role(role: str, spec: Spec, blueprints: list[Blueprint], scale: float) -> RoleForecast:
    if role.startswith(("critics", "arbiter")):
        return _guard(role, spec, len(blueprints) * scale)
    side = "user" if role == "user" else "assistant"
    steps = sum(step.role == side and bool(step.phrase) for blueprint in blueprints for step in blueprint.steps)
    whole = spec.simulate.way == "fill" and spec.simulate.fill.by == "conversation"
    if whole:
        calls = len(blueprints) if role == "teacher" else 0
    elif spec.simulate.way == "naive":
        calls = math.ceil(len(blueprints) / spec.simulate.naive.batch) if role == "teacher" else 0
    elif spec.simulate.way == "interplay" and role == "teacher":
        calls = steps + sum(len(blueprint.calls) for blueprint in blueprints)
    else:
        calls = steps
    kind = spec.simulate.fill.by if spec.simulate.way == "fill" else spec.simulate.way
    expected = round(calls * scale * CALLS_A_TURN[kind])
    prompt, reply = expected * PROMPT_TOKENS_A_CALL[kind], round(steps * scale) * REPLY_TOKENS_A_TURN[kind]
    model = spec.models[spec.speaking[role]]
    return RoleForecast(
        model=spec.speaking[role],
        calls=expected,
        prompt_tokens=prompt,
        completion_tokens=reply,
        money=_money(model.price, prompt, reply),
    )


def _guard(role: str, spec: Spec, conversations: float) -> RoleForecast:
    """A critic looks once with every lens, an arbiter answers every criterion: at most what a clean draft needs."""
    each = len(spec.lenses) if role == "critics" else len(spec.arbiter.rubric)
    prompt, reply = GUARD_TOKENS["critics" if role == "critics" else "arbiter"]
    calls = round(conversations * each)
    return RoleForecast(
        model=spec.speaking[role],
        calls=calls,
        prompt_tokens=calls * prompt,
        completion_tokens=calls * reply,
        money=_money(spec.models[spec.speaking[role]].price, calls * prompt, calls * reply),
    )


def _money(price: PriceSpec, prompt: int, completion: int) -> Decimal:
    return (Decimal(price.input) * prompt + Decimal(price.output) * completion) / 1_000_000


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0
