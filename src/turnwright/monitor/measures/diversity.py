"""How varied a set is: effective numbers of different conversations, and of topics.

The Vendi score of order 2 (Friedman and Dieng 2023, Pasarkar and Dieng 2024) is 1 over the sum of squared likenesses,
so it needs no eigenvalues and one product serves all draws. It is given as it would be on average for 200
conversations, without bias, so that sets of different sizes can be compared; the score of order 1, with eigenvalues,
stands in the details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.measures.embedding import embedded
from turnwright.monitor.measures.words import enough, few_of
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records import derive_seed
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "Topics", "Vendi", "clusters", "vendi"]

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
FIXED = 200
"""Conversations that a Vendi score is given for."""
TOPICS, PER_TOPIC, ROUNDS = 32, 20, 12


def vendi(likeness: NDArray[np.floating], order: float = 1) -> float:
    """Vendi score of a positive semidefinite likeness matrix with ones on its diagonal: 1 if all are the same, n if
    none is like another. order: 1 (entropy of the eigenvalues) or another positive number (Rényi).
    """
    values = np.linalg.eigvalsh(np.asarray(likeness, dtype=np.float64) / len(likeness))
    values = values[values > 1e-12]
    if order == 1:
        return float(np.exp(-(values * np.log(values)).sum()))
    return float((values**order).sum() ** (1 / (1 - order)))


@dataclass(frozen=True, eq=False)
class Vendi:
    """Score of order 2 of the synthetic side over that of the reference. squares: few x few, likeness squared, zeros
    on the diagonal. points: unit vectors of the few.
    """

    squares: Floats32
    points: Floats32
    few: Ints
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """The ratio of every draw; nan where a side has fewer than two conversations."""
        return self._score(other) / self._score(real)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float]:
        """The score of either side, for 200 conversations."""
        return float(self._score(real[:1])[0]), float(self._score(other[:1])[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """The score of order 1 of equally many conversations of either side, at most 200."""
        mixed = np.random.default_rng(derive_seed("vendi", len(self.few))).permutation(len(self.few))
        sides = [mixed[side[0, self.few][mixed] > 0] for side in (real, other)]
        size = min(FIXED, *map(len, sides))
        scores = [vendi(self.points[rows[:size]] @ self.points[rows[:size]].T) for rows in sides] if size else []
        name = f"Vendi score of order 1, {size} conversations a side"
        return [Detail(name=name, reference=round(scores[0], 2), synthetic=round(scores[1], 2))] if scores else ()

    def _score(self, weights: Weights) -> Floats:
        chosen = weights[:, self.few]
        total = ((chosen @ self.squares) * chosen).sum(axis=1, dtype=np.float64)
        pairs = chosen.sum(axis=1, dtype=np.float64) ** 2 - (chosen.astype(np.float64) ** 2).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(pairs > 0, total / pairs, np.nan)
        return np.asarray(1 / (1 / FIXED + (1 - 1 / FIXED) * mean))


@dataclass(frozen=True, eq=False)
class Topics:
    """Effective number of topics (exponential of the entropy) of the synthetic side over that of the reference.

    belongs: few x topics, 1 where a conversation is of a topic.
    """

    belongs: Floats32
    few: Ints
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """The ratio of every draw."""
        return self._number(other) / self._number(real)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float]:
        """The effective number of either side."""
        return float(self._number(real[:1])[0]), float(self._number(other[:1])[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Topics have no names."""
        return ()

    def _number(self, weights: Weights) -> Floats:
        mass = (weights[:, self.few] @ self.belongs).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = mass / mass.sum(axis=1, keepdims=True)
            return np.asarray(np.exp(-np.where(share > 0, share * np.log(share), 0).sum(axis=1)))


def clusters(points: Floats32, number: int, seed: int) -> Ints:
    """Cluster of each point, by k-means: begun with points that lie far from each other, a fixed number of rounds."""
    rng = np.random.default_rng(seed)
    centres = points[[int(rng.integers(len(points)))]]
    near = np.full(len(points), np.inf)
    while len(centres) < number:
        near = np.minimum(near, ((points - centres[-1]) ** 2).sum(axis=1))
        chance = near / near.sum() if near.sum() > 0 else np.full(len(points), 1 / len(points))
        centres = np.vstack([centres, points[rng.choice(len(points), p=chance / chance.sum())]])
    belongs = np.zeros(len(points), dtype=np.int64)
    for _ in range(ROUNDS):
        belongs = np.argmin((centres**2).sum(axis=1) - 2 * (points @ centres.T), axis=1)
        for cluster in range(number):
            inside = belongs == cluster
            if inside.any():
                centres[cluster] = points[inside].mean(axis=0)
    return belongs


def _numbers(sample: Sample) -> tuple[int, int]:
    real = int(np.count_nonzero(sample.few < sample.reference))
    return real, len(sample.few) - real


def _points(sample: Sample) -> Floats32 | LeftOut:
    if missing := enough(sample, few_of(sample).lengths(), None, sample.few):
        return missing
    try:
        return embedded(sample)
    except InputError as fault:
        return LeftOut(str(fault))


def _vendi(sample: Sample) -> Statistic | LeftOut:
    points = _points(sample)
    if isinstance(points, LeftOut):
        return points
    squares = (points @ points.T) ** 2
    np.fill_diagonal(squares, 0)
    return Vendi(squares=squares, points=points, few=sample.few, n=_numbers(sample))


def _topics(sample: Sample) -> Statistic | LeftOut:
    points = _points(sample)
    if isinstance(points, LeftOut):
        return points
    number = max(2, min(TOPICS, len(points) // PER_TOPIC))
    belongs = clusters(points, number, derive_seed("topics", sample.seed))
    return Topics(belongs=np.eye(number, dtype=np.float32)[belongs], few=sample.few, n=_numbers(sample))


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        name="vendi_2",
        family="diversity",
        title="Vendi score",
        means="Effective number of different conversations among 200, synthetic over human; below 1 the synthetic set "
        "is less varied.",
        prepare=_vendi,
        unit="ratio",
        same=1.0,
        worse="lower",
        scale="log",
    ),
    Monitor(
        name="topics",
        family="diversity",
        title="Topics",
        means="Effective number of topics (clusters of meaning), synthetic over human; below 1 the synthetic set "
        "dwells on fewer.",
        prepare=_topics,
        unit="ratio",
        same=1.0,
        worse="lower",
        scale="log",
    ),
)
