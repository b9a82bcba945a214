"""Pairs of conversations as a fair and as a prejudiced teacher would leave them, drawn by seed."""

from __future__ import annotations

import numpy as np

from turnwright.monitor.bias import Group, Pair


def refusals(n: int, rng: np.random.Generator, *, base: float, more: float = 0.0, apart: bool = False) -> Group:
    """A group of n pairs whose other side is turned away `more` often than the reference, which is in `base` of cases.

    apart: whether the two conversations of a pair are turned away independently of one another.
    """
    first = rng.random(n) < base
    second = rng.random(n) < base + more if apart else first | (rng.random(n) < more / (1 - base))
    pairs = (
        Pair(blueprint=str(place), reference={"refused": float(one)}, other={"refused": float(other)})
        for place, (one, other) in enumerate(zip(first, second, strict=True))
    )
    return Group(attribute="gender", reference="male", level="female", pairs=tuple(pairs))


def counts(measure: str, first: list[float], second: list[float]) -> Group:
    """A group with these values of one measure."""
    pairs = (
        Pair(blueprint=str(place), reference={measure: one}, other={measure: other})
        for place, (one, other) in enumerate(zip(first, second, strict=True))
    )
    return Group(attribute="age", reference="middle", level="old", pairs=tuple(pairs))
