"""Time and memory of the whole panel on 10,000 x 10,000 conversations of sixteen turns.

    python benchmarks/monitors/speed.py [--conversations 10000] [--permutations 999] [--json results/speed.json]

Conversations are made up from real ones of STAR and SGD: the acts, tasks and calls of one, sixteen turns of it and of
others of its task, a word in twenty left out. The synthetic set is made as the reference is. Reported are wall clock
and CPU seconds of `compare`, the highest memory of the process (with both sets in it), and the monitors that cost most.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from turnwright.monitor import LeftOut, Monitor, MonitorSettings, Sample
from turnwright.monitor.compare import compare
from turnwright.monitor.panel import PANEL
from turnwright.reading import Example, ExampleSet, Said, read_examples

ROOT = Path(__file__).parents[2]
SOURCES = ("star/train.jsonl", "sgd_single.jsonl")
RESULTS = Path(__file__).parent / "results" / "speed.json"
TURNS, SHOWN = 16, 8
LIMIT_S, LIMIT_MB = 180, 3000

Turns = dict[tuple[str, str], list[Said]]


def made_up(number: int, seed: int, examples: Sequence[Example]) -> ExampleSet:
    """A set of so many conversations."""
    rng = random.Random(seed)
    turns: Turns = defaultdict(list)
    for one in examples:
        for turn in one.turns:
            turns[one.task, turn.role].append(turn)
    return ExampleSet(examples=tuple(_one(place, rng.choice(examples), turns, rng) for place in range(number)))


def _one(place: int, like: Example, turns: Turns, rng: random.Random) -> Example:
    own = list(like.turns[:TURNS])
    while len(own) < TURNS:
        role = "assistant" if own[-1].role == "user" else "user"
        own.append(rng.choice(turns[like.task, role] or list(like.turns)))
    said = tuple(
        Said(role=turn.role, text=_worded(turn.text, rng), act=turn.act, call=turn.call, origin="human") for turn in own
    )
    return Example(name=f"made/{place}", task=like.task, turns=said)


def _worded(text: str, rng: random.Random) -> str:
    return " ".join(word for word in text.split() if rng.random() > 0.05)


# --- who costs what -------------------------------------------------------------------------------------------


class Timed:
    """A statistic that writes down the CPU seconds of every question asked of it."""

    def __init__(self, statistic: Any, spent: dict[str, float], name: str) -> None:
        self._statistic, self._spent, self._name = statistic, spent, name

    def __getattr__(self, asked: str) -> Any:
        found = getattr(self._statistic, asked)
        return self._clocked(found) if callable(found) else found

    def _clocked(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        def clocked(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return answer(*given, **named)
            finally:
                self._spent[self._name] += time.process_time() - start

        return clocked


def timed(monitor: Monitor, spent: dict[str, float]) -> Monitor:
    """The same monitor; what it costs is added to `spent` under its name."""

    def prepare(sample: Sample) -> Any:
        start = time.process_time()
        made = monitor.prepare(sample)
        spent[monitor.name] += time.process_time() - start
        return made if isinstance(made, LeftOut) else Timed(made, spent, monitor.name)

    return replace(monitor, prepare=prepare)


def memory_mb() -> float:
    """The most that this process has had in memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(number: int, permutations: int) -> dict[str, Any]:
    data = ROOT.parent / "shared" / "data"
    if not data.exists():
        raise SystemExit("there are no reference conversations beside this repository (../shared/data)")
    examples = [one for source in SOURCES for one in read_examples(data / source)]
    sets = made_up(number, 1, examples), made_up(number, 2, examples)
    before, spent = memory_mb(), defaultdict(float)
    settings = MonitorSettings(view="stress", permutations=permutations)
    monitors = tuple(timed(monitor, spent) for monitor in PANEL)
    busy = os.getloadavg()[0]
    wall, cpu = time.perf_counter(), time.process_time()
    read = compare(*sets, settings, monitors=monitors)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "conversations": number,
        "turns": TURNS,
        "monitors": len(PANEL),
        "permutations": permutations,
        "halves": settings.halves,
        "most": settings.most,
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "waiting_processes_before": round(busy, 1),
        "memory_mb": round(memory_mb()),
        "memory_of_the_sets_mb": round(before),
        "alarm": read.alarm,
        "left_out": list(read.left_out),
        "cpu_s_of": {name: round(value, 2) for name, value in sorted(spent.items(), key=lambda pair: -pair[1])},
        "machine": {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()},
    }


def table_of(result: dict[str, Any]) -> list[list[str]]:
    """Rows for people, the first one the heading."""
    of = result["cpu_s_of"]
    rest = result["cpu_s"] - sum(of.values())
    return [
        ["what", "figure", "limit"],
        ["wall clock", f"{result['wall_s']} s", f"{LIMIT_S} s"],
        ["CPU", f"{result['cpu_s']} s", ""],
        ["memory, with both sets", f"{result['memory_mb']:,} MB", f"{LIMIT_MB:,} MB"],
        ["memory of the sets alone", f"{result['memory_of_the_sets_mb']:,} MB", ""],
        *([f"CPU of `{name}`", f"{value} s", ""] for name, value in list(of.items())[:SHOWN]),
        [f"CPU of the other {max(0, len(of) - SHOWN)} monitors", f"{sum(list(of.values())[SHOWN:]):.1f} s", ""],
        ["CPU of draws, hashes and the rest", f"{rest:.1f} s", ""],
    ]


def says_of(result: dict[str, Any]) -> list[str]:
    """What the table means."""
    return [
        f"{result['monitors']} monitors on {result['conversations']:,} x {result['conversations']:,} conversations of "
        f"{result['turns']} turns: {result['permutations']:,} permutations, {result['halves']} halves of the "
        f"reference, intervals; costly monitors look at {result['most']:,} conversations a side. "
        f"{result['machine']['cpus']} CPUs, for which {result['waiting_processes_before']} other processes competed "
        "when it began: the wall clock says as much about them; CPU seconds are the panel's own.",
        "A part that several monitors share (words, embeddings) is counted for the first that asks for it.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    result = run(given.conversations, given.permutations)
    rows = table_of(result)
    shown = Table(*rows[0])
    for row in rows[1:]:
        shown.add_row(*row)
    Console().print(shown)
    text = json.dumps({**result, "table": rows, "says": says_of(result)}, indent=1)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
