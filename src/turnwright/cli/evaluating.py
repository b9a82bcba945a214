"""`turnwright evaluate`: a student on conversations that it has not seen, or in talks with a user model in a world."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from turnwright.api import load
from turnwright.cli.console import out
from turnwright.cli.pages import table, title
from turnwright.cli.progress import Progress
from turnwright.cli.students import Acts, Json, called, evaluation, notes, renaming, span, write_json
from turnwright.domains import load_domain
from turnwright.engine import domain_of
from turnwright.engine.trials import Rate, TrialFigures, TrialReport, candidate_of, run_trials
from turnwright.errors import InputError
from turnwright.reading import counted_as, read_set
from turnwright.records import Usage
from turnwright.train import (
    Comparison,
    compare,
    load_student,
)
from turnwright.train import evaluate as evaluated

__all__ = ["evaluate"]

CAPPED = 3
LONGEST_DETAIL = 160


def evaluate(
    student: Annotated[Path | None, typer.Argument(help="a student's folder")] = None,
    test: Annotated[
        list[Path] | None, typer.Option("--test", help="real or held-out conversations; may be repeated")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="a second student, compared on the same conversations")] = None,
    domains: Annotated[
        list[str] | None,
        typer.Option("--domain", help="a domain whose acts are the legal ones of its task; may be repeated"),
    ] = None,
    acts: Acts = None,
    json: Json = None,
    spec: Annotated[
        Path | None, typer.Option("--spec", help="instead of --test: a factory.yaml whose user model it talks with")
    ] = None,
    scenarios: Annotated[int | None, typer.Option(help="with --spec: how many (default: the spec's)")] = None,
    trials: Annotated[int, typer.Option(help="with --spec: talks a scenario, for pass^k")] = 4,
    student_model: Annotated[str, typer.Option(help="with --spec: a model of the spec as the student")] = "",
    user: Annotated[
        str, typer.Option(help="with --spec: another model of the spec as the user, or `planned` for no model")
    ] = "",
    seed: Annotated[int | None, typer.Option(help="with --spec: of the scenarios (default: the spec's)")] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", help="with --spec: where the talks are kept (default: trials/ beside it)"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress display")] = False,
) -> int:
    """Examine a student: on conversations that it has not seen (--test), or in talks with a user model (--spec)."""
    if bool(test) == (spec is not None):
        raise InputError(
            "either --test or --spec must be given",
            fix="--test FILE for next acts on real conversations, --spec factory.yaml for talks in its world",
        )
    if spec is not None:
        wrong = [name for name, given in (("against", against), ("domain", domains), ("act", acts)) if given]
        if wrong:
            raise InputError(f"--{wrong[0]} belongs to --test", fix="leave it out with --spec")
        report = _tried(spec, student, student_model, scenarios, trials, folder, user=user, seed=seed, quiet=quiet)
        _trials(report)
        if json:
            write_json(json, report)
        return CAPPED if report.ending == "capped" else 0
    if student is None or student_model:
        raise InputError("--test examines a student's folder", fix="name the folder that `turnwright train` wrote")
    _examined(student, test or [], against, domains, acts, json)
    return 0


# --- on conversations -------------------------------------------------------------------------------------------


def _examined(
    student: Path,
    test: list[Path],
    against: Path | None,
    domains: list[str] | None,
    acts: list[str] | None,
    json: Path | None,
) -> None:
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
        legal[domain.name] = tuple(sorted({counted_as(act, rename, domain.name) for act in acts}))
    return legal or None


# --- in talks ---------------------------------------------------------------------------------------------------


def _tried(
    spec: Path,
    student: Path | None,
    model: str,
    scenarios: int | None,
    trials: int,
    folder: Path | None,
    *,
    user: str,
    seed: int | None,
    quiet: bool,
) -> TrialReport:
    if scenarios is not None and scenarios < 1:
        raise InputError(f"{scenarios} scenarios are none", fix="give at least one")
    factory = load(spec)
    wanted = {"scenarios": scenarios, "seed": seed}
    used = factory.spec.model_copy(update={name: value for name, value in wanted.items() if value is not None})
    candidate = candidate_of(student, model, used, domain_of(used, factory.base))
    name = model or (student.resolve().name if student else "")
    place = folder if folder is not None else factory.base / "trials" / f"{used.name}-{name}"
    with Progress(quiet=quiet, what="trials") as progress:
        return asyncio.run(
            run_trials(used, factory.base, candidate, folder=place, trials=trials, user=user, tell=progress.hear)
        )


def _trials(report: TrialReport) -> None:
    """What trials came to: rates, levels, reasons, cost, and where the failing talks can be read."""
    figures = report.figures
    title(f"{report.student} with {report.user} as user, {figures.scenarios:,} scenarios of {report.domain}")
    plain = [one for one in figures.rates if one.of == "all"]
    out.print(table("score", "value", "95 %", "scenarios", "trials", rows=[_rate(one) for one in plain]))
    levels = [one for one in figures.rates if one.of != "all"]
    title("success by level")
    out.print(table("factor=level", "value", "95 %", "scenarios", "trials", rows=[_rate(one) for one in levels]))
    _failures(report, figures)
    _paid(report.usage)
    for why, count in report.left_out.items():
        out.print(Text(f"note: {count:,} more scenarios were not tried: {why}"))
    if figures.idle:
        out.print(Text(f"note: in {figures.idle:,} of the scenarios an assistant that does nothing succeeds"))
    notes(
        [
            *report.notes,
            "intervals: bootstrap over scenarios, without width where all went alike; pass^k: k talks all succeed",
        ]
    )
    if report.ending == "capped":
        out.print(Text("a cap was met: raise it in the spec, and the same command goes on"))


def _rate(one: Rate) -> tuple[str, ...]:
    name = one.name if one.of == "all" else one.of
    known = one.scenarios > 1  # one scenario says nothing about others
    return name, f"{one.score.value:.3f}", span(one.score) if known else "-", f"{one.scenarios:,}", f"{one.trials:,}"


def _failures(report: TrialReport, figures: TrialFigures) -> None:
    failed = sum(figures.reasons.values())
    if not failed:
        return
    title(f"{failed:,} of {figures.trials:,} trials failed")
    rows = [(reason, f"{count:,}", f"{count / failed:.0%}") for reason, count in figures.reasons.items()]
    out.print(table("reason", "trials", "share", rows=rows))
    if figures.user_erred:
        out.print(Text(f"in {figures.user_erred:,} of them a check found a defect in the user model's own turns"))
    title(f"failing talks (turnwright show NUMBER --folder {report.folder})")
    for one in figures.failing:
        out.print(Text(f"{one.ordinal:>6}  {one.reason}: {_shortened(one.detail)}"))


def _shortened(detail: str) -> str:
    return detail if len(detail) <= LONGEST_DETAIL else detail[: LONGEST_DETAIL - 1] + "…"


def _paid(usage: dict[str, Usage]) -> None:
    if not usage:
        out.print(Text("\npaid: nothing, for neither side was a model"))
        return
    title("paid, over the life of the folder")
    rows = [(role, *_usage(each)) for role, each in [*sorted(usage.items()), ("all", sum(usage.values(), Usage()))]]
    out.print(table("role", "calls", "prompt", "reply", "cost", rows=rows))


def _usage(usage: Usage) -> tuple[str, ...]:
    money = f"{usage.money / 1_000_000:.4f}"
    return f"{usage.calls:,}", f"{usage.prompt_tokens:,}", f"{usage.completion_tokens:,}", money
