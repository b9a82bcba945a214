"""What a set of scenarios shows of its design: per group the tuples reached, possible and impossible, with reasons.

Only data; how it looks on a screen is the CLI's affair.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from turnwright.design.conflict import Conflicts
from turnwright.design.diagram import Bools, Diagram, Ints
from turnwright.design.space import Space
from turnwright.design.tuples import Tuples, possible

__all__ = ["CoverageReport", "Forbidden", "GroupCoverage", "Required", "explain", "measure"]

LISTED = 200
"""Impossible combinations that are listed with their reasons; all are counted."""
MISSING = 20
"""Missing combinations that are listed per group."""


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """A combination that no scenario can have, and a minimal set of rules that together forbid it."""

    levels: dict[str, str]
    reasons: tuple[str, ...]


class GroupCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One group of factors at its strength; counts are combinations of that many levels.

    missing: the first few that are possible but not shown.
    """

    factors: str
    strength: int
    covered: int
    possible: int
    impossible: int
    missing: tuple[dict[str, str], ...] = ()

    @property
    def share(self) -> float:
        """Covered share of what is possible; 1 when nothing is."""
        return self.covered / self.possible if self.possible else 1.0


class CoverageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage of all groups, and what cannot occur (smallest combinations only, the first `LISTED`).

    A combination that is impossible because a part of it is stands in `impossible` with that part alone.
    """

    groups: tuple[GroupCoverage, ...]
    impossible: tuple[Forbidden, ...] = ()
    unlisted: int = 0

    @property
    def covered(self) -> int:
        """Combinations shown, over all groups."""
        return sum(group.covered for group in self.groups)

    @property
    def possible(self) -> int:
        """Combinations that can occur, over all groups."""
        return sum(group.possible for group in self.groups)

    @property
    def share(self) -> float:
        """Covered share over all groups."""
        return self.covered / self.possible if self.possible else 1.0

    def rows(self) -> list[tuple[str, int, int, int, float, int]]:
        """Table rows: factors, strength, covered, possible, covered share, impossible."""
        return [
            (group.factors, group.strength, group.covered, group.possible, group.share, group.impossible)
            for group in self.groups
        ]

    def impossible_rows(self) -> list[tuple[str, int, str]]:
        """Table rows: the rules, how many combinations they forbid, the first three of these; single rules first."""
        by_rules: dict[tuple[str, ...], list[str]] = {}
        for one in self.impossible:
            named = " & ".join(f"{factor}={level}" for factor, level in one.levels.items())
            by_rules.setdefault(one.reasons, []).append(named)
        ordered = sorted(by_rules.items(), key=lambda entry: len(entry[0]))
        return [("; ".join(rules), len(found), ", ".join(found[:3])) for rules, found in ordered]


class Required:
    """What a design asks for: the tuples, and which of them are possible (by number)."""

    def __init__(self, space: Space, diagram: Diagram, tuples: Tuples) -> None:
        self.space, self.diagram, self.tuples = space, diagram, tuples
        self.possible: Bools = possible(diagram, tuples)

    def named(self, levels: dict[int, int]) -> dict[str, str]:
        """Return factor → level of place → level, in the order of the factors."""
        return {self.space.names[place]: self.space.levels[place][levels[place]] for place in sorted(levels)}


def measure(required: Required, rows: Ints, impossible: Sequence[Forbidden] = (), unlisted: int = 0) -> CoverageReport:
    """Return what the rows (row x place, indices of levels, -1 for absent) show."""
    shown = required.tuples.shown(rows) & required.possible
    groups = tuple(_group(required, shown, *group) for group in required.tuples.groups)
    return CoverageReport(groups=groups, impossible=tuple(impossible), unlisted=unlisted)


def _group(
    required: Required, shown: Bools, name: str, strength: int, combinations: Sequence[tuple[int, ...]]
) -> GroupCoverage:
    blocks = [required.tuples.blocks[combination] for combination in combinations]
    numbers = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    can, did = required.possible[numbers], shown[numbers]
    missing = numbers[can & ~did][:MISSING].tolist()
    return GroupCoverage(
        factors=name,
        strength=strength,
        covered=int(did.sum()),
        possible=int(can.sum()),
        impossible=int((~can).sum()),
        missing=tuple(required.named(required.tuples.levels(number)) for number in missing),
    )


def explain(required: Required) -> tuple[tuple[Forbidden, ...], int]:
    """Return the smallest impossible combinations with their reasons, and how many more there are."""
    conflicts = Conflicts(required.space, required.diagram.order)
    smallest = _smallest(required)
    listed = tuple(
        Forbidden(levels=required.named(levels), reasons=conflicts.reasons(levels)) for levels in smallest[:LISTED]
    )
    return listed, len(smallest) - len(listed)


def _smallest(required: Required) -> list[dict[int, int]]:
    """Return the impossible tuples, each cut down to its smallest impossible part, without repeats."""
    found: dict[frozenset[tuple[int, int]], None] = {}
    alive: dict[frozenset[tuple[int, int]], bool] = {}

    def occurs(part: frozenset[tuple[int, int]]) -> bool:
        if part not in alive:
            alive[part] = bool(required.diagram.alive(dict(part))[0].any())
        return alive[part]

    for number in np.flatnonzero(~required.possible).tolist():
        part = frozenset(required.tuples.levels(number).items())
        for pair in sorted(part):
            if len(part) > 1 and not occurs(part - {pair}):
                part -= {pair}
        found.setdefault(part)
    return sorted((dict(sorted(part)) for part in found), key=lambda levels: (len(levels), sorted(levels.items())))
