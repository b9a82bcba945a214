"""Whether rounds drift: the slope of every level's share, towards or away from the target and the teacher's own level.

A share may wander within what its number of conversations allows; only slopes past that are called a drift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Literal

import msgspec

from turnwright.errors import InputError
from turnwright.monitor.bias.chances import holm

__all__ = ["Amplified", "Drift", "amplification"]

Drift = Literal["towards", "away", "steady"]
_NORMAL = NormalDist()


class Amplified(msgspec.Struct, frozen=True, kw_only=True):
    """One level over the rounds. shares: round by round. slope: change of its share a round, with its 95 % interval.

    p: of no slope, adjusted: after Holm over the levels. target, teacher: where it should be, and where the teacher is
    by itself (None where nobody says); to_target, to_teacher: which way it moves from there.
    """

    attribute: str
    level: str
    shares: tuple[float, ...]
    slope: float
    low: float
    high: float
    p: float
    adjusted: float = 1.0
    target: float | None = None
    teacher: float | None = None
    to_target: Drift = "steady"
    to_teacher: Drift = "steady"


def amplification(
    attribute: str,
    rounds: Sequence[Mapping[str, float]],
    target: Mapping[str, float] | None = None,
    teacher: Mapping[str, float] | None = None,
    *,
    alpha: float = 0.05,
) -> tuple[Amplified, ...]:
    """Fit a line through the shares of every level, each round counting by its number of conversations.

    Args:
        rounds: level → conversations, of every round in order. target, teacher: level → share (any scale).

    Raises:
        InputError: there are fewer than two rounds, or one is empty.
    """
    if len(rounds) < 2:
        raise InputError(f"{len(rounds)} round has no slope", where=attribute, fix="give two rounds or more")
    if not all(sum(one.values()) > 0 for one in rounds):
        raise InputError("a round without a conversation has no shares", where=attribute, fix="leave that round out")
    levels = list(dict.fromkeys(level for shares in (target or {}, *rounds) for level in shares))
    made = [_level(attribute, level, rounds, _share(target, level), _share(teacher, level)) for level in levels]
    adjusted = holm([one.p for one in made])
    return tuple(_told(one, p, alpha) for one, p in zip(made, adjusted, strict=True))


def _level(
    attribute: str, level: str, rounds: Sequence[Mapping[str, float]], target: float | None, teacher: float | None
) -> Amplified:
    sizes = [sum(one.values()) for one in rounds]
    shares = [one.get(level, 0.0) / size for one, size in zip(rounds, sizes, strict=True)]
    # two conversations more on either side keep a share of 0 or 1 from counting as certain (Agresti & Coull 1998)
    near = [(share * size + 2) / (size + 4) for share, size in zip(shares, sizes, strict=True)]
    weights = [(size + 4) / (part * (1 - part)) for part, size in zip(near, sizes, strict=True)]
    middle = sum(w * x for x, w in enumerate(weights)) / sum(weights)
    spread = sum(w * (x - middle) ** 2 for x, w in enumerate(weights))
    slope = sum(w * (x - middle) * share for x, (w, share) in enumerate(zip(weights, shares, strict=True))) / spread
    error = 1 / math.sqrt(spread)
    reach = _NORMAL.inv_cdf(0.975) * error
    return Amplified(
        attribute=attribute, level=level, shares=tuple(shares), slope=slope, low=slope - reach, high=slope + reach,
        p=2 * _NORMAL.cdf(-abs(slope) / error), target=target, teacher=teacher,
    )  # fmt: skip


def _told(one: Amplified, adjusted: float, alpha: float) -> Amplified:
    drifts = adjusted < alpha
    return msgspec.structs.replace(
        one, adjusted=adjusted,
        to_target=_direction(one, one.target) if drifts else "steady",
        to_teacher=_direction(one, one.teacher) if drifts else "steady",
    )  # fmt: skip


def _direction(one: Amplified, aim: float | None) -> Drift:
    """By the fitted line, whether its end lies nearer to the aim than its beginning."""
    if aim is None:
        return "steady"
    reach = one.slope * (len(one.shares) - 1)
    middle = sum(one.shares) / len(one.shares)
    return "towards" if abs(middle + reach / 2 - aim) < abs(middle - reach / 2 - aim) else "away"


def _share(shares: Mapping[str, float] | None, level: str) -> float | None:
    return shares.get(level, 0.0) / sum(shares.values()) if shares else None
