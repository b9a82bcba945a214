"""What SQLite and the operating system say, in turnwright's own words.

Every part of the store raises through `store_error`, so that a full disk or a damaged file reads the same
wherever it is met. Nothing is mended here.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import zlib
from pathlib import Path

import msgspec

from turnwright.errors import DiskFull, RunCorrupt, StoreError

__all__ = ["UNREADABLE", "disk_full", "run_corrupt", "store_error"]

UNREADABLE = (sqlite3.Error, zlib.error, msgspec.MsgspecError, UnicodeDecodeError)
"""What reading a damaged run database can raise."""

_LITTLE_SPACE = 1 << 20  # bytes; below this an I/O error is taken for a full disk
# SQLITE_ERROR says that a table or column is missing; the statements are fixed, so that it is the file's fault.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


def disk_full(path: Path) -> DiskFull:
    """The disk that holds `path` has no space left."""
    return DiskFull(
        "no space is left on the disk",
        where=str(path),
        fix="free some space and run the same command again; what was finished is kept",
    )


def run_corrupt(path: Path, what: str) -> RunCorrupt:
    """The run database at `path` is damaged in the way that `what` says."""
    return RunCorrupt(
        f"the run database is damaged ({what})",
        where=str(path),
        fix="it was left as it is: put a copy in its place, or start again in a new folder; "
        f"`sqlite3 {path.name} .recover` may save what it holds",
    )


def store_error(error: Exception, path: Path) -> StoreError:
    """Name an error that was met while reading or writing `path`."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, sqlite3.Error):
        return _sqlite_error(error, path)
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return disk_full(path)
        return StoreError(error.strerror or str(error), where=str(error.filename or path))
    return run_corrupt(path, str(error) or type(error).__name__)


def _sqlite_error(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _space_left(path) < _LITTLE_SPACE):
        return disk_full(path)
    if code in _DAMAGED:
        return run_corrupt(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError("another program holds the run database", where=str(path), fix="close it and run again")
    return StoreError(f"{error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})", where=str(path))


def _space_left(path: Path) -> int:
    """Bytes free beside `path`; plenty where that cannot be asked."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _LITTLE_SPACE
