"""The format of `domain.yaml`: what a domain says about itself, in declared form.

Everything that a domain needs can be declared; Python (`tools.py`) is only needed for tools whose effect is more
than finding, changing or adding rows. `load.py` reads a folder into a `Domain`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from turnwright.domains.expression import ExpressionFault, compile_expression
from turnwright.records import Json, Outcome

__all__ = [
    "ActSpec",
    "ActsSpec",
    "BehaviourSpec",
    "CastSpec",
    "Constraint",
    "DocumentSpec",
    "DomainSpec",
    "Edge",
    "Effect",
    "Expr",
    "Factor",
    "FlowSpec",
    "IntentSpec",
    "Level",
    "NodeSpec",
    "RuleSpec",
    "SlotSpec",
    "Strict",
    "TableSpec",
    "ToolSpec",
    "Word",
]


class Strict(BaseModel):
    """A part of a declared file: no unknown keys, no silent conversions of meaning, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _checked(text: str) -> str:
    try:
        compile_expression(text)
    except ExpressionFault as fault:
        raise ValueError(str(fault)) from None
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", text):
        raise ValueError("must be a word of letters, digits, '_', '.', '-' (64 at most) that starts with a letter")
    return text


Expr = Annotated[str, AfterValidator(_checked)]
"""An expression of `turnwright.domains.expression`."""
Word = Annotated[str, AfterValidator(_word)]
"""A name that may become an act, slot, tool, table or node."""


class SlotSpec(Strict):
    """A kind of value that people say.

    label: how people call it. secret: the assistant must never say the value. format: how the value is said,
    e.g. "€{value:.2f}". wrong: values to say by mistake first (else one is made from the right one). early: whether
    a user may tell it unasked. ready: how readily, against 1 of others: more than 1 for what a user comes with (a
    problem to report), less for what nobody says unasked (a PIN).
    """

    label: str = ""
    secret: bool = False
    format: str = "{value}"
    wrong: list[Json] = []
    early: bool = True
    ready: float = Field(default=1.0, ge=0, le=10)


class ActSpec(Strict):
    """An act label: what it means, and the domain's own phrasings, with `{slot}` where a value goes."""

    means: str = ""
    phrasings: list[str] = []


class ActsSpec(Strict):
    """The acts of both sides."""

    assistant: dict[Word, ActSpec] = {}
    user: dict[Word, ActSpec] = {}


class Effect(Strict):
    """A declared tool: exactly one of find, update and insert.

    find: the table to look in. by: parameter → field that must be equal (the rows that fit are found).
    update: the table whose found row is changed. insert: the table that gets a new row.
    set: field → expression over `args`, `row` and `now`. give: fields to return (all when empty).
    tell: further fields of the result → expression over the same names; what is null is left out.
    many: return a list `items` instead of one row. stem: prefix of new ids.
    """

    find: str = ""
    update: str = ""
    insert: str = ""
    by: dict[str, str] = {}
    set: dict[str, Expr] = {}
    give: list[str] = []
    tell: dict[str, Expr] = {}
    many: bool = False
    stem: str = "ID"

    @model_validator(mode="after")
    def _one(self) -> Effect:
        if sum(bool(part) for part in (self.find, self.update, self.insert)) != 1:
            raise ValueError("give exactly one of find, update, insert")
        return self


class ToolSpec(Strict):
    """A tool: name, description and JSON Schema as the model sees them.

    effect: `read` or `write` (changes state). does: a declared effect; without it, `tools.py` must have a
    function of this name.
    """

    name: Word
    description: str
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    effect: Literal["read", "write"] = "read"
    does: Effect | None = None


class TableSpec(Strict):
    """A table of the world: rows here, or in a JSON or YAML file of the domain folder; `key` names the id field."""

    key: str = "id"
    file: str = ""
    rows: list[dict[str, Any]] = []


class CastSpec(Strict):
    """A row that plays a part: any row of `table` for which `where` holds (names: `row`, earlier aliases, `levels`)."""

    table: str
    where: Expr = "true"


