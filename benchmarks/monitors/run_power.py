"""What the panel finds, and how often it cries wolf: planted differences between halves of real corpora.

    python benchmarks/monitors/run_power.py --out out/power
    python benchmarks/monitors/run_power.py --out out/power --quick

Each cell is a corpus, a size and a planting; each repetition draws other halves. Every finished repetition is kept
under --out, so the same command goes on where it stopped (--minutes ends it in order). Beside the panel stand tests
of single turns, which are not used, to show why. Prints a table, writes results/power.json and the page README.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: two processes share two cores

import argparse
import hashlib
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from page import power_rows, write_page
from plantings import PLANTINGS, Corpus, planted
from rich.console import Console
from rich.table import Table
from scipy.stats import beta, chi2_contingency, mannwhitneyu

import turnwright
from turnwright.monitor.compare import compare
from turnwright.monitor.panel import PANEL
from turnwright.monitor.settings import MonitorSettings
from turnwright.reading import Example, ExampleSet

HERE = Path(__file__).parent
CORPORA = {"STAR": Path("star") / "train.jsonl", "SGD": Path("sgd_single.jsonl")}
CORE = ("statistic", "sampling", "permuting", "correcting", "panel", "compare")
DECIDES = ("monitor/measures/*.py", *(f"monitor/{name}.py" for name in CORE), "reading/example.py", "reading/lines.py")
"""Files that decide a figure; kept repetitions of another version of them are not counted."""
LEAST_EXPECTED = 5
"""Turns of an act that the chi-square test must expect on a side; rarer acts are put together."""
ALPHA = 0.05

Cell = tuple[str, int, str, int]
"""Corpus, conversations a side, planting, repetition."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, required=True, help="where finished repetitions are kept")
    parser.add_argument("--corpora", type=lambda text: text.split(","), default=list(CORPORA))
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[100, 400])
    parser.add_argument("--plantings", type=lambda text: text.split(","), default=list(PLANTINGS))
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--nulls", type=int, default=0, help="repetitions of null, where these are to be more")
    parser.add_argument("--quick", action="store_true", help="10 repetitions")
    parser.add_argument("--permutations", type=int, default=199)
    parser.add_argument("--most", type=int, default=1000, help="conversations a side that costly monitors look at")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0, help="begin nothing new after so long; 0 is no limit")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    chosen.repetitions = min(10, chosen.repetitions) if chosen.quick else chosen.repetitions
    for given, known in ((chosen.corpora, CORPORA), (chosen.plantings, PLANTINGS)):
        if unknown := [name for name in given if name not in known]:
            parser.error(f"there is no '{unknown[0]}' (known: {', '.join(known)})")
    missing = [str(path) for name in chosen.corpora if not (path := chosen.data / CORPORA[name]).exists()]
    if missing:
        parser.error(f"{missing[0]} is not there; name the folder of the reference data")
    return chosen


def repetitions_of(chosen: argparse.Namespace, planting: str) -> int:
    """How many repetitions were asked for: false alarms are rare, so they may need more."""
    return max(chosen.repetitions, chosen.nulls if planting == "null" else 0)


def version() -> str:
    """Short hash of everything that decides a figure: the monitors, what compares, and what is planted."""
    home = Path(turnwright.__file__).parent
    files = [path for pattern in DECIDES for path in sorted(home.glob(pattern))]
    made = hashlib.sha256()
    for path in (*files, HERE / "plantings.py"):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:10]


# --- one repetition ----------------------------------------------------------------------------------------------


@cache
def corpus_of(name: str, data: Path) -> Corpus:
    return Corpus.read(name, data / CORPORA[name])


def repetition_of(cell: Cell, data: Path, settings: MonitorSettings) -> dict[str, Any]:
    """What the panel and the tests of turns say of one planting."""
    corpus, n, planting, number = cell
    began = time.process_time()
    (reference, synthetic), how = planted(planting, corpus_of(corpus, data), n, number)
    sides = ExampleSet(examples=tuple(reference)), ExampleSet(examples=tuple(synthetic))
    found = compare(*sides, settings, seed=number)
    read = [one for one in found.readings if one.p is not None]
    return {
        "repetition": number,
        "planted": how,
        "alarm": found.alarm,
        "p": {one.name: one.p for one in read},
        "adjusted": {one.name: one.adjusted for one in read},
        "left_out": {one.name: one.left_out for one in found.readings if one.p is None},
        "turns": turn_level(reference, synthetic),
        "seconds": round(time.process_time() - began, 3),
    }


def turn_level(reference: Sequence[Example], synthetic: Sequence[Example]) -> dict[str, float]:
    """p-values of tests that take every turn for a draw of its own, which turns of a conversation are not."""
    lengths = [[len(turn.text.split()) for one in side for turn in one.turns if turn.role == "user"]
               for side in (reference, synthetic)]  # fmt: skip
    acts = [Counter(turn.act for one in side for turn in one.turns if turn.role == "assistant" and turn.act)
            for side in (reference, synthetic)]  # fmt: skip
    return {"acts": _chi_square(*acts), "lengths": float(mannwhitneyu(*lengths).pvalue)}


def _chi_square(one: Counter[str], other: Counter[str]) -> float:
    both = one + other
    often = [act for act in sorted(both) if both[act] >= 2 * LEAST_EXPECTED]
    rows = [[side[act] for act in often] + [side.total() - sum(side[act] for act in often)] for side in (one, other)]
    columns = [column for column in zip(*rows, strict=True) if sum(column)]
    return float(chi2_contingency(list(zip(*columns, strict=True))).pvalue) if len(columns) > 1 else 1.0


# --- all of them, kept as they come ------------------------------------------------------------------------------


