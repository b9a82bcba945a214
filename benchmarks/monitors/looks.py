"""Which bound should a gate have that looks after every batch: spending, or a confidence sequence?

    python benchmarks/monitors/looks.py

Means accumulate batch by batch beside one reference (4 or 40 batches long, its error shared by all looks). Four rules,
all one-sided at 5 %: every look takes the whole rate (naive); alpha / (k (k + 1)), what gates do (spending); Robbins'
half-normal mixture, an asymptotic confidence sequence (Waudby-Smith et al., 2021), tuned for look 10 (mixture); the
spending with its boundaries computed under the correlation of the looks instead of the union bound (exact). Prints how
often each breaches under the null within 50 looks, and after how many looks it finds an effect, counted in standard
errors of one batch. Takes a few seconds; writes results/looks.json. Why spending won: docs/decisions/0013.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.spending import reach, spent

ALPHA, LOOKS, RUNS = 0.05, 50, 20_000
REFERENCES = (4, 40)
EFFECTS = (3.0, 2.0, 1.0, 0.5)
Floats = NDArray[np.float64]
NORMAL = NormalDist()


def mixture(look: int, tuned: int = 10) -> float:
    """Standard errors at which a half-normal mixture of likelihood ratios reaches 1 / alpha."""
    wide = (-2 * math.log(ALPHA) + math.log(-2 * math.log(ALPHA)) + 1) / tuned
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        slope = math.sqrt(wide * look / (1 + wide * look))
        ratio = 2 / math.sqrt(1 + wide * look) * math.exp((slope * middle) ** 2 / 2) * NORMAL.cdf(slope * middle)
        low, high = (middle, high) if ratio < 1 / ALPHA else (low, middle)
    return high


def exact(looks: int, points: int = 3000) -> list[float]:
    """Boundaries of a random walk that spend what `spent` says at each look, and no more (Lan and DeMets, 1983)."""
    grid = np.linspace(-8 * math.sqrt(looks), 5 * math.sqrt(looks), points)
    step = float(grid[1] - grid[0])
    kernel = np.exp(-((grid[:, None] - grid[None, :]) ** 2) / 2) / math.sqrt(2 * math.pi) * step
    inside = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    bounds = []
    for look in range(1, looks + 1):
        beyond = np.cumsum(inside[::-1])[::-1] * step
        place = int(np.searchsorted(-beyond, -spent(ALPHA, look)))
        bounds.append(float(grid[min(place, points - 1)]) / math.sqrt(look))
        inside = kernel @ np.where(np.arange(points) < place, inside, 0)
    return bounds


def walks(effect: float, reference: int, seed: int) -> Floats:
    """runs x looks: standard errors between the figure and its bound."""
    rng = np.random.default_rng(seed)
    sizes = np.arange(1, LOOKS + 1)
    means = np.cumsum(rng.normal(size=(RUNS, LOOKS)), axis=1) / sizes
    human = rng.normal(size=(RUNS, 1)) / math.sqrt(reference)
    return np.asarray((means + human + effect) / np.sqrt(1 / sizes + 1 / reference))


def found_at(away: Floats, bounds: Floats) -> str:
    """Median look of the first breach."""
    past = away > bounds
    first = np.where(past.any(axis=1), past.argmax(axis=1) + 1, LOOKS + 1)
    middle = int(np.median(first))
    return str(middle) if middle <= LOOKS else f"over {LOOKS}"


def main() -> None:
    looks = range(1, LOOKS + 1)
    rules = {
        "naive": np.full(LOOKS, NORMAL.inv_cdf(1 - ALPHA)),
        "spending": np.array([reach(ALPHA, look) for look in looks]),
        "mixture": np.array([mixture(look) for look in looks]),
        "exact": np.array(exact(LOOKS)),
    }
    table: list[dict[str, Any]] = []
    for reference in REFERENCES:
        for name, bounds in rules.items():
            false = float((walks(0.0, reference, 1) > bounds).any(axis=1).mean())
            told = {f"effect {effect:g}": found_at(walks(effect, reference, 2), bounds) for effect in EFFECTS}
            width = {f"look {look}": round(float(bounds[look - 1]), 2) for look in (1, 2, 3, 5, 10, 20, 50)}
            head = {"reference (batches)": reference, "rule": name, "false breach in 50 looks": round(false, 4)}
            table.append({**head, **told, **width})
    says = [
        f"{RUNS:,} runs of {LOOKS} looks; alpha {ALPHA:g}, one-sided.",
        "effect e: median look at which a figure that lies e standard errors of one batch past its bound is found; "
        "look k: standard errors between figure and bound at that look.",
    ]
    for row in table:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    target = Path(__file__).parent / "results" / "looks.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"title": "Looks", "says": says, "table": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
