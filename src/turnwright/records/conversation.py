"""A conversation: a frozen tuple of turns."""

from __future__ import annotations

from typing import ClassVar, Literal

from turnwright.records.blueprint import Role, ToolCall, ToolResult
from turnwright.records.identity import Json, Record
from turnwright.records.provenance import Provenance

__all__ = ["Conversation", "Ending", "Turn"]

Ending = Literal["complete", "abandoned", "turn_cap", "loop", "stopped"]


class Turn(Record, frozen=True, kw_only=True):
    """One turn. An assistant turn has text or a call; a tool turn has a result.

    acts: labels of what the turn does, the main one first.
    mentions: the values that the words carry, as (slot, value) pairs.
    trainable: whether a student may learn to say this turn (else it is context only).
    """

    prefix: ClassVar[str] = "tn"

    role: Role
    text: str = ""
    acts: tuple[str, ...] = ()
    mentions: tuple[tuple[str, Json], ...] = ()
    call: ToolCall | None = None
    result: ToolResult | None = None
    provenance: Provenance
    trainable: bool = True


class Conversation(Record, frozen=True, kw_only=True):
    """What was said and done.

    way: how it was simulated (`fill`, `interplay`, `naive`).
    ending: `complete` (the blueprint's end), `abandoned` (the user left), `turn_cap`, `loop`,
    or `stopped` (a fatal finding ended the simulation early).
    attempt: 0 for the first simulation of its blueprint, 1 for the first retry, ...
    """

    prefix: ClassVar[str] = "cv"

    scenario_id: str
    blueprint_id: str
    domain: str
    way: str
    turns: tuple[Turn, ...]
    ending: Ending = "complete"
    attempt: int = 0

    @property
    def text(self) -> str:
        """What people read: the words of user and assistant, a line a turn."""
        return "\n".join(turn.text for turn in self.turns if turn.text)

    @property
    def skeleton(self) -> tuple[str, ...]:
        """`role:act` of every turn, the shape that novelty compares."""
        return tuple(f"{turn.role}:{'+'.join(turn.acts)}" for turn in self.turns)