class IntentSpec(Strict):
    """What a user may want.

    goal: one sentence with `{slot}`s, for the user model and for readers. flow: the flow that serves it.
    cast: alias → row, in order. facts: slot → expression over the cast (what the user knows).
    opens_with: user act of the first request (its phrasings state the goal).
    """

    goal: str
    flow: str = ""
    cast: dict[Word, CastSpec] = {}
    facts: dict[Word, Expr] = {}
    opens_with: str = ""


class Edge(Strict):
    """Where a flow goes next: the first edge whose condition holds."""

    go: str
    when: Expr = Field(default="true", alias="if")


class NodeSpec(Strict):
    """A node of a flow.

    say: assistant act. ask: slots that it asks for (skipped when all are known). missing: where to go when the
    user cannot give one. mention: slot → expression, values that the words carry. choose: the user's answer act
    → next node; `answer` is an expression that gives the act (else the first). call: tool; `with` its arguments
    as expressions; save: name of the result for later expressions; on_error, on_empty: where to go then.
    act: label of the call turn (default: the tool's name). end: the outcome. next: node, or edges.
    """

    say: str = ""
    ask: list[str] | str = []
    missing: str = ""
    mention: dict[Word, Expr] = {}
    choose: dict[str, str] = {}
    answer: Expr | None = None
    call: str = ""
    arguments: dict[str, Expr] = Field(default={}, alias="with")
    act: str = ""
    save: str = ""
    on_error: str = ""
    on_empty: str = ""
    end: Outcome | None = None
    next: str | list[Edge] = []

    @property
    def slots(self) -> list[str]:
        """The slots that this node asks for."""
        return [self.ask] if isinstance(self.ask, str) else list(self.ask)

    @property
    def edges(self) -> list[Edge]:
        """Where it can go next, in order."""
        return [Edge(go=self.next)] if isinstance(self.next, str) and self.next else list(self.next or [])


class FlowSpec(Strict):
    """A graph of nodes that serves an intent.

    include: parts (of `DomainSpec.parts`) whose nodes belong to this flow too; nodes of its own come before those.
    """

    start: str
    include: list[str] = []
    nodes: dict[Word, NodeSpec] = {}


class RuleSpec(Strict):
    """A policy rule as a predicate over the trace.

    at: `call` (before each call of `tools`, or of every writing tool) or `end`. require: must hold. Names:
    `call` (name, arguments), `args`, `levels`, `last` (tool → last result); functions `called(tool)`,
    `succeeded(tool)`, `said(act)`, `heard(user act)`, `count(tool)`.
    """

    name: Word
    require: Expr
    at: Literal["call", "end"] = "call"
    tools: list[str] = []
    when: Expr = "true"
    defect: str = "policy_breach"
    says: str = ""


class DocumentSpec(Strict):
    """A question that users may ask beside their goal, and its answer."""

    id: Word
    asks: list[str]
    answers: list[str]


class Level(Strict):
    """A level of a factor.

    weight: target share (relative). rare: must have a quota. quota: at least so many scenarios. set: cells of
    the cast to change before the conversation starts, `alias.field` → value. says: what it means, for prompts.
    """

    weight: float = Field(default=1.0, ge=0)
    rare: bool = False
    quota: int = Field(default=0, ge=0)
    set: dict[str, Any] = {}
    says: str = ""


class Factor(Strict):
    """A dimension of the design. when: the factor only applies where this holds (names: other factors)."""

    levels: dict[str, Level]
    when: Expr | None = None
    says: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """Allow `factor: {a: 0.7, b: 0.3}` and `factor: [a, b]` for plain levels."""
        if isinstance(value, list):
            return {"levels": {str(level): {} for level in value}}
        if isinstance(value, dict) and "levels" not in value:
            return {"levels": {key: _level(level) for key, level in value.items()}}
        if isinstance(value, dict) and isinstance(value["levels"], list):
            return {**value, "levels": {str(level): {} for level in value["levels"]}}
        if isinstance(value, dict) and isinstance(value["levels"], dict):
            return {**value, "levels": {key: _level(level) for key, level in value["levels"].items()}}
        return value

    @model_validator(mode="after")
    def _some(self) -> Factor:
        if not self.levels or sum(level.weight for level in self.levels.values()) <= 0:
            raise ValueError("a factor needs at least one level with a weight above 0")
        return self


