"""What the commands print: plain tables and readable conversations. Words of models are never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from rich.table import Table
from rich.text import Text

from turnwright.api import PlanReport, RunReport
from turnwright.cli.console import out
from turnwright.design import CoverageReport
from turnwright.engine import Spec, Summary, summarise
from turnwright.engine.batches.words import acted_lines, said, stop_reasons
from turnwright.errors import InputError, RunFolderError
from turnwright.export import Manifest
from turnwright.models import Listed
from turnwright.monitor.page import wording
from turnwright.records import Blueprint, Conversation, Scenario, Turn, Usage, canonical
from turnwright.records.fidelity import BatchVerdict
from turnwright.store import Concluded, Run, read_run

__all__ = ["exported", "found", "models", "plan", "rebalanced", "run", "show", "status", "table", "title"]


IMPOSSIBLE_SHOWN = 6


def table(*columns: str, rows: Iterable[Iterable[object]] = ()) -> Table:
    """A plain table; the first column is text, figures stand to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def title(text: str) -> None:
    """A heading with a blank line before it."""
    out.print()
    out.print(Text(text, style="bold"))


def plan(spec: Spec, report: PlanReport) -> None:
    """The design, its coverage, and what the run is expected to need."""
    forecast, design = report.forecast, report.design
    drawn = ", ".join(f"{n:,} {how}" for how, n in design.drawn.items() if n)
    head = f"{spec.name}: {len(design):,} scenarios ({drawn}) of domain {spec.domain}, seed {spec.seed}"
    out.print(Text(head, style="bold"))
    title("factors")
    rows = [
        (one.factor, one.level, f"{one.target:.1%}", f"{one.sampled:.1%}", f"{one.weighted:.1%}", str(one.scenarios))
        for one in design.shares
    ]
    out.print(table("factor", "level", "target", "drawn", "weighted", "scenarios", rows=rows))
    coverage(report.coverage)
    out.print(f"effective sample size when read as natural: {design.effective_sample_size:,.1f} of {len(design):,}")
    title(f"forecast (from {forecast.sampled:,} blueprints; nothing was sent)")
    out.print(f"{forecast.turns:.1f} turns of words and {forecast.steps:.1f} turns in all a conversation")
    if forecast.impossible:
        codes = ", ".join(f"{code} {n}" for code, n in sorted(forecast.impossible.items()))
        out.print(f"cannot be planned: {codes} (they will be rejections with the reason)")
    rows = [
        (role, one.model, f"{one.calls:,}", f"{one.prompt_tokens:,}", f"{one.completion_tokens:,}", f"{one.money:.4f}")
        for role, one in forecast.roles.items()
    ]
    out.print(table("role", "model", "calls", "prompt tokens", "reply tokens", "cost", rows=rows))
    out.print("estimated with the tries of a small model; the run's summary says how many it really took")


def rebalanced(folder: Path) -> None:
    """What gates made a run that has begun in this folder sample more; silent where there is none."""
    if not (folder / "run.db").exists():
        return
    with suppress(RunFolderError), read_run(folder) as opened:  # a run of an older version had no gates
        raised = [one for one in opened.records.batches.verdicts() if one.quotas]
        for one in raised:
            levels = (f"{level.factor}={level.level} {level.before:.1%} → {level.after:.1%}" for level in one.quotas)
            shares = ", ".join(levels)
            out.print(Text(f"the run in {folder} samples more from scenario {one.last + 1} on: {shares}"))


def coverage(report: CoverageReport) -> None:
    """What is covered of every group of factors, and what cannot be."""
    title("coverage of combinations")
    rows = [
        (name, t, f"{did:,}", f"{can:,}", f"{share:.1%}", f"{cannot:,}")
        for name, t, did, can, share, cannot in report.rows()
    ]
    out.print(table("factors", "strength", "covered", "possible", "share", "impossible", rows=rows))
    for rules, number, examples in report.impossible_rows()[:IMPOSSIBLE_SHOWN]:
        out.print(Text(f"  impossible: {number:,} combinations, e.g. {examples} ({rules})"))


def run(report: RunReport, seconds: float) -> None:
    """The summary at the end of a run that took so many seconds this time."""
    _summary(report.summary, report.ending)
    out.print(f"\ntime: {seconds:,.0f} s")
    coverage(report.coverage)
    title("files")
    exported(report.manifest)
    out.print(Text(f"report     {report.folder / 'report.html'}"))
    out.print(Text(f"look at    turnwright show --folder {report.folder}"))
    for note in report.notes:
        out.print(Text(f"note: {note}"))
    if report.unguarded:
        out.print(Text(f"unguarded: {', '.join(report.unguarded)}; nothing looked for these defects"))
    if report.fidelity is not None:
        out.print(Text(f"fidelity   {wording.verdict(report.fidelity)} {report.folder / 'fidelity.html'}"))
    for gate in stop_reasons(report.verdicts):
        kept = f"{report.summary.admitted:,} admitted conversations are kept and exported"
        out.print(Text(f"stopped by a gate: {gate}; {kept}", style="red"))
        out.print(Text("it goes on only when the spec no longer has this gate as it stands"))
    if report.ending in ("interrupted", "capped"):
        out.print(Text("the same command goes on where this run stopped; no finished call is sent again"))


