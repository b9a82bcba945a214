"""People of the mini shop with planted habits: conversations as a reference file holds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from turnwright.domains import STANDARD_FACTORS, Domain, realise
from turnwright.errors import Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.reading import Called, Example, Said, read_set
from turnwright.records import Blueprint, Scenario, seeded

PLAIN = {"disclosure": "asked", "memory": "sure", "mood": "calm", "detour": "none", "tool_fault": "none"}

MakeScenario = Callable[..., Scenario]


def people(
    domain: Domain,
    make: MakeScenario,
    count: int,
    levels: Mapping[str, Mapping[str, float]] | None = None,
    settings: PlanSettings | None = None,
    seed: int = 0,
) -> list[Example]:
    """As many conversations, whose levels have these shares; levels that are not named are plain."""
    found: list[Example] = []
    number = 0
    while len(found) < count:
        number += 1
        rng = seeded("people", seed, number)
        drawn = {
            factor: rng.choices(list(shares), list(shares.values()))[0] for factor, shares in (levels or {}).items()
        }
        try:
            blueprint = plan(make(seed * 100_000 + number, **{**PLAIN, **drawn}), domain, settings or PlanSettings())
        except Impossible:
            continue
        found.append(told(domain, blueprint, f"p{number}"))
    return found


def told(domain: Domain, blueprint: Blueprint, name: str) -> Example:
    turns = []
    for number, step in enumerate(blueprint.steps):
        act = step.acts[0] if step.acts and step.role == "assistant" else ""
        if step.call is not None:
            call = Called(name=step.call.name, arguments=step.call.arguments)
            turns.append(Said(role="assistant", act=act, call=call))
        elif step.result is None:
            words = realise(domain, step, seeded("said", name, number))
            turns.append(Said(role=step.role, act=act, text=words, origin="human"))
    return Example(name=name, task=domain.name, turns=tuple(turns))


def file_of(examples: list[Example], path: Path) -> Path:
    """Write them as a reference file, and read it once to be sure that it is one."""
    path.write_text("".join(json.dumps(_line(one)) + "\n" for one in examples))
    read_set([path])
    return path


def _line(one: Example) -> dict[str, Any]:
    turns = []
    for turn in one.turns:
        call = {"service_call": {"name": turn.call.name, "arguments": turn.call.arguments}} if turn.call else {}
        turns.append({"role": turn.role, "text": turn.text, **({"act": turn.act} if turn.act else {}), **call})
    return {"id": one.name, "tasks": [one.task], "turns": turns}


def levels_of(factor: str) -> list[str]:
    return list(STANDARD_FACTORS[factor].levels)
