"""Opening a run: to go on with it, alone and with the same spec, or only to read it.

It ties folder, lock, database and journal together and adds nothing of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import msgspec

from turnwright.errors import RunFolderError
from turnwright.records import Json, canonical
from turnwright.store.database import Database, Durability, check_database, create_database
from turnwright.store.faults import run_corrupt
from turnwright.store.folder import RunFolder
from turnwright.store.journal import Journal
from turnwright.store.ledger.catching_up import catch_up
from turnwright.store.lock import RunLock
from turnwright.store.migrations import MIGRATIONS
from turnwright.store.run_database import RunDatabase
from turnwright.store.spec_change import spec_changes

__all__ = ["Run", "open_run", "read_run"]

_CHANGES_SHOWN = 5


class Run:
    """An open run; close it, or use it as a context.

    folder: where it lies. journal: its finished model calls. records: what became of its scenarios.
    spec: the spec it runs by, as JSON. resumed: whether it had begun before it was opened.
    """

    def __init__(
        self, folder: RunFolder, database: Database, spec: Json, *, resumed: bool, lock: RunLock | None = None
    ) -> None:
        self.folder, self.spec, self.resumed = folder, spec, resumed
        self.journal, self.records = Journal(database), RunDatabase(database)
        self._database, self._lock = database, lock

    @property
    def commits(self) -> int:
        """Transactions committed since it was opened."""
        return self._database.commits

    @property
    def begun_with(self) -> Json:
        """The spec as it was when the run was begun."""
        return _spec_of(self.folder, {"spec": self.records.meta("spec") or b""})

    def close(self) -> None:
        """Finish what is being written, close the database and let other processes in."""
        try:
            self._database.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_run(
    path: Path,
    *,
    spec: Json,
    may_change: Collection[str] = (),
    create: bool = True,
    durability: Durability = "power",
    page_limit: int = 0,
) -> Run:
    """Begin a run in this folder, or go on with the one that is there.

    Args:
        path: the run's folder; created with its parents where it is missing.
        spec: all that decides what the run gives, as a JSON value: the spec with its defaults, and the
            fingerprints of what it refers to (domain, models). It is kept, so that a difference can be named.
        may_change: dotted keys that may differ from the run's beginning (see `spec_changes`).
        create: False to go on with an existing run only.
        durability: `power` (default) survives the loss of power, `process` only the death of the process.
        page_limit: see `Database`.

    Raises:
        RunFolderError: it belongs to another spec, is in use, holds other things, or cannot be written.
        RunCorrupt: its database is damaged; it is left as it is.
        DiskFull, StoreError: the disk refuses.
    """
    folder = RunFolder(path)
    if create:
        folder.require_usable()
    else:
        folder.require_run()
    with ExitStack() as undo:
        lock = folder.take()
        undo.callback(lock.release)
        undo.callback(folder.discard)
        resumed = folder.holds_run
        if resumed:
            begun_with = _spec_of(folder, check_database(folder.database))
            _require_same_spec(folder, spec_changes(begun_with, _as_json(spec), may_change))
        else:
            create_database(folder.database, {"spec": canonical(spec)})
        database = Database(folder.database, durability=durability, page_limit=page_limit)
        undo.callback(database.close)
        run = Run(folder, database, spec, resumed=resumed, lock=lock)
        catch_up(run.records)
        undo.pop_all()
    return run


def read_run(path: Path) -> Run:
    """Open a run for reading; another process may be running it meanwhile.

    Raises:
        RunFolderError: there is no run, or one of another version of turnwright.
        RunCorrupt: its database is damaged.
    """
    folder = RunFolder(path)
    folder.require_run()
    meta = check_database(folder.database)
    spec = _spec_of(folder, meta)
    with ExitStack() as undo:
        database = Database(folder.database, read_only=True)
        undo.callback(database.close)
        version = database.value("PRAGMA user_version")
        if version < len(MIGRATIONS):
            raise RunFolderError(
                f"the run database has version {version}, older than this turnwright's {len(MIGRATIONS)}",
                where=str(path),
                fix="go on with the run once (`turnwright run`), which brings it up to date",
            )
        run = Run(folder, database, spec, resumed=True)
        undo.pop_all()
    return run


def _require_same_spec(folder: RunFolder, changes: list[str]) -> None:
    if changes:
        more = f"; and {len(changes) - _CHANGES_SHOWN} more" if len(changes) > _CHANGES_SHOWN else ""
        raise RunFolderError(
            f"this run was begun with another spec: {'; '.join(changes[:_CHANGES_SHOWN])}{more}",
            where=str(folder.path),
            fix="change it back, or name a new folder for the new spec",
        )


def _as_json(value: Json) -> Json:
    """The value as it reads back: tuples are lists, structs are objects."""
    return msgspec.json.decode(canonical(value))


def _spec_of(folder: RunFolder, meta: Mapping[str, bytes]) -> Json:
    try:
        return msgspec.json.decode(meta["spec"])
    except (KeyError, msgspec.DecodeError) as error:
        raise run_corrupt(folder.database, "its spec cannot be read") from error
