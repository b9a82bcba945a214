"""Gates: conditions on monitors that are asked after every batch, and that act only on what is surely so.

A gate `tail_retention >= 0.8` is *breached* when the interval of the figure lies wholly past the bound, *held* when it
lies wholly within, else *open*: the run goes on and the next look sees more. The interval is that of two one-sided
bounds at the error that `spending` allows this look, so over all looks together a gate that should hold is breached
with a chance of at most `alpha` (and one that should not is called held with at most `alpha`). A figure that cannot be
taken is *unread* and never breaches.

`stop` and `rebalance` judge the whole set: everything admitted so far, in every batch and round, against the frozen
reference. `quarantine` judges the last batch, since that is what it takes away, and has two ways to find it at fault,
each at half of the error rate: the batch alone is surely past the bound; or the whole set surely is, and the batch's
own figure is past the bound too, so that it belongs to what put the set there (a leak too small to be seen in one
batch). A batch that mends the set is never taken away for what earlier ones did. A quarantined batch leaves the set, so
later looks at the whole set lean towards `held`, never towards a false breach.

Only the monitors that gates name are computed, so a run pays for no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import msgspec

from turnwright.errors import InputError
from turnwright.monitor.figures import Figure, figure_of
from turnwright.monitor.measures.cells import Missing, missing
from turnwright.monitor.panel import PANEL
from turnwright.monitor.sampling import sample_of
from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.monitor.spending import spent
from turnwright.monitor.statistic import Monitor, Sample
from turnwright.reading import Example
from turnwright.records import derive_seed
from turnwright.records.fidelity import GateOutcome, Reading

__all__ = ["LEAST", "Action", "Judgement", "check_gates", "judge"]

Action = Literal["stop", "quarantine", "rebalance"]
State = Literal["held", "breached", "open", "unread"]
LEAST = 10
"""Conversations a side below which no figure is taken: their spread cannot be told from so few."""
GRAVEST: tuple[Action, ...] = ("stop", "quarantine", "rebalance")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What all gates said at one look.

    outcomes: one a gate, in their order; `breached` always means that its action is due. readings: the figures that
    were taken of the whole set; own: those of the last batch alone, for `quarantine`. action: the
    gravest that is due (stop > quarantine > rebalance), None where nothing is. missing: cells of the reference that
    the whole set surely lacks, most telling first; filled only when a `rebalance` is due.
    """

    look: int
    outcomes: tuple[GateOutcome, ...]
    readings: tuple[Reading, ...] = ()
    own: tuple[Reading, ...] = ()
    action: Action | None = None
    missing: tuple[Missing, ...] = ()

    @property
    def due(self) -> tuple[GateOutcome, ...]:
        """The breached gates, gravest action first."""
        breached = [one for one in self.outcomes if one.state == "breached"]
        return tuple(sorted(breached, key=lambda one: GRAVEST.index(one.action)))


def check_gates(gates: Sequence[GateSettings], monitors: Sequence[Monitor] | None = None) -> dict[str, Monitor]:
    """The monitors that these gates name, by name, in the order of the panel.

    Raises:
        InputError: a gate names a monitor that there is not; the nearest names and all of them are told.
    """
    known = {one.name: one for one in (PANEL if monitors is None else monitors)}
    for gate in gates:
        name = gate.parts[0]
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"did you mean '{near[0]}'? " if near else ""
            raise InputError(
                f"there is no monitor '{name}'",
                where=f"gate '{gate.when}'",
                fix=f"{meant}monitors are: {', '.join(sorted(known))}",
            )
    wanted = {gate.parts[0] for gate in gates}
    return {name: one for name, one in known.items() if name in wanted}


def judge(
    gates: Sequence[GateSettings],
    reference: Sequence[Example],
    synthetic: Sequence[Example],
    settings: MonitorSettings,
    *,
    look: int,
    batch: Sequence[Example] = (),
    monitors: Sequence[Monitor] | None = None,
    seed: int = 0,
) -> Judgement:
    """Ask all gates.

    Args:
        reference: the human conversations, the same at every look (`rounds.freeze` sees to it).
        synthetic: all admitted so far, the last batch included, what is in quarantine not.
        look: number of this look, from 1; it counts over batches and rounds and never starts again.
        batch: what the last batch admitted, for `quarantine`; empty: the whole set is the batch.
        monitors: the panel, where it is another than ours.

    Raises:
        InputError: a gate names no monitor, or looks are not counted from 1.
    """
    named = check_gates(gates, monitors)
    whole = _Taken(named, reference, synthetic, settings, seed)
    last = _Taken(named, reference, batch, settings, derive_seed(seed, "batch")) if batch else whole
    part = spent(settings.alpha, look)
    outcomes = tuple(
        _quarantine(gate, whole, last, part / 2, look)
        if gate.action == "quarantine"
        else _outcome(gate, whole.reading(gate.parts[0], part), part, look)
        for gate in gates
    )
    own = () if last is whole else last.readings
    made = Judgement(look=look, outcomes=outcomes, readings=whole.readings, own=own)
    due = made.due
    if not due:
        return made
    steers = any(one.action == "rebalance" for one in due)
    lacking = missing(reference, synthetic, alpha=settings.alpha) if steers else ()
    return msgspec.structs.replace(made, action=due[0].action, missing=lacking)


