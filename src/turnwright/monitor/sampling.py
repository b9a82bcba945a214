"""Two sets as one pool: which conversations count how much, which of them costly monitors look at.

A synthetic set that is read as `natural` counts each conversation with its scenario's weight. Weighted conversations
cannot be exchanged between the sides, so a permutation test of weighted figures would be wrong: the test instead looks
at a thinned set, in which a conversation stays with a chance of weight / greatest weight. That set is an exact draw
from the natural design, each conversation counts 1, and permutations of it are exact. (Weighted permutations are exact
too, but only where the weight of the human conversations is known, and nobody knows it.) Nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.statistic import Floats, Sample, Weights
from turnwright.reading import Example
from turnwright.records import derive_seed

__all__ = ["effective", "notes_on", "sample_of", "thinned"]

Mask = NDArray[np.bool_]
UNEVEN = 0.9
"""An effective share below this is worth a note."""


def sample_of(
    reference: Sequence[Example],
    synthetic: Sequence[Example],
    *,
    view: Literal["stress", "natural"] = "stress",
    most: int = 1000,
    seed: int = 0,
) -> Sample:
    """Pool two sets; `most` conversations of each, drawn by seed, are the few that costly monitors look at.

    In the natural view a conversation weighs what its scenario does, 1 where nobody says; weights of a side are scaled
    to a mean of 1.
    """
    examples = (*reference, *synthetic)
    weights = np.ones(len(examples), np.float32)
    if view == "natural":
        weights[: len(reference)] = _weights(reference)
        weights[len(reference) :] = _weights(synthetic)
    rng = np.random.default_rng(derive_seed("few", seed))
    few = [_some(rng, 0, len(reference), most), _some(rng, len(reference), len(examples), most)]
    return Sample(
        examples=examples,
        reference=len(reference),
        weights=weights,
        few=np.concatenate(few).astype(np.int64),
        seed=seed,
    )


def _weights(examples: Sequence[Example]) -> Weights:
    given = np.array([1.0 if one.natural is None else max(one.natural, 0.0) for one in examples])
    return np.asarray(given / given.mean() if given.any() else np.ones(len(given)), np.float32)


def _some(rng: np.random.Generator, start: int, end: int, most: int) -> NDArray[np.int64]:
    if end - start <= most:
        return np.arange(start, end)
    return np.sort(rng.choice(np.arange(start, end), most, replace=False))


def thinned(sample: Sample) -> Mask:
    """Which conversations take part in tests: all of them, but where weights differ a draw by weight / greatest."""
    return cast(Mask, sample.once("thinned", lambda: _thinned(sample)))


def _thinned(sample: Sample) -> Mask:
    chance = np.random.default_rng(derive_seed("thinned", sample.seed)).random(len(sample.examples))
    stays = np.zeros(len(sample.examples), np.bool_)
    for side in (slice(0, sample.reference), slice(sample.reference, None)):
        weights = sample.weights[side]
        stays[side] = chance[side] * weights.max(initial=0) < weights
    return stays


def effective(weights: Floats | Weights) -> float:
    """Kish's effective number: how many equally weighted conversations would tell as much."""
    whole = float(np.sum(weights, dtype=np.float64))
    return whole**2 / float(np.sum(np.square(weights, dtype=np.float64))) if whole else 0.0


def notes_on(sample: Sample, view: str) -> list[str]:
    """What a reader must know about weights: who has none, what they are worth, how many the tests look at."""
    if view != "natural":
        return []
    synthetic = sample.examples[sample.reference :]
    known = sum(one.natural is not None for one in synthetic)
    if not known:
        return ["natural view: no synthetic conversation has a scenario weight, so each counts 1"]
    told = (
        [
            f"natural view: {len(synthetic) - known:,} of {len(synthetic):,} synthetic conversations have no scenario "
            "weight and count as the unweighted do"
        ]
        if known < len(synthetic)
        else []
    )
    worth, left = effective(sample.weights[sample.reference :]), int(thinned(sample)[sample.reference :].sum())
    if worth < UNEVEN * len(synthetic):
        told.append(
            f"natural view: by their weights the {len(synthetic):,} synthetic conversations are worth {worth:,.0f}; "
            f"tests look at {left:,} of them, drawn by weight"
        )
    return told
