"""The mix that a student learns from: synthetic and human conversations, what each counts, and in which order.

Mixing sets weights and the order and leaves every conversation as it is. What weights do is the student's business: the
linear student repeats conversations and shuffles them, so that the order is nothing to it; the lora student reads them
in the order of the mix. Pairs from rejected turns, which only preference training can use, stand in `negatives`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Literal

import msgspec

from turnwright.domains import STANDARD_FACTORS
from turnwright.errors import InputError
from turnwright.reading.example import HUMAN, Example, ExampleSet, Said

__all__ = ["Mixture", "Shares", "mixed", "shares"]

_SHOWN = 4
_DETOURS = {name: next(iter(STANDARD_FACTORS[name].levels)) for name in ("memory", "detour", "tool_fault")}
"""Factors that lead off the straight way → their level that does not."""


class Mixture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How conversations are mixed.

    human, negatives: paths of files of human conversations and of run folders, for those who read them.
    human_share: share of the whole weight that human conversations get, above 0 and below 1; None leaves it to
    human_weight: what a human conversation counts, where a synthetic one counts 1 on average.
    weights: `natural` counts synthetic conversations by their scenario's `p_target / q_sample`, as the target mix has
    them; `none` counts all of them alike, which reads a design as `stress`, the other name of the same.
    levels: factor → level → factor by which the synthetic conversations of this level count more, or less.
    order: `easy_first` begins with conversations that have the fewest detours, then the fewest turns.
    """

    human: tuple[str, ...] = ()
    human_share: float | None = None
    human_weight: float = 1.0
    weights: Literal["none", "natural", "stress"] = "none"
    levels: dict[str, dict[str, float]] = {}
    order: Literal["as_given", "easy_first"] = "as_given"
    negatives: tuple[str, ...] = ()


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """What a mix came to. human: conversations whose words are all people's; share: theirs of the whole weight.

    lightest, heaviest: weights. effective: how many conversations of equal weight tell as much (Kish).
    """

    conversations: int
    human: int
    share: float
    lightest: float
    heaviest: float
    effective: float


def mixed(synthetic: ExampleSet, human: ExampleSet | None, mixture: Mixture) -> ExampleSet:
    """Weigh and order these conversations; what `shares` says of the result is the share that came out.

    Turns of `human` of which nobody says who wrote them count as human from here on: that is what it was given as.

    Raises:
        InputError: a weight or share that cannot be, a level that no conversation has, conversations that do not tell
            their natural weight, or a human set in which models wrote.
    """
    _possible(mixture, human)
    made = _levelled(_viewed(synthetic.examples, mixture), mixture.levels)
    people = [_by_people(one) for one in human.examples] if human else []
    counts = _human_weight(made, people, mixture)
    examples = [*made, *(msgspec.structs.replace(one, weight=one.weight * counts) for one in people)]
    if mixture.order == "easy_first":
        examples.sort(key=_difficulty)
    return ExampleSet(
        examples=tuple(examples),
        sources=(*synthetic.sources, *(human.sources if human else ())),
        specs=synthetic.specs,
        usage=synthetic.usage,
    )


def shares(mix: ExampleSet) -> Shares:
    """Say what a mix came to."""
    weights = [one.weight for one in mix.examples]
    whole = sum(weights)
    return Shares(
        conversations=len(mix),
        human=sum(one.human for one in mix.examples),
        share=sum(one.weight for one in mix.examples if one.human) / whole if whole else 0.0,
        lightest=min(weights, default=0.0),
        heaviest=max(weights, default=0.0),
        effective=whole**2 / sum(weight**2 for weight in weights) if whole else 0.0,
    )


def _possible(mixture: Mixture, human: ExampleSet | None) -> None:
    share = mixture.human_share
    if share is not None and not 0 < share < 1:
        raise InputError(
            f"a human share of {share:g} is impossible in a mix", fix="give a share above 0 and below 1, e.g. 0.3"
        )
    if share is not None and not human:
        raise InputError(
            f"a human share of {share:g} is impossible: there are no human conversations",
            fix="name a file of human conversations, or leave the share out",
        )
    if share is not None and mixture.human_weight != 1.0:
        raise InputError("human share and human weight are both given, and each decides the other", fix="give one")
    for weight in (mixture.human_weight, *(each for levels in mixture.levels.values() for each in levels.values())):
        if not (isfinite(weight) and weight > 0):
            raise InputError(f"a weight of {weight:g} is impossible", fix="give a number above 0")


def _viewed(examples: Sequence[Example], mixture: Mixture) -> list[Example]:
    """Weigh by the view; conversations that were weighed before keep that as a factor."""
    if mixture.weights != "natural":
        return list(examples)
    silent = [one.name for one in examples if one.natural is None]
    if silent:
        raise InputError(
            f"{len(silent):,} of {len(examples):,} conversations do not tell their natural weight "
            f"({', '.join(silent[:_SHOWN])})",
            fix="mix run folders or exports with metadata, or leave `natural` out",
        )
    return [msgspec.structs.replace(one, weight=one.weight * (one.natural or 0.0)) for one in examples]


def _levelled(examples: list[Example], levels: Mapping[str, Mapping[str, float]]) -> list[Example]:
    """Multiply by the weights of levels; then 1 on average, so that human weights mean the same everywhere."""
    for factor, weights in levels.items():
        known = {one.levels[factor] for one in examples if factor in one.levels}
        wrong = next((level for level in weights if level not in known), None)
        if wrong is not None:
            has = f"its levels here: {', '.join(sorted(known))}" if known else f"factors here: {_factors(examples)}"
            raise InputError(f"no conversation has {factor}={wrong}, so it cannot be weighed", fix=has)
    raw = [one.weight * _product(one, levels) for one in examples]
    mean = sum(raw) / len(raw) if any(raw) else 1.0
    return [msgspec.structs.replace(one, weight=weight / mean) for one, weight in zip(examples, raw, strict=True)]


def _factors(examples: Iterable[Example]) -> str:
    return ", ".join(sorted({factor for one in examples for factor in one.levels})) or "none"


def _product(one: Example, levels: Mapping[str, Mapping[str, float]]) -> float:
    product = 1.0
    for factor, weights in levels.items():
        product *= weights.get(one.levels.get(factor, ""), 1.0)
    return product


def _human_weight(made: Sequence[Example], people: Sequence[Example], mixture: Mixture) -> float:
    """By what the weights of human conversations are multiplied, so that the asked share comes out."""
    if mixture.human_share is None:
        return mixture.human_weight
    odds = mixture.human_share / (1 - mixture.human_share)
    return odds * sum(one.weight for one in made) / sum(one.weight for one in people)


def _by_people(one: Example) -> Example:
    turns = tuple(_by_person(turn) for turn in one.turns)
    if any(turn.text and turn.role != "tool" and turn.origin not in HUMAN for turn in turns):
        raise InputError(
            f"conversation '{one.name}' of the human set has words that people did not write",
            fix="give it as synthetic, or leave it out",
        )
    return msgspec.structs.replace(one, turns=turns)


def _by_person(turn: Said) -> Said:
    return msgspec.structs.replace(turn, origin="human") if turn.role != "tool" and not turn.origin else turn


def _difficulty(one: Example) -> tuple[bool, int, int]:
    detours = sum(one.levels.get(factor, plain) != plain for factor, plain in _DETOURS.items())
    return one.happy is False, detours, len(one.turns)
