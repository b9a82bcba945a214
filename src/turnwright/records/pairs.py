"""What a council leaves behind for training: preference pairs and critique-and-revise records.

Pure functions over the draft, the final conversation and the council's record. How they are written to files is the
business of export; which of them a student may learn from, too (a chosen turn may be `trainable=False`).
"""

from __future__ import annotations

import msgspec

from turnwright.records.conversation import Conversation, Turn
from turnwright.records.council import Council, Objection

__all__ = ["Critique", "Pair", "critiques", "preference_pairs"]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """An assistant turn before (`rejected`) and after (`chosen`) the debate, both after the turns before `turn`.

    turn: index into the final conversation. objections: ids of those that led there, in order.
    """

    turn: int
    chosen: Turn
    rejected: Turn
    objections: tuple[str, ...]


class Critique(msgspec.Struct, frozen=True, kw_only=True):
    """One objection and the revision that it led to.

    turn: its index; the turn may be of either side. before, after: its words. scratchpad: the teacher's private
    reasoning. argument: what it said openly.
    """

    turn: int
    objection: Objection
    before: str
    after: str
    scratchpad: str = ""
    argument: str = ""


def preference_pairs(draft: Conversation, final: Conversation, council: Council) -> tuple[Pair, ...]:
    """Return a pair for every assistant turn whose words the debate changed, in the order of turns.

    The prefix of both sides is `final.turns[:pair.turn]`. A turn that was revised several times gives one pair.
    """
    revised: dict[int, list[str]] = {}
    for revision in council.revisions:
        revised.setdefault(revision.turn, []).append(revision.objection)
    pairs: list[Pair] = []
    for index, (before, after) in enumerate(zip(draft.turns, final.turns, strict=True)):
        if index in revised and after.role == "assistant" and before.text != after.text:
            pairs.append(Pair(turn=index, chosen=after, rejected=before, objections=tuple(revised[index])))
    return tuple(pairs)


def critiques(draft: Conversation, final: Conversation, council: Council) -> tuple[Critique, ...]:
    """Return a record for every revision that was taken, in the order in which they were.

    Revisions of a turn that ended with the words with which it began are left out: they teach nothing.
    """
    objections = {objection.id: objection for objection in council.objections}
    responses = {response.objection: response for each in council.rounds for response in each.responses}
    found: list[Critique] = []
    for revision in council.revisions:
        if final.turns[revision.turn].text == draft.turns[revision.turn].text:
            continue
        response = responses.get(revision.objection)
        found.append(
            Critique(
                turn=revision.turn,
                objection=objections[revision.objection],
                before=revision.before.text,
                after=revision.after.text,
                scratchpad=response.scratchpad if response else "",
                argument=response.argument if response else "",
            )
        )
    return tuple(found)
