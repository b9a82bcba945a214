"""Students that answer only for conversations that they have not learnt from: cross-fitting over conversations.

It makes a few real conversations serve twice, to learn from and to be examined with, without a student ever answering
for its own. What is made of the answers is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import Decision, Example
from turnwright.records import seeded
from turnwright.train.overlap import mark
from turnwright.train.student import Array, Predictions, Student

__all__ = ["CrossFitted", "Fit", "cross_fit", "folds_of", "known_by"]

Fit = Callable[[Sequence[Example]], Student]
"""Conversations → the student that learnt from them, in this order."""


class CrossFitted:
    """See `Student`. Each conversation is answered for by the student that learnt without its fold.

    Args:
        fitted: a student a fold. fold: what a conversation is known by → its fold (see `known_by`); others are
            answered for by the first student.
    """

    def __init__(self, fitted: Sequence[Student], fold: dict[str, int]) -> None:
        self._fitted, self._fold = tuple(fitted), fold
        self.name = self._fitted[0].name
        self.acts = tuple(sorted({act for one in fitted for act in one.acts}))
        self.seen = frozenset.intersection(*(one.seen for one in fitted))
        tasks = sorted({task for one in fitted for task in one.legal})
        self.legal = {task: tuple(sorted({act for one in fitted for act in one.legal.get(task, ())})) for task in tasks}

    def predict(self, points: Sequence[Decision]) -> Predictions:
        """Predict every decision with the student of its conversation's fold."""
        examples = {id(point.example): point.example for point in points}
        folds = {key: self._fold.get(known_by(one), 0) for key, one in examples.items()}
        fold = np.array([folds[id(point.example)] for point in points], dtype=int)
        chances = np.zeros((len(points), len(self.acts)))
        calls = [""] * len(points)
        for number, student in enumerate(self._fitted):
            rows = np.flatnonzero(fold == number)
            if len(rows):
                said = student.predict([points[int(row)] for row in rows])
                chances[np.ix_(rows, self._places(student))] = said.chances
                for row, call in zip(rows, said.calls, strict=True):
                    calls[row] = call
        return Predictions(chances=chances, calls=tuple(calls))

    def _places(self, student: Student) -> Array:
        return np.array([self.acts.index(act) for act in student.acts])


def known_by(example: Example) -> str:
    """The mark of a conversation's words, so that copies are one and its weight is nothing; a short one's name."""
    return mark(example) or example.name


def folds_of(examples: Sequence[Example], count: int, seed: int = 0) -> dict[str, int]:
    """What each conversation is known by → its fold; conversations of the same words are never parted.

    Raises:
        InputError: there are fewer different conversations than two.
    """
    order = list(dict.fromkeys(map(known_by, examples)))
    if len(order) < 2:
        raise InputError(
            f"{len(order)} different conversation(s) cannot be parted into folds", fix="give at least two conversations"
        )
    seeded("folds", seed, len(order)).shuffle(order)
    return {name: place % min(count, len(order)) for place, name in enumerate(order)}


def cross_fit(fit: Fit, held_out: Sequence[Example], others: Sequence[Example] = (), *, folds: int = 5) -> CrossFitted:
    """Train a student a fold: on the others, and on all of `held_out` but its fold.

    Raises:
        InputError: too few conversations, or too few acts in what is left of them.
    """
    fold = folds_of(held_out, folds)
    mine = [fold[known_by(one)] for one in held_out]
    fitted = [
        fit([*others, *(one for one, its in zip(held_out, mine, strict=True) if its != number)])
        for number in sorted(set(mine))
    ]
    return CrossFitted(fitted, fold)
