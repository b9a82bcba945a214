"""The learning curve of real conversations: what the linear student reaches from 10, 24, 50 ... of them.

The ruler on which sets are measured. Drawing and training follow the outcome yardstick to the letter, so that its
numbers come out here. Answers are kept, not scores: any weighting of the test's conversations can be scored later.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import Decision, Example, ExampleSet, decisions
from turnwright.records import content_id
from turnwright.store import write_bytes
from turnwright.train.linear import fit_linear, measuring_version
from turnwright.train.student import Array
from turnwright.train.tally import Acts, acts_of

__all__ = ["SIZES", "Curve", "Fit", "Grid", "answers", "curve_of", "equivalent", "grid_of", "take"]

SIZES = (10, 24, 50, 100, 240, 500, 1000)
VERSION = 1  # of what decides the answers; raise it, and kept curves are made anew


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of a student that learnt from `size` conversations: a number in the curve's `acts` for every decision."""

    size: int
    seed: int
    said: tuple[int, ...]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Answers along the curve. key: hash of everything that decides them. acts: what may be answered."""

    key: str
    features: str
    acts: tuple[str, ...]
    fits: tuple[Fit, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes, rising."""
        return tuple(sorted({fit.size for fit in self.fits}))


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """What is right on a test: the conversation and true act of every decision, as numbers."""

    where: Array
    gold: Array
    conversations: int
    acts: tuple[str, ...]

    def acts_of(self, said: Sequence[int] | Array) -> Acts:
        """Counts by conversation of these answers."""
        return acts_of(self.where, self.gold, np.asarray(said), self.conversations, len(self.acts))


def take(pool: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Draw conversations as the yardstick does; hence a generator that is not derived from the seed as elsewhere."""
    return random.Random(seed).sample(list(pool), count)


def curve_of(
    pool: ExampleSet,
    test: ExampleSet,
    *,
    features: str = "yardstick",
    seeds: int = 3,
    sizes: Sequence[int] = SIZES,
    cache: Path | None = None,
) -> Curve:
    """Train along the curve: every size that the pool has `seeds` times, and all of it once.

    Args:
        cache: folder where curves are kept under the hash of pool, test, features, sizes and versions.

    Raises:
        InputError: the pool is smaller than the smallest size, or scikit-learn is not installed.
    """
    if len(pool) < min(sizes):
        raise InputError(
            f"the real pool has {len(pool):,} conversations, fewer than the smallest point of the curve ({min(sizes)})",
            where=", ".join(pool.sources),
            fix=f"give at least {min(sizes)} real conversations; a curve needs some hundred to read much off it",
        )
    steps = [(size, seed) for size in sorted(set(sizes)) if size < len(pool) for seed in range(seeds)]
    steps.append((len(pool), 0))
    versions = [VERSION, measuring_version(), np.__version__]
    key = content_id("lc", [pool.hash, test.hash, features, steps, versions])
    kept = _read(cache, key)
    if kept is not None:
        return kept
    points = decisions(test.examples)
    acts = tuple(sorted({point.act for point in (*points, *decisions(pool.examples))}))
    fits = [_fit(pool.examples, size, seed, features, points, acts) for size, seed in steps]
    made = Curve(key=key, features=features, acts=acts, fits=tuple(fits))
    if cache is not None:
        write_bytes(_place(cache, key), msgspec.json.encode(made) + b"\n")
    return made


def _fit(
    pool: Sequence[Example], size: int, seed: int, features: str, points: Sequence[Decision], acts: tuple[str, ...]
) -> Fit:
    said = answers(take(pool, size, seed), points, acts, features=features, seed=seed)
    return Fit(size=size, seed=seed, said=tuple(said.tolist()))


def answers(
    examples: Sequence[Example], points: Sequence[Decision], acts: Sequence[str], *, features: str, seed: int
) -> Array:
    """Train on these conversations and answer every decision, as numbers of `acts`."""
    student = fit_linear(examples, features=features, seed=seed)
    number = {act: n for n, act in enumerate(acts)}
    own = np.array([number[act] for act in student.acts])
    return np.asarray(own[student.predict(points).chances.argmax(axis=1)])


def grid_of(points: Sequence[Decision], acts: Sequence[str]) -> Grid:
    """The right answers; conversations without a decision are left out."""
    number = {act: n for n, act in enumerate(acts)}
    kept, where = np.unique(np.array([point.conversation for point in points]), return_inverse=True)
    gold = np.array([number[point.act] for point in points])
    return Grid(where=where, gold=gold, conversations=len(kept), acts=tuple(acts))


def equivalent(score: float, sizes: Sequence[int], scores: Sequence[float] | Array) -> float:
    """Read a score off a curve: how many real conversations reach it.

    The curve is made monotone and taken as straight between its points over the logarithm of size. Below its first
    point it is taken as proportional, above its last one the answer is the last size.
    """
    rising = np.maximum.accumulate(np.asarray(scores, dtype=np.float64))
    if score <= rising[0]:
        return float(sizes[0] * score / rising[0]) if rising[0] > 0 else 0.0
    return float(np.exp(np.interp(score, rising, np.log(np.asarray(sizes, dtype=np.float64)))))


def _read(cache: Path | None, key: str) -> Curve | None:
    """A kept curve; one that cannot be read is made again."""
    if cache is None:
        return None
    try:
        kept = msgspec.json.decode(_place(cache, key).read_bytes(), type=Curve)
    except (OSError, msgspec.DecodeError):
        return None
    return kept if kept.key == key else None


def _place(cache: Path, key: str) -> Path:
    return cache / f"{key}.json"
