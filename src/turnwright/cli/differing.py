"""`turnwright diff`: what differs between two sets, in figures and, for the first few conversations, word by word.

Words of models and people are printed as words: never as markup, nor as commands to the terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.debate import difference
from turnwright.cli.pages import table, title
from turnwright.cli.students import notes
from turnwright.engine.differing import Changed, SetDifference, TurnChange, difference_of_sets

__all__ = ["diff"]

_UNSAID = "nobody can say"


def diff(
    before: Annotated[Path, typer.Argument(help="a run folder, an export folder or a file of conversations")],
    after: Annotated[Path, typer.Argument(help="the set to compare it with")],
    first: Annotated[int, typer.Option("--first", "-n", min=0, help="conversations told one by one, of each kind")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """Show what differs between two sets: added, removed and changed conversations, and why."""
    found = difference_of_sets(before, after, first=first)
    if as_json:
        out.print_json(data=msgspec.to_builtins(found))
        return
    _summary(found, before, after)
    for one in found.changed[:first]:
        _changed(one)
    _listed("removed", found.removed, first)
    _listed("added", found.added, first)


def _summary(found: SetDifference, before: Path, after: Path) -> None:
    title(f"{before} ({found.sizes[0]:,} conversations) → {after} ({found.sizes[1]:,})")
    parts = ", ".join(f"{part} of {n:,}" for part, n in found.parts.items())
    rows = [
        ("the same", found.same, ""),
        ("changed", len(found.changed), parts),
        ("removed", len(found.removed), _whys(found.removed)),
        ("added", len(found.added), _whys(found.added)),
    ]
    out.print(table("", "conversations", "", rows=((name, f"{n:,}", _plain(why)) for name, n, why in rows)))
    notes(found.notes)
    if found.spec:
        title("the specs differ")
        for each in found.spec:
            out.print(Text(f"  {_plain(each)}"))


def _whys(some: Iterable[Changed]) -> str:
    """Why, without the details, with how often."""
    counted = Counter(one.why.partition(" (")[0] or _UNSAID for one in some)
    return "; ".join(f"{n:,} {why}" for why, n in counted.most_common())


def _changed(one: Changed) -> None:
    title(f"changed: {one.key}: {', '.join(one.differs)}")
    out.print(Text(f"  {one.before} → {one.after}", style="dim"))
    for turn in one.turns:
        _turn(turn)


def _turn(turn: TurnChange) -> None:
    head = Text(f"  {turn.number:>3} {turn.role:<9} ", style="dim")
    if turn.before is None or turn.after is None:
        sign = "+" if turn.before is None else "-"
        out.print(
            head + Text(f"{sign} {_plain(turn.after or turn.before or '')}", style="green" if sign == "+" else "red")
        )
        return
    acts = "" if turn.acts[0] == turn.acts[1] else f"  [{' + '.join(turn.acts[0])} → {' + '.join(turn.acts[1])}]"
    out.print(head + difference(turn.before, turn.after, 16) + Text(acts, style="dim"))


def _listed(what: str, some: tuple[Changed, ...], first: int) -> None:
    if some and first:
        title(f"{what} ({min(first, len(some)):,} of {len(some):,})")
        for one in some[:first]:
            out.print(Text(f"  {one.before or one.after}: {_plain(one.why) or _UNSAID}"))


def _plain(text: str) -> str:
    """Words in one line; control characters and invisible ones by their number."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
