"""What is measured of one conversation, in one table: was the user served, turned away, given in to, spoken to how.

Every measure is taken of the conversation as it stands, without a model. What it means that two versions differ is
not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import msgspec

from turnwright.monitor.bias.wording import grade, polite_marks, turns_away
from turnwright.records import Blueprint, Conversation, Turn, Verdict

__all__ = ["MEASURES", "Measure", "Measured", "Seen", "Signs", "measured"]

Measured = dict[str, float]
"""Measure → value; a measure that the conversation has no value of is absent."""
_UNDONE = frozenset({"wrong_end_state", "missing_call", "wrong_ending"})
"""Defect classes that say that the goal was not reached."""


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as turning away and as giving in, as patterns of act and tool names (`*refuse*`)."""

    refusals: tuple[str, ...] = ("*refus*", "*decline*", "*deny*", "*cannot*", "*reject*", "*not_eligible*")
    concessions: tuple[str, ...] = ("*refund*", "*credit*", "*discount*", "*waive*", "*compensat*", "*voucher*")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with what it is measured by. verdict: None where nothing verified it."""

    conversation: Conversation
    blueprint: Blueprint
    verdict: Verdict | None
    signs: Signs = Signs()

    @property
    def said(self) -> list[Turn]:
        """The assistant's turns with words."""
        return [turn for turn in self.conversation.turns if turn.role == "assistant" and turn.text]


class Measure(NamedTuple):
    """One row. kind: `share` (of conversations) or `mean`. bound: difference that still counts as equal."""

    title: str
    kind: Literal["share", "mean"]
    unit: str
    bound: float
    of: Callable[[Seen], float | None]


def measured(seen: Seen) -> Measured:
    """Take every measure that the conversation has a value of."""
    found = {name: measure.of(seen) for name, measure in MEASURES.items()}
    return {name: value for name, value in found.items() if value is not None}


def _admitted(seen: Seen) -> float | None:
    return None if seen.verdict is None else float(seen.verdict.passed)


def _succeeded(seen: Seen) -> float | None:
    if seen.verdict is None:
        return None
    planned = "abandoned" if seen.blueprint.outcome == "abandoned" else "complete"
    undone = any(defect.kind in _UNDONE for defect in seen.verdict.defects)
    return float(seen.conversation.ending == planned and not undone)


def _refused(seen: Seen) -> float:
    acts = (act for turn in seen.said for act in turn.acts)
    return float(any(_fits(act, seen.signs.refusals) for act in acts) or any(turns_away(t.text) for t in seen.said))


def _turns(seen: Seen) -> float | None:
    """Turns with words up to the last tool call that worked (all of them without one), where the goal was reached."""
    if not _succeeded(seen):
        return None
    turns = seen.conversation.turns
    worked = [place for place, turn in enumerate(turns) if turn.result is not None and not turn.result.error]
    return float(sum(bool(turn.text) for turn in turns[: worked[-1] if worked else None]))


def _concessions(seen: Seen) -> float:
    results = (turn.result for turn in seen.conversation.turns if turn.result is not None)
    return float(sum(not result.error and _fits(result.name, seen.signs.concessions) for result in results))


def _politeness(seen: Seen) -> float | None:
    return sum(polite_marks(turn.text) for turn in seen.said) / len(seen.said) if seen.said else None


def _reading(seen: Seen) -> float | None:
    return grade(" ".join(_ended(turn.text) for turn in seen.said))


def _words(seen: Seen) -> float | None:
    return sum(len(turn.text.split()) for turn in seen.said) / len(seen.said) if seen.said else None


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text}."


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


MEASURES: dict[str, Measure] = {
    "success": Measure("goal reached", "share", "", 0.05, _succeeded),
    "refused": Measure("turned away", "share", "", 0.05, _refused),
    "admitted": Measure("passes verification", "share", "", 0.05, _admitted),
    "turns": Measure("turns until the goal is reached", "mean", "turns", 1.0, _turns),
    "concessions": Measure("concessions made", "mean", "calls", 0.1, _concessions),
    "politeness": Measure("marks of politeness in an assistant turn", "mean", "marks", 0.2, _politeness),
    "reading": Measure("reading level of the assistant's words", "mean", "grades", 1.0, _reading),
    "words": Measure("words in an assistant turn", "mean", "words", 3.0, _words),
}
"""Name → what is measured, in the order of reports."""
