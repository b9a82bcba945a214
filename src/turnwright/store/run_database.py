"""What became of every scenario: one transaction a scenario, in the order of the design.

The records themselves are kept as canonical JSON under their ids; a few columns beside them answer `status`
without reading a single one. Which of them an export wants is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from turnwright.errors import InputError
from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Council,
    Failure,
    Record,
    Scenario,
    Stage,
    Usage,
    Verdict,
    canonical,
)
from turnwright.store.batches import BatchTables
from turnwright.store.database import Database
from turnwright.store.faults import run_corrupt
from turnwright.store.ledger.entry import admission_entry
from turnwright.store.ledger.logged import LoggedWriter
from turnwright.store.novelty import NoveltyTables, Signature
from turnwright.store.packing import pack, unpack
from turnwright.store.writer import Row, Table

__all__ = ["Concluded", "RunDatabase"]

_META = Table("meta", ("key", "value"), "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
_RECORDS = Table("records", ("ordinal", "kind", "id", "body"), "ON CONFLICT (id) DO NOTHING")
_ADMISSIONS = Table(
    "admissions",
    (
        "ordinal",
        "id",
        "admitted",
        "stage",
        "reason",
        "scenario_id",
        "conversation_id",
        "attempts",
        "calls",
        "prompt_tokens",
        "cached_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "money",
    ),
)
_KINDS: dict[str, type[Record]] = {
    kind.prefix: kind for kind in (Scenario, Blueprint, Conversation, Verdict, Council, Admission, Failure)
}
_DECODERS = {prefix: msgspec.json.Decoder(kind) for prefix, kind in _KINDS.items()}
_EARLIER = {"cv": "earlier cv", "vd": "earlier vd"}
"""Kinds of records of attempts that were turned down, so that streams of conversations leave them out."""
_DRAFT = "draft cv"
"""Kind of the conversations that a council changed; one that it left as it was is not kept twice."""
_TAKEN = (
    "admitted AND ordinal NOT IN (SELECT ordinal FROM quarantined) AND ordinal NOT IN (SELECT ordinal FROM deleted)"
)
_COUNT_DELETED = "SELECT count(*) FROM admissions WHERE admitted AND ordinal IN (SELECT ordinal FROM deleted)"
_SCENARIOS_A_QUERY = 64  # so that nothing is held in memory, and no query holds the log back
_MATCHES_SHOWN = 5

R = TypeVar("R", bound=Record)


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept of one scenario; None for what it never came to.

    draft: the conversation before its council, None where nothing was changed or there was no council.
    councils: the debates over all attempts, the last one's last.
    earlier: attempts that verification turned down before the last one, which is `conversation` and `verdict`.
    drafts: what the councils of earlier attempts changed.
    quarantined: number of the batch whose gate keeps it out of the set, 0 where none does; never written with it.
    tombstone: the conversation as it is kept since words of it were deleted, b"" where none were; never written with
    it. Such records keep the ids that they had.
    """

    scenario: Scenario
    blueprint: Blueprint | None = None
    conversation: Conversation | None = None
    verdict: Verdict | None = None
    admission: Admission
    failures: tuple[Failure, ...] = ()
    draft: Conversation | None = None
    councils: tuple[Council, ...] = ()
    earlier: tuple[tuple[Conversation, Verdict], ...] = ()
    drafts: tuple[Conversation, ...] = ()
    quarantined: int = 0
    tombstone: bytes = b""

    @property
    def council(self) -> Council | None:
        """The debate over the conversation, None where there was none."""
        last = self.councils[-1] if self.councils else None
        return last if last and self.conversation and last.final_id == self.conversation.id else None