def _quarantine(gate: GateSettings, whole: _Taken, last: _Taken, part: float, look: int) -> GateOutcome:
    """See the top of this file: two ways to find a batch at fault, each at half of the error."""
    name, direction, bound = gate.parts
    alone = _outcome(gate, last.reading(name, part), part, look)
    together = alone if last is whole else _outcome(gate, whole.reading(name, part), part, look)
    if alone.state == "breached" or together.state != "breached" or alone.value is None:
        return alone
    if (alone.value >= bound) is (direction == ">="):
        return msgspec.structs.replace(alone, why="the set so far is past the bound, this batch is not part of why")
    why = f"the set so far is past the bound, and so is this batch ({alone.value:.3g})"
    return msgspec.structs.replace(together, why=why)


def _outcome(gate: GateSettings, reading: Reading, part: float, look: int) -> GateOutcome:
    return GateOutcome(
        gate=gate.when,
        monitor=reading.name,
        look=look,
        state=_state(gate, reading),
        action=gate.action,
        value=reading.value,
        low=reading.low,
        high=reading.high,
        alpha=part,
        why=reading.left_out,
    )


def _state(gate: GateSettings, reading: Reading) -> State:
    _, direction, bound = gate.parts
    if reading.low is None or reading.high is None:
        return "unread"
    if direction == ">=":
        return "breached" if reading.high < bound else "held" if reading.low >= bound else "open"
    return "breached" if reading.low > bound else "held" if reading.high <= bound else "open"


def _reading(monitor: Monitor, taken: Figure, level: float) -> Reading:
    low, high = taken.bounds((1 - level) / 2) or (None, None)
    silent = "" if taken.value is None or low is not None else "it has no interval here"
    return Reading(
        name=monitor.name,
        family=monitor.family,
        title=monitor.title,
        side=monitor.side,
        value=taken.value,
        unit=monitor.unit,
        same=monitor.same,
        worse=monitor.worse,
        reference=taken.levels[0] if taken.levels else None,
        synthetic=taken.levels[1] if taken.levels else None,
        low=low,
        high=high,
        level=level,
        floor=taken.floor,
        n=taken.n,
        meaning=monitor.means,
        left_out=taken.left_out or silent,
    )


class _Taken:
    """The figures of one set against the reference, each taken when it is first asked for."""

    def __init__(
        self,
        monitors: Mapping[str, Monitor],
        reference: Sequence[Example],
        synthetic: Sequence[Example],
        settings: MonitorSettings,
        seed: int,
    ) -> None:
        self._monitors, self._sides, self._settings, self._seed = monitors, (reference, synthetic), settings, seed
        self._found: dict[str, Figure] = {}
        self._read: dict[str, Reading] = {}

    @cached_property
    def _sample(self) -> Sample:
        given = self._settings
        return sample_of(*self._sides, view=given.view, most=given.most, seed=self._seed)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read, in the order of the panel."""
        return tuple(self._read[name] for name in self._monitors if name in self._read)

    def reading(self, name: str, part: float) -> Reading:
        """The figure with its two one-sided bounds at an error of `part` each."""
        if name not in self._found:
            self._found[name] = self._figure(self._monitors[name])
        made = _reading(self._monitors[name], self._found[name], 1 - 2 * part)
        self._read.setdefault(name, made)
        return made

    def _figure(self, monitor: Monitor) -> Figure:
        counts = tuple(map(len, self._sides))
        if min(counts) < LEAST:
            side = "reference" if counts[0] < LEAST else "synthetic set"
            return Figure(left_out=f"{min(counts)} conversations in the {side}; at least {LEAST} are needed")
        return figure_of(self._sample, monitor)
