"""How conversations are put to a student: what it reads, and what it is taught to say.

An assistant turn is `[act] words` or `[act] <tool_call>{"name": ..., "arguments": {...}}</tool_call>`, so that its act
can be scored before a word is said, and its words can be read back in a live talk. What it reads first names the task
and its tools. Tokens are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from turnwright.reading import Called, Example, Said
from turnwright.records import Json, canonical

__all__ = [
    "CALL",
    "CALL_END",
    "Spoken",
    "Tools",
    "call_of",
    "declared",
    "opening",
    "read_back",
    "spoken",
    "task_of",
    "tools_of",
]

CALL, CALL_END = "<tool_call>", "</tool_call>"
_LONGEST_ACT = 120

Tools = dict[str, tuple[str, ...]]
"""Tool → the names of its arguments."""


class Spoken(msgspec.Struct, frozen=True):
    """An assistant turn as a student says it. act: "" for a turn without label. rest: what follows the act."""

    act: str
    rest: str

    @property
    def text(self) -> str:
        """`[act] words`, or the words alone where there is no act."""
        return f"[{self.act}]{self.rest}" if self.act else self.rest


def spoken(turn: Said) -> Spoken:
    """How a student says this assistant turn."""
    said = _call(turn.call) if turn.call else turn.text.strip()
    return Spoken(turn.act, f" {said}" if turn.act else said)


def read_back(text: str) -> Spoken:
    """Take `[act] words` apart; text that does not begin so has no act."""
    act, end, rest = text.removeprefix("[").partition("]")
    if not text.startswith("[") or not end or not act or len(act) > _LONGEST_ACT or "\n" in act:
        return Spoken("", text)
    return Spoken(act, rest)


def _call(call: Called) -> str:
    return finished_call(begun_call(call.name), canonical(call.arguments or {}).decode())


def begun_call(tool: str) -> str:
    """A call up to where its arguments begin, ended between two tokens of every tokenizer that splits at letters."""
    return f'{CALL}{{"name":{canonical(tool).decode()},"arguments'


def finished_call(begun: str, arguments: str) -> str:
    """The call with its arguments, which are JSON text."""
    return f'{begun}":{arguments}}}{CALL_END}'


def call_of(text: str) -> Called | None:
    """The first call in what a student said; None where there is none that can be read."""
    _, found, after = text.partition(CALL)
    if not found:
        return None
    try:
        made = msgspec.json.decode(after.partition(CALL_END)[0])
    except (msgspec.DecodeError, UnicodeError):
        return None
    if not isinstance(made, dict) or not isinstance(made.get("name"), str):
        return None
    arguments = made.get("arguments", {})
    return Called(name=made["name"], arguments=arguments) if isinstance(arguments, dict) else None


def opening(task: str, tools: Mapping[str, Sequence[str]]) -> str:
    """What the student reads before the talk: its task, and its tools with the names of their arguments."""
    lines = [f"Task: {task}"] if task else []
    if tools:
        lines.append("Tools: " + "; ".join(f"{name}({', '.join(slots)})" for name, slots in sorted(tools.items())))
    return "\n".join(lines) or "You are an assistant."


def tools_of(examples: Sequence[Example]) -> dict[str, Tools]:
    """Task → the tools that were called in it, each with every argument that it was ever given."""
    seen: dict[str, dict[str, set[str]]] = {}
    for example in examples:
        for turn in example.turns:
            if turn.call:
                slots = seen.setdefault(example.task, {}).setdefault(turn.call.name, set())
                slots.update(turn.call.arguments or ())
    return {task: {name: tuple(sorted(slots)) for name, slots in tools.items()} for task, tools in sorted(seen.items())}


def declared(tools: Sequence[Mapping[str, Json]]) -> Tools:
    """Tools as OpenAI declares them, reduced to names."""
    found: Tools = {}
    for tool in tools:
        function: Any = tool.get("function", tool)
        parameters = function.get("parameters") or {}
        found[str(function["name"])] = tuple(sorted(parameters.get("properties") or {}))
    return found


def task_of(tools: Mapping[str, Sequence[str]], known: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """The known task whose tools are most like these; the only one there is, or "" where nothing is alike."""
    if len(known) == 1:
        return next(iter(known))
    likeness = {task: _likeness(set(tools), set(own)) for task, own in known.items()}
    best = max(likeness, key=lambda task: (likeness[task], task), default="")
    return best if best and likeness[best] > 0 else ""


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
