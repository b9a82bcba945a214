"""The verifiable skeleton of a conversation, fixed before any words are written."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from turnwright.records.identity import Json, Record

__all__ = ["Blueprint", "Change", "Fact", "Fault", "Outcome", "Role", "Step", "ToolCall", "ToolResult"]

Role = Literal["user", "assistant", "tool"]
Outcome = Literal["resolved", "refused", "escalated", "abandoned"]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call of a domain's tool; `id` is unique within its conversation (`call_1`, `call_2`, ...)."""

    id: str
    name: str
    arguments: dict[str, Json]


class ToolResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a tool gave back. `error` is the tool's refusal or failure, empty when it worked.

    `fault` names a planted failure (`error`, `empty`, `stale`, `slow`); students never see it.
    """

    call_id: str
    name: str
    content: Json = None
    error: str = ""
    fault: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the world: `table[key][field] = value`.

    A `field` of "" stands for the whole row: `value` is the row, None for a row that is gone.
    """

    table: str
    key: str
    field: str
    value: Json


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A planted failure: the `nth` call (from 1) of `tool` fails in this way."""

    tool: str
    nth: int
    kind: Literal["error", "empty", "stale", "slow"]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the user knows, and how it comes out.

    shared: `volunteered` in an early turn, `asked` (given when asked for), `forgotten` (cannot be given),
    `corrected` (first said wrong, as `first_said`, then put right), `refused` (will not be given) or
    `hidden` (true, but never said).
    """

    slot: str
    value: Json
    shared: Literal["volunteered", "asked", "forgotten", "corrected", "refused", "hidden"] = "asked"
    first_said: Json = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One planned turn.

    acts: labels of what the turn does, the main one first.
    mentions: slot to value, every one of which the words must carry; a tuple of pairs, in saying order.
    phrase: which of the domain's own phrasings say this turn: one or more act names joined by `+`, each with
    `:slot` where the act is about a slot (`request_refund+volunteer:account_id`, `forget:pin`); in such a part
    `{value}` and `{label}` stand for that slot. Empty for calls and results.
    detour: name of the detour that this step belongs to, empty on the main path.
    node: the flow node that produced the step.
    """

    role: Role
    acts: tuple[str, ...] = ()
    mentions: tuple[tuple[str, Json], ...] = ()
    phrase: str = ""
    call: ToolCall | None = None
    result: ToolResult | None = None
    detour: str = ""
    node: str = ""


class Blueprint(Record, frozen=True, kw_only=True):
    """Goal, facts, gold calls with their effects, outline of acts, planted failures.

    setup: cells of the seeded world that this scenario changed before the conversation starts.
    cast: rows that play a part, as alias to (table, key).
    start_hash, end_hash: state hash of the world before the first and after the last gold call.
    changes: what the gold calls changed, cell by cell; the expected difference of the end state.
    """

    prefix: ClassVar[str] = "bp"

    scenario_id: str
    domain: str
    intent: str
    goal: str
    outcome: Outcome
    facts: tuple[Fact, ...] = ()
    steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
    cast: dict[str, tuple[str, str]] = {}
    setup: tuple[Change, ...] = ()
    world_seed: int = 0
    start_hash: str = ""
    end_hash: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The gold calls, in order."""
        return tuple(step.call for step in self.steps if step.call is not None)

    @property
    def skeleton(self) -> tuple[str, ...]:
        """`role:act` of every step, the shape that novelty compares."""
        return tuple(f"{step.role}:{'+'.join(step.acts)}" for step in self.steps)