def kept_in(home: Path, corpus: str, n: int, planting: str) -> Path:
    return home / f"{corpus}_{n}_{planting}.jsonl"


def rows_kept(path: Path, repetitions: int) -> list[dict[str, Any]]:
    """Finished repetitions in their order; a line that was cut off is not finished."""
    if not path.exists():
        return []
    found: dict[int, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[row["repetition"]] = row
    return [found[number] for number in sorted(found) if number < repetitions]


def waiting(chosen: argparse.Namespace, home: Path) -> Iterator[Cell]:
    """What is not done yet; all plantings of a repetition before the next one, so that a stop leaves all alike."""
    cells = [(corpus, n, planting) for corpus in chosen.corpora for n in chosen.sizes for planting in chosen.plantings]
    asked = {cell: repetitions_of(chosen, cell[2]) for cell in cells}
    done = {cell: {row["repetition"] for row in rows_kept(kept_in(home, *cell), asked[cell])} for cell in cells}
    for number in range(max(asked.values())):
        yield from ((*cell, number) for cell in cells if number < asked[cell] and number not in done[cell])


def _begin() -> None:
    os.nice(5)


def work(chosen: argparse.Namespace, home: Path, settings: MonitorSettings) -> None:
    """Do all that is waiting and keep each repetition as it ends."""
    todo = list(waiting(chosen, home))
    ends = time.monotonic() + 60 * chosen.minutes if chosen.minutes else float("inf")
    rest, running, done = iter(todo), {}, 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.processes, context, initializer=_begin) as pool:
        while True:
            while len(running) < 2 * chosen.processes and time.monotonic() < ends and (cell := next(rest, None)):
                running[pool.submit(repetition_of, cell, chosen.data, settings)] = cell
            if not running:
                return
            done += _keep(home, running)
            if done % 50 < chosen.processes:
                print(f"[{done}/{len(todo)}]", flush=True)


def _keep(home: Path, running: dict[Future[dict[str, Any]], Cell]) -> int:
    ended, _ = wait(running, return_when=FIRST_COMPLETED)
    for one in ended:
        corpus, n, planting, _ = running.pop(one)
        with kept_in(home, corpus, n, planting).open("a", encoding="utf-8") as file:
            file.write(json.dumps(one.result()) + "\n")
    return len(ended)


# --- what it comes to --------------------------------------------------------------------------------------------


def rate(hits: int, of: int) -> dict[str, Any]:
    """A rate with Clopper and Pearson's exact interval of 95 %."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return {"hits": hits, "of": of, "rate": round(hits / of, 4), "low": round(low, 4), "high": round(high, 4)}


def _share(hits: int, of: int) -> dict[str, Any]:
    return {"hits": hits, "of": of, "rate": round(hits / of, 4)}


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One cell over its repetitions."""
    names = list(dict.fromkeys(name for row in rows for name in row["p"]))
    read = {name: [row for row in rows if name in row["p"]] for name in names}
    monitors = {
        name: {
            "raw": _share(sum(row["p"][name] <= ALPHA for row in of), len(of)),
            "shown": _share(sum(row["adjusted"][name] <= ALPHA for row in of), len(of)),
        }
        for name, of in read.items()
    }
    left = {name: why for row in rows for name, why in row["left_out"].items() if name not in monitors}
    turns = {name: rate(sum(row["turns"][name] <= ALPHA for row in rows), len(rows)) for name in ("acts", "lengths")}
    return {
        "repetitions": len(rows),
        "planted": ", ".join(sorted({row["planted"] for row in rows} - {""})),
        "panel": rate(sum(row["alarm"] for row in rows), len(rows)),
        "monitors": monitors,
        "left_out": left,
        "turn_level": turns,
        "seconds": round(sum(row["seconds"] for row in rows) / len(rows), 2),
    }


def collect(chosen: argparse.Namespace, home: Path, made: str) -> dict[str, Any]:
    cells = []
    for corpus in chosen.corpora:
        for n in chosen.sizes:
            for planting in chosen.plantings:
                rows = rows_kept(kept_in(home, corpus, n, planting), repetitions_of(chosen, planting))
                if rows:
                    cells.append({"corpus": corpus, "n": n, "planting": planting, **summary(rows)})
    null = [cell["panel"] for cell in cells if cell["planting"] == "null"]
    about = {one.name: {"title": one.title, "family": one.family, "side": one.side} for one in PANEL}
    return {
        "version": made,
        "asked": {"repetitions": chosen.repetitions, "permutations": chosen.permutations, "alpha": ALPHA,
                  "most": chosen.most},
        "plantings": PLANTINGS,
        "monitors": about,
        "false_alarms": rate(sum(one["hits"] for one in null), sum(one["of"] for one in null)) if null else None,
        "cells": cells,
    }  # fmt: skip


def main() -> None:
    chosen = options()
    settings = MonitorSettings(
        permutations=chosen.permutations, halves=10, most=chosen.most, view="stress", alpha=ALPHA
    )
    made = version()
    home = chosen.out.resolve() / f"{made}_{chosen.permutations}_{chosen.most}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.json").write_bytes(msgspec.json.encode(settings.model_dump()))
    print(f"turnwright {made}, {len(PANEL)} monitors", flush=True)
    work(chosen, home, settings)
    result = collect(chosen, home, made)
    if not result["cells"]:
        raise SystemExit("nothing was finished in this time; give more --minutes")
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "power.json").write_text(json.dumps(result, ensure_ascii=False) + "\n", "utf-8")
    head, *rows = power_rows(result)
    table = Table(*head, title="share of repetitions in which the panel raised its alarm")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    print(f"wrote {write_page(chosen.results)}")


if __name__ == "__main__":
    main()
