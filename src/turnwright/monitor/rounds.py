"""Rounds against one frozen reference: what each has lost, how fast, and whether the set collapses.

A loop that trains on its own words loses what is rare first, a little each round, so comparing a round with the one
before shows nothing. Every round is compared with the same human conversations, frozen at the start. Whether a round's
set holds all rounds so far (`accumulate`) or only its own (`replace`) is the caller's choice and is written down.

The alarm: for some figure, the slope over the rounds is surely below zero **and** more than a third of it is surely
lost: of the tail's share, or of the variety in effective numbers (2 to the entropy), and more than human halves lose
against one another. Each "surely" is a one-sided bound at alpha, shared by the figures and spent over the rounds
(`spending`). So a set that merely differs from the reference, always by as much, does not set it off (that is for
gates), nor does a small loss in the first rounds, with which every generator begins; if either is the truth, the chance
of any alarm is at most alpha. Slopes need three rounds. Nothing is stopped here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import ClassVar, Literal

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.monitor.frozen import (
    LEAST,
    FrozenReference,
    Level,
    compared,
    freeze,
    kept_reference,
    same_reference,
)
from turnwright.monitor.slopes import Slope, slope_of
from turnwright.monitor.spending import spent
from turnwright.monitor.variety import FIGURES, Counted, human_words, measured
from turnwright.reading import Example, set_hash
from turnwright.records import Record

__all__ = [
    "FrozenReference",
    "Level",
    "Mode",
    "RoundFigures",
    "Watch",
    "freeze",
    "kept_reference",
    "levels_table",
    "round_figures",
    "watch",
]

Mode = Literal["accumulate", "replace"]
FEWEST = 3
"""Rounds from which on there are slopes."""
HUMAN_FLOOR = 0.1
LOSS = 1 / 3
"""Part of a figure that must surely be lost before there is an alarm."""


class RoundFigures(Record, frozen=True, kw_only=True):
    """What was read off one round's set. set, reference: content ids. human_share: of the words of known origin;
    known: share of words whose origin is known.
    """

    prefix: ClassVar[str] = "rf"

    number: int
    mode: Mode
    set: str
    reference: str
    conversations: int
    levels: tuple[Level, ...]
    human_share: float | None
    known: float

    def level(self, name: str) -> Level | None:
        """The figure of this name."""
        return next((one for one in self.levels if one.name == name), None)


class Watch(Record, frozen=True, kw_only=True):
    """What the rounds say together. slopes: a figure each, from three rounds on. alarm: whether the alarm was set off
    after any round so far; since: the round; why: by which figures. warnings: human share, and what cannot be told.
    """

    prefix: ClassVar[str] = "wa"

    reference: str
    rounds: int
    alpha: float
    slopes: tuple[Slope, ...]
    alarm: bool
    since: int | None = None
    why: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


# --- one round --------------------------------------------------------------------------------------------------


def round_figures(
    examples: Sequence[Example],
    reference: Sequence[Example],
    frozen: FrozenReference,
    *,
    number: int,
    mode: Mode = "accumulate",
    seed: int = 0,
) -> RoundFigures:
    """Read the figures of one round's set (what the next student learns from).

    Raises:
        InputError: this is another reference than the frozen one.
    """
    same_reference(frozen, set_hash(reference), f"round {number}")
    share, known = human_words(examples)
    return RoundFigures(
        number=number,
        mode=mode,
        set=set_hash(examples),
        reference=frozen.reference,
        conversations=len(examples),
        levels=_levels(examples, reference, frozen, seed),
        human_share=share,
        known=known,
    )


def _levels(
    examples: Sequence[Example], reference: Sequence[Example], frozen: FrozenReference, seed: int
) -> tuple[Level, ...]:
    if len(examples) < LEAST:
        why = f"{len(examples)} conversations; at least {LEAST} are needed"
        return tuple(Level(name=name, value=None, why=why) for name in FIGURES)
    tail, size = frozenset(frozen.tail), min(frozen.size, len(examples))
    now = measured(Counted(examples), tail, size=size, seed=seed)
    human = frozen.levels if size == frozen.size else measured(Counted(reference), tail, size=size, seed=seed)
    fewer = math.sqrt(len(reference) / len(examples))
    made = []
    for name in FIGURES:
        level = compared(name, now[name], human[name], fewer)
        floor = frozen.floors.get(name)
        made.append(msgspec.structs.replace(level, floor=floor.low if floor else None))
    return tuple(made)


# --- all rounds -------------------------------------------------------------------------------------------------


def watch(
    rounds: Sequence[RoundFigures], *, alpha: float = 0.05, loss: float = LOSS, human_floor: float = HUMAN_FLOOR
) -> Watch:
    """Follow the figures over the rounds, the first one first.

    Args:
        loss: part of a figure that must surely be lost before there is an alarm.
        human_floor: share of human words below which there is a warning.

    Raises:
        InputError: there is no round, or rounds were compared with different references.
    """
    if not rounds:
        raise InputError("there is no round to watch", fix="give the figures of at least one round")
    for one in rounds:
        if one.reference != rounds[0].reference:
            raise InputError(
                f"round {one.number} was compared with another reference than round {rounds[0].number}",
                fix="compare all rounds with one frozen reference",
            )
    since, why = _alarm(rounds, alpha, loss)
    return Watch(
        reference=rounds[0].reference,
        rounds=len(rounds),
        alpha=alpha,
        slopes=_slopes(rounds, alpha),
        alarm=since is not None,
        since=since,
        why=why,
        warnings=_warnings(rounds, human_floor),
    )


def _alarm(rounds: Sequence[RoundFigures], alpha: float, loss: float) -> tuple[int | None, tuple[str, ...]]:
    """The first round after which the alarm was set off, and by what."""
    for count in range(FEWEST, len(rounds) + 1):
        seen = rounds[:count]
        falling = [(one, seen[-1].level(one.name)) for one in _slopes(seen, alpha) if one.high < 0]
        told = tuple(_told(one, level) for one, level in falling if level and _surely_lost(level, one.error, loss))
        if told:
            return seen[-1].number, told
    return None, ()


def _surely_lost(level: Level, error: float, loss: float) -> bool:
    if level.value is None or level.floor is None:
        return False
    left = 1 - loss if level.name == "tail_retention" else math.log2(1 - loss)
    return level.value - NormalDist().inv_cdf(error) * math.hypot(level.error, level.shared) < min(left, level.floor)


def _told(slope: Slope, level: Level) -> str:
    assert level.value is not None
    left = level.value if level.name == "tail_retention" else 2**level.value
    return (
        f"{slope.name}: {left:.0%} of the {FIGURES[slope.name]} is left, and it falls by {-slope.value:.2g} a round "
        f"(by {-slope.high:.2g} at least)"
    )


def _slopes(rounds: Sequence[RoundFigures], alpha: float) -> tuple[Slope, ...]:
    """The slope of every figure that at least three rounds have, bounded at the error of this look."""
    if len(rounds) < FEWEST:
        return ()
    part = spent(alpha / len(FIGURES), len(rounds) - FEWEST + 1)
    made = []
    for name in FIGURES:
        known = [(one, level) for one in rounds if (level := one.level(name)) and level.value is not None]
        if len(known) >= FEWEST:
            made.append(_slope(name, known, part))
    return tuple(made)


def _slope(name: str, known: Sequence[tuple[RoundFigures, Level]], part: float) -> Slope:
    values = np.array([level.value for _, level in known], np.float64)
    errors = np.array([level.error for _, level in known], np.float64)
    return slope_of(
        name,
        np.array([one.number for one, _ in known], np.float64),
        values,
        np.outer(errors, errors) * _shared_parts([one for one, _ in known]),
        part,
    )


def _shared_parts(rounds: Sequence[RoundFigures]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Correlation of the rounds' own errors: a set that holds an earlier one shares its draw with it."""
    made = np.eye(len(rounds))
    for later, one in enumerate(rounds):
        for earlier in range(later - 1, -1, -1):
            if rounds[earlier + 1].mode == "replace":
                break
            few, many = sorted((rounds[earlier].conversations, one.conversations))
            made[earlier, later] = made[later, earlier] = math.sqrt(few / many) if many else 0.0
    return made


