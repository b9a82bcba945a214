"""Near-duplicate conversations of a pool: which pairs share at least four fifths of their runs of three words.

MinHash and its index by `rensa` (R-MinHash, 128 entries, runs hashed in bulk) to find candidates, and the share of
equal entries to judge them: its standard error is at most 0.045 (Broder 1997). Case, punctuation and the ends of turns
do not count; numbers do. Nothing here knows which side a conversation is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import rensa
from numpy.typing import NDArray

from turnwright.monitor.measures.words import Spoken

__all__ = ["ENTRIES", "MOST", "SEED", "THRESHOLD", "Sketched", "banded", "paired", "sketched", "twins"]

Ints = NDArray[np.int64]
ENTRIES, SEED, LENGTH = 128, 7, 3
THRESHOLD = 0.8
BANDS = 32
ROWS = ENTRIES // BANDS
"""Entries a band: of pairs at the threshold all but one in ten million share a band."""
MOST = 16
"""Candidates in a band that a conversation is compared with, at most, before and after it."""
_CHUNK = 100_000
# a compiled module without stubs
_Sketch: Any = rensa.RMinHash  # type: ignore[attr-defined]
_Index: Any = rensa.RMinHashLSH  # type: ignore[attr-defined]
_MIX = np.uint64(0x9E3779B97F4A7C15)


def twins(words: Spoken, threshold: float = THRESHOLD) -> Ints:
    """Pairs of conversations (pairs x 2, the lower number first) that are near duplicates.

    A conversation of fewer than three words has none. Where more than a few are all alike, each is paired with
    some of them, not with all.
    """
    return paired(sketched(words), threshold)


@dataclass(frozen=True, eq=False)
class Sketched:
    """matrix: rensa's signatures, a row each. hashes: of the runs, the row of signature i from offsets[i] on.
    known: number of each row's conversation.
    """

    matrix: Any
    hashes: NDArray[np.uint64]
    offsets: NDArray[np.uint64]
    known: Ints


def sketched(words: Spoken) -> Sketched:
    """MinHash of every conversation with a run of three words."""
    runs = words.runs(LENGTH)
    known, starts = np.unique(runs.rows, return_index=True)
    offsets = np.append(starts, len(runs.rows)).astype(np.uint64)
    hashes = np.ascontiguousarray(runs.hashes)
    return Sketched(matrix=_digest(hashes, offsets), hashes=hashes, offsets=offsets, known=known)


def paired(given: Sketched, threshold: float = THRESHOLD) -> Ints:
    """Pairs whose signatures agree in this share of entries.

    rensa's index says quickly who shares a band with anybody; only their signatures are taken out and compared.
    """
    index = _Index(threshold, ENTRIES, BANDS)
    flagged = np.flatnonzero(np.array(index.query_duplicate_flags_matrix_one_shot(given.matrix), dtype=bool))
    if not len(flagged):
        return np.empty((0, 2), dtype=np.int64)
    parts = [given.hashes[given.offsets[row] : given.offsets[row + 1]] for row in flagged]
    offsets = np.append(0, np.cumsum([len(part) for part in parts])).astype(np.uint64)
    entries = np.array(_digest(np.concatenate(parts), offsets).to_rows(), dtype=np.uint32)
    pairs = banded(entries)
    alike = np.empty(len(pairs))
    for start in range(0, len(pairs), _CHUNK):
        one, other = pairs[start : start + _CHUNK].T
        alike[start : start + _CHUNK] = (entries[one] == entries[other]).mean(axis=1)
    return np.asarray(given.known[flagged[pairs[alike >= threshold]]])


def _digest(hashes: NDArray[np.uint64], offsets: NDArray[np.uint64]) -> Any:
    return _Sketch.digest_matrix_from_flat_token_hashes(hashes, offsets, ENTRIES, SEED)


def banded(entries: NDArray[np.uint32], rows: int = ROWS, most: int = MOST) -> Ints:
    """Pairs that share a band of `rows` entries (pairs x 2, the lower number first, none twice)."""
    found: list[Ints] = [np.empty((0, 2), dtype=np.int64)]
    # among many alike those that are compared are chosen by seed: in the order of the pool it would be the same side
    mixed = np.random.default_rng(SEED).permutation(len(entries))
    for first in range(0, ENTRIES - rows + 1, rows):
        keys = np.zeros(len(entries), dtype=np.uint64)
        for column in entries[:, first : first + rows].T:
            keys = (keys ^ column) * _MIX
            keys ^= keys >> np.uint64(29)
        order = mixed[np.argsort(keys[mixed], kind="stable")]
        ordered = keys[order]
        for step in range(1, most + 1):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(same):
                break
            found.append(np.sort(np.column_stack([order[same], order[same + step]]), axis=1))
    return np.unique(np.concatenate(found), axis=0)
