"""How many real conversations is a synthetic set worth? Arms of sets on STAR's ten tasks, one student, one real test.

    python benchmarks/outcome/run_outcome.py STAR_DIR --sizes 100,300,1000 --seeds 3 --out runs/outcome

STAR_DIR holds tasks/, apis/, train.jsonl (the real pool) and test.jsonl. Generators read tasks and apis alone, never
the test, and not the pool's act frequencies. Every run folder is kept under --out: the same command goes on where it
stopped. Prints a table and writes benchmarks/outcome/results_NAME.json and docs/results.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from arms import ARMS, spec_of, write_spec
from page import rows_of, write_page

import turnwright
from turnwright.domains.importers import IMPORTERS
from turnwright.reading import ExampleSet, read_set
from turnwright.train import Worth, worth

HERE = Path(__file__).parent
RENAME = {"query_*": "query"}
"""STAR labels every call `query`; the importer tells them apart by tool."""


def made(arm: str, domains: list[Path], size: int, seed: int, out: Path, teacher: dict[str, Any] | None) -> list[Path]:
    """Run an arm at one size with one generation seed; returns its run folders, one a task."""
    folders = []
    for domain in domains:
        folder = out / arm.replace(", ", "-") / str(size) / str(seed) / domain.name
        write_spec(folder / "factory.yaml", spec_of(arm, domain, size // len(domains), seed, teacher))
        turnwright.load(folder / "factory.yaml").run(folder / "run")
        folders.append(folder / "run")
    return folders


def figures(found: Worth) -> dict[str, Any]:
    """What is kept of one measurement."""
    return {
        "conversations": found.conversations,
        "wF1": found.score.value, "wF1_low": found.score.low, "wF1_high": found.score.high,
        "real": found.real.value, "real_low": found.real.low, "real_high": found.real.high,
        "tokens": None if found.usage is None else found.usage.tokens,
        "calls": None if found.usage is None else found.usage.calls,
        "unseen": found.unseen_share,
    }  # fmt: skip


def over_seeds(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean over generation seeds, their range, and the widest interval of any of them."""
    return {
        "seeds": len(each),
        "wF1": statistics.mean(one["wF1"] for one in each),
        "wF1_range": [min(one["wF1"] for one in each), max(one["wF1"] for one in each)],
        "real": statistics.mean(one["real"] for one in each),
        "real_range": [min(one["real"] for one in each), max(one["real"] for one in each)],
        "real_interval": [min(one["real_low"] for one in each), max(one["real_high"] for one in each)],
        "each": each,
    }


def measured(given: argparse.Namespace, pool: ExampleSet, test: ExampleSet) -> dict[str, Any]:
    """All arms at all sizes."""
    if not (given.out / "domains").exists():
        IMPORTERS["star"](given.star, given.out / "domains")
    domains = sorted(path for path in (given.out / "domains").iterdir() if path.is_dir())
    teacher = {"kind": "embedded", "model": given.teacher} if given.teacher else None
    table: dict[str, Any] = {}
    for arm in given.arms:
        for size in given.sizes:
            each = []
            for seed in range(1, given.seeds + 1):
                folders = made(arm, domains, size, seed, given.out, teacher)
                each.append(figures(worth(read_set(folders, rename=RENAME), pool, test)))
                print(
                    f"{arm} at {size}, seed {seed}: wF1 {each[-1]['wF1']:.3f}, {each[-1]['real']:.0f} real", flush=True
                )
            table.setdefault(arm, {})[str(size)] = over_seeds(each)
    return table


def options() -> argparse.Namespace:
    chosen = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen.add_argument("star", type=Path)
    chosen.add_argument("--out", type=Path, required=True, help="where run folders lie")
    chosen.add_argument("--arms", type=lambda text: text.split(";"), default=list(ARMS), help="separated by ;")
    chosen.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[100, 300])
    chosen.add_argument("--seeds", type=int, default=2, help="generation seeds")
    chosen.add_argument("--teacher", default="", help="catalogue name or GGUF path; the domains' own words without")
    chosen.add_argument("--name", default="words_of_the_domain", help="of the result file")
    return chosen.parse_args()


def main() -> None:
    given = options()
    pool = read_set([given.star / "train.jsonl"], name="pool")
    test = read_set([given.star / "test.jsonl"], name="test")
    table = measured(given, pool, test)
    curve = worth(pool, pool, test, seeds=1, limit=1.0).curve
    result = {
        "name": given.name,
        "words": given.teacher or "the domains' own",
        "arms": table,
        "curve": [{"size": point.size, "wF1": point.score.value} for point in curve],
        "test": {"conversations": len(test.examples)},
    }
    path = HERE / f"results_{given.name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for row in rows_of(result):
        print("  ".join(cell.rjust(22) if place else cell.ljust(18) for place, cell in enumerate(row)))
    write_page(HERE, HERE.parents[1] / "docs" / "results.md")


if __name__ == "__main__":
    main()