def _warnings(rounds: Sequence[RoundFigures], human_floor: float) -> tuple[str, ...]:
    last = rounds[-1]
    told = []
    if last.human_share is None:
        told.append(f"round {last.number}: nobody says who wrote the words, so the human share is unknown")
    elif last.human_share < human_floor - 1e-9:
        told.append(
            f"round {last.number}: {last.human_share:.1%} of the words are human, below the floor of {human_floor:.0%}"
        )
    if last.human_share is not None and last.known < 0.9:
        told.append(f"round {last.number}: of {1 - last.known:.0%} of the words nobody says who wrote them")
    if last.mode == "replace":
        told.append("each round replaces the one before, which is what collapses; accumulate unless you mean it")
    if len(rounds) < FEWEST:
        told.append(f"{len(rounds)} rounds: slopes, and so the alarm, need {FEWEST}")
    told += [f"round {last.number}: no {one.name}: {one.why}" for one in last.levels if one.value is None]
    return tuple(told)


def levels_table(rounds: Sequence[RoundFigures]) -> Mapping[str, tuple[float | None, ...]]:
    """Name → the figure in every round, for tables and plots."""
    found = {name: [one.level(name) for one in rounds] for name in FIGURES}
    return {name: tuple(one.value if one else None for one in levels) for name, levels in found.items()}
