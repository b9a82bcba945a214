"""Migrations: old databases are brought up to date step by step, newer ones refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import SPEC, USAGE, concluded, record

from turnwright.errors import RunFolderError
from turnwright.records import canonical
from turnwright.store import open_run, read_run
from turnwright.store.migrations import APPLICATION_ID, MIGRATIONS, migrate
from turnwright.store.packing import pack


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def _version_one(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as old:
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(old, folder, MIGRATIONS[:1])
        old.execute("INSERT INTO meta VALUES ('spec', ?)", (canonical(SPEC),))
        old.execute("INSERT INTO speakers (id, role, model) VALUES (1, 'user', 'm')")
        old.execute(
            "INSERT INTO calls VALUES (1, 'first', 1, 1, 100, 80, 20, 0, 3, 0.5, ?, NULL)", (pack(b"old reply"),)
        )


async def test_a_database_of_version_1_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    _version_one(tmp_path / "run")
    with open_run(tmp_path / "run", spec=SPEC) as run:
        assert run.journal.get("first") == b"old reply"
        assert run.journal.totals() == {"user": USAGE}
        await record(run, 1)
        await run.records.conclude(concluded(0))
    with read_run(tmp_path / "run") as run:
        assert run.records.done_up_to() == 1
        assert len(run.journal) == 2


def test_an_older_database_is_not_changed_by_reading_it(tmp_path: Path) -> None:
    _version_one(tmp_path / "run")
    before = (tmp_path / "run" / "run.db").read_bytes()
    with pytest.raises(RunFolderError, match="older than this turnwright"):
        read_run(tmp_path / "run")
    assert (tmp_path / "run" / "run.db").read_bytes() == before


def test_a_database_newer_than_the_code_is_refused_with_both_versions(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec=SPEC).close()
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    for opened in (lambda: open_run(tmp_path / "run", spec=SPEC), lambda: read_run(tmp_path / "run")):
        with pytest.raises(RunFolderError, match=f"version {len(MIGRATIONS) + 1}.*up to {len(MIGRATIONS)}"):
            opened()


def test_a_step_that_fails_leaves_the_last_whole_version(connection: sqlite3.Connection) -> None:
    steps = (("CREATE TABLE one (x)",), ("CREATE TABLE two (x)", "CREATE TABLE one (x)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, Path("run.db"), steps)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
    assert tables == ["one"]
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_migrating_step_by_step_and_at_once_give_the_same_schema(connection: sqlite3.Connection) -> None:
    schema = "SELECT name, sql FROM sqlite_schema ORDER BY name"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as stepwise:
        for version in range(len(MIGRATIONS) + 1):
            migrate(stepwise, Path("run.db"), MIGRATIONS[:version])
        migrate(connection, Path("run.db"))
        assert stepwise.execute(schema).fetchall() == connection.execute(schema).fetchall()
    assert migrate(connection, Path("run.db")) == (len(MIGRATIONS), len(MIGRATIONS))
