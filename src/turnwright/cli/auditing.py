"""`turnwright audit`: what a factory does to different people. Here: the bias audit."""

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
from turnwright.cli.students import notes
from turnwright.engine import Spec
from turnwright.engine.audit import (
    PARTS,
    AuditSettings,
    BiasReport,
    Part,
    Population,
    announced,
    audit_bias,
    keep_audit,
    load_targets,
)
from turnwright.engine.audit.findings import amount, chance, interval, level_of, swap_of
from turnwright.engine.audit.page import ANSWERS
from turnwright.errors import InputError
from turnwright.monitor.bias import MEASURES, AttributeTable, Compared, load_attributes

__all__ = ["app", "bias"]

app = typer.Typer(help="Audits: what a factory does to different people.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Audits: what a factory does to different people."""


@app.command()
def bias(
    spec: Annotated[Path, typer.Argument(help="factory.yaml, or the folder that holds it")] = Path("factory.yaml"),
    pairs: Annotated[int, typer.Option("--pairs", help="blueprints; each is made once for every level")] = 100,
    attributes: Annotated[
        Path | None, typer.Option("--attributes", help="a table of what is swapped, in place of the one that ships")
    ] = None,
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", help="only this attribute of the table; repeatable")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"only this part: {', '.join(PARTS)}; repeatable")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="a finished run (or, for representation, any file): the set to look at")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option("--targets", help="who should be in the set (default: the spec's persona traits)")
    ] = None,
    rounds: Annotated[
        list[Path] | None, typer.Option("--round", help="a run or file, one for each round in order, for drift")
    ] = None,
    within: Annotated[
        list[str] | None, typer.Option("--within", help="a trait or factor in whose levels swaps are looked at again")
    ] = None,
    least: Annotated[int, typer.Option("--least", min=5, help="pairs that a cell needs to be tested")] = 30,
    judge: Annotated[
        str, typer.Option("--judge", help="a model of the spec that judges swaps in place without a licence")
    ] = "",
    to: Annotated[
        Path | None, typer.Option("--to", help="where the audit is kept (default: audits/NAME beside the spec)")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress display")] = False,
) -> None:
    """Say whether users are treated, and judged, alike: representation, regenerated swaps, swaps in place, drift."""
    factory = load(spec)
    chosen = load_attributes(attributes).only(attribute or [])
    settings = AuditSettings(pairs=pairs, parts=_parts(only, run), within=tuple(within or ()), least=least, judge=judge)
    folder = to or factory.base / "audits" / factory.spec.name
    _announce(factory.spec, chosen, settings, run)
    with Progress(quiet=quiet) as progress:
        report = asyncio.run(
            audit_bias(
                factory.spec,
                factory.base,
                folder,
                chosen,
                settings,
                run=run,
                targets=load_targets(targets) if targets else None,
                rounds=rounds or (),
                tell=progress.hear,
            )
        )
    _page(report)
    for name, path in zip(("figures", "page"), keep_audit(folder, report), strict=True):
        out.print(Text(f"{name:10} {path}"))


def _parts(only: list[str] | None, run: Path | None) -> tuple[Part, ...]:
    unknown = [each for each in only or () if each not in PARTS]
    if unknown:
        raise InputError(f"an audit has no part '{unknown[0]}'", fix=f"one of: {', '.join(PARTS)}")
    chosen = tuple(part for part in PARTS if not only or part in only)
    if run is not None and run.is_file() and chosen != ("representation",):
        raise InputError(
            "a file tells who is in a set, and has no blueprints to swap in",
            where=str(run),
            fix="give the run folder, or say --only representation",
        )
    return chosen


def _announce(spec: Spec, chosen: AttributeTable, settings: AuditSettings, run: Path | None) -> None:
    """What is going to be paid for, before anything is."""
    conversations, edits = announced(spec, chosen, settings, finished=run is not None)
    levels = ", ".join(f"{name} ({len(one.levels)} levels)" for name, one in chosen.attributes.items())
    if conversations or edits:
        out.print(Text(f"{levels}: {conversations:,} conversations to make and {edits:,} edits to judge, at the most"))
    else:
        out.print("no model is asked")


def _page(report: BiasReport) -> None:
    for population in report.populations:
        _population(population)
    if report.drifts:
        _drifts(report)
    if report.regenerated:
        title(f"the same {report.pairs:,} blueprints for different users: {report.conversations:,} conversations")
        _compared(report.regenerated)
    if report.cells:
        title(f"within other traits (cells under {report.settings.least} pairs are named, not tested)")
        _compared(report.cells)
    if report.in_place:
        _in_place(report)
    title(f"{len(report.findings)} difference{'' if len(report.findings) == 1 else 's'} shown")
    for finding in report.findings:
        out.print(Text(f"- {finding}"))
    slight = sum(one.answer == "small" for one in (*report.regenerated, *report.cells))
    if slight:
        out.print(Text(f"{slight} more {'is' if slight == 1 else 'are'} shown, and shown to lie within the bounds"))
    out.print()
    notes(_remarks(report))


def _population(population: Population) -> None:
    title(f"who is in the set, {population.view} view: {population.n:,} conversations of {population.source}")
    rows = [
        (
            f"{one.attribute} {row.level}",
            f"{row.count:,}",
            f"{row.share:.1%}",
            f"{row.low:.1%}…{row.high:.1%}",
            f"{row.target:.1%}",
            f"{row.ratio:.2f}",
            chance(one.adjusted) if not place else "",
        )
        for one in population.attributes
        for place, row in enumerate(one.rows)
        if row.level not in one.few
    ]
    out.print(table("", "count", "share", "95 %", "declared", "ratio", "p", rows=rows))
    few = [f"{one.attribute} {level}" for one in population.attributes for level in one.few]
    if few:
        out.print(Text(f"too few to be tested alone: {', '.join(few)}"))


def _drifts(report: BiasReport) -> None:
    title("drift over rounds")
    rows = [
        (
            f"{one.attribute} {one.level}",
            " ".join(f"{share:.0%}" for share in one.shares),
            f"{100 * one.slope:+.1f}",
            f"{100 * one.low:+.1f}…{100 * one.high:+.1f}",
            chance(one.adjusted),
            one.to_target if one.target is not None else "",
            one.to_teacher if one.teacher is not None else "",
        )
        for one in report.drifts
    ]
    out.print(table("", "shares", "points a round", "95 %", "p", "target", "teacher alone", rows=rows))


def _compared(rows: tuple[Compared, ...]) -> None:
    """One table a swap, in the order of the audit."""
    for swap in dict.fromkeys(map(swap_of, rows)):
        shown = [
            (
                one.measure,
                one.n,
                level_of(one, 0),
                level_of(one, 1),
                interval(one),
                chance(one.adjusted),
                "" if one.smallest is None else amount(one, one.smallest, "", unit=False),
                one.answer,
            )
            for one in rows
            if swap_of(one) == swap
        ]
        out.print(Text(swap, style="bold"))
        out.print(table("", "n", "first", "second", "difference", "p", "visible", "answer", rows=shown))


def _in_place(report: BiasReport) -> None:
    by = f"the checks and {report.judge}" if report.judge else "the checks alone"
    title(f"the same words, judged for another user by {by}: {report.edits:,} edits")
    swaps = [(f"{swap.compared.attribute} {swap.compared.level}", swap.compared, swap) for swap in report.in_place]
    rows = [
        (name, one.n, level_of(one, 0), level_of(one, 1), interval(one), chance(one.adjusted), one.answer)
        for name, one, _ in swaps
    ]
    out.print(table("admitted", "n", "reference", "this", "difference", "p", "answer", rows=rows))
    for name, _, swap in swaps:
        if swap.turned_down:
            kinds = ", ".join(f"{kind} {one}:{other}" for kind, (one, other) in swap.turned_down.items())
            out.print(Text(f"{name}: only one of two turned down (reference:this) for {kinds}"))
        if swap.unchanged:
            out.print(Text(f"{name}: {swap.unchanged:,} conversations show neither level and do not count"))


def _remarks(report: BiasReport) -> list[str]:
    used = {one.measure for one in report.regenerated}
    lines = [f"left out: {line}" for line in report.left_out]
    if used:
        lines.append(", ".join(f"{name}: {measure.title}" for name, measure in MEASURES.items() if name in used))
        lines.append("visible: the smallest difference that would have been found in 80 of 100 audits of this size")
        bounds = {one.measure: f"{one.measure} {amount(one, one.bound, '')}" for one in report.regenerated}
        lines.append(f"bounds of what counts as equal: {', '.join(bounds.values())}")
    if used or report.in_place:
        lines.append("; ".join(f"{answer}: {means}" for answer, means in ANSWERS.items()))
        lines.append("p: after Holm's correction over all swaps and measures of a part; differences: 95 % intervals")
    if report.broken:
        lines.append(f"{report.broken:,} conversations broke and count as not successful; versions.jsonl says why")
    if report.impossible:
        lines.append(f"{report.impossible:,} scenarios could not be planned and were passed over")
    if report.regenerated or report.in_place:
        lines += [f"limit: {line}" for line in report.limits]
    return lines
