"""Where a student fails: cells of level, act and act before it, each against the rest, honest about how many there are.

A cell's excess is how much more often the student is wrong in it than outside. Its interval comes from a bootstrap over
conversations; its p-value from a score test whose unit is the conversation, with the sum normalised by its own
contributions under the null, so that a handful of conversations can never look certain (Cameron and Miller 2015 on
few clusters; Efron 1969 on self-normalised sums). Holm's step-down holds over all cells that were looked at. That a
cell is hard does not say that more conversations of it help: that is what the next round shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from turnwright.reading.example import START, Decision, ExampleSet, decisions
from turnwright.train.sheet import sheet_of
from turnwright.train.student import Array, Student
from turnwright.train.tally import CONFIDENCE, Estimate, drawn, estimate, ratio

__all__ = ["LEAST", "Cell", "Change", "Failures", "Where", "answers_of", "changes", "mine", "mined", "named"]

ALPHA = 0.05
LEAST = 5
"""Conversations below which a cell is not looked at."""
SHRINK = 20.0
"""Decisions at the mean error rate that a shrunken estimate adds to a cell."""
ROUNDS = 1_000

Kind = Literal["level", "act", "level x act", "step"]


class Where(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """What the decisions of a cell have in common; "" for what may be anything. previous: the act before, or START."""

    factor: str = ""
    level: str = ""
    previous: str = ""
    act: str = ""

    @property
    def kind(self) -> Kind:
        """`step` is an act after another one."""
        if self.previous:
            return "step"
        if self.factor:
            return "level x act" if self.act else "level"
        return "act"

    @property
    def name(self) -> str:
        """As people read it: `task=weather`, `query`, `task=weather, query`, `inform → query`."""
        if self.previous:
            return f"{self.previous} → {self.act}"
        return ", ".join(part for part in (f"{self.factor}={self.level}" if self.factor else "", self.act) if part)

    def holds(self, point: Decision) -> bool:
        """Whether a decision belongs here."""
        return (
            (not self.act or point.act == self.act)
            and (not self.previous or _previous(point) == self.previous)
            and (not self.factor or _levels(point).get(self.factor) == self.level)
        )


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell. excess: error rate here less the rate of all other decisions. lost: errors beyond the rate of the rest.

    p: one-sided, of no excess; holm: corrected for all cells that were looked at. shrunk: excess over the mean rate,
    drawn towards 0 by `SHRINK` decisions. by_task: task → errors. instead: what was said in its place, most often
    first.
    """

    where: Where
    name: str
    decisions: int
    conversations: int
    errors: int
    rate: float
    excess: Estimate
    lost: float
    shrunk: float
    p: float
    holm: float
    by_task: dict[str, int] = {}
    instead: dict[str, int] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a cell between two students. fewer: how much the error rate fell, on the same draws."""

    name: str
    decisions: int
    conversations: int
    before: float
    after: float
    fewer: Estimate


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. cells: all that were looked at, most lost first. too_small: cells that were not.

    alpha: chance of one false alarm or more among `significant`, where the student errs the same everywhere.
    """

    conversations: int
    decisions: int
    errors: int
    cells: tuple[Cell, ...]
    too_small: int
    least: int = LEAST
    alpha: float = ALPHA

    @property
    def rate(self) -> float:
        """Error rate of all decisions."""
        return self.errors / self.decisions if self.decisions else 0.0

    @property
    def significant(self) -> tuple[Cell, ...]:
        """Cells that are worse than the rest, with the correction."""
        return tuple(cell for cell in self.cells if cell.holm <= self.alpha)

    @property
    def promising(self) -> tuple[Cell, ...]:
        """Cells whose shrunken excess is above 0; nothing is claimed of them."""
        return tuple(cell for cell in self.cells if cell.shrunk > 0 and cell.lost > 0)


