"""One figure as a small strip: its value and interval on the floor of the reference, and from where it would be seen.

SVG written by hand; the page's `look.css` gives the colours, light and dark. Marks differ in shape, so that colour is
never needed to read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import ceil, floor, isfinite, log10

from turnwright.monitor.page.wording import SAID, number, span, thresholds
from turnwright.records.fidelity import Light, Reading

__all__ = ["legend", "strip", "ticks"]

WIDTH, HEIGHT, SIDE, MIDDLE, AXIS = 340, 58, 16, 22, 38


def strip(one: Reading) -> str:
    """The figure as one `<svg>` element, 340 x 58; "" where there is no figure."""
    if one.value is None or not isfinite(one.value):
        return ""
    scale = _Scale(one)
    parts = [
        f'<svg class="tw-strip" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(_told(one))}">',
        *_axis(scale),
        *_floor(one, scale),
        f'<line class="tw-same" x1="{scale.x(one.same)}" y1="6" x2="{scale.x(one.same)}" y2="{AXIS}"/>',
        *_seen(one, scale),
        *_interval(one, scale),
        _mark(one.light, scale.x(one.value), MIDDLE),
        "</svg>",
    ]
    return "".join(parts)


def legend() -> str:
    """What the marks of a strip mean, as one `<svg>` element with words beside them."""
    marks = (
        ('<rect class="tw-floor" x="2" y="3" width="22" height="16"/>', "halves of the reference among themselves"),
        ('<line class="tw-same" x1="13" y1="1" x2="13" y2="21"/>', "no difference"),
        ('<path class="tw-seen" d="M7 6 H19 L13 16 Z"/>', "from here on it would be found 4 times in 5"),
        ('<line class="tw-grey tw-span" x1="3" y1="11" x2="23" y2="11"/>', "interval of the figure"),
        (_mark("red", 13, 11), "difference shown"),
        (_mark("amber", 13, 11), "hint"),
        (_mark("green", 13, 11), "not seen"),
    )
    return "".join(
        f'<span><svg width="26" height="22" viewBox="0 0 26 22" aria-hidden="true">{mark}</svg>{escape(said)}</span>'
        for mark, said in marks
    )


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two ends: steps of 1, 2 or 5 times a power of ten, at most so many and one."""
    span_ = max(high - low, 1e-12)
    power = 10.0 ** floor(log10(span_ / most))
    step = next(power * each for each in (1, 2, 5, 10) if span_ / (power * each) <= most)
    return [round(n * step, 12) for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


class _Scale:
    """Where a value stands, in pixels: all that the strip shows lies inside of it."""

    def __init__(self, one: Reading) -> None:
        shown = [one.value, one.low, one.high, one.same, *thresholds(one)]
        shown += [one.floor.low, one.floor.high] if one.floor else []
        known = [each for each in shown if each is not None and isfinite(each)]
        room = (max(known) - min(known)) * 0.06 or max(abs(known[0]) * 0.1, 0.05)
        self.low, self.high = min(known) - room, max(known) + room

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(SIDE + share * (WIDTH - 2 * SIDE), 1)


def _axis(scale: _Scale) -> Iterator[str]:
    yield f'<line class="tw-axis" x1="{SIDE}" y1="{AXIS}" x2="{WIDTH - SIDE}" y2="{AXIS}"/>'
    found = ticks(scale.low, scale.high)
    like = max(map(abs, found), default=1.0)
    for each in found:
        x = scale.x(each)
        yield f'<line class="tw-axis" x1="{x}" y1="{AXIS}" x2="{x}" y2="{AXIS + 4}"/>'
        yield f'<text x="{x}" y="{AXIS + 16}" text-anchor="middle">{_short(each, like)}</text>'


def _short(value: float, like: float) -> str:
    """A round number without the noughts that it does not need."""
    text = number(value, like)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _floor(one: Reading, scale: _Scale) -> Iterator[str]:
    if one.floor is not None:
        left, right = scale.x(one.floor.low), scale.x(one.floor.high)
        width = max(round(right - left, 1), 1.5)
        yield f'<rect class="tw-floor" x="{left}" y="10" width="{width}" height="{AXIS - 10}"/>'


def _seen(one: Reading, scale: _Scale) -> Iterator[str]:
    for x in map(scale.x, thresholds(one)):
        yield f'<path class="tw-seen" d="M{x - 5:.1f} 1 H{x + 5:.1f} L{x} 9 Z"/>'


def _interval(one: Reading, scale: _Scale) -> Iterator[str]:
    if one.low is not None and one.high is not None:
        yield (
            f'<line class="tw-{one.light} tw-span" x1="{scale.x(one.low)}" y1="{MIDDLE}" x2="{scale.x(one.high)}" '
            f'y2="{MIDDLE}"/>'
        )


def _mark(light: Light, x: float, y: float) -> str:
    """A shape for each light: diamond, triangle, disc, ring."""
    if light == "red":
        return f'<path class="tw-red" d="M{x} {y - 7} L{x + 7} {y} L{x} {y + 7} L{x - 7} {y} Z"/>'
    if light == "amber":
        return f'<path class="tw-amber" d="M{x} {y - 7} L{x + 7} {y + 5} L{x - 7} {y + 5} Z"/>'
    if light == "green":
        return f'<circle class="tw-green" cx="{x}" cy="{y}" r="5"/>'
    return f'<circle class="tw-grey" cx="{x}" cy="{y}" r="4" fill-opacity="0"/>'


def _told(one: Reading) -> str:
    """The strip in words, for those who do not see it."""
    parts = [f"{one.title}: {number(one.value)}, {SAID[one.light]}"]
    parts += [f"interval {interval}"] if (interval := span(one.low, one.high)) else []
    parts += [f"halves of the reference {span(one.floor.low, one.floor.high)}"] if one.floor else []
    return "; ".join([*parts, f"no difference is {number(one.same)}"])
