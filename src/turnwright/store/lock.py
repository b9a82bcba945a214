"""One process at a time in a run folder: a lock that the kernel gives back when its holder dies.

The file `run.lock` stays where it is; what counts is the lock on it, so that `kill -9` leaves nothing to clean up.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from turnwright.errors import RunFolderError

__all__ = ["RunLock"]

_CANNOT_LOCK = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


class RunLock:
    """The lock on one run folder, held from construction to `release`.

    Raises:
        RunFolderError: another process holds it (the message names its pid), or the file system cannot lock.
        OSError: the lock file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)
        except OSError as error:
            held_by = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise _refusal(error, path, held_by) from error

    def release(self) -> None:
        """Let other processes in; doing it twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _refusal(error: OSError, path: Path, held_by: str) -> Exception:
    if isinstance(error, BlockingIOError):
        owner = "this process" if held_by == str(os.getpid()) else f"process {held_by or '(unknown)'}"
        return RunFolderError(
            f"{owner} is running in this folder",
            where=str(path.parent),
            fix="wait until it ends, or end it: what it finished is kept",
        )
    if error.errno in _CANNOT_LOCK:
        return RunFolderError(
            f"the file system cannot lock files ({error.strerror})",
            where=str(path.parent),
            fix="put the run folder on a local disk",
        )
    return error
