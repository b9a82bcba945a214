"""The gate between two rounds: is this round still like the first, or does the loop run away from where it began?

It compares acts with those of the first round, which stays frozen, and never with the conversations that the student
is examined on. It is a small gate; a loop takes any other of the same shape.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from turnwright.engine.loop.records import GateInput, GateResult
from turnwright.reading import Example, decisions

__all__ = ["divergence", "first_round_gate"]

FARTHEST = 0.05
"""Largest Jensen-Shannon divergence of the acts, in bits. A level that grows from 5 % to 15 % moves them far less."""
TAIL = 0.05
"""Acts with a smaller share of the first round's decisions are its tail."""
OFTEN = 3
"""Decisions below which a tail act may be missing by chance."""
KEPT = 0.9


def first_round_gate(given: GateInput) -> GateResult:
    """Compare acts and their tail with the first round's, and the human share with its floor."""
    first, now = _acts(given.first), _acts(given.now)
    whole = sum(first.values())
    tail = [act for act, count in first.items() if OFTEN <= count < TAIL * whole]
    kept = sum(act in now for act in tail) / len(tail) if tail else 1.0
    drift = divergence(first, now)
    reasons = []
    if drift > FARTHEST:
        reasons.append(f"acts have moved {drift:.3f} bits from the first round's (at most {FARTHEST})")
    if kept < KEPT:
        reasons.append(f"{kept:.0%} of the first round's tail acts are left (at least {KEPT:.0%})")
    if given.human_share < given.human_floor - 1e-9:
        reasons.append(f"the human share is {given.human_share:.1%} (at least {given.human_floor:.1%})")
    figures = {"divergence": round(drift, 6), "tail kept": round(kept, 6), "human share": round(given.human_share, 6)}
    return GateResult(passed=not reasons, figures=figures, reasons=tuple(reasons))


def divergence(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence of two counts, in bits: 0 for the same shares, 1 for nothing in common."""
    wholes = sum(one.values()), sum(other.values())
    if not all(wholes):
        return 0.0 if wholes[0] == wholes[1] else 1.0
    found = 0.0
    for name in sorted({*one, *other}):
        p, q = one.get(name, 0) / wholes[0], other.get(name, 0) / wholes[1]
        middle = (p + q) / 2
        found += sum(share * math.log2(share / middle) / 2 for share in (p, q) if share)
    return max(0.0, found)


def _acts(examples: Sequence[Example]) -> Counter[str]:
    return Counter(point.act for point in decisions(examples))
