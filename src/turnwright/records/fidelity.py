"""How much a synthetic set is like human conversations: figures with interval, floor, test, smallest visible effect."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from turnwright.records.identity import Record

__all__ = [
    "BatchAction",
    "BatchVerdict",
    "Detail",
    "Fidelity",
    "Floor",
    "GateOutcome",
    "Light",
    "MonitorSide",
    "Raised",
    "Reading",
]

Light = Literal["green", "amber", "red", "grey"]
"""green: nothing seen. amber: seen, but not past the panel's error rate. red: shown. grey: not measured."""
MonitorSide = Literal["user", "assistant", "both"]


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """The same figure between random halves of the reference. median, high, low: of it over the halves (the middle
    and the outer 95 %). halves: how many splits. size: conversations in each half.
    """

    median: float
    low: float
    high: float
    halves: int
    size: int


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of explanation under a figure: a cell, a feature. reference, synthetic: its share or mean on each side.

    p: of its own test, after Holm's correction over all details of the figure; None where nothing was tested.
    """

    name: str
    reference: float | None = None
    synthetic: float | None = None
    p: float | None = None
    note: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one monitor read off two sets.

    name: as gates and reports know it (`tail_retention`). family: heading in the report. side: whose turns.
    value: the figure, None where it could not be taken (`left_out` says why). unit: `ratio`, `AUC`, `bits`, `turns`.
    same: the value when nothing differs. worse: in which direction the figure goes when the sets differ.
    reference, synthetic: the level on either side, for figures that compare levels.
    low, high: interval of the value at `level`, by conversations. p: permutation p-value by conversations; adjusted:
    over the whole panel. smallest: the smallest effect (distance from `same`, in the unit of value) that would be
    found at these numbers with a power of 80 %. n: conversations on either side that the figure rests on.
    meaning: one sentence for people. details: most telling first.
    """

    name: str
    family: str
    title: str
    side: MonitorSide = "both"
    value: float | None = None
    unit: str = ""
    same: float = 0.0
    worse: Literal["higher", "lower", "either"] = "higher"
    reference: float | None = None
    synthetic: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    floor: Floor | None = None
    p: float | None = None
    adjusted: float | None = None
    smallest: float | None = None
    n: tuple[int, int] = (0, 0)
    light: Light = "grey"
    meaning: str = ""
    details: tuple[Detail, ...] = ()
    left_out: str = ""


class Fidelity(Record, frozen=True, kw_only=True):
    """What the whole panel read. reference, synthetic: content ids of the two sets; sources: where they came from.

    view: `stress` (as they are) or `natural` (by scenario weights). alpha: error rate of the whole panel under the
    null. permutations: draws behind each p-value. alarm: whether anything is past it. left_out: what could not be
    looked at, and why. notes: what a reader must know besides.
    """

    prefix: ClassVar[str] = "fi"

    reference: str
    synthetic: str
    sources: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    n: tuple[int, int]
    view: Literal["stress", "natural"] = "stress"
    alpha: float
    permutations: int
    seed: int
    alarm: bool
    light: Light
    readings: tuple[Reading, ...]
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def reading(self, name: str) -> Reading | None:
        """The reading of this name, None where the panel has none."""
        return next((one for one in self.readings if one.name == name), None)


class GateOutcome(Record, frozen=True, kw_only=True):
    """What one gate said at one look. gate: as written (`tail_retention >= 0.8`). look: from 1, counts every time that
    this gate was asked. alpha: what was spent at this look; low, high: the interval of `value` at that level.

    state: `held` (surely within), `breached` (surely past), `open` (cannot be told yet: goes on), `unread` (no figure;
    `why` says so). action: what is done when it is breached.
    """

    prefix: ClassVar[str] = "go"

    gate: str
    monitor: str
    look: int
    state: Literal["held", "breached", "open", "unread"]
    action: Literal["stop", "quarantine", "rebalance"]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    alpha: float = 0.0
    why: str = ""


BatchAction = Literal["go on", "stop", "quarantine", "rebalance"]


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """A level that the batches after a verdict sample more. before, after: its share of the scenarios; quota: what the
    design is told. because: the cells that were missing and that it shows.
    """

    factor: str
    level: str
    before: float
    after: float
    quota: int
    because: tuple[str, ...] = ()


class BatchVerdict(Record, frozen=True, kw_only=True):
    """What the gates said after one batch of a run, and what follows.

    look: from 1, counts all verdicts of the run. number: of the batch, from 1. first, last: its ordinals.
    batch, so_far: conversations admitted in it, and in the whole set with it. outcomes: of the gates that were asked.
    action: what was done. quarantined: conversations that left the set. quotas: what the next scenarios sample more;
    missing: the cells for which they do. notes: what could not be done, and why.
    """

    prefix: ClassVar[str] = "bv"

    look: int
    number: int
    first: int
    last: int
    batch: int
    so_far: int
    outcomes: tuple[GateOutcome, ...]
    action: BatchAction
    quarantined: int = 0
    quotas: tuple[Raised, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def due(self) -> tuple[GateOutcome, ...]:
        """The gates that are the reason for the action."""
        return tuple(one for one in self.outcomes if one.state == "breached" and one.action == self.action)
