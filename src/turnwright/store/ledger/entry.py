"""What the ledger says of a scenario: ids alone, so that nothing has to leave the log when words must be deleted.

Every value is text, a whole number, a truth value or a list of them, so the bytes are canonical by RFC 8785, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from turnwright.records import Admission, Conversation, canonical, content_id
from turnwright.records.fidelity import BatchVerdict

__all__ = ["admission_entry", "deletion_entry", "outline_id", "quarantine_entry"]


def admission_entry(admission: Admission, conversation: Conversation | None) -> bytes:
    """The entry of one concluded scenario.

    `conversation` is bound by its id, and by `outline` with `turns`: hashes of everything but words, and of each turn.
    So a conversation of which a turn was deleted can still be checked, turn by turn.
    """
    return canonical(
        {
            "kind": "admission",
            "format": 1,
            "ordinal": admission.ordinal,
            "admission": admission.id,
            "admitted": admission.admitted,
            "stage": admission.stage,
            "reason": admission.reason,
            "scenario": admission.scenario_id,
            "blueprint": admission.blueprint_id,
            "conversation": admission.conversation_id,
            "verdict": admission.verdict_id,
            "council": admission.council_id,
            "outline": outline_id(conversation) if conversation else "",
            "turns": [turn.id for turn in conversation.turns] if conversation else [],
        }
    )


def quarantine_entry(verdict: BatchVerdict) -> bytes:
    """The entry of a batch that leaves the set: everything admitted from ordinal `first` to `last`, both included."""
    return canonical(
        {"kind": "quarantine", "format": 1, "first": verdict.first, "last": verdict.last, "verdict": verdict.id}
    )


def deletion_entry(turns: Sequence[str], reason: str) -> bytes:
    """The entry of turns whose words were deleted, by their ids; conversations that have one of them leave the set."""
    return canonical({"kind": "deletion", "format": 1, "turns": list(turns), "reason": reason})


def outline_id(conversation: Conversation) -> str:
    """Content id of a conversation without its turns."""
    return content_id(
        "ol",
        {
            "scenario_id": conversation.scenario_id,
            "blueprint_id": conversation.blueprint_id,
            "domain": conversation.domain,
            "way": conversation.way,
            "ending": conversation.ending,
            "attempt": conversation.attempt,
        },
    )
