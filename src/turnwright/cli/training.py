"""`turnwright train`, `evaluate` and `worth`: students, their scores, and what a set is worth in real conversations.

Reads options and prints tables; everything that is computed is computed in the train stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.domains import load_domain
from turnwright.errors import InputError
from turnwright.models import cache_folder
from turnwright.store import write_bytes
from turnwright.train import (
    FEATURES,
    Comparison,
    Difference,
    Estimate,
    Evaluation,
    Measure,
    Worth,
    compare,
    counted_as,
    decisions,
    fit_linear,
    load_student,
    read_set,
    require_new,
    save_student,
    student_card,
)
from turnwright.train import evaluate as evaluated
from turnwright.train import worth as worth_of

__all__ = ["evaluate", "train", "worth"]

STUDENTS = ("linear",)
Acts = Annotated[
    list[str] | None,
    typer.Option("--act", help="an act of the set that counts as another, e.g. 'query_*=query'; may be repeated"),
]
Json = Annotated[Path | None, typer.Option("--json", help="also write all figures to this file")]


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
    learnt = read_set(sets, rename=_rename(acts), name="training set")
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
        _evaluation(scores)
    out.print(Text(f"student    {to}\ncard       {to / 'README.md'}"))


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
    exam = read_set(test, rename=_rename(acts), name="test", least_acts=1)
    legal = _legal(domains, _rename(acts))
    scores = evaluated(first, exam, legal=legal)
    comparison = compare(first, second, exam, legal=legal) if second else None
    _evaluation(scores)
    if comparison and against:
        _comparison(comparison, student, against)
    if json:
        _write(json, {"evaluation": scores, "comparison": comparison})


def worth(
    synthetic: Annotated[
        list[Path], typer.Option("--synthetic", help="the set: a run folder, an export or a JSONL file; repeatable")
    ],
    real: Annotated[Path, typer.Option("--real", help="the pool of real conversations")],
    test: Annotated[Path, typer.Option("--test", help="the real conversations of the examination")],
    plus: Annotated[int, typer.Option("--plus", min=0, help="real conversations of the pool added to training")] = 0,
    features: Annotated[str, typer.Option(help=f"what the student sees: {', '.join(FEATURES)}")] = "yardstick",
    limit: Annotated[float, typer.Option(help="largest share of the set that may overlap the test")] = 0.01,
    acts: Acts = None,
    curves: Annotated[Path | None, typer.Option(help="where learning curves are kept (default: the cache)")] = None,
    json: Json = None,
) -> None:
    """Say how many real conversations a set is worth."""
    if features not in FEATURES:
        raise InputError(f"there are no features '{features}'", fix=f"one of: {', '.join(FEATURES)}")
    made = worth_of(
        read_set(synthetic, rename=_rename(acts)),
        read_set([real], name="real pool"),
        read_set([test], name="test", least_acts=1),
        plus=plus,
        features=features,
        limit=limit,
        cache=curves or cache_folder() / "curves",
    )
    _worth(made)
    if json:
        _write(json, made)


# --- what is printed --------------------------------------------------------------------------------------------


def _evaluation(scores: Evaluation) -> None:
    title(f"{scores.student} student on {scores.conversations:,} conversations, {scores.decisions:,} decisions")
    rows = [
        (_called(one), f"{one.score.value:.3f}", _span(one.score), f"{one.conversations:,}", f"{one.decisions:,}")
        for one in scores.measures
    ]
    out.print(table("score", "value", "95 %", "conv.", "decisions", rows=rows))
    _notes([*scores.notes, "factor=level: weighted F1; intervals: bootstrap over conversations"])


def _comparison(found: Comparison, first: Path, second: Path) -> None:
    title(f"{first} less {second}, on the same conversations")
    rows = [
        (
            _called(one),
            f"{one.first:.3f}",
            f"{one.second:.3f}",
            f"{one.difference.value:+.3f}",
            _span(one.difference, "+"),
            f"{one.p:.3f}",
            f"{one.conversations:,}",
        )
        for one in found.differences
    ]
    out.print(table("score", "1st", "2nd", "gap", "95 %", "p", "conv.", rows=rows))
    _notes([f"p: of no difference, one by one; {len(rows)} were looked at, so expect one in twenty below 0.05"])


def _worth(made: Worth) -> None:
    title(f"real conversations, {made.features} features: weighted F1 on {made.test_conversations:,} conversations")
    rows = [
        (f"{one.size:,}", f"{one.score.value:.3f}", _span(one.score), f"{one.deviation:.3f}", one.seeds)
        for one in made.curve
    ]
    out.print(table("real", "weighted F1", "95 %", "sd", "seeds", rows=rows))
    added = f" and {made.plus:,} real ones" if made.plus else ""
    title(f"the set: {made.conversations:,} conversations{added}")
    bound = "at least " if made.at_least else ""
    worths = [
        ("weighted F1", f"{made.score.value:.3f}", _span(made.score)),
        ("equivalent real conversations", f"{bound}{made.real.value:,.1f}", _span(made.real, digits=1)),
        ("for each conversation of the set", f"{made.rate:.3f}", ""),
    ]
    if made.plus:
        worths.append(("of these beyond the real ones", f"{made.real.value - made.plus:,.1f}", ""))
    if made.money is not None and made.tokens is not None:
        worths.append(("cost for each equivalent one", f"{made.money:.4f}", ""))
        worths.append(("tokens for each equivalent one", f"{made.tokens:,.0f}", ""))
    out.print(table("", "", "95 %", rows=worths))
    _notes(_remarks(made))


def _remarks(made: Worth) -> Iterable[str]:
    found = made.overlap
    yield (
        f"overlap with the test: {found.sharing:,} of {found.conversations:,} conversations have most of their runs of "
        f"eight words from users of the test ({found.touching:,} have one), {found.copies:,} are copies"
    )
    if made.unseen_share:
        yield f"{made.unseen_share:.1%} of the test's decisions are acts that training never had"
    if made.at_least:
        yield "the score reaches the end of the curve: a larger real pool is needed to say how much more it is worth"
    yield (
        f"intervals: bootstrap over the test's {made.test_conversations:,} conversations ({made.test_decisions:,} "
        f"decisions), jointly for curve and set, and over {made.seeds} seeds; not over sets made with other seeds"
    )


def _notes(notes: Iterable[str]) -> None:
    for note in notes:
        out.print(Text(f"note: {note}"))


def _called(one: Measure | Difference) -> str:
    """A factor's level stands for the weighted F1 of its conversations, as the notes say."""
    if "=" in one.of:
        return f"  {one.of}"
    return one.name if one.of == "all" else f"{one.name}, {one.of}"


def _span(score: Estimate, sign: str = "", digits: int = 3) -> str:
    """The interval, without a space at which a narrow terminal could break it."""
    return f"{score.low:{sign},.{digits}f}…{score.high:{sign},.{digits}f}"


# --- options ----------------------------------------------------------------------------------------------------


def _rename(acts: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in acts or []]
    wrong = next((old for old, _, new in pairs if not old or not new), None)
    if wrong is not None:
        raise InputError(f"--act '{wrong}' does not say what it counts as", fix="e.g. --act 'query_*=query'")
    return {old: new for old, _, new in pairs}


def _legal(domains: list[str] | None, rename: dict[str, str]) -> dict[str, tuple[str, ...]] | None:
    """Task → the acts that its domain's flows can come to."""
    legal: dict[str, tuple[str, ...]] = {}
    for domain in (load_domain(each) for each in domains or []):
        nodes = [node for flow in domain.spec.flows.values() for node in flow.nodes.values()]
        acts = {*domain.assistant_acts, *(node.act or node.call for node in nodes if node.call)}
        legal[domain.name] = tuple(sorted({counted_as(act, rename) for act in acts}))
    return legal or None


def _write(path: Path, value: object) -> None:
    write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
