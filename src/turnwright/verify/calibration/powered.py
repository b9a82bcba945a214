"""The share of conversations that people would accept, from few labels and what the machine says of all of them.

Pure statistics over arrays: who labelled what, and what the machine's word is, is put together in the engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.verify.calibration.intervals import exact, wilson

__all__ = ["Share", "Side", "share"]

ENOUGH_LABELS = 30
"""Labels of a side from which on its predictions are given weight: with fewer the weight is mostly noise."""
ENOUGH_OF_EACH = 5
"""Accepted ones and refused ones that this takes as well."""


NEARLY_ALONE = 0.999
"""Leverage from which on a single label decides its own fit."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations of which every one had the same chance to be labelled.

    predicted: the machine's chance, in [0, 1], that a person accepts it: one for every conversation of the side.
    said, accepted: for the labelled ones, in the same order: that prediction, and what people said.
    """

    name: str
    predicted: NDArray[np.float64]
    said: NDArray[np.float64]
    accepted: NDArray[np.bool_]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one share.

    over: which conversations. size: how many they are. labels: how many of them have a label that counts.
    share, low, high: the estimate and its interval; None where no estimate can be made.
    how: what the interval is: `exact` (finite-population Clopper-Pearson), `powered` (prediction-powered), for several
    sides put together `exact, combined` or `powered, combined`; empty where there is none.
    powers: side → weight given to the machine's predictions, 0 where labels alone count.
    worth: how many labels drawn plainly, read without the machine, would be as good; None where all are labelled.
    note: why there is no estimate, or what it rests on; empty when nothing is to be said.
    """

    over: str
    size: int
    labels: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    how: str = ""
    powers: dict[str, float] = {}
    worth: float | None = None
    note: str = ""


class _Part(msgspec.Struct, frozen=True):
    """The estimate of one side. spread: a variance that is not 0 where all labels are alike, for `worth` only."""

    share: float
    low: float
    high: float
    power: float
    spread: float


def share(over: str, sides: Sequence[Side], confidence: float = 0.95) -> Share:
    """Estimate the share of the conversations of all sides together that people would accept.

    Stratified prediction-powered inference (Angelopoulos, Duchi and Zrnic 2023, PPI++; Fisch et al. 2024):
    `sum W_h (mean(y) + b_h (mean over all (f) - mean over labelled (f)))`, where `W_h = N_h / N`, `y` is what people
    said and `f` what the machine predicts. Each label so counts with `N_h / n_h`, the inverse of the chance that its
    side really gave it, which holds also when a reviewer stopped early or drew several times. `b_h` is PPI++'s power
    tuning; see `_powered`. Where predictions do not differ within a side, or labels are too few or too much alike,
    `b_h = 0` and the side's interval is `exact`. Intervals of sides are put together by the recovery of variances
    (Zou and Donner 2008): `low = share - sqrt(sum (W_h (share_h - low_h))^2)`, `high` likewise.
    """
    present = [side for side in sides if len(side.predicted)]
    size = sum(len(side.predicted) for side in present)
    labels = sum(len(side.accepted) for side in present)
    without = [side.name for side in present if not len(side.accepted)]
    if not present or without:
        note = f"no label among the {' and '.join(without)}" if present else "there are no such conversations"
        return Share(over=over, size=size, labels=labels, note=note)
    parts = [_part(side, confidence) for side in present]
    weights = [len(side.predicted) / size for side in present]
    estimate = sum(w * part.share for w, part in zip(weights, parts, strict=True))
    below = math.sqrt(sum((w * (part.share - part.low)) ** 2 for w, part in zip(weights, parts, strict=True)))
    above = math.sqrt(sum((w * (part.high - part.share)) ** 2 for w, part in zip(weights, parts, strict=True)))
    spread = sum(w * w * part.spread for w, part in zip(weights, parts, strict=True))
    kind = "powered" if any(part.power for part in parts) else "exact"
    return Share(
        over=over,
        size=size,
        labels=labels,
        share=estimate,
        low=max(0.0, estimate - below),
        high=min(1.0, estimate + above),
        how=kind if len(parts) == 1 else f"{kind}, combined",
        powers={side.name: part.power for side, part in zip(present, parts, strict=True)},
        worth=_worth(estimate, labels, size, spread),
        note=_note(present),
    )


