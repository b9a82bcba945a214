"""Which split a conversation belongs to: decided by its scenario alone, so that no scenario is in two splits.

The hash decides, not the order: a conversation stays in its split when others come or go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from turnwright.records import Scenario, canonical

__all__ = ["split_of"]


def split_of(scenario: Scenario, shares: Mapping[str, float], by: str = "scenario") -> str:
    """Return the split of a scenario.

    Args:
        shares: split → share (relative), in order.
        by: `scenario` (its id) or `levels` (its levels, so that equal levels stay together).
    """
    what = scenario.id if by == "scenario" else canonical(scenario.levels).decode()
    place = int.from_bytes(hashlib.sha256(f"split:{what}".encode()).digest()[:8], "big") / 2**64 * sum(shares.values())
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return [name for name, share in shares.items() if share > 0][-1]
