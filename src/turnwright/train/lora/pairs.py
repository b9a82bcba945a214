"""Preference pairs: what a council or a rejection says is better, read from lines of the export format `preference`.

The same files hold hard negatives. Acts are told by the metadata of a line or by the provenance file beside; without
them words are compared as words. What is learnt from pairs stands in `prefer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from turnwright.errors import InputError
from turnwright.records import content_id
from turnwright.train.lora.encoding import Turn
from turnwright.train.lora.wording import Spoken, Tools, begun_call, declared, finished_call, read_back

__all__ = ["PreferencePair", "pairs_hash", "read_pairs"]

PROVENANCE = ".provenance.jsonl"
_FIX = "give a file of the export format `preference`, or one that `turnwright negatives` wrote"

S = TypeVar("S")


class PreferencePair(msgspec.Struct, frozen=True, kw_only=True):
    """Two ways to go on after the same talk. weight: how often it counts, rounded, at least once."""

    talk: tuple[Turn, ...]
    chosen: Spoken
    rejected: Spoken
    tools: Tools
    weight: float = 1.0


class _Function(msgspec.Struct):
    name: str
    arguments: str = "{}"


class _Call(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _ToldTurn(msgspec.Struct):
    acts: list[str] = []
    message: int = -1


class _Told(msgspec.Struct):
    turns: list[_ToldTurn] = []
    chosen: _ToldTurn | None = None
    rejected: _ToldTurn | None = None


class _Line(msgspec.Struct):
    prompt: list[_Message]
    chosen: Annotated[list[_Message], msgspec.Meta(min_length=1, max_length=1)]
    rejected: Annotated[list[_Message], msgspec.Meta(min_length=1, max_length=1)]
    tools: str = "[]"
    weight: Annotated[float, msgspec.Meta(gt=0, lt=1e3)] = 1.0
    metadata: _Told | None = None


def pairs_hash(pairs: Sequence[PreferencePair]) -> str:
    """Content id of the pairs in their order."""
    return content_id("pp", msgspec.to_builtins(pairs))


def read_pairs(paths: Sequence[Path]) -> list[PreferencePair]:
    """Read all pairs of these files, in their order.

    Raises:
        InputError: a file is missing or empty, or a line is no pair.
    """
    return [pair for path in paths for pair in _file(path)]


def _file(path: Path) -> Iterator[PreferencePair]:
    beside = path.with_name(path.name.removesuffix(".jsonl") + PROVENANCE)
    lines, told = _lines(path), _lines(beside) if beside.is_file() else []
    if not lines:
        raise InputError("the file has no pairs", where=str(path), fix=_FIX)
    if told and len(told) != len(lines):
        raise InputError(
            "has another number of lines than the file it belongs to", where=str(beside), fix="export again"
        )
    for number, (text, about) in enumerate(zip_longest(lines, told), start=1):
        where = f"{path}:{number}"
        line = _decoded(text, _Line, where)
        yield _pair(line, _decoded(about, _Told, where) if about else line.metadata or _Told(), where)


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as fault:
        raise InputError(f"cannot be read ({fault.strerror})", where=str(path), fix=_FIX) from fault


def _decoded(text: bytes | str, kind: type[S], where: str) -> S:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"not a preference pair ({fault})", where=where, fix=_FIX) from None


def _pair(line: _Line, told: _Told, where: str) -> PreferencePair:
    acts = {turn.message: turn.acts for turn in told.turns}
    talk = [_turn(each, acts.get(number, [])) for number, each in enumerate(line.prompt) if each.role != "system"]
    return PreferencePair(
        talk=tuple(talk),
        chosen=_spoken(line.chosen[0], told.chosen.acts if told.chosen else []),
        rejected=_spoken(line.rejected[0], told.rejected.acts if told.rejected else []),
        tools=declared(_decoded(line.tools, list[dict[str, Any]], where)),
        weight=line.weight,
    )


def _turn(message: _Message, acts: Sequence[str]) -> Turn:
    if message.role != "assistant":
        return Turn(message.role, message.content or "")
    said = _spoken(message, acts)
    return Turn("assistant", said.text, said)


def _spoken(message: _Message, acts: Sequence[str]) -> Spoken:
    text = (message.content or "").strip()
    if message.tool_calls:
        called = message.tool_calls[0].function
        text = finished_call(begun_call(called.name), called.arguments)
    return Spoken(acts[0], f" {text}") if acts else read_back(text)
