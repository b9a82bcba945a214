"""A student's answers on a test, and the statistics that can be taken over them: for all, for the tail, by factor.

Which of them are printed, and how far chance reaches, is worked out in `evaluate`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from turnwright.reading.example import Called, Decision
from turnwright.records import Json, canonical
from turnwright.train.student import Array, Predictions, Student
from turnwright.train.tally import Acts, Statistic, acts_of, calibration_of, per_conversation, ratio

__all__ = ["TAIL", "Scored", "Sheet", "scored", "sheet_of"]

TAIL = 0.05
"""Acts with a smaller share of the test's decisions are its tail."""
ALL, UNHAPPY = "all", "happy=no"


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to the decisions of a test, as numbers of acts in `acts` (the test's first, then the student's others).

    said: the answer. confined: the answer among the acts that are legal in the task. confidence: chance of `said`.
    """

    points: tuple[Decision, ...]
    acts: tuple[str, ...]
    gold: Array
    said: Array
    confined: Array
    confidence: Array
    predictions: Predictions


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic that waits for weights. of: the slice it is about. conversations: its length of weights."""

    name: str
    of: str
    statistic: Statistic
    conversations: int
    decisions: int


def sheet_of(student: Student, points: Sequence[Decision], legal: Mapping[str, Collection[str]]) -> Sheet:
    """Let a student answer. legal: task → acts; a task that is missing, or has none of the student's, is left free."""
    predictions = student.predict(points)
    true = sorted({point.act for point in points})
    acts = (*true, *sorted(set(student.acts) - set(true)))
    number = {act: n for n, act in enumerate(acts)}
    own = np.array([number[act] for act in student.acts])
    chances = predictions.chances
    return Sheet(
        points=tuple(points),
        acts=acts,
        gold=np.array([number[point.act] for point in points]),
        said=own[chances.argmax(axis=1)],
        confined=own[np.where(_allowed(student, points, legal), chances, -1.0).argmax(axis=1)],
        confidence=chances.max(axis=1),
        predictions=predictions,
    )


def _allowed(student: Student, points: Sequence[Decision], legal: Mapping[str, Collection[str]]) -> Array:
    """Decisions x the student's acts: whether an act may be said there."""
    rows: dict[str, Array] = {}
    for task in {point.example.task for point in points}:
        row = np.isin(np.array(student.acts), sorted(legal.get(task, ())))
        rows[task] = row if row.any() else np.ones(len(row), dtype=bool)
    return np.array([rows[point.example.task] for point in points])


def scored(sheet: Sheet) -> list[Scored]:
    """Every statistic that this test allows: next act, calls, and slices by factor and level."""
    found = [*_main(sheet), *_calls(sheet), *_arguments(sheet)]
    for of, mask in _slices(sheet).items():
        if not mask.all() or of == UNHAPPY:
            found.append(_weighted(sheet, of, mask))
    return found


def _main(sheet: Sheet) -> Iterator[Scored]:
    where, count = _where(sheet, np.ones(len(sheet.points), dtype=bool))
    free = acts_of(where, sheet.gold, sheet.said, count, len(sheet.acts))
    confined = acts_of(where, sheet.gold, sheet.confined, count, len(sheet.acts))
    calibration = calibration_of(where, sheet.confidence, sheet.said == sheet.gold, count)
    support = free.support.sum(axis=0)
    tail = support < TAIL * support.sum()
    rows: list[tuple[str, str, Statistic, float]] = [
        ("weighted F1", ALL, free.weighted_f1, support.sum()),
        ("macro F1", ALL, free.macro_f1, support.sum()),
        ("accuracy", ALL, free.accuracy, support.sum()),
        ("weighted F1", "tail acts", lambda weights: free.weighted_f1(weights, tail), support[tail].sum()),
        ("weighted F1, legal acts", ALL, confined.weighted_f1, support.sum()),
        ("accuracy, legal acts", ALL, confined.accuracy, support.sum()),
        ("calibration error", ALL, calibration.error, support.sum()),
    ]
    for name, of, statistic, decisions in rows:
        if decisions:
            yield Scored(name=name, of=of, statistic=statistic, conversations=count, decisions=int(decisions))


