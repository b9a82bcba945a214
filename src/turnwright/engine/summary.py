"""What a run came to, read from its database: the figures that are printed at its end and by `status`."""

from __future__ import annotations

from collections import Counter

import msgspec

from turnwright.records import Conversation, Usage
from turnwright.store import Run

__all__ = ["Summary", "summarise"]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run.

    planned: scenarios concluded that got a blueprint. simulated: those that got a conversation.
    rejected: (stage, reason) → count. turns: origin → number of user and assistant text turns in admitted
    conversations. tries: model texts sampled for them. usage: role → what was paid.
    seconds: model time, added up over calls (they overlap).
    """

    scenarios: int
    concluded: int
    planned: int
    simulated: int
    admitted: int
    rejected: dict[str, int]
    turns: dict[str, int]
    tries: int
    asked: int
    usage: dict[str, Usage]
    spent_on_rejects: Usage
    seconds: float

    @property
    def total(self) -> Usage:
        """All roles together."""
        return sum(self.usage.values(), Usage())

    @property
    def tries_per_turn(self) -> float:
        """Texts sampled per turn for which a model was asked."""
        return self.tries / self.asked if self.asked else 0.0


def summarise(run: Run, scenarios: int) -> Summary:
    """Read the figures; one pass over the admitted conversations."""
    outcomes = run.records.outcomes()
    rejected = {f"{stage}: {reason}": n for (stage, reason), n in sorted(outcomes.items()) if reason != "admitted"}
    concluded = sum(outcomes.values())
    unplanned = sum(n for (stage, _), n in outcomes.items() if stage == "plan")
    broken = sum(n for (stage, _), n in outcomes.items() if stage == "simulate")
    count = _Count()
    for conversation in run.records.conversations(admitted=True):
        count.add(conversation)
    return Summary(
        scenarios=scenarios,
        concluded=concluded,
        planned=concluded - unplanned,
        simulated=concluded - unplanned - broken,
        admitted=run.records.admitted(),
        rejected=rejected,
        turns=dict(count.origins),
        tries=count.tries,
        asked=count.asked,
        usage=run.journal.totals(),
        spent_on_rejects=sum((admission.usage for admission in run.records.admissions(admitted=False)), Usage()),
        seconds=run.journal.seconds(),
    )


class _Count:
    def __init__(self) -> None:
        self.origins: Counter[str] = Counter()
        self.tries = self.asked = 0

    def add(self, conversation: Conversation) -> None:
        for turn in conversation.turns:
            if turn.text and turn.role != "tool":
                self.origins[turn.provenance.origin] += 1
                self.tries += turn.provenance.tries
                self.asked += turn.provenance.tries > 0