def mine(student: Student, test: ExampleSet, *, least: int = LEAST, alpha: float = ALPHA, seed: int = 0) -> Failures:
    """Let a student answer and look for the cells that lose most.

    Args:
        least: conversations a cell must have to be looked at. seed: of the bootstrap.
    """
    points = decisions(test.examples)
    return mined(points, answers_of(student, points), least=least, alpha=alpha, seed=seed)


def answers_of(student: Student, points: Sequence[Decision]) -> list[str]:
    """The act that the student says at each decision."""
    sheet = sheet_of(student, points, {})
    return [sheet.acts[said] for said in sheet.said]


def mined(
    points: Sequence[Decision], said: Sequence[str], *, least: int = LEAST, alpha: float = ALPHA, seed: int = 0
) -> Failures:
    """Look for the cells that lose most, given what was said at each decision."""
    wrong = np.array([answer != point.act for point, answer in zip(points, said, strict=True)], dtype=np.float64)
    _, of = np.unique(np.array([point.conversation for point in points]), return_inverse=True)
    places = _places(points)
    kept = {where: rows for where, rows in places.items() if len(set(of[rows].tolist())) >= least}
    kept = _distinct({where: rows for where, rows in kept.items() if len(rows) < len(points)})
    table = _Table(of, wrong, list(kept.values()))
    excess, p = table.excess(seed), table.p_values()
    holm = _holm(p)
    cells = []
    for number, (where, rows) in enumerate(kept.items()):
        bad = [row for row in rows if wrong[row]]
        cells.append(
            Cell(
                where=where,
                name=where.name,
                decisions=len(rows),
                conversations=len(set(of[rows].tolist())),
                errors=len(bad),
                rate=len(bad) / len(rows),
                excess=excess[number],
                lost=excess[number].value * len(rows),
                shrunk=(len(bad) + SHRINK * table.rate) / (len(rows) + SHRINK) - table.rate,
                p=float(p[number]),
                holm=float(holm[number]),
                by_task=_counted([points[row].example.task for row in bad]),
                instead=_counted([said[row] for row in bad]),
            )
        )
    return Failures(
        conversations=table.conversations,
        decisions=len(points),
        errors=int(wrong.sum()),
        cells=tuple(sorted(cells, key=lambda cell: (-cell.lost, cell.name))),
        too_small=len(places) - sum(len(set(of[rows].tolist())) >= least for rows in places.values()),
        least=least,
        alpha=alpha,
    )


def changes(
    points: Sequence[Decision], before: Sequence[str], after: Sequence[str], wheres: Sequence[Where], *, seed: int = 0
) -> tuple[Change, ...]:
    """Compare the answers of two students in these cells; cells without a decision are left out."""
    _, of = np.unique(np.array([point.conversation for point in points]), return_inverse=True)
    conversations = int(of.max()) + 1 if len(of) else 0
    weights = drawn(conversations, ROUNDS, seed)
    found = []
    for where in wheres:
        rows = [row for row, point in enumerate(points) if where.holds(point)]
        if not rows:
            continue
        wrong = [np.array([said[row] != points[row].act for row in rows], dtype=np.float64) for said in (before, after)]
        fell = np.bincount(of[rows], weights=wrong[0] - wrong[1], minlength=conversations)
        count = np.bincount(of[rows], minlength=conversations).astype(np.float64)
        found.append(
            Change(
                name=where.name,
                decisions=len(rows),
                conversations=len(set(of[rows].tolist())),
                before=float(wrong[0].mean()),
                after=float(wrong[1].mean()),
                fewer=estimate(ratio(fell, count), conversations, weights),
            )
        )
    return tuple(found)


def named(points: Sequence[Decision], names: Sequence[str]) -> list[Where]:
    """The cells of these names among the decisions, in the order of the names."""
    found = {where.name: where for where in _places(points)}
    return [found[name] for name in names if name in found]


