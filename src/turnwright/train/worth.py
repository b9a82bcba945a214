"""What a set is worth: how many real conversations teach the same student as much.

The student is trained on the set (and on N real conversations, where that is asked), examined on real conversations,
and its score read off the learning curve of the real pool. Chance comes in through the test's conversations, which
curve and score share, and through the seeds; both are resampled. How the set itself happened to be made is not in the
interval: that shows when it is made again with another seed. Whether a set may be measured at all is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf, isfinite
from pathlib import Path

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import Decision, Example, ExampleSet, decisions
from turnwright.records import Usage, derive_seed
from turnwright.train.curve import SIZES, Curve, Grid, answers, curve_of, equivalent, grid_of, take
from turnwright.train.overlap import LIMIT, Overlap, overlap, refuse_overlap
from turnwright.train.student import Array
from turnwright.train.tally import Estimate, drawn

__all__ = ["CurvePoint", "Plus", "Worth", "score_sets", "worth"]

ROUNDS = 1_000
SEEDS = 3


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What `size` real conversations reach. deviation: over the seeds of the draw, 0 where there is one."""

    size: int
    score: Estimate
    seeds: int
    deviation: float


class Plus(msgspec.Struct, frozen=True, kw_only=True):
    """Real conversations added to training: `count` of the pool, drawn anew for every seed, or the fixed `these`.

    weight: what each counts, where a synthetic one counts its own weight, mostly 1. The curve stays as it is, also
    where `these` stand in the pool: it says what real conversations are worth, whichever the generator has seen.
    """

    count: int = 0
    these: ExampleSet | None = None
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.these) if self.these else self.count

    def drawn(self, pool: ExampleSet, seed: int) -> list[Example]:
        """What is added for this seed."""
        taken = self.these.examples if self.these else take(pool.examples, self.count, seed)
        return [msgspec.structs.replace(one, weight=one.weight * self.weight) for one in taken]


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """The worth of a set. score: weighted F1. real: equivalent real conversations, with what was added.

    of: hash of the set. pool, test: what they were read from.
    at_least: the score is not below the end of the curve, so `real` is only a lower bound.
    rate: for each conversation of the set, less what was added: below 0 the set does harm.
    plus: real ones added to training, each of weight plus_weight; plus_from: the file they stand in, "" if drawn.
    money, tokens: what the runs paid for each equivalent real conversation, None where it is not known.
    """

    conversations: int
    plus: int
    features: str
    score: Estimate
    seeds: int
    real: Estimate
    at_least: bool
    rate: Estimate
    curve: tuple[CurvePoint, ...]
    overlap: Overlap
    test_conversations: int
    test_decisions: int
    unseen_share: float = 0.0
    of: str = ""
    pool: str = ""
    test: str = ""
    plus_weight: float = 1.0
    plus_from: str = ""
    usage: Usage | None = None
    money: float | None = None
    tokens: float | None = None

    def each(self, paid: float) -> Estimate:
        """What each equivalent real conversation costs where the set cost `paid`; inf where it may be worth nothing."""
        low, value, high = (
            paid / real if real > 0 else inf for real in (self.real.high, self.real.value, self.real.low)
        )
        return Estimate(value=value, low=low, high=high)


def worth(
    synthetic: ExampleSet,
    pool: ExampleSet,
    test: ExampleSet,
    *,
    plus: int | Plus = 0,
    features: str = "yardstick",
    seeds: int = SEEDS,
    rounds: int = ROUNDS,
    sizes: Sequence[int] = SIZES,
    limit: float = LIMIT,
    cache: Path | None = None,
) -> Worth:
    """Measure a set against a real pool on a real test.

    Args:
        plus: real conversations added to training; a number takes so many of the pool, drawn anew for every seed.
        limit: largest share of conversations of the set that may overlap the test (see `overlap`).
        cache: folder where learning curves are kept; None keeps none.

    Raises:
        InputError: the set, the pool or what is added overlaps the test, the pool is too small, what is to be added
            cannot be, or scikit-learn is not installed.
    """
    (made,) = score_sets(
        [synthetic], pool, test, plus=plus, features=features, seeds=seeds, rounds=rounds, sizes=sizes, limit=limit,
        cache=cache,
    )  # fmt: skip
    return made


