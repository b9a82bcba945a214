"""How many real conversations is a synthetic set worth? Arms of sets on STAR's ten tasks, one student, one real test.

    python benchmarks/outcome/run_outcome.py --out out/outcome
    python benchmarks/outcome/run_outcome.py --out out/outcome --arms "walk,full" --sizes 100,300 --seeds 2
    python benchmarks/outcome/run_outcome.py --out out/outcome --arms "naive; qwen2.5-coder-1.5b" --teacher FILE.gguf

STAR (../shared/data/star) holds tasks/, apis/, train.jsonl (the real pool) and test.jsonl. Generators read tasks and
apis alone, never the test, and not the pool's act frequencies; the seeded arms see 24 conversations of the pool.
Everything is kept under --out, cell by cell: the same command goes on where it stopped. Prints a table, and writes
results/*.json and docs/results.md, or where --results and --page say.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: two processes share two cores

import argparse
import hashlib
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from arms import ARMS
from cells import cell_of
from corpus import Star, require_star
from page import table_of, write_block, write_page
from parts import Asked, arms_part, curve, decomposition_part, lost_part, sizes_of
from sets import Missing, Works

import turnwright
from turnwright.store import write_bytes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOPICS = ("arms", "decomposition", "lost")
NO_PART = ("cli", "studio")
"""Packages that decide nothing about a set or a student."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("star", type=Path, nargs="?", default=ROOT.parent / "shared" / "data" / "star")
    parser.add_argument("--out", type=Path, required=True, help="where runs and cells are kept")
    parser.add_argument("--arms", type=_names, default=list(ARMS),
                        help="separated by commas; a comma in a name is written as a semicolon")  # fmt: skip
    parser.add_argument("--sizes", type=_numbers, default=[100, 300, 1000])
    parser.add_argument("--seeds", type=int, default=3, help="generation seeds")
    parser.add_argument("--fits", type=int, default=3, help="training seeds for each set")
    parser.add_argument("--topics", type=_names, default=list(TOPICS), help=f"which parts: {', '.join(TOPICS)}")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--teacher", default="", help="of the naive arms: a GGUF file, or a name of the catalogue")
    parser.add_argument("--minutes", type=float, default=60.0, help="cap on a cell with a teacher")
    parser.add_argument("--version", default="", help="go on with cells of this version of turnwright")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "results.md")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.arms if name not in ARMS]
    if unknown:
        parser.error(f"there is no arm '{unknown[0]}' (known: {'; '.join(ARMS)})")
    if min(chosen.sizes) < 20 or chosen.seeds < 1 or chosen.fits < 1:
        parser.error("sizes start at 20 (two conversations a task); seeds and fits at 1")
    return chosen


