"""The level combinations that a design has to show, numbered, and which of them can occur at all.

Every combination of t factors has a block of numbers, one per combination of their levels. "Does not apply" is no
level, so it is never asked for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from turnwright.design.diagram import Bools, Diagram, Ints
from turnwright.design.settings import DesignSettings
from turnwright.design.space import Space
from turnwright.errors import DesignError

__all__ = ["MOST", "Block", "Tuples", "ask", "possible"]

MOST = 3_000_000
"""Tuples that one design may ask for."""
Combination = tuple[int, ...]
"""Places of factors, in the layer order of the diagram."""


class Block(NamedTuple):
    """Combinations of equal size as arrays: their indices, combination x factor, combination x factor, starts."""

    indices: Ints
    places: Ints
    strides: Ints
    starts: Ints


@dataclass(frozen=True, eq=False)
class Tuples:
    """The numbered tuples.

    counts: levels by place, "does not apply" left out. groups: name, strength and combinations of each group.
    combinations: all of them, once.
    """

    counts: tuple[int, ...]
    groups: tuple[tuple[str, int, tuple[Combination, ...]], ...]
    combinations: tuple[Combination, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Tuples by combination."""
        return tuple(math.prod(self.counts[place] for place in combination) for combination in self.combinations)

    @cached_property
    def starts(self) -> Ints:
        """First number of each combination's block."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @cached_property
    def blocks(self) -> dict[Combination, slice]:
        """The numbers of each combination."""
        found = zip(self.combinations, self.starts, self.sizes, strict=True)
        return {combination: slice(int(start), int(start) + size) for combination, start, size in found}

    @property
    def total(self) -> int:
        """How many tuples there are; also the number that stands for "no tuple" in `numbers`."""
        return sum(self.sizes)

    def strides(self, combination: Combination) -> tuple[int, ...]:
        """What one step of each factor's level adds to the number."""
        counts = [self.counts[place] for place in combination]
        return tuple(math.prod(counts[index + 1 :]) for index in range(len(counts)))

    def numbers(self, rows: Ints) -> Ints:
        """Return row x combination: the number of the tuple that the row shows, `total` where a factor is absent.

        Args:
            rows: row x place, indices of levels; -1 or an index past the levels is "absent".
        """
        found = np.empty((len(rows), len(self.combinations)), dtype=np.int64)
        for block in self.layout:
            number, present = self.numbered(block, rows)
            found[:, block.indices] = np.where(present, number, self.total)
        return found

    def numbered(self, block: Block, rows: Ints) -> tuple[Ints, Bools]:
        """Return row x combination of the block: first number plus what the known levels add; whether all apply."""
        levels = rows[:, block.places]
        present: Bools = np.asarray(((levels >= 0) & (levels < np.array(self.counts)[block.places])).all(axis=2))
        return block.starts + (levels * block.strides).sum(axis=2), present

    @cached_property
    def layout(self) -> tuple[Block, ...]:
        """All combinations, a block for each strength."""
        return self.blocked(range(len(self.combinations)))

    def blocked(self, indices: Iterable[int], cut: int = 0) -> tuple[Block, ...]:
        """Return these combinations as arrays, a block for each strength; the last `cut` factors are left out."""
        by_size: dict[int, list[int]] = {}
        for index in indices:
            by_size.setdefault(len(self.combinations[index]), []).append(index)
        return tuple(self._block(found, size - cut) for size, found in by_size.items())

    def _block(self, indices: list[int], size: int) -> Block:
        combinations = [self.combinations[index] for index in indices]
        shape = (len(indices), size)
        places = np.array([found[:size] for found in combinations], dtype=np.int64).reshape(shape)
        strides = np.array([self.strides(found)[:size] for found in combinations], dtype=np.int64).reshape(shape)
        return Block(np.array(indices, dtype=np.int64), places, strides, self.starts[indices])

    def shown(self, rows: Ints) -> Bools:
        """Return by number whether any of the rows shows the tuple."""
        found = np.zeros(self.total + 1, dtype=np.bool_)
        for start in range(0, len(rows), 1024):
            found[self.numbers(rows[start : start + 1024]).reshape(-1)] = True
        return found[:-1]

    def levels(self, number: int) -> dict[int, int]:
        """Return place → level of one tuple."""
        index = int(np.searchsorted(self.starts, number, side="right")) - 1
        combination = self.combinations[index]
        rest = number - int(self.starts[index])
        found = {}
        for place, stride in zip(combination, self.strides(combination), strict=True):
            found[place], rest = divmod(rest, stride)
        return found


