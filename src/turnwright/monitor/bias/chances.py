"""The few distributions that the audit needs, and Holm's correction: closed forms that need nothing but Python.

They are here so that an audit runs where scipy is not installed; tests hold each of them against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

__all__ = ["chi_square_above", "coin_two_sided", "holm", "t_above", "t_quantile"]

_BISECTIONS = 80
_TERMS = 400
_TINY = 1e-300
_CLOSE = 1e-15


def coin_two_sided(heads: int, throws: int) -> float:
    """Exact two-sided p of so many heads of a fair coin; 1 with no throw (McNemar 1947, in its exact form)."""
    tail = sum(math.comb(throws, k) for k in range(min(heads, throws - heads) + 1))
    return min(1.0, math.exp(math.log(2 * tail) - throws * math.log(2)))  # integers beyond any float


def chi_square_above(value: float, freedom: int) -> float:
    """Probability that a chi-square with so many degrees of freedom is at least this large."""
    if value <= 0 or freedom < 1:
        return 1.0
    half, x = freedom / 2, value / 2
    scale = math.exp(half * math.log(x) - x - math.lgamma(half))
    return 1.0 - scale * _gamma_series(half, x) if x < half + 1 else scale * _gamma_fraction(half, x)


def _gamma_series(a: float, x: float) -> float:
    term = whole = 1 / a
    for k in range(1, _TERMS):
        term *= x / (a + k)
        whole += term
        if term < whole * _CLOSE:
            break
    return whole


def _gamma_fraction(a: float, x: float) -> float:
    """Lentz's continued fraction of the upper incomplete gamma function."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for k in range(1, _TERMS):
        over = -k * (k - a)
        b += 2
        d = 1 / (over * d + b or _TINY)
        c = b + over / c or _TINY
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def t_above(value: float, freedom: int) -> float:
    """Probability that Student's t with so many degrees of freedom is at least this large."""
    if math.isinf(value):
        return 0.0 if value > 0 else 1.0
    tail = _beta(freedom / 2, 0.5, freedom / (freedom + value * value)) / 2
    return tail if value >= 0 else 1 - tail


def t_quantile(chance: float, freedom: int) -> float:
    """The value below which Student's t lies with this chance (between 0 and 1)."""
    return _solved(lambda value: 1 - t_above(value, freedom) - chance)


def _solved(rising: Callable[[float], float]) -> float:
    low, high = -1.0, 1.0
    while rising(low) > 0:
        low *= 2
    while rising(high) < 0:
        high *= 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(logs) * _beta_fraction(a, b, x) / a
    return 1 - math.exp(logs) * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Lentz's continued fraction of the incomplete beta function."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    value = d
    for k in range(1, _TERMS):
        for over in (
            k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)),
            -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1)),
        ):
            d = 1 / (1 + over * d or _TINY)
            c = 1 + over / c or _TINY
            value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def holm(chances: Sequence[float]) -> list[float]:
    """The p-values, corrected so that all of them together err as rarely as one (Holm 1979); in the given order."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    adjusted, worst = [0.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, (len(chances) - rank) * chances[place]))
        adjusted[place] = worst
    return adjusted
