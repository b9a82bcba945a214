"""The slope of a figure over rounds, with bounds that are honest about how little a few rounds tell.

Generalised least squares with the known errors of the levels. Where the rounds scatter more than these errors allow
(every retraining is a draw of its own), the error of the slope is widened by that much; it is never narrowed, since
three rounds that happen to lie on a line prove nothing. What a slope means is told in `rounds`.
"""

from __future__ import annotations

from statistics import NormalDist

import msgspec
import numpy as np

from turnwright.monitor.statistic import Floats

__all__ = ["Slope", "slope_of"]


class Slope(msgspec.Struct, frozen=True, kw_only=True):
    """Change a round. low, high: one-sided bounds, each wrong with a chance of `error`. rounds: how many it rests on.

    scatter: how many times as wide as known errors explain the rounds scatter about the line; 1 where not wider.
    """

    name: str
    value: float
    low: float
    high: float
    error: float
    rounds: int
    scatter: float = 1.0


def slope_of(name: str, numbers: Floats, values: Floats, covariance: Floats, error: float) -> Slope:
    """Fit a line through the values (rounds,) at these round numbers, whose errors have this covariance."""
    ridge = 1e-9 * max(float(np.trace(covariance)) / len(values), 1e-12)
    weights = np.linalg.inv(covariance + ridge * np.eye(len(values)))
    lines = np.stack([np.ones(len(numbers)), numbers - numbers.mean()], axis=1)
    spread = np.linalg.inv(lines.T @ weights @ lines)
    fitted = spread @ lines.T @ weights @ values
    rest = values - lines @ fitted
    free = len(values) - 2
    scatter = max(1.0, float(np.sqrt(rest @ weights @ rest / free))) if free > 0 else 1.0
    away = -NormalDist().inv_cdf(error) * float(np.sqrt(spread[1, 1])) * scatter
    slope = float(fitted[1])
    return Slope(
        name=name, value=slope, low=slope - away, high=slope + away, error=error, rounds=len(values), scatter=scatter
    )