def ask(settings: DesignSettings, space: Space, order: Sequence[int]) -> Tuples:
    """Return the tuples that strength and groups ask for.

    Raises:
        DesignError: a group names what is no factor, or more than `MOST` tuples are asked for.
    """
    counts = tuple(len(levels) for levels in space.levels)
    members = [
        [space.place(name, f"design.groups, group {index + 1}") for name in group.factors]
        for index, group in enumerate(settings.groups)
    ]
    strength = min(settings.strength, len(order))
    _check_number(counts, [(range(len(order)), strength)])
    _check_number(counts, [(group, made.strength) for group, made in zip(members, settings.groups, strict=True)])
    everywhere = [
        combination
        for combination in itertools.combinations(order, strength)
        if not any(set(combination) <= set(group) for group in members)
    ]
    groups = [("all factors", strength, tuple(everywhere))] if everywhere else []
    for group, made in zip(members, settings.groups, strict=True):
        laid_out = sorted(group, key=list(order).index)
        own = tuple(itertools.combinations(laid_out, made.strength))
        groups.append((", ".join(made.factors), made.strength, own))
    unique = tuple(dict.fromkeys(combination for _, _, found in groups for combination in found))
    return Tuples(counts, tuple(groups), unique)


def _check_number(counts: Sequence[int], wanted: Sequence[tuple[Sequence[int], int]]) -> None:
    """Refuse absurd strengths before anything is listed (elementary symmetric sums of the level counts)."""
    for places, strength in wanted:
        sums = [1] + [0] * strength
        for place in places:
            for size in range(strength, 0, -1):
                sums[size] += sums[size - 1] * counts[place]
        if sums[strength] > MOST:
            raise DesignError(
                f"strength {strength} over {len(places)} factors asks for {sums[strength]:,} combinations, "
                f"more than {MOST:,}",
                where="design",
                fix="lower the strength, or give the high strength to a group of fewer factors",
            )


def possible(diagram: Diagram, tuples: Tuples) -> Bools:
    """Return by number whether some allowed combination shows the tuple (exact)."""
    found = np.zeros(tuples.total, dtype=np.bool_)
    layer_of = {place: layer for layer, place in enumerate(diagram.order)}
    prefixes: dict[Combination, set[int]] = {}
    for combination in tuples.combinations:
        for size in range(len(combination)):
            prefixes.setdefault(combination[:size], set()).add(layer_of[combination[size]])
    start = np.ones((1, 1), dtype=np.bool_)
    for combination, shown in _reach(diagram, tuples.counts, prefixes, (), start, 0):
        if combination in tuples.blocks:
            found[tuples.blocks[combination]] = shown
    return found


def _reach(
    diagram: Diagram,
    counts: Sequence[int],
    prefixes: dict[Combination, set[int]],
    prefix: Combination,
    reached: Bools,
    layer: int,
) -> Iterator[tuple[Combination, Bools]]:
    """Yield each combination that goes on from `prefix` with what is possible in its block.

    reached: one row per level combination of the prefix x node of this layer that it can lead to.
    """
    wanted = prefixes[prefix]
    for here in range(layer, max(wanted) + 1):
        place = diagram.order[here]
        if here in wanted:
            grown = (*prefix, place)
            child = diagram.children[here]
            steps = [reached[:, child[:, level] >= 0].any(axis=1) for level in range(counts[place])]
            yield grown, np.stack(steps, axis=1).reshape(-1)
            if grown in prefixes:
                split = [_propagated(diagram, here, level, reached) for level in range(counts[place])]
                rows = np.stack(split, axis=1).reshape(-1, diagram.widths[here + 1])
                yield from _reach(diagram, counts, prefixes, grown, rows, here + 1)
        every = [_propagated(diagram, here, level, reached) for level in range(len(diagram.edges[here]))]
        reached = np.logical_or.reduce(every)


def _propagated(diagram: Diagram, layer: int, level: int, reached: Bools) -> Bools:
    """Follow the edges of one level: row x node of the next layer."""
    sources, starts, ends = diagram.edges[layer][level]
    found = np.zeros((len(reached), diagram.widths[layer + 1]), dtype=np.bool_)
    if len(sources):
        found[:, ends] = np.logical_or.reduceat(reached[:, sources], starts, axis=1)
    return found
