"""What one line of JSON may look like that holds a conversation, and our own form of it: reference turns.

Types say what a line must look like; a line that differs is refused with its place and the path of the wrong value.
Chat messages and ShareGPT lines are made into turns by `messages`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Called, Example, Said
from turnwright.records import Json

__all__ = [
    "FIX",
    "Function",
    "Line",
    "Message",
    "Part",
    "Saying",
    "Told",
    "ToldTurn",
    "acts_of",
    "decoded",
    "from_turns",
    "line_from",
    "line_of",
    "task_of",
    "told_of",
]

FIX = 'one JSON object a line: {"id", "tasks" or "domain", "turns": [{"role", "text", "act"}]}, or an export of a run'
SHAPES = ("turns", "messages", "conversations", "conversation")
"""Under one of these a line holds its conversation."""

S = TypeVar("S")
Weight = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


class ActLabel(msgspec.Struct):
    """An act with its slot and values, of which only the act is read."""

    act: str


class ServiceCall(msgspec.Struct):
    """A call in a reference file."""

    name: str
    arguments: dict[str, Any] | None = None


class ReferenceTurn(msgspec.Struct):
    """A turn of a reference file."""

    role: Literal["user", "assistant", "tool"]
    text: str | None = None
    act: str | None = None
    acts: list[str | ActLabel] | None = None
    service_call: ServiceCall | None = None
    trainable: bool = True
    origin: str = ""


class Function(msgspec.Struct):
    """The called function; `arguments` is JSON text, as OpenAI writes it, or the arguments themselves."""

    name: str
    arguments: str | dict[str, Any] | None = "{}"


class Call(msgspec.Struct):
    """A tool call of a chat message."""

    function: Function


class Part(msgspec.Struct):
    """A part of a message's content."""

    text: str = ""


class Message(msgspec.Struct):
    """A chat message; `weight` 0 (OpenAI) or `trainable` false (TRL) says that it is context only."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None
    weight: int | None = None
    trainable: bool | None = None


class Saying(msgspec.Struct):
    """An entry of a ShareGPT line; `train` false (Axolotl) says that it is context only."""

    by: Literal[
        "system", "human", "user", "gpt", "assistant", "function_call", "tool_call", "observation", "tool",
        "function_response", "tool_response",
    ] = msgspec.field(name="from")  # fmt: skip
    value: str | None = None
    train: bool | None = None


class ToldTurn(msgspec.Struct):
    """What our exports tell of one message."""

    message: int
    acts: list[str] = []
    origin: str = ""
    trainable: bool = True


class Told(msgspec.Struct):
    """What our exports tell of one conversation; `levels` is JSON text, `weight` its scenario's."""

    id: str = ""
    domain: str = ""
    levels: str = "{}"
    weight: float | None = None
    turns: list[ToldTurn] = []


_NONE = msgspec.Raw()


class Line(msgspec.Struct):
    """One line: the conversation stands under one of `SHAPES`. weight: how much it counts in learning, as a mix writes
    it. source, licence, license, record: where it comes from, if it says so; used where they are texts.
    """

    id: str | int | None = None
    conversation_id: str | int | None = None
    tasks: list[str] | None = None
    domain: Any = None
    happy: bool | None = None
    levels: dict[str, str] | None = None
    weight: Weight = 1.0
    natural: float | None = None
    turns: list[ReferenceTurn] | None = None
    messages: list[Message] | None = None
    conversations: msgspec.Raw = _NONE
    conversation: list[Message] | None = None
    metadata: Any = None
    source: Any = None
    licence: Any = None
    license: Any = None
    record: Any = None

    def named(self, where: str) -> str:
        """Its id; without one, the name of its file and its place there."""
        given = self.id if self.id not in (None, "") else self.conversation_id
        return str(given) if given not in (None, "") else Path(where).name


_LINE = msgspec.json.Decoder(Line)
_TOLD = msgspec.json.Decoder(Told)


def line_of(text: bytes, where: str) -> Line:
    """Read one line of a data file; raises InputError with the place."""
    line = decoded(_LINE, text, where, FIX)
    if all(getattr(line, shape) in (None, _NONE) for shape in SHAPES):
        raise InputError(
            "not a conversation: it has neither `turns` nor `messages` nor ShareGPT's `conversations`",
            where=where,
            fix=FIX,
        )
    return line


def told_of(text: bytes, where: str) -> Told:
    """Read one line of a provenance file; raises InputError with the place."""
    return decoded(_TOLD, text, where, "export the run again")


def decoded(decoder: msgspec.json.Decoder[S], text: bytes | str, where: str, fix: str) -> S:
    """The value; raises InputError with the place."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as fault:
        raise InputError(f"not a conversation that can be read ({fault})", where=where, fix=fix) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"not a line of JSON ({fault})", where=where, fix=fix) from None


def from_turns(line: Line, where: str) -> Example:
    """A line of a reference file."""
    return Example(
        name=line.named(where),
        task=task_of(line),
        levels=line.levels or {},
        happy=line.happy,
        weight=line.weight,
        natural=line.natural,
        turns=tuple(_turn(turn) for turn in line.turns or ()),
    )


def task_of(line: Line, domain: str = "") -> str:
    """What the conversation is about: the first task, or the domain without its version; "" where nobody says."""
    if line.tasks:
        return line.tasks[0]
    return (domain or (line.domain if isinstance(line.domain, str) else "")).partition("@")[0]


def acts_of(main: str | None, all_of_them: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The main act, and all of them where there is more than one, each once."""
    acts = tuple(dict.fromkeys(act for act in (main or "", *all_of_them) if act))
    return (acts[0] if acts else ""), (acts if len(acts) > 1 else ())


def line_from(example: Example) -> dict[str, Json]:
    """A conversation as a line that reads back as itself: the reference form, with weights where they are not 1."""
    line: dict[str, Json] = {"id": example.name, "tasks": [example.task], "levels": example.levels}
    line |= {} if example.weight == 1.0 else {"weight": example.weight}
    line |= {} if example.natural is None else {"natural": example.natural}
    line |= {} if example.happy is None else {"happy": example.happy}
    return {**line, "turns": [_line_turn(turn) for turn in example.turns]}


def _line_turn(turn: Said) -> dict[str, Json]:
    line: dict[str, Json] = {"role": turn.role, "text": turn.text}
    line |= {"act": turn.act} if turn.act else {}
    line |= {"acts": list(turn.acts)} if turn.acts else {}
    if turn.call is not None:
        line["service_call"] = {"name": turn.call.name, "arguments": turn.call.arguments}
    line |= {} if turn.trainable else {"trainable": False}
    return {**line, "origin": turn.origin} if turn.origin else line


def _turn(turn: ReferenceTurn) -> Said:
    told = (each.act if isinstance(each, ActLabel) else each for each in turn.acts or ())
    act, acts = acts_of(turn.act, told) if turn.role != "tool" else ("", ())
    call = turn.service_call
    return Said(
        role=turn.role,
        text=turn.text or "",
        act=act,
        acts=acts,
        call=Called(name=call.name, arguments=call.arguments) if call else None,
        trainable=turn.trainable or turn.role != "assistant",
        origin=turn.origin,
    )
