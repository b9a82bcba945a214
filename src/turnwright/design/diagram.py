"""Every combination of levels that the rules allow, as the paths of one layered graph.

A multi-valued decision diagram: a layer per factor, an edge per level, a node per set of open obligations. Each
relation is turned into the classes of its residuals; a node is a tuple of classes, so equal futures share a node
and dead ends are cut. Whether something is possible, how likely it is and how to draw it are then exact walks
over the layers, with no search and no rejection. Sizes: some ten nodes a layer for usual designs; refused with a
clear message above `WIDEST`.

Only products, sums in a fixed order and comparisons are used on floats, so results are equal on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from turnwright.design.order import arrange
from turnwright.design.space import Relation
from turnwright.errors import DesignError

__all__ = ["WIDEST", "Bools", "Diagram", "Edges", "Floats", "Ints", "build"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Edges = tuple[Ints, Ints, Ints]
"""Edges of one level: sources sorted by target, where each target's run starts, the targets."""

WIDEST = 200_000
"""Nodes in one layer, before equal futures are merged."""


@dataclass(frozen=True, eq=False)
class Diagram:
    """The allowed combinations.

    order: the place of the factor at each layer. children: by layer, node x level → node of the next layer, -1
    where the level is not allowed. Every node lies on a path from the one root to the one end.
    """

    order: tuple[int, ...]
    children: tuple[Ints, ...]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Nodes by layer, the end included."""
        return (*(len(child) for child in self.children), 1)

    @cached_property
    def edges(self) -> tuple[tuple[Edges, ...], ...]:
        """Edges by layer and level, sorted for set propagation."""
        return tuple(tuple(_edges(child[:, level]) for level in range(child.shape[1])) for child in self.children)

    def below(self, weights: Sequence[Floats]) -> list[Floats]:
        """Return by layer, for each node, the sum over paths to the end of the product of their levels' weights.

        Args:
            weights: by place, one weight per level.
        """
        sums = [np.ones(1)]
        for layer in range(len(self.order) - 1, -1, -1):
            sums.append(_ordered_sum(self.flow(layer, weights[self.order[layer]], sums[-1])))
        return sums[::-1]

    def flow(self, layer: int, weights: Floats, below: Floats) -> Floats:
        """Return node x level: weight of the level times the sum below its child, 0 where it is not allowed."""
        child = self.children[layer]
        found: Floats = np.append(below, 0.0)[child] * weights
        return found

    def passed_on(self, layer: int, weights: Floats, above: Floats) -> Floats:
        """Return for each node of the next layer the sum over paths from the root."""
        child = self.children[layer]
        carried = (above[:, None] * weights[None, :])[child >= 0]
        found: Floats = np.bincount(child[child >= 0], carried, self.widths[layer + 1]).astype(np.float64)
        return found

    def alive(self, fixed: Mapping[int, int]) -> list[Bools]:
        """Return by layer which node x level lies on a path that has the fixed levels (place → level)."""
        open_below: Bools = np.ones(1, dtype=np.bool_)
        found: list[Bools] = []
        for layer in range(len(self.order) - 1, -1, -1):
            allowed = np.append(open_below, False)[self.children[layer]]
            level = fixed.get(self.order[layer])
            if level is not None:
                allowed[:, :level] = False
                allowed[:, level + 1 :] = False
            found.append(allowed)
            open_below = np.asarray(allowed.any(axis=1))
        return found[::-1]

    def draw(self, weights: Sequence[Floats], below: Sequence[Floats], chances: Floats) -> Ints:
        """Draw rows with probability proportional to the product of their levels' weights.

        Args:
            weights: by place, one weight per level. below: what `below(weights)` gives.
            chances: row x layer, uniform in [0, 1).

        Returns:
            row x place, the index of the level.
        """
        rows = np.zeros((len(chances), len(self.order)), dtype=np.int64)
        node = np.zeros(len(chances), dtype=np.int64)
        for layer, place in enumerate(self.order):
            steps = np.cumsum(self.flow(layer, weights[place], below[layer + 1]), axis=1)[node]
            chosen = (chances[:, layer, None] * steps[:, -1:] >= steps).sum(axis=1)
            rows[:, place] = chosen
            node = self.children[layer][node, chosen]
        return rows


def build(sizes: Sequence[int], relations: Sequence[Relation], order: Sequence[int] | None = None) -> Diagram | None:
    """Build the diagram of everything that the relations allow; None when they allow nothing.

    Args:
        sizes: levels by place. relations: the rules. order: places in layer order; a good one when left out.

    Raises:
        DesignError: the rules tie too many factors together (more than `WIDEST` nodes in a layer).
    """
    order = tuple(order) if order is not None else arrange(sizes, relations)
    if not all(relation.table.any() for relation in relations):
        return None
    ranged = [_Residuals(relation, order, sizes) for relation in relations if relation.scope]
    layers = _unfold(sizes, ranged, order)
    return None if layers is None else _reduced(order, layers)


class _Residuals:
    """One relation as an automaton: after some of its factors are set, which class its remaining table is in."""

    def __init__(self, relation: Relation, order: Sequence[int], sizes: Sequence[int]) -> None:
        axes = sorted(range(len(relation.scope)), key=lambda axis: order.index(relation.scope[axis]))
        self.scope = [relation.scope[axis] for axis in axes]
        self.steps: dict[int, Ints] = {}
        residuals = relation.table.transpose(axes).reshape(1, -1)
        for place in self.scope:
            classes = len(residuals)
            unique, inverse = np.unique(residuals.reshape(classes * sizes[place], -1), axis=0, return_inverse=True)
            open_ones = unique.any(axis=1)
            names = np.where(open_ones, np.cumsum(open_ones) - 1, -1)
            self.steps[place] = names[inverse.reshape(-1)].reshape(classes, sizes[place])
            residuals = unique[open_ones]


def _unfold(sizes: Sequence[int], relations: Sequence[_Residuals], order: Sequence[int]) -> list[Ints] | None:
    """Walk all relations at once, layer by layer; nodes are distinct tuples of open classes."""
    states = np.zeros((1, 0), dtype=np.int64)
    running: list[_Residuals] = []
    layers: list[Ints] = []
    for place in order:
        fresh = [one for one in relations if one.scope[0] == place]
        running += fresh
        states = np.hstack([states, np.zeros((len(states), len(fresh)), dtype=np.int64)])
        columns, allowed = _advanced(states, running, place, sizes[place])
        still = [index for index, one in enumerate(running) if one.scope[-1] != place]
        running = [running[index] for index in still]
        reached = columns[:, :, still].reshape(allowed.size, len(still))
        child = np.full(allowed.size, -1, dtype=np.int64)
        first, inverse = _distinct(reached[allowed.reshape(-1)])
        child[allowed.reshape(-1)] = inverse
        states = reached[allowed.reshape(-1)][first]
        if not len(states):
            return None
        if len(states) > WIDEST:
            raise _too_wide([one.scope for one in running])
        layers.append(child.reshape(allowed.shape))
    return layers


def _advanced(states: Ints, running: Sequence[_Residuals], place: int, size: int) -> tuple[Ints, Bools]:
    """Return state x level x relation: the next classes, and state x level: whether no relation is broken."""
    columns = np.repeat(states[:, None, :], size, axis=1)
    allowed = np.ones((len(states), size), dtype=np.bool_)
    for index, one in enumerate(running):
        if place in one.steps:
            columns[:, :, index] = one.steps[place][states[:, index]]
            allowed &= columns[:, :, index] >= 0
    return columns, allowed


def _too_wide(scopes: Sequence[Sequence[int]]) -> DesignError:
    return DesignError(
        f"the rules tie too many factors together to be worked out ({len(scopes)} rules over "
        f"{len({place for scope in scopes for place in scope})} factors are open at once, over {WIDEST:,} states)",
        where="design.constraints",
        fix="drop some constraints, or let them name fewer factors and levels",
    )


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Return the first index of each distinct row, and for each row the number of its distinct row."""
    key = np.zeros(len(rows), dtype=np.int64)
    largest = 1
    for column in rows.T:
        size = int(column.max(initial=0)) + 1
        if largest * size >= 2**62:
            key = np.unique(key, return_inverse=True)[1].reshape(-1)
            largest = int(key.max(initial=0)) + 1
        key = key * size + column
        largest *= size
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _reduced(order: tuple[int, ...], layers: Sequence[Ints]) -> Diagram | None:
    """Cut dead ends and merge nodes with equal futures, from the end; then number the nodes that are reached."""
    merged = np.zeros(1, dtype=np.int64)
    kept: list[Ints] = []
    for layer in reversed(layers):
        child = np.append(merged, -1)[layer]
        alive = (child >= 0).any(axis=1)
        first, inverse = _distinct(child[alive] + 1)
        merged = np.full(len(child), -1, dtype=np.int64)
        merged[alive] = inverse
        kept.append(child[alive][first])
    if not len(merged) or merged[0] < 0:
        return None
    return Diagram(order, tuple(_numbered(kept[::-1])))


def _numbered(layers: Sequence[Ints]) -> list[Ints]:
    reached = np.zeros(1, dtype=np.int64)
    found: list[Ints] = []
    for layer in layers:
        child = layer[reached]
        reached = np.unique(child[child >= 0])
        found.append(np.where(child >= 0, np.searchsorted(reached, child), -1))
    return found


def _edges(targets: Ints) -> Edges:
    sources = np.flatnonzero(targets >= 0)
    sources = sources[np.argsort(targets[sources], kind="stable")]
    ends, starts = np.unique(targets[sources], return_index=True)
    return sources, starts, ends


def _ordered_sum(flow: Floats) -> Floats:
    """Sum over levels, strictly from left to right."""
    found: Floats = np.cumsum(flow, axis=1)[:, -1]
    return found