def status(opened: Run) -> None:
    """How far a run is."""
    scenarios = int(opened.spec.get("scenarios", 0)) if isinstance(opened.spec, dict) else 0
    _summary(summarise(opened, scenarios), "so far")
    _verdicts(opened.records.batches.verdicts())


def _verdicts(verdicts: Sequence[BatchVerdict]) -> None:
    """What the gates of a run said; silent without gates."""
    if not verdicts:
        return
    title("gates")
    for one in verdicts:
        head = f"batch {one.number}: scenarios {one.first} to {one.last}, {one.batch:,} admitted, {one.so_far:,} so far"
        out.print(Text(f"{head}: {one.action}"))
        for line in (*map(said, one.outcomes), *(each.partition(": ")[2] for each in acted_lines(one))):
            out.print(Text(f"    {line}"))


def _summary(figures: Summary, ending: str) -> None:
    title(f"run {ending}")
    rows = [
        ("scenarios", f"{figures.concluded:,} of {figures.scenarios:,}"),
        ("planned", f"{figures.planned:,}"),
        ("simulated", f"{figures.simulated:,}"),
        ("admitted", f"{figures.admitted:,}"),
        *((f"  {_reason(reason)}", f"{n:,}") for reason, n in figures.rejected.items()),
        *((f"    {why}", f"{n:,}") for why, n in figures.quarantined.items()),
    ]
    out.print(table("", "", rows=rows[1:] if figures.scenarios == 0 else rows))
    written = sum(figures.turns.values())
    if written:
        shares = ", ".join(f"{origin} {n:,} ({n / written:.0%})" for origin, n in sorted(figures.turns.items()))
        out.print(f"\nwords of the admitted turns: {shares}; {figures.tries_per_turn:.2f} tries a turn")
    paid = [(role, *_usage(usage)) for role, usage in sorted(figures.usage.items())]
    if paid:
        out.print()
        paid.append(("all", *_usage(figures.total)))
        paid.append(("of it for rejects", *_usage(figures.spent_on_rejects)))
        out.print(table("paid", "calls", "prompt", "from cache", "reply", "cost", rows=paid))
    _debates(figures)


def _reason(reason: str) -> str:
    known = {"monitor: quarantined": "in quarantine", "delete: words_deleted": "words deleted on request"}
    return known.get(reason, f"rejected at {reason}")


def _debates(figures: Summary) -> None:
    """What stages and councils cost, and what came of it; silent for a run with neither council nor arbiter."""
    if len(figures.stages) > 1:
        rows = [
            (stage, f"{c.spent.calls:,}", f"{c.spent.tokens:,}", f"{c.wasted.tokens:,}", f"{c.wasted.money / 1e6:.4f}")
            for stage, c in figures.stages.items()
        ]
        out.print()
        out.print(table("stage", "calls", "tokens", "turned down", "cost of it", rows=rows))
    abort, debates = figures.abort, figures.debates
    if abort.aborted:
        out.print(f"{abort.aborted:,} simulations stopped early, which saved about {abort.saved:,} tokens")
    if debates.councils:
        out.print(
            f"council: {debates.councils:,} debates, {debates.objections:,} objections heard, "
            f"{debates.conceded:,} conceded, {debates.rebutted:,} rebutted ({debates.overruled:,} overruled), "
            f"{debates.revisions:,} revisions taken, {sum(debates.refused.values()):,} refused"
        )
    found = {name: one.found for name, one in figures.rubric.items() if one.found}
    if figures.rubric:
        asked = sum(one.asked for one in figures.rubric.values())
        out.print(f"arbiter: {asked:,} questions, found {', '.join(f'{k} {n}' for k, n in found.items()) or 'nothing'}")


def _usage(usage: Usage) -> tuple[str, ...]:
    cached = f"{usage.cached_tokens / usage.prompt_tokens:.0%}" if usage.prompt_tokens else "-"
    money = f"{usage.money / 1_000_000:.4f}"
    return f"{usage.calls:,}", f"{usage.prompt_tokens:,}", cached, f"{usage.completion_tokens:,}", money


def exported(manifest: Manifest) -> None:
    """Which files were written."""
    for file in manifest.files:
        lines = f" ({file.lines:,} lines)" if file.lines > file.conversations else ""
        out.print(Text(f"{file.conversations:>6,} conversations  {file.path}{lines}"))
    if manifest.card:
        out.print(Text(f"{'':>6} the dataset card  {manifest.card}"))
    if manifest.views:
        out.print(Text(f"{'':>6} standard views    {len(manifest.views)} files in views/"))


def models(entries: Iterable[Listed]) -> None:
    """The catalogue."""
    rows = [(e.name, e.licence, f"{e.size / 1e6:,.0f} MB", "here" if e.path else "not here") for e in entries]
    out.print(table("model", "licence", "size", "", rows=rows))
    out.print("any other GGUF: give its path as `model` in factory.yaml")


