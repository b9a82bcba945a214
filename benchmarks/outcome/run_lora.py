"""Does another student rank the arms as the linear one does? The `lora` student on a few sets, beside the linear one.

    python benchmarks/outcome/run_lora.py --out out/outcome --version VERSION --arms walk,full,seeded --real 24,100

Sets are those that run_outcome.py has made with the first generation seed (VERSION is what it printed); where one is
not there it is made. Both students are examined on the same conversations, drawn from the test once for all by a seed
that is declared here, since answering all of it takes hours on two cores. Needs torch (extra `train`). Every finished
set is kept under --out. Writes results/lora.json and docs/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arms import ARMS
from cells import said_by
from corpus import Star, require_star
from page import write_page
from ruler import Ruler
from run_outcome import HERE, ROOT, version
from scipy.stats import spearmanr
from sets import Made, Missing, Works

from turnwright.errors import TurnwrightError
from turnwright.reading import Decision, decisions
from turnwright.store import write_bytes
from turnwright.train import fit_linear
from turnwright.train.curve import curve_of, take

DRAW = 4
"""Seed of the draw of test conversations; chosen once, before anything was measured."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("star", type=Path, nargs="?", default=ROOT.parent / "shared" / "data" / "star")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="", help="of turnwright, as run_outcome.py printed it")
    parser.add_argument("--arms", type=lambda text: text.split(","), default=["walk", "full", "seeded"])
    parser.add_argument("--real", type=lambda text: [int(size) for size in text.split(",") if size], default=[24, 100])
    parser.add_argument("--size", type=int, default=100, help="N of the arms")
    parser.add_argument("--test", type=int, default=100, help="conversations drawn from the test")
    parser.add_argument("--base", default="smollm2-135m-instruct", help="base model of the lora student")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--context", type=int, default=768)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "results.md")
    return parser.parse_args()


def sets(works: Works, chosen: argparse.Namespace) -> list[tuple[str, int, Made | str]]:
    """Name, size and set, or why there is none."""
    wanted = [*((name, chosen.size) for name in chosen.arms), *(("real", size) for size in chosen.real)]
    found: list[tuple[str, int, Made | str]] = []
    for name, size in wanted:
        try:
            found.append((name, size, works.made(ARMS[name], size, 1)))
        except (Missing, TurnwrightError) as why:
            found.append((name, size, str(why)))
    return found


def tuned(made: Made, points: Sequence[Decision], folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """What a lora student says, and how long that took; kept, so that it is tuned once."""
    from turnwright.train.lora import LoraSettings, fit_lora  # torch is an extra, and slow to import

    kept = folder / "said.json"
    if not kept.exists():
        started = time.process_time()
        settings = LoraSettings(epochs=chosen.epochs, context=chosen.context)
        student = fit_lora(made.examples, base=chosen.base, folder=folder / "student", settings=settings)
        taught = time.process_time() - started
        found = {"said": said_by(student, points), "taught": taught, "answered": time.process_time() - started - taught}
        write_bytes(kept, json.dumps(found).encode() + b"\n")
    read: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return read


def measured(star: Star, works: Works, chosen: argparse.Namespace) -> dict[str, Any]:
    """A row a set, and the rank correlation of the two students over all rows."""
    points = decisions(take(star.test.examples, chosen.test, DRAW))
    answers = []
    for name, size, made in sets(works, chosen):
        if isinstance(made, str):
            answers.append({"arm": name, "size": size, "missing": made})
            continue
        folder = works.out / "lora" / f"{name}-{size}-{chosen.epochs:g}-{chosen.context}-{chosen.test}"
        folder.mkdir(parents=True, exist_ok=True)
        linear = said_by(fit_linear(made.examples), points)
        answers.append({"arm": name, "size": size, "linear": linear, "lora": tuned(made, points, folder, chosen)})
        print(f"{name} at {size}: {answers[-1]['lora']['taught']:.0f} s", flush=True)
    rows = _scored(answers, points, star, chosen)
    good = [row for row in rows if "missing" not in row]
    scores = [[row["linear"] for row in good], [row["lora"]["value"] for row in good]]
    rank = spearmanr(*scores)[0] if len(good) > 2 else None
    return {
        "rows": rows, "spearman": None if rank is None else float(rank), "test": chosen.test, "draw": DRAW,
        "base": chosen.base, "epochs": chosen.epochs, "version": chosen.version,
    }  # fmt: skip


def _scored(answers: list[Any], points: Sequence[Decision], star: Star, chosen: argparse.Namespace) -> list[Any]:
    good = [row for row in answers if "missing" not in row]
    acts = {act for row in good for said in (row["linear"], row["lora"]["said"]) for act in said}
    drawn = {point.conversation: point.example for point in points}
    test = star.test.__class__(examples=tuple(drawn.values()))
    curve = curve_of(star.pool, test, seeds=1, sizes=(24,), cache=chosen.out.resolve() / "curves")
    ruler = Ruler(points, curve, sorted(acts))
    rows = []
    for row in answers:
        if "missing" in row:
            rows.append(row)
            continue
        scores = {
            student: ruler.figures([[said]], f"{row['arm']} {row['size']} {student}")["wF1"]
            for student, said in (("linear", row["linear"]), ("lora", row["lora"]["said"]))
        }
        seconds = {name: row["lora"][name] for name in ("taught", "answered")}
        rows.append({**row, "linear": scores["linear"]["value"], "lora": scores["lora"], **seconds})
    return rows


def main() -> None:
    os.nice(10)
    chosen = options()
    require_star(chosen.star)
    chosen.version = chosen.version or version()
    home = chosen.out.resolve() / chosen.version
    star = Star(chosen.star.resolve(), home)
    result = measured(star, Works(star, home, chosen.out.resolve() / "paid"), chosen)
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "lora.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write_page(chosen.results, chosen.page)
    print(f"rank correlation {result['spearman']}; wrote {chosen.page}")


if __name__ == "__main__":
    main()
