"""Stage `simulate`: Blueprint → Conversation, by `fill` (words for a whole skeleton) or `interplay` (turn by turn).

`naive` is the comparison arm: whole conversations from one prompt, as they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.models import Speaker
from turnwright.records import Blueprint, Conversation, Ending, Scenario
from turnwright.simulate.fill import fill
from turnwright.simulate.interplay import Guard, interplay
from turnwright.simulate.naive import naive
from turnwright.simulate.settings import FillSettings, InterplaySettings, NaiveSettings, SimulateSettings

__all__ = ["FillSettings", "Guard", "InterplaySettings", "NaiveSettings", "SimulateSettings", "simulate"]


async def simulate(
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    speakers: Mapping[str, Speaker],
    settings: SimulateSettings,
    *,
    attempt: int,
    reader: Reader,
    guard: Guard,
    companions: Sequence[tuple[Scenario, Blueprint]] = (),
) -> Conversation:
    """Give a blueprint its conversation.

    Args:
        speakers: the roles `user` and `teacher`.
        attempt: 0, 1, ...; another attempt draws other seeds.
        guard: looks at the turns so far and returns a defect; a fatal one ends an interplay early.
        companions: all that share one prompt with this blueprint, itself among them, in order (naive only).

    Raises:
        ReplyUnreadable: a model gave nothing usable (not in `fill`, which falls back to the domain's words).
    """
    ending: Ending = "abandoned" if blueprint.outcome == "abandoned" else "complete"
    if settings.way == "fill":
        turns = await fill(blueprint, scenario, domain, speakers, settings.fill, attempt=attempt, reader=reader)
    elif settings.way == "naive":
        group = companions or ((scenario, blueprint),)
        place = [each.id for _, each in group].index(blueprint.id)
        turns = await naive(group, domain, speakers["teacher"], settings.naive, number=place, attempt=attempt)
    else:
        turns, ending = await interplay(
            blueprint, scenario, domain, speakers, settings.interplay, attempt=attempt, guard=guard
        )
    return Conversation(
        scenario_id=scenario.id,
        blueprint_id=blueprint.id,
        domain=domain.fingerprint,
        way=settings.way,
        turns=turns,
        ending=ending,
        attempt=attempt,
    )
