"""How one figure goes over the rounds, as a small line chart: each level with its interval, on the reference's floor.

SVG written by hand; the page's `look.css` gives the colours. What a course means is decided in `monitor.rounds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from turnwright.monitor.page.strips import ticks
from turnwright.monitor.page.wording import number

__all__ = ["Point", "course"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 170, 44, 12, 12, 30


class Point(NamedTuple):
    """One round. value: None where there is no figure. low, high: its interval, None without one."""

    round: int
    value: float | None
    low: float | None = None
    high: float | None = None


def course(title: str, points: Sequence[Point], *, same: float | None = None, floor: float | None = None) -> str:
    """The chart as one `<svg>` element, 340 x 170; "" where no round has the figure.

    same: the level of the reference. floor: the lowest that is no loss; what lies under it is shaded.
    """
    known = [one for one in points if one.value is not None]
    if not known:
        return ""
    axes = _Axes(known, same, floor)
    parts = [
        f'<svg class="tw-strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(_told(title, known))}">',
        *_grid(axes, known),
        *_levels(axes, same, floor),
        *_line(axes, known),
        "</svg>",
    ]
    return "".join(parts)


class _Axes:
    """Where a round and a level stand, in pixels."""

    def __init__(self, known: Sequence[Point], same: float | None, floor: float | None) -> None:
        shown = [each for one in known for each in (one.value, one.low, one.high) if each is not None]
        shown += [each for each in (same, floor) if each is not None]
        room = (max(shown) - min(shown)) * 0.08 or max(abs(shown[0]) * 0.1, 0.05)
        self.low, self.high = min(shown) - room, max(shown) + room
        self.first, self.last = known[0].round, max(known[-1].round, known[0].round + 1)

    def x(self, round_: int) -> float:
        share = (round_ - self.first) / (self.last - self.first)
        return round(LEFT + 8 + share * (WIDTH - RIGHT - LEFT - 16), 1)

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _grid(axes: _Axes, known: Sequence[Point]) -> Iterator[str]:
    found = ticks(axes.low, axes.high, 4)
    like = max(map(abs, found), default=1.0)
    for value in found:
        y = axes.y(value)
        yield f'<line class="tw-axis" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{number(value, like)}</text>'
    step = max(1, round(len(known) / 8))
    for one in known[::step]:
        yield f'<text x="{axes.x(one.round)}" y="{HEIGHT - 12}" text-anchor="middle">{one.round}</text>'


def _levels(axes: _Axes, same: float | None, floor: float | None) -> Iterator[str]:
    if floor is not None:
        width, height = WIDTH - RIGHT - LEFT, round(HEIGHT - BOTTOM - axes.y(floor), 1)
        yield f'<rect class="tw-floor" x="{LEFT}" y="{axes.y(floor)}" width="{width}" height="{height}"/>'
    if same is not None:
        yield f'<line class="tw-same" x1="{LEFT}" y1="{axes.y(same)}" x2="{WIDTH - RIGHT}" y2="{axes.y(same)}"/>'


def _line(axes: _Axes, known: Sequence[Point]) -> Iterator[str]:
    places = [(axes.x(one.round), axes.y(one.value)) for one in known if one.value is not None]
    yield f'<polyline class="tw-course" points="{" ".join(f"{x},{y}" for x, y in places)}"/>'
    for one, (x, y) in zip(known, places, strict=True):
        if one.low is not None and one.high is not None:
            yield f'<line class="tw-whisker" x1="{x}" y1="{axes.y(one.low)}" x2="{x}" y2="{axes.y(one.high)}"/>'
        yield f'<circle class="tw-dot" cx="{x}" cy="{y}" r="3"/>'


def _told(title: str, known: Sequence[Point]) -> str:
    """The chart in words, for those who do not see it."""
    return f"{title}: " + ", ".join(f"round {one.round} {number(one.value)}" for one in known)
