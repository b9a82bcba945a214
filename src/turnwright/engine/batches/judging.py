"""After every batch: ask the gates, write down what they said, and do what follows, before the next batch begins.

Everything that follows is read back from what was written, so a run that goes on takes the same course. `stop` and
`quarantine` are asked as the spec's view says. `rebalance` is asked of the set as it is (`stress`): what it changes is
how often a level is sampled, and `natural` weights undo just that; and it looks at what came since the last time that
it acted, which is all that could have become better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from turnwright.domains import Domain
from turnwright.engine.batches.course import Course
from turnwright.engine.batches.missing import led_back, told
from turnwright.engine.events import Judged, Listener
from turnwright.engine.quotas import Bounds, Push, Wanted, raised
from turnwright.engine.spec import Spec
from turnwright.errors import DesignError
from turnwright.monitor.gates import Judgement, judge
from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.reading import Example, ExampleSet, example_of
from turnwright.records import derive_seed
from turnwright.records.fidelity import BatchAction, BatchVerdict, GateOutcome, Raised
from turnwright.store import Run

if TYPE_CHECKING:
    from turnwright.monitor.measures.cells import Missing

__all__ = ["Judging"]

GRAVEST: tuple[BatchAction, ...] = ("stop", "quarantine", "rebalance")
BOUNDS = Bounds()


class Judging:
    """The gates of one run, asked batch by batch.

    Args:
        course: is told which levels the scenarios that are left should have more often.
    """

    def __init__(
        self, spec: Spec, domain: Domain, course: Course, reference: ExampleSet, run: Run, tell: Listener
    ) -> None:
        self._spec, self._domain, self._course, self._reference = spec, domain, course, reference
        self._run, self._tell = run, tell
        self._made: dict[int, Example] = {}
        self._read_up_to = 0
        self._verdicts = list(run.records.batches.verdicts())
        for verdict in self._verdicts:
            if verdict.quotas:
                course.redraw(verdict.last + 1, _quotas_of(verdict))

    @property
    def verdicts(self) -> tuple[BatchVerdict, ...]:
        """Everything that the gates have said in this run."""
        return tuple(self._verdicts)

    @property
    def batches(self) -> list[range]:
        """The ordinals of the batches that are to be judged yet.

        The batch after which the run was stopped is among them when the spec no longer has the gate that did it.
        """
        size, whole = self._spec.monitor.batch, len(self._course)
        judged = self._verdicts[-1].number if self._verdicts else 0
        if self._verdicts and self._verdicts[-1].action == "stop" and not self.stopped:
            judged -= 1
        return [range(first, min(first + size, whole)) for first in range(judged * size, whole, size)]

    @property
    def stopped(self) -> bool:
        """Whether gates that are still asked have stopped the run."""
        if not self._verdicts or self._verdicts[-1].action != "stop":
            return False
        asked = {(gate.when, gate.action) for gate in self._spec.monitor.gates}
        return any((one.gate, one.action) in asked for one in self._verdicts[-1].due)

    async def judged(self, batch: range) -> BatchVerdict:
        """Ask the gates about a batch whose scenarios are all concluded; what they say is durable on return.

        Raises:
            StoreError: it could not be written.
        """
        self._read(batch.stop)
        admitted = [ordinal for ordinal in batch if ordinal in self._made]
        verdict = self._verdict(batch, admitted)
        await self._run.records.batches.keep(verdict, admitted if verdict.quarantined else ())
        for ordinal in admitted if verdict.quarantined else ():
            del self._made[ordinal]
        self._verdicts.append(verdict)
        if verdict.quotas:
            self._course.redraw(verdict.last + 1, _quotas_of(verdict))
        self._tell(Judged(verdict=verdict))
        return verdict

    def _read(self, end: int) -> None:
        """Take in what was admitted below this ordinal and is not in quarantine."""
        rename = self._spec.monitor.rename
        for concluded in self._run.records.concluded(start=self._read_up_to, admitted=True):
            ordinal = concluded.scenario.ordinal
            if ordinal < end and concluded.conversation is not None:
                self._made[ordinal] = example_of(concluded.conversation, concluded.scenario, rename=rename)
        self._read_up_to = end

    # --- asking -------------------------------------------------------------------------------------------------

    def _verdict(self, batch: range, admitted: Sequence[int]) -> BatchVerdict:
        """What the gates say, and what is done about it."""
        outcomes, missing = self._asked([self._made[ordinal] for ordinal in admitted])
        due = {one.action for one in outcomes if one.state == "breached"}
        verdict = BatchVerdict(
            look=len(self._verdicts) + 1,
            number=batch.start // self._spec.monitor.batch + 1,
            first=batch.start,
            last=batch.stop - 1,
            batch=len(admitted),
            so_far=len(self._made),
            outcomes=outcomes,
            action=next((one for one in GRAVEST if one in due), "go on"),
            quarantined=len(admitted) if "quarantine" in due and "stop" not in due else 0,
            missing=tuple(map(told, missing)),
        )
        return self._rebalanced(verdict, missing) if "rebalance" in due and "stop" not in due else verdict

    def _asked(self, own: list[Example]) -> tuple[tuple[GateOutcome, ...], tuple[Missing, ...]]:
        """What every gate says, in the spec's order; and what the set lacks, where a `rebalance` is due."""
        since = next((one.last + 1 for one in reversed(self._verdicts) if one.quotas), 0)
        fresh = [one for ordinal, one in self._made.items() if ordinal >= since]
        settings = self._spec.monitor
        whole = self._judge(lambda gate: not _rebalances(gate), list(self._made.values()), own, settings)
        made = self._judge(_rebalances, fresh, own, settings.model_copy(update={"view": "stress"}))
        said = iter(whole.outcomes), iter(made.outcomes)
        outcomes = [next(said[_rebalances(gate)]) for gate in settings.gates]
        if not own:
            outcomes = [_unread(one) if one.action == "quarantine" else one for one in outcomes]
        return tuple(outcomes), made.missing

    def _judge(
        self,
        which: Callable[[GateSettings], bool],
        synthetic: list[Example],
        own: list[Example],
        settings: MonitorSettings,
    ) -> Judgement:
        gates, look = [gate for gate in settings.gates if which(gate)], len(self._verdicts) + 1
        if not gates:
            return Judgement(look=look, outcomes=())
        seed = derive_seed("gates", self._spec.seed, look)
        return judge(gates, self._reference.examples, synthetic, settings, look=look, batch=own, seed=seed)

    # --- acting -------------------------------------------------------------------------------------------------

    def _rebalanced(self, verdict: BatchVerdict, missing: Sequence[Missing]) -> BatchVerdict:
        """The verdict with what the scenarios that are left sample more; levels that are raised already stay so."""
        first, course = verdict.last + 1, self._course
        if first >= len(course):
            return msgspec.structs.replace(verdict, notes=("no scenarios are left that could be sampled otherwise",))
        led = led_back(missing, list(self._made.values()), course.design.factors, BOUNDS)
        raised_before = next((one.quotas for one in reversed(self._verdicts) if one.quotas), ())
        wanted: Wanted = {(one.factor, one.level): (1.0, one.because) for one in raised_before} | dict(led.wanted)
        try:
            pushes = raised(
                self._domain.name, course.design, lambda quotas: course.tried(first, quotas), wanted, BOUNDS
            )
        except DesignError as error:
            return msgspec.structs.replace(verdict, notes=(*led.notes, f"nothing is sampled otherwise: {error.what}"))
        return msgspec.structs.replace(verdict, quotas=tuple(map(_raised, pushes)), notes=led.notes)


def _rebalances(gate: GateSettings) -> bool:
    return gate.action == "rebalance"


def _unread(outcome: GateOutcome) -> GateOutcome:
    return msgspec.structs.replace(outcome, state="unread", why="the batch admitted nothing")


def _raised(push: Push) -> Raised:
    return Raised(
        factor=push.factor, level=push.level, before=push.before, after=push.after, quota=push.quota,
        because=push.because,
    )  # fmt: skip


def _quotas_of(verdict: BatchVerdict) -> dict[tuple[str, str], int]:
    return {(one.factor, one.level): one.quota for one in verdict.quotas}