def _slices(sheet: Sheet) -> dict[str, Array]:
    """Factor=level → the decisions of its conversations; the unhappy ones first."""
    found: dict[str, list[int]] = {}
    for number, point in enumerate(sheet.points):
        for factor, level in point.example.factors().items():
            found.setdefault(f"{factor}={level}", []).append(number)
    masks = {name: np.zeros(len(sheet.points), dtype=bool) for name in sorted(found, key=lambda n: (n != UNHAPPY, n))}
    for name, mask in masks.items():
        mask[found[name]] = True
    return masks


def _weighted(sheet: Sheet, of: str, mask: Array) -> Scored:
    where, count = _where(sheet, mask)
    acts: Acts = acts_of(where, sheet.gold[mask], sheet.said[mask], count, len(sheet.acts))
    return Scored(name="weighted F1", of=of, statistic=acts.weighted_f1, conversations=count, decisions=int(mask.sum()))


def _calls(sheet: Sheet) -> Iterator[Scored]:
    """How often the right tool is called where one was, and how often one is where none was."""
    true = np.array([point.call.name if point.call else "" for point in sheet.points], dtype=object)
    said = np.array(sheet.predictions.calls, dtype=object)
    if not (true != "").any():
        return
    yield _share(sheet, "tool right", "calls", true != "", said == true)
    if (true == "").any():
        yield _share(sheet, "tool called", "other turns", true == "", said != "")


def _arguments(sheet: Sheet) -> Iterator[Scored]:
    """Whole calls that are exact, and F1 over (tool, slot, value), where arguments are known and predicted."""
    arguments = sheet.predictions.arguments
    known = [n for n, point in enumerate(sheet.points) if point.call and point.call.arguments is not None]
    if arguments is None or not known:
        return
    mask = np.zeros(len(sheet.points), dtype=bool)
    mask[known] = True
    true = [sheet.points[n].call or Called(name="") for n in known]
    said = [Called(name=sheet.predictions.calls[n], arguments=arguments[n]) for n in known]
    slots = [(_slots(a), _slots(b)) for a, b in zip(true, said, strict=True)]
    exact = np.zeros(len(sheet.points), dtype=bool)
    exact[known] = [a.name == b.name and x == y for a, b, (x, y) in zip(true, said, slots, strict=True)]
    yield _share(sheet, "arguments exact", "calls", mask, exact)
    where, count = _where(sheet, mask)
    zero = np.zeros(len(known), dtype=int)
    both = [len(x & y) for x, y in slots]
    either = [len(x) + len(y) for x, y in slots]
    right, whole = (per_conversation(where, zero, count, 1, np.array(x))[:, 0] for x in (both, either))
    yield Scored(
        name="slot F1", of="calls", statistic=ratio(2 * right, whole), conversations=count, decisions=len(known)
    )


def _slots(call: Called) -> frozenset[tuple[str, str, bytes]]:
    arguments: dict[str, Json] = call.arguments or {}
    return frozenset((call.name, slot, canonical(value)) for slot, value in arguments.items())


def _share(sheet: Sheet, name: str, of: str, mask: Array, hit: Array) -> Scored:
    where, count = _where(sheet, mask)
    zero = np.zeros(len(where), dtype=int)
    hits = per_conversation(where, zero, count, 1, np.asarray(hit[mask], dtype=np.float64))[:, 0]
    whole = per_conversation(where, zero, count, 1)[:, 0]
    return Scored(
        name=name, of=of, statistic=ratio(hits, whole), conversations=count, decisions=int(np.count_nonzero(mask))
    )


def _where(sheet: Sheet, mask: Array) -> tuple[Array, int]:
    """Numbers of the conversations of these decisions, from 0 without gaps, and how many they are."""
    numbers = np.array([point.conversation for point in sheet.points])[mask]
    kept, where = np.unique(numbers, return_inverse=True)
    return where, len(kept)
