"""`turnwright evaluate`: a student on conversations that it has not seen, alone or against another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.students import Acts, Json, called, evaluation, notes, renaming, span, write_json
from turnwright.domains import load_domain
from turnwright.reading import counted_as, read_set
from turnwright.train import (
    Comparison,
    compare,
    load_student,
)
from turnwright.train import evaluate as evaluated

__all__ = ["evaluate"]


def evaluate(
    student: Annotated[Path, typer.Argument(help="a student's folder")],
    test: Annotated[list[Path], typer.Option("--test", help="real or held-out conversations; may be repeated")],
    against: Annotated[Path | None, typer.Option(help="a second student, compared on the same conversations")] = None,
    domains: Annotated[
        list[str] | None,
        typer.Option("--domain", help="a domain whose acts are the legal ones of its task; may be repeated"),
    ] = None,
    acts: Acts = None,
    json: Json = None,
) -> None:
    """Examine a student on conversations that it has not seen."""
    first = load_student(student)
    second = load_student(against) if against else None
    exam = read_set(test, rename=renaming(acts), name="test", least_acts=1)
    legal = _legal(domains, renaming(acts))
    scores = evaluated(first, exam, legal=legal)
    comparison = compare(first, second, exam, legal=legal) if second else None
    evaluation(scores)
    if comparison and against:
        _comparison(comparison, student, against)
    if json:
        write_json(json, {"evaluation": scores, "comparison": comparison})


def _comparison(found: Comparison, first: Path, second: Path) -> None:
    title(f"{first} less {second}, on the same conversations")
    rows = [
        (
            called(one),
            f"{one.first:.3f}",
            f"{one.second:.3f}",
            f"{one.difference.value:+.3f}",
            span(one.difference, "+"),
            f"{one.p:.3f}",
            f"{one.conversations:,}",
        )
        for one in found.differences
    ]
    out.print(table("score", "1st", "2nd", "gap", "95 %", "p", "conv.", rows=rows))
    notes([f"p: of no difference, one by one; {len(rows)} were looked at, so expect one in twenty below 0.05"])


def _legal(domains: list[str] | None, rename: dict[str, str]) -> dict[str, tuple[str, ...]] | None:
    """Task → the acts that its domain's flows can come to."""
    legal: dict[str, tuple[str, ...]] = {}
    for domain in (load_domain(each) for each in domains or []):
        nodes = [node for flow in domain.spec.flows.values() for node in flow.nodes.values()]
        acts = {*domain.assistant_acts, *(node.act or node.call for node in nodes if node.call)}
        legal[domain.name] = tuple(sorted({counted_as(act, rename) for act in acts}))
    return legal or None