def _part(side: Side, confidence: float) -> _Part:
    size, n, accepted = len(side.predicted), len(side.accepted), int(side.accepted.sum())
    low, high = exact(accepted, n, size, confidence)
    smooth = (accepted + 1) / (n + 2)
    alone = _Part(accepted / n, low, high, 0.0, (1 - n / size) * smooth * (1 - smooth) / n)
    if n == size or n < ENOUGH_LABELS or min(accepted, n - accepted) < ENOUGH_OF_EACH or np.ptp(side.said) == 0:
        return alone
    return _powered(side, alone, confidence) or alone


def _powered(side: Side, alone: _Part, confidence: float) -> _Part | None:
    """The prediction-powered estimate of one side; None where it would not help.

    `b = Cov(y, f) / Var(f)`, at least 0 (above 1 where the machine's probabilities lie too close together). This is
    PPI++'s optimal weight `lambda = Cov / ((1 + n / (N - n)) Var)` for `N - n` unlabelled ones, written for a mean over
    all `N` (`lambda = (1 - n / N) b`): the estimates are the same number, and also the regression estimate of survey
    sampling (Cochran 1977, ch. 7), whose variance over the finite side is `(1 - n / N) Var(y - b f) / n`; it is taken
    from residuals as if each label had been left out of its own fit (the jackknife, HC3 of MacKinnon and White 1985),
    since a fit to few labels looks better than it is. The interval is Wilson's at the number of plain labels that
    would have this variance, so that it stays inside [0, 1] and is not too short near its ends (Franco et al. 2019,
    Comparative Study of Confidence Intervals for Proportions in Complex Sample Surveys), with Student's quantile of
    `n - 2` degrees of freedom for the normal one.
    """
    people, said, n, size = side.accepted.astype(np.float64), side.said, len(side.said), len(side.predicted)
    apart = said - said.mean()
    leverage = 1 / n + apart**2 / (apart**2).sum()
    if leverage.max() > NEARLY_ALONE:  # one label alone says what a prediction is worth
        return None
    power = max(0.0, float((apart * people).sum() / (apart**2).sum()))
    estimate = float(people.mean() + power * (side.predicted.mean() - said.mean()))
    residual = people - people.mean() - power * apart
    spread = (1 - n / size) * float(((residual / (1 - leverage)) ** 2).sum()) / n**2
    if power == 0 or not 0 < estimate < 1 or spread == 0 or spread >= alone.spread:
        return None
    wider = _student(n - 2, confidence) ** 2
    low, high = wilson(estimate, estimate * (1 - estimate) / (spread * wider), confidence)
    return _Part(estimate, low, high, power, spread)


def _student(degrees: int, confidence: float) -> float:
    """Student's quantile over the normal one, by the first term of its expansion (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return 1 + (z * z + 1) / (4 * degrees)


def _worth(estimate: float, labels: int, size: int, spread: float) -> float | None:
    """How many plain labels have this variance: solves `(1 - m / N) p (1 - p) / m = spread` for `m`.

    The share is drawn towards one half by two labels (Agresti and Coull 1998), so that it is never 0 or 1.
    """
    if spread == 0:
        return None
    smooth = (estimate * labels + 1) / (labels + 2)
    variance = smooth * (1 - smooth)
    return variance / (spread + variance / size)


def _note(sides: Sequence[Side]) -> str:
    """Say where all labels are alike: the exact interval stands in for a variance of 0."""
    alike = [side.name for side in sides if len(side.accepted) and side.accepted.min() == side.accepted.max()]
    return f"all labels among the {' and '.join(alike)} are alike: exact bounds there" if alike else ""
