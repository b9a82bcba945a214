"""The ledger of a run: it tells of everything that was concluded, in the same transaction, and is caught up once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from store_samples import SPEC, concluded

from turnwright.errors import RunCorrupt, StoreError
from turnwright.records.fidelity import BatchVerdict
from turnwright.store import Run, open_run, read_run
from turnwright.store.ledger.entry import admission_entry


def told(run: Run) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in run.records.log.ledger.entries()]


def conclude(folder: Path, *ordinals: int) -> None:
    async def write() -> None:
        with open_run(folder, spec=SPEC) as run:
            await asyncio.gather(*(run.records.conclude(concluded(ordinal)) for ordinal in ordinals))

    asyncio.run(write())


def without_a_ledger(folder: Path) -> None:
    """As a run was before there was one."""
    with sqlite3.connect(folder / "run.db") as database:
        kept = [sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_is_kept'")]
        database.execute("DROP TRIGGER ledger_is_kept")
        database.execute("DELETE FROM ledger")
        database.execute("DELETE FROM ledger_tiles")
        database.execute(kept[0])
    database.close()


def verdict(first: int, last: int) -> BatchVerdict:
    return BatchVerdict(
        look=1, number=1, first=first, last=last, batch=2, so_far=2, outcomes=(), action="quarantine", quarantined=2
    )


def test_every_scenario_that_is_concluded_stands_in_the_ledger_in_order(tmp_path: Path) -> None:
    conclude(tmp_path / "run", *range(300))
    with read_run(tmp_path / "run") as run:
        found = [entry.body for entry in run.records.log.ledger.entries()]
        assert found == [admission_entry(one.admission, one.conversation) for one in run.records.concluded()]
        assert len(found) == 300
        assert run.records.logged_up_to() == run.records.done_up_to() == 300


def test_a_scenario_that_was_refused_leaves_no_entry_and_the_next_one_goes_on(tmp_path: Path) -> None:
    async def write() -> None:
        with open_run(tmp_path / "run", spec=SPEC) as run:
            await run.records.conclude(concluded(0))
            with pytest.raises(StoreError, match="out of turn"):
                await run.records.conclude(concluded(5))
            await run.records.conclude(concluded(1))
            assert [entry["ordinal"] for entry in told(run)] == [0, 1]

    asyncio.run(write())


def test_a_batch_that_is_quarantined_stands_in_the_ledger_with_its_first_and_last_scenario(tmp_path: Path) -> None:
    said = verdict(0, 1)

    async def write() -> None:
        with open_run(tmp_path / "run", spec=SPEC) as run:
            await asyncio.gather(*(run.records.conclude(concluded(ordinal)) for ordinal in (0, 1)))
            await run.records.batches.keep(said, (0, 1))
            entry = told(run)[-1]
            assert entry == {"kind": "quarantine", "format": 1, "first": 0, "last": 1, "verdict": said.id}

    asyncio.run(write())


def test_a_run_begun_before_there_was_a_ledger_comes_to_the_same_log_when_it_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    conclude(folder, *range(260))

    async def quarantined() -> None:
        with open_run(folder, spec=SPEC) as run:
            await run.records.batches.keep(verdict(258, 259), (258,))
            await run.records.conclude(concluded(260))

    asyncio.run(quarantined())
    with read_run(folder) as run:
        head, entries = run.records.log.ledger.head(), told(run)
    assert [entry["kind"] for entry in entries[-3:]] == ["admission", "quarantine", "admission"]
    without_a_ledger(folder)
    with open_run(folder, spec=SPEC) as run:
        assert told(run) == entries
        assert run.records.log.ledger.head() == head
    conclude(folder, 261)
    with read_run(folder) as run:
        assert run.records.log.ledger.size == head.size + 1


def test_a_ledger_that_lacks_some_of_the_scenarios_is_damage_and_nothing_is_added_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    conclude(folder, 0, 1, 2)
    with sqlite3.connect(folder / "run.db") as database:
        sql = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_is_kept'").fetchone()[0]
        database.execute("DROP TRIGGER ledger_is_kept")
        database.execute("DELETE FROM ledger WHERE number = 2")
        database.execute(sql)
    database.close()
    with pytest.raises(RunCorrupt, match="tells of 2 scenarios, and 3 were concluded"):
        open_run(folder, spec=SPEC)
