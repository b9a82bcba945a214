"""What a conversation shows: its cells, counted once for all monitors that look at them.

A cell is a thing that a conversation can show: an act of the assistant in a task, an act of the user, two acts of the
assistant in a row, a tool that is called, a level of a factor. Acts by themselves count every label of a turn; acts in
a task and acts in a row count its main one, so that a turn is in one such cell. A label is taken as it is; where two
sets name the same act differently, the reader of the sets can rename it. Nothing is compared here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.statistic import Floats, LeftOut, Sample, Weights
from turnwright.reading import START, Example

__all__ = ["CELL_KINDS", "KINDS", "CellTable", "bearing", "cell_table", "no_cells", "single_cells", "tables"]

CELL_KINDS = ("act", "user act", "task act", "task user act", "tool", "level")
"""Kinds in which single cells are compared."""
INSTEAD = {"task act": "act", "task user act": "user act"}
"""What stands in for cells by task where the two sides have other tasks."""

Shown = Iterator[str]
Places = NDArray[np.int64]


# --- what a conversation shows ----------------------------------------------------------------------------------


def _labels(one: Example, role: str) -> Shown:
    """All labels of all turns; most turns have one."""
    return (act for turn in one.turns if turn.role == role for act in turn.labels)


def _acts(one: Example, role: str) -> list[str]:
    """The main act of each turn."""
    return [turn.act for turn in one.turns if turn.role == role and turn.act]


def _act(one: Example) -> Shown:
    yield from _labels(one, "assistant")


def _task_act(one: Example) -> Shown:
    yield from (f"{one.task}: {act}" for act in _acts(one, "assistant"))


def _user_act(one: Example) -> Shown:
    yield from _labels(one, "user")


def _task_user_act(one: Example) -> Shown:
    yield from (f"{one.task}: {act}" for act in _acts(one, "user"))


def _act_pair(one: Example) -> Shown:
    said = _acts(one, "assistant")
    yield from (f"{first} → {second}" for first, second in zip([START, *said], said, strict=False))


def _tool(one: Example) -> Shown:
    yield from (turn.call.name for turn in one.turns if turn.call is not None)


def _level(one: Example) -> Shown:
    yield from (f"{factor} = {level}" for factor, level in sorted(one.levels.items()))


KINDS: dict[str, tuple[str, Callable[[Example], Shown]]] = {
    "act": ("assistant turn", _act),
    "task act": ("assistant turn", _task_act),
    "user act": ("user turn", _user_act),
    "task user act": ("user turn", _task_user_act),
    "act pair": ("assistant turn", _act_pair),
    "tool": ("tool call", _tool),
    "level": ("level", _level),
}
"""Kind → what bears it, and how a conversation shows it."""


@dataclass(frozen=True, eq=False)
class CellTable:
    """counts: conversations x cells (sparse), how often each conversation shows each cell. names: of the columns."""

    kind: str
    names: tuple[str, ...]
    counts: Any

    def sums(self, weights: Weights) -> Floats:
        """draws x cells: how often each is shown, by weight."""
        return np.asarray((self.counts.T @ weights.T).T, np.float64)

    @property
    def shown(self) -> Any:
        """1 where a conversation shows a cell at all."""
        shown = self.counts.copy()
        shown.data[:] = 1
        return shown

    @property
    def whole(self) -> NDArray[np.float32]:
        """How many cells each conversation shows, counted with repeats."""
        return np.asarray(self.counts.sum(axis=1), np.float32).ravel()


def cell_table(sample: Sample, kind: str) -> CellTable | LeftOut:
    """The cells of a kind, counted once a sample; left out where a side shows none."""
    made = sample.once(f"cells: {kind}", lambda: _table(sample, kind))
    assert isinstance(made, CellTable | LeftOut)
    return made


def _table(sample: Sample, kind: str) -> CellTable | LeftOut:
    from scipy.sparse import csr_array  # an extra, and slow to import

    what, shows = KINDS[kind]
    counted = [Counter(shows(one)) for one in sample.examples]
    for side, part in (("reference", counted[: sample.reference]), ("synthetic set", counted[sample.reference :])):
        if not any(part):
            return LeftOut(f"no {what} is labelled in the {side}" if "turn" in what else f"the {side} shows no {what}")
    names = sorted({name for one in counted for name in one})
    place = {name: number for number, name in enumerate(names)}
    ends = np.cumsum([0, *map(len, counted)])
    columns = np.array([place[name] for one in counted for name in one], np.int32)
    data = np.array([number for one in counted for number in one.values()], np.float32)
    return CellTable(kind, tuple(names), csr_array((data, columns, ends), shape=(len(counted), len(names))))


def _same_tasks(sample: Sample) -> bool:
    """Whether at least half of either side is about tasks that the other side has too."""
    real = [one.task for one in sample.examples[: sample.reference]]
    other = [one.task for one in sample.examples[sample.reference :]]
    shared = set(real) & set(other)
    return all(2 * sum(task in shared for task in side) >= len(side) for side in (real, other))


def tables(sample: Sample, kinds: Sequence[str] = CELL_KINDS) -> list[CellTable]:
    """The tables of these kinds that both sides have; acts alone where tasks differ."""
    same = _same_tasks(sample)
    chosen = dict.fromkeys(kind if same else INSTEAD.get(kind, kind) for kind in kinds)
    return [table for kind in chosen if isinstance(table := cell_table(sample, kind), CellTable)]


def single_cells(sample: Sample) -> list[tuple[CellTable, Places]]:
    """The tables of all kinds, each with the places of its cells; an act that only one task has is not told twice."""
    return [(table, _places(table)) for table in tables(sample)]


def _places(table: CellTable) -> Places:
    acts = [name.rpartition(": ")[2] for name in table.names]
    tasks = Counter(acts) if table.kind in INSTEAD else {}
    return np.array([place for place, act in enumerate(acts) if tasks.get(act, 2) > 1], np.int64)


def no_cells(sample: Sample, kinds: Sequence[str] = CELL_KINDS) -> LeftOut:
    """Why there is no cell of these kinds."""
    whys = [one.why for kind in kinds if isinstance(one := cell_table(sample, INSTEAD.get(kind, kind)), LeftOut)]
    return LeftOut("; ".join(dict.fromkeys(whys)))


def bearing(table: CellTable, sample: Sample) -> tuple[int, int]:
    """Conversations of either side that show any cell of the table."""
    shows = table.whole > 0
    return int(shows[: sample.reference].sum()), int(shows[sample.reference :].sum())
