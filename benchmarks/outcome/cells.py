"""One cell: an arm at a size with a generation seed, as the answers that its students give on the test.

A finished cell is one JSON file and is never computed twice. Answers are kept, not scores: intervals, differences
between arms and error analyses all come from them later, in seconds.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arms import ARMS, Arm
from corpus import names_in, renamed
from sets import Made, Missing, Works, slug

from turnwright.errors import TurnwrightError
from turnwright.reading import Decision, Example, decisions
from turnwright.store import write_bytes
from turnwright.train import fit_linear
from turnwright.train.overlap import LIMIT, overlap, refuse_overlap

__all__ = ["Cell", "answered", "cell_of", "cells_in", "place_of", "said_by"]

Cell = dict[str, Any]


def place_of(home: Path, arm: str, size: int, seed: int) -> Path:
    """Where the cell lies."""
    return home / "cells" / slug(arm) / f"{size}-{seed}.json"


def cells_in(home: Path, arm: str, size: int, seeds: int) -> list[Cell]:
    """The finished cells of an arm at a size, by seed."""
    files = [place_of(home, arm, size, seed) for seed in range(1, seeds + 1)]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def cell_of(works: Works, home: Path, arm: Arm, size: int, seed: int, fits: int) -> Cell:
    """Make a cell, or read it. fits: students trained on the set, each with a seed of its own."""
    place = place_of(home, arm.name, size, seed)
    if place.exists():
        kept: Cell = json.loads(place.read_text(encoding="utf-8"))
        if "missing" not in kept and len(kept["said"]) >= fits:
            return kept
    made = _tried(works, arm, size, seed, fits)
    cell: Cell = {"arm": arm.name, "size": size, "seed": seed, **made}
    place.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(place, json.dumps(cell).encode() + b"\n")
    return cell


def _tried(works: Works, arm: Arm, size: int, seed: int, fits: int) -> Cell:
    try:
        return _constant(works, size, seed) if arm.kind == "constant" else _answers(works, arm, size, seed, fits)
    except Missing as why:
        return {"missing": str(why)}
    except TurnwrightError as fault:
        return {"missing": f"turnwright refused: {fault}"}


def _answers(works: Works, arm: Arm, size: int, seed: int, fits: int) -> Cell:
    made = works.made(arm, size, seed)
    shared = _shared(works, made) if arm.kind != "real" else None
    started = time.process_time()
    said = answered(made.examples, works.star.points, range(fits))
    taught = time.process_time() - started
    named = None
    if arm.kind != "real":
        names = names_in(works.star.few(arm.few, seed), works.star.replies, least=1) if arm.few else works.star.names
        named = answered(renamed(made.examples, names), works.star.points, range(fits))
    grown = _grown(works, arm, size, seed, fits) if arm.kind == "loop" else []
    found = {"taught": taught / fits, "said": said, "named": named, "rounds": grown}
    return {**_counts(made), "shared": shared, **found}


def _shared(works: Works, made: Made) -> float:
    """Share of the set's conversations that overlap the test; one that does too much is not measured."""
    found = overlap(made.examples[: made.synthetic], works.star.test.examples, works.star.pool.examples)
    refuse_overlap(found, LIMIT)
    return found.share


def _grown(works: Works, arm: Arm, size: int, seed: int, fits: int) -> list[Cell]:
    """What students say after each round of a loop, having learnt from all rounds so far."""
    made = [works.grown(arm, size, seed, count) for count in range(1, len(works.rounds(arm, size, seed)) + 1)]
    return [
        {"synthetic": one.synthetic, "said": answered(one.examples, works.star.points, range(fits))} for one in made
    ]


def _counts(made: Made) -> Cell:
    return {
        "asked": made.asked, "synthetic": made.synthetic, "human": made.human, "calls": made.calls,
        "tokens": made.tokens, "cpu": made.cpu, "notes": made.notes,
    }  # fmt: skip


def answered(examples: Sequence[Example], points: Sequence[Decision], seeds: Sequence[int]) -> list[list[str]]:
    """What students trained on these conversations say at every decision, a row a training seed."""
    return [said_by(fit_linear(examples, seed=seed), points) for seed in seeds]


def said_by(student: Any, points: Sequence[Decision]) -> list[str]:
    """The act that a student takes for the likeliest at every decision."""
    return [student.acts[number] for number in student.predict(points).chances.argmax(axis=1)]


def _constant(works: Works, size: int, seed: int) -> Cell:
    """The most frequent act of each task in the walk's set, as the answer to everything."""
    made = works.made(ARMS["walk"], size, seed)
    rows = {}
    for examples, key in ((made.examples, "said"), (renamed(made.examples, works.star.names), "named")):
        counted: dict[str, Counter[str]] = {}
        for point in decisions(examples):
            counted.setdefault(point.example.task, Counter())[point.act] += 1
        best = {task: min(acts, key=lambda act, acts=acts: (-acts[act], act)) for task, acts in counted.items()}
        rows[key] = [[best[point.example.task] for point in works.star.points]]
    return {**_counts(made), "taught": 0.0, **rows}
