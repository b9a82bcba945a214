"""A whole bias audit: who is in the set, who is treated how, who is judged how, and which way rounds drift.

What costs nothing comes first. Models are asked only for the versions and edits that were announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from turnwright.engine.assemble import design_of, domain_of, open_kit
from turnwright.engine.audit.findings import findings_of
from turnwright.engine.audit.in_place import Finished, swap_in_place
from turnwright.engine.audit.populations import (
    Targets,
    drifts_of,
    members_at,
    members_of_design,
    populations,
    targets_of,
)
from turnwright.engine.audit.records import AuditSettings, BiasReport, Outcome
from turnwright.engine.audit.regenerating import regenerate
from turnwright.engine.audit.versions import hides_persona, planned, versions_of
from turnwright.engine.events import Listener, silent
from turnwright.engine.guards import panel_of
from turnwright.engine.kit import Kit
from turnwright.engine.spec import Spec
from turnwright.errors import InputError, SpecError
from turnwright.monitor.bias import MEASURES, AttributeTable, Compared, Group, Pair, paired
from turnwright.records import Usage, content_id
from turnwright.store import read_run, write_lines
from turnwright.verify import Arbiter

__all__ = ["VERSIONS", "announced", "audit_bias", "represented"]

VERSIONS = "versions.jsonl"
CALLS = "calls"
UNSEEN = (
    "regenerated versions: this spec fills in turn by turn, and no prompt of that way holds the persona, so no version "
    "could differ; use simulate.way: interplay, or simulate.fill.by: conversation"
)


IN_ENGLISH = ("politeness", "reading")
ENGLISH = "politeness and reading level, which only English words have here; of refusals, those that acts do not tell"


def announced(spec: Spec, table: AttributeTable, settings: AuditSettings, *, finished: bool) -> tuple[int, int]:
    """How many conversations an audit makes, and how many edits it has judged, at the most.

    finished: whether there is a run whose conversations are edited, so that none has to be made for that.
    """
    levels = sum(len(attribute.levels) for attribute in table.attributes.values())
    edits = settings.pairs * levels if "in_place" in settings.parts else 0
    if "regenerated" in settings.parts and not hides_persona(spec):
        return settings.pairs * levels, edits
    return (settings.pairs * len(table.attributes) if edits and not finished else 0), edits


async def audit_bias(
    spec: Spec,
    base: Path,
    folder: Path,
    table: AttributeTable,
    settings: AuditSettings | None = None,
    *,
    run: Path | None = None,
    targets: Targets | None = None,
    rounds: Sequence[Path] = (),
    tell: Listener = silent,
) -> BiasReport:
    """Audit a spec; the same call goes on where it stopped, and pays nothing twice.

    Args:
        base: the folder that the spec's paths are relative to. folder: where calls and versions are kept.
        run: a finished run, whose set is looked at and whose conversations are swapped in place.
        targets: who should be in the set; by default what the spec declares for its personas.
        rounds: runs or files, one a round, to look for drift.

    Raises:
        InputError: something given is wrong; no model was asked.
        ModelError, CapReached: an endpoint stayed down, or a cap was met; finished calls are kept.
    """
    settings = settings or AuditSettings()
    _refuse(spec, settings)
    report = represented(spec, base, settings, run=run, targets=targets, rounds=rounds)
    conversations, edits = announced(spec, table, settings, finished=run is not None)
    if not conversations and not edits:
        return _read(report)
    chosen = _widened(spec, settings)
    place = folder / CALLS / content_id("ba", chosen.deciding()).removeprefix("ba_")[:12]
    async with open_kit(chosen, base, place, tell) as kit:
        report = await _asked(kit, report, folder, table, run)
        usage = sum(kit.run.journal.totals().values(), Usage())
        told = {"usage": usage, "models": dict(kit.fingerprints), "notes": kit.guards.notices}
        return _read(msgspec.structs.replace(report, **told))


def represented(
    spec: Spec, base: Path, settings: AuditSettings, *,
    run: Path | None = None, targets: Targets | None = None, rounds: Sequence[Path] = (),
) -> BiasReport:  # fmt: skip
    """The part that no model is needed for: representation and drift."""
    report = BiasReport(name=spec.name, spec=spec.id, domain=spec.domain, settings=settings)
    targets = targets or targets_of(spec)
    if rounds and targets is None:
        raise InputError("rounds are compared with targets, and there are none", fix="give a file with --targets")
    if targets is None:
        why = "representation: neither a file of targets nor the spec's design.personas.traits says who should be there"
        return msgspec.structs.replace(report, left_out=(why,))
    if "representation" in settings.parts:
        members = members_at(run) if run else members_of_design(design_of(spec, domain_of(spec, base)))
        source = str(run) if run else "the design (nothing has run)"
        report = msgspec.structs.replace(report, populations=populations(source, members, targets, settings.least))
    drifts = drifts_of(rounds, targets, settings.alpha) if rounds else ()
    return msgspec.structs.replace(report, drifts=drifts)


def _refuse(spec: Spec, settings: AuditSettings) -> None:
    if settings.pairs < 2:
        raise InputError(f"an audit of {settings.pairs} pairs", fix="ask for at least 2; 200 find a difference of 15 %")
    if settings.judge and settings.judge not in spec.models:
        known = ", ".join(spec.models)
        raise SpecError(f"no model '{settings.judge}' in the spec", where="--judge", fix=f"one of: {known}")


def _widened(spec: Spec, settings: AuditSettings) -> Spec:
    """The spec with enough scenarios, one attempt each and no council, and the judge where one is named."""
    roles = spec.roles.model_copy(update={"arbiter": [settings.judge]}) if settings.judge else spec.roles
    changed = {"roles": roles, "scenarios": max(spec.scenarios, settings.pairs), "attempts": 1}
    return spec.model_copy(update={**changed, "refine": spec.refine.model_copy(update={"council": False})})


async def _asked(kit: Kit, report: BiasReport, folder: Path, table: AttributeTable, run: Path | None) -> BiasReport:
    """What models are needed for."""
    settings = report.settings
    bases, impossible = planned(kit, settings.pairs)
    if len(bases) < 2:
        what = f"only {len(bases)} of {len(kit.design)} scenarios can be planned"
        raise InputError(what, fix="`turnwright plan` says what cannot")
    known = {*kit.spec.design.personas.traits, *kit.factors}
    for name in settings.within:
        if name not in known:
            raise InputError(
                f"'{name}' is neither a trait nor a factor here", fix=f"one of: {', '.join(sorted(known))}"
            )
    report = msgspec.structs.replace(
        report, pairs=len(bases), impossible=impossible,
        levels={name: tuple(one.levels) for name, one in table.attributes.items()},
        sources=tuple(table.sources), limits=tuple(table.limits),
    )  # fmt: skip
    blind = hides_persona(kit.spec) or "regenerated" not in settings.parts
    if "regenerated" in settings.parts and blind:
        report = msgspec.structs.replace(report, left_out=(*report.left_out, UNSEEN))
    outcomes: list[Outcome] = []
    if not blind or ("in_place" in settings.parts and run is None):
        outcomes = await regenerate(kit, list(versions_of(bases, table, references_only=blind)), table.signs)
        write_lines(folder / VERSIONS, map(msgspec.json.encode, outcomes))
        report = msgspec.structs.replace(
            report, conversations=len(outcomes), broken=sum(bool(one.broken) for one in outcomes)
        )
    if not blind:
        english = kit.domain.spec.language.startswith("en")
        left_out = report.left_out if english else (*report.left_out, ENGLISH)
        report = msgspec.structs.replace(report, left_out=left_out)
        report = _compared(report, outcomes, table, [name for name in MEASURES if english or name not in IN_ENGLISH])
    return await _swapped(kit, report, outcomes, table, run) if "in_place" in settings.parts else report


def _compared(
    report: BiasReport, outcomes: Sequence[Outcome], table: AttributeTable, measures: Sequence[str]
) -> BiasReport:
    """All swaps over all blueprints, and over those of every cell that was asked for."""

    def compared(groups: Sequence[Group]) -> tuple[Compared, ...]:
        settings = report.settings
        return paired(groups, measures=measures, bounds=table.bounds, least=settings.least, alpha=settings.alpha)

    cells = [
        group
        for name in report.settings.within
        for value in dict.fromkeys(one.base[name] for one in outcomes if name in one.base)
        for group in _groups([one for one in outcomes if one.base.get(name) == value], table, {name: value})
    ]
    return msgspec.structs.replace(report, regenerated=compared(_groups(outcomes, table)), cells=compared(cells))


def _groups(outcomes: Sequence[Outcome], table: AttributeTable, within: dict[str, str] | None = None) -> list[Group]:
    """Every swap of the table with its pairs, blueprint by blueprint."""
    at = {(one.version.attribute, one.version.level, one.version.blueprint.id): one for one in outcomes}
    blueprints = list(dict.fromkeys(one.version.blueprint.id for one in outcomes))
    return [
        Group(
            attribute=name, reference=attribute.reference, level=level, within=within or {},
            pairs=tuple(
                Pair(
                    blueprint=each,
                    reference=at[name, attribute.reference, each].measured,
                    other=at[name, level, each].measured,
                )
                for each in blueprints
            ),
        )
        for name, attribute in table.attributes.items()
        if name not in (within or {})
        for level in list(attribute.levels)[1:]
    ]  # fmt: skip


async def _swapped(
    kit: Kit, report: BiasReport, outcomes: Sequence[Outcome], table: AttributeTable, run: Path | None
) -> BiasReport:
    """The swaps in place, where the words that they put in are of the domain's language."""
    if not kit.domain.spec.language.startswith("en"):
        why = f"swaps in place: the table's words are English, the domain's language is {kit.domain.spec.language}"
        return msgspec.structs.replace(report, left_out=(*report.left_out, why))
    of_run = _finished_in(run, report.settings.pairs) if run else []
    finished = {name: of_run or _references(outcomes, name) for name in table.attributes}
    arbiter, judge = _arbiter(kit, report.settings)
    swaps, edits = await swap_in_place(
        kit, arbiter, finished, table, least=report.settings.least, alpha=report.settings.alpha
    )
    return msgspec.structs.replace(report, in_place=swaps, edits=edits, judge=judge)


