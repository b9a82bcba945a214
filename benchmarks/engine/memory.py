"""Does memory stay flat? Scripted runs of growing size, each in a process of its own; peak memory and CPU of each.

usage: python benchmarks/engine/memory.py [--sizes 2000,10000] [--concurrency 64]
Prints a table and writes benchmarks/engine/results/memory.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
DOMAIN = HERE / "bench_shop"
SPEC = """\
version: 1
name: memory
domain: {domain}
seed: 1
scenarios: {size}
attempts: 1
design: {{drop: [detour, mood, memory, tool_fault]}}
models: {{double: {{kind: scripted, script: obliging}}}}
roles: {{user: double, teacher: double}}
admit: {{near_duplicate: 1.0}}
export: {{formats: [openai]}}
run: {{concurrency: {concurrency}, durability: process}}
"""
CHILD = """
import json, resource, sys, time
import turnwright
began = time.process_time()
report = turnwright.load(sys.argv[1]).run(sys.argv[2])
print(json.dumps({
    "calls": report.summary.total.calls, "admitted": report.summary.admitted, "concluded": report.summary.concluded,
    "cpu": time.process_time() - began, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def measure(size: int, concurrency: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "factory.yaml"
        spec.write_text(SPEC.format(domain=DOMAIN, size=size, concurrency=concurrency))
        began = time.monotonic()
        command = [sys.executable, "-c", CHILD, str(spec), str(Path(folder) / "run")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        figures["run_db_mb"] = (Path(folder) / "run" / "run.db").stat().st_size / 1e6
        figures["seconds"] = time.monotonic() - began
    return {"conversations": size, **figures}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="2000,10000")
    options.add_argument("--concurrency", type=int, default=64)
    given = options.parse_args()
    rows = [measure(int(size), given.concurrency) for size in given.sizes.split(",")]
    print(
        f"{'conversations':>13} {'calls each':>10} {'admitted':>8} {'peak MB':>8} {'ms CPU each':>11} {'run.db MB':>9}"
    )
    for row in rows:
        each = row["conversations"]
        print(
            f"{each:>13,} {row['calls'] / each:>10.2f} {row['admitted']:>8,} {row['peak_mb']:>8.1f} "
            f"{1000 * row['cpu'] / each:>11.2f} {row['run_db_mb']:>9.1f}"
        )
    growth = rows[-1]["peak_mb"] / rows[0]["peak_mb"]
    print(f"peak memory, largest against smallest: {growth:.2f}x")
    out = HERE / "results" / "memory.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"python": platform.python_version(), "growth": growth, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
