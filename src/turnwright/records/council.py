"""The debate over a draft, kept whole: objections, responses, rulings, revisions, round by round."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from turnwright.records.conversation import Turn
from turnwright.records.identity import Record
from turnwright.records.ruling import Ruling
from turnwright.records.usage import Usage

__all__ = ["Council", "CouncilEnding", "LensCost", "Objection", "Response", "Revision", "Round"]

CouncilEnding = Literal["agreed", "nothing_changed", "cap", "hopeless"]


class Objection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a critic (or a deterministic check) holds against the conversation as it stood in this round.

    id: unique in its council (`o1`, `o2`, ...). lens: the critic's, or `checks`. defect: defect class.
    turns: indices of the turns cited, the one that the quote stands in first.
    quote: exact words of that turn; empty where a whole turn or a call is meant.
    claim: what is wrong. change: what the critic proposes.
    dismissed: why it was not heard, empty when it was: `no_such_turn`, `quote_not_there`, `not_of_this_lens`,
    `said_before` (this objection was closed in an earlier round), `not_words` (a call or a result cannot be reworded),
    `other_side` (a class of one side, held against words of the other),
    `overtaken` (its words were changed while it waited), `hopeless` (the conversation was lost before it was heard).
    model, prompt, call: the critic's model, prompt hash and journal call.
    """

    id: str
    lens: str
    defect: str
    turns: tuple[int, ...]
    quote: str = ""
    claim: str = ""
    change: str = ""
    dismissed: str = ""
    model: str = ""
    prompt: str = ""
    call: str = ""


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The teacher's answer to one objection.

    stance: `concede`, `rebut`, or `unreadable` (no usable answer in all tries; taken as conceded without a change).
    scratchpad: the teacher's private reasoning; never shown to the arbiter, never training text unless asked for.
    argument: what it says openly. replacement: the words it puts in place of the quote.
    """

    objection: str
    stance: Literal["concede", "rebut", "unreadable"]
    scratchpad: str = ""
    argument: str = ""
    replacement: str = ""
    model: str = ""
    prompt: str = ""
    calls: tuple[str, ...] = ()


class Revision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt to mend one turn; what is outside the cited span stays as it is.

    turn: its index. before, after: the turn as it stood and as it would stand.
    refused: why it was not taken, empty when it was: `no_change`, `empty`, `about_the_chat` (advice instead of
    words), `act` or `role` (no longer what its label says), or the defect class of which a check finds more than
    before, or still finds what was to be mended.
    detail: the evidence for that.
    """

    objection: str
    turn: int
    before: Turn
    after: Turn
    refused: str = ""
    detail: str = ""


class LensCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one lens was paid in one round, and how many of its objections were upheld (conceded ones too)."""

    lens: str
    usage: Usage
    raised: int
    upheld: int


class Round(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One round: who was heard, and what came of it. Everything is in the order in which it happened."""

    lenses: tuple[LensCost, ...] = ()
    objections: tuple[Objection, ...] = ()
    responses: tuple[Response, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    revisions: tuple[Revision, ...] = ()


class Council(Record, frozen=True, kw_only=True):
    """A whole debate.

    draft_id, final_id: ids of the conversation before and after (equal when nothing was revised).
    ending: `agreed` (nothing upheld is open), `nothing_changed` (a round in which something stayed open and nothing was
    mended), `cap` (the cap on rounds), `hopeless` (an upheld objection is fatal and words cannot mend it).
    open: ids of upheld objections that were not mended. usage: critics and teacher; the arbiter is paid by who asks it.
    preferred: which of the two the arbiters prefer, asked in both orders; empty where they were not asked.
    """

    prefix: ClassVar[str] = "co"

    draft_id: str
    final_id: str
    rounds: tuple[Round, ...]
    ending: CouncilEnding
    open: tuple[str, ...] = ()
    usage: Usage = Usage()
    preferred: Literal["", "first", "second", "tie"] = ""

    @property
    def objections(self) -> tuple[Objection, ...]:
        """All objections, in order."""
        return tuple(objection for each in self.rounds for objection in each.objections)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """All revisions that were taken, in order."""
        return tuple(revision for each in self.rounds for revision in each.revisions if not revision.refused)
