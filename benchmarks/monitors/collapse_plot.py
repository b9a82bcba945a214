"""The picture of the collapse experiment: what is left after every generation, arm by arm, and when the alarm goes off.

SVG written by hand like the pictures of the product, on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil
from statistics import mean
from typing import Any

__all__ = ["collapse_plot"]

WIDTH, HEIGHT, TOP, BOTTOM = 720, 380, 96, 54
PANELS = (
    ("tail_retention", "rare acts that are left", 58.0),
    ("pair_entropy", "variety of word pairs that is left", 404.0),
)
WIDE = 290.0
KINDS = {"replace": "tw-a", "accumulate": "tw-b", "accumulate + 10 % human": "tw-c", "people": "tw-d"}
STYLE = """\
.tw-plot { --ink: #1c2430; --soft: #5d6878; --paper: #ffffff; --grid: #dfe3e8; --a: #b3452c; --b: #b07d12; --c: #2f6aa3;
  --d: #7a8594; }
@media (prefers-color-scheme: dark) { .tw-plot { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #14181f; --grid: #323a46;
  --a: #f0957b; --b: #e3b95b; --c: #7db1e6; --d: #8c97a6; } }
.tw-plot text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }
.tw-plot .tw-head { font-size: 15px; font-weight: 600; }
.tw-plot .tw-soft { fill: var(--soft); }
.tw-plot .tw-paper { fill: var(--paper); }
.tw-plot .tw-grid { stroke: var(--grid); stroke-width: 1; }
.tw-plot .tw-a { stroke: var(--a); fill: var(--a); }
.tw-plot .tw-b { stroke: var(--b); fill: var(--b); }
.tw-plot .tw-c { stroke: var(--c); fill: var(--c); }
.tw-plot .tw-d { stroke: var(--d); fill: var(--d); }
.tw-plot .tw-band { stroke: none; fill-opacity: .14; }
.tw-plot .tw-line { fill: none; stroke-width: 2; }"""


def collapse_plot(series: Mapping[str, Mapping[str, Any]]) -> str:
    """The picture as one `<svg>` element.

    series: arm → figure → generations x seeds; `alarms`: how many went off by each generation.
    """
    told = "What is left of rare acts and of word pairs over generations of retraining, with and without human words"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tw-plot" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" style="max-width: 100%; height: auto" role="img" aria-label="{escape(told)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="tw-paper" width="{WIDTH}" height="{HEIGHT}"/>',
        _text(PANELS[0][2], 22, "A generator retrained on its own words", "tw-head"),
        *_legend(),
    ]
    for name, title, left in PANELS:
        parts += _panel(name, title, left, series)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> Iterator[str]:
    x = PANELS[0][2]
    for arm, kind in KINDS.items():
        yield f'<line class="{kind} tw-line" x1="{x}" y1="43" x2="{x + 22}" y2="43"/>'
        yield _text(x + 28, 47, arm, "tw-soft")
        x += 28 + 6.8 * len(arm) + 20
    told = "bands: the middle 80 % of seeds; dots: the alarm has gone off in more than half of them"
    yield _text(PANELS[0][2], 66, told, "tw-soft")


def _panel(name: str, title: str, left: float, series: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    rows = [_middle(seeds) for arm in series.values() for seeds in arm[name]]
    count = len(next(iter(series.values()))[name])
    top, bottom = max(1.1, max(map(max, rows))), min(0.5, min(map(min, rows)))

    def at(generation: int, value: float) -> tuple[float, float]:
        share = (value - bottom) / (top - bottom)
        return (
            round(left + WIDE * (generation - 1) / (count - 1), 1),
            round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1),
        )

    yield _text(left, TOP - 9, title, "tw-soft")
    for tenth in range(2 * ceil(bottom * 5), int(top * 10) + 1, 2):
        y = at(1, tenth / 10)[1]
        yield f'<line class="tw-grid" x1="{left}" y1="{y}" x2="{left + WIDE}" y2="{y}"/>'
        yield _text(left - 8, y + 4, f"{tenth * 10} %", "tw-soft", "end")
    for generation in range(1, count + 1):
        yield _text(at(generation, 1)[0], HEIGHT - BOTTOM + 20, str(generation), "tw-soft", "middle")
    yield _text(left + WIDE / 2, HEIGHT - 12, "generation", "tw-soft", "middle")
    for arm, kind in KINDS.items():
        seeds = series[arm][name]
        upper = [at(g, max(_middle(values))) for g, values in enumerate(seeds, start=1)]
        lower = [at(g, min(_middle(values))) for g, values in enumerate(seeds, start=1)]
        middle = [at(g, mean(values)) for g, values in enumerate(seeds, start=1)]
        yield f'<polygon class="{kind} tw-band" points="{_points([*upper, *lower[::-1]])}"/>'
        yield f'<polyline class="{kind} tw-line" points="{_points(middle)}"/>'
        for (x, y), alarms in zip(middle, series[arm]["alarms"], strict=True):
            if alarms > len(seeds[0]) / 2:
                yield f'<circle class="{kind}" cx="{x}" cy="{y}" r="4"/>'


def _middle(values: Sequence[float]) -> list[float]:
    """Without the lowest and the highest tenth."""
    out = len(values) // 10
    return sorted(values)[out : len(values) - out]


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
