"""In which order the factors are laid out, so that few rules are open at any layer of the diagram.

Greedy: from every start, take the factor next that leaves the fewest states open. Whole numbers only, so that the
order is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from turnwright.design.space import Relation

__all__ = ["arrange"]


def arrange(sizes: Sequence[int], relations: Sequence[Relation]) -> tuple[int, ...]:
    """Return the places in layer order; factors that no relation names come last."""
    tied = sorted({place for relation in relations for place in relation.scope})
    free = [place for place in range(len(sizes)) if place not in tied]
    frontier = _Frontier(relations)
    return (*min((_greedy(start, tied, frontier) for start in tied), default=(0, ()))[1], *free)


def _greedy(start: int, tied: Sequence[int], frontier: _Frontier) -> tuple[int, tuple[int, ...]]:
    """Return the cost (states over all layers) and the order that begins at `start`."""
    order = [start]
    placed = 1 << start
    cost = frontier.states(order, placed)
    left = [place for place in tied if place != start]
    while left:
        states, place = min((frontier.states([*order, place], placed | 1 << place), place) for place in left)
        order.append(place)
        left.remove(place)
        placed |= 1 << place
        cost += states
    return cost, tuple(order)


class _Frontier:
    """Counts the states that are open after some factors are placed (sets of places are bit masks)."""

    def __init__(self, relations: Sequence[Relation]) -> None:
        self.masks = [sum(1 << place for place in relation.scope) for relation in relations]
        self.behaviours = {
            (place, index): _behaviours(relation, axis)
            for index, relation in enumerate(relations)
            for axis, place in enumerate(relation.scope)
        }
        self.by_place: dict[int, list[int]] = {}
        for place, index in self.behaviours:
            self.by_place.setdefault(place, []).append(index)
        self.seen: dict[tuple[int, tuple[int, ...]], int] = {}

    def states(self, order: Sequence[int], placed: int) -> int:
        """Return an upper bound: the product of the level classes that still matter."""
        product = 1
        for place in order:
            product *= self._classes(place, placed)
        return product

    def _classes(self, place: int, placed: int) -> int:
        open_ones = tuple(index for index in self.by_place[place] if self.masks[index] & ~placed)
        key = (place, open_ones)
        if key not in self.seen:
            columns = [self.behaviours[place, index] for index in open_ones]
            self.seen[key] = len(set(zip(*columns, strict=True))) if columns else 1
        return self.seen[key]


def _behaviours(relation: Relation, axis: int) -> tuple[int, ...]:
    """Number the levels of one factor by what they mean to the relation; equal numbers behave alike."""
    slices = np.moveaxis(relation.table, axis, 0).reshape(relation.table.shape[axis], -1)
    inverse = np.unique(slices, axis=0, return_inverse=True)[1].reshape(-1)
    return tuple(int(number) for number in inverse)
