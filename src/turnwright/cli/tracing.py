"""`turnwright trace`: where a turn or a conversation comes from, and what a whole set was made from.

Words of models and people are printed as words: never as markup, nor as commands to the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from turnwright.cli.console import out, said
from turnwright.cli.debate import difference
from turnwright.cli.pages import table, title
from turnwright.cli.students import notes
from turnwright.engine.derivation import CallTrace, Debated, Parent, Trace, TurnTrace
from turnwright.engine.rollups import rollup_of, rollup_of_files
from turnwright.engine.tracing import trace
from turnwright.errors import InputError
from turnwright.export.rollup import Rollup
from turnwright.records import Usage
from turnwright.records.provenance import HumanSource, Provenance
from turnwright.store import read_run

__all__ = ["trace_"]

RUN_FILE = "run.db"
_UNSEEN = "not in the journal"


def trace_(
    place: Annotated[Path, typer.Argument(help="a run folder; for a roll-up also a file of conversations")],
    wanted: Annotated[
        str,
        typer.Argument(metavar="[ID]", help="of a turn, a conversation or any record, or a number; none: a roll-up"),
    ] = "",
    turn: Annotated[int | None, typer.Option("--turn", "-n", help="number of the turn, from 0")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """Show where a turn or conversation comes from, back to scenario, prompts, calls and sources."""
    if not (place / RUN_FILE).exists():
        if wanted:
            raise InputError("this is no run folder", where=str(place), fix="name one, or leave the id out")
        _print_rollup(rollup_of_files([place]), str(place), as_json)
        return
    with read_run(place) as run:
        if not wanted:
            _print_rollup(rollup_of(run), str(place), as_json)
            return
        found = trace(run, wanted, turn=turn, ledger=run.records.log.ledger.entries())
        if as_json:
            out.print_json(data=msgspec.to_builtins(found))
        else:
            _trace(found)
            if len(found.turns) > 1:
                concluded = run.records.concluded_at(found.ordinal)
                _shares(rollup_of(run, [concluded.conversation] if concluded.conversation else []))


# --- a trace --------------------------------------------------------------------------------------------------------


def _trace(found: Trace) -> None:
    for each in found.turns:
        (_turn if len(found.turns) == 1 else _line)(each)
    title(f"conversation {found.conversation}")
    _field("is", f"{found.kind} of scenario {found.ordinal}, made by the way `{found.way}`, attempt {found.attempt}")
    _field("draft", found.draft)
    _field("councils", ", ".join(found.councils))
    _field("verdict", f"{found.verdict} by the checks {', '.join(found.checks)}" if found.verdict else "")
    admission = found.admission
    took = "admitted" if admission.admitted else f"rejected at {admission.stage}: {admission.reason}"
    _field("admission", f"{admission.id}: {took}{f' ({admission.detail})' if admission.detail else ''}")
    _field("quarantine", f"batch {found.quarantined} keeps it out of the set" if found.quarantined else "")
    gone = f"words of {len(found.deleted)} turns were deleted on request, so it left the set" if found.deleted else ""
    _field("deleted", gone)
    _field("ledger", "no entry tells of it" if found.ledger is None else f"entry {found.ledger}")
    _field("paid", _cost(admission.usage))
    _field("blueprint", f"{found.blueprint}: {found.goal} ({found.outcome})" if found.blueprint else "")
    levels = ", ".join(f"{name}={level}" for name, level in sorted(found.levels.items()))
    _field("scenario", f"{found.scenario}: {levels}; {found.persona.name}; drawn for {found.drawn}, seed {found.seed}")
    _field("spec", found.spec)


def _line(one: TurnTrace) -> None:
    came = one.turn.provenance
    parts = [came.origin, one.prompt or came.prompt, f"{len(one.calls)} calls" if one.calls else "", one.id]
    told = Text(f"{one.number:>3} ", style="dim") + Text(f"{one.turn.role:<9} ") + Text(_plain(_words(one)))
    out.print(told + Text(f"  [{'; '.join(filter(None, parts))}]", style="dim"))


def _turn(one: TurnTrace) -> None:
    title(f"turn {one.number}: {one.id}")
    out.print(Text(f"  {one.turn.role}: {_plain(_words(one))}"))
    _field("learnt", "" if one.turn.trainable else "never: it is context only")
    _derivation(one, 2)
    if one.step is not None:
        detour = f", detour {one.step.detour}" if one.step.detour else ""
        _field("planned", f"{' + '.join(one.step.acts)}{f' as {one.step.phrase}' if one.step.phrase else ''}{detour}")
    for each in one.debate:
        _debated(each)
    for finding in one.findings:
        _field("finding", f"{finding.kind} ({finding.severity}) by {finding.found_by}: {finding.evidence}")
    for ruling in one.rulings:
        _field("ruling", f"{ruling.question}: {'found' if ruling.found else 'not found'} ({ruling.how})")


def _derivation(one: TurnTrace, indent: int) -> None:
    """What the turn itself tells; of a turn that was edited, the same of what stood there before."""
    came = one.turn.provenance
    by = f", {came.role} {came.model}" if came.model else ""
    _field("origin", f"{came.origin}{by}", indent)
    _field("source", _source(came.source) if came.source else "", indent)
    _field("prompt", f"{one.prompt or 'not of this version'} ({came.prompt})" if came.prompt else "", indent)
    _field("sampling", _sampling(came), indent)
    for call in one.calls:
        _field("call", _call(call), indent)
    _field("cost", _cost(one.cost) if len(one.calls) > 1 else "", indent)
    for parent in one.parents:
        _parent(one, parent, indent)


def _parent(one: TurnTrace, parent: Parent, indent: int) -> None:
    if parent.kind == "style":
        told = f"{parent.id}, people's words shown as an example: “{parent.text}”"
        _field("parent", f"{told}; {_source(parent.source)}" if parent.source else told, indent)
    elif parent.turn is None:
        _field("parent", f"{parent.id}, which is not kept here", indent)
    else:
        distance = one.turn.provenance.distance
        far = "" if distance is None else f", {distance:.0%} of the words differ"
        _field("parent", f"{parent.id}{far}", indent)
        out.print(Text(" " * (indent + 2)) + difference(parent.text, one.turn.text, indent + 2))
        _derivation(parent.turn, indent + 2)


def _debated(each: Debated) -> None:
    objection = each.objection
    _field(
        "objection", f"{objection.id} in round {each.round}, {objection.lens}: {objection.defect}: {objection.claim}"
    )
    _field("not heard", objection.dismissed, 4)
    for response in each.responses:
        _field("teacher", f"{response.stance}: {response.argument or response.replacement}", 4)
    for ruling in each.rulings:
        _field("ruling", f"{'upheld' if ruling.found else 'not upheld'} ({ruling.how}) {ruling.evidence}", 4)
    for revision in each.revisions:
        refused = f"refused: {revision.refused} {revision.detail}"
        _field("revision", refused if revision.refused else f"taken: {revision.after.id}", 4)


def _source(source: HumanSource) -> str:
    told = [source.dataset, f"licence {source.licence}", source.record]
    told += [
        f"personal data: {source.pii}" if source.pii else "",
        f"consent: {source.consent}" if source.consent else "",
    ]
    return "; ".join(filter(None, told))


def _sampling(came: Provenance) -> str:
    if came.sampling is None:
        return ""
    drawn = came.sampling
    told = (
        f"temperature {drawn.temperature:g}, top_p {drawn.top_p:g}, at most {drawn.max_tokens} tokens, seed {came.seed}"
    )
    return f"{told}{', constrained' if drawn.constrained else ''}; {came.tries} tries"


def _call(call: CallTrace) -> str:
    if call.usage is None:
        return f"{call.id}, {_UNSEEN}"
    shared = f", for {call.turns} turns together" if call.turns > 1 else ""
    return f"{call.id} to {call.role} {call.model}: {_cost(call.usage)}{shared}"


def _cost(usage: Usage) -> str:
    tokens = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
    return f"{usage.calls:,} calls, {tokens}, cost {usage.money / 1_000_000:.6f}"


# --- a roll-up ------------------------------------------------------------------------------------------------------


def _print_rollup(found: Rollup, where: str, as_json: bool) -> None:
    if as_json:
        shares = {"human_share": found.human_share, "human_or_edited_share": found.human_or_edited_share}
        out.print_json(data={**msgspec.to_builtins(found), **shares})
        return
    title(f"{found.conversations:,} conversations of {where}")
    _shares(found)


def _shares(found: Rollup) -> None:
    rows = [
        (name, f"{one.turns:,}", f"{one.tokens:,}", _part(one.tokens, found)) for name, one in found.origins.items()
    ]
    out.print(table("who wrote the words", "turns", "tokens", "share", rows=rows))
    if found.human_only or found.mixed:
        out.print(Text(f"people wrote {found.human_only:,} conversations alone, and parts of {found.mixed:,} more"))
    if found.sources:
        taken = [
            (one.dataset, one.licence, f"{one.conversations:,}", f"{one.turns:,}", f"{one.derived:,}")
            for one in found.sources
        ]
        out.print(table("taken from", "licence", "conversations", "turns", "derived turns", rows=taken))
    if found.teachers:
        models = [
            (one.model, f"{one.turns:,}", one.facts.licence, one.facts.terms, one.facts.watermark)
            for one in found.teachers
        ]
        out.print(table("model", "turns", "licence of weights", "learning from it", "watermark", rows=models))
    _worst(found)


def _part(tokens: int, found: Rollup) -> str:
    return f"{tokens / found.tokens:.1%}" if found.tokens else "unknown"


def _worst(found: Rollup) -> None:
    worst = found.worst
    asked = [name.replace("_", " ") for name, asks in msgspec.structs.asdict(worst.duties).items() if asks]
    out.print(Text(f"worst-case licence of the set: {_plain(worst.licence)}"))
    known = f"; the strictest that is known is {_plain(worst.strictest)}" if worst.unknown and worst.strictest else ""
    asks = [f"the known licences together ask for: {', '.join(asked)}{known}"] if asked else []
    asks += [f"unknown: {_plain(', '.join(worst.unknown))}"] if worst.unknown else []
    asks += [f"cannot be joined, each asks for itself alone: {', '.join(worst.conflicts)}"] if worst.conflicts else []
    notes(asks)


# --- lines ----------------------------------------------------------------------------------------------------------


def _words(one: TurnTrace) -> str:
    return "(its words were deleted on request)" if one.deleted else said(one.turn)


def _field(name: str, value: str, indent: int = 2) -> None:
    """One named value; an empty one is left out."""
    if value:
        out.print(Text(" " * indent) + Text(f"{name:<10} ", style="dim") + Text(_plain(value)))


def _plain(text: str) -> str:
    """Words in one line; control characters and invisible ones by their number."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
