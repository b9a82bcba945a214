"""turnwright: a data factory for multi-turn conversations. Blueprint first, words second, every turn accounted for.

The names below are loaded when they are first used, so that importing turnwright costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turnwright.api import Dataset, Factory, PlanReport, RunReport, load
    from turnwright.errors import InputError, TurnwrightError

__version__ = "0.1.0"
__all__ = ["Dataset", "Factory", "InputError", "PlanReport", "RunReport", "TurnwrightError", "load"]

_HOMES = {
    "Dataset": "turnwright.api",
    "Factory": "turnwright.api",
    "InputError": "turnwright.errors",
    "PlanReport": "turnwright.api",
    "RunReport": "turnwright.api",
    "TurnwrightError": "turnwright.errors",
    "load": "turnwright.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'turnwright' has no attribute '{name}' (it has {', '.join(__all__)})")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
