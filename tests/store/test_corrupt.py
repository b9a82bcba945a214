"""A damaged run database is named as such, whatever the damage, and never written to."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import SPEC, call_id, conclude_all, record, record_all

from turnwright.errors import RunCorrupt, RunFolderError, StoreError
from turnwright.store import open_run, read_run


@pytest.fixture
async def sound(tmp_path: Path) -> Path:
    with open_run(tmp_path / "sound", spec=SPEC) as run:
        await record_all(run, range(200))
        await conclude_all(run, range(40))
    return tmp_path / "sound"


def _contents(folder: Path) -> tuple[object, ...]:
    with read_run(folder) as run:
        return (
            run.spec,
            [run.journal.get(call_id(number)) for number in range(200)],
            run.journal.totals(),
            list(run.records.concluded()),
            run.records.outcomes(),
            list(run.records.log.ledger.entries()),
        )


def _require_refused_and_untouched(folder: Path, match: str) -> None:
    before = (folder / "run.db").read_bytes()
    for opened in (lambda: open_run(folder, spec=SPEC), lambda: read_run(folder)):
        with pytest.raises(RunCorrupt, match=match) as refused:
            opened()
        assert "it was left as it is" in str(refused.value)
    assert (folder / "run.db").read_bytes() == before


@pytest.mark.parametrize("size", [0, 50, 4096, 0.5, -4096, -1])
def test_a_truncated_database_is_refused_and_left_as_it_is(sound: Path, size: float) -> None:
    data = (sound / "run.db").read_bytes()
    (sound / "run.db").write_bytes(data[: int(len(data) * size) if isinstance(size, float) else size])
    _require_refused_and_untouched(sound, "damaged")


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(sound: Path) -> None:
    (sound / "run.db").write_text("These are my notes. " * 100)
    _require_refused_and_untouched(sound, "does not begin like an SQLite file")


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "run.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(RunFolderError, match="not a run database"):
        open_run(tmp_path, spec=SPEC)


def test_a_page_of_rubbish_is_refused_wherever_it_lies(sound: Path) -> None:
    data = (sound / "run.db").read_bytes()
    refused = 0
    for page in range(len(data) // 4096):
        start = page * 4096
        (sound / "run.db").write_bytes(data[:start] + random.Random(page).randbytes(4096) + data[start + 4096 :])
        try:
            assert _contents(sound)  # a page of blobs alone is seen when they are read
        except (RunCorrupt, RunFolderError):
            refused += 1
    assert refused == len(data) // 4096


def test_flipped_bytes_never_give_other_replies_or_records(sound: Path, tmp_path: Path) -> None:
    expected, data = _contents(sound), (sound / "run.db").read_bytes()
    chance, noticed = random.Random(11), 0
    for _ in range(150):
        damaged = bytearray(data)
        place = chance.randrange(len(data))
        damaged[place] ^= 1 << chance.randrange(8)
        (sound / "run.db").write_bytes(damaged)
        try:
            found = _contents(sound)
        except (StoreError, RunFolderError):
            noticed += 1
            continue
        assert (found[1], found[3]) == (expected[1], expected[3]), f"byte {place}"
    assert noticed > 75


def _root_page(folder: Path, name: str) -> int:
    with closing(sqlite3.connect(f"file:{folder / 'run.db'}?mode=ro", uri=True)) as other:
        return int(other.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0])


def _spoil(file: Path, pages: range) -> None:
    with file.open("r+b") as opened:
        for page in pages:
            opened.seek((page - 1) * 4096)
            opened.write(b"\xff" * 4096)


async def test_damage_that_is_met_while_running_stops_the_writing(sound: Path) -> None:
    page = _root_page(sound, "calls")
    with open_run(sound, spec=SPEC) as run:
        _spoil(sound / "run.db", range(page, page + 1))
        results = await asyncio.gather(*(record(run, number) for number in range(500, 520)), return_exceptions=True)
        assert {type(result) for result in results} == {RunCorrupt}
        with pytest.raises(RunCorrupt):
            await run.records.put_meta("x", b"")


def test_damage_that_is_met_while_reading_is_named(sound: Path) -> None:
    page = _root_page(sound, "records")
    with read_run(sound) as run:
        _spoil(sound / "run.db", range(page, page + 1))
        with pytest.raises(RunCorrupt):
            run.records.concluded_at(3)


async def test_a_damaged_database_is_not_written_to_from_the_log_of_a_killed_run(sound: Path, tmp_path: Path) -> None:
    with open_run(sound, spec=SPEC) as run:
        await record_all(run, range(200, 210))
        shutil.copytree(sound, tmp_path / "killed")  # the files as they lie while it runs
    killed = tmp_path / "killed"
    size = (killed / "run.db").stat().st_size
    _spoil(killed / "run.db", range(2, size // 4096 + 1))
    log = (killed / "run.db-wal").read_bytes()
    assert len(log) > 4096
    _require_refused_and_untouched(killed, "damaged")
    assert (killed / "run.db-wal").read_bytes() == log


@pytest.mark.parametrize(
    "change",
    [
        "PRAGMA user_version = 2",
        "UPDATE sqlite_schema SET sql = replace(sql, 'money', 'honey') WHERE name = 'admissions'",
        "DROP TRIGGER count_call",
    ],
)
def test_tables_that_are_not_those_of_the_version_are_damage(sound: Path, change: str) -> None:
    with closing(sqlite3.connect(sound / "run.db")) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute(change)
        other.commit()
    _require_refused_and_untouched(sound, "its tables are not those of version")


def test_a_log_of_rubbish_beside_the_database_costs_nothing_that_was_in_the_database(
    sound: Path, tmp_path: Path
) -> None:
    expected = _contents(sound)
    shutil.copytree(sound, tmp_path / "copy")
    (tmp_path / "copy" / "run.db-wal").write_bytes(random.Random(5).randbytes(9000))
    assert _contents(tmp_path / "copy") == expected
