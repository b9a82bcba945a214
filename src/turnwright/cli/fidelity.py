"""What the commands print of a comparison: a table of all figures, what differs, what could not be looked at.

Telling words and names of acts come from data: control characters are taken out, and nothing is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import title
from turnwright.monitor.page import wording
from turnwright.records.fidelity import Fidelity, GateOutcome, Light, Reading

__all__ = ["fidelity", "gates"]

STYLES: dict[Light, str] = {"red": "red", "amber": "yellow", "green": "green", "grey": "dim"}
TELLING = 4
"""Cells or words that are named under a figure."""
COLUMNS = ("difference", "figure", "value", "interval", "reference halves", "adjusted p", "found from")
SPARED = (3, 4)
"""Columns that a narrow terminal does without; the report has them."""
NARROW, WIDE = 116, 160
"""Letters a line: below the first a terminal is narrow; without a terminal a line may be as long as the second."""


def fidelity(found: Fidelity, *, brief: bool = False) -> None:
    """Print a comparison. brief: without the table."""
    if not brief:
        title("all figures")
        _print(_table(found))
        out.print(
            f"interval: {_level(found)} by conversations; reference halves: the same figure between random halves of "
            f"the reference; found from: what is found 4 times in 5 at these numbers"
        )
    _said("shown to differ", found, "red")
    _said("hints, which may be chance", found, "amber")
    lines = wording.unread(found)
    if lines:
        title("not looked at")
        _lines(lines)
    if not brief:
        out.print()
        out.print(wording.error_rate(found))
        _lines([f"note: {note}" for note in found.notes], indent="")
    out.print()
    sign = Text(f"{wording.SIGNS[found.light]} ", style=STYLES[found.light])
    out.print(sign + Text(wording.verdict(found), style="bold"))
    out.print(_plain(wording.compared(found)))


def gates(outcomes: Sequence[GateOutcome]) -> None:
    """Print what gates said."""
    if not outcomes:
        return
    title("gates")
    made = _columns("gate", "value", "interval", "says")
    made.columns[-1].justify = "left"
    for one in outcomes:
        style = {"breached": "red", "held": "green"}.get(one.state, "yellow")
        row = (one.gate, wording.number(one.value), wording.span(one.low, one.high) or "–")
        made.add_row(*map(_plain, row), _plain(wording.gate_says(one), style))
    _print(made)
    out.print(
        f"value: freed from what chance alone shows at this size; interval: at the error that is spent at look "
        f"{outcomes[0].look} ({outcomes[0].alpha:.3g} an end)"
    )


def _table(found: Fidelity) -> Table:
    shown = [place for place in range(len(COLUMNS)) if _room() >= NARROW or place not in SPARED]
    made = _columns(*(COLUMNS[place] for place in shown))
    made.columns[1].justify, made.columns[1].no_wrap = "left", False
    for group in wording.families(found):
        made.add_row(Text(""), _plain(group.name, "bold"))
        for one in group.readings:
            cells = list(_row(one, found.permutations))
            made.add_row(*(cells[place] for place in shown))
    return made


def _room() -> int:
    return out.width if out.is_terminal else WIDE


def _print(made: Table) -> None:
    """As wide as there is room: a file or a pipe has more than the 80 letters that a console takes it for."""
    Console(file=out.file, width=_room(), highlight=False).print(made)


def _columns(*names: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(names):
        made.add_column(name, justify="left" if index == 0 else "right", no_wrap=True)
    return made


def _row(one: Reading, draws: int) -> Iterator[Text]:
    yield Text(f"{wording.SIGNS[one.light]} {wording.SAID[one.light]}", style=STYLES[one.light])
    yield _plain(f"  {one.title}")
    yield Text(wording.number(one.value))
    yield Text(wording.span(one.low, one.high) or "–")
    yield Text(wording.span(one.floor.low, one.floor.high) if one.floor else "–")
    yield Text(wording.chance(one.adjusted, draws))
    yield Text(wording.visible(one) or "–")


def _said(heading: str, found: Fidelity, light: Light) -> None:
    readings, firsts = wording.of_light(found, light), wording.clearest(found, light)
    if not readings:
        return
    some = f"{heading}: {len(readings)}, of which the clearest of each family"
    title(some if len(readings) > len(firsts) else heading)
    for one in firsts:
        mark = Text(f"{wording.SIGNS[light]} ", style=STYLES[light])
        out.print(mark + _plain(f"{one.title}: {one.meaning}" if one.meaning else one.title))
        telling = wording.telling(one, TELLING)
        if telling:
            out.print(_plain(f"    reference → synthetic: {'; '.join(telling)}", "dim"))
    rest = [one.title for one in readings if one not in firsts]
    if rest:
        out.print(_plain(f"  also: {'; '.join(rest)}"))


def _level(found: Fidelity) -> str:
    return f"{found.readings[0].level:.0%}" if found.readings else "95%"


def _lines(lines: Sequence[str], indent: str = "  ") -> None:
    for line in lines:
        out.print(_plain(f"{indent}{line}"))


def _plain(text: str, style: str = "") -> Text:
    """One line without characters that a terminal would obey."""
    return Text("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text), style=style)
