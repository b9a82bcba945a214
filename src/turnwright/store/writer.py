"""The one thread that writes to the run database: many waiting writers share one commit.

Callers await; the thread takes everything that is queued, puts it into one transaction, commits, and then wakes
all of them at once. While a commit waits for the disk, the next batch gathers: 256 calls in flight cost a few
commits, not 256. It knows rows and tables, not what they mean.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from turnwright.errors import StoreError, TurnwrightError, stage_boundary
from turnwright.store.faults import store_error

__all__ = ["Row", "Table", "Writer"]

_WAITING = 1024  # writes that may wait at once; further callers wait for a place
_ROWS_A_STATEMENT = 64
_GATHER = 0.001  # seconds; nothing beside a model call
_LOOK_ROUND_EVERY = 16  # batches


@dataclass(frozen=True, eq=False)  # identity is enough, and makes grouping rows cheap
class Table:
    """Where rows go: the columns in order, and what to do about a row that is there already."""

    name: str
    columns: tuple[str, ...]
    on_conflict: str = ""

    def insert(self, rows: int) -> str:
        """The SQL that inserts this many rows at once."""
        return _insert(self, rows)


Row = tuple[Table, tuple[Any, ...]]
"""One row with its table; values in the order of the table's columns."""


class _Write(NamedTuple):
    rows: Sequence[Row]
    done: asyncio.Future[None]


_Failure = Callable[[], TurnwrightError]  # makes a fresh error for each waiter: a shared one grows its traceback


class Writer:
    """Owns the write connection and its thread.

    A write that cannot be stored (a duplicate key, a value out of range) fails alone. When the disk is full or
    the file damaged, everything that waits fails with that error, and so does every later write.

    commits: transactions committed so far.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.commits = 0
        self._connection, self._path = connection, path
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._places = asyncio.Semaphore(_WAITING)
        self._failure: _Failure | None = None
        self._alone = 0  # how many batches in a row were a single write
        self._thread = threading.Thread(target=self._run, name=f"writer of {path.name}", daemon=True)
        self._thread.start()

    async def write(self, rows: Sequence[Row]) -> None:
        """Store all rows, in order, or none; return when they are durable.

        Cancelling the caller does not take the rows back.

        Raises:
            StoreError: they could not be stored (`DiskFull`, `RunCorrupt`, or the run is closed).
        """
        async with self._places:
            if self._failure is not None:
                raise self._failure()
            done = asyncio.get_running_loop().create_future()
            self._queue.put(_Write(rows, done))
            await done

    def close(self) -> None:
        """Finish what is queued, end the thread and close the connection; later writes are refused."""
        if not self._thread.is_alive():
            return
        self._queue.put(None)
        self._thread.join()
        if self._failure is None:
            self._failure = partial(StoreError, "the run is closed", where=str(self._path))
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error

    def _run(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._next_batch()
            self._alone = self._alone + 1 if len(batch) == 1 else 0
            if batch:
                self._store(batch)

    def _next_batch(self) -> tuple[list[_Write], bool]:
        """Wait for a write and take all that are queued with it; False when the queue was closed."""
        batch: list[_Write] = []
        write = self._queue.get()
        self._gather()
        try:
            while write is not None:
                batch.append(write)
                write = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _gather(self) -> None:
        """Let others join the batch, if of late there were others; every now and then, see whether there are.

        Where calls finish one by one in quick succession, this saves a commit for nearly each; a single caller
        who waits for every write would only be held up.
        """
        if self._alone % _LOOK_ROUND_EVERY == 0:
            time.sleep(_GATHER)

    def _store(self, batch: list[_Write]) -> None:
        """Commit the batch in one transaction; when one of its writes is at fault, each in its own."""
        failure = self._failure or self._commit(batch)
        if failure is None or self._failure is not None or len(batch) == 1:
            _settle(batch, failure)
        else:
            for write in batch:
                self._store([write])

    def _commit(self, batch: list[_Write]) -> _Failure | None:
        try:
            with stage_boundary("store", str(self._path)):
                self._transact(batch)
        except TurnwrightError as error:
            return partial(type(error), error.what, where=error.where, fix=error.fix)
        self.commits += 1
        return None

    def _transact(self, batch: list[_Write]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            rows = chain.from_iterable(write.rows for write in batch)
            for table, group in groupby(rows, key=itemgetter(0)):
                _insert_rows(connection, table, [values for _, values in group])
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            named = store_error(error, self._path)
            if _is_final(error):
                self._failure = partial(type(named), named.what, where=named.where, fix=named.fix)
            raise named from error
        finally:
            if connection.in_transaction:
                self._roll_back()

    def _roll_back(self) -> None:
        try:
            self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            named = store_error(error, self._path)
            self._failure = self._failure or partial(type(named), named.what, where=named.where, fix=named.fix)


def _is_final(error: sqlite3.Error) -> bool:
    """True when the disk or the file is at fault, False when it is the rows."""
    rows_at_fault = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    return not isinstance(error, rows_at_fault)


def _insert_rows(connection: sqlite3.Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Insert by the largest powers of two.

    Each statement gives up the interpreter lock and has to win it back, which beside a busy event loop costs
    far more than the insert; so there are few of them.
    """
    start = 0
    while start < len(rows):
        size = min(_ROWS_A_STATEMENT, 1 << ((len(rows) - start).bit_length() - 1))
        connection.execute(table.insert(size), tuple(chain.from_iterable(rows[start : start + size])))
        start += size


@cache
def _insert(table: Table, rows: int) -> str:
    places = f"({', '.join('?' * len(table.columns))})"
    return (
        f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES {', '.join([places] * rows)} {table.on_conflict}"
    )


def _settle(batch: list[_Write], failure: _Failure | None) -> None:
    """Wake everybody who waits for the batch, with one message to each event loop."""
    for loop, group in groupby(batch, key=lambda write: write.done.get_loop()):
        try:
            loop.call_soon_threadsafe(_resolve, [write.done for write in group], failure)
        except RuntimeError:
            continue  # the loop is closed: nobody waits any more, and the rows are stored all the same


def _resolve(waiting: list[asyncio.Future[None]], failure: _Failure | None) -> None:
    for done in waiting:
        if done.done():
            continue  # its caller was cancelled
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure())
