"""What a trace tells: a conversation, its turns, and for each of them what it was made from and what touched it.

Records only; how they are found stands in `tracing`.
"""

from __future__ import annotations

import msgspec

from turnwright.records import (
    Admission,
    Conversation,
    Defect,
    Objection,
    Persona,
    Response,
    Revision,
    Ruling,
    Step,
    Turn,
    Usage,
)
from turnwright.records.provenance import HumanSource

__all__ = ["CallTrace", "Debated", "Parent", "Placed", "Trace", "TurnTrace"]


class CallTrace(msgspec.Struct, frozen=True, kw_only=True):
    """A call as the journal has it; usage is what the whole call cost, `None` where the journal lacks it.

    turns: how many turns of the conversation name it, for a call may word several.
    """

    id: str
    role: str = ""
    model: str = ""
    usage: Usage | None = None
    turns: int = 1


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn was derived from.

    kind: `turn` (words that were edited), `style` (words of people that a request showed), or `missing`.
    turn: for a turn, with its own calls and parents, told in the same way.
    """

    id: str
    kind: str
    text: str = ""
    turn: TurnTrace | None = None
    source: HumanSource | None = None


class Debated(msgspec.Struct, frozen=True, kw_only=True):
    """One objection that cites the turn, and what came of it. round: from 1."""

    council: str
    round: int
    objection: Objection
    responses: tuple[Response, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    revisions: tuple[Revision, ...] = ()


class TurnTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. prompt: name of its template (`simulate/fill_turn`), "" where this version does not know the hash.

    cost: of all its calls that the journal has. step: of the blueprint, None where the turns do not follow its steps.
    findings, rulings: those of the verdict that cite it. deleted: whether its words were deleted on request, so that
    only its id is left.
    """

    id: str
    number: int
    turn: Turn
    prompt: str = ""
    calls: tuple[CallTrace, ...] = ()
    cost: Usage = Usage()
    parents: tuple[Parent, ...] = ()
    step: Step | None = None
    debate: tuple[Debated, ...] = ()
    findings: tuple[Defect, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    deleted: bool = False


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversation of a scenario this is: `the last attempt`, `an earlier attempt`, `a draft`.

    deleted: numbers of turns whose words were deleted → the ids that they had.
    """

    conversation: Conversation
    kind: str
    deleted: dict[int, str] = {}

    def turn_ids(self) -> list[str]:
        """The ids of all turns, in order."""
        return [self.deleted.get(number, turn.id) for number, turn in enumerate(self.conversation.turns)]


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a conversation comes from, and its turns or one of them.

    checks: that looked at the conversation. quarantined: number of the batch that keeps it out, 0 for none.
    ledger: number of the entry that tells of the admission, None where the ledger has none. deleted: ids of the turns
    whose words were deleted on request, for which the conversation left the set.
    """

    run: str
    spec: str
    ordinal: int
    scenario: str
    levels: dict[str, str]
    persona: Persona
    seed: int
    drawn: str
    blueprint: str
    goal: str
    outcome: str
    conversation: str
    kind: str
    way: str
    attempt: int
    draft: str
    councils: tuple[str, ...]
    verdict: str
    checks: tuple[str, ...]
    admission: Admission
    quarantined: int
    ledger: int | None
    turns: tuple[TurnTrace, ...]
    deleted: tuple[str, ...] = ()
