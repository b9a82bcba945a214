"""The figures as people read them: rows for the terminal, and docs/results.md from all result files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["rows_of", "write_page"]

INTRO = """\
# What a set is worth

Written by `benchmarks/outcome/run_outcome.py` from its `results_*.json`; do not edit.

A linear student is trained on a synthetic set and tested on 468 real human conversations of STAR (ten tasks); its
weighted F1 on the next act is read off the learning curve of real conversations: *equivalent real conversations*
(ERC). Generators read the tasks' graphs and API schemas alone. Each cell: mean over generation seeds, then the range
over seeds; ERC with the widest 95 % interval over test conversations and training seeds.
"""


def rows_of(result: Mapping[str, Any]) -> list[list[str]]:
    """A row an arm and size; the first row is the heading."""
    rows = [["arm", "conversations", "weighted F1", "ERC", "95 % interval"]]
    for arm, sizes in result["arms"].items():
        for size, cell in sizes.items():
            low, high = cell["wF1_range"]
            rows.append([
                arm, size, f"{cell['wF1']:.3f} ({low:.3f} to {high:.3f})", f"{cell['real']:.0f}",
                f"{cell['real_interval'][0]:.0f} to {cell['real_interval'][1]:.0f}",
            ])  # fmt: skip
    return rows


def write_page(folder: Path, page: Path) -> None:
    """Write the page from every result file of the folder."""
    parts = [INTRO]
    for path in sorted(folder.glob("results_*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        rows = rows_of(result)
        seeds = {cell["seeds"] for sizes in result["arms"].values() for cell in sizes.values()}
        parts.append(f"## Words: {result['words']} ({', '.join(map(str, sorted(seeds)))} generation seeds)\n")
        parts += [f"| {' | '.join(rows[0])} |", f"| {' | '.join('---' for _ in rows[0])} |"]
        parts += [f"| {' | '.join(row)} |" for row in rows[1:]]
        curve = ", ".join(f"{point['size']}: {point['wF1']:.3f}" for point in result["curve"])
        parts.append(f"\nReal conversations reach: {curve}.\n")
    page.write_text("\n".join(parts), encoding="utf-8")
