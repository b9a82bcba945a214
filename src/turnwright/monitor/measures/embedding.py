"""Meaning as numbers: 256 of them for each side of each conversation that costly monitors look at.

The vector of a side is the mean over its turns, of unit length; that of a conversation holds both sides. wordllama
reads words without their order, mostly English, from weights that come in its wheel; nothing is fetched.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.measures.words import Side
from turnwright.monitor.statistic import Sample

__all__ = ["distances", "embedded", "vectors"]

Floats32 = NDArray[np.float32]
CHUNK = 2048


def embedded(sample: Sample, side: Side | None = None) -> Floats32:
    """Unit vectors of the few, few x 256 of a side, few x 512 of both; zeros where a side says nothing.

    Raises:
        InputError: wordllama is not installed.
    """
    made = sample.once(f"embedding {side}", lambda: _both(sample) if side is None else _of_side(sample, side))
    assert isinstance(made, np.ndarray)
    return made


def distances(sample: Sample, side: Side | None = None) -> Floats32:
    """Euclidean distances between the few, few x few."""
    made = sample.once(f"distances {side}", lambda: _distances(embedded(sample, side)))
    assert isinstance(made, np.ndarray)
    return made


def vectors(texts: Sequence[str]) -> Floats32:
    """The mean vector of each text, texts x 256; zeros for a text without any known piece of a word.

    Raises:
        InputError: wordllama is not installed.
    """
    model = _model()
    table: Floats32 = model.embedding
    made = np.zeros((len(texts), table.shape[1]), dtype=np.float32)
    for start in range(0, len(texts), CHUNK):
        pieces = [
            one.ids
            for one in model.tokenizer.encode_batch(list(texts[start : start + CHUNK]), add_special_tokens=False)
        ]
        lengths = np.array([len(one) for one in pieces])
        rows = np.flatnonzero(lengths)
        if len(rows):
            flat = np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=int(lengths.sum()))
            sums = np.add.reduceat(table[np.minimum(flat, len(table) - 1)], np.cumsum(lengths[rows]) - lengths[rows])
            made[start + rows] = sums / lengths[rows, None]
    return made


def _of_side(sample: Sample, side: Side) -> Floats32:
    """Turns that are the same are read once."""
    numbers: dict[str, int] = {}
    said, rows = [], []
    for row, place in enumerate(sample.few):
        for turn in sample.examples[place].turns:
            if turn.role == side and turn.text:
                said.append(numbers.setdefault(turn.text, len(numbers)))
                rows.append(row)
    made = np.zeros((len(sample.few), 256), dtype=np.float32)
    if rows:
        turns = vectors(list(numbers))
        # rows come in order, so each conversation is one stretch
        present, starts = np.unique(rows, return_index=True)
        made[present] = np.add.reduceat(turns[said], starts)
    return _unit(made)


def _both(sample: Sample) -> Floats32:
    return _unit(np.hstack([embedded(sample, "user"), embedded(sample, "assistant")]))


def _unit(rows: Floats32) -> Floats32:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _distances(points: Floats32) -> Floats32:
    squares = (points**2).sum(axis=1)
    made = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (points @ points.T), 0))
    np.fill_diagonal(made, 0)
    return np.asarray(made, dtype=np.float32)


@lru_cache(maxsize=1)
def _model() -> Any:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        import wordllama  # an extra, and slow to import
    except ModuleNotFoundError as fault:
        raise InputError("wordllama is not installed", fix="pip install 'turnwright[measure]'") from fault
    # it turns on everybody's log lines when it is imported
    root.handlers[:] = before
    root.setLevel(level)
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    model.tokenizer.no_padding()
    return model
