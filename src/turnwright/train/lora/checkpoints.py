"""Checkpoints of a training: what they were made for, and which of them is whole.

A checkpoint of other weights, settings or conversations would go on with something that nobody asked for, so it is
refused by name. What is inside a checkpoint is transformers' business.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.records import Json
from turnwright.store import write_bytes

__all__ = ["CHECKPOINTS", "Purpose", "claim", "latest", "mark_whole", "require_same"]

CHECKPOINTS, PURPOSE, WHOLE = "checkpoints", "made_for.json", "whole"


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """What a training was begun for. base: SHA-256 of the base model. learnt: hash of the set or of the pairs."""

    base: str
    learnt: str
    settings: dict[str, Json]


def require_same(folder: Path, purpose: Purpose) -> None:
    """Find that a training in this folder, if there is one, was begun for the same; nothing is written.

    Raises:
        InputError: its checkpoints were made for something else, which is named.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        found = msgspec.json.decode((folder / PURPOSE).read_bytes(), type=Purpose)
    except (OSError, msgspec.DecodeError) as fault:
        raise InputError(
            f"nothing here says what its checkpoints were made for ({fault}); nothing is overwritten",
            where=str(folder),
            fix="name a new folder",
        ) from fault
    if msgspec.json.encode(found) != msgspec.json.encode(purpose):
        raise InputError(
            f"its checkpoints were made {_difference(found, purpose)}",
            where=str(folder),
            fix="give what they were made for to go on with them, or name a new folder",
        )


def claim(folder: Path, purpose: Purpose) -> None:
    """Take the folder for this training; raises InputError as `require_same` does."""
    require_same(folder, purpose)
    if not (folder / PURPOSE).is_file():
        write_bytes(folder / PURPOSE, msgspec.json.encode(purpose) + b"\n")


def _difference(found: Purpose, wanted: Purpose) -> str:
    if found.base != wanted.base:
        return f"from another base model ({found.base[:12]}, not {wanted.base[:12]})"
    if found.learnt != wanted.learnt:
        return f"from another set ({found.learnt}, not {wanted.learnt})"
    names = sorted(found.settings.keys() | wanted.settings.keys())
    other = next(name for name in names if found.settings.get(name) != wanted.settings.get(name))
    return f"with {other} {found.settings.get(other)}, not {wanted.settings.get(other)}"


def latest(folder: Path) -> tuple[Path | None, int]:
    """The last whole checkpoint and its step, (None, 0) where there is none; torn ones are removed.

    Only for a folder that was claimed.
    """
    whole: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        step = path.name.removeprefix("checkpoint-")
        if step.isdigit() and (path / WHOLE).is_file():
            whole[int(step)] = path
        else:
            shutil.rmtree(path)
    return (whole[max(whole)], max(whole)) if whole else (None, 0)


def mark_whole(path: Path) -> None:
    """Say that everything of this checkpoint is written."""
    write_bytes(path / WHOLE, b"")
