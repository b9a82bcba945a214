"""Bounded work with ordered conclusions: the only place where tasks are started.

Workers take items in order and push what they made to a buffer; one drain concludes the results strictly in item
order. Started work may run ahead of the slowest by `window` items at the most, so memory is bounded by the work in
flight, whatever the number of items.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["Ordered"]

Item = TypeVar("Item")
Made = TypeVar("Made")


class Ordered(Generic[Item, Made]):
    """Runs `work` over items with `concurrency` workers and hands results to `conclude` in order, in batches.

    Args:
        items: the work, in order; advanced only when a worker is free.
        work: makes a result of an item, or None for an item that cannot be finished in this run: it and
            everything after it stay open. An exception cancels the whole run.
        conclude: takes the next results in order; awaited before the next batch.
        window: how far ahead of the last concluded item work may start.
    """

    def __init__(
        self,
        items: Iterator[Item],
        work: Callable[[Item], Awaitable[Made | None]],
        conclude: Callable[[list[Made]], Awaitable[None]],
        *,
        concurrency: int,
        window: int | None = None,
    ) -> None:
        self._items, self._work, self._conclude = items, work, conclude
        self._concurrency = concurrency
        self._window = window or concurrency * 4 + 16
        self._buffer: dict[int, Made | None] = {}
        self._started = self._concluded = 0
        self._exhausted = self._stopping = False
        self._running = 0
        self._moved = asyncio.Condition()
        self._waking: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Start nothing new; what is in flight is finished and concluded. Call it on the run's own loop."""
        self._stopping = True
        self._waking = asyncio.get_running_loop().create_task(self._wake())

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def run(self) -> int:
        """Work until the items end or `stop` was called; return how many were concluded."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(self._worker())
                group.create_task(self._drain())
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        return self._concluded

    async def _worker(self) -> None:
        while True:
            place = await self._next()
            if place is None:
                return
            index, item = place
            made = await self._work(item)
            async with self._moved:
                self._buffer[index] = made
                self._running -= 1
                self._moved.notify_all()

    async def _next(self) -> tuple[int, Item] | None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._stopping or self._started < self._concluded + self._window)
            if not (self._stopping or self._exhausted):
                item = next(self._items, None)
                if item is not None:
                    index = self._started
                    self._started += 1
                    self._running += 1
                    return index, item
            self._exhausted = True
            self._moved.notify_all()
            return None

    async def _drain(self) -> None:
        while True:
            async with self._moved:
                await self._moved.wait_for(lambda: self._buffer.get(self._concluded) is not None or self._over())
                batch = self._finished()
            if batch:
                await self._conclude(batch)
            async with self._moved:
                self._concluded += len(batch)
                self._moved.notify_all()
                if not batch:
                    return

    def _finished(self) -> list[Made]:
        """Take the next results in order, up to the first gap or the first item that stays open."""
        batch: list[Made] = []
        while (made := self._buffer.get(self._concluded + len(batch))) is not None:
            del self._buffer[self._concluded + len(batch)]
            batch.append(made)
        return batch

    def _over(self) -> bool:
        return (self._exhausted or self._stopping) and self._running == 0


def _first(errors: BaseExceptionGroup) -> BaseException:
    """The first real error of a group; cancellation only where there is nothing else."""
    found: list[BaseException] = []
    for error in errors.exceptions:
        found.append(_first(error) if isinstance(error, BaseExceptionGroup) else error)
    return next((error for error in found if isinstance(error, Exception)), found[0])
