"""Intervals for a share that stay honest where a bell curve does not: few labels, or nearly all of them alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np

__all__ = ["exact", "wilson"]


@lru_cache(maxsize=4096)
def exact(accepted: int, labels: int, size: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval for the accepted share of `size` conversations of which `labels` were drawn plainly and labelled.

    The Clopper-Pearson construction for a finite population (Wright 1991, Exact Confidence Bounds when Sampling from
    Small Finite Universes): all totals `K` under which neither hypergeometric tail of what was seen is rarer than
    `(1 - confidence) / 2`. It never covers less often than it says, is Clopper and Pearson's for large `size`, and is
    a single point when every conversation was labelled.

    Raises:
        ValueError: the counts do not fit each other.
    """
    if not 0 <= accepted <= labels <= size or labels == 0:
        raise ValueError(f"{accepted} accepted of {labels} labels of {size} conversations")
    alpha = (1 - confidence) / 2
    fewest, most = accepted, size - (labels - accepted)
    low = _first(fewest, most, lambda total: _tail(accepted, labels, total, size) > alpha)
    refused = labels - accepted
    high = size - _first(refused, size - accepted, lambda total: _tail(refused, labels, total, size) > alpha)
    return low / size, high / size


def wilson(share: float, labels: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (Wilson 1927) for a share seen in so many labels, which may be an effective number."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z * z / (2 * labels)) / (1 + z * z / labels)
    half = z / (1 + z * z / labels) * math.sqrt(share * (1 - share) / labels + z * z / (4 * labels * labels))
    return max(0.0, centre - half), min(1.0, centre + half)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number for which it holds; it holds at `high` and, once it does, for all above."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _tail(seen: int, labels: int, total: int, size: int) -> float:
    """P(X >= seen) where X of `labels` drawn ones are among the `total` of `size`."""
    if seen <= max(0, labels - (size - total)):
        return 1.0
    last = min(labels, total)
    if seen > last:
        return 0.0
    steps = np.arange(seen, last, dtype=np.float64)
    ratios = (total - steps) * (labels - steps) / ((steps + 1) * (size - total - labels + steps + 1))
    logs = _log_chance(seen, labels, total, size) + np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    return min(1.0, float(np.exp(logs).sum()))


def _log_chance(seen: int, labels: int, total: int, size: int) -> float:
    return _log_choose(total, seen) + _log_choose(size - total, labels - seen) - _log_choose(size, labels)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
