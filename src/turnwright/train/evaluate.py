"""Evaluation of students on conversations that they have not seen: what they get right, where, and how sure that is.

Every score has a 95 % interval from a bootstrap over conversations, and says how many there were. Two students are
compared on the same draws, so that what is hard for both falls out of the difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import ExampleSet, decisions
from turnwright.train.overlap import refuse_seen
from turnwright.train.sheet import Scored, Sheet, scored, sheet_of
from turnwright.train.student import Array, Student
from turnwright.train.tally import Estimate, drawn, estimate, p_value

__all__ = ["Comparison", "Difference", "Evaluation", "Measure", "compare", "evaluate"]

ROUNDS = 1_000


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One score. of: all decisions, a subset of acts (`tail acts`, `calls`) or of conversations (`factor=level`)."""

    name: str
    of: str
    score: Estimate
    conversations: int
    decisions: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of a student. notes: what could not be scored, and why; what the student cannot know."""

    student: str
    conversations: int
    decisions: int
    measures: tuple[Measure, ...]
    notes: tuple[str, ...] = ()

    def score(self, name: str = "weighted F1", of: str = "all") -> Estimate:
        """One score by its name; KeyError when this test did not allow it."""
        return {(one.name, one.of): one.score for one in self.measures}[name, of]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much higher the first student scores than the second, on the same draws; p: two-sided, of no difference."""

    name: str
    of: str
    first: float
    second: float
    difference: Estimate
    p: float
    conversations: int
    decisions: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two students on one test."""

    first: str
    second: str
    differences: tuple[Difference, ...]


def evaluate(
    student: Student,
    test: ExampleSet,
    *,
    legal: Mapping[str, Collection[str]] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Evaluation:
    """Score a student on a test.

    Args:
        legal: task → acts that are legal in it; those that the student saw in the task by default.
        rounds: bootstrap rounds. seed: of the draws.

    Raises:
        InputError: the student learnt from conversations of the test, or the test has no labelled turn.
    """
    sheet = _sheet(student, test, legal)
    measures = tuple(_measure(one, rounds, seed) for one in scored(sheet))
    return Evaluation(
        student=student.name,
        conversations=len({point.conversation for point in sheet.points}),
        decisions=len(sheet.points),
        measures=measures,
        notes=tuple(_notes(student, sheet, test, legal)),
    )


def compare(
    first: Student,
    second: Student,
    test: ExampleSet,
    *,
    legal: Mapping[str, Collection[str]] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Comparison:
    """Score two students on the same test and the same draws (see `evaluate`)."""
    sheets = [scored(_sheet(student, test, legal)) for student in (first, second)]
    others = {(one.name, one.of): one for one in sheets[1]}
    pairs = [(one, others[one.name, one.of]) for one in sheets[0] if (one.name, one.of) in others]
    return Comparison(
        first=first.name,
        second=second.name,
        differences=tuple(_difference(*pair, rounds, seed) for pair in pairs),
    )


def _sheet(student: Student, test: ExampleSet, legal: Mapping[str, Collection[str]] | None) -> Sheet:
    refuse_seen(student.seen, test.examples)
    points = decisions(test.examples)
    if not points:
        raise InputError("the test has no labelled assistant turn", fix="name conversations with acts")
    return sheet_of(student, points, student.legal if legal is None else legal)


def _measure(one: Scored, rounds: int, seed: int) -> Measure:
    weights = drawn(one.conversations, rounds, seed)
    return Measure(
        name=one.name,
        of=one.of,
        score=estimate(one.statistic, one.conversations, weights),
        conversations=one.conversations,
        decisions=one.decisions,
    )


def _difference(one: Scored, other: Scored, rounds: int, seed: int) -> Difference:
    def gap(weights: Array) -> Array:
        return np.asarray(one.statistic(weights) - other.statistic(weights))

    whole, weights = np.ones((1, one.conversations)), drawn(one.conversations, rounds, seed)
    return Difference(
        name=one.name,
        of=one.of,
        first=float(one.statistic(whole)[0]),
        second=float(other.statistic(whole)[0]),
        difference=estimate(gap, one.conversations, weights),
        p=p_value(gap(weights)),
        conversations=one.conversations,
        decisions=one.decisions,
    )


def _notes(student: Student, sheet: Sheet, test: ExampleSet, legal: Mapping[str, Collection[str]] | None) -> list[str]:
    notes: list[str] = []
    counted = Counter(point.act for point in sheet.points)
    new = sorted(set(counted) - set(student.acts))
    if new:
        share = sum(counted[act] for act in new) / len(sheet.points)
        shown = ", ".join(new[:5]) + (", ..." if len(new) > 5 else "")
        notes.append(f"{len(new)} acts of the test ({share:.1%} of its decisions) the student never saw: {shown}")
    where = "the student's own training set" if legal is None else "the domains that were named"
    notes.append(f"legal acts of a task: from {where}")
    silent = len(test) - len({point.conversation for point in sheet.points})
    if silent:
        notes.append(f"{silent:,} conversations of the test have no labelled turn and count for nothing")
    if not any(point.call for point in sheet.points):
        notes.append("the test has no tool calls")
    elif sheet.predictions.arguments is None:
        notes.append("arguments of calls: not predicted by this student")
    return notes
