"""`turnwright train`: a student from sets, kept with its model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.students import Acts, evaluation, renaming
from turnwright.errors import InputError
from turnwright.reading import decisions, read_set
from turnwright.train import (
    FEATURES,
    fit_linear,
    require_new,
    save_student,
    student_card,
)
from turnwright.train import evaluate as evaluated

__all__ = ["train"]

STUDENTS = ("linear",)


def train(
    sets: Annotated[list[Path], typer.Option("--set", help="a run folder, an export or a JSONL file; may be repeated")],
    to: Annotated[Path, typer.Option("--to", help="a new or empty folder for the student")],
    student: Annotated[str, typer.Option(help=f"one of: {', '.join(STUDENTS)}")] = "linear",
    features: Annotated[str, typer.Option(help=f"what it sees: {', '.join(FEATURES)}")] = "history",
    seed: Annotated[int, typer.Option(help="seed of the training")] = 0,
    test: Annotated[Path | None, typer.Option(help="conversations to examine it with, for its card")] = None,
    acts: Acts = None,
) -> None:
    """Train a student on a set, and keep it with a model card."""
    if student not in STUDENTS:
        raise InputError(f"there is no student '{student}'", fix=f"one of: {', '.join(STUDENTS)}")
    require_new(to)
    learnt = read_set(sets, rename=renaming(acts), name="training set")
    exam = read_set([test], name="test", least_acts=1) if test else None
    made = fit_linear(learnt.examples, features=features, seed=seed)
    scores = evaluated(made, exam) if exam else None
    save_student(made, to, student_card(made, learnt, scores.measures if scores else ()))
    out.print(
        Text(
            f"{made.name} student ({made.features} features) from {len(learnt):,} conversations, "
            f"{len(decisions(learnt.examples)):,} decisions, {len(made.acts)} acts"
        )
    )
    if scores:
        evaluation(scores)
    out.print(Text(f"student    {to}\ncard       {to / 'README.md'}"))
