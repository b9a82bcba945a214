"""How many scenarios of each kind a design has: covering rows, quota rows, free draws, in this order.

Rare is designed: quotas come first. A design too small for all of them is refused; one too small for the whole
covering array keeps as many of its rows as the quotas leave room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from turnwright.design.chance import uniforms
from turnwright.design.conflict import Conflicts
from turnwright.design.diagram import Diagram, Ints
from turnwright.design.space import Space
from turnwright.design.target import Target
from turnwright.errors import DesignError

__all__ = ["Layout", "Quota", "lay_out", "quotas"]


@dataclass(frozen=True)
class Quota:
    """At least `least` scenarios have this level of the factor at this place."""

    place: int
    level: int
    least: int


@dataclass(frozen=True, eq=False)
class Layout:
    """The rows that are fixed before free draws start.

    cover, quota: row x place, indices of levels. strata: each quota with the number of rows drawn for it.
    free: how many scenarios are drawn freely.
    """

    cover: Ints
    quota: Ints
    strata: tuple[tuple[Quota, int], ...]
    free: int

    @property
    def count(self) -> int:
        """All scenarios."""
        return len(self.cover) + len(self.quota) + self.free


def quotas(space: Space, diagram: Diagram, share: float | None, count: int) -> list[Quota]:
    """Return the quotas of all levels, scaled down to `share` of `count` scenarios when there is one.

    Raises:
        DesignError: a level with a quota cannot occur; names the rules that forbid it.
    """
    found = []
    for place, (name, factor) in enumerate(space.factors.items()):
        for index, (level, made) in enumerate(factor.levels.items()):
            if not made.quota:
                continue
            if not diagram.alive({place: index})[0].any():
                reasons = "; ".join(Conflicts(space, diagram.order).reasons({place: index}))
                raise DesignError(
                    f"level '{level}' has a quota of {made.quota} but can never occur: {reasons}",
                    where=f"factor '{name}'",
                    fix="change the rule, or drop the quota",
                )
            found.append(Quota(place, index, made.quota))
    room = (share or 1.0) * count
    asked = sum(quota.least for quota in found)
    if share is None or asked <= room:
        return found
    return [Quota(one.place, one.level, max(1, int(one.least * room / asked))) for one in found]


def lay_out(array: Ints, wanted: Sequence[Quota], target: Target, count: int, seed: int) -> Layout:
    """Divide `count` scenarios.

    Args:
        array: the covering array, the most useful row first.

    Raises:
        DesignError: the quotas need more scenarios than `count`; says how many.
    """
    has = [array[:, quota.place] == quota.level for quota in wanted]
    counted = [np.concatenate([[0], np.cumsum(shown)]) for shown in has]
    lacking = [np.maximum(quota.least - held, 0) for quota, held in zip(wanted, counted, strict=True)]
    needed = np.arange(len(array) + 1) + sum(lacking, start=np.zeros(len(array) + 1, dtype=np.int64))
    fitting = np.flatnonzero(needed <= count)
    if not len(fitting):
        least = int(needed.min())
        raise DesignError(
            f"the quotas of {len(wanted)} levels need at least {least:,} scenarios, not {count:,}",
            where="design",
            fix=f"ask for {least:,} or more, lower the quotas, or set design.rare_share",
        )
    kept = int(fitting[-1])
    strata = tuple((quota, int(short[kept])) for quota, short in zip(wanted, lacking, strict=True) if short[kept])
    rows = _quota_rows(strata, target, seed)
    return Layout(array[:kept], rows, strata, count - kept - len(rows))


def _quota_rows(strata: Sequence[tuple[Quota, int]], target: Target, seed: int) -> Ints:
    """Draw the rows of each stratum from the target given its level; the strata take turns."""
    factors = len(target.weights)
    drawn = [
        target.draw_with(quota.place, quota.level, uniforms((size, factors), seed, "quota", quota.place, quota.level))
        for quota, size in strata
    ]
    turns = [(turn, stratum) for stratum, rows in enumerate(drawn) for turn in range(len(rows))]
    rows = [drawn[stratum][turn] for turn, stratum in sorted(turns)]
    return np.array(rows, dtype=np.int64).reshape(-1, factors)
