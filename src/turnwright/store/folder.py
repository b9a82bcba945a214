"""Where the parts of a run lie in its folder, and whether a folder may be used for one.

Nothing of another's is ever overwritten: a folder is either new, empty, or a run's already.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from turnwright.errors import RunFolderError, TurnwrightError
from turnwright.store.faults import run_corrupt, store_error
from turnwright.store.lock import RunLock

__all__ = ["RunFolder"]

_MAY_BE_THERE = frozenset(
    {
        "run.db.part",
        "run.lock",
        "exports",
        "report.html",
        "fidelity.json",
        "fidelity.html",
        "factory.yaml",
        "head.json",
        "heads.jsonl",
        ".gitignore",
        ".DS_Store",
    }
)
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS}
_STRANGERS_SHOWN = 3


class RunFolder:
    """The folder of one run, by path; looking at it creates nothing.

    path: the folder. database: the file of the run database. exports: the folder of what was exported.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "run.db"
        self.exports = path / "exports"
        self._made_here = False  # whether `take` created the folder

    @property
    def holds_run(self) -> bool:
        """True when a run was begun here."""
        return self.database.exists()

    def require_run(self) -> None:
        """Raise `RunFolderError` when there is no run here, `RunCorrupt` when its database has gone."""
        self._require_folder_or_nothing()
        if self.holds_run:
            return
        self._require_no_orphan()
        what = "there is no run in this folder" if self.path.exists() else "there is no such folder"
        raise RunFolderError(what, where=str(self.path), fix="name a run's folder, or begin one with `turnwright run`")

    def require_usable(self) -> None:
        """Raise `RunFolderError` when the folder holds other things and no run."""
        self._require_folder_or_nothing()
        if self.holds_run or not self.path.exists():
            return
        self._require_no_orphan()
        strangers = sorted(entry.name for entry in self.path.iterdir() if entry.name not in _MAY_BE_THERE)
        if strangers:
            shown = ", ".join(strangers[:_STRANGERS_SHOWN]) + (", ..." if len(strangers) > _STRANGERS_SHOWN else "")
            raise RunFolderError(
                f"the folder holds other files ({shown}) and no run",
                where=str(self.path),
                fix="name a new or an empty folder",
            )

    def take(self) -> RunLock:
        """Create the folder where it is missing, and lock it; on failure nothing new is left.

        Raises:
            RunFolderError: it is in use, cannot be written or cannot be locked.
            DiskFull, StoreError: the disk refuses.
        """
        self._made_here = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = RunLock(self.path / "run.lock")
            self.exports.mkdir(exist_ok=True)
        except (OSError, RunFolderError) as error:
            self.discard()
            raise _unusable(error, self.path) from error
        return lock

    def discard(self) -> None:
        """Remove a folder that `take` created, unless a run has begun there or it holds anything else."""
        if self._made_here and not self.holds_run:
            for remove in ((self.path / "run.lock").unlink, self.exports.rmdir, self.path.rmdir):
                with suppress(OSError):  # it holds something, or never came to be
                    remove()

    def _require_folder_or_nothing(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise RunFolderError("this is a file, not a folder", where=str(self.path), fix="name a folder")

    def _require_no_orphan(self) -> None:
        if self.database.with_name("run.db-wal").exists():
            raise run_corrupt(self.database, "run.db is gone, its log run.db-wal is still there")


def _unusable(error: OSError | RunFolderError, path: Path) -> TurnwrightError:
    if isinstance(error, RunFolderError):
        return error
    if error.errno in _NOT_OURS or isinstance(error, NotADirectoryError | FileExistsError):
        return RunFolderError(
            f"the folder cannot be written ({error.strerror})",
            where=str(path),
            fix="choose another folder, or give yourself the right to write there",
        )
    return store_error(error, path)
