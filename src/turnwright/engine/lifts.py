"""Which levels of a design show something more often than their siblings do, by the conversations of a run.

Levels are compared within their factor, so what all of them show alike points to none. It decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import msgspec

from turnwright.reading import Example

__all__ = ["Lift", "gains", "lifts"]

CERTAIN = 2.33
"""Standard errors by which a level's lift must be clear of none (one-sided 1 %)."""


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """How a level shows a cell: share of its conversations that do, share of its siblings' that do, its conversations.

    low: lower bound of the log of their ratio (Katz et al. 1978); above 0 where the level is clearly ahead.
    """

    factor: str
    level: str
    shown: float
    otherwise: float
    conversations: int
    low: float


def lifts(generated: Sequence[Example], shows: Sequence[bool]) -> tuple[Lift, ...]:
    """Compare every level with its siblings, by the conversations that show something."""
    counted: dict[str, dict[str, tuple[int, int]]] = {}
    for one, shown in zip(generated, shows, strict=True):
        for factor, level in one.levels.items():
            levels = counted.setdefault(factor, {})
            hits, count = levels.get(level, (0, 0))
            levels[level] = (hits + shown, count + 1)
    return tuple(
        _lift(factor, level, levels) for factor, levels in counted.items() if len(levels) > 1 for level in levels
    )


def _lift(factor: str, level: str, levels: Mapping[str, tuple[int, int]]) -> Lift:
    hits, count = levels[level]
    other_hits = sum(hit for name, (hit, _) in levels.items() if name != level)
    others = sum(each for name, (_, each) in levels.items() if name != level)
    ratio = math.log((hits + 0.5) / (count + 0.5)) - math.log((other_hits + 0.5) / (others + 0.5))
    spread = 1 / (hits + 0.5) - 1 / (count + 0.5) + 1 / (other_hits + 0.5) - 1 / (others + 0.5)
    return Lift(
        factor=factor,
        level=level,
        shown=hits / count,
        otherwise=other_hits / others,
        conversations=count,
        low=ratio - CERTAIN * math.sqrt(max(spread, 0.0)),
    )


def gains(
    generated: Sequence[Example], shows: Sequence[bool], factors: Collection[str]
) -> dict[tuple[str, str], float]:
    """By (factor, level) of these factors, how much more often its conversations show something; clear leads only."""
    ahead = [one for one in lifts(generated, shows) if one.low > 0 and one.factor in factors]
    return {(one.factor, one.level): one.shown - one.otherwise for one in ahead}
