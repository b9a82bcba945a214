"""A picture of what a set is worth: the learning curve of real conversations, and where the set's score meets it.

SVG written by hand, so that it needs no plotting library and can stand in a page or alone, on light and on dark. All
words in it are escaped. It shows the figures of a `Worth` and computes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log

from turnwright.train.worth import Worth

__all__ = ["worth_plot"]

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 26, 82, 54
LETTER = 6.2  # mean width of a letter at 12 px
STYLE = """\
.tw-plot { --ink: #1c2430; --soft: #5d6878; --paper: #ffffff; --grid: #dfe3e8; --real: #2f6aa3; --set: #b3452c; }
@media (prefers-color-scheme: dark) { .tw-plot { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #14181f; --grid: #323a46;
  --real: #7db1e6; --set: #f0957b; } }
.tw-plot text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
.tw-plot .tw-head { font-size: 15px; font-weight: 600; }
.tw-plot .tw-soft { fill: var(--soft); }
.tw-plot .tw-paper { fill: var(--paper); }
.tw-plot .tw-grid { stroke: var(--grid); stroke-width: 1; }
.tw-plot .tw-real { stroke: var(--real); fill: var(--real); }
.tw-plot .tw-set { stroke: var(--set); fill: var(--set); }
.tw-plot .tw-band { stroke: none; fill-opacity: .16; }
.tw-plot .tw-line { fill: none; stroke-width: 2; }
.tw-plot .tw-drop { stroke-dasharray: 4 3; stroke-width: 1.5; }
.tw-plot .tw-span { stroke-width: 6; stroke-linecap: round; stroke-opacity: .5; }
.tw-plot .tw-worth { font-size: 13px; font-weight: 600; stroke: none; fill: var(--set); }"""


def worth_plot(made: Worth) -> str:
    """The picture as one `<svg>` element, 640 x 380."""
    axes = _Axes(made)
    name, told = f"Worth of {_set_name(made)}", _told(made)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tw-plot" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" style="max-width: 100%; height: auto" role="img" aria-label="{escape(told)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="tw-paper" width="{WIDTH}" height="{HEIGHT}"/>',
        _text(LEFT, 22, name, "tw-head"),
        *_legend(made),
        *_grid(axes),
        *_curve(made, axes),
        *_score(made, axes),
        *_read_off(made, axes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axes:
    """Where a size (over its logarithm) and a score stand, in pixels."""

    def __init__(self, made: Worth) -> None:
        sizes = [point.size for point in made.curve]
        scores = [made.score.low, made.score.high]
        scores += [each for point in made.curve for each in (point.score.low, point.score.high)]
        self.left = max(1.0, min(sizes[0], made.real.low)) / 1.15
        self.right = max(sizes) * 1.15
        self.step = 0.05 if max(scores) - min(scores) < 0.35 else 0.1
        self.bottom = max(0.0, floor(min(scores) / self.step) * self.step)
        self.top = min(1.0, ceil(max(scores) / self.step) * self.step)
        self.sizes = sizes

    def x(self, size: float) -> float:
        share = log(min(max(size, self.left), self.right) / self.left) / log(self.right / self.left)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, score: float) -> float:
        share = (min(max(score, self.bottom), self.top) - self.bottom) / max(self.top - self.bottom, 1e-9)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def named(self) -> list[int]:
        """The sizes that have room for their number; the last one always has."""
        named: list[int] = []
        for size in self.sizes:
            while named and self.x(size) - self.x(named[-1]) < 40:
                named.pop()
            named.append(size)
        return named


def _set_name(made: Worth) -> str:
    added = f" and {made.plus:,} real ones" if made.plus else ""
    return f"{made.conversations:,} synthetic conversations{added}"


def _told(made: Worth) -> str:
    return (
        f"{_set_name(made)} reach a weighted F1 of {made.score.value:.3f} ({made.score.low:.3f} to "
        f"{made.score.high:.3f}), as much as {_worth(made)} real conversations"
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _legend(made: Worth) -> Iterator[str]:
    x = float(LEFT)
    for kind, text in (("tw-real", "learning curve of real conversations"), ("tw-set", "score of the set")):
        yield f'<rect class="{kind} tw-band" x="{x}" y="37" width="22" height="12"/>'
        yield f'<line class="{kind} tw-line" x1="{x}" y1="43" x2="{x + 22}" y2="43"/>'
        yield _text(x + 28, 47, text, "tw-soft")
        x += 28 + LETTER * len(text) + 22
    yield _text(x, 47, "bands: 95 %", "tw-soft")


def _grid(axes: _Axes) -> Iterator[str]:
    count = round((axes.top - axes.bottom) / axes.step)
    for score in (axes.bottom + n * axes.step for n in range(count + 1)):
        y = axes.y(score)
        yield f'<line class="tw-grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
        yield _text(LEFT - 8, y + 4, f"{score:.2f}", "tw-soft", "end")
    for size in axes.named():
        yield _text(axes.x(size), HEIGHT - BOTTOM + 20, f"{size:,}", "tw-soft", "middle")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield _text(middle, HEIGHT - 12, "real conversations learnt from (log scale)", "tw-soft", "middle")
    yield _text(LEFT, TOP - 9, "weighted F1", "tw-soft")


def _curve(made: Worth, axes: _Axes) -> Iterator[str]:
    xs = [axes.x(point.size) for point in made.curve]
    upper = _points(xs, [axes.y(point.score.high) for point in made.curve])
    lower = _points(xs[::-1], [axes.y(point.score.low) for point in made.curve[::-1]])
    middle = [axes.y(point.score.value) for point in made.curve]
    yield f'<polygon class="tw-real tw-band" points="{upper} {lower}"/>'
    yield f'<polyline class="tw-real tw-line" points="{_points(xs, middle)}"/>'
    for x, y in zip(xs, middle, strict=True):
        yield f'<circle class="tw-real" cx="{x}" cy="{y}" r="3"/>'


def _points(xs: Sequence[float], ys: Sequence[float]) -> str:
    return " ".join(f"{x},{y}" for x, y in zip(xs, ys, strict=True))


def _score(made: Worth, axes: _Axes) -> Iterator[str]:
    high, low, y = axes.y(made.score.high), axes.y(made.score.low), axes.y(made.score.value)
    width = WIDTH - RIGHT - LEFT
    yield f'<rect class="tw-set tw-band" x="{LEFT}" y="{high}" width="{width}" height="{round(low - high, 1)}"/>'
    yield f'<line class="tw-set tw-line" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'


def _read_off(made: Worth, axes: _Axes) -> Iterator[str]:
    """Down from where the score meets the curve; the interval lies on the axis."""
    x, base = axes.x(made.real.value), HEIGHT - BOTTOM
    yield f'<line class="tw-set tw-drop" x1="{x}" y1="{axes.y(made.score.value)}" x2="{x}" y2="{base}"/>'
    yield (
        f'<line class="tw-set tw-span" x1="{axes.x(made.real.low)}" y1="{base}" x2="{axes.x(made.real.high)}" '
        f'y2="{base}"/>'
    )
    yield f'<circle class="tw-set" cx="{x}" cy="{base}" r="5"/>'
    label = f"{_worth(made)} real"
    to_right = x + 12 + LETTER * 1.15 * len(label) < WIDTH - RIGHT
    lowest = axes.y(made.score.high) - 8  # a score near the axis would run through the label
    y = base - 12 if axes.y(made.score.low) < base - 30 else lowest
    yield _text(x + 12 if to_right else x - 12, y, label, "tw-worth", "start" if to_right else "end")


def _worth(made: Worth) -> str:
    """Equivalent real conversations in words; a bound has no interval that would mean anything."""
    if made.at_least:
        return f"at least {made.real.value:,.0f}"
    digits = 1 if made.real.value < 10 else 0
    return f"{made.real.value:,.{digits}f} ({made.real.low:,.{digits}f} to {made.real.high:,.{digits}f})"
