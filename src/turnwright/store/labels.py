"""What people said about the conversations of a run: `labels.jsonl` in its folder, one line a label, only ever longer.

A label is on disk before `add_label` returns. A line that was torn by the death of its writer is reported and left
where it is. Which labels count, and what follows from them, is not decided here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from turnwright.records import Label, canonical
from turnwright.store.faults import store_error
from turnwright.store.files import sync_folder

__all__ = ["LABELS", "Labels", "add_label", "add_labels", "read_labels"]

LABELS = "labels.jsonl"
"""The file's name in the run folder."""

_SHOWN = 40  # characters of a torn line
_decoder = msgspec.json.Decoder(Label)


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """All that the file holds.

    given: every label in the order in which it was given, those that were corrected later too.
    torn: one line of words for every line of the file that is no label.
    """

    given: tuple[Label, ...] = ()
    torn: tuple[str, ...] = ()

    @property
    def latest(self) -> tuple[Label, ...]:
        """The labels that count: the last of each reviewer on each conversation."""
        return tuple({(label.conversation_id, label.reviewer): label for label in self.given}.values())


def read_labels(folder: Path) -> Labels:
    """Read the labels of the run in this folder; none where there is no file.

    Raises:
        StoreError: the file is there and cannot be read.
    """
    path = folder / LABELS
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Labels()
    except OSError as error:
        raise store_error(error, path) from error
    given, torn = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given.append(_decoder.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            torn.append(f"{path}:{number}: no label can be read from '{_beginning(line)}'; it was skipped")
    return Labels(given=tuple(given), torn=tuple(torn))


def add_label(folder: Path, label: Label) -> None:
    """Append one label; it is durable when this returns. See `add_labels`."""
    add_labels(folder, [label])


def add_labels(folder: Path, labels: Iterable[Label]) -> None:
    """Append labels, all of them or none; they are durable when this returns. Several processes may do so at once.

    Raises:
        DiskFull, StoreError: they could not be written; the file is as it was.
    """
    path, data = folder / LABELS, b"".join(canonical(label) + b"\n" for label in labels)
    if not data:
        return
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # given back when the descriptor is closed, or its process dies
            _append(descriptor, data)
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(folder)
    except OSError as error:
        raise store_error(error, path) from error


def _append(descriptor: int, data: bytes) -> None:
    """Write at the end, on a line of its own whatever stands before it; cut off again what could not be completed."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _beginning(line: bytes) -> str:
    text = line.decode(errors="replace")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
