"""From the cells that a set lacks to the levels that its next scenarios should have more often.

A cell is led back to levels through the conversations that were made: those levels whose conversations show it more
often than their siblings'. What no conversation shows yet cannot be led back, and is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from turnwright.domains.declaration import Factor
from turnwright.engine.lifts import gains
from turnwright.engine.quotas import Bounds, Wanted
from turnwright.monitor.measures.cells import KINDS
from turnwright.reading import Example

if TYPE_CHECKING:
    from turnwright.monitor.measures.cells import Missing

__all__ = ["Led", "led_back", "told"]

LEVEL = "level"


class Led(msgspec.Struct, frozen=True):
    """wanted: by (factor, level), how many times its share, and for which cells. notes: what could not be led back."""

    wanted: Wanted
    notes: tuple[str, ...] = ()


def led_back(lacking: Sequence[Missing], made: Sequence[Example], factors: Mapping[str, Factor], bounds: Bounds) -> Led:
    """Find the levels that show these cells.

    Args:
        made: the conversations of the set, with their levels. factors: of the design.
    """
    pressure: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}
    notes = []
    for cell in lacking:
        found = _levels(cell, made, factors)
        if not found:
            notes.append(_unled(cell, made))
        for key, gain in found.items():
            force, names = pressure.get(key, (0.0, ()))
            pressure[key] = (force + gain * _deficit(cell), (*names, told(cell)))
    top = max((force for force, _ in pressure.values()), default=0.0)
    wanted = {
        key: (1 + (bounds.most - 1) * force / top, names) for key, (force, names) in pressure.items() if force > 0
    }
    return Led(wanted, tuple(notes))


def told(cell: Missing) -> str:
    """A cell in words, e.g. `act: ask_repeat`."""
    return f"{cell.kind}: {cell.name}"


def _levels(cell: Missing, made: Sequence[Example], factors: Mapping[str, Factor]) -> dict[tuple[str, str], float]:
    """By level, how much more often its conversations show the cell; a cell that is a level counts whole."""
    if cell.kind == LEVEL:
        factor, _, level = cell.name.partition(" = ")
        return {(factor, level): 1.0} if level in getattr(factors.get(factor), "levels", {}) else {}
    return gains(made, [_shows(one, cell) for one in made], factors)


def _shows(one: Example, cell: Missing) -> bool:
    return cell.name in KINDS[cell.kind][1](one)


def _unled(cell: Missing, made: Sequence[Example]) -> str:
    if cell.kind == LEVEL:
        return f"{told(cell)} is no level of this design"
    if any(_shows(one, cell) for one in made):
        return f"{told(cell)}: no level's conversations show it more often than the others'"
    return f"{told(cell)}: no conversation shows it yet; flow, acts or plan settings may lack it"


def _deficit(cell: Missing) -> float:
    """Share of the reference's conversations that show it less the share of the set's."""
    return max(0.0, cell.reference - cell.synthetic)
