"""The one table of all monitors: what `compare` reads off two sets, family by family."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from turnwright.errors import InputError
from turnwright.monitor.measures import (
    cells,
    classifier,
    diversity,
    flow,
    grounding,
    kernels,
    manners,
    repetition,
    support,
    tails,
)
from turnwright.monitor.statistic import Monitor

__all__ = ["PANEL", "monitors_named"]

PANEL: tuple[Monitor, ...] = (
    *tails.MONITORS,
    *cells.MONITORS,
    *classifier.MONITORS,
    *kernels.MONITORS,
    *support.MONITORS,
    *diversity.MONITORS,
    *repetition.MONITORS,
    *flow.MONITORS,
    *manners.MONITORS,
    *grounding.MONITORS,
)


def monitors_named(names: Sequence[str], panel: Sequence[Monitor] = PANEL) -> tuple[Monitor, ...]:
    """The monitors of these names, in the order of the panel; raises InputError for a name that is not there."""
    known = {one.name: one for one in panel}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3) or sorted(known)
            raise InputError(f"there is no monitor '{name}'", fix=f"one of: {', '.join(near)}")
    return tuple(one for one in panel if one.name in set(names))
