"""`turnwright loop`: rounds of generating, training, examining and steering, and what each of them came to."""

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
from turnwright.cli.students import Acts, Json, evaluation, notes, renaming, span, write_json
from turnwright.engine import Event, Listener, RunStarted
from turnwright.engine.loop import WHY, LoopReport, LoopRound, LoopSettings, Placed, run_loop
from turnwright.errors import InputError
from turnwright.reading import read_conversations, read_set
from turnwright.train import FEATURES, Difference

__all__ = ["loop"]

STUDENTS = ("linear",)
EXIT = {"capped": 3, "stopped": 4, "interrupted": 130}


def loop(
    specs: Annotated[list[Path], typer.Argument(help="factory.yaml, or its folder; several, one a domain")],
    dev: Annotated[
        list[Path], typer.Option("--dev", help="real or held-out conversations that find failures; never the test")
    ],
    rounds: Annotated[int, typer.Option(help="at most so many rounds")] = 3,
    folder: Annotated[Path | None, typer.Option("--folder", "-f", help="default: loops/NAME beside the spec")] = None,
    human: Annotated[
        list[Path] | None,
        typer.Option("--human", help="human conversations to learn from besides; may hold all of the dev set"),
    ] = None,
    human_floor: Annotated[float, typer.Option(help="least share of the training weight that is human")] = 0.0,
    test: Annotated[Path | None, typer.Option(help="looked at once, after the last round")] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option("--reference", help="human conversations that every round is compared with (--human, else --dev)"),
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", help="what must hold against them, e.g. 'tail_retention >= 0.8'; else steering halves"),
    ] = None,
    patience: Annotated[int, typer.Option(help="rounds without a shown gain before it stops; 0: never")] = 2,
    student: Annotated[str, typer.Option(help=f"one of: {', '.join(STUDENTS)}")] = "linear",
    features: Annotated[str, typer.Option(help=f"what the student sees: {', '.join(FEATURES)}")] = "yardstick",
    replace: Annotated[bool, typer.Option("--replace", help="learn from the last round alone")] = False,
    explore: Annotated[bool, typer.Option("--explore", help="steer by estimates that are not significant")] = False,
    plain: Annotated[
        bool, typer.Option("--no-steering", help="only other seeds: what steering is compared with")
    ] = False,
    acts: Acts = None,
    json: Json = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress display")] = False,
) -> int:
    """Feed a student's failures back into the design, round by round."""
    _refuse_unknown(student, features)
    factories = [load(path) for path in specs]
    rename = renaming(acts)
    settings = LoopSettings(
        rounds=rounds, replace=replace, steer=not plain, explore=explore, human_floor=human_floor, rename=rename,
        features=features, patience=patience, gates=tuple(gate or ()),
    )  # fmt: skip
    place = folder or factories[0].base / "loops" / factories[0].spec.name
    with Progress(quiet=quiet) as progress:
        report = asyncio.run(
            run_loop(
                [Placed(spec=one.spec, base=one.base) for one in factories],
                read_set(dev, rename=rename, name="dev set"),
                place,
                settings,
                human=read_set(human, rename=rename, name="human set") if human else None,
                reference=read_conversations(reference, rename=rename, name="reference") if reference else None,
                test=read_set([test], rename=rename, name="test", least_acts=1) if test else None,
                tell=_afresh(progress),
            )
        )
    _report(report, place)
    if json:
        write_json(json, report)
    return EXIT.get(report.stop, 0)


def _refuse_unknown(student: str, features: str) -> None:
    if student not in STUDENTS:
        raise InputError(f"there is no student '{student}' in the loop", fix=f"one of: {', '.join(STUDENTS)}")
    if features not in FEATURES:
        raise InputError(f"there are no features '{features}'", fix=f"one of: {', '.join(FEATURES)}")


def _afresh(progress: Progress) -> Listener:
    """Counts of admitted conversations begin anew with every run."""

    def hear(event: Event) -> None:
        if isinstance(event, RunStarted):
            progress.admitted = 0
            if progress.task is not None:
                progress.bars.remove_task(progress.task)
        progress.hear(event)

    return hear


def _report(report: LoopReport, place: Path) -> None:
    title(f"loop over {', '.join(report.domains)}: {WHY[report.stop]}")
    scores = [_score(one) for one in report.rounds]
    out.print(table("round", "dev weighted F1", "95 %", "gain", "95 %", "bad cells", rows=scores))
    out.print()
    out.print(table("round", "made", "learnt", "human", "calls", "tokens", "cost", rows=map(_volume, report.rounds)))
    for one in report.rounds:
        _round(one)
    notes(_remarks(report))
    if report.test:
        evaluation(report.test.evaluation)
        if report.test.gain:
            out.print(Text(f"over the first round's student: {_gain(report.test.gain)}"))
    out.print(Text(f"report     {place / 'loop.md'}"))
    if report.student:
        out.print(Text(f"student    {place / report.student}"))


def _score(one: LoopRound) -> tuple[object, ...]:
    gain = one.gain.difference if one.gain else None
    return (
        one.number, f"{one.score.value:.3f}", span(one.score), f"{gain.value:+.3f}" if gain else "",
        span(gain, "+") if gain else "", f"{one.significant} of {one.looked_at}",
    )  # fmt: skip


def _volume(one: LoopRound) -> tuple[object, ...]:
    human = f"{one.human:,} ({one.human_share:.0%})" if one.human else "none"
    paid = one.usage
    return (
        one.number, f"{one.generated:,}", f"{one.learnt:,}", human, f"{paid.calls:,}", f"{paid.tokens:,}",
        f"{paid.money / 1e6:.4f}",
    )  # fmt: skip


def _round(one: LoopRound) -> None:
    better = [cell for cell in one.changed if cell.fewer.low > 0]
    if one.changed:
        shown = "; ".join(f"{cell.name} {cell.before:.0%} → {cell.after:.0%} wrong" for cell in better)
        out.print(Text(f"round {one.number}: {len(better)} of {len(one.changed)} steered cells are better. {shown}"))
    if not one.gate.passed:
        out.print(Text(f"round {one.number}: gate failed, steering is halved: {'; '.join(one.gate.reasons)}"))
    if one.disagreements:
        settled = ", ".join(f"{count} {outcome}" for outcome, count in one.disagreements.items())
        out.print(
            Text(f"round {one.number}: disagreements of a sure student with labels, and who was right: {settled}")
        )


def _remarks(report: LoopReport) -> list[str]:
    lines = [
        f"scores on {report.dev_conversations:,} dev conversations, {report.dev_decisions:,} decisions; gain: over the "
        "round before, on the same draws; intervals: bootstrap over conversations",
        "bad cells: worse than the rest, corrected for all that were looked at; round_N/round.md shows them, and what "
        "the next round samples more because of them",
    ]
    if report.rounds and report.rounds[0].cross_fitted:
        lines.append("the dev set is among the human conversations: students are cross-fitted over it")
    if len(report.rounds) > 1 and not report.settings.replace:
        lines.append("a round adds conversations as well as steering: compare with a loop that has --no-steering")
    if report.rounds and not any(one.significant for one in report.rounds) and not report.settings.explore:
        lines.append("no failure was significant, so nothing was steered; more dev conversations, or --explore")
    watched = report.rounds[-1].gate.watch if report.rounds else None
    lines += watched.warnings if watched else ()
    return lines


def _gain(gain: Difference) -> str:
    found = gain.difference
    return f"{found.value:+.3f} ({span(found, '+')})"
