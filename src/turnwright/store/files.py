"""Files that are whole or not there: written beside their place, made durable, then renamed into it.

What the words in them mean is the exporters' business.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from turnwright.records import Json, canonical
from turnwright.store.faults import store_error

__all__ = ["sync_folder", "whole_file", "write_bytes", "write_jsonl", "write_lines", "write_text"]


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of `path` when the block ends well, and is removed otherwise.

    Folders that lead to it are created.

    Raises:
        DiskFull, StoreError: it could not be written; `path` is as it was.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_overs(path)
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise store_error(error, path) from error
    finally:
        with suppress(OSError):  # it is gone already, or its folder never came to be
            part.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write the file whole."""
    with whole_file(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write the file whole, as UTF-8 with the line ends that `text` has."""
    write_bytes(path, text.encode())


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write one line for each, as they come (they are never held together); return how many."""
    count = 0
    with whole_file(path) as file:
        for line in lines:
            file.write(line)
            file.write(b"\n")
            count += 1
    return count


def write_jsonl(path: Path, values: Iterable[Json]) -> int:
    """Write one line of canonical JSON for each value or record; return how many."""
    return write_lines(path, map(canonical, values))


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot sync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_left_overs(path: Path) -> None:
    """Remove what processes that were killed while writing this file have left beside it."""
    for left in path.parent.glob(f".{_literally(path.name)}.*.part"):
        pid = left.name.removesuffix(".part").rpartition(".")[2]
        if pid.isdigit() and not _lives(int(pid)):
            left.unlink(missing_ok=True)


def _literally(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
