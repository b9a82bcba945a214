"""The figures as people read them: the page of this benchmark, from all result files beside it.

    python benchmarks/monitors/page.py

writes README.md again. `power.json` has its own tables; every other result file has `table` (rows, the first one the
heading, or rows by name) and `says` (sentences), and is shown as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["page_of", "power_rows", "write_page"]

HERE = Path(__file__).parent
TITLES = {
    "collapse": "Collapse: a generator that is trained on what it said itself",
    "bias": "Bias audit: planted prejudices",
    "looks": "Looks: which bound a gate has that looks after every batch",
    "duplicates": "Near-duplicates: time and recall",
    "speed": "Speed and memory of the whole panel",
}
COMMANDS = {
    "power": "python benchmarks/monitors/run_power.py --out out/power --nulls 400",
    "collapse": "python benchmarks/monitors/collapse.py ../shared/data/star/train.jsonl",
    "bias": "python benchmarks/monitors/bias.py",
    "looks": "python benchmarks/monitors/looks.py",
    "duplicates": "python benchmarks/monitors/duplicates.py",
    "speed": "python benchmarks/monitors/speed.py",
}
INTRO = """\
# Monitors: what they find, what they miss, what they cost

Written by `page.py` from `results/*.json`; do not edit. Reference data: `../shared/data` beside the repository.
"""
POWER = """\
## Power: planted differences, and how often there is an alarm for nothing

    {command}

