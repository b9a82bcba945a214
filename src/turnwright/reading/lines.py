"""The forms in which one line of JSON holds a conversation: reference turns, and chat messages of our exports.

Types say what a line must look like; a line that differs is refused with its place and the path of the wrong value.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Called, Example, Said
from turnwright.records import Json

__all__ = ["Line", "Told", "from_messages", "from_turns", "line_from", "line_of", "told_of"]

FIX = 'one JSON object a line: {"id", "tasks" or "domain", "turns": [{"role", "text", "act"}]}, or an export of a run'

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
    """The called function; `arguments` is JSON text, as OpenAI writes it."""

    name: str
    arguments: str = "{}"


class Call(msgspec.Struct):
    """A tool call of a chat message."""

    function: Function


class Part(msgspec.Struct):
    """A part of a message's content."""

    text: str = ""


class Message(msgspec.Struct):
    """A chat message; `weight` 0 (OpenAI) or `trainable` false (TRL) says that it is context only."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    weight: int = 1
    trainable: bool | None = None


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


class Line(msgspec.Struct):
    """One line: either `turns` or `messages`. weight: how much it counts in learning, as a mix writes it."""

    id: str | int = ""
    tasks: list[str] = []
    domain: str = ""
    happy: bool | None = None
    levels: dict[str, str] = {}
    weight: Weight = 1.0
    natural: float | None = None
    turns: list[ReferenceTurn] | None = None
    messages: list[Message] | None = None
    metadata: Told | None = None


_LINE = msgspec.json.Decoder(Line)
_TOLD = msgspec.json.Decoder(Told)
_LEVELS = msgspec.json.Decoder(dict[str, str])
_ARGUMENTS = msgspec.json.Decoder(dict[str, Any])


def line_of(text: bytes, where: str) -> Line:
    """Read one line of a data file; raises InputError with the place."""
    line = _decoded(_LINE, text, where, FIX)
    if line.turns is None and line.messages is None:
        raise InputError("not a conversation: it has neither `turns` nor `messages`", where=where, fix=FIX)
    return line


def told_of(text: bytes, where: str) -> Told:
    """Read one line of a provenance file; raises InputError with the place."""
    return _decoded(_TOLD, text, where, "export the run again")


def _decoded(decoder: msgspec.json.Decoder[S], text: bytes | str, where: str, fix: str) -> S:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as fault:
        raise InputError(f"not a conversation that can be read ({fault})", where=where, fix=fix) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"not a line of JSON ({fault})", where=where, fix=fix) from None


def from_turns(line: Line, where: str) -> Example:
    """A line of a reference file."""
    task = line.tasks[0] if line.tasks else line.domain.partition("@")[0]
    return Example(
        name=str(line.id) or where,
        task=task,
        levels=line.levels,
        happy=line.happy,
        weight=line.weight,
        natural=line.natural,
        turns=tuple(_turn(turn) for turn in line.turns or ()),
    )


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
    if turn.call is not None:
        line["service_call"] = {"name": turn.call.name, "arguments": turn.call.arguments}
    line |= {} if turn.trainable else {"trainable": False}
    return {**line, "origin": turn.origin} if turn.origin else line


def _turn(turn: ReferenceTurn) -> Said:
    first = turn.acts[0] if turn.acts else ""
    act = turn.act or (first.act if isinstance(first, ActLabel) else first)
    call = turn.service_call
    return Said(
        role=turn.role,
        text=turn.text or "",
        act=act if turn.role != "tool" else "",
        call=Called(name=call.name, arguments=call.arguments) if call else None,
        trainable=turn.trainable or turn.role != "assistant",
        origin=turn.origin,
    )


def from_messages(line: Line, told: Told | None, where: str) -> Example:
    """A line of chat messages, with the acts that metadata tells; without it, no turn has an act."""
    about = told or Told()
    turns = {turn.message: turn for turn in about.turns}
    messages = line.messages or []
    if turns and max(turns) >= len(messages):
        raise InputError(
            f"the metadata tells of message {max(turns)}, but there are {len(messages)}",
            where=where,
            fix="keep the messages as they were exported, or export the run again",
        )
    said = [_message(each, turns.get(number), where) for number, each in enumerate(messages) if each.role != "system"]
    domain = about.domain or line.domain
    return Example(
        name=about.id or str(line.id) or where,
        task=line.tasks[0] if line.tasks else domain.partition("@")[0],
        levels=_decoded(_LEVELS, about.levels, where, "export the run again") or line.levels,
        happy=line.happy,
        weight=line.weight,
        natural=about.weight if about.weight is not None else line.natural,
        turns=tuple(said),
    )


def _message(message: Message, told: ToldTurn | None, where: str) -> Said:
    learnt = message.weight > 0 and message.trainable is not False and (told is None or told.trainable)
    return Said(
        role="assistant" if message.role == "system" else message.role,
        text=_text(message.content),
        act=told.acts[0] if told and told.acts and message.role != "tool" else "",
        call=_call(message, where),
        trainable=learnt or message.role != "assistant",
        origin=told.origin if told else "",
    )


def _text(content: str | list[Part] | None) -> str:
    return content if isinstance(content, str) else " ".join(part.text for part in content or ())


def _call(message: Message, where: str) -> Called | None:
    """The first call; our exports have one a message."""
    if not message.tool_calls:
        return None
    function = message.tool_calls[0].function
    arguments: dict[str, Json] = _decoded(_ARGUMENTS, function.arguments, where, "write `arguments` as JSON text")
    return Called(name=function.name, arguments=arguments)
