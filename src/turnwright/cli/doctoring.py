"""`turnwright doctor`: what is installed, which models and endpoints are there, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import platform
import sys

from rich.text import Text

from turnwright import __version__
from turnwright.api import Factory
from turnwright.cli.console import out
from turnwright.engine import answers
from turnwright.errors import TurnwrightError
from turnwright.models import listed

__all__ = ["examine"]

PARTS = {
    "xllamacpp": ("embedded models", "pip install xllamacpp"),
    "aiohttp": ("endpoints", "pip install aiohttp"),
    "pyarrow": ("Parquet export", "pip install 'turnwright[parquet]'"),
}


async def examine(factory: Factory | None) -> int:
    """Print one line a thing; return 1 when the spec's models are not all there."""
    line(True, f"turnwright {__version__}", f"Python {platform.python_version()} on {sys.platform}")
    for name, (what, fix) in PARTS.items():
        try:
            line(True, name, f"{importlib.metadata.version(name)}: {what}")
        except importlib.metadata.PackageNotFoundError:
            line(False, name, f"not installed: {what}. Fix: {fix}")
    for entry in listed():
        line(bool(entry.path), entry.name, str(entry.path or f"not here. Fix: turnwright models pull {entry.name}"))
    if factory is None:
        return 0
    return max([await _model(factory, name) for name in factory.spec.models], default=0)


async def _model(factory: Factory, name: str) -> int:
    try:
        found = await answers(name, factory.spec.models[name], factory.base)
    except TurnwrightError as error:
        line(False, f"models.{name}", str(error))
        return 1
    line(True, f"models.{name}", found)
    return 0


def line(good: bool, what: str, more: str) -> None:
    """One finding."""
    text = Text("ok   " if good else "miss ", style="green" if good else "yellow")
    text.append(f"{what:<24} {more}", style="default")
    out.print(text)
