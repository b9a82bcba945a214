"""What the commands about students share: options, and how scores are written out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.errors import InputError
from turnwright.habits import load_habits
from turnwright.store import write_bytes
from turnwright.train import Difference, Estimate, Evaluation, Measure

__all__ = ["Acts", "Json", "Names", "called", "evaluation", "notes", "renaming", "span", "write_json"]

Acts = Annotated[
    list[str] | None,
    typer.Option(
        "--act",
        help="an act of the set that counts as another, e.g. 'query_*=query' or 'TASK:bye=goodbye'; may be repeated",
    ),
]
Names = Annotated[
    Path | None,
    typer.Option("--names", help="a habits file: acts of the set are called as the human data calls them"),
]
Json = Annotated[Path | None, typer.Option("--json", help="also write all figures to this file")]


def evaluation(scores: Evaluation) -> None:
    title(f"{scores.student} student on {scores.conversations:,} conversations, {scores.decisions:,} decisions")
    rows = [
        (called(one), f"{one.score.value:.3f}", span(one.score), f"{one.conversations:,}", f"{one.decisions:,}")
        for one in scores.measures
    ]
    out.print(table("score", "value", "95 %", "conv.", "decisions", rows=rows))
    notes([*scores.notes, "factor=level: weighted F1; intervals: bootstrap over conversations"])


def notes(notes: Iterable[str]) -> None:
    for note in notes:
        out.print(Text(f"note: {note}"))


def called(one: Measure | Difference) -> str:
    """A factor's level stands for the weighted F1 of its conversations, as the notes say."""
    if "=" in one.of:
        return f"  {one.of}"
    return one.name if one.of == "all" else f"{one.name}, {one.of}"


def span(score: Estimate, sign: str = "", digits: int = 3) -> str:
    """The interval, without a space at which a narrow terminal could break it."""
    return f"{score.low:{sign},.{digits}f}…{score.high:{sign},.{digits}f}"


def renaming(acts: list[str] | None, names: Path | None = None) -> dict[str, str]:
    """Pattern of an act → the act that it counts as; those that a habits file found in human data come last."""
    pairs = [each.partition("=") for each in acts or []]
    wrong = next((old for old, _, new in pairs if not old or not new), None)
    if wrong is not None:
        raise InputError(f"--act '{wrong}' does not say what it counts as", fix="e.g. --act 'query_*=query'")
    habits = load_habits(names) if names else None
    found = {
        f"{domain}:{act}": new
        for domain in (habits.domains if habits else ())
        for act, new in (habits.renaming(domain) if habits else {}).items()
    }
    return {**{old: new for old, _, new in pairs}, **found}


def write_json(path: Path, value: object) -> None:
    write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
