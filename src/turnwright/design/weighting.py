"""Weights that let a designed set be read as `natural`: `p_target / q_sample` for each scenario.

A design is a mixture of strata, so `q_sample` is the mixture of their densities (the balance heuristic of Veach
and Guibas 1995):

- free draws follow the target p; the draws for a quota follow p given its level, `p / P(level)` where it holds;
- covering rows are no random sample; they are taken as draws from p here, and put right by the next step.

The p cancels, which leaves bounded weights that depend on a row's rare levels alone. They are then calibrated so
that the weighted share of every level equals its target share (raking: Deming and Stephan 1940; Deville and Särndal
1992), each level's factor kept within `FARTHEST`. A level of weight 0 has weight 0. Up to `RAKED` rows of a stratum
are looked at, each standing for its share of the stratum; with no more rows than that, calibration is over the
whole design. A design of little more than covering rows may have no weights that give the target back; the shares
in its report then differ, and its effective sample size (Kish 1965: (Σw)² / Σw²) is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from turnwright.design.diagram import Floats, Ints
from turnwright.design.layout import Layout
from turnwright.design.target import Target

__all__ = ["RAKED", "Sampled", "Weighting", "effective", "weigh"]

RAKED = 20_000
FARTHEST = 50.0
SWEEPS = 100
CLOSE = 1e-7


@dataclass(frozen=True, eq=False)
class Sampled:
    """Rows that stand for a whole design: row x place, and how many scenarios each row stands for."""

    rows: Ints
    stands_for: Floats


@dataclass(frozen=True, eq=False)
class Weighting:
    """Everything that a row's weight depends on.

    plain: share of scenarios that were not drawn for a quota. rare: place, level and the density that its quota
    adds. live: by place, 0 for levels of weight 0 and 1 for others. factors: by place, the calibration of each
    level. scale: makes the mean 1.
    """

    plain: float
    rare: tuple[tuple[int, int, float], ...]
    live: tuple[Floats, ...]
    factors: tuple[Floats, ...]
    scale: float = 1.0

    def of(self, rows: Ints) -> Floats:
        """Return the weight of each row, to six significant digits."""
        found = self.base(rows) * self.scale
        for place, factors in enumerate(self.factors):
            found = found * factors[rows[:, place]]
        return np.array([float(f"{weight:.6g}") for weight in found.tolist()])

    def base(self, rows: Ints) -> Floats:
        """Return p / q of each row before calibration."""
        density = np.full(len(rows), self.plain)
        for place, level, added in self.rare:
            density = density + added * (rows[:, place] == level)
        live = np.ones(len(rows))
        for place, alive in enumerate(self.live):
            live = live * alive[rows[:, place]]
        weights: Floats = np.divide(live, density, out=np.zeros(len(rows)), where=density > 0)
        return weights


def weigh(layout: Layout, target: Target, sampled: Sampled) -> Weighting:
    """Return the weighting of a design; `sampled` stands for it."""
    rare = tuple(
        (quota.place, quota.level, size / layout.count / float(target.shares[quota.place][quota.level]))
        for quota, size in layout.strata
        if target.shares[quota.place][quota.level] > 0
    )
    base = Weighting(
        plain=1 - len(layout.quota) / layout.count,
        rare=rare,
        live=tuple((share > 0).astype(np.float64) for share in target.shares),
        factors=tuple(np.ones(len(share)) for share in target.shares),
    )
    return _calibrated(base, sampled, target.shares)


def effective(weights: Floats, stands_for: Floats) -> float:
    """Return Kish's effective sample size of the weights, each standing for so many scenarios."""
    squares = float((stands_for * weights * weights).sum())
    return float((stands_for * weights).sum()) ** 2 / squares if squares > 0 else 0.0


def _calibrated(base: Weighting, sampled: Sampled, shares: Sequence[Floats]) -> Weighting:
    """Rake the weighted shares of the levels to the target's."""
    weights = base.base(sampled.rows) * sampled.stands_for
    factors = [one.copy() for one in base.factors]
    for _ in range(SWEEPS):
        worst = 0.0
        for place, share in enumerate(shares):
            levels = sampled.rows[:, place]
            now = np.bincount(levels, weights=weights, minlength=len(share))
            wanted = np.where(now > 0, share, 0.0)
            if now.sum() <= 0 or wanted.sum() <= 0:
                continue
            now, wanted = now / now.sum(), wanted / wanted.sum()
            step = np.divide(wanted, now, out=np.ones(len(share)), where=now > 0)
            moved = np.clip(factors[place] * step, 1 / FARTHEST, FARTHEST)
            worst = max(worst, float(np.abs(wanted - now).max()))
            weights = weights * (moved / factors[place])[levels]
            factors[place] = moved
        if worst < CLOSE:
            break
    total = float(weights.sum())
    scale = float(sampled.stands_for.sum()) / total if total > 0 else 0.0
    return replace(base, factors=tuple(factors), scale=scale)
