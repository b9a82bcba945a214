"""The verb of the stage: a scenario becomes a blueprint whose gold calls have run and whose end state is known."""

from __future__ import annotations

from collections.abc import Mapping

from turnwright.domains import STANDARD_FACTORS, Domain
from turnwright.domains.declaration import Factor
from turnwright.errors import Impossible
from turnwright.plan.behaviour import Behaviour, Places, decide_events, decide_telling
from turnwright.plan.settings import PlanSettings
from turnwright.plan.situation import set_scene
from turnwright.plan.walk import Walk
from turnwright.records import Blueprint, Scenario

__all__ = ["plan"]


def plan(
    scenario: Scenario, domain: Domain, settings: PlanSettings, factors: Mapping[str, Factor] | None = None
) -> Blueprint:
    """Make the blueprint of a scenario.

    Args:
        factors: the design's factors (their levels may `set` cells of the world); by default the standard ones
            and the domain's.

    Raises:
        Impossible: the scenario cannot be done in this domain (with a short code and the reason).
    """
    scene = set_scene(scenario, domain, factors or {**STANDARD_FACTORS, **domain.spec.factors})
    dry = Walk(scene, Behaviour(scene.facts), settings).run()
    told = decide_telling(scene, dry.places, settings.volunteered)
    second = Walk(scene, told, settings).run()
    how = decide_events(scene, second.places, told)
    walk = Walk(scene, how, settings).run()
    _shows(scenario, how, walk.places)
    return Blueprint(
        scenario_id=scenario.id,
        domain=domain.fingerprint,
        intent=scene.intent_name,
        goal=scene.goal,
        outcome=walk.outcome,
        facts=how.facts(),
        steps=tuple(walk.outline.steps),
        faults=how.faults,
        cast=scene.cast,
        setup=scene.setup,
        world_seed=scenario.seed,
        start_hash=scene.start.hash(),
        end_hash=walk.world.hash(),
        changes=walk.world.diff(scene.start.tables),
    )


def _shows(scenario: Scenario, how: Behaviour, places: Places) -> None:
    """A level must show in the blueprint: the path may have turned away from the place that was chosen for it."""
    wanted = [
        ("memory", how.forgotten, how.forgotten in places.asked),
        ("memory", how.corrected, how.corrected in places.asked),
        ("detour", how.refused, how.refused in places.asked),
        ("detour", how.changes_mind_at, how.changes_mind_at in places.choices),
        ("detour", how.digresses_at >= 0, how.digresses_at < places.answers),
        ("detour", how.unclear_at >= 0, how.unclear_at < places.answers),
        ("mood", how.complains_at > 0, how.complains_at < places.answers),
        ("tool_fault", how.faults, all(fault.tool in places.calls for fault in how.faults)),
    ]
    for factor, decided, met in wanted:
        if decided and not met:
            raise Impossible("no_place", f"{factor}={scenario.levels.get(factor)} finds no place on the path taken")
