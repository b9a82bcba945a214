"""What the ledger adds to concluding a scenario: the same records written with and without their entries; one core.

    python benchmarks/ledger/run_conclude.py --out out/conclude

The scenarios are those of a small run of the built-in domain, under new ids. Both ways take turns, and the median of
the rounds counts. Prints a table and writes results/conclude.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from run_verify import HERE, SPEC, resample

import turnwright
from turnwright.store import Concluded, open_run, read_run
from turnwright.store.writer import Row

AT_ONCE = 16


async def conclude(folder: Path, made: list[Concluded], *, logged: bool) -> float:
    """CPU milliseconds a scenario."""
    shutil.rmtree(folder, ignore_errors=True)
    with open_run(folder, spec={}, durability="process") as run:
        if not logged:
            database = run.records.log._database

            async def bare(rows: Sequence[Row], entries: Sequence[bytes]) -> None:
                await database.write(rows)

            run.records.log.write = bare  # type: ignore[method-assign]
        started = time.process_time()
        for start in range(0, len(made), AT_ONCE):
            await asyncio.gather(*(run.records.conclude(one) for one in made[start : start + AT_ONCE]))
        spent = time.process_time() - started
    return spent * 1000 / len(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    shutil.rmtree(chosen.out, ignore_errors=True)
    chosen.out.mkdir(parents=True)
    (chosen.out / "factory.yaml").write_text(SPEC)
    turnwright.load(chosen.out).run(chosen.out / "run")
    with read_run(chosen.out / "run") as run:
        made = list(resample(list(run.records.concluded()), chosen.conversations))
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(chosen.rounds):
        for logged, spent in taken.items():
            spent.append(asyncio.run(conclude(chosen.out / "again", made, logged=logged)))
    with_it, without = statistics.median(taken[True]), statistics.median(taken[False])
    found = {
        "scenarios": len(made), "rounds": chosen.rounds, "without a ledger, ms of CPU": without,
        "with it, ms of CPU": with_it, "added, ms of CPU": with_it - without,
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:34} {value:,.3f}")
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "conclude.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
