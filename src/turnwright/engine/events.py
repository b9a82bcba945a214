"""What a run tells while it goes: one tagged union that progress display, log and tests read."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from turnwright.records import Admission, Usage
from turnwright.records.fidelity import BatchVerdict

__all__ = [
    "Answered",
    "CallMade",
    "Concluded",
    "Event",
    "Judged",
    "Listener",
    "Notice",
    "Planting",
    "RunEnded",
    "RunStarted",
    "Simulating",
    "silent",
]


class RunStarted(msgspec.Struct, frozen=True, tag=True):
    """The run begins (or goes on): how many scenarios there are, how many are done already."""

    scenarios: int
    done: int


class Simulating(msgspec.Struct, frozen=True, tag=True):
    """A conversation is being simulated."""

    ordinal: int
    attempt: int


class CallMade(msgspec.Struct, frozen=True, tag=True):
    """A model call was answered; `replayed` when it came from the journal and cost nothing now."""

    role: str
    usage: Usage
    replayed: bool


class Concluded(msgspec.Struct, frozen=True, tag=True):
    """A scenario has its last word."""

    admission: Admission


class Judged(msgspec.Struct, frozen=True, tag=True):
    """The gates have been asked about a batch."""

    verdict: BatchVerdict


class RunEnded(msgspec.Struct, frozen=True, tag=True):
    """The run is over: `complete`, `interrupted`, `capped` or `stopped`."""

    ending: str


class Notice(msgspec.Struct, frozen=True, tag=True):
    """Something that a reader must know, e.g. that no arbiter holds a licence."""

    text: str


class Planting(msgspec.Struct, frozen=True, tag=True):
    """The exam is being set: clean conversations that were found so far."""

    clean: int


class Answered(msgspec.Struct, frozen=True, tag=True):
    """A question of an exam was answered: how many are, of how many at the most."""

    answered: int
    of: int


Event = RunStarted | Simulating | CallMade | Concluded | Judged | RunEnded | Notice | Planting | Answered
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """A listener that does nothing."""
