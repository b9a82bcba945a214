"""Keeping a student: a folder with its weights, what it knows (JSON) and a card for people.

A linear student's weights are one npz file; how a lora student is kept stands in `lora.keeping`, and reading a folder
gives whichever it holds. Nothing is pickled: a student may come from elsewhere and is only data here. What does not
fit together is refused.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.store import whole_file, write_bytes, write_text
from turnwright.train.features import FEATURES
from turnwright.train.linear import LinearStudent, Weights
from turnwright.train.lora import LoraStudent, load_lora, save_lora
from turnwright.train.student_file import STUDENT, read_student_file

__all__ = ["load_student", "require_new", "save_student"]

WEIGHTS, CARD = "weights.npz", "README.md"


class _Kind(msgspec.Struct, frozen=True):
    """As much of `student.json` as says who reads the rest."""

    kind: str = ""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `student.json`."""

    format: Literal[1] = 1
    kind: Literal["linear"] = "linear"
    name: str
    features: str
    seed: int
    acts: tuple[str, ...]
    vocabulary: tuple[str, ...]
    calls: dict[str, dict[str, str]]
    legal: dict[str, tuple[str, ...]]
    seen: tuple[str, ...]


def require_new(folder: Path) -> None:
    """Raise InputError when there is something in the folder already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "exists and is not an empty folder; nothing is overwritten", where=str(folder), fix="name a new folder"
        )


def save_student(student: LinearStudent | LoraStudent, folder: Path, card: str) -> None:
    """Write the student into a new or empty folder; it appears whole or not at all.

    A lora student's folder may hold the checkpoints that led to it, which then go.

    Raises:
        InputError: the folder is in use. DiskFull, StoreError: it could not be written.
    """
    if isinstance(student, LoraStudent):
        save_lora(student, folder, card)
    else:
        _save_linear(student, folder, card)


def _save_linear(student: LinearStudent, folder: Path, card: str) -> None:
    require_new(folder)
    folder = folder.resolve()  # "." has no name
    fresh = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with whole_file(fresh / WEIGHTS) as file:
            weights = student.weights
            np.savez_compressed(file, coef=weights.coef, intercept=weights.intercept, idf=weights.idf)
        fields = {name: getattr(student, name) for name in _Kept.__struct_fields__ if hasattr(student, name)}
        kept = _Kept(**{**fields, "seen": tuple(sorted(student.seen))})
        write_bytes(fresh / STUDENT, msgspec.json.encode(kept) + b"\n")
        write_text(fresh / CARD, card)
        if folder.exists():
            folder.rmdir()
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def load_student(folder: Path) -> LinearStudent | LoraStudent:
    """Read a student; raises InputError when there is none, its parts do not fit together, or it needs torch."""
    if _kind(folder) == "lora":
        return load_lora(folder)
    kept, weights = read_student_file(folder, _Kept), _weights(folder)
    acts, words = len(kept.acts), len(kept.vocabulary)
    fits = weights.coef.shape == (acts, words) and weights.intercept.shape == (acts,) and weights.idf.shape == (words,)
    if not fits or kept.features not in FEATURES or acts < 2 or len(set(kept.vocabulary)) < words:
        raise InputError("the student's parts do not fit together", where=str(folder), fix="train it again")
    fields = {name: getattr(kept, name) for name in LinearStudent.__struct_fields__ if name not in ("weights", "seen")}
    return LinearStudent(**fields, weights=weights, seen=frozenset(kept.seen))


def _kind(folder: Path) -> str:
    """What kind it says it is; "" where that cannot be told, and reading it as a linear one will say why."""
    try:
        return msgspec.json.decode((folder / STUDENT).read_bytes(), type=_Kind).kind
    except (OSError, msgspec.DecodeError):
        return ""


def _weights(folder: Path) -> Weights:
    """Only plain numbers are read: the file cannot carry objects."""
    path = folder / WEIGHTS
    try:
        with np.load(path, allow_pickle=False) as file:
            coef, intercept, idf = (np.asarray(file[name]) for name in ("coef", "intercept", "idf"))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as fault:
        raise InputError(
            f"the student's weights cannot be read ({fault})", where=str(path), fix="train it again"
        ) from fault
    numbers = all(part.dtype.kind == "f" and bool(np.isfinite(part).all()) for part in (coef, intercept, idf))
    if not numbers:
        raise InputError("the student's weights are not numbers", where=str(path), fix="train it again")
    return Weights(coef=coef, intercept=intercept, idf=idf)
