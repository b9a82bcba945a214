"""Exact tests of many two-by-two tables at once (Fisher, 1935); corrections for many tests are made elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.statistic import Floats

__all__ = ["fewer", "fisher", "least"]

ROUNDING = 1 + 1e-7
"""Tables this much more likely than the observed one still count as equally likely (as scipy does)."""
Counts = NDArray[np.int64]


def fisher(first: Counts, second: Counts, size: int, other: int) -> Floats:
    """Two-sided p of each pair of counts out of `size` and `other` conversations."""
    chances = _chances(first + second, size, other)
    seen = np.take_along_axis(chances, np.asarray(first, np.int64)[:, None], axis=1)
    return np.asarray(np.minimum(1.0, np.where(chances <= seen * ROUNDING, chances, 0.0).sum(axis=1)))


def fewer(first: Counts, second: Counts, size: int, other: int) -> Floats:
    """One-sided p: chance that of all who show it so few, or fewer, are among the second."""
    chances = _chances(first + second, size, other)
    held = np.arange(chances.shape[1]) >= np.asarray(first)[:, None]
    return np.asarray(np.minimum(1.0, np.where(held, chances, 0.0).sum(axis=1)))


def least(both: Counts, size: int, other: int) -> Floats:
    """The least p that `fewer` can give where so many on both sides together show it."""
    chances = _chances(both, size, other)
    return np.asarray(np.take_along_axis(chances, np.minimum(both, size)[:, None], axis=1)[:, 0])


def _chances(both: Counts, size: int, other: int) -> Floats:
    """tables x counts: chance that k of `both` are among the first `size` (hypergeometric)."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + other + 1)))])
    k = np.arange(int(both.max(initial=0)) + 1)
    whole = np.asarray(both, np.int64)[:, None]
    possible = (k <= size) & (k <= whole) & (whole - k <= other)
    a, b = np.where(possible, k, 0), np.where(possible, whole - k, 0)
    a, b = np.minimum(a, size), np.minimum(b, other)
    ways = logs[size] - logs[a] - logs[size - a] + logs[other] - logs[b] - logs[other - b]
    every = logs[size + other] - logs[whole] - logs[size + other - whole]
    return np.where(possible, np.exp(ways - every), 0.0)