def _names(text: str) -> list[str]:
    return [name.strip().replace(";", ",") for name in text.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def version() -> str:
    """Short hash of everything of turnwright that decides a set or a student."""
    home = Path(turnwright.__file__).parent
    files = [path for path in sorted(home.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    made = hashlib.sha256()
    for path in files:
        where = path.relative_to(home)
        if where.parts[0] not in NO_PART:
            made.update(f"{where.as_posix()}\n".encode() + path.read_bytes())
    return made.hexdigest()[:10]


# --- jobs, each in a process that has read the data once ---------------------------------------------------------


class Bench:
    """What a process knows: where sets are made, and what was asked for."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        home = chosen.out.resolve() / chosen.version
        star = Star(chosen.star.resolve(), home)
        teacher = str(Path(chosen.teacher).resolve()) if chosen.teacher.endswith(".gguf") else chosen.teacher
        self.works = Works(star, home, chosen.out.resolve() / "paid", teacher, chosen.minutes)
        self.asked = Asked(tuple(chosen.arms), tuple(chosen.sizes), chosen.seeds, chosen.fits, home)
        self.curves = chosen.out.resolve() / "curves"

    def habits(self, name: str, seed: int) -> str:
        try:
            self.works.habits(ARMS[name], seed)
        except Missing as why:
            return f"habits of seed {seed}: {why}"
        return f"habits of seed {seed}"

    def curve(self) -> str:
        curve(self.works, self.curves)
        return "learning curve of real conversations"

    def cell(self, name: str, size: int, seed: int) -> str:
        cell = cell_of(self.works, self.asked.home, ARMS[name], size, seed, self.asked.fits)
        what = f"{name} at {size or 'all'}, seed {seed}"
        return f"{what}: " + (f"not measured, {cell['missing']}" if "missing" in cell else f"{cell['synthetic']} made")

    def part(self, topic: str) -> str:
        real = curve(self.works, self.curves)
        path = self.asked.home / "parts" / f"{topic}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, json.dumps(self._part(topic, real), indent=1).encode() + b"\n")
        return f"part: {topic}"

    def _part(self, topic: str, real: Any) -> dict[str, Any]:
        asked = self.asked
        if topic == "arms":
            return arms_part(self.works, asked, real)
        if topic == "decomposition":
            return decomposition_part(self.works, asked, real, self._asked("full", "seeded"))
        return lost_part(self.works, asked, self._asked("walk", "fill", "full"))

    def _asked(self, *names: str) -> list[str]:
        return [name for name in names if name in self.asked.arms]


_BENCH: list[Bench] = []


def _begin(chosen: argparse.Namespace) -> None:
    os.nice(10)
    _BENCH.append(Bench(chosen))


def _do(verb: str, *given: Any) -> str:
    done: str = getattr(_BENCH[0], verb)(*given)
    return done


def jobs_of(bench: Bench) -> list[list[tuple[Any, ...]]]:
    """The jobs in waves; those of a wave do not wait for one another. Small sets first."""
    arms = [ARMS[name] for name in bench.asked.arms]
    seeds = range(1, bench.asked.seeds + 1)
    learners = sorted({arm.few: arm.name for arm in arms if arm.learns}.values())
    sizes = [(arm.name, size) for arm in arms for size in sizes_of(arm, bench.asked)]
    cells = [("cell", name, size, seed) for name, size in sizes for seed in (seeds if size else (1,))]
    waits = {name for name, arm in ARMS.items() if arm.kind == "constant" or arm.like}
    by_size = sorted((job for job in cells if job[1] not in waits), key=lambda job: int(job[2]))
    return [
        [("curve",), *(("habits", name, seed) for name in learners for seed in seeds)],
        by_size,
        [job for job in cells if job[1] in waits],
    ]


def work(chosen: argparse.Namespace, waves: Sequence[Sequence[tuple[Any, ...]]]) -> None:
    """Do all jobs, telling of each that ends; a failure ends the benchmark, and what is finished stays."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.processes, context, initializer=_begin, initargs=(chosen,)) as pool:
        for wave in waves:
            waiting = {pool.submit(_do, *job): job for job in wave}
            for number, done in enumerate(as_completed(waiting), start=1):
                print(f"[{number}/{len(waiting)}] {done.result()}", flush=True)


def collect(chosen: argparse.Namespace, bench: Bench) -> None:
    """Put the parts where the page reads them, with what made them."""
    chosen.results.mkdir(parents=True, exist_ok=True)
    for topic in chosen.topics:
        part = json.loads((bench.asked.home / "parts" / f"{topic}.json").read_text(encoding="utf-8"))
        made = {"version": chosen.version, "words": "the domains' own", "sizes": chosen.sizes, **part}
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        (chosen.results / f"{topic}.json").write_text(text, encoding="utf-8")


def main() -> None:
    chosen = options()
    require_star(chosen.star)
    chosen.version = chosen.version or version()
    bench = Bench(chosen)
    print(f"turnwright {chosen.version}; {len(bench.works.star.domains)} domains", flush=True)
    if any(ARMS[name].teacher or ARMS[name].like for name in chosen.arms):
        print(f"{len(bench.works.paid_star.domains)} domains for arms with a teacher", flush=True)
    work(chosen, jobs_of(bench))
    work(chosen, [[("part", topic) for topic in chosen.topics]])
    collect(chosen, bench)
    if "arms" in chosen.topics:
        print(table_of(chosen.results))
    write_page(chosen.results, chosen.page)
    if chosen.results == HERE / "results":
        write_block(chosen.results, ROOT / "README.md")
    print(f"wrote {chosen.page}")


if __name__ == "__main__":
    main()
