"""What `turnwright examine` prints: class by class, what was planted, missed and falsely seen, and who may rule."""

from __future__ import annotations

from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.engine import ExamFigures, Examined
from turnwright.records import ClassLicence

__all__ = ["examined"]


def examined(report: Examined) -> None:
    """The outcome of an exam."""
    figures, licence = report.figures, report.licence
    head = f"exam of {' and '.join(licence.arbiters)} on {licence.domain}, {report.clean:,} clean conversations"
    title(head)
    rows = [_row(each, figures) for each in figures.classes]
    columns = ("class", "planted", "missed", "≤", "clean", "alarms", "≤", "licence", "checks")
    out.print(table(*columns, rows=rows))
    out.print(
        Text(
            f"≤: one-sided exact bounds of the rates at {licence.confidence:.0%}; a licence takes at most "
            f"{licence.miss_limit:.0%} missed and {licence.alarm_limit:.0%} false alarms. "
            f"checks: what the deterministic checks found of the same copies, by the same class. "
            f"They alarmed on {figures.alarms} of the controls."
        )
    )
    for planted in sorted(set(figures.too_few.values())):
        classes = ", ".join(defect for defect, count in figures.too_few.items() if count == planted)
        out.print(Text(f"only {planted} copies, where at least {figures.least} are needed: {classes}"))
    _panel(report)
    earned = sorted(licence.licensed)
    said = f"licensed for {len(earned)} of {len(figures.classes)} classes: {', '.join(earned)}" if earned else ""
    out.print(Text(said or "no licence: runs with this arbiter go by deterministic checks alone, and say so"))
    for arbiter, gave in licence.logprobs.items():
        if not gave:
            out.print(Text(f"{arbiter} gives no logprobs: its answers are read from its words"))
    out.print(Text(f"{figures.asked:,} questions; licence: {report.path}"))


def _row(each: ClassLicence, figures: ExamFigures) -> tuple[str, ...]:
    check = figures.checks.get(each.defect)
    return (
        each.defect,
        f"{each.planted:,}",
        f"{each.missed:,}",
        f"{each.miss_bound:.1%}",
        f"{each.controls:,}",
        f"{each.alarms:,}",
        f"{each.alarm_bound:.1%}",
        "yes" if each.licensed else ("stopped" if each.stopped else "no"),
        f"{check.found}/{check.planted}" if check and check.planted else "-",
    )


def _panel(report: Examined) -> None:
    figures = report.figures
    for arbiter, classes in figures.alone.items():
        alone = sorted(each.defect for each in classes if each.licensed)
        out.print(Text(f"alone, {arbiter} would be licensed for {len(alone)}: {', '.join(alone) or 'none'}"))
    for pair in figures.correlations:
        phi = "not defined (one of them never erred, or always)" if pair.phi is None else f"{pair.phi:.2f}"
        out.print(Text(f"errors of {pair.one} and {pair.other}: correlation {phi} over {pair.count:,} questions"))
