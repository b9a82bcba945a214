"""The gate between two rounds: is the set still like people's conversations, or does the loop run away or collapse?

With a reference, every round is compared with that one, frozen at the first: figures of what the round's student learns
from are followed over the rounds (`monitor.rounds`), and the gates of the settings are asked sequentially, so that many
rounds do not add up to a false alarm. Without one, a small guard compares acts with those of the first round. Neither
looks at what the student answers. A loop takes any other gate of the same shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from turnwright.engine.batches.words import said
from turnwright.engine.loop.records import Gate, GateInput, GateResult, LoopSettings
from turnwright.monitor.frozen import FrozenReference
from turnwright.monitor.gates import judge
from turnwright.monitor.measures.cells import jensen_shannon
from turnwright.monitor.rounds import Mode, RoundFigures, round_figures, watch
from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.reading import Example, decisions
from turnwright.records.fidelity import GateOutcome

__all__ = ["divergence", "first_round_gate", "reference_gate"]

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


def reference_gate(reference: Sequence[Example], frozen: FrozenReference, settings: LoopSettings) -> Gate:
    """A gate that compares every round with these human conversations, in the order of rounds.

    Args:
        frozen: what was summed up of them before the first round.
    """
    mode: Mode = "replace" if settings.replace else "accumulate"

    def gate(given: GateInput) -> GateResult:
        rounds = [
            round_figures(learnt, reference, frozen, number=number, mode=mode)
            for number, learnt in enumerate(given.learnt, 1)
        ]
        seen = watch(rounds, human_floor=settings.human_warning)
        outcomes = _asked(reference, given, settings)
        reasons = [*seen.why, *(said(one) for one in outcomes if one.state == "breached")]
        if given.human_share < given.human_floor - 1e-9:
            reasons.append(f"the human share is {given.human_share:.1%} (at least {given.human_floor:.1%})")
        return GateResult(
            passed=not reasons, figures=_figures(rounds[-1], given), reasons=tuple(reasons), watch=seen,
            outcomes=outcomes,
        )  # fmt: skip

    return gate


def _asked(reference: Sequence[Example], given: GateInput, settings: LoopSettings) -> tuple[GateOutcome, ...]:
    """What the gates say of everything that was generated so far."""
    gates = [GateSettings(when=when) for when in settings.gates]
    if not gates:
        return ()
    return judge(gates, reference, given.so_far, MonitorSettings(), look=len(given.learnt), batch=given.now).outcomes


def _figures(last: RoundFigures, given: GateInput) -> dict[str, float]:
    found = {one.name.replace("_", " "): round(one.value, 6) for one in last.levels if one.value is not None}
    words = {} if last.human_share is None else {"human words": round(last.human_share, 6)}
    return {**found, **words, "human share": round(given.human_share, 6)}


def divergence(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence of two counts, in bits: 0 for the same shares, 1 for nothing in common."""
    wholes = sum(one.values()), sum(other.values())
    if not all(wholes):
        return 0.0 if wholes[0] == wholes[1] else 1.0
    names = sorted({*one, *other})
    rows = (np.array([[counts.get(name, 0) for name in names]], np.float64) for counts in (one, other))
    return float(jensen_shannon(*rows)[0])


def _acts(examples: Sequence[Example]) -> Counter[str]:
    return Counter(point.act for point in decisions(examples))
