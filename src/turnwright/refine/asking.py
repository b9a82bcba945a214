"""Asking a model for a JSON document until it can be read. Whatever cannot be read is no answer, and no error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from turnwright.errors import ReplyUnreadable
from turnwright.models import Message, Request, Speaker
from turnwright.records import Json, Usage
from turnwright.records.provenance import Sampling
from turnwright.refine.settings import RefineSettings

__all__ = ["Asked", "ask", "document", "words"]

Read = TypeVar("Read")


class Asked(msgspec.Struct, Generic[Read], frozen=True, kw_only=True):
    """What asking came to.

    read: the answer; None when no reply could be read. model, seed, sampling: of the last reply. calls: all that were
    paid.
    """

    read: Read | None
    model: str = ""
    seed: int = 0
    sampling: Sampling | None = None
    calls: tuple[str, ...] = ()
    usage: Usage = Usage()


async def ask(
    speaker: Speaker,
    messages: tuple[Message, ...],
    schema: dict[str, Json],
    read: Callable[[str], Read | None],
    *,
    seeds: Iterable[int],
    settings: RefineSettings,
) -> Asked[Read]:
    """Ask once for each seed, until `read` makes something of a reply.

    Raises:
        ModelError, CapReached: from the speaker, save `ReplyUnreadable`, which is one more reply without an answer.
    """
    asked: Asked[Read] = Asked(read=None)
    for seed in seeds:
        request = Request(
            messages=messages,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=seed,
            json_schema=schema,
        )
        try:
            answer = await speaker.ask(request)
        except ReplyUnreadable:
            continue
        asked = Asked(
            read=read(answer.reply.text),
            model=answer.model,
            seed=seed,
            sampling=Sampling.of(request),
            calls=(*asked.calls, answer.call_id),
            usage=asked.usage + answer.reply.usage,
        )
        if asked.read is not None:
            break
    return asked


def document(text: str) -> dict[str, Json]:
    """Read a JSON object, also out of the fence or the sentence that many models put around it; {} for none."""
    start, end = text.find("{"), text.rfind("}") + 1
    for candidate in (text, text[start:end]):
        try:
            found = msgspec.json.decode(candidate)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def words(value: Json, most: int) -> str:
    """A text in one line, cut at `most` characters; empty for anything but a text."""
    return " ".join(value.split())[:most].strip() if isinstance(value, str) else ""