class RunDatabase:
    """The records of one run, concluded scenario by scenario.

    novelty: signatures and skeletons of what was concluded. batches: what gates said after each batch. log: the ledger,
    in which every admission and every quarantine stands.

    What a gate put in quarantine, and what words were deleted of, is there for everyone who asks for all, and is
    neither admitted nor rejected.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.log = LoggedWriter(database)
        self.novelty = NoveltyTables(database)
        self.batches = BatchTables(database, self.log)

    async def conclude(self, concluded: Concluded, *, signature: Signature | None = None, skeleton: str = "") -> None:
        """Write the last word on the next scenario, all of it or nothing; return when it is durable.

        Its entry in the ledger is a part of it.

        Several may be on their way at once if they were started in order; should one fail, so do those after it.

        signature: how novelty finds the conversation again. skeleton: hash of its act skeleton, to be counted.

        Raises:
            StoreError: it could not be written, or another ordinal is next.
        """
        rows = [*_record_rows(concluded), _admission_row(concluded.admission)]
        found_by = self.novelty.rows(concluded.admission.ordinal, signature, skeleton)
        await self.log.write([*rows, *found_by], [admission_entry(concluded.admission, concluded.conversation)])

    async def put_meta(self, key: str, value: bytes) -> None:
        """Keep a value of the run under a key; it replaces the one that was there."""
        await self._database.write([(_META, (key, value))])

    def meta(self, key: str) -> bytes | None:
        """The value under this key, None when there is none."""
        found = self._database.value("SELECT value FROM meta WHERE key = ?", key)
        return None if found is None else bytes(found)

    def done_up_to(self) -> int:
        """The ordinal that is to be concluded next: all below it are done."""
        return int(self._database.value("SELECT coalesce(max(ordinal) + 1, 0) FROM admissions"))

    @property
    def path(self) -> Path:
        """Where the database lies."""
        return self._database.path

    def logged_up_to(self) -> int:
        """The ordinal of which the ledger is to tell next; other than `done_up_to` only before it has caught up."""
        sql = "SELECT body FROM ledger WHERE instr(body, ?) ORDER BY number DESC LIMIT 1"
        last = self._database.value(sql, '"kind":"admission"')
        with self._database.reading():
            return 0 if last is None else int(msgspec.json.decode(last)["ordinal"]) + 1

    def concluded(self, *, start: int = 0, admitted: bool | None = None) -> Iterator[Concluded]:
        """Stream everything from ordinal `start` on, in order; `admitted` leaves one side out."""
        while ordinals := self._ordinals(start, admitted):
            for ordinal in ordinals:
                yield self.concluded_at(ordinal)
            start = ordinals[-1] + 1

    def concluded_at(self, ordinal: int) -> Concluded:
        """Everything that is kept of the scenario with this ordinal.

        Raises:
            InputError: it has not been concluded.
        """
        rows = self._database.rows("SELECT kind, id, body FROM records WHERE ordinal = ? ORDER BY number", ordinal)
        if not rows:
            raise InputError(
                f"scenario {ordinal} has not been concluded", where=str(self._database.path), fix="let the run go on"
            )
        found: dict[str, list[Any]] = {kind: [] for kind in (*_KINDS, *_EARLIER.values(), _DRAFT)}
        deleted = self._database.value("SELECT ordinal FROM deleted WHERE ordinal = ?", ordinal) is not None
        tombstone = b""
        for kind, id_, body in rows:
            record = self._decoded(id_, body)
            if deleted:
                vars(record)["id"] = id_  # what is left of it would have another one
                tombstone = unpack(body) if kind == Conversation.prefix else tombstone
            found[kind].append(record)
        if not (found["sc"] and found["ad"]):
            raise run_corrupt(self._database.path, f"scenario {ordinal} is not there in whole")
        councils: list[Council] = found["co"]
        drafts = {draft.id: draft for draft in found[_DRAFT]}
        conversation: Conversation | None = next(iter(found["cv"]), None)
        last = councils[-1].draft_id if councils and conversation and councils[-1].final_id == conversation.id else ""
        return Concluded(
            scenario=found["sc"][0],
            blueprint=next(iter(found["bp"]), None),
            conversation=conversation,
            verdict=next(iter(found["vd"]), None),
            admission=found["ad"][0],
            failures=tuple(found["fl"]),
            draft=drafts.pop(last, None),
            councils=tuple(councils),
            earlier=tuple(zip(found[_EARLIER["cv"]], found[_EARLIER["vd"]], strict=True)),
            drafts=tuple(drafts.values()),
            quarantined=self.batches.quarantining(ordinal),
            tombstone=tombstone,
        )

    def kept_of(self, ordinal: int) -> list[tuple[str, str, bytes]]:
        """What is kept of a scenario as (kind, id, canonical JSON), in the order of writing."""
        rows = self._database.rows("SELECT kind, id, body FROM records WHERE ordinal = ? ORDER BY number", ordinal)
        with self._database.reading():
            return [(kind, id_, unpack(body)) for kind, id_, body in rows]

    def admissions(self, *, start: int = 0, admitted: bool | None = None) -> Iterator[Admission]:
        """Stream the admissions (and rejections) in order of ordinals."""
        return self._stream(Admission, start, admitted)

    def conversations(self, *, start: int = 0, admitted: bool | None = None) -> Iterator[Conversation]:
        """Stream the conversations in order of ordinals."""
        return self._stream(Conversation, start, admitted)

    def councils(self, *, start: int = 0) -> Iterator[Council]:
        """Stream the councils of all attempts, in order of ordinals."""
        return self._stream(Council, start, None)

    def verdicts(self, *, start: int = 0, admitted: bool | None = None) -> Iterator[Verdict]:
        """Stream the verdicts on last attempts, in order of ordinals."""
        return self._stream(Verdict, start, admitted)

    def failures(self, *, start: int = 0) -> Iterator[Failure]:
        """Stream what broke on the way, in order of ordinals."""
        return self._stream(Failure, start, None)

    def find(self, prefix: str) -> Record:
        """The record whose id begins so; the kind may be left out (`cv_9f86`, `9f86`).

        Raises:
            InputError: there is none, or more than one.
        """
        heads = [prefix] if "_" in prefix else [f"{kind}_{prefix}" for kind in _KINDS]
        matches = [row for head in heads for row in self._beginning_with(head)] if prefix else []
        if len(matches) == 1:
            return self._decoded(*matches[0][:2])
        if not matches:
            raise InputError(
                f"no record has an id that begins with '{prefix}'",
                where=str(self._database.path),
                fix="ids are in the report and in every export",
            )
        shown = ", ".join(f"{id_} (scenario {ordinal})" for id_, _, ordinal in matches[:_MATCHES_SHOWN])
        more = ", ..." if len(matches) > _MATCHES_SHOWN else ""
        raise InputError(
            f"'{prefix}' is not enough to tell these apart: {shown}{more}",
            where=str(self._database.path),
            fix="give more of the id",
        )

    def ordinal_of(self, record_id: str) -> int | None:
        """The ordinal of the scenario that this record belongs to, None for an unknown id."""
        found = self._database.value("SELECT ordinal FROM records WHERE id = ?", record_id)
        return None if found is None else int(found)

    def outcomes(self) -> dict[tuple[str, str], int]:
        """How many scenarios ended at each stage for each reason, the admitted first, then by number.

        What is in quarantine ended at `monitor`; what words were deleted of ended at `delete`.
        """
        found = {
            (stage, reason): count
            for stage, reason, count in self._database.rows(
                f"SELECT stage, reason, count(*) FROM admissions WHERE {_TAKEN} OR NOT admitted "
                "GROUP BY admitted, stage, reason ORDER BY admitted DESC, count(*) DESC, stage, reason"
            )
        }
        deleted = int(self._database.value(f"{_COUNT_DELETED} AND ordinal NOT IN (SELECT ordinal FROM quarantined)"))
        after = {("monitor", "quarantined"): self.batches.quarantined(), ("delete", "words_deleted"): deleted}
        return found | {end: count for end, count in after.items() if count}

    def admitted(self) -> int:
        """How many conversations the set has."""
        return int(self._database.value(f"SELECT count(*) FROM admissions WHERE {_TAKEN}"))

    def usage_by_stage(self) -> dict[Stage, Usage]:
        """What was paid for the scenarios that ended at each stage, all their attempts together."""
        names = _ADMISSIONS.columns[-6:]
        sums = ", ".join(f"sum({name})" for name in names)
        return {
            stage: Usage(**dict(zip(names, paid, strict=True)))
            for stage, *paid in self._database.rows(f"SELECT stage, {sums} FROM admissions GROUP BY stage")
        }

    def _ordinals(self, start: int, admitted: bool | None) -> list[int]:
        which = "" if admitted is None else f"AND {_TAKEN}" if admitted else "AND NOT admitted"
        rows = self._database.rows(
            f"SELECT ordinal FROM admissions WHERE ordinal >= ? {which} ORDER BY ordinal LIMIT ?",
            start,
            _SCENARIOS_A_QUERY,
        )
        return [ordinal for (ordinal,) in rows]

    def _stream(self, kind: type[R], start: int, admitted: bool | None) -> Iterator[R]:
        while ordinals := self._ordinals(start, admitted):
            places = ", ".join("?" * len(ordinals))
            for id_, body in self._database.rows(
                f"SELECT id, body FROM records WHERE ordinal IN ({places}) AND kind = ? ORDER BY ordinal, number",
                *ordinals,
                kind.prefix,
            ):
                yield self._decoded(id_, body)  # type: ignore[misc]  # the id's prefix is the kind's
            start = ordinals[-1] + 1

    def _beginning_with(self, head: str) -> list[tuple[str, bytes, int]]:
        rows = self._database.rows(
            "SELECT id, body, ordinal FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
            head,
            f"{head}~",  # '~' sorts after every character that an id can have
            _MATCHES_SHOWN + 1,
        )
        return [(id_, body, ordinal) for id_, body, ordinal in rows]

    def _decoded(self, record_id: str, body: bytes) -> Record:
        decoder = _DECODERS.get(record_id[:2])
        if decoder is None:
            raise run_corrupt(self._database.path, f"'{record_id}' is not an id")
        with self._database.reading():
            record: Record = decoder.decode(unpack(body))
        return record


def _record_rows(concluded: Concluded) -> Iterator[Row]:
    ordinal = concluded.admission.ordinal
    records: Sequence[Record | None] = (
        concluded.scenario,
        concluded.blueprint,
        concluded.conversation,
        concluded.verdict,
        *concluded.councils,
        *concluded.failures,
        concluded.admission,
    )
    for draft in (*concluded.drafts, *((concluded.draft,) if concluded.draft else ())):
        yield _RECORDS, (ordinal, _DRAFT, draft.id, pack(canonical(draft)))
    for turned_down in concluded.earlier:
        for each in turned_down:
            yield _RECORDS, (ordinal, _EARLIER[each.prefix], each.id, pack(canonical(each)))
    for record in records:
        if record is not None:
            yield _RECORDS, (ordinal, record.prefix, record.id, pack(canonical(record)))


def _admission_row(admission: Admission) -> Row:
    usage = admission.usage
    return _ADMISSIONS, (
        admission.ordinal,
        admission.id,
        int(admission.admitted),
        admission.stage,
        admission.reason,
        admission.scenario_id,
        admission.conversation_id,
        admission.attempts,
        usage.calls,
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        usage.money,
    )
