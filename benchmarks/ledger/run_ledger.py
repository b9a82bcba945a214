"""What the ledger costs: appending entries in batches, proofs, memory, size on disk; one core, beside bare hashing.

    python benchmarks/ledger/run_ledger.py --out out/ledger
    python benchmarks/ledger/run_ledger.py --out out/ledger --entries 100000

Entries are as large as those of real admissions. Prints a table and writes results/ledger.json.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from turnwright.records import canonical
from turnwright.store.database import Database, create_database
from turnwright.store.ledger.log import Ledger
from turnwright.store.ledger.merkle import is_consistent, leaf_hash, root_from_inclusion

HERE = Path(__file__).parent
PROOFS = 200


def entry(number: int) -> bytes:
    """As large as the entry of an admission with twelve turns."""
    made = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    ids = {name: f"{name}_{made}" for name in ("ad", "sc", "bp", "cv", "vd")}
    return canonical({**ids, "ordinal": number, "admitted": True, "reason": "admitted", "stage": "admit",
                      "turns": [f"tn_{made}"] * 12})  # fmt: skip


async def append(path: Path, entries: int, batch: int) -> float:
    """CPU seconds of appending."""
    database = Database(path, durability="process")
    ledger, started = Ledger(database), time.process_time()
    for start in range(0, entries, batch):
        await database.write(ledger.rows([entry(number) for number in range(start, min(entries, start + batch))]))
    spent = time.process_time() - started
    database.close()
    return spent


def bare(entries: int) -> float:
    """CPU seconds of making and hashing the same entries, and nothing else."""
    started = time.process_time()
    for number in range(entries):
        leaf_hash(entry(number))
    return time.process_time() - started


def timed(ask: Callable[[int], object], places: list[int]) -> dict[str, dict[str, float]]:
    """Milliseconds, each asked once: of CPU, the proof's own, and of wall time, in which others have a part."""
    taken: dict[str, list[float]] = {"CPU": [], "wall": []}
    for place in places:
        cpu, wall = time.thread_time(), time.perf_counter()
        ask(place)
        taken["CPU"].append((time.thread_time() - cpu) * 1000)
        taken["wall"].append((time.perf_counter() - wall) * 1000)
    return {clock: _spread(sorted(times)) for clock, times in taken.items()}


def _spread(times: list[float]) -> dict[str, float]:
    return {"median": statistics.median(times), "99th": times[int(len(times) * 0.99)], "worst": times[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / "run.db"
    path.unlink(missing_ok=True)
    create_database(path, {})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = asyncio.run(append(path, chosen.entries, chosen.batch))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    floor = bare(chosen.entries)
    started = time.perf_counter()
    ledger = Ledger(Database(path, read_only=True))
    opened = time.perf_counter() - started
    rng = random.Random(1)
    places = [rng.randrange(chosen.entries) for _ in range(PROOFS)]
    included, consistent = timed(ledger.inclusion, places), timed(ledger.consistency, places)
    head = bytes.fromhex(ledger.head().root)
    for place in places[:20]:
        assert root_from_inclusion(leaf_hash(entry(place)), place, ledger.size, ledger.inclusion(place)) == head
        old = bytes.fromhex(ledger.head(place).root)
        assert is_consistent(place, ledger.size, old, head, ledger.consistency(place))
    found = {
        "entries": chosen.entries, "batch": chosen.batch, "entry bytes": len(entry(chosen.entries - 1)),
        "appended a second of CPU": round(chosen.entries / spent), "CPU of append over bare hashing": spent / floor,
        "inclusion proof, ms": included, "consistency proof, ms": consistent, "opening, ms": opened * 1000,
        "peak memory, MB": peak / 1024, "grown by appending, MB": (peak - before) / 1024,
        "bytes on disk an entry": path.stat().st_size / chosen.entries,
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:34} {json.dumps(value)}")
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "ledger.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
