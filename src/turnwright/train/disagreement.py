"""Where a student that has not learnt from a conversation is sure of another act than its label.

Labels can be wrong, and so can students: this only finds the places. Who is right is decided by those who see the
blueprint and the domain. Answers are cross-fitted, and a student's certainty counts as far as the labels bear it out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from turnwright.reading.example import START, Example, decisions
from turnwright.train.folds import CrossFitted, Fit, cross_fit
from turnwright.train.student import Array

__all__ = ["SURE", "Disagreement", "calibrated", "disagreements", "found"]

SURE = 0.9


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A decision whose label a sure student contradicts.

    conversation: name of the example (a conversation's id, where a run made it). turn: its number. label: the act that
    stands there. student: the act that the student says. p: how often it is right when it is this sure.
    chance: of the label, by the student.
    """

    conversation: str
    task: str
    turn: int
    previous: str
    label: str
    student: str
    p: float
    chance: float


def disagreements(
    fit: Fit, examples: Sequence[Example], *, sure: float = SURE, folds: int = 5
) -> tuple[Disagreement, ...]:
    """Find the places, in the order of the conversations.

    Raises:
        InputError: there are too few conversations or acts to part them into folds.
    """
    return found(cross_fit(fit, examples, folds=folds), examples, sure=sure)


def found(student: CrossFitted, examples: Sequence[Example], *, sure: float = SURE) -> tuple[Disagreement, ...]:
    """Find the places with a student that was cross-fitted over these conversations."""
    points = decisions(examples)
    if not points:
        return ()
    chances = student.predict(points).chances
    number = {act: n for n, act in enumerate(student.acts)}
    said = [student.acts[n] for n in chances.argmax(axis=1)]
    right = np.array([answer == point.act for answer, point in zip(said, points, strict=True)])
    certain = calibrated(chances.max(axis=1), right)
    return tuple(
        Disagreement(
            conversation=point.example.name,
            task=point.example.task,
            turn=point.place,
            previous=point.previous[-1] if point.previous else START,
            label=point.act,
            student=answer,
            p=round(float(p), 6),
            chance=round(float(row[number[point.act]]) if point.act in number else 0.0, 6),
        )
        for point, answer, p, row in zip(points, said, certain, chances, strict=True)
        if answer != point.act and p > sure
    )


def calibrated(confidence: Array, right: Array) -> Array:
    """How often answers of this confidence are right: isotonic regression (pooling adjacent violators).

    Each pool is drawn towards one half by one right and one wrong answer, so that few answers are never certain; then
    no pool stands below one of less confidence.
    """
    order = np.argsort(confidence, kind="stable")
    pools: list[tuple[float, int]] = []
    start = 0
    values = confidence[order]
    while start < len(order):  # equal confidences belong together
        end = int(np.searchsorted(values, values[start], side="right"))
        pools.append((float(right[order[start:end]].sum()), end - start))
        start = end
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            hits, count = pools.pop()
            pools[-1] = (pools[-1][0] + hits, pools[-1][1] + count)
    fitted = np.empty(len(order))
    rates = np.maximum.accumulate([(hits + 1) / (count + 2) for hits, count in pools] or [0.0])
    fitted[order] = np.repeat(rates[: len(pools)], [count for _, count in pools])
    return fitted
