"""`bias.json` and `bias.html`: all figures, and one self-contained page that opens from disk without a network.

Every word on the page is escaped; no word of a model stands on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import msgspec
from jinja2 import Environment, StrictUndefined

from turnwright.engine.audit.findings import amount, chance, interval, level_of, swap_of
from turnwright.engine.audit.records import BiasReport
from turnwright.monitor.bias import MEASURES, Compared
from turnwright.store import write_bytes, write_text

__all__ = ["ANSWERS", "JSON", "PAGE", "keep_audit"]

JSON, PAGE = "bias.json", "bias.html"
ANSWERS = {
    "different": "a difference is shown",
    "small": "a difference is shown, within the bound",
    "equal": "a difference past the bound is ruled out",
    "open": "neither is shown",
    "few": "too few pairs, not tested",
}
"""Answer → how it is printed."""


def keep_audit(folder: Path, report: BiasReport) -> tuple[Path, Path]:
    """Write both files; returns where they are.

    Raises:
        DiskFull, StoreError: the disk refuses; what stood there before still does.
    """
    write_bytes(folder / JSON, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    source = resources.files("turnwright.engine").joinpath("pages", "bias.html.j2").read_text(encoding="utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = page.from_string(source).render(
        report=report,
        swaps=_swaps,
        measures=MEASURES,
        answers=ANSWERS,
        level=level_of,
        amount=amount,
        interval=interval,
        chance=chance,
    )
    write_text(folder / PAGE, text)
    return folder / JSON, folder / PAGE


def _swaps(rows: Sequence[Compared]) -> list[tuple[str, list[Compared]]]:
    """A heading for every swap, with its rows."""
    made: dict[str, list[Compared]] = {}
    for one in rows:
        made.setdefault(swap_of(one), []).append(one)
    return list(made.items())
