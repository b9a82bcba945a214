"""The versions of a scenario that differ in who the user is, and in nothing else.

A blueprint is planned once, for the scenario as it was drawn, and shared by all its versions: goal, facts, world, gold
calls and every sampling seed (which come from the blueprint's id) are then the same, and only the persona differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from turnwright.engine.audit.records import Version
from turnwright.engine.kit import Kit
from turnwright.engine.spec import Spec
from turnwright.errors import Impossible, stage_boundary
from turnwright.monitor.bias import Attribute, AttributeTable
from turnwright.plan import plan
from turnwright.records import Blueprint, Persona, Scenario, derive_seed

__all__ = ["SAYS", "as_level", "hides_persona", "planned", "versions_of"]

SAYS = "says"
"""Trait under which the sentence of a level stands in the persona."""


def hides_persona(spec: Spec) -> bool:
    """Whether no prompt of this way of simulating holds the persona, so that no level of it could matter."""
    return spec.simulate.way == "fill" and spec.simulate.fill.by == "turn"


def planned(kit: Kit, pairs: int) -> tuple[list[tuple[Scenario, Blueprint]], int]:
    """The first so many scenarios of the design that have a blueprint, and how many had none."""
    made: list[tuple[Scenario, Blueprint]] = []
    looked_at = 0
    for scenario in kit.design:
        if len(made) == pairs:
            break
        looked_at += 1
        with suppress(Impossible), stage_boundary("plan", scenario.id):
            made.append((scenario, plan(scenario, kit.domain, kit.spec.plan, kit.factors)))
    return made, looked_at - len(made)


def versions_of(
    bases: Sequence[tuple[Scenario, Blueprint]], table: AttributeTable, *, references_only: bool
) -> Iterator[tuple[Scenario, Version]]:
    """Every version with the scenario that it comes from, blueprint by blueprint."""
    for scenario, blueprint in bases:
        for name, attribute in table.attributes.items():
            for level in [attribute.reference] if references_only else attribute.levels:
                persona = as_level(scenario.persona, name, attribute, level, scenario.seed)
                swapped = msgspec.structs.replace(scenario, persona=persona)
                yield scenario, Version(attribute=name, level=level, scenario=swapped, blueprint=blueprint)


def as_level(persona: Persona, name: str, attribute: Attribute, level: str, seed: int) -> Persona:
    """The persona with this level of the attribute; names of all levels come from the same place in their lists."""
    chosen = attribute.levels[level]
    traits = {**persona.traits, **chosen.traits, **({SAYS: chosen.says} if chosen.says else {})}
    if not chosen.names:
        return msgspec.structs.replace(persona, traits=traits)
    new = chosen.names[derive_seed("audit", seed, name) % len(chosen.names)]
    last = persona.name.partition(" ")[2]
    return Persona(name=new if " " in new or not last else f"{new} {last}", traits=traits)
