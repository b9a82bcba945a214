"""The schema of the run database, as an ordered list of steps that each take it one version further.

A step that has been released is never edited: what comes later is a new step at the end. The version is
SQLite's `user_version`, and each step is one transaction together with the version that it reaches.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from turnwright.errors import RunFolderError

__all__ = ["APPLICATION_ID", "MIGRATIONS", "Migration", "migrate", "refuse_newer"]

Migration = tuple[str, ...]
"""The SQL statements of one step, run in order in one transaction."""

APPLICATION_ID = 0x7475726E  # "turn"; tells a run database from any other SQLite file

_JOURNAL: Migration = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # A speaker is a role with its model; its totals are kept by a trigger, so that asking for them never
    # reads a million calls, and a call that is recorded twice is counted once.
    """CREATE TABLE speakers (
        id INTEGER PRIMARY KEY, role TEXT NOT NULL, model TEXT NOT NULL,
        calls INTEGER NOT NULL DEFAULT 0, prompt_tokens INTEGER NOT NULL DEFAULT 0,
        cached_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
        reasoning_tokens INTEGER NOT NULL DEFAULT 0, money INTEGER NOT NULL DEFAULT 0,
        replies INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
        UNIQUE (role, model))""",
    # Rows lie in the order of writing and only the narrow index is random. The reply stands before the
    # request, so that reading one never walks over the other.
    """CREATE TABLE calls (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, speaker INTEGER NOT NULL,
        calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, money INTEGER NOT NULL,
        seconds REAL NOT NULL, reply BLOB NOT NULL, request BLOB)""",
    """CREATE TRIGGER count_call AFTER INSERT ON calls BEGIN
        UPDATE speakers SET
            calls = calls + NEW.calls, prompt_tokens = prompt_tokens + NEW.prompt_tokens,
            cached_tokens = cached_tokens + NEW.cached_tokens,
            completion_tokens = completion_tokens + NEW.completion_tokens,
            reasoning_tokens = reasoning_tokens + NEW.reasoning_tokens, money = money + NEW.money,
            replies = replies + 1, seconds = seconds + NEW.seconds
        WHERE id = NEW.speaker; END""",
)

_RECORDS: Migration = (
    """CREATE TABLE records (
        number INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, kind TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE, body BLOB NOT NULL)""",
    "CREATE INDEX records_in_order ON records (ordinal, kind)",
    """CREATE TABLE admissions (
        ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL, admitted INTEGER NOT NULL, stage TEXT NOT NULL,
        reason TEXT NOT NULL, scenario_id TEXT NOT NULL, conversation_id TEXT NOT NULL,
        attempts INTEGER NOT NULL, calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL, money INTEGER NOT NULL)""",
    # What is done is always a whole beginning of the design, so that one number says where to go on.
    """CREATE TRIGGER admissions_in_turn BEFORE INSERT ON admissions
        WHEN NEW.ordinal <> (SELECT coalesce(max(ordinal) + 1, 0) FROM admissions) BEGIN
        SELECT RAISE(ABORT, 'a scenario was concluded out of turn'); END""",
)

_NOVELTY: Migration = (
    """CREATE TABLE bands (
        band INTEGER NOT NULL, value INTEGER NOT NULL, ordinal INTEGER NOT NULL,
        PRIMARY KEY (band, value, ordinal)) WITHOUT ROWID""",
    "CREATE TABLE signatures (ordinal INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE skeletons (hash TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
)

_LEDGER: Migration = (
    "CREATE TABLE ledger (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL, body BLOB NOT NULL)",
    """CREATE TABLE ledger_tiles (
        level INTEGER NOT NULL, number INTEGER NOT NULL, root BLOB NOT NULL, hashes BLOB NOT NULL,
        PRIMARY KEY (level, number)) WITHOUT ROWID""",
    # An append-only log has no gaps, and nothing in it changes.
    """CREATE TRIGGER ledger_in_turn BEFORE INSERT ON ledger
        WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM ledger) BEGIN
        SELECT RAISE(ABORT, 'a ledger entry was appended out of turn'); END""",
    """CREATE TRIGGER ledger_stays BEFORE UPDATE ON ledger BEGIN
        SELECT RAISE(ABORT, 'a ledger entry is never changed'); END""",
    """CREATE TRIGGER ledger_is_kept BEFORE DELETE ON ledger BEGIN
        SELECT RAISE(ABORT, 'a ledger entry is never removed'); END""",
)

_BATCHES: Migration = (
    # A batch whose gates were changed is judged again, so that a look, and not a batch, is what stands once.
    "CREATE TABLE batches (look INTEGER PRIMARY KEY, number INTEGER NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL)",
    """CREATE TRIGGER looks_in_turn BEFORE INSERT ON batches
        WHEN NEW.look <> (SELECT coalesce(max(look) + 1, 1) FROM batches) BEGIN
        SELECT RAISE(ABORT, 'a batch was judged out of turn'); END""",
    "CREATE TABLE quarantined (ordinal INTEGER PRIMARY KEY, batch INTEGER NOT NULL)",
)

_DELETED: Migration = (
    # Scenarios of whose conversations words were deleted on request: they leave the set.
    "CREATE TABLE deleted (ordinal INTEGER PRIMARY KEY)",
)

MIGRATIONS: tuple[Migration, ...] = (_JOURNAL, _RECORDS, _NOVELTY, _LEDGER, _BATCHES, _DELETED)


def refuse_newer(version: int, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Raise `RunFolderError` when the database was written by a later turnwright than this one."""
    if version > len(migrations):
        raise RunFolderError(
            f"the run database has version {version}, this turnwright knows up to {len(migrations)}",
            where=str(path),
            fix="update turnwright, or use a new run folder",
        )


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[int, int]:
    """Bring the database to the newest version; return the versions before and after.

    Raises:
        RunFolderError: it is newer than the code.
        sqlite3.Error: a step failed; the database is at the last version that was reached in whole.
    """
    before: int = connection.execute("PRAGMA user_version").fetchone()[0]
    refuse_newer(before, path, migrations)
    for version in range(before, len(migrations)):
        _take_step(connection, migrations[version], version + 1)
    return before, len(migrations)


def _take_step(connection: sqlite3.Connection, step: Migration, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version:d}")  # pragmas take no parameters
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
