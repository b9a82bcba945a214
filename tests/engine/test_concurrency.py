"""Bounded work with ordered conclusions."""

from __future__ import annotations

import asyncio
import random

import pytest

from turnwright.engine.concurrency import Ordered


async def run(count: int, concurrency: int, *, open_from: int | None = None) -> tuple[list[int], int]:
    rng, concluded, flying, most = random.Random(concurrency), [], 0, 0

    async def work(item: int) -> str | None:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        for _ in range(rng.randrange(5)):
            await asyncio.sleep(0)
        flying -= 1
        return None if open_from is not None and item >= open_from else str(item)

    async def conclude(batch: list[str]) -> None:
        await asyncio.sleep(0)
        concluded.extend(int(text) for text in batch)

    ordered: Ordered[int, str] = Ordered(iter(range(count)), work, conclude, concurrency=concurrency)
    assert await ordered.run() == len(concluded)
    return concluded, most


@pytest.mark.parametrize("concurrency", [1, 2, 7, 64])
async def test_results_are_concluded_in_order_whatever_the_concurrency(concurrency: int) -> None:
    concluded, most = await run(200, concurrency)
    assert concluded == list(range(200))
    assert most <= concurrency


async def test_nothing_after_an_open_item_is_concluded() -> None:
    concluded, _ = await run(50, 8, open_from=20)
    assert concluded == list(range(20))


async def test_work_never_runs_further_ahead_than_the_window() -> None:
    started: list[int] = []
    gate = asyncio.Event()

    async def work(item: int) -> int:
        started.append(item)
        if item == 0:
            await gate.wait()
        return item

    async def conclude(batch: list[int]) -> None:
        return

    ordered: Ordered[int, int] = Ordered(iter(range(1000)), work, conclude, concurrency=4, window=10)
    running = asyncio.create_task(ordered.run())
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(started) <= 10
    gate.set()
    assert await running == 1000


async def test_after_stop_nothing_new_starts_and_what_flies_is_concluded() -> None:
    concluded: list[int] = []

    async def work(item: int) -> int:
        if item == 10:
            ordered.stop()
        await asyncio.sleep(0)
        return item

    async def conclude(batch: list[int]) -> None:
        concluded.extend(batch)

    ordered: Ordered[int, int] = Ordered(iter(range(1000)), work, conclude, concurrency=4)
    await ordered.run()
    assert concluded == list(range(len(concluded)))
    assert 11 <= len(concluded) <= 16


async def test_the_real_error_comes_out_not_a_group() -> None:
    async def work(item: int) -> int:
        raise ZeroDivisionError("the real one")

    async def conclude(batch: list[int]) -> None:
        return

    with pytest.raises(ZeroDivisionError, match="the real one"):
        await Ordered(iter(range(5)), work, conclude, concurrency=2).run()
