"""Where the two sets lie among each other: precision and recall, density and coverage, over whole conversations.

A ball around each conversation reaches to its k-th neighbour of its own side (k = 5). Precision: share of synthetic
conversations inside a human ball; recall: share of human ones inside a synthetic ball (Kynkäänniemi et al. 2019).
Density: human balls that a synthetic conversation lies in, over k; coverage: share of human balls with a synthetic
conversation inside (Naeem et al. 2020). All four depend on nothing but the order of neighbours, which is sorted once
for the pool; a draw then only asks of which side each neighbour is. They also depend on the numbers of conversations,
so at most 1,000 of both sides together are looked at, and the floor is what they are to be compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.measures.embedding import distances
from turnwright.monitor.measures.words import enough, few_of
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records import derive_seed
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "Neighbours", "Support"]

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int16]
Name = Literal["precision", "recall", "density", "coverage"]
Figures = dict[Name, Floats]
K = 5
MOST = 1000
NEAR = 20
"""Neighbours of a side that are looked at first, on average: fewer than five are as rare as one in a million."""
CELLS = 500_000
KEPT = 64


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The order in which the others lie around each conversation: order is size x (size - 1), nearest first."""

    order: Ints
    k: int = K
    kept: dict[bytes, Figures] = field(default_factory=dict)

    @classmethod
    def of(cls, apart: NDArray[np.float32], k: int = K, seed: int = 0) -> Neighbours:
        """Sort once; equal distances in an order by seed: in that of the pool the reference would come first."""
        mixed = np.random.default_rng(seed).permutation(len(apart))
        far = apart.copy()
        np.fill_diagonal(far, np.inf)
        return cls(order=mixed[np.argsort(far[:, mixed], axis=1, kind="stable")[:, :-1]], k=k)

    def figures(self, real: Mask, other: Mask) -> Figures:
        """All four for all draws, draws x size; nan where a side has no more than k conversations."""
        key = np.packbits(real).tobytes() + np.packbits(other).tobytes()
        if key not in self.kept:
            # four monitors ask for the same draws one after the other
            if len(self.kept) >= KEPT:
                self.kept.pop(next(iter(self.kept)))
            step = max(1, CELLS // max(1, len(self.order)))
            parts = [self._sure(real[at : at + step], other[at : at + step]) for at in range(0, len(real), step)]
            self.kept[key] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return self.kept[key]

    def _sure(self, real: Mask, other: Mask) -> Figures:
        """Look at the nearest ones; draws in which a ball is not closed by then are looked at in whole."""
        share = min(real.sum(axis=1).min(), other.sum(axis=1).min()) / len(self.order)
        near = min(self.order.shape[1], int(NEAR / max(share, 1e-9)) + 1)
        made, closed = self._within(real, other, near)
        rows = np.flatnonzero(~closed)
        if len(rows) and near < self.order.shape[1]:
            again, _ = self._within(real[rows], other[rows], self.order.shape[1])
            for name, values in again.items():
                made[name][rows] = values
        return made

    def _within(self, real: Mask, other: Mask, near: int) -> tuple[Figures, Mask]:
        """Figures from the nearest `near` of each, and in which draws all balls closed."""
        left, right = np.ascontiguousarray(real.T), np.ascontiguousarray(other.T)
        order = self.order[:, :near]
        ends_left, inside, closed_left = _balls(left, right, order, self.k)
        ends_right, _, closed_right = _balls(right, left, order, self.k)
        numbers = left.sum(axis=0), right.sum(axis=0)
        known = (numbers[0] > self.k) & (numbers[1] > self.k)
        with np.errstate(invalid="ignore", divide="ignore"):
            made: Figures = {
                "density": inside.sum(axis=0) / (self.k * numbers[1]),
                "coverage": (inside > 0).sum(axis=0) / numbers[0],
                "precision": (_reached(ends_left, order) & right).sum(axis=0) / numbers[1],
                "recall": (_reached(ends_right, order) & left).sum(axis=0) / numbers[0],
            }
        return {name: np.where(known, values, np.nan) for name, values in made.items()}, closed_left & closed_right


def _balls(own: Mask, rest: Mask, order: Ints, k: int) -> tuple[Counts, Counts, Mask]:
    """For each conversation of the own side (size x draws): where its ball ends in `order`, how many of the rest are
    inside; 0 for others. And in which draws all balls closed.
    """
    found = np.zeros(own.shape, dtype=np.uint8)
    ends, inside = np.zeros(own.shape, dtype=np.int16), np.zeros(own.shape, dtype=np.int16)
    for column in order.T:
        is_open = found < k
        ends += is_open
        inside += rest[column] & is_open
        found += own[column] & is_open
    return ends * own, inside * own, np.asarray(((found >= k) | ~own).all(axis=0))


def _reached(ends: Counts, order: Ints) -> Mask:
    """Which conversations (size x draws) lie inside any ball; eight draws in a byte."""
    near = int(ends.max(initial=0))
    made = np.zeros((len(ends), (ends.shape[1] + 7) // 8), dtype=np.uint8)
    if near:
        hits = np.stack([np.packbits(ends > step, axis=1) for step in range(near)], axis=1)
        flat = order[:, :near].ravel()
        by_reached = np.argsort(flat, kind="stable")
        present, starts = np.unique(flat[by_reached], return_index=True)
        hits = hits.reshape(len(flat), made.shape[1])[by_reached]
        made[present] = np.bitwise_or.reduceat(hits, starts, axis=0)
    return np.unpackbits(made, axis=1, count=ends.shape[1]).astype(bool)


@dataclass(frozen=True, eq=False)
class Support:
    """One of the four figures. few: places in the pool of the conversations that were sorted."""

    name: Name
    neighbours: Neighbours
    few: Ints
    n: tuple[int, int]
    weighs: bool = False

    def values(self, real: Weights, other: Weights) -> Floats:
        """The figure of every draw."""
        return self.neighbours.figures(real[:, self.few] > 0, other[:, self.few] > 0)[self.name]

    def levels(self, real: Weights, other: Weights) -> None:
        """No level on either side."""

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Nothing explains it further."""
        return ()


def _prepared(sample: Sample, name: Name) -> Statistic | LeftOut:
    made = sample.once("support", lambda: _sorted(sample))
    if isinstance(made, LeftOut):
        return made
    assert isinstance(made, Support)
    return Support(name=name, neighbours=made.neighbours, few=made.few, n=made.n)


def _sorted(sample: Sample) -> Support | LeftOut:
    if missing := enough(sample, few_of(sample).lengths(), None, sample.few):
        return missing
    try:
        apart = distances(sample)
    except InputError as fault:
        return LeftOut(str(fault))
    seed = derive_seed("support", sample.seed)
    # chosen without a look at the sides, as permutations could not repeat a choice that looks at them
    chosen = np.sort(np.random.default_rng(seed).permutation(len(apart))[:MOST])
    real = sample.few[chosen] < sample.reference
    numbers = int(real.sum()), int((~real).sum())
    neighbours = Neighbours.of(apart[np.ix_(chosen, chosen)], seed=seed)
    return Support(name="coverage", neighbours=neighbours, few=sample.few[chosen], n=numbers)


def _monitor(
    name: Name,
    title: str,
    means: str,
    same: float,
    worse: Literal["lower", "either"],
    scale: Literal["linear", "logit"],
) -> Monitor:
    return Monitor(
        name=name,
        family="embedding",
        title=title,
        means=means,
        prepare=lambda sample: _prepared(sample, name),
        unit="ratio",
        same=same,
        worse=worse,
        scale=scale,
    )


MONITORS: tuple[Monitor, ...] = (
    _monitor(
        "precision",
        "Precision",
        "Share of synthetic conversations that lie where human ones lie; what it is between human halves is its floor.",
        1.0,
        "lower",
        "logit",
    ),
    _monitor(
        "recall",
        "Recall",
        "Share of human conversations that lie where synthetic ones lie; what it is between human halves is its floor.",
        1.0,
        "lower",
        "logit",
    ),
    _monitor(
        "density",
        "Density",
        "How closely synthetic conversations lie to human ones; 1 where they lie as close as human ones to each other, "
        "more where they crowd.",
        1.0,
        "either",
        "linear",
    ),
    _monitor(
        "coverage",
        "Coverage",
        "Share of human conversations with a synthetic one among their neighbours; 0.97 between equal sets.",
        0.97,
        "lower",
        "logit",
    ),
)
