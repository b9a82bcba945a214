"""Shares from few observations: a Beta posterior with a declared prior, its interval, and what one observation moves.

The prior counts as `strength` observations at a stated mean, so that no estimate from few conversations is 0 or 1 and
everyone can see what was believed before. Nothing here knows what the shares are of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

__all__ = ["Prior", "Share", "bounds", "share"]

CLIP = 0.05
"""A prior mean of 0 or 1 would say that the other never happens, whatever was seen."""
CONFIDENCE = 0.95
STEPS = 60
TERMS = 400
TINY = 1e-300
CLOSE = 1e-13


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """What was believed before: the mean, counted as `strength` observations."""

    mean: float
    strength: float

    @property
    def counts(self) -> tuple[float, float]:
        """The parameters of the Beta distribution."""
        mean = min(max(self.mean, CLIP), 1 - CLIP)
        return self.strength * mean, self.strength * (1 - mean)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share in [0, 1]: posterior mean, 95 % interval, number of observations, range when any one is left out."""

    value: float
    low: float
    high: float
    n: int
    without_one: tuple[float, float]


def share(seen: Sequence[float], prior: Prior) -> Share:
    """Estimate a share. seen: one number in [0, 1] for each observation (1: it happened)."""
    yes, no = prior.counts
    a, b = yes + sum(seen), no + len(seen) - sum(seen)
    value = a / (a + b)
    low, high = bounds(a, b)
    return Share(value=value, low=low, high=high, n=len(seen), without_one=_without_one(seen, a, b))


def _without_one(seen: Sequence[float], a: float, b: float) -> tuple[float, float]:
    """The posterior mean depends on one observation through its own number only, so two of them bound the range."""
    if not seen:
        return a / (a + b), a / (a + b)
    left = a + b - 1
    return (a - max(seen)) / left, (a - min(seen)) / left


def bounds(a: float, b: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Equal-tailed interval of a Beta distribution."""
    tail = (1 - confidence) / 2
    return _solve(lambda x: _below(x, a, b), tail), _solve(lambda x: _below(x, a, b), 1 - tail)


def _solve(rising: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2


def _below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function (DLMF 8.17.22), by its continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _below(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's way to work the fraction out."""
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept(1 + term * d)
            c = _kept(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value


def _kept(number: float) -> float:
    return number if abs(number) > TINY else TINY