def score_sets(
    sets: Iterable[ExampleSet],
    pool: ExampleSet,
    test: ExampleSet,
    *,
    plus: int | Plus = 0,
    features: str = "yardstick",
    seeds: int = SEEDS,
    rounds: int = ROUNDS,
    sizes: Sequence[int] = SIZES,
    limit: float = LIMIT,
    cache: Path | None = None,
) -> Iterator[Worth]:
    """Measure sets one after the other on one curve, which is made once; each as `worth` does it alone."""
    added = Plus(count=plus) if isinstance(plus, int) else plus
    _clean(pool, test, added, limit)
    curve: Curve | None = None
    points = decisions(test.examples)
    for synthetic in sets:
        found = overlap(synthetic.examples, test.examples, pool.examples)
        refuse_overlap(found, limit)
        curve = curve or curve_of(pool, test, features=features, seeds=seeds, sizes=sizes, cache=cache)
        learnt = [[*synthetic.examples, *added.drawn(pool, seed)] for seed in range(seeds)]
        acts = sorted({*curve.acts, *(point.act for point in decisions([one for each in learnt for one in each]))})
        said = [answers(each, points, acts, features=features, seed=seed) for seed, each in enumerate(learnt)]
        ruler = _Ruler(grid_of(points, acts), curve, said, rounds)
        made = _worth(ruler, synthetic, added, features, found)
        yield msgspec.structs.replace(
            made,
            unseen_share=_unseen(points, (*synthetic.examples, *_possible(added, pool))),
            pool=", ".join(pool.sources),
            test=", ".join(test.sources),
        )


def _worth(ruler: _Ruler, synthetic: ExampleSet, added: Plus, features: str, found: Overlap) -> Worth:
    real, usage, count = ruler.real(), synthetic.usage, max(1, len(synthetic))
    known = usage if usage and real.value > 0 else None
    return Worth(
        of=synthetic.hash,
        conversations=len(synthetic),
        plus=len(added),
        plus_weight=added.weight,
        plus_from=", ".join(added.these.sources) if added.these else "",
        features=features,
        score=ruler.score(),
        seeds=ruler.seeds,
        real=real,
        at_least=ruler.tops_out(),
        rate=Estimate(**{at: (getattr(real, at) - len(added)) / count for at in ("value", "low", "high")}),
        curve=tuple(ruler.points()),
        overlap=found,
        test_conversations=ruler.conversations,
        test_decisions=ruler.decisions,
        usage=usage,
        money=known.money / 1e6 / real.value if known else None,
        tokens=known.tokens / real.value if known else None,
    )


def _clean(pool: ExampleSet, test: ExampleSet, added: Plus, limit: float) -> None:
    """Look for what would make the number meaningless."""
    if added.count and added.these:
        raise InputError("a number of real conversations and a file of them are both to be added", fix="give one")
    if not 0 <= added.count <= len(pool):
        raise InputError(
            f"cannot add {added.count} of the pool's {len(pool):,} conversations", fix="add between 0 and all of them"
        )
    if not (isfinite(added.weight) and added.weight > 0):
        raise InputError(f"real conversations cannot have a weight of {added.weight:g}", fix="give a number above 0")
    if not decisions(test.examples):
        raise InputError("the test has no labelled assistant turn", fix="name conversations with acts")
    refuse_overlap(overlap(pool.examples, test.examples, pool.examples), limit, "real pool")
    if added.these:
        refuse_overlap(overlap(added.these.examples, test.examples, pool.examples), limit, "added human set")


def _possible(added: Plus, pool: ExampleSet) -> tuple[Example, ...]:
    """What may be added, over all seeds."""
    return added.these.examples if added.these else pool.examples if added.count else ()


def _unseen(points: Sequence[Decision], examples: Sequence[Example]) -> float:
    known = {point.act for point in decisions(examples)}
    return sum(point.act not in known for point in points) / len(points)


class _Ruler:
    """Scores of curve and set, for the whole test and for every bootstrap round.

    Every row of `curve` and `set` is one fit: its score on the whole test first, then its rounds.
    """

    def __init__(self, grid: Grid, curve: Curve, said: Sequence[Array], rounds: int) -> None:
        self.conversations, self.decisions, self.seeds = grid.conversations, len(grid.gold), len(said)
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
