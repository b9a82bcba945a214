"""The `fill` way: words for a whole skeleton, in few calls. The cheap default.

The skeleton is fixed: calls and results come from the blueprint, and every other turn gets words that carry its
values and do its acts. What no model words well in its tries is said in the domain's own phrasing, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.models import Speaker
from turnwright.records import Blueprint, Provenance, Scenario, Step, Turn
from turnwright.simulate.lines import lines_of
from turnwright.simulate.outline import word_conversation
from turnwright.simulate.settings import FillSettings
from turnwright.simulate.wording import Worded, Wording

__all__ = ["fill"]


async def fill(
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    speakers: Mapping[str, Speaker],
    settings: FillSettings,
    *,
    attempt: int,
    reader: Reader,
) -> tuple[Turn, ...]:
    """Return one turn for every step of the blueprint, in order.

    Args:
        speakers: the roles `user` and `teacher`.
        attempt: 0, 1, ...; another attempt draws other seeds.

    Raises:
        DomainError: an act without phrasings. ModelError, CapReached: from the speakers.
    """
    spoken = (index for index, step in enumerate(blueprint.steps) if step.call is None and step.result is None)
    lines = {index: lines_of(domain, blueprint.steps[index]) for index in spoken}
    drafts: dict[int, Worded] = {}
    if settings.by == "conversation":
        drafts = await word_conversation(
            blueprint, scenario, domain, speakers["teacher"], lines, settings,
            attempt=attempt, reader=reader,
        )  # fmt: skip
    wording = Wording(blueprint, domain, speakers, settings, attempt=attempt, reader=reader)
    turns: list[Turn] = []
    for index, step in enumerate(blueprint.steps):
        if index in lines:
            turns.append(_spoken(step, await wording.turn(index, lines[index], drafts.get(index))))
        else:
            turns.append(_done(step))
    return tuple(turns)


def _spoken(step: Step, worded: Worded) -> Turn:
    return Turn(role=step.role, text=worded.text, acts=step.acts, mentions=step.mentions, provenance=worded.provenance)


def _done(step: Step) -> Turn:
    """A call or a result: both come from the executed blueprint, no model has a say in them."""
    if step.call is not None:
        return Turn(role="assistant", acts=step.acts, call=step.call, provenance=Provenance(origin="template"))
    return Turn(role="tool", result=step.result, provenance=Provenance(origin="tool"), trainable=False)