def _arbiter(kit: Kit, settings: AuditSettings) -> tuple[Arbiter, str]:
    """Who judges the swaps besides the checks: the named judge on every class, else the arbiter on those it may."""
    if not settings.judge:
        return kit.arbiter, "the licensed arbiter" if kit.guards.licensed else ""
    every = frozenset(criterion.defect for criterion in kit.spec.arbiter.rubric)
    arbiter = Arbiter(
        kit.domain, panel_of(kit.speakers), kit.spec.arbiter, every, severity=kit.spec.verify.severity
    )  # fmt: skip
    return arbiter, f"{settings.judge} (judges here without a licence)"


def _finished_in(run: Path, most: int) -> list[Finished]:
    found: list[Finished] = []
    with read_run(run) as opened:
        for each in opened.records.concluded(admitted=True):
            if each.conversation is not None and each.blueprint is not None and len(found) < most:
                found.append(Finished(conversation=each.conversation, blueprint=each.blueprint, scenario=each.scenario))
    return found


def _references(outcomes: Sequence[Outcome], attribute: str) -> list[Finished]:
    """The reference's versions that passed verification."""
    first = next((one.version.level for one in outcomes if one.version.attribute == attribute), "")
    return [
        Finished(conversation=one.conversation, blueprint=one.version.blueprint, scenario=one.version.scenario)
        for one in outcomes
        if (one.version.attribute, one.version.level) == (attribute, first)
        and one.conversation is not None and one.verdict is not None and one.verdict.passed
    ]  # fmt: skip


def _read(report: BiasReport) -> BiasReport:
    """With what was found, in words."""
    return msgspec.structs.replace(report, findings=findings_of(report))
