"""The page over all rounds: every figure against one frozen reference, its slope, and whether the set collapses.

Shows what `monitor.rounds` found and computes nothing but the ends of the intervals that it draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from turnwright.monitor.page import wording
from turnwright.monitor.page.courses import Point, course
from turnwright.monitor.page.template import look, template
from turnwright.monitor.rounds import Level, RoundFigures, Watch
from turnwright.monitor.slopes import Slope
from turnwright.monitor.variety import FIGURES
from turnwright.records.fidelity import Light

__all__ = ["rounds_page"]

Z = 1.96
"""Standard errors to either end of a 95 % interval."""


class _Course(NamedTuple):
    """One card of the page: a figure, its chart, and what its slope says."""

    name: str
    means: str
    picture: str
    points: tuple[Point, ...]
    slope: Slope | None
    why: str

    @property
    def told(self) -> str:
        """What there is to show; "" for a figure that these rounds were never asked for."""
        return self.picture or self.why


def rounds_page(rounds: Sequence[RoundFigures], watched: Watch, *, human_floor: float = 0.1) -> str:
    """One self-contained HTML page. human_floor: share of human words below which a set is warned about."""
    light: Light = "red" if watched.alarm else "amber" if watched.warnings else "green"
    return template("rounds").render(
        rounds=rounds,
        watched=watched,
        light=light,
        verdict=_verdict(watched),
        courses=[one for name, means in FIGURES.items() if (one := _course(name, means, rounds, watched)).told],
        human=_human(rounds, human_floor),
        human_floor=human_floor,
        look=look(),
        signs=wording.SIGNS,
        number=wording.number,
        span=wording.span,
        slope_said=_slope_said,
    )


def _verdict(watched: Watch) -> str:
    if watched.alarm:
        return f"Alarm since round {watched.since}: the set is collapsing."
    if watched.slopes:
        return f"No collapse is shown over {watched.rounds} rounds."
    return f"{watched.rounds} round{'s' if watched.rounds != 1 else ''}: too few to say whether the set collapses."


def _course(name: str, means: str, rounds: Sequence[RoundFigures], watched: Watch) -> _Course:
    levels = [one.level(name) for one in rounds]
    points = tuple(_point(one.number, level) for one, level in zip(rounds, levels, strict=True))
    floor = next((level.floor for level in levels if level and level.floor is not None), None)
    title = wording.named(name)
    return _Course(
        name=title,
        means=means,
        picture=course(title, points, same=1.0 if name == "tail_retention" else 0.0, floor=floor),
        points=points,
        slope=next((one for one in watched.slopes if one.name == name), None),
        why=next((level.why for level in levels if level and level.why), ""),
    )


def _point(number: int, level: Level | None) -> Point:
    if level is None or level.value is None:
        return Point(number, None)
    reach = Z * math.hypot(level.error, level.shared)
    return Point(number, level.value, level.value - reach, level.value + reach)


def _human(rounds: Sequence[RoundFigures], floor: float) -> str:
    points = [Point(one.number, one.human_share) for one in rounds]
    return course("Human share", points, floor=floor)


def _slope_said(slope: Slope) -> str:
    """The direction in words, as sure as its bounds are."""
    low, high = slope.low, slope.high
    said = "falls" if high < 0 else "rises" if low > 0 else "no slope is shown"
    return f"{said}: {wording.number(slope.value)} a round ({wording.span(low, high)})"
