"""The whole derivation of a turn: from its words back to scenario, blueprint, prompts, calls, draft, debate and checks.

Nothing of it is kept for tracing: the records name one another by content id, the journal has the calls, and the
ledger the admission. What a record names and nobody has is told as missing, never left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import resources

import msgspec

from turnwright.engine.derivation import CallTrace, Debated, Parent, Placed, Trace, TurnTrace
from turnwright.errors import InputError
from turnwright.models.prompting import prompt
from turnwright.records import (
    Admission,
    Conversation,
    Council,
    Json,
    Step,
    Turn,
    Usage,
    content_id,
)
from turnwright.records.provenance import HumanSource, style_id
from turnwright.store import Concluded, Run
from turnwright.store.ledger.log import LedgerEntry

__all__ = ["prompt_names", "style_sources", "trace"]

_STAGES = ("simulate", "refine", "verify", "export")
_STYLE = "sy_"
_NOT_OF_THE_SPEC = ("run", "caps", "domain_files", "licence", "model_files")
"""What a run keeps beside the parts of its spec that decide what comes out, and what does not decide it."""


def trace(run: Run, wanted: str, *, turn: int | None = None, ledger: Iterable[LedgerEntry] = ()) -> Trace:
    """Trace a conversation, or one turn of it.

    Args:
        wanted: id (or its beginning) of a turn, conversation or any other record, or the number of a scenario.
        turn: number of a turn, from 0; by default all of them, or the one that `wanted` names.
        ledger: its entries, in order.

    Raises:
        InputError: nothing is called so, more than one thing is, or there is no such turn.
    """
    if wanted.startswith("tn_"):
        concluded, placed, turn = _turn_called(run, wanted)
    else:
        concluded, placed = _placed(run, wanted)
    turns = placed.conversation.turns
    if turn is not None and not 0 <= turn < len(turns):
        raise InputError(
            f"{placed.conversation.id} has no turn {turn}", fix=f"its turns are numbered 0 to {len(turns) - 1}"
        )
    tracing = _Tracing(run, concluded, placed)
    shown = range(len(turns)) if turn is None else [turn]
    return _whole(run, concluded, placed, _entry_of(ledger, concluded.admission), tuple(map(tracing.at, shown)))


def prompt_names() -> dict[str, str]:
    """Hash of every prompt of this version → its name (`simulate/fill_turn`)."""
    found = {}
    for stage in _STAGES:
        for file in resources.files(f"turnwright.{stage}").joinpath("prompts").iterdir():
            if file.name.endswith(".j2"):
                name = file.name.removesuffix(".j2")
                found[prompt(stage, name).hash] = f"{stage}/{name}"
    return found


def style_sources(run: Run) -> dict[str, tuple[str, HumanSource]]:
    """Id of every text that the spec gives as an example of style → the text and where it was taken from."""
    spec: Json = run.spec if isinstance(run.spec, dict) else {}
    fill = (spec.get("simulate") or {}).get("fill") or {}
    dataset = f"habits {spec['habits']}" if spec.get("habits") else "simulate.fill.style of the spec"
    source = HumanSource(dataset=dataset, licence="unknown", record=str(spec.get("habits") or ""))
    return {style_id(text): (text, source) for texts in (fill.get("style") or {}).values() for text in texts}


# --- finding --------------------------------------------------------------------------------------------------------


def _placed(run: Run, wanted: str) -> tuple[Concluded, Placed]:
    """The scenario and conversation that a number or an id names; for other records, the last attempt."""
    if wanted.isdigit():
        concluded = run.records.concluded_at(int(wanted))
        record = None
    else:
        record = run.records.find(wanted)
        ordinal = run.records.ordinal_of(record.id)
        concluded = run.records.concluded_at(_ordinal_of(run, wanted) if ordinal is None else ordinal)
        record = record if ordinal is not None else None
    for placed in _conversations(concluded):
        if not isinstance(record, Conversation) or placed.conversation.id == record.id:
            return concluded, placed
    raise InputError(
        f"scenario {concluded.admission.ordinal} ended before it had a conversation: {concluded.admission.reason}",
        where=str(run.folder.path),
        fix="trace one that has turns; `turnwright show` tells of this one",
    )


def _ordinal_of(run: Run, wanted: str) -> int:
    """The scenario whose conversation is called so; what is left of one after a deletion no longer has its own hash."""
    named = (one.ordinal for one in run.records.admissions() if one.conversation_id.startswith(wanted))
    found = next(named, None)
    if found is None:
        raise InputError(
            f"what is left of '{wanted}' cannot be traced", where=str(run.folder.path), fix="name its conversation"
        )
    return found


def _conversations(concluded: Concluded) -> Iterator[Placed]:
    if concluded.conversation is not None:
        deleted = _deleted(concluded.tombstone)
        yield Placed(conversation=concluded.conversation, kind="the last attempt", deleted=deleted)
    for conversation, _ in concluded.earlier:
        yield Placed(conversation=conversation, kind="an earlier attempt")
    for draft in (*((concluded.draft,) if concluded.draft else ()), *concluded.drafts):
        yield Placed(conversation=draft, kind="a draft")


def _deleted(tombstone: bytes) -> dict[int, str]:
    """Numbers of the turns whose words were deleted → their ids."""
    turns: list[dict[str, Json]] = msgspec.json.decode(tombstone)["turns"] if tombstone else []
    return {number: turn["deleted"] for number, turn in enumerate(turns) if "deleted" in turn}


def _turn_called(run: Run, wanted: str) -> tuple[Concluded, Placed, int]:
    """The turn whose id begins so. The same turn in several conversations is taken from the first, the set's before."""
    found: dict[str, tuple[Concluded, Placed, int]] = {}
    for concluded in run.records.concluded():
        for placed in _conversations(concluded):
            for number, id_ in enumerate(placed.turn_ids()):
                if id_.startswith(wanted):
                    found.setdefault(id_, (concluded, placed, number))
    if len(found) == 1:
        return next(iter(found.values()))
    where = str(run.folder.path)
    if found:
        raise InputError(f"{len(found)} turns have an id that begins with '{wanted}'", where=where, fix="give more")
    raise InputError(
        f"no turn has an id that begins with '{wanted}'",
        where=where,
        fix="name a conversation and --turn N; ids of turns are in the ledger and in traces",
    )


