"""Rows that show every tuple that can occur: the covering array.

`covertable` builds small arrays (its rows are 3 to 10 % fewer than the greedy walk's); its time grows with the
square of the tuples, and it may leave possible tuples out where rules are tight. So it works under a limit that
counts steps, not time, and a greedy walk over the diagram adds rows until nothing possible is missing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from covertable.main import Controller

from turnwright.design.chance import uniforms
from turnwright.design.diagram import Bools, Diagram, Ints
from turnwright.design.space import Relation, Space
from turnwright.design.tuples import Tuples
from turnwright.records import seeded

__all__ = ["covering"]

TUPLES = 1_500
"""More tuples than this are covered by the greedy walk alone."""
EVALUATIONS = 400_000
"""Evaluations of rules that `covertable` may spend (about a second)."""
CANDIDATES = 30
"""Rows that the greedy walk tries for each row that it keeps (as in AETG, Cohen et al. 1997)."""


def covering(space: Space, diagram: Diagram, tuples: Tuples, wanted: Bools, seed: int) -> Ints:
    """Return row x place: rows that together show every wanted tuple, the most useful first.

    Args:
        wanted: by number, the tuples that can occur.
    """
    rows = _by_covertable(space, diagram, tuples, seed) if tuples.total <= TUPLES else []
    array = np.array(rows, dtype=np.int64).reshape(-1, len(diagram.order))
    missing = wanted & ~tuples.shown(array)
    array = np.concatenate([array, _Walk(diagram, tuples, missing, seed).rows()])
    return _useful_first(array, tuples, wanted)


class _Enough(Exception):
    """`covertable` has spent its evaluations."""


def _by_covertable(space: Space, diagram: Diagram, tuples: Tuples, seed: int) -> list[list[int]]:
    """Return the rows that `covertable` finds within its limit, fit for the diagram."""
    left = [EVALUATIONS]
    levels = [list(range(size)) for size in space.sizes]
    rules = [_condition(relation, left) for relation in space.relations]
    default, *others = tuples.groups
    models = [
        {"fields": sorted({place for combination in found for place in combination}), "strength": strength}
        for _, strength, found in (others if default[0] == "all factors" else tuples.groups)
    ]
    rows: list[list[int]] = []
    try:
        controller = cast(Any, Controller)(
            levels, strength=default[1], sub_models=models, constraints=rules, salt=str(seed)
        )
        for row in controller.make_async():
            rows.append(row)
    except _Enough:
        pass
    return [row for row in rows if _allowed(diagram, row)]


def _condition(relation: Relation, left: list[int]) -> dict[str, Any]:
    """The relation in covertable's form, looked up in its table."""
    table: Any = relation.table.tolist()

    def evaluate(row: dict[int, int]) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise _Enough
        found = table
        for place in relation.scope:
            found = found[row[place]]
        return bool(found)

    return {"operator": "fn", "requires": list(relation.scope), "evaluate": evaluate}


def _allowed(diagram: Diagram, row: Sequence[int]) -> bool:
    node = 0
    for layer, place in enumerate(diagram.order):
        node = int(diagram.children[layer][node, row[place]])
        if node < 0:
            return False
    return True


class _Walk:
    """Adds rows greedily: fix a missing tuple, walk the diagram taking the level that shows most, keep the best."""

    def __init__(self, diagram: Diagram, tuples: Tuples, missing: Bools, seed: int) -> None:
        self.diagram, self.tuples, self.seed = diagram, tuples, seed
        self.missing = np.append(missing, False)
        layer_of = {place: layer for layer, place in enumerate(diagram.order)}
        ends: list[list[int]] = [[] for _ in diagram.order]
        for index, combination in enumerate(tuples.combinations):
            ends[layer_of[combination[-1]]].append(index)
        self.parts = [tuples.blocked(indices, cut=1) for indices in ends]

    def rows(self) -> Ints:
        """Return row x place; every missing tuple is shown by one of them."""
        found: list[Ints] = []
        targets = np.flatnonzero(self.missing).tolist()
        seeded(self.seed, "cover").shuffle(targets)
        for number in targets:
            if self.missing[number]:
                row = self._best(self.tuples.levels(number), len(found))
                self.missing[self.tuples.numbers(row[None, :]).reshape(-1)] = False
                found.append(row)
        return np.array(found, dtype=np.int64).reshape(-1, len(self.diagram.order))

    def _best(self, fixed: dict[int, int], turn: int) -> Ints:
        """Return the best of some rows that have the fixed levels."""
        alive = self.diagram.alive(fixed)
        rows = np.full((CANDIDATES, len(self.diagram.order)), -1, dtype=np.int64)
        node = np.zeros(CANDIDATES, dtype=np.int64)
        for layer, place in enumerate(self.diagram.order):
            allowed = alive[layer][node]
            ties = uniforms(allowed.shape, self.seed, "cover", turn, layer)
            score = np.where(allowed, self._gains(layer, rows, allowed.shape[1]) + 0.9 * ties, -1.0)
            rows[:, place] = score.argmax(axis=1)
            node = self.diagram.children[layer][node, rows[:, place]]
        gains = self.missing[self.tuples.numbers(rows)].sum(axis=1)
        best: Ints = rows[int(gains.argmax())]
        return best

    def _gains(self, layer: int, rows: Ints, size: int) -> Ints:
        """Return row x level: how many missing tuples the level would complete."""
        count = self.tuples.counts[self.diagram.order[layer]]
        gains = np.zeros((len(rows), size), dtype=np.int64)
        for block in self.parts[layer]:
            number, present = self.tuples.numbered(block, rows)
            number = np.where(present, number, self.tuples.total)
            shown = self.missing[number[:, :, None] + np.arange(count) * present[:, :, None]]
            gains[:, :count] += shown.sum(axis=1)
        return gains


def _useful_first(rows: Ints, tuples: Tuples, wanted: Bools) -> Ints:
    """Order rows by how many tuples each adds (lazy greedy); rows that add nothing are left out."""
    numbers = tuples.numbers(rows)
    missing = np.append(wanted, False)
    gain: Callable[[int], int] = lambda index: int(missing[numbers[index]].sum())  # noqa: E731
    queue = [(-gain(index), index) for index in range(len(rows))]
    heapq.heapify(queue)
    order: list[int] = []
    while queue:
        claimed, index = heapq.heappop(queue)
        now = gain(index)
        if now == 0:
            continue
        if now < -claimed:
            heapq.heappush(queue, (-now, index))
            continue
        order.append(index)
        missing[numbers[index]] = False
    return rows[order]