def _level(value: Any) -> Any:
    return {"weight": value} if isinstance(value, int | float) and not isinstance(value, bool) else (value or {})


class Constraint(Strict):
    """A combination that must not occur: `forbid: expr`, or `require: expr`; with the reason for readers."""

    forbid: Expr | None = None
    require: Expr | None = None
    why: str = ""

    @model_validator(mode="after")
    def _one(self) -> Constraint:
        if (self.forbid is None) == (self.require is None):
            raise ValueError("give exactly one of forbid, require")
        return self

    @property
    def text(self) -> str:
        """The constraint as written, for messages."""
        return f"forbid {self.forbid}" if self.forbid else f"require {self.require}"


class BehaviourSpec(Strict):
    """Which acts of this domain play the general parts of a conversation; "" switches a part off.

    greet, close, goodbye: the assistant opens, asks for more, ends. repeat: asks to say it again. apologise:
    after anger. trouble: a tool failed, it will be tried again. wait: a tool is slow. check: reads a value back.
    corrected: accepts a correction. answer: answers a question from the documents. need: explains why a detail is
    needed. cannot: explains that it cannot go on. joins: whether one turn may do two things ("Done. Anything else?").
    """

    greet: str = "greet"
    close: str = "anything_else"
    goodbye: str = "goodbye"
    repeat: str = "ask_repeat"
    apologise: str = "apologise"
    trouble: str = "report_trouble"
    wait: str = "ask_wait"
    check: str = "check_value"
    corrected: str = "accept_correction"
    answer: str = "answer_question"
    need: str = "explain_need"
    cannot: str = "explain_cannot"
    joins: bool = True


class DomainSpec(Strict):
    """A whole `domain.yaml`.

    parts: sets of nodes that several flows share, e.g. the identity check; a flow takes them in with `include`.
    """

    name: Word
    title: str
    summary: str = ""
    language: str = "en"
    now: str = "2026-06-15"
    policy: str = ""
    slots: dict[Word, SlotSpec] = {}
    acts: ActsSpec = ActsSpec()
    behaviour: BehaviourSpec = BehaviourSpec()
    tools: list[ToolSpec] = []
    world: dict[Word, TableSpec] = {}
    intents: dict[Word, IntentSpec]
    parts: dict[Word, dict[Word, NodeSpec]] = {}
    flows: dict[Word, FlowSpec]
    rules: list[RuleSpec] = []
    documents: list[DocumentSpec] = []
    factors: dict[Word, Factor] = {}
    constraints: list[Constraint] = []
    source: str = ""
    licence: str = ""

    @model_validator(mode="before")
    @classmethod
    def _included(cls, value: Any) -> Any:
        """Give every flow the nodes of the parts that it includes (what is malformed is left to the checks)."""
        flows, parts = (value.get("flows"), value.get("parts")) if isinstance(value, dict) else (None, None)
        if not isinstance(flows, dict) or not isinstance(parts, dict):
            return value
        return {**value, "flows": {name: _with_parts(flow, parts) for name, flow in flows.items()}}


def _with_parts(flow: Any, parts: dict[str, Any]) -> Any:
    included = flow.get("include") if isinstance(flow, dict) else None
    own = flow.get("nodes", {}) if isinstance(flow, dict) else None
    if not isinstance(included, list) or not isinstance(own, dict):
        return flow
    taken = [parts[name] for name in included if isinstance(name, str) and isinstance(parts.get(name), dict)]
    return {**flow, "nodes": {**{node: spec for part in taken for node, spec in part.items()}, **own}}
