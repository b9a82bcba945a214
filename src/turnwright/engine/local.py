"""Running the flow in this process: bounded, ordered, resumable, and polite to Ctrl-C.

The first interrupt lets the conversations in flight finish and keeps them; the second drops them (their finished
calls stay in the journal, so going on costs nothing twice).
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from turnwright.engine.catalogue import ELAPSED
from turnwright.engine.concurrency import Ordered
from turnwright.engine.events import RunEnded, RunStarted
from turnwright.engine.flow import Made, admit, make
from turnwright.engine.kit import Kit
from turnwright.errors import CapReached, ModelError, RequestRefused, TurnwrightError
from turnwright.records import Scenario

__all__ = ["Ending", "run_flow"]

Ending = Literal["complete", "interrupted", "capped", "stopped"]
REFUSED_IN_A_ROW = 5


async def run_flow(kit: Kit) -> Ending:
    """Run every scenario that has no last word yet.

    Returns:
        `complete`, `interrupted` (Ctrl-C), `capped` (a cap was met; going on needs a higher one) or `stopped` (by a
        gate; going on needs other gates).

    Raises:
        ModelError: an endpoint stayed down; what is done is kept, and the same command goes on.
        StoreError: the disk refuses.
    """
    return await _LocalRun(kit).run()


class _LocalRun:
    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.first = kit.run.records.done_up_to()
        self.halted: TurnwrightError | None = None
        self.interrupted = self.stopped = False
        self.refused = 0
        self.ordered = self.over(())

    async def run(self) -> Ending:
        self.kit.tell(RunStarted(scenarios=len(self.kit.course), done=self.first))
        with self.interrupts():
            await self.batches()
        await self.kit.run.records.put_meta(ELAPSED, f"{self.kit.budget.elapsed:.1f}".encode())
        ending = self.ending()
        self.kit.tell(RunEnded(ending=ending))
        return ending

    async def batches(self) -> None:
        """One batch after the other with a word of the gates between them; without gates, all at once."""
        judging = self.kit.judging
        if judging is None:
            await self.made(range(len(self.kit.course)))
            return
        self.stopped = judging.stopped
        for batch in () if self.stopped else judging.batches:
            if not await self.made(batch):
                return
            self.stopped = (await judging.judged(batch)).action == "stop"
            if self.stopped:
                return

    async def made(self, batch: range) -> bool:
        """Conclude what is open of these scenarios; say whether all of them are."""
        first = self.kit.run.records.done_up_to()
        if not self.interrupted and first < batch.stop:
            self.ordered = self.over(range(max(first, batch.start), batch.stop))
            await self.ordered.run()
        return self.kit.run.records.done_up_to() >= batch.stop

    def over(self, ordinals: Iterable[int]) -> Ordered[Scenario, Made]:
        left = (self.kit.course.scenario(ordinal) for ordinal in ordinals)
        return Ordered(left, self.work, self.conclude, concurrency=self.kit.spec.run.concurrency)

    def ending(self) -> Ending:
        if isinstance(self.halted, CapReached):
            return "capped"
        if self.halted is not None:
            raise self.halted
        return "interrupted" if self.interrupted else "stopped" if self.stopped else "complete"

    async def work(self, scenario: Scenario) -> Made | None:
        """Make one conversation; what no conversation can mend stops the run and leaves this one open."""
        order = await self.kit.cascade.order_for(scenario.ordinal)
        if order is None:
            return None
        try:
            made = await make(scenario, self.kit, order)
        except (CapReached, ModelError) as error:
            self.halt(error)
            return None
        self.watch_refusals(made)
        return made

    def halt(self, error: TurnwrightError) -> None:
        self.halted = self.halted or error
        self.kit.cascade.close()
        self.ordered.stop()

    def watch_refusals(self, made: Made) -> None:
        """A wrong key or model name refuses every call: do not turn a whole design into rejections."""
        refused = bool(made.failures) and made.failures[-1].error == RequestRefused.__name__
        self.refused = self.refused + 1 if refused else 0
        if self.refused >= REFUSED_IN_A_ROW:
            fix = "check model name, key and settings; then run the same command again"
            self.halt(RequestRefused(f"{self.refused} conversations in a row were refused: {made.detail}", fix=fix))

    async def conclude(self, batch: list[Made]) -> None:
        """Admit in order, write what was decided; one group commit serves the whole batch."""
        writes = []
        for made in batch:
            concluded, signature = admit(made, self.kit)
            skeleton = signature.skeleton if signature else ""
            writes.append(self.kit.run.records.conclude(concluded, signature=signature, skeleton=skeleton))
        await asyncio.gather(*writes)

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Take Ctrl-C (and a polite kill) as a wish to stop in order, where the platform lets us."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def on_signal() -> None:
            if self.interrupted and task is not None:
                task.cancel()
            self.interrupted = True
            self.ordered.stop()

        taken = []
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, on_signal)
                taken.append(number)
            except (NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not Unix
                continue
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)