Every repetition draws two sides of n real conversations each from one corpus, without overlap, and plants one known
difference in the second side; `null` plants nothing. The panel raises its alarm at an error rate of {alpha:.0%} over
all of its {monitors} monitors together, by {permutations} permutations of whole conversations. Brackets are exact 95 %
intervals (Clopper and Pearson). Plantings:
"""
MANY = """\
Each monitor alone, share of repetitions with its own p <= 0.05 (not corrected for the panel), at n = {sizes}. In the
column `null` these are false alarms, of which 0.05 are expected. `-` stands where a monitor has no figure here.
"""
TURNS = """\
Why no test of single turns is used: a chi-square test of the counts of acts and a Mann-Whitney test of the lengths of
user turns, each turn taken for a draw of its own. Turns of a conversation hang together: people stay as they are, so
these tests see differences where there is none (the rows `null` should show 0.05); planned flows spread acts evenly, so
there they miss what there is. Share of repetitions with p <= 0.05:
"""
TAILS = (
    ("rarest_10_deleted", "a tenth of the turns"),
    ("rarest_10_conversations_deleted", "cells of a tenth of the conversations, a much smaller loss"),
)
LIMITS = {400: 0.95, 100: 0.9}
"""Conversations a side → detection of deleted tails that is asked for."""
FALSE_ALARMS = 0.06
WEAK = 0.8
"""Detection below this is named as weak."""

Rows = list[list[str]]


def power_rows(result: Mapping[str, Any]) -> Rows:
    """Detection by the panel: a row a planting, a column a corpus and size; the first row is the heading."""
    places = _places(result)
    rows = [["", *(f"{corpus}, n = {n}" for corpus, n in places)]]
    for planting in result["plantings"]:
        cells = [_cell(result, corpus, n, planting) for corpus, n in places]
        if any(cells):
            rows.append([planting, *(_rate(cell["panel"]) if cell else "-" for cell in cells)])
    return rows


def _places(result: Mapping[str, Any]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((cell["corpus"], cell["n"]) for cell in result["cells"]))


def _cell(result: Mapping[str, Any], corpus: str, n: int, planting: str) -> Mapping[str, Any] | None:
    wanted = (corpus, n, planting)
    return next((one for one in result["cells"] if (one["corpus"], one["n"], one["planting"]) == wanted), None)


def _rate(one: Mapping[str, Any]) -> str:
    return f"{one['rate']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"


# --- the parts of the page about power ---------------------------------------------------------------------------


def _power(result: Mapping[str, Any]) -> list[str]:
    asked, places = result["asked"], _places(result)
    monitors = sorted({name for cell in result["cells"] for name in cell["monitors"]})
    intro = POWER.format(command=COMMANDS["power"], monitors=len(monitors), **asked)
    parts = [intro, *(f"- `{name}`: {what}{_ways(result, name)}" for name, what in result["plantings"].items()), ""]
    parts += [*_table(power_rows(result)), "", *(f"- {line}" for line in power_says(result)), ""]
    parts += ["The monitors that told most, by the share of repetitions in which the panel's alarm names them:", ""]
    parts += [*_table(_telling(result)), "", *_every_monitor(result)]
    head = ["", *(f"{corpus}, n = {n}: {test}" for corpus, n in places for test in ("acts", "lengths"))]
    rows = [[planting, *_turns(result, planting)] for planting in result["plantings"]]
    parts += [TURNS, *_table([head, *rows]), ""]
    seconds = ", ".join(f"{_seconds(result, n):.1f} s at n = {n}" for n in sorted({n for _, n in places}))
    parts += ["Repetitions:", "", *_table(_counted(result)), ""]
    parts += [f"One comparison costs {seconds} of one core (planting included). Version `{result['version']}`.", ""]
    return parts


def _counted(result: Mapping[str, Any]) -> Rows:
    places = _places(result)
    rows = [["", *(f"{corpus}, n = {n}" for corpus, n in places)]]
    for planting in result["plantings"]:
        cells = [_cell(result, corpus, n, planting) for corpus, n in places]
        rows.append([planting, *(str(cell["repetitions"]) if cell else "-" for cell in cells)])
    return rows


def _ways(result: Mapping[str, Any], planting: str) -> str:
    ways = {(cell["corpus"], cell["n"]): cell["planted"] for cell in result["cells"] if cell["planting"] == planting}
    removed = [f"{corpus} at n = {n}" for (corpus, n), way in ways.items() if "turns removed" in way]
    return f" ({', '.join(removed)}: too few are left, so the turns themselves are removed)" if removed else ""


def _seconds(result: Mapping[str, Any], n: int) -> float:
    found = [cell["seconds"] for cell in result["cells"] if cell["n"] == n]
    return float(sum(found) / len(found))


def power_says(result: Mapping[str, Any]) -> list[str]:
    """Whether what was asked for is met, in sentences."""
    told = []
    for planting, name in TAILS:
        for n, limit in LIMITS.items():
            found = {corpus: cell for corpus, size in _places(result)
                     if size == n and (cell := _cell(result, corpus, n, planting))}  # fmt: skip
            if found:
                met = "met" if all(cell["panel"]["rate"] >= limit for cell in found.values()) else "not met"
                rates = ", ".join(f"{corpus} {cell['panel']['rate']:.2f}" for corpus, cell in found.items())
                told.append(f"Deleted tails ({name}) at n = {n}: {rates}; {limit:.2f} asked for: {met}.")
    if null := result["false_alarms"]:
        met = "met" if null["rate"] <= FALSE_ALARMS else "not met"
        ends = f"{null['rate']:.3f}, interval {null['low']:.3f} to {null['high']:.3f}"
        told.append(f"Alarms of the panel for nothing: {null['hits']} of {null['of']} ({ends}); at most {FALSE_ALARMS} "
                    f"asked for: {met}.")  # fmt: skip
        told.append(_worst(result))
    weak = [f"`{cell['planting']}` on {cell['corpus']} at n = {cell['n']} ({cell['panel']['rate']:.2f})"
            for cell in result["cells"] if cell["planting"] != "null" and cell["panel"]["rate"] < WEAK]  # fmt: skip
    told.append(f"Found in less than {WEAK:.0%} of the repetitions: {', '.join(weak) or 'nothing of the above'}.")
    return told


def _worst(result: Mapping[str, Any]) -> str:
    """The monitor with the most false alarms of its own, over all places."""
    counts: dict[str, list[int]] = {}
    for cell in result["cells"]:
        for name, one in cell["monitors"].items() if cell["planting"] == "null" else ():
            hits, of = counts.setdefault(name, [0, 0])
            counts[name] = [hits + one["raw"]["hits"], of + one["raw"]["of"]]
    name = max(sorted(counts), key=lambda key: counts[key][0] / counts[key][1])
    whole = [sum(column) for column in zip(*counts.values(), strict=True)]
    return (
        f"False alarms of single monitors, uncorrected: {whole[0] / whole[1]:.3f} on average (0.05 expected), at most "
        f"{counts[name][0] / counts[name][1]:.3f} (`{name}`)."
    )


def _telling(result: Mapping[str, Any]) -> Rows:
    places = _places(result)
    rows = [["", *(f"{corpus}, n = {n}" for corpus, n in places)]]
    for planting in result["plantings"]:
        if planting != "null":
            cells = [_cell(result, corpus, n, planting) for corpus, n in places]
            rows.append([planting, *(_best(cell) if cell else "-" for cell in cells)])
    return rows


def _best(cell: Mapping[str, Any]) -> str:
    ranked = sorted(
        cell["monitors"].items(), key=lambda pair: (-pair[1]["shown"]["rate"], -pair[1]["raw"]["rate"], pair[0])
    )
    return (
        ", ".join(f"`{name}` {one['shown']['rate']:.2f}" for name, one in ranked[:3] if one["shown"]["hits"]) or "none"
    )


def _every_monitor(result: Mapping[str, Any]) -> list[str]:
    sizes = sorted({n for _, n in _places(result)})
    parts = [MANY.format(sizes=" / ".join(map(str, sizes)))]
    for corpus in dict.fromkeys(corpus for corpus, _ in _places(result)):
        plantings = [one for one in result["plantings"] if any(_cell(result, corpus, n, one) for n in sizes)]
        cells = {(one, n): _cell(result, corpus, n, one) for one in plantings for n in sizes}
        rows = [[corpus, *plantings]]
        for name in result["monitors"]:
            shown = [" / ".join(_raw(cells[one, n], name) for n in sizes) for one in plantings]
            if any(each.strip("-/ ") for each in shown):
                rows.append([f"`{name}`", *shown])
        rows.append(["**panel**", *(" / ".join(_panel(cells[one, n]) for n in sizes) for one in plantings)])
        parts += [*_table(rows), ""]
    return parts


def _raw(cell: Mapping[str, Any] | None, name: str) -> str:
    return f"{cell['monitors'][name]['raw']['rate']:.2f}" if cell and name in cell["monitors"] else "-"


def _panel(cell: Mapping[str, Any] | None) -> str:
    return f"**{cell['panel']['rate']:.2f}**" if cell else "-"


def _turns(result: Mapping[str, Any], planting: str) -> list[str]:
    cells = [_cell(result, corpus, n, planting) for corpus, n in _places(result)]
    return [
        f"{cell['turn_level'][test]['rate']:.2f}" if cell else "-" for cell in cells for test in ("acts", "lengths")
    ]


# --- other results, and the page ---------------------------------------------------------------------------------


def _other(name: str, result: Mapping[str, Any]) -> list[str]:
    parts = [f"## {TITLES.get(name, name.capitalize())}", ""]
    parts += [f"    {COMMANDS[name]}", ""] if name in COMMANDS else []
    given = result.get("table", [])
    if given and isinstance(given[0], dict):
        given = [list(given[0]), *(list(row.values()) for row in given)]
    parts += [*_table([[_shown(value) for value in row] for row in given]), ""] if given else []
    return [*parts, *(f"- {line}" for line in result.get("says", [])), ""]


def _shown(value: object) -> str:
    return "-" if value is None else f"{value:,.3g}" if isinstance(value, float) and abs(value) < 1e3 else str(value)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def page_of(results: Path) -> str:
    """The page from the result files of a folder; a benchmark that was not run is named."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}
    parts = [INTRO, *(_power(found.pop("power")) if "power" in found else [])]
    for name in sorted(found, key=lambda one: ([*TITLES, one].index(one), one)):
        parts += _other(name, found[name])
    missing = [f"- `{command}`" for name, command in COMMANDS.items() if not (results / f"{name}.json").exists()]
    parts += ["Not run yet:", "", *missing, ""] if missing else []
    return "\n".join(parts).rstrip() + "\n"


def write_page(results: Path) -> Path:
    """Write README.md beside the folder of results."""
    path = results.parent / "README.md"
    path.write_text(page_of(results), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(f"wrote {write_page(HERE / 'results')}")
