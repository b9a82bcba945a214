"""Writing rows together with the ledger entries that tell of them: one transaction, so that both are there or neither.

It also finds what a run begun before there was a ledger has missed. What entries say is not known here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from turnwright.errors import TurnwrightError
from turnwright.store.database import Database
from turnwright.store.faults import store_error
from turnwright.store.ledger.log import Ledger
from turnwright.store.writer import Row

__all__ = ["Change", "LoggedWriter"]

_WAIT_FOR_OTHERS = 30.0  # seconds
Change = tuple[str, tuple[object, ...]]
"""A statement that inserts nothing, with its values."""


class LoggedWriter:
    """The one who appends to the ledger of an open run. Writes that are started in order are stored in order."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ledger: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger, found when it is first asked for; a run that is only read finds what was committed by then.

        Raises:
            RunCorrupt: hashes of it are missing.
        """
        if self._ledger is None:
            self._ledger = Ledger(self._database)
        return self._ledger

    async def write(self, rows: Sequence[Row], entries: Sequence[bytes]) -> None:
        """Store rows and entries, all of them or nothing; return when they are durable.

        Raises:
            StoreError: they could not be stored; what was started after them is not stored either.
        """
        ledger = self.ledger
        try:
            await self._database.write([*rows, *ledger.rows(entries)])
        except TurnwrightError:
            if self._ledger is ledger:  # it tells of entries that are not there: find it again
                self._ledger = None
            raise

    def write_at_once(self, changes: Iterable[Change], rows: Iterable[Row], entries: Iterable[bytes]) -> None:
        """Change what is kept and store rows and entries, in one transaction, while nobody else writes.

        For what is done before a run goes on or beside it; it streams, and leaves nothing of what it overwrites in the
        file.

        Raises:
            StoreError: it could not be stored; nothing was changed.
        """
        ledger = self.ledger
        self._ledger = None
        logged = (row for entry in entries for row in ledger.rows([entry]))
        _write_now(self._database.path, changes, rows, logged)


def _write_now(path: Path, changes: Iterable[Change], *rows: Iterable[Row]) -> None:
    """Run the changes and insert the rows in one transaction on a connection of its own."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=_WAIT_FOR_OTHERS)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # what is deleted must not be left in free pages
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                for statement, values in changes:
                    connection.execute(statement, values)
                for some in rows:
                    for table, values in some:
                        connection.execute(table.insert(1), values)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor in the log
    except sqlite3.Error as error:
        raise store_error(error, path) from error