def show(opened: Run, wanted: str) -> None:
    """One scenario, whole."""
    concluded = found(opened, wanted)
    scenario, admission = concluded.scenario, concluded.admission
    word = "admitted" if admission.admitted else f"rejected at {admission.stage}: {admission.reason}"
    if concluded.quarantined:
        word = f"in quarantine since batch {concluded.quarantined}: in no export (`turnwright status` says why)"
    out.print(Text(f"#{scenario.ordinal} {admission.conversation_id or scenario.id}", style="bold"))
    out.print(Text(f"{word}{'. ' + admission.detail if admission.detail and not admission.admitted else ''}"))
    _scenario(scenario)
    if concluded.blueprint is not None:
        _blueprint(concluded.blueprint)
    if concluded.conversation is not None:
        _conversation(concluded.conversation)
    if concluded.verdict is not None:
        title(f"checks: {', '.join(concluded.verdict.checks)}")
        for defect in concluded.verdict.defects:
            turns = ", ".join(map(str, defect.turns))
            out.print(Text(f"  {defect.severity} {defect.kind} at turn {turns}: {defect.evidence} [{defect.found_by}]"))
        if not concluded.verdict.defects:
            out.print("  nothing found")
    for failure in concluded.failures:
        out.print(Text(f"failed at {failure.stage}: {failure.error}: {failure.message}"))
    used = admission.usage
    out.print(f"\npaid: {used.calls} calls, {used.tokens:,} tokens in {admission.attempts} attempt(s)")


def found(opened: Run, wanted: str) -> Concluded:
    """The scenario that an id, the beginning of one or a number names; a good example without one."""
    if wanted.isdigit():
        return opened.records.concluded_at(int(wanted))
    if wanted:
        record = opened.records.find(wanted)
        ordinal = opened.records.ordinal_of(record.id)
        if ordinal is not None:
            return opened.records.concluded_at(ordinal)
    example = max(opened.records.concluded(admitted=True), key=_liveliness, default=None)
    if wanted or example is None:
        raise InputError(
            f"nothing here is called '{wanted}'", where=str(opened.folder.path), fix="see `turnwright status`"
        )
    return example


def _liveliness(concluded: Concluded) -> int:
    """Prefer a conversation with calls and a detour as the example."""
    turns = concluded.conversation.turns if concluded.conversation else ()
    steps = concluded.blueprint.steps if concluded.blueprint else ()
    return 2 * len({step.detour for step in steps}) + sum(turn.call is not None for turn in turns)


def _scenario(scenario: Scenario) -> None:
    title("scenario")
    traits = "".join(f", {name} {value}" for name, value in sorted(scenario.persona.traits.items()))
    out.print(Text(f"  {', '.join(f'{k}={v}' for k, v in sorted(scenario.levels.items()))}"))
    out.print(Text(f"  {scenario.persona.name}{traits}; drawn for {scenario.drawn}, weight {scenario.weight:.2f}"))


def _blueprint(blueprint: Blueprint) -> None:
    title("blueprint")
    out.print(Text(f"  goal: {blueprint.goal} ({blueprint.outcome})"))
    for fact in blueprint.facts:
        first = f", first said as {fact.first_said}" if fact.shared == "corrected" else ""
        out.print(Text(f"  knows {fact.slot} = {fact.value} ({fact.shared}{first})"))
    for change in blueprint.changes:
        out.print(Text(f"  changes {change.table}/{change.key} {change.field or 'row'} to {_short(change.value)}"))
    for fault in blueprint.faults:
        out.print(Text(f"  planted: call {fault.nth} of {fault.tool} fails ({fault.kind})"))


def _conversation(conversation: Conversation) -> None:
    title(f"conversation ({conversation.way}, {conversation.ending})")
    for index, turn in enumerate(conversation.turns):
        out.print(_line(index, turn))


def _line(index: int, turn: Turn) -> Text:
    colour = {"user": "cyan", "assistant": "green", "tool": "dim"}[turn.role]
    line = Text(f"{index:>3} ", style="dim")
    line.append(f"{turn.role:<9} ", style=colour)
    if turn.call is not None:
        line.append(f"→ {turn.call.name}({_short(turn.call.arguments)})", style="dim")
    elif turn.result is not None:
        planted = f" [planted: {turn.result.fault}]" if turn.result.fault else ""
        line.append(f"← {turn.result.error or _short(turn.result.content)}{planted}", style="dim")
    else:
        line.append(turn.text or "(words deleted on request)", style="" if turn.text else "dim")
        origin = turn.provenance.origin + (f", {turn.provenance.tries} tries" if turn.provenance.tries > 1 else "")
        line.append(f"  [{' + '.join(turn.acts)}; {origin}]", style="dim")
    return line


def _short(value: object) -> str:
    text = canonical(value).decode()
    return text if len(text) <= 160 else text[:157] + "..."
