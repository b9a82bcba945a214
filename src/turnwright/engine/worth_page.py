"""What a run's set is worth, kept in the run folder as `worth.json` and shown in its `report.html`.

The figures are measured elsewhere. A report that is there already is changed in this one place only: writing the
whole of it again would need the spec, its domain and its models, which whoever measures may not have.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import msgspec
from jinja2 import Environment, StrictUndefined

from turnwright.errors import InputError
from turnwright.store import read_run, write_bytes, write_text
from turnwright.train import Worth, worth_plot

__all__ = ["WORTH", "keep_worth", "require_set_of", "worth_section"]

WORTH = "worth.json"
BEGIN, END = "<!-- worth -->", "<!-- /worth -->"  # words of models are escaped, so that none of them can be these


def keep_worth(folder: Path, made: Worth) -> Path:
    """Write `worth.json` into a run folder and show it in the report; returns the page, or the file without one.

    Raises:
        RunFolderError: there is no run in this folder.
        InputError: the set that was measured is not this run's, by the number of its conversations.
        DiskFull, StoreError: the disk refuses; what stood there before still does.
    """
    admitted = require_set_of(folder, made.conversations)
    write_bytes(folder / WORTH, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    report = folder / "report.html"
    if not report.is_file():
        return folder / WORTH
    write_text(report, _put(report.read_text(encoding="utf-8"), worth_section(folder, admitted)))
    return report


def require_set_of(folder: Path, conversations: int) -> int:
    """How many conversations a run admitted; raises InputError when these are not as many (see `keep_worth`)."""
    with read_run(folder) as run:
        admitted = run.records.admitted()
    if conversations != admitted:
        raise InputError(
            f"a set of {conversations:,} conversations is not this run's, which admitted {admitted:,}",
            where=str(folder),
            fix="name the run whose set is measured",
        )
    return admitted


def worth_section(folder: Path, admitted: int) -> str:
    """The section of the report as HTML, between its marks; empty where the set was not measured.

    admitted: conversations of the set now; a measurement of fewer says so.
    """
    made = _kept(folder / WORTH)
    if made is None:
        return BEGIN + END
    source = resources.files("turnwright.engine").joinpath("pages", "worth.html.j2").read_text(encoding="utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = page.from_string(source).render(
        made=made,
        plot=worth_plot(made),
        admitted=admitted,
        money=made.each(made.usage.money / 1e6) if made.usage else None,
        tokens=made.each(made.usage.tokens) if made.usage else None,
        name=_name,
    )
    return f"{BEGIN}\n{text}\n{END}"


def _kept(path: Path) -> Worth | None:
    """What was measured; a file that is not there or of another version is no measurement."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Worth)
    except (OSError, msgspec.DecodeError):
        return None


def _put(report: str, section: str) -> str:
    """Replace the section; a report from before there was one gets it at its end."""
    before, begin, rest = report.partition(BEGIN)
    if not begin:
        before, end, after = report.rpartition("</body>")
        return f"{before}{section}\n{end}{after}" if end else report + section
    return before + section + rest.partition(END)[2]


def _name(source: str) -> str:
    """File names without their folders, which say nothing to a reader elsewhere."""
    return ", ".join(Path(each).name for each in source.split(", "))