def _places(points: Sequence[Decision]) -> dict[Where, list[int]]:
    """Every cell that a decision belongs to → numbers of its decisions; simple cells first."""
    found: dict[Where, list[int]] = {}
    for number, point in enumerate(points):
        wheres = [Where(act=point.act), Where(previous=_previous(point), act=point.act)]
        for factor, level in _levels(point).items():
            wheres += [Where(factor=factor, level=level), Where(factor=factor, level=level, act=point.act)]
        for where in wheres:
            found.setdefault(where, []).append(number)
    order = ("level", "act", "level x act", "step")
    return dict(sorted(found.items(), key=lambda entry: (order.index(entry[0].kind), entry[0])))


def _levels(point: Decision) -> dict[str, str]:
    """The task and the design's levels; whether all went the easy way is no lever and makes no cell."""
    return {"task": point.example.task, **point.example.levels}


def _previous(point: Decision) -> str:
    return point.previous[-1] if point.previous else START


def _distinct(places: dict[Where, list[int]]) -> dict[Where, list[int]]:
    """Of cells with the very same decisions, the simplest; the others would be looked at twice."""
    kept: dict[tuple[int, ...], Where] = {}
    for where, rows in places.items():
        kept.setdefault(tuple(rows), where)
    return {where: list(rows) for rows, where in kept.items()}


def _counted(names: Sequence[str]) -> dict[str, int]:
    counts = {name: names.count(name) for name in set(names)}
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


class _Table:
    """Decisions and errors by conversation, in all and in each cell."""

    def __init__(self, of: Array, wrong: Array, cells: Sequence[Sequence[int]]) -> None:
        self.conversations = int(of.max()) + 1 if len(of) else 0
        self.rate = float(wrong.mean()) if len(wrong) else 0.0
        self.count = np.bincount(of, minlength=self.conversations).astype(np.float64)
        self.errors = np.bincount(of, weights=wrong, minlength=self.conversations)
        shape = (self.conversations, len(cells))
        self.count_in, self.errors_in = np.zeros(shape), np.zeros(shape)
        for number, rows in enumerate(cells):
            np.add.at(self.count_in[:, number], of[rows], 1.0)
            np.add.at(self.errors_in[:, number], of[rows], wrong[rows])

    def excess(self, seed: int) -> list[Estimate]:
        """Error rate inside less the rate outside, with its interval."""
        if not self.count_in.shape[1]:
            return []
        weights = np.vstack([np.ones((1, self.conversations)), drawn(self.conversations, ROUNDS, seed)])
        count, errors = weights @ self.count_in, weights @ self.errors_in
        outside = (weights @ self.count)[:, None] - count
        wrong_outside = (weights @ self.errors)[:, None] - errors
        # a round that drew nothing of a cell has no rate; it stands as no excess, which widens the interval towards 0
        inside = np.divide(errors, count, out=np.full(count.shape, np.nan), where=count > 0)
        rest = np.divide(wrong_outside, outside, out=np.full(count.shape, np.nan), where=outside > 0)
        gaps = np.nan_to_num(inside - rest)
        low, high = np.quantile(gaps[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
        return [
            Estimate(value=float(value), low=float(a), high=float(b))
            for value, a, b in zip(gaps[0], low, high, strict=True)
        ]

    def p_values(self) -> Array:
        """One-sided p of the score statistic: contributions of conversations under one common error rate."""
        share = self.count_in.sum(axis=0) / max(self.count.sum(), 1.0)
        own = self.errors_in - self.rate * self.count_in
        scores = own - (self.errors - self.rate * self.count)[:, None] * share
        scale = np.sqrt((scores**2).sum(axis=0))
        statistic = np.divide(scores.sum(axis=0), scale, out=np.zeros(len(scale)), where=scale > 0)
        return np.array([1.0 - NormalDist().cdf(float(value)) for value in statistic])


def _holm(p: Array) -> Array:
    """Holm's step-down (1979): p-values that hold over all of them together."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
