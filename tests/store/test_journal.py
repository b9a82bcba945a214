"""The journal: what was paid for once is found again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import SPEC, USAGE, call_id, record, record_all, reply

from turnwright.errors import RunCorrupt, StoreError
from turnwright.records import Usage
from turnwright.store import PaidCall, open_run, read_run


async def test_a_recorded_reply_is_found_after_the_run_is_opened_again(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await record_all(run, range(150))
    with open_run(tmp_path / "run", spec=SPEC) as run:
        assert run.resumed
        assert [run.journal.get(call_id(number)) for number in range(150)] == [reply(n) for n in range(150)]
        assert run.journal.request_of(call_id(4)) == b"request 4"
        assert run.journal.get(call_id(150)) is None


async def test_256_calls_at_once_share_a_few_commits(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await record_all(run, range(256))
        assert 1 <= run.commits <= 8
        assert len(run.journal) == 256


async def test_a_reply_can_be_read_by_others_as_soon_as_record_returns(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await record(run, 1)
        with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as other:
            assert other.execute("SELECT count(*) FROM calls").fetchone() == (1,)


async def test_recording_a_call_twice_keeps_the_first_and_counts_it_once(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        again = {"role": "user", "model": "small@1", "request": None, "usage": USAGE, "seconds": 1.0}
        await asyncio.gather(record(run, 1), run.journal.record(call_id(1), reply=b"other", **again))
        await run.journal.record(call_id(1), reply=b"third", **again)
        assert run.journal.get(call_id(1)) == reply(1)
        assert run.journal.totals() == {"user": USAGE}
        assert len(run.journal) == 1


async def test_totals_are_the_sums_of_each_role_over_all_its_models_and_openings(tmp_path: Path) -> None:
    for part in range(2):
        with open_run(tmp_path / "run", spec=SPEC) as run:
            for role, model in (("user", "a"), ("user", "b"), ("teacher", "a")):
                await run.journal.record(
                    f"{part} {role} {model}", role=role, model=model, request=None, reply=b"", usage=USAGE, seconds=0.5
                )
    with read_run(tmp_path / "run") as run:
        four = USAGE + USAGE + USAGE + USAGE
        assert run.journal.totals() == {"user": four, "teacher": USAGE + USAGE}
        assert run.journal.seconds() == 3.0


async def test_the_cost_of_chosen_calls_can_be_asked_for(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await record_all(run, range(700))
        found = list(run.journal.calls_of([call_id(number) for number in (*range(600), 9999)]))
        assert len(found) == 600
        assert found[0] == PaidCall(call_id=call_id(0), role="user", model="small@1", usage=USAGE, seconds=0.25)


async def test_an_empty_reply_is_not_a_missing_one(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await run.journal.record("a", role="user", model="m", request=None, reply=b"", usage=Usage(), seconds=0.0)
        assert run.journal.get("a") == b""
        assert run.journal.request_of("a") is None


async def test_a_call_that_cannot_be_stored_fails_alone(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        too_much = Usage(money=1 << 70)
        bad = run.journal.record("bad", role="new", model="m", request=None, reply=b"", usage=too_much, seconds=0)
        results = await asyncio.gather(record(run, 1), bad, record(run, 2), return_exceptions=True)
        assert [type(result).__name__ for result in results] == ["NoneType", "StageError", "NoneType"]
        await record(run, 3, role="new")
        assert run.journal.totals()["new"] == USAGE
        assert len(run.journal) == 3


async def test_a_cancelled_caller_neither_loses_the_row_nor_stops_the_others(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        tasks = [asyncio.ensure_future(record(run, number)) for number in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    with read_run(tmp_path / "run") as run:
        assert len(run.journal) == 50


async def test_closing_finishes_what_was_handed_over(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", spec=SPEC)
    tasks = [asyncio.ensure_future(record(run, number)) for number in range(300)]
    await asyncio.sleep(0)
    run.close()
    await asyncio.gather(*tasks)
    with read_run(tmp_path / "run") as again:
        assert len(again.journal) == 300


async def test_a_closed_run_refuses_to_record(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", spec=SPEC)
    run.close()
    run.close()
    with pytest.raises(StoreError, match="closed"):
        await record(run, 1)


async def test_a_run_opened_for_reading_refuses_to_record(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec=SPEC).close()
    with read_run(tmp_path / "run") as run, pytest.raises(StoreError, match="reading only"):
        await record(run, 1)


def test_a_run_can_be_used_from_one_event_loop_after_another(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        asyncio.run(record_all(run, range(40)))
        asyncio.run(record_all(run, range(40, 80)))
        assert len(run.journal) == 80


async def test_more_callers_than_places_are_all_served(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC, durability="process") as run:
        await record_all(run, range(3000))
        assert len(run.journal) == 3000


async def test_a_changed_byte_in_a_reply_is_noticed(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC) as run:
        await record_all(run, range(120))
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as other:
        other.execute("UPDATE calls SET reply = CAST(replace(reply, '2', '3') AS BLOB) WHERE number = 3")
        changed = other.execute("SELECT id FROM calls WHERE number = 3").fetchone()[0]
        other.commit()
    with read_run(tmp_path / "run") as run, pytest.raises(RunCorrupt, match="checksum"):
        run.journal.get(changed)
