"""Whether a difference as large as the bound is ruled out: two one-sided tests, exact where little differs.

The usual normal forms are too sure exactly where an audit hopes to end, with hardly a pair that differs: of 60 pairs
without one, the normal test says that 5 points are ruled out at p = 0.001, while 0.95 to the 60th is 0.046.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.bias.chances import t_above

__all__ = ["mean_equal", "share_equal", "share_middle"]

Floats = NDArray[np.float64]
EXACT_UP_TO = 300
"""Pairs up to which every outcome is gone through; with more, the normal form is close."""
LARGEST = 5.0
"""A single pair may differ by so many bounds (and by 1 at least), as far as pairs without a difference can tell."""
_GRID = 48
_NORMAL = NormalDist()


def share_middle(up: int, down: int, n: int) -> tuple[float, float]:
    """Difference and its standard error, with half a pair more in each of the four cells (Agresti & Min 2005)."""
    size = n + 2
    return (up - down) / size, math.sqrt(up + down + 1 - (up - down) ** 2 / size) / size


@lru_cache(maxsize=4096)
def share_equal(up: int, down: int, n: int, bound: float) -> float:
    """p of a difference of two paired shares at the bound or past it.

    Exact and unconditional: of all outcomes, those at least as much in favour of equality (by the statistic of Agresti
    & Min), at the worst of all ways in which pairs may differ by chance (as Liu et al. 2002, Statistics in Medicine).

    Args:
        up, down: pairs in which the other is higher, is lower. n: all pairs.
    """
    more, less = max(up, down), min(up, down)
    middle, error = share_middle(more, less, n)
    if n > EXACT_UP_TO or bound >= 1:
        return 1 - _NORMAL.cdf((bound - middle - 1 / (n + 2)) / error)  # less one pair: counts are whole
    outcomes = np.arange(n + 1)
    plus, minus = (grid.ravel() for grid in np.meshgrid(outcomes, outcomes, indexing="ij"))
    possible = plus + minus <= n
    plus, minus = plus[possible], minus[possible]
    size = n + 2
    errors = np.sqrt(plus + minus + 1 - (plus - minus) ** 2 / size) / size
    favour = (bound - (plus - minus) / size) / errors >= (bound - middle) / error - 1e-9
    return _worst(plus[favour], minus[favour], n, bound)


def _worst(plus: NDArray[np.int64], minus: NDArray[np.int64], n: int, bound: float) -> float:
    """The largest chance of these outcomes where the difference is the bound, over what differs besides."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    ways = logs[n] - logs[plus] - logs[minus] - logs[n - plus - minus]
    most = (1 - bound) / 2
    chances = [0.0, *(most * np.linspace(0.0, 1.0, _GRID, endpoint=False)[1:] ** 2)]
    return min(1.0, max(_chance(ways, plus, minus, n, bound + one, one) for one in chances))


def _chance(
    ways: Floats, plus: NDArray[np.int64], minus: NDArray[np.int64], n: int, first: float, second: float
) -> float:
    """Chance of these outcomes with such shares of pairs that go up and that go down."""
    if second == 0:
        none = minus == 0
        ways, plus, minus = ways[none], plus[none], minus[none]
    down = minus * math.log(second) if second else 0.0
    rest = n - plus - minus
    return float(np.exp(ways + plus * math.log(first) + down + rest * math.log1p(-first - second)).sum())


def mean_equal(change: Floats, bound: float) -> float:
    """p of a mean difference at the bound or past it: t tests with one pair more at either bound.

    Pairs that are all alike rule out only what would have shown in one of them.
    """
    padded = np.append(change, (bound, -bound))
    error = float(padded.std(ddof=1)) / math.sqrt(len(padded))
    told = t_above((bound - abs(float(padded.mean()))) / error, len(padded) - 1)
    return told if change.any() else max(told, (1 - min(bound, 1 / LARGEST)) ** len(change))
