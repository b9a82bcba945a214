"""From many figures under permutation to p-values that hold over the whole panel, and the smallest effect it can see.

Westfall and Young (1993), step-down: a figure's score is compared with the greatest score over all figures in each
draw, so that strongly related figures cost hardly more than one. Scores must be fair between figures of different
shape, yet finer than ranks (with 199 draws and 40 figures, ranks tie at the top and nothing is ever shown). Each draw
is therefore standardised by mean, spread and skewness of all *other* draws (Wilson and Hilferty's cube root, as for a
gamma). Every draw, the observed one too, is treated alike, so the test is exact whatever the true shape is.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from turnwright.monitor.permuting import Scale, from_scale, to_scale
from turnwright.monitor.statistic import Floats, Monitor

__all__ = ["corrected", "critical", "distances", "holm", "p_value", "scores", "smallest", "westfall_young"]

MOST = 38.0
"""Scores end here: beyond, a normal tail cannot be told from 0."""
STEEPEST = 3.0
"""Skewness is not believed beyond this."""
NEAR = 1e-6
"""Distances closer than this share of their spread count as equal: sums come out of matrix products with rounding."""
POWER = NormalDist().inv_cdf(0.8)


def distances(values: Floats, monitor: Monitor) -> Floats:
    """How far each draw lies to the worse side, on the monitor's scale; lowest possible where it has no figure.

    Where either side is worse: the distance from the median of all draws, the observed one among them.
    """
    placed = to_scale(values, monitor.scale) if _all_inside(values, monitor.scale) else values
    known = np.isfinite(placed)
    if not known.any():
        return np.zeros(len(values))
    if monitor.worse == "either":
        away = np.abs(placed - np.median(placed[known]))
    else:
        away = placed if monitor.worse == "higher" else -placed
    return np.where(known, away, away[known].min())


def _all_inside(values: Floats, scale: str) -> bool:
    known = values[np.isfinite(values)]
    return scale == "linear" or bool((known > 0).all() and (scale == "log" or (known < 1).all()))


def p_value(away: Floats) -> float:
    """(1 + draws at least as far as the observed one) / (1 + draws); the observed one comes first."""
    return float((away >= away[0] - _rounding(away)).sum()) / len(away)


def _rounding(away: Floats) -> float:
    return NEAR * float(away.std())


def scores(away: Floats) -> Floats:
    """Distances as nearly normal scores, each standardised by all draws but itself."""
    count = len(away) - 1
    centred = away - np.median(away)
    spread = float(centred.std())
    if count < 2 or spread < 1e-12 * max(1.0, float(np.abs(away).max())):
        return np.zeros(len(away))
    unit = centred / spread
    one, two, three = ((unit**power).sum() - unit**power for power in (1, 2, 3))
    mean = one / count
    variance = np.maximum(two / count - mean**2, 1e-12)
    skew = (three / count - 3 * mean * two / count + 2 * mean**3) / variance**1.5
    return np.clip(_normal((unit - mean) / np.sqrt(variance), np.clip(skew, -STEEPEST, STEEPEST)), -MOST, MOST)


def _normal(standard: Floats, skew: Floats) -> Floats:
    """Wilson and Hilferty: a standardised value of this skewness as a normal one."""
    steep = np.where(np.abs(skew) < 1e-3, 1e-3, skew)
    return np.asarray((np.cbrt(1 + steep * standard / 2) - 1) * 6 / steep + steep / 6)


def westfall_young(table: Floats) -> Floats:
    """Corrected p-values of the columns of draws x figures, the observed draw first; step-down."""
    observed = table[0]
    order = np.argsort(-observed, kind="stable")
    greatest = np.maximum.accumulate(table[:, order[::-1]], axis=1)[:, ::-1]
    found = (greatest >= observed[order] - NEAR).mean(axis=0)
    made = np.empty(len(order))
    made[order] = np.maximum.accumulate(found)
    return made


def corrected(away: Sequence[Floats], headline: Sequence[bool]) -> list[float]:
    """Adjusted p-value of each figure over the whole panel.

    Headlines share one half of the error rate, all others the other half; each half is corrected in itself, and p is
    doubled, so that all are comparable with the rate of the whole panel. A panel of one half has the whole rate.
    """
    whole = np.array([scores(one) for one in away]).T
    heads = np.array(headline, np.bool_)
    made = np.ones(len(away))
    halves = [half for half in (heads, ~heads) if half.any()]
    for half in halves:
        made[half] = np.minimum(1.0, len(halves) * westfall_young(whole[:, half]))
    return made.tolist()


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's correction (1979), in the order given."""
    given = np.asarray(ps, np.float64)
    order = np.argsort(given, kind="stable")
    steps = np.minimum(1.0, given[order] * (len(given) - np.arange(len(given))))
    made = np.empty(len(given))
    made[order] = np.maximum.accumulate(steps)
    return made.tolist()


def critical(away: Sequence[Floats], headline: Sequence[bool], alpha: float) -> list[float]:
    """For each figure the score that it must pass to be shown: what the greatest score of its half seldom passes."""
    whole = np.array([scores(one) for one in away]).T
    heads = np.array(headline, np.bool_)
    bounds = np.zeros(len(away))
    halves = [half for half in (heads, ~heads) if half.any()]
    for half in halves:
        bounds[half] = np.quantile(whole[1:, half].max(axis=1), 1 - alpha / len(halves))
    return bounds.tolist()


def smallest(values: Floats, monitor: Monitor, *, bound: float, error: float | None = None) -> float | None:
    """The distance from `same` that is found with a power of 80 %; None where the null has no spread.

    values: the tested figures, the observed one first. bound: see `critical`; what the null's own mean, spread and
    skewness make of it, and 0.84 standard errors beyond (`error`, on the monitor's scale, else those of the null).
    """
    known = values[1:][np.isfinite(values[1:])]
    if len(known) < 20 or len(known) < len(values) / 2 or float(known.std()) <= 1e-12:
        return None
    scale: Scale = monitor.scale if _all_inside(known, monitor.scale) else "linear"
    placed = to_scale(known, scale)
    spread = error if error is not None and scale == monitor.scale else float(placed.std())
    if monitor.worse == "either":
        middle = float(np.median(placed))
        ends = [middle + sign * (_bound(np.abs(placed - middle), bound) + POWER * spread) for sign in (1, -1)]
    else:
        sign = 1 if monitor.worse == "higher" else -1
        middle, ends = np.nan, [sign * (_bound(sign * placed, bound) + POWER * spread)]
    reached = from_scale(np.array([*ends, middle]), scale)
    centre = reached[-1] if monitor.worse == "either" else monitor.same
    return float(np.abs(reached[:-1] - centre).max())


def _bound(placed: Floats, score: float) -> float:
    """Where a null of this mean, spread and skewness has this score."""
    mean, spread = float(placed.mean()), float(placed.std())
    skew = float(np.clip(((placed - mean) ** 3).mean() / max(spread, 1e-12) ** 3, -STEEPEST, STEEPEST))
    steep = skew if abs(skew) >= 1e-3 else 1e-3
    return mean + spread * (((score - steep / 6) * steep / 6 + 1) ** 3 - 1) * 2 / steep
