"""Lines of chat messages (OpenAI, TRL) and of ShareGPT, made into turns.

System messages are instructions and no turn; the first call of a message stands with its words, each further one is a
turn of its own. Acts stand in the metadata of our exports; other lines have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Called, Example, Said
from turnwright.reading.lines import (
    FIX,
    Function,
    Line,
    Message,
    Part,
    Saying,
    Told,
    ToldTurn,
    acts_of,
    decoded,
    task_of,
)
from turnwright.records import Json, Role

__all__ = ["from_messages"]

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "tool": "tool", "function": "tool"}
_SAID_BY: dict[str, Role] = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}
_CALLS = ("function_call", "tool_call")
_NO_TURN = ("system", "developer")
_AGAIN = "export the run again"

_LEVELS = msgspec.json.Decoder(dict[str, str])
_ARGUMENTS = msgspec.json.Decoder(dict[str, Any])
_OBJECTS = msgspec.json.Decoder(list[dict[str, Any]])
_SAYINGS = msgspec.json.Decoder(list[Saying])
_MESSAGES = msgspec.json.Decoder(list[Message])
_FUNCTION = msgspec.json.Decoder(Function)


def from_messages(line: Line, told: Told | None, where: str) -> Example:
    """A line of messages, with the acts that metadata tells; without it, no turn has an act."""
    about = told or _metadata(line, where) or Told()
    turns = {turn.message: turn for turn in about.turns}
    entries: Sequence[Message | Saying] = _entries(line, where)
    if turns and max(turns) >= len(entries):
        raise InputError(
            f"the metadata tells of message {max(turns)}, but there are {len(entries)}",
            where=where,
            fix="keep the messages as they were exported, or export the run again",
        )
    said = [turn for number, each in enumerate(entries) for turn in _entry(each, turns.get(number), where)]
    return Example(
        name=about.id or line.named(where),
        task=task_of(line, about.domain),
        levels=decoded(_LEVELS, about.levels, where, _AGAIN) or line.levels or {},
        happy=line.happy,
        weight=line.weight,
        natural=about.weight if about.weight is not None else line.natural,
        turns=tuple(said),
    )


def _entries(line: Line, where: str) -> Sequence[Message | Saying]:
    given = bytes(line.conversations)
    if not given or line.messages is not None or line.conversation is not None:
        return line.messages or line.conversation or []
    share_gpt = any(entry.keys() & {"from", "value"} for entry in decoded(_OBJECTS, given, where, FIX))
    read: msgspec.json.Decoder[Any] = _SAYINGS if share_gpt else _MESSAGES
    return tuple(decoded(read, given, where, FIX))


def _metadata(line: Line, where: str) -> Told | None:
    """What our exports tell in the line itself; metadata of others is left alone."""
    if not isinstance(line.metadata, dict) or not isinstance(line.metadata.get("turns"), list):
        return None
    try:
        return msgspec.convert(line.metadata, Told)
    except msgspec.ValidationError as fault:
        raise InputError(f"the metadata cannot be read ({fault})", where=where, fix=_AGAIN) from None


def _entry(entry: Message | Saying, told: ToldTurn | None, where: str) -> list[Said]:
    if isinstance(entry, Saying):
        return _saying(entry, where)
    return [] if entry.role in _NO_TURN else _message(entry, told, where)


def _message(message: Message, told: ToldTurn | None, where: str) -> list[Said]:
    role = _ROLES[message.role]
    learnt = message.weight != 0 and message.trainable is not False and (told is None or told.trainable)
    act, acts = acts_of("", told.acts if told and role != "tool" else ())
    calls = _calls(message, where)
    first = Said(
        role=role,
        text=_text(message.content),
        act=act,
        acts=acts,
        call=calls[0] if calls else None,
        trainable=learnt or role != "assistant",
        origin=told.origin if told else "",
    )
    return [first, *(msgspec.structs.replace(first, text="", act="", acts=(), call=call) for call in calls[1:])]


def _text(content: str | list[Part] | None) -> str:
    return content if isinstance(content, str) else " ".join(part.text for part in content or ())


def _calls(message: Message, where: str) -> list[Called]:
    asked = [call.function for call in message.tool_calls or ()]
    asked += [message.function_call] if message.function_call else []
    return [_called(function, where) for function in asked]


def _called(function: Function, where: str) -> Called:
    arguments: dict[str, Json] | str | None = function.arguments
    if isinstance(arguments, str):
        arguments = decoded(_ARGUMENTS, arguments or "{}", where, "write `arguments` as JSON text")
    return Called(name=function.name, arguments=arguments)


def _saying(entry: Saying, where: str) -> list[Said]:
    text = entry.value or ""
    if entry.by in _NO_TURN:
        return []
    if entry.by in _CALLS:
        fix = 'write the value of a call as {"name": ..., "arguments": {...}}'
        call = _called(decoded(_FUNCTION, text, where, fix), where)
        return [Said(role="assistant", call=call, trainable=entry.train is not False)]
    role = _SAID_BY.get(entry.by, "tool")
    return [Said(role=role, text=text, trainable=entry.train is not False or role != "assistant")]
