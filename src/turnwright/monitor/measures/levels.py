"""Levels that are a function of sums over conversations (shares, means, spreads), and their difference between sides.

Sums are linear in the weights, so every draw of a permutation test costs one row of a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.statistic import Floats, Weights
from turnwright.records.fidelity import Detail

__all__ = ["Level", "Levels", "share", "spread"]

Level = Callable[[Floats], Floats]
"""draws x columns of sums → the level of each draw."""


def share(sums: Floats) -> Floats:
    """First sum by second."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan), dtype=np.float64)


def spread(sums: Floats) -> Floats:
    """Standard deviation from the sums of squares, of values, and of ones."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(sums[:, 2] > 0, sums[:, 1] / sums[:, 2], np.nan)
        square = np.where(sums[:, 2] > 0, sums[:, 0] / sums[:, 2], np.nan)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Levels:
    """Difference of a level between the sides, synthetic minus reference (see `Statistic`).

    sums: conversations x columns, from which `level` is made. parts: name → conversations x 2, shares that explain.
    """

    sums: NDArray[np.float32]
    level: Level
    n: tuple[int, int]
    parts: tuple[tuple[str, NDArray[np.float32]], ...] = ()
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """Synthetic level minus reference level of every draw."""
        return self._level(other) - self._level(real)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """Both levels of the first draw."""
        return float(self._level(real[:1])[0]), float(self._level(other[:1])[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """The parts of the level on both sides, the greatest difference first."""
        found = [(name, _one(real, part), _one(other, part)) for name, part in self.parts]
        told = [each for each in found if not np.isnan(each[1] + each[2]) and max(each[1:]) > 0]
        told.sort(key=lambda each: (-abs(each[2] - each[1]), each[0]))
        return [Detail(name=name, reference=a, synthetic=b) for name, a, b in told]

    def _level(self, weights: Weights) -> Floats:
        return self.level((weights @ self.sums).astype(np.float64))


def _one(weights: Weights, part: NDArray[np.float32]) -> float:
    return float(share((weights[:1] @ part).astype(np.float64))[0])
