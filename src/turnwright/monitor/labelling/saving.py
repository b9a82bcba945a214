"""Keeping a labeller: a folder with what it knows (JSON) and its numbers (npz). Nothing is pickled.

What does not fit together is refused: a labeller may come from elsewhere and is only data here.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.monitor.labelling.held_out import HeldOut
from turnwright.monitor.labelling.labeller import Labeller
from turnwright.monitor.labelling.seen import MEANING, Array, Sides, Vocabulary
from turnwright.store import whole_file, write_bytes

__all__ = ["LABELLER", "load_labeller", "save_labeller"]

LABELLER, NUMBERS = "labeller.json", "labeller.npz"
_FIX = "learn it again from labelled conversations"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal[1] = 1
    side: Sides
    acts: tuple[str, ...]
    pieces: tuple[tuple[str, ...], ...]
    calls: bool
    held_out: HeldOut | None


def save_labeller(labeller: Labeller, folder: Path) -> None:
    """Write it into the folder; raises InputError when there is one already."""
    if (folder / LABELLER).exists():
        raise InputError("there is a labeller already, and is not overwritten", where=str(folder), fix="name another")
    idf = {f"idf{number}": one.idf for number, one in enumerate(labeller.vocabularies)}
    with whole_file(folder / NUMBERS) as file:
        np.savez_compressed(file, coef=labeller.coef, intercept=labeller.intercept, **idf)  # type: ignore[arg-type]
    kept = _Kept(
        side=labeller.side,
        acts=labeller.acts,
        pieces=tuple(one.pieces for one in labeller.vocabularies),
        calls=labeller.calls,
        held_out=labeller.held_out,
    )
    write_bytes(folder / LABELLER, msgspec.json.encode(kept) + b"\n")


def load_labeller(folder: Path) -> Labeller:
    """Read one; raises InputError when there is none or its parts do not fit together."""
    try:
        kept = msgspec.json.decode((folder / LABELLER).read_bytes(), type=_Kept)
        with np.load(folder / NUMBERS, allow_pickle=False) as file:
            numbers = {name: np.asarray(file[name]) for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, msgspec.DecodeError) as fault:
        raise InputError(f"the labeller cannot be read ({fault})", where=str(folder), fix=_FIX) from fault
    _require_whole(kept, numbers, folder)
    return Labeller(
        side=kept.side,
        acts=kept.acts,
        vocabularies=tuple(
            Vocabulary(pieces=pieces, idf=numbers[f"idf{number}"]) for number, pieces in enumerate(kept.pieces)
        ),
        coef=numbers["coef"],
        intercept=numbers["intercept"],
        calls=kept.calls,
        held_out=kept.held_out,
    )


def _require_whole(kept: _Kept, numbers: dict[str, Array], folder: Path) -> None:
    acts, sizes = len(kept.acts), [len(pieces) for pieces in kept.pieces]
    shapes = {
        "coef": (acts, sum(sizes) + MEANING + acts + 1),
        "intercept": (acts,),
        **{f"idf{number}": (size,) for number, size in enumerate(sizes)},
    }
    fits = acts >= 2 and len(sizes) == 4 and {name: one.shape for name, one in numbers.items()} == shapes
    if not fits or not all(one.dtype.kind == "f" and np.isfinite(one).all() for one in numbers.values()):
        raise InputError("the labeller's parts do not fit together", where=str(folder), fix=_FIX)
