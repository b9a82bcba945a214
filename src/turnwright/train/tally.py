"""Scores that can be taken over any weighting of conversations, so that a bootstrap is a few matrix products.

A tally holds counts by conversation; a statistic turns weights (rounds x conversations: how often each was drawn)
into one value a round. Weights of one give the score itself. Turns are never weighted one by one: the turns of a
conversation are alike, and intervals that forget it are too narrow.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from turnwright.records import derive_seed
from turnwright.train.student import Array

__all__ = [
    "Acts",
    "Calibration",
    "Estimate",
    "Statistic",
    "acts_of",
    "calibration_of",
    "drawn",
    "estimate",
    "p_value",
    "per_conversation",
    "ratio",
]

Statistic = Callable[[Array], Array]
"""Weights, rounds x conversations → one value a round; NaN where a round has nothing to score."""

BINS = 15
CONFIDENCE = 0.95


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A score with its 95 % interval; NaN where there is nothing to score."""

    value: float
    low: float
    high: float


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations x acts: rightly predicted, predicted, and true."""

    right: Array
    predicted: Array
    support: Array

    def weighted_f1(self, weights: Array, only: Array | None = None) -> Array:
        """Mean F1 of the acts, weighted by how often they are true; `only`: of these acts (a mask)."""
        f1, support, _ = self._f1(weights)
        support = support if only is None else support * only
        total = support.sum(axis=1)
        return _over((f1 * support).sum(axis=1), total)

    def macro_f1(self, weights: Array) -> Array:
        """Mean F1 of the acts that are true or predicted at least once."""
        f1, _, present = self._f1(weights)
        return _over(f1.sum(axis=1), present.sum(axis=1))

    def accuracy(self, weights: Array) -> Array:
        """Share of decisions that are right."""
        return _over(weights @ self.right.sum(axis=1), weights @ self.support.sum(axis=1))

    def _f1(self, weights: Array) -> tuple[Array, Array, Array]:
        support = weights @ self.support
        either = support + weights @ self.predicted
        return 2 * (weights @ self.right) / np.maximum(either, 1), support, either > 0


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations x bins of confidence: decisions, added-up confidence, and right ones."""

    count: Array
    confidence: Array
    right: Array

    def error(self, weights: Array) -> Array:
        """Expected calibration error (Naeini et al. 2015): mean distance of confidence and accuracy over the bins."""
        gap = np.abs(weights @ self.confidence - weights @ self.right).sum(axis=1)
        return _over(gap, (weights @ self.count).sum(axis=1))


def acts_of(where: Array, gold: Array, said: Array, conversations: int, acts: int) -> Acts:
    """Count by conversation. where, gold, said: a number of the conversation and of two acts for every decision."""
    right = gold == said
    return Acts(
        right=per_conversation(where[right], gold[right], conversations, acts),
        predicted=per_conversation(where, said, conversations, acts),
        support=per_conversation(where, gold, conversations, acts),
    )


def calibration_of(where: Array, confidence: Array, right: Array, conversations: int) -> Calibration:
    """Count by conversation, in 15 bins of equal width over [0, 1], each with its upper edge."""
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return Calibration(
        count=per_conversation(where, bins, conversations, BINS),
        confidence=per_conversation(where, bins, conversations, BINS, confidence),
        right=per_conversation(where, bins, conversations, BINS, right),
    )


def per_conversation(where: Array, what: Array, conversations: int, kinds: int, amount: Array | None = None) -> Array:
    """Conversations x kinds: how many, or how much."""
    flat = np.bincount(where * kinds + what, weights=amount, minlength=conversations * kinds)
    return flat.reshape(conversations, kinds).astype(np.float64)


def ratio(part: Array, whole: Array) -> Statistic:
    """Statistic of a share: two amounts a conversation, added up over the drawn ones."""
    return lambda weights: _over(weights @ part, weights @ whole)


def drawn(conversations: int, rounds: int, seed: int = 0) -> Array:
    """Rounds x conversations: how often each is drawn when as many are drawn with replacement.

    Equal arguments give equal draws, so that scores that are compared see the same conversations.
    """
    random = np.random.default_rng(derive_seed("bootstrap", conversations, rounds, seed))
    return random.multinomial(conversations, np.full(conversations, 1 / conversations), size=rounds).astype(np.float64)


def estimate(statistic: Statistic, conversations: int, weights: Array) -> Estimate:
    """The score, and the percentile interval over the rounds of `weights`."""
    if not conversations:
        return Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
    value = statistic(np.ones((1, conversations)))[0]
    rounds = statistic(weights)
    rounds = rounds[~np.isnan(rounds)]
    low, high = np.quantile(rounds, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]) if len(rounds) else (value, value)
    return Estimate(value=float(value), low=float(low), high=float(high))


def p_value(differences: Array) -> float:
    """Two-sided p-value of a difference from its bootstrap rounds: how far they reach over zero."""
    rounds = differences[~np.isnan(differences)]
    below, above = np.count_nonzero(rounds <= 0), np.count_nonzero(rounds >= 0)
    return float(min(1.0, 2 * (min(below, above) + 1) / (len(rounds) + 1)))


def _over(part: Array, whole: Array) -> Array:
    """NaN where the whole is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))
