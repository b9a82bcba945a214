"""How much error a gate may spend at each of its looks, so that looking often does not make false alarms.

A gate looks after every batch, nobody knows how many batches there will be, and each look sees most of what the last
one saw. Look k spends alpha / (k (k + 1)) of the error rate. These parts add up to alpha over endlessly many looks, so
by the union bound the chance of any false alarm at any look is at most alpha, whatever the looks have in common and
whenever the run ends. Nothing else is assumed: figures may be ratios or AUCs, batches may differ in size, the next
design may depend on the last look. Why not a confidence sequence: docs/decisions/0013.

Nothing here knows a gate or a figure.
"""

from __future__ import annotations

from statistics import NormalDist

from turnwright.errors import InputError

__all__ = ["reach", "spent"]


def spent(alpha: float, look: int) -> float:
    """Part of `alpha` that look number `look` (from 1) may spend.

    Raises:
        InputError: alpha is not between 0 and 1, or looks are not counted from 1.
    """
    if not 0 < alpha < 1:
        raise InputError(f"an error rate of {alpha} cannot be spent", fix="give a number between 0 and 1, such as 0.05")
    if look < 1:
        raise InputError(f"there is no look number {look}", fix="count looks from 1")
    return alpha / (look * (look + 1))


def reach(alpha: float, look: int) -> float:
    """How many standard errors a one-sided bound of this look lies away from a normal figure."""
    return -NormalDist().inv_cdf(spent(alpha, look))
