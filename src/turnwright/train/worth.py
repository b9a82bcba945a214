"""What a set is worth: how many real conversations teach the same student as much.

The student is trained on the set (and on N real conversations, where that is asked), examined on real conversations,
and its score read off the learning curve of the real pool. Chance comes in through the test's conversations, which
curve and score share, and through the seeds; both are resampled. How the set itself happened to be made is not in the
interval: that shows when it is made again with another seed. Whether a set may be measured at all is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import Example, ExampleSet, decisions
from turnwright.records import Usage, derive_seed
from turnwright.train.curve import SIZES, Curve, Grid, answers, curve_of, equivalent, grid_of, take
from turnwright.train.overlap import LIMIT, Overlap, overlap, refuse_overlap
from turnwright.train.student import Array
from turnwright.train.tally import Estimate, drawn

__all__ = ["CurvePoint", "Worth", "worth"]

ROUNDS = 1_000
SEEDS = 3


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What `size` real conversations reach. deviation: over the seeds of the draw, 0 where there is one."""

    size: int
    score: Estimate
    seeds: int
    deviation: float


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """The worth of a set. score: weighted F1. real: equivalent real conversations, with what was added.

    at_least: the score is not below the end of the curve, so `real` is only a lower bound.
    rate: `real` for each conversation of the set; plus: real ones added to training.
    money, tokens: what the runs paid for each equivalent real conversation, None where it is not known.
    """

    conversations: int
    plus: int
    features: str
    score: Estimate
    seeds: int
    real: Estimate
    at_least: bool
    rate: float
    curve: tuple[CurvePoint, ...]
    overlap: Overlap
    test_conversations: int
    test_decisions: int
    unseen_share: float
    usage: Usage | None = None
    money: float | None = None
    tokens: float | None = None


def worth(
    synthetic: ExampleSet,
    pool: ExampleSet,
    test: ExampleSet,
    *,
    plus: int = 0,
    features: str = "yardstick",
    seeds: int = SEEDS,
    rounds: int = ROUNDS,
    sizes: Sequence[int] = SIZES,
    limit: float = LIMIT,
    cache: Path | None = None,
) -> Worth:
    """Measure a set against a real pool on a real test.

    Args:
        plus: real conversations of the pool added to training, drawn anew for every seed.
        limit: largest share of conversations of the set that may overlap the test (see `overlap`).
        cache: folder where learning curves are kept; None keeps none.

    Raises:
        InputError: the set or the pool overlaps the test, the pool is too small, or scikit-learn is not installed.
    """
    found = _clean(synthetic, pool, test, plus, limit)
    curve = curve_of(pool, test, features=features, seeds=seeds, sizes=sizes, cache=cache)
    points = decisions(test.examples)
    acts = sorted({*curve.acts, *(point.act for point in decisions(synthetic.examples))})
    said = [
        answers(_with(synthetic, pool, plus, seed), points, acts, features=features, seed=seed) for seed in range(seeds)
    ]
    grid = grid_of(points, acts)
    ruler = _Ruler(grid, curve, said, rounds)
    known = {point.act for point in decisions((*synthetic.examples, *(pool.examples if plus else ())))}
    real, usage = ruler.real(), synthetic.usage
    return Worth(
        conversations=len(synthetic),
        plus=plus,
        features=features,
        score=ruler.score(),
        seeds=seeds,
        real=real,
        at_least=ruler.tops_out(),
        rate=real.value / max(1, len(synthetic)),
        curve=tuple(ruler.points()),
        overlap=found,
        test_conversations=grid.conversations,
        test_decisions=len(points),
        unseen_share=sum(point.act not in known for point in points) / len(points),
        usage=usage,
        money=usage.money / 1e6 / real.value if usage and real.value > 0 else None,
        tokens=usage.tokens / real.value if usage and real.value > 0 else None,
    )


def _clean(synthetic: ExampleSet, pool: ExampleSet, test: ExampleSet, plus: int, limit: float) -> Overlap:
    """Look for what would make the number meaningless."""
    if not 0 <= plus <= len(pool):
        raise InputError(
            f"cannot add {plus} of the pool's {len(pool):,} conversations", fix="add between 0 and all of them"
        )
    if not decisions(test.examples):
        raise InputError("the test has no labelled assistant turn", fix="name conversations with acts")
    refuse_overlap(overlap(pool.examples, test.examples, pool.examples), limit, "real pool")
    found = overlap(synthetic.examples, test.examples, pool.examples)
    refuse_overlap(found, limit)
    return found


def _with(synthetic: ExampleSet, pool: ExampleSet, plus: int, seed: int) -> list[Example]:
    return [*synthetic.examples, *take(pool.examples, plus, seed)]


class _Ruler:
    """Scores of curve and set, for the whole test and for every bootstrap round.

    Every row of `curve` and `set` is one fit: its score on the whole test first, then its rounds.
    """

    def __init__(self, grid: Grid, curve: Curve, said: Sequence[Array], rounds: int) -> None:
        draws = drawn(grid.conversations, rounds)
        self._weights = np.vstack([np.ones((1, grid.conversations)), draws])
        self._random = np.random.default_rng(derive_seed("seeds", rounds, len(said), curve.key))
        move = np.array([grid.acts.index(act) for act in curve.acts])
        self.sizes = curve.sizes
        self._fits = {
            size: np.array([self._scores(grid, move[np.array(fit.said)]) for fit in curve.fits if fit.size == size])
            for size in self.sizes
        }
        self._set = np.array([self._scores(grid, each) for each in said])
        self._means = np.array([self._mean(self._fits[size]) for size in self.sizes])
        self._mine = self._mean(self._set)
        columns = range(self._means.shape[1])
        self._real = np.array([equivalent(self._mine[n], self.sizes, self._means[:, n]) for n in columns])

    def _scores(self, grid: Grid, said: Array) -> Array:
        return grid.acts_of(said).weighted_f1(self._weights)

    def _mean(self, fits: Array) -> Array:
        """Mean over the fits on the whole test; over fits drawn with replacement in every round."""
        chosen = self._random.integers(len(fits), size=(len(fits), fits.shape[1] - 1))
        rounds = np.take_along_axis(fits[:, 1:], chosen, axis=0).mean(axis=0)
        return np.concatenate([[fits[:, 0].mean()], rounds])

    def score(self) -> Estimate:
        """Weighted F1 of the set."""
        return _estimate(self._mine)

    def real(self) -> Estimate:
        """Equivalent real conversations."""
        return _estimate(self._real)

    def tops_out(self) -> bool:
        """Whether the score is not below the highest one of the curve."""
        return bool(self._mine[0] >= self._means[:, 0].max())

    def points(self) -> list[CurvePoint]:
        """The curve."""
        return [
            CurvePoint(
                size=size,
                score=_estimate(mean),
                seeds=len(self._fits[size]),
                deviation=float(self._fits[size][:, 0].std()),
            )
            for size, mean in zip(self.sizes, self._means, strict=True)
        ]


def _estimate(row: Array) -> Estimate:
    low, high = np.quantile(row[1:], [0.025, 0.975])
    return Estimate(value=float(row[0]), low=float(low), high=float(high))
