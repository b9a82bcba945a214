"""Keeping a linear student: a folder with its weights (npz), its words (JSON) and a card for people.

Nothing is pickled: a student may come from elsewhere and is only data here. What does not fit together is refused.
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

__all__ = ["load_student", "require_new", "save_student"]

STUDENT, WEIGHTS, CARD = "student.json", "weights.npz", "README.md"


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


def save_student(student: LinearStudent, folder: Path, card: str) -> None:
    """Write the student into a new or empty folder; it appears whole or not at all.

    Raises:
        InputError: the folder is in use. DiskFull, StoreError: it could not be written.
    """
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


def load_student(folder: Path) -> LinearStudent:
    """Read a student; raises InputError when there is none or its parts do not fit together."""
    kept, weights = _kept(folder), _weights(folder)
    acts, words = len(kept.acts), len(kept.vocabulary)
    fits = weights.coef.shape == (acts, words) and weights.intercept.shape == (acts,) and weights.idf.shape == (words,)
    if not fits or kept.features not in FEATURES or acts < 2 or len(set(kept.vocabulary)) < words:
        raise InputError("the student's parts do not fit together", where=str(folder), fix="train it again")
    fields = {name: getattr(kept, name) for name in LinearStudent.__struct_fields__ if name not in ("weights", "seen")}
    return LinearStudent(**fields, weights=weights, seen=frozenset(kept.seen))


def _kept(folder: Path) -> _Kept:
    try:
        return msgspec.json.decode((folder / STUDENT).read_bytes(), type=_Kept)
    except OSError as fault:
        raise InputError(
            f"there is no student here ({fault.strerror})", where=str(folder), fix="name a folder that `train` wrote"
        ) from fault
    except msgspec.DecodeError as fault:
        raise InputError(
            f"not a student that this turnwright reads ({fault})", where=str(folder / STUDENT), fix="train it again"
        ) from fault


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
