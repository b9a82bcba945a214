"""One SQLite file: created whole, checked when opened, read from one connection and written by another.

It speaks SQL and rows; what they mean is said in `journal`, `run_database` and `novelty`. A file that is not as
it should be is never written to.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from turnwright.errors import RunFolderError, StoreError
from turnwright.store.faults import UNREADABLE, run_corrupt, store_error
from turnwright.store.files import sync_folder
from turnwright.store.migrations import APPLICATION_ID, MIGRATIONS, migrate, refuse_newer
from turnwright.store.writer import Row, Writer

__all__ = ["Database", "Durability", "check_database", "create_database"]

Durability = Literal["process", "power"]
"""What finished work survives: the death of the process, or also the loss of power (an fsync a commit)."""

_CHECKED_WHOLE = 64 << 20  # bytes; a larger file is checked only where it is small and vital
_VITAL = ("meta", "speakers", "admissions")
_WAIT_FOR_OTHERS = 30.0  # seconds; somebody may look into the file with another program
_HEADER = b"SQLite format 3\x00"
_SCHEMA = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name"


def create_database(path: Path, meta: Mapping[str, bytes]) -> None:
    """Create the file with its schema and `meta`; it appears under its name when it is complete.

    So an empty or half-made `run.db` is never one that was merely interrupted early.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with contextlib.closing(_connect(part, "rwc")) as connection:
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
            migrate(connection, part)
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", list(meta.items()))
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")  # the file remembers it
        part.replace(path)
        sync_folder(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, path) from error
    finally:
        for left in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                part.with_name(f"{part.name}{left}").unlink()


def check_database(path: Path) -> dict[str, bytes]:
    """Look the file over without writing to it, and return its `meta`.

    Raises:
        RunCorrupt: it is damaged.
        RunFolderError: it is not a run database, or a newer one than this code knows.
    """
    _check_header(path)
    with contextlib.closing(Database(path, read_only=True)) as database:
        if database.value("PRAGMA application_id") != APPLICATION_ID:
            raise RunFolderError(
                "this SQLite file is not a run database", where=str(path), fix="choose another run folder"
            )
        version = database.value("PRAGMA user_version")
        refuse_newer(version, path)
        if database.rows(_SCHEMA) != _schema_of(version):
            raise run_corrupt(path, f"its tables are not those of version {version}")
        _check_pages(database, path.stat().st_size)
        return dict(database.rows("SELECT key, value FROM meta"))


class Database:
    """A run database that is open.

    Args:
        path: an existing file that `check_database` found sound.
        durability: what a commit survives.
        read_only: neither migrate nor write; other processes may write meanwhile.
        page_limit: the most pages (4,096 bytes) the file may have, 0 for no limit; tests fill it on purpose.
    """

    def __init__(
        self, path: Path, *, durability: Durability = "power", read_only: bool = False, page_limit: int = 0
    ) -> None:
        self.path = path
        self._writer: Writer | None = None
        try:
            if not read_only:
                self._writer = Writer(_write_connection(path, durability, page_limit), path)
            self._reader = _read_connection(path)
        except sqlite3.Error as error:
            if self._writer is not None:
                self._writer.close()
            raise store_error(error, path) from error

    @property
    def commits(self) -> int:
        """Transactions committed since the file was opened."""
        return self._writer.commits if self._writer else 0

    async def write(self, rows: Sequence[Row]) -> None:
        """Store all rows or none, together with what others write; return when they are durable.

        Raises:
            StoreError: they could not be stored.
        """
        if self._writer is None:
            raise StoreError("the run is open for reading only", where=str(self.path))
        await self._writer.write(rows)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query on what is committed."""
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, None where there is no row."""
        found = self.rows(sql, *values)
        return found[0][0] if found else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what unpacking and decoding a damaged row raises into `RunCorrupt`."""
        try:
            yield
        except UNREADABLE as error:
            raise store_error(error, self.path) from error

    def close(self) -> None:
        """Finish what is being written, and close."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()


def _check_header(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    try:
        # While there is a log, pages may be on their way from it, and the size says nothing.
        is_settled = not log.exists() or log.stat().st_size == 0
        with path.open("rb") as file:
            head = file.read(100)
        size = path.stat().st_size
    except OSError as error:
        raise store_error(error, path) from error
    if len(head) < 100:
        raise run_corrupt(path, "it ends before its header does")
    if not head.startswith(_HEADER):
        raise run_corrupt(path, "it does not begin like an SQLite file")
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    if is_settled and size != page * pages:
        raise run_corrupt(path, f"it has {size} bytes instead of {page * pages}")


def _check_pages(database: Database, size: int) -> None:
    """Check the whole of a small file; of a large one the tables that everything else depends on."""
    if size <= _CHECKED_WHOLE:
        found = database.rows("PRAGMA integrity_check(1)")
    else:
        tables = {name for kind, name, _ in database.rows(_SCHEMA) if kind == "table"}
        found = [row for name in _VITAL if name in tables for row in _check_table(database, name)]
    for (what,) in found:
        if what != "ok":
            raise run_corrupt(database.path, " ".join(str(what).split()))


def _check_table(database: Database, name: str) -> list[tuple[Any, ...]]:
    return database.rows(f"PRAGMA integrity_check('{name}')")


def _connect(path: Path, mode: Literal["ro", "rw", "rwc"], options: str = "") -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}{options}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,  # opened here, used by one thread after that
        timeout=_WAIT_FOR_OTHERS,
    )


def _write_connection(path: Path, durability: Durability, page_limit: int) -> sqlite3.Connection:
    connection = _connect(path, "rw")
    try:
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'NORMAL'}")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: else an fsync stops at the drive's cache
        connection.execute("PRAGMA cache_size = -8192")  # KiB
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages
        connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        migrate(connection, path)
        if page_limit:
            connection.execute(f"PRAGMA max_page_count = {page_limit:d}")
    except (sqlite3.Error, RunFolderError):
        connection.close()
        raise
    return connection


def _read_connection(path: Path) -> sqlite3.Connection:
    # Without a log beside it, a database in a folder that cannot be written can only be read as unchanging.
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return _connect(path, "ro", "&immutable=1" if still else "")


@cache
def _schema_of(version: int) -> list[tuple[str, str, str]]:
    """What a database of this version says of its tables; a flipped byte there would change what SQL means."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, Path(":memory:"), MIGRATIONS[:version])
        return connection.execute(_SCHEMA).fetchall()