def _entry_of(ledger: Iterable[LedgerEntry], admission: Admission) -> int | None:
    """The number of the entry that tells of this admission."""
    wanted = f'"admission":"{admission.id}"'.encode()
    return next((entry.number for entry in ledger if wanted in entry.body), None)


# --- assembling -----------------------------------------------------------------------------------------------------


class _Tracing:
    """Traces turns of one conversation."""

    def __init__(self, run: Run, concluded: Concluded, placed: Placed) -> None:
        conversation = placed.conversation
        self.run, self.concluded, self.conversation, self.deleted = run, concluded, conversation, placed.deleted
        self.names, self.style = prompt_names(), style_sources(run)
        self.shared = Counter(call for turn in conversation.turns for call in set(turn.provenance.calls))
        self.former = _former(concluded)
        verdicts = [concluded.verdict, *(verdict for _, verdict in concluded.earlier)]
        mine = (verdict for verdict in verdicts if verdict and verdict.conversation_id == conversation.id)
        self.verdict = next(mine, None)
        self.councils = [c for c in concluded.councils if conversation.id in (c.final_id, c.draft_id)]

    def at(self, number: int) -> TurnTrace:
        """The turn of this number, with everything that touched it."""
        told = self.of(number, self.conversation.turns[number])
        if number in self.deleted:
            return msgspec.structs.replace(told, id=self.deleted[number], deleted=True)
        verdict = self.verdict
        return msgspec.structs.replace(
            told,
            step=self.step(number),
            debate=tuple(each for council in self.councils for each in _debated(council, number)),
            findings=tuple(one for one in verdict.defects if number in one.turns) if verdict else (),
            rulings=tuple(one for one in verdict.rulings if number in one.turns) if verdict else (),
        )

    def of(self, number: int, turn: Turn) -> TurnTrace:
        """What the turn itself tells, back to the first words."""
        came = turn.provenance
        calls = self.calls(came.calls)
        return TurnTrace(
            id=turn.id,
            number=number,
            turn=turn,
            prompt=self.prompt(came.prompt),
            calls=calls,
            cost=sum((call.usage for call in calls if call.usage), Usage()),
            parents=tuple(self.parent(number, id_) for id_ in came.parents),
        )

    def parent(self, number: int, id_: str) -> Parent:
        if id_.startswith(_STYLE):
            text, source = self.style.get(id_, ("", None))
            return Parent(id=id_, kind="style" if source else "missing", text=text, source=source)
        turn = self.former.get(id_)
        if turn is None:
            return Parent(id=id_, kind="missing")
        return Parent(id=id_, kind="turn", text=turn.text, turn=self.of(number, turn), source=turn.provenance.source)

    def calls(self, ids: tuple[str, ...]) -> tuple[CallTrace, ...]:
        """The calls in the order in which the turn names them."""
        paid = {call.call_id: call for call in self.run.journal.calls_of(ids)}
        return tuple(
            CallTrace(
                id=id_, role=paid[id_].role, model=paid[id_].model, usage=paid[id_].usage,
                turns=max(self.shared[id_], 1),
            )
            if id_ in paid
            else CallTrace(id=id_)
            for id_ in ids
        )  # fmt: skip

    def prompt(self, hash_: str) -> str:
        """The names of a prompt's parts; "" where one of them is of another version."""
        names = [self.names.get(part, "") for part in hash_.split("+") if part]
        return " + ".join(names) if all(names) else ""

    def step(self, number: int) -> Step | None:
        blueprint, turns = self.concluded.blueprint, self.conversation.turns
        follows = blueprint is not None and [step.role for step in blueprint.steps] == [turn.role for turn in turns]
        return blueprint.steps[number] if blueprint is not None and follows else None


