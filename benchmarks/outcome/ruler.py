"""Scores of arms from their students' answers, read off the learning curve of real conversations, with intervals.

What `turnwright worth` does for one set, done for the sets of several generation seeds at once: a round of the
bootstrap draws conversations of the test, generation seeds, and training seeds within them; curve and arms see the
same draws of the test, so that differences between arms are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from turnwright.reading import Decision
from turnwright.records import derive_seed
from turnwright.train.curve import Curve, equivalent, grid_of
from turnwright.train.tally import drawn, p_value

__all__ = ["Answers", "Row", "Ruler"]

Array = np.ndarray[Any, Any]
Row = dict[str, Any]
Answers = Sequence[Sequence[Sequence[str]]]
"""Generation seed → training seed → the act said at every decision of the test."""
ROUNDS = 1_000


class Ruler:
    """Scores on one test.

    Args:
        points: the decisions of the test. curve: of real conversations. acts: every act that any student may say.
    """

    def __init__(self, points: Sequence[Decision], curve: Curve, acts: Sequence[str], rounds: int = ROUNDS) -> None:
        self._acts = sorted({*acts, *curve.acts, *(point.act for point in points)})
        self._number = {act: n for n, act in enumerate(self._acts)}
        self._grid = grid_of(points, self._acts)
        draws = drawn(self._grid.conversations, rounds)
        self._weights = np.vstack([np.ones((1, self._grid.conversations)), draws])
        self._curve = curve
        self.sizes = curve.sizes
        self._fits = {size: self._of_curve(size) for size in self.sizes}
        self._means = np.array([self._mean(self._fits[size], f"curve {size}") for size in self.sizes])

    def figures(self, answers: Answers, name: str) -> Row:
        """Weighted F1 and equivalent real conversations with 95 % intervals, macro F1, and each seed's score."""
        scores, macro = self._scores(answers)
        mean = self._mean(scores, name)
        real = np.array([equivalent(score, self.sizes, self._means[:, n]) for n, score in enumerate(mean)])
        each = scores[:, :, 0].mean(axis=1)
        return {
            "wF1": _interval(mean),
            "ERC": {**_interval(real), "at least": bool(mean[0] >= self._means[:, 0].max())},
            "macro F1": float(macro.mean()),
            "each seed": [float(score) for score in each],
            "each seed's ERC": [equivalent(score, self.sizes, self._means[:, 0]) for score in each],
        }

    def gap(self, first: Answers, second: Answers, names: tuple[str, str]) -> Row:
        """How much higher the first scores, on the same draws of the test."""
        rows = [self._mean(self._scores(each)[0], name) for each, name in zip((first, second), names, strict=True)]
        difference = rows[0] - rows[1]
        return {**_interval(difference), "p": p_value(difference[1:])}

    def points_of_curve(self) -> list[Row]:
        """What real conversations reach, size by size."""
        return [
            {
                "size": size,
                "wF1": _interval(mean),
                "deviation": float(self._fits[size][:, :, 0].std()),
                "draws": len(self._fits[size]),
            }
            for size, mean in zip(self.sizes, self._means, strict=True)
        ]

    def _of_curve(self, size: int) -> Array:
        """Draws x 1 x rounds of the curve's fits."""
        fits = [[[self._curve.acts[n] for n in fit.said]] for fit in self._curve.fits if fit.size == size]
        return self._scores(fits)[0]

    def _scores(self, answers: Answers) -> tuple[Array, Array]:
        """Weighted F1, seeds x training seeds x (the whole test, then the rounds); macro F1 on the whole test."""
        weighted, macro = [], []
        for seed in answers:
            tallies = [self._grid.acts_of([self._number[act] for act in said]) for said in seed]
            weighted.append([tally.weighted_f1(self._weights) for tally in tallies])
            macro.append([tally.macro_f1(self._weights[:1])[0] for tally in tallies])
        return np.array(weighted), np.array(macro)

    def _mean(self, scores: Array, name: str) -> Array:
        """Mean over seeds on the whole test; over seeds, and fits within them, drawn anew in every round."""
        seeds, fits, columns = scores.shape
        rounds = np.arange(1, columns)
        random = np.random.default_rng(derive_seed("outcome", name, seeds, fits, columns))
        seed = random.integers(seeds, size=(seeds, 1, columns - 1))
        fit = random.integers(fits, size=(seeds, fits, columns - 1))
        return np.concatenate([[scores[:, :, 0].mean()], scores[seed, fit, rounds].mean(axis=(0, 1))])


def _interval(row: Array) -> Row:
    low, high = np.quantile(row[1:], [0.025, 0.975])
    return {"value": float(row[0]), "low": float(low), "high": float(high)}
