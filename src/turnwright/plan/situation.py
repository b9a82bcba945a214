"""Setting the scene of a scenario: which rows play a part, what the world is like, what the user knows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from turnwright.domains import Domain, ExpressionFault, World, compile_expression
from turnwright.domains.declaration import Factor, IntentSpec
from turnwright.domains.world import Tables
from turnwright.errors import Impossible
from turnwright.records import Change, Json, Scenario, seeded

__all__ = ["Situation", "set_scene"]


class Situation:
    """The scene: the world after setup, the cast, and the user's facts (slot → value)."""

    def __init__(self, scenario: Scenario, domain: Domain, factors: Mapping[str, Factor]) -> None:
        self.scenario, self.domain, self.factors = scenario, domain, factors
        name = scenario.levels.get("intent", "")
        if name not in domain.spec.intents:
            raise Impossible("no_intent", f"the scenario has no intent of the domain (it says '{name}')")
        self.intent_name, self.intent = name, domain.spec.intents[name]
        self.cast: dict[str, tuple[str, str]] = {}
        self.setup: tuple[Change, ...] = ()
        self.facts: dict[str, Json] = {}

    @cached_property
    def start(self) -> World:
        """The world in which the conversation starts, to compare with; nobody changes it."""
        return self.world()

    def world(self) -> World:
        """A fresh world in the state in which the conversation starts."""
        return self.domain.open_world(self.scenario.seed, self.setup)

    def names(self, world: World) -> dict[str, Any]:
        """The cast's rows in this world and the levels, as names for expressions."""
        rows = {alias: world.tables[table].get(key, {}) for alias, (table, key) in self.cast.items()}
        levels = {factor: self.scenario.levels.get(factor, "") for factor in self.factors}
        return {**rows, "levels": {**levels, **self.scenario.levels}}

    @property
    def flow(self) -> str:
        """The flow that serves the intent."""
        return self.intent.flow or self.intent_name

    @property
    def goal(self) -> str:
        """The goal in words, with the facts in place."""
        said = {slot: self.domain.say(slot, value) for slot, value in self.facts.items()}
        return _filled(self.intent.goal, said)


def set_scene(scenario: Scenario, domain: Domain, factors: Mapping[str, Factor]) -> Situation:
    """Choose the cast, change the world as the levels say, and work out what the user knows.

    Raises:
        Impossible: no row fits a part, or an expression cannot be worked out.
    """
    scene = Situation(scenario, domain, factors)
    world = domain.open_world(scenario.seed)
    rng = seeded("cast", scenario.seed)
    try:
        for alias in scene.intent.cast:
            scene.cast[alias] = _chosen(alias, scene, world, rng)
        scene.setup = _setup(scene, world)
        world.apply(scene.setup)
        names = scene.names(world)
        known = {slot: compile_expression(text)(names) for slot, text in scene.intent.facts.items()}
    except ExpressionFault as fault:
        raise Impossible("bad_expression", str(fault)) from None
    scene.facts = {slot: value for slot, value in known.items() if value is not None}
    return scene


def _chosen(alias: str, scene: Situation, world: World, rng: random.Random) -> tuple[str, str]:
    part = _part(scene.intent, alias)
    names, condition = scene.names(world), compile_expression(part[1])
    rows = world.table(part[0])
    fitting = [key for key in sorted(rows) if condition({**names, "row": rows[key]})]
    if not fitting:
        raise Impossible("no_cast", f"no row of '{part[0]}' can play '{alias}' (where {part[1]})")
    return part[0], rng.choice(fitting)


def _part(intent: IntentSpec, alias: str) -> tuple[str, str]:
    return intent.cast[alias].table, intent.cast[alias].where


def _setup(scene: Situation, world: World) -> tuple[Change, ...]:
    """Cells that the levels set; cells of aliases that this intent does not cast are left out."""
    cells: dict[tuple[str, str, str], Json] = {}
    for factor, level in sorted(scene.scenario.levels.items()):
        declared = scene.factors.get(factor)
        for cell, value in declared.levels[level].set.items() if declared and level in declared.levels else ():
            alias, _, field = cell.partition(".")
            if alias in scene.cast:
                cells[(*scene.cast[alias], field)] = value
    before: Tables = world.tables
    return tuple(
        Change(table=table, key=key, field=field, value=value)
        for (table, key, field), value in sorted(cells.items())
        if before[table][key].get(field) != value
    )


def _filled(text: str, values: dict[str, str]) -> str:
    for slot, value in values.items():
        text = text.replace("{" + slot + "}", value)
    return text