def _former(concluded: Concluded) -> dict[str, Turn]:
    """Every turn that is kept of a scenario: of all its conversations, and of revisions."""
    turns = {turn.id: turn for placed in _conversations(concluded) for turn in placed.conversation.turns}
    for council in concluded.councils:
        for revision in council.revisions:
            turns |= {turn.id: turn for turn in (revision.before, revision.after)}
    return turns


def _debated(council: Council, number: int) -> Iterator[Debated]:
    rounds = list(enumerate(council.rounds, start=1))
    for at, one in rounds:
        for objection in one.objections:
            if number in objection.turns:
                name = objection.id
                yield Debated(
                    council=council.id,
                    round=at,
                    objection=objection,
                    responses=tuple(x for _, r in rounds for x in r.responses if x.objection == name),
                    rulings=tuple(x for _, r in rounds for x in r.rulings if x.question == name),
                    revisions=tuple(x for _, r in rounds for x in r.revisions if x.objection == name),
                )


def _spec_id(run: Run) -> str:
    """The id of the spec, as exports and bundles have it (see `Spec.id`); "" for a run that keeps none."""
    if not isinstance(run.spec, dict):
        return ""
    return content_id("sp", {name: value for name, value in run.spec.items() if name not in _NOT_OF_THE_SPEC})


def _whole(run: Run, concluded: Concluded, placed: Placed, ledger: int | None, turns: tuple[TurnTrace, ...]) -> Trace:
    scenario, blueprint, conversation = concluded.scenario, concluded.blueprint, placed.conversation
    verdicts = [concluded.verdict, *(verdict for _, verdict in concluded.earlier)]
    verdict = next((one for one in verdicts if one and one.conversation_id == conversation.id), None)
    councils = [one for one in concluded.councils if conversation.id in (one.final_id, one.draft_id)]
    return Trace(
        run=str(run.folder.path),
        spec=_spec_id(run),
        ordinal=concluded.admission.ordinal,
        scenario=scenario.id,
        levels=scenario.levels,
        persona=scenario.persona,
        seed=scenario.seed,
        drawn=scenario.drawn,
        blueprint=blueprint.id if blueprint else "",
        goal=blueprint.goal if blueprint else "",
        outcome=blueprint.outcome if blueprint else "",
        conversation=conversation.id,
        kind=placed.kind,
        way=conversation.way,
        attempt=conversation.attempt,
        draft=councils[-1].draft_id if councils and councils[-1].draft_id != conversation.id else "",
        councils=tuple(council.id for council in councils),
        verdict=verdict.id if verdict else "",
        checks=verdict.checks if verdict else (),
        admission=concluded.admission,
        quarantined=concluded.quarantined,
        ledger=ledger,
        turns=turns,
        deleted=tuple(placed.deleted.values()),
    )
