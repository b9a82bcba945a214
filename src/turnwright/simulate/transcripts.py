"""Reading conversations that a model wrote as JSON: tolerant of what surrounds them, and of what is missing.

Nothing is mended and nothing judged: words, labels, calls and results come out as they were written, and the checks
find what is wrong with them.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from turnwright.domains import Domain
from turnwright.records import Fact, Json, Provenance, ToolCall, ToolResult, Turn

__all__ = ["TranscriptReader", "conversations_of"]

DEEPEST = 60
"""Levels of nesting; what is deeper means nothing, and could not be read back from the run."""
_LIST = re.compile(r'"conversations"\s*:\s*\[')


def conversations_of(text: str) -> list[Json]:
    """Find the conversations in a reply, in order, up to the first that is broken or cut.

    A code fence, words before and after, and a list without its wrapper are all right.
    """
    wrapper = _LIST.search(text)
    return list(_objects(text, wrapper.end() if wrapper else 0))


def _objects(text: str, at: int) -> Iterator[Json]:
    """Every whole JSON object from here on, until the list that they stand in ends."""
    decoder = json.JSONDecoder(strict=False, parse_constant=str, parse_int=_integer, parse_float=_number)
    while True:
        start = text.find("{", at)
        if start < 0 or "]" in text[at:start]:
            return
        try:
            found, at = decoder.raw_decode(text, start)
            if _is_deeper(found, DEEPEST):
                return
        except (ValueError, RecursionError):
            return
        yield _sound(found)


def _integer(digits: str) -> Json:
    """Numbers that no tool can mean, and that canonical JSON cannot write, stay text."""
    return int(digits) if len(digits) <= 18 else digits


def _number(digits: str) -> Json:
    value = float(digits)
    return value if abs(value) < float("inf") else digits


def _is_deeper(value: Json, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(each, levels - 1) for each in inner)


def _sound(found: Json) -> Json:
    """Replace half surrogates, which JSON can spell and UTF-8 cannot."""
    return json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


class TranscriptReader:
    """Turns the entries of one conversation into turns.

    Args:
        made: the provenance of all of them; results are the model's own too.
        facts: a turn mentions those whose value is in its words.
    """

    def __init__(self, made: Provenance, facts: Sequence[Fact], domain: Domain) -> None:
        self._made = made
        self._surfaces = [(fact.slot, fact.value, domain.say(fact.slot, fact.value)) for fact in facts]
        self._open: deque[ToolCall] = deque()
        self._calls = 0

    def read(self, conversation: Json) -> tuple[Turn, ...]:
        """Return the turns of user, assistant and tool; entries of other roles are dropped."""
        entries = conversation.get("turns") if isinstance(conversation, Mapping) else None
        if not isinstance(entries, list):
            return ()
        return tuple(turn for entry in entries if isinstance(entry, Mapping) for turn in self._turns(entry))

    def _turns(self, entry: Mapping[str, Json]) -> Iterator[Turn]:
        match entry.get("role"):
            case "user":
                yield self._said("user", entry)
            case "assistant" if entry.get("tool"):
                if entry.get("text"):
                    yield self._said("assistant", entry)
                yield self._called(entry)
            case "assistant":
                yield self._said("assistant", entry)
            case "tool":
                yield self._given(entry)

    def _said(self, role: Literal["user", "assistant"], entry: Mapping[str, Json]) -> Turn:
        text = _words(entry.get("text"))
        said = tuple((slot, value) for slot, value, surface in self._surfaces if surface in text)
        act = entry.get("act")
        acts = (act,) if isinstance(act, str) and act else ()
        return Turn(role=role, text=text, acts=acts, mentions=said, provenance=self._made)

    def _called(self, entry: Mapping[str, Json]) -> Turn:
        self._calls += 1
        arguments = entry.get("arguments", {})
        call = ToolCall(
            id=f"call_{self._calls}",
            name=_words(entry["tool"]),
            arguments=arguments if isinstance(arguments, dict) else {"arguments": arguments},
        )
        self._open.append(call)
        return Turn(role="assistant", acts=(call.name,), call=call, provenance=self._made)

    def _given(self, entry: Mapping[str, Json]) -> Turn:
        """A result belongs to the oldest call that has none; to no call where all have theirs."""
        call = self._open.popleft() if self._open else ToolCall(id="", name="", arguments={})
        result = ToolResult(call_id=call.id, name=call.name, content=entry.get("result"))
        return Turn(role="tool", result=result, provenance=self._made, trainable=False)


def _words(written: Json) -> str:
    if isinstance(written, str):
        return written
    return "" if written is None else json.dumps(written, ensure_ascii=False)
