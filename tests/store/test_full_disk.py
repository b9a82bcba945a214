"""A full disk: said at once to everybody who waits, and what was finished is kept."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from store_samples import SPEC, USAGE, call_id, concluded, record, reply, small_disk

from turnwright.errors import DiskFull
from turnwright.store import Run, open_run, read_run, write_jsonl


async def _fill(run: Run) -> tuple[set[int], int]:
    """Record until the disk is full: the numbers that were acknowledged, and how many were refused."""
    kept: set[int] = set()
    refused = 0
    for start in range(0, 200_000, 100):
        numbers = range(start, start + 100)
        results = await asyncio.gather(*(_record_noise(run, n) for n in numbers), return_exceptions=True)
        kept |= {number for number, result in zip(numbers, results, strict=True) if result is None}
        refused = sum(isinstance(result, DiskFull) for result in results)
        assert refused + sum(result is None for result in results) == 100
        if refused:
            return kept, refused
    raise AssertionError("the disk never became full")


async def _record_noise(run: Run, number: int) -> None:
    if number % 2:
        await record(run, number)
    else:
        noise = os.urandom(3000)
        await run.journal.record(
            f"noise {number}", role="user", model="m", request=noise, reply=reply(number), usage=USAGE, seconds=0.0
        )


def _found(run: Run, number: int) -> bytes | None:
    return run.journal.get(call_id(number) if number % 2 else f"noise {number}")


async def _require_kept(run: Run, kept: set[int]) -> None:
    assert kept
    for number in kept:
        assert _found(run, number) == reply(number)


async def test_when_the_database_cannot_grow_all_who_wait_are_told_and_later_writes_refused(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC, durability="process", page_limit=200) as run:
        kept, refused = await _fill(run)
        assert refused > 1
        with pytest.raises(DiskFull, match="no space is left"):
            await record(run, 1)
        with pytest.raises(DiskFull):
            await run.records.conclude(concluded(0))
        await _require_kept(run, kept)
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await _require_kept(run, kept)
        await record(run, 999_999)


async def test_on_a_full_disk_what_was_finished_is_kept_and_the_run_goes_on_when_there_is_space(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 6000) as disk:
        (disk / "ballast").write_bytes(b"x" * 2_000_000)
        with open_run(disk / "run", spec=SPEC) as run:
            kept, _ = await _fill(run)
            with pytest.raises(DiskFull):
                await record(run, 1)
        (disk / "ballast").unlink()
        with open_run(disk / "run", spec=SPEC) as run:
            await _require_kept(run, kept)
            await record(run, 999_999)
        with read_run(disk / "run") as run:
            assert run.journal.get(call_id(999_999)) == reply(999_999)


def test_a_run_that_cannot_be_begun_for_lack_of_space_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        (disk / "ballast").write_bytes(b"x" * 40_000)
        with pytest.raises(DiskFull, match="no space is left"):
            open_run(disk / "run", spec=SPEC)
        assert [entry.name for entry in disk.iterdir()] == ["ballast"]


def test_an_export_that_does_not_fit_leaves_the_former_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 100) as disk:
        write_jsonl(disk / "set.jsonl", [1, 2])
        with pytest.raises(DiskFull, match=r"set\.jsonl: no space is left"):
            write_jsonl(disk / "set.jsonl", ("x" * 1000 for _ in range(1000)))
        assert [entry.name for entry in disk.iterdir()] == ["set.jsonl"]
        assert (disk / "set.jsonl").read_bytes() == b"1\n2\n"
