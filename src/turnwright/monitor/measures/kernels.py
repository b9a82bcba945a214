"""Distances between two clouds of conversations: maximum mean discrepancy, and energy distance.

Both are sums over pairs, so one product with the matrix of pairs serves all draws. Both are without bias (no pair of a
conversation with itself), so they are 0 on average for equal sets of any size, and may fall below it.
MMD²: Gretton et al. 2012, Gaussian kernel as wide as the median distance of the pool. Energy: Székely and Rizzo 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.measures.embedding import distances
from turnwright.monitor.measures.words import Side, enough, few_of
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "Pairs", "gaussian"]

Floats32 = NDArray[np.float32]
Kind = Literal["mmd", "energy"]
TOLD = 3


@dataclass(frozen=True, eq=False)
class Pairs:
    """Mean likeness within the sides less twice that between them. likeness: few x few, its diagonal is not used.

    names: of the conversations, for details.
    """

    likeness: Floats32
    few: NDArray[np.int64]
    n: tuple[int, int]
    names: tuple[str, ...] = ()
    weighs: bool = True

    @classmethod
    def of(cls, likeness: Floats32, few: NDArray[np.int64], n: tuple[int, int], names: tuple[str, ...] = ()) -> Pairs:
        """Take away what all pairs have in common: the figure stays the same, and keeps its digits in 32 bits."""
        apart = ~np.eye(len(likeness), dtype=bool)
        common = float(likeness[apart].mean(dtype=np.float64)) if len(likeness) > 1 else 0.0
        made = np.where(apart, likeness - np.float32(common), np.float32(0))
        return cls(likeness=np.asarray(made, dtype=np.float32), few=few, n=n, names=names)

    def values(self, real: Weights, other: Weights) -> Floats:
        """The figure of every draw; nan where a side has fewer than two conversations."""
        left, right = real[:, self.few], other[:, self.few]
        to_left = left @ self.likeness
        both = left + right
        same = len(both) > 1 and bool((both == both[0]).all())
        to_right = both[:1] @ self.likeness - to_left if same else right @ self.likeness
        with np.errstate(invalid="ignore", divide="ignore"):
            within = _over(_dot(to_left, left), _pairs(left)) + _over(_dot(to_right, right), _pairs(right))
            between = _over(_dot(to_left, right), left.sum(axis=1, dtype=np.float64) * right.sum(axis=1))
        return within - 2 * between

    def levels(self, real: Weights, other: Weights) -> None:
        """A distance has no level on either side."""

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Conversations that are least like the other side: mean likeness to either side, over that of all pairs."""
        if not self.names:
            return ()
        sides = [side[0, self.few] for side in (real, other)]
        near = [side @ self.likeness / np.maximum(side.sum() - side, 1e-9) for side in sides]
        lean = near[1] - near[0]
        told = []
        for own, side, sign in (("synthetic", sides[1], 1), ("reference", sides[0], -1)):
            places = np.flatnonzero(side > 0)
            for place in places[np.argsort(-sign * lean[places], kind="stable")][:TOLD]:
                told.append(
                    Detail(
                        name=self.names[place],
                        reference=round(float(near[0][place]), 4),
                        synthetic=round(float(near[1][place]), 4),
                        note=f"{own}; mean likeness to either set, over that of all pairs",
                    )
                )
        return told


def gaussian(apart: Floats32) -> Floats32:
    """Likeness by distance; as wide as the median distance between two different conversations."""
    between = apart[np.triu_indices(len(apart), 1)]
    width = float(np.median(between)) if len(between) else 1.0
    return np.asarray(np.exp(-(apart**2) / (2 * max(width, 1e-6) ** 2)), dtype=np.float32)


def _dot(one: Floats32, other: Floats32) -> Floats:
    return np.asarray((one * other).sum(axis=1, dtype=np.float64))


def _pairs(weights: Weights) -> Floats:
    total = weights.sum(axis=1, dtype=np.float64)
    return np.asarray(total**2 - (weights.astype(np.float64) ** 2).sum(axis=1))


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.where(bottom > 0, top / bottom, np.nan)


def _prepared(sample: Sample, side: Side, kind: Kind) -> Statistic | LeftOut:
    words = few_of(sample)
    if missing := enough(sample, words.lengths(side), side, sample.few):
        return missing
    try:
        apart = distances(sample, side)
    except InputError as fault:
        return LeftOut(str(fault))
    real = int(np.count_nonzero(sample.few < sample.reference))
    names = tuple(sample.examples[place].name for place in sample.few)
    likeness = gaussian(apart) if kind == "mmd" else -apart
    return Pairs.of(likeness, sample.few, (real, len(sample.few) - real), names)


def _monitor(side: Side, kind: Kind) -> Monitor:
    title = "Maximum mean discrepancy" if kind == "mmd" else "Energy distance"
    return Monitor(
        name=f"{side}_{kind}",
        family="embedding",
        title=f"{title} of {side} turns",
        means=f"How far apart what {side}s talk about lies in the two sets; 0 is no distance, and chance puts it on "
        "either side of 0.",
        prepare=lambda sample: _prepared(sample, side, kind),
        side=side,
        unit="MMD²" if kind == "mmd" else "distance",
    )


SIDES: tuple[Side, ...] = ("user", "assistant")
KINDS: tuple[Kind, ...] = ("mmd", "energy")
MONITORS: tuple[Monitor, ...] = tuple(_monitor(side, kind) for side in SIDES for kind in KINDS)
