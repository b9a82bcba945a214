"""Deleting the words of turns on request: out of every record and call that could quote them, with a tombstone left.

The ledger keeps the hashes that it had and gets an entry that names the turns, so that proofs hold. What a scenario
was, when and why it was admitted, and what it cost stays; what was said in it and about it goes. What lies outside of
the run database is not reached from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from turnwright.errors import InputError
from turnwright.records import Json, canonical
from turnwright.store.ledger.entry import deletion_entry
from turnwright.store.ledger.logged import Change
from turnwright.store.packing import pack
from turnwright.store.run import Run
from turnwright.store.writer import Row, Table

__all__ = ["Erased", "erase_turns"]

_DELETED = Table("deleted", ("ordinal",), "ON CONFLICT DO NOTHING")
_CALL = re.compile(rb"cl_[0-9a-f]{32}")
_TELLING = 24  # characters; shorter words stand in calls that have nothing to do with the turn
_STAYS = {"sc", "bp"}  # made before a word was said

Blank = Callable[[bytes], bytes]
"""Makes of a reply one without words."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What a deletion did. turns: their whole ids. conversations: that they are of, ordinal → id.

    calls: how many lost their words. records: how many records that could quote them were removed.
    """

    turns: tuple[str, ...]
    conversations: dict[int, str]
    calls: int
    records: int


def erase_turns(run: Run, wanted: Sequence[str], reason: str, blank: Blank) -> Erased:
    """Delete the words of turns, all of it in one transaction.

    Args:
        wanted: ids of turns, or beginnings that name one each. reason: goes into the ledger, for everyone to read.

    Raises:
        InputError: there is no such turn, more than one, or its words were deleted before.
        StoreError: it could not be written; nothing was changed.
    """
    entries = _entries(run, wanted)
    turns = [_one(head, entries, run) for head in dict.fromkeys(wanted)]
    hit = {entry["ordinal"]: entry for entry in entries if not set(turns).isdisjoint(entry["turns"])}
    changes: list[Change] = []
    calls: set[str] = set()
    removed = 0
    for ordinal, entry in hit.items():
        places = [place for place, turn in enumerate(entry["turns"]) if turn in turns]
        kept = run.records.kept_of(ordinal)
        calls.update(found.decode() for _, _, body in kept for found in _CALL.findall(body))
        calls |= _quoting(run, [_words(body, places) for kind, _, body in kept if kind == "cv"])
        for kind, id_, body in kept:
            changes += _change(kind, id_, body, {place: entry["turns"][place] for place in places})
        removed += sum(kind not in (*_STAYS, "cv", "ad") for kind, _, _ in kept)
    blanked = [one for one in sorted(calls) if run.journal.get(one) is not None]
    changes += [_blanked(one, run.journal.get(one) or b"", blank) for one in blanked]
    rows: list[Row] = [(_DELETED, (ordinal,)) for ordinal in hit]
    run.records.log.write_at_once(changes, rows, [deletion_entry(turns, reason)])
    return Erased(
        turns=tuple(turns),
        conversations={ordinal: entry["conversation"] for ordinal, entry in hit.items()},
        calls=len(blanked),
        records=removed,
    )


# --- finding ----------------------------------------------------------------------------------------------------


def _entries(run: Run, wanted: Sequence[str]) -> list[dict[str, Json]]:
    """The admissions whose conversation has a turn that one of these names."""
    gone: set[str] = set()
    found = []
    for entry in run.records.log.ledger.entries():
        told = msgspec.json.decode(entry.body)
        if told["kind"] == "deletion":
            gone.update(told["turns"])
        elif any(turn.startswith(tuple(wanted)) for turn in told.get("turns", ())):
            found.append(told)
    for head in wanted:
        if any(turn.startswith(head) for turn in gone):
            raise InputError(f"the words of {head} were deleted before", where=str(run.folder.path))
    return found


def _one(head: str, entries: Sequence[Mapping[str, Json]], run: Run) -> str:
    matches = {turn for entry in entries for turn in entry["turns"] if turn.startswith(head)}
    if len(matches) == 1 and head.startswith("tn_"):
        return str(matches.pop())
    what = f"{len(matches)} turns have an id that begins with '{head}'" if matches else f"there is no turn '{head}'"
    raise InputError(what, where=str(run.folder.path), fix="give whole ids; `turnwright show` and exports have them")


def _words(body: bytes, places: Sequence[int]) -> str:
    """The longest words of these turns."""
    turns = msgspec.json.decode(body)["turns"]
    return max((str(turns[place].get("text", "")) for place in places), key=len, default="")


def _quoting(run: Run, words: Sequence[str]) -> set[str]:
    """Calls whose reply or request has one of these, also inside of JSON that is text itself."""
    long = [text for text in words if len(text) >= _TELLING]
    once = [msgspec.json.encode(text)[1:-1] for text in long]
    twice = [msgspec.json.encode(text.decode())[1:-1] for text in once]
    told = {*once, *twice}
    ids = run.journal.call_ids() if told else iter(())
    return {one for one in ids if any(text in said for said in _said(run, one) for text in told)}


def _said(run: Run, call: str) -> Iterator[bytes]:
    yield run.journal.get(call) or b""
    yield run.journal.request_of(call) or b""


# --- changing ---------------------------------------------------------------------------------------------------


def _change(kind: str, id_: str, body: bytes, turns: Mapping[int, str]) -> Iterator[Change]:
    if kind == "cv":
        yield _written(id_, _tombstone(id_, msgspec.json.decode(body), turns))
    elif kind == "ad":
        yield _written(id_, {name: value for name, value in msgspec.json.decode(body).items() if name != "detail"})
    elif kind not in _STAYS:
        yield "DELETE FROM records WHERE id = ?", (id_,)


def _written(id_: str, told: Json) -> Change:
    return "UPDATE records SET body = ? WHERE id = ?", (pack(canonical(told)), id_)


def _tombstone(id_: str, conversation: dict[str, Json], turns: Mapping[int, str]) -> dict[str, Json]:
    """The conversation with nothing left of these turns but who spoke, what wrote it, and which turn it was."""
    left = list(conversation["turns"])
    for place, turn in turns.items():
        origin = left[place]["provenance"]["origin"]
        left[place] = {"deleted": turn, "role": left[place]["role"], "provenance": {"origin": origin}}
    return {**conversation, "turns": left, "deleted": {"conversation": id_}}


def _blanked(call: str, reply: bytes, blank: Blank) -> Change:
    return "UPDATE calls SET reply = ?, request = NULL WHERE id = ?", (pack(blank(reply)), call)
