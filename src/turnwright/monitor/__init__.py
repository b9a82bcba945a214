"""Stage `monitor`: how much a synthetic set is like human conversations, and what must stop when it is not.

What a spec says about it is loaded at once; the panel, gates and rounds when they are first used, since a run without
a reference needs none of them. The verb is `turnwright.monitor.compare.compare`: a module of that name hides it here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from turnwright.monitor.settings import GateSettings, MonitorSettings
from turnwright.monitor.statistic import LeftOut, Monitor, Sample, Statistic

if TYPE_CHECKING:
    from turnwright.monitor.gates import Judgement, check_gates, judge
    from turnwright.monitor.measures.cells import Missing, missing
    from turnwright.monitor.panel import PANEL, monitors_named
    from turnwright.monitor.rounds import FrozenReference, RoundFigures, Watch, freeze, round_figures, watch

__all__ = [
    "PANEL",
    "FrozenReference",
    "GateSettings",
    "Judgement",
    "LeftOut",
    "Missing",
    "Monitor",
    "MonitorSettings",
    "RoundFigures",
    "Sample",
    "Statistic",
    "Watch",
    "check_gates",
    "freeze",
    "judge",
    "missing",
    "monitors_named",
    "round_figures",
    "watch",
]

_HOMES = {
    "PANEL": "panel",
    "FrozenReference": "rounds",
    "Judgement": "gates",
    "Missing": "measures.cells",
    "RoundFigures": "rounds",
    "Watch": "rounds",
    "check_gates": "gates",
    "freeze": "rounds",
    "judge": "gates",
    "missing": "measures.cells",
    "monitors_named": "panel",
    "round_figures": "rounds",
    "watch": "rounds",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'turnwright.monitor' has no attribute '{name}' (it has {', '.join(__all__)})")
    return getattr(import_module(f"turnwright.monitor.{_HOMES[name]}"), name)
