"""Remembering what was admitted, so that a like conversation is found among many: banded hashing, in about 0.7 KB each.

Conversations that share a band are candidates (Indyk and Motwani 1998); whether one is too near is for the gate to
say. The tables are plain arrays, since objects of the language would take ten times the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from turnwright.admit.signature import FIXED

__all__ = ["MemoryRecall", "Recall"]

Array = np.ndarray[Any, Any]
_SMALLEST = 64
_GROWTH = 1.5


class Recall(Protocol):
    """Where admitted signatures are kept and found again."""

    def near(self, bands: Sequence[int]) -> Iterable[bytes]:
        """The fixed parts of all kept signatures that share a band, in the order in which they were kept."""
        ...

    def keep(self, bands: Sequence[int], fixed: bytes) -> None:
        """Keep a signature."""
        ...


class MemoryRecall:
    """Signatures in memory: rows of bytes, and for every band a chained hash table over the rows.

    Attributes:
        count: signatures kept.
    """

    def __init__(self, bands: int) -> None:
        self.count = 0
        self._bands = np.arange(bands)
        self._rows: Array = np.zeros((_SMALLEST, FIXED), dtype=np.uint8)
        self._hashes: Array = np.zeros((_SMALLEST, bands), dtype=np.uint32)
        self._next: Array = np.zeros((_SMALLEST, bands), dtype=np.uint32)
        self._heads: Array = np.zeros((bands, _SMALLEST), dtype=np.uint32)

    @property
    def size(self) -> int:
        """Bytes that the tables take."""
        return sum(table.nbytes for table in (self._rows, self._hashes, self._next, self._heads))

    def near(self, bands: Sequence[int]) -> list[bytes]:
        """See `Recall.near`."""
        hashes = _short(bands)
        found: set[int] = set()
        places = self._heads[self._bands, self._slots(hashes)]
        alive = np.flatnonzero(places)
        while len(alive):
            rows = places[alive] - 1
            found.update(rows[self._hashes[rows, alive] == hashes[alive]].tolist())
            places[alive] = self._next[rows, alive]
            alive = alive[places[alive] > 0]
        return [self._rows[row].tobytes() for row in sorted(found)]

    def keep(self, bands: Sequence[int], fixed: bytes) -> None:
        """See `Recall.keep`."""
        if self.count == len(self._rows):
            self._grow()
        row, hashes = self.count, _short(bands)
        self._rows[row] = np.frombuffer(fixed, dtype=np.uint8)
        self._hashes[row] = hashes
        self._chain(row, hashes)
        self.count += 1

    def _chain(self, row: int, hashes: Array) -> None:
        slots = self._slots(hashes)
        self._next[row] = self._heads[self._bands, slots]
        self._heads[self._bands, slots] = row + 1

    def _slots(self, hashes: Array) -> Array:
        return hashes & np.uint32(self._heads.shape[1] - 1)

    def _grow(self) -> None:
        size = int(len(self._rows) * _GROWTH)
        self._rows, self._hashes, self._next = (
            _longer(table, size) for table in (self._rows, self._hashes, self._next)
        )
        if size > 2 * self._heads.shape[1]:
            self._heads = np.zeros((len(self._bands), 2 * self._heads.shape[1]), dtype=np.uint32)
            for row in range(self.count):
                self._chain(row, self._hashes[row])


def _short(bands: Sequence[int]) -> Array:
    """32 bits a band are enough to find by; what is found is compared anyway."""
    return np.array([band & 0xFFFFFFFF for band in bands], dtype=np.uint32)


def _longer(table: Array, size: int) -> Array:
    longer = np.zeros((size, table.shape[1]), dtype=table.dtype)
    longer[: len(table)] = table
    return longer
