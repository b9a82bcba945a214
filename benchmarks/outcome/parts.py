"""What is worked out from finished cells: the table of arms, differences, decomposition and error analysis.

Each part is one JSON file under results/, which is all that the page reads.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arms import ARMS, REAL_SIZES, TEACHERS, Arm
from cells import Cell, cells_in
from decomposition import answers_of, real_rows, set_rows
from lost import lost
from ruler import Answers, Ruler
from sets import Made, Missing, Works

from turnwright.train.curve import Curve, curve_of

__all__ = ["CURVE_SEEDS", "Asked", "Part", "arms_part", "curve", "decomposition_part", "lost_part", "sizes_of"]

Part = dict[str, Any]
CURVE_SEEDS = 5
PAIRS = (("full at naive's N", "naive"), ("full", "walk"), ("full", "fill"), ("seeded", "full"), ("loop 1", "seeded"), ("loop 3", "loop 1"))  # fmt: skip  # noqa: E501
"""Differences that are worked out at equal size, first less second; `naive` stands for each naive arm."""
ABLATIONS = {
    "covering off": "full", "detours off": "full", "natural weights": "full", "habits without the 24": "seeded",
    "the 24 without habits": "seeded", "loop 3, unsteered": "loop 3",
    **{f"full, worded by {teacher}": "full" for teacher in TEACHERS},
    **{f"full, debated by {teacher}": f"full, worded by {teacher}" for teacher in TEACHERS},
}  # fmt: skip
"""Arm → what it is compared with."""
NOT_MEASURED = {
    "arbiter off": "with the domains' own words there is nothing that a model could rule on, and no model on the "
    "benchmark's machine holds a licence (see benchmarks/arbiter); it needs an arbiter by endpoint",
    "council off": "with the domains' own words the council has nothing to mend, and a debate with the 1.5B teacher "
    "takes four minutes a conversation (see benchmarks/economy)",
    "rare quotas off": "the domains imported from STAR declare no quotas; what designing rare things does is in "
    "`covering off`, `detours off` and `natural weights`",
}


@dataclass(frozen=True)
class Asked:
    """Which cells there should be. fits: students a set. home: where cells lie."""

    arms: tuple[str, ...]
    sizes: tuple[int, ...]
    seeds: int
    fits: int
    home: Path


def sizes_of(arm: Arm, asked: Asked) -> tuple[int, ...]:
    """The sizes at which an arm is run; the real arm has sizes of its own."""
    if arm.kind == "real":
        return tuple(size for size in REAL_SIZES if size <= max(asked.sizes) and (size or max(asked.sizes) >= 1000))
    return tuple(size for size in arm.sizes or asked.sizes if size in asked.sizes)


def curve(works: Works, cache: Path) -> Curve:
    """The learning curve of real conversations."""
    return curve_of(works.star.pool, works.star.test, seeds=CURVE_SEEDS, cache=cache)


# --- the table of arms ------------------------------------------------------------------------------------------


def arms_part(works: Works, asked: Asked, real: Curve) -> Part:
    """Every arm at every size with its figures, or why it has none; differences of pairs; ablations."""
    found = {
        (name, size): cells_in(asked.home, name, size, asked.seeds)
        for name in asked.arms
        for size in sizes_of(ARMS[name], asked)
    }
    said = {key: _answers(cells, "said") for key, cells in found.items()}
    named = {key: _answers(cells, "named") for key, cells in found.items()}
    grown = [each["said"] for cells in found.values() for cell in cells for each in cell.get("rounds", ())]
    acts = {act for rows in (*said.values(), *named.values(), grown) for seed in rows for fit in seed for act in fit}
    ruler = Ruler(works.star.points, real, sorted(acts))
    rows = [_row(ruler, ARMS[name], size, found[name, size], said, named) for name, size in found]
    return {
        "rows": rows,
        "gaps": list(_gaps(ruler, said)),
        "ablation": [*_ablation(ruler, said), *({"name": name, "missing": why} for name, why in NOT_MEASURED.items())],
        "rounds": list(_rounds(ruler, found)),
        "curve": ruler.points_of_curve(),
        "names": works.star.names,
        "seeds": asked.seeds,
        "fits": asked.fits,
        "test": {"conversations": len(works.star.test), "decisions": len(works.star.points)},
        "pool": len(works.star.pool),
    }


def _answers(cells: Sequence[Cell], key: str) -> Answers:
    return [cell[key] for cell in cells if cell.get(key)]


def _row(ruler: Ruler, arm: Arm, size: int, cells: Sequence[Cell], said: Any, named: Any) -> Part:
    key = arm.name, size
    row: Part = {"arm": arm.name, "says": arm.says, "group": arm.group, "size": size}
    good = [cell for cell in cells if "missing" not in cell]
    if not good:
        return {**row, "missing": cells[0]["missing"] if cells else "not run yet"}
    row |= ruler.figures(said[key], f"{arm.name} {size}")
    if named[key]:
        row["named"] = ruler.figures(named[key], f"{arm.name} {size} named")
    row["shared"] = max(cell.get("shared") or 0.0 for cell in good)
    row["notes"] = sorted({note for cell in good for note in cell.get("notes", ())})
    spent = [cell["cpu"] for cell in good if cell["cpu"] is not None]
    mean = {name: statistics.mean(cell[name] for cell in good) for name in ("synthetic", "human", "calls", "tokens")}
    return {**row, **mean, "cpu": statistics.mean(spent) if spent else None, "seeds": len(good)}


def _gaps(ruler: Ruler, said: Any) -> Any:
    for first, second in PAIRS:
        for one, size in said:
            for other in (name for name, at in said if at == size and _paired(one, name) == (first, second)):
                if said[one, size] and said[other, size]:
                    gap = ruler.gap(said[one, size], said[other, size], (f"{one} {size}", f"{other} {size}"))
                    yield {"first": one, "second": other, "size": size, **gap}


def _paired(one: str, other: str) -> tuple[str, str] | None:
    """The names before a comma, where what stands behind it is no obstacle: the same teacher, or none."""
    (first, _, teacher), (second, _, its) = one.partition(", "), other.partition(", ")
    return (first, second) if teacher in ("", its) else None


def _rounds(ruler: Ruler, found: Any) -> Any:
    """What each round of a loop gains over the one before, with all conversations so far."""
    for (name, size), cells in found.items():
        loops = [cell["rounds"] for cell in cells if cell.get("rounds")]
        for number in range(2, min(map(len, loops), default=0) + 1):
            now, before = ([loop[place - 1]["said"] for loop in loops] for place in (number, number - 1))
            gap = ruler.gap(now, before, (f"{name} {size} round {number}", f"{name} {size} round {number - 1}"))
            many = statistics.mean(loop[number - 1]["synthetic"] for loop in loops)
            yield {"arm": name, "size": size, "round": number, "synthetic": many, **gap}


def _ablation(ruler: Ruler, said: Any) -> Any:
    for name, whole in ABLATIONS.items():
        for one, size in said:
            if one == name and said[name, size] and said.get((whole, size)):
                gap = ruler.gap(said[name, size], said[whole, size], (f"{name} {size}", f"{whole} {size}"))
                yield {"name": name, "of": whole, "size": size, "says": ARMS[name].says, **gap}


# --- what a set's worth is made of ------------------------------------------------------------------------------


def decomposition_part(works: Works, asked: Asked, real: Curve, arms: Sequence[str]) -> Part:
    """Our acts with real words and real acts with our words, for these arms at the largest size; and the real rows."""
    size, star, seeds = max(asked.sizes), works.star, max(1, min(3, asked.fits))
    tables = [("", real_rows(star.pool.examples, star.few, seeds))]
    for name in arms:
        sets = [made.examples for made in _sets(works, ARMS[name], size, asked.seeds)]
        if sets:
            tables.append((name, set_rows(sets, star.pool.examples)))
    answered = [
        (name, acts, words, answers_of(row, star.points, seeds)) for name, rows in tables for acts, words, row in rows
    ]
    said = {act for *_, rows in answered for seed in rows for fit in seed for act in fit}
    ruler = Ruler(star.points, real, sorted(said))
    rows = [
        {"arm": name, "acts": acts, "words": words, **ruler.figures(rows, f"{name} {acts} {words}")}
        for name, acts, words, rows in answered
    ]
    return {"rows": rows, "size": size, "seeds": seeds}


def lost_part(works: Works, asked: Asked, arms: Sequence[str], real: int = 240) -> Part:
    """The error analysis of the best of these arms at the largest size."""
    size = max(asked.sizes)
    sets = {name: [made.examples for made in _sets(works, ARMS[name], size, asked.seeds)] for name in arms}
    tried = {name: lost(each, works.star.pool.examples, real, len(each)) for name, each in sets.items() if each}
    if not tried:
        return {"missing": f"no set of {', '.join(arms)} at {size}"}
    best = max(tried, key=lambda name: tried[name]["accuracy"]["ours"])
    return {"arm": best, "size": size, "among": list(tried), **tried[best]}


def _sets(works: Works, arm: Arm, size: int, seeds: int) -> list[Made]:
    made: list[Made] = []
    for seed in range(1, seeds + 1):
        try:
            made.append(works.made(arm, size, seed))
        except Missing:
            continue
    return made
