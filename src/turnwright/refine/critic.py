"""Hearing one critic: what it objects to, held against the conversation before anybody is paid to answer.

An objection counts when its turns exist, its words stand there, and its class belongs to the lens. What does not
count is kept with the reason. Whether it was said before is for the debate to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from turnwright.models import Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Conversation, Json, Objection, Turn, derive_seed
from turnwright.refine.asking import Asked, ask, document, words
from turnwright.refine.briefing import Briefing, shown
from turnwright.refine.lenses import SHOWN_BY_CALLS, SIDES, LensSpec
from turnwright.refine.settings import RefineSettings
from turnwright.refine.span import folded, quoted

__all__ = ["Raw", "criticised", "objection_of"]

LONGEST_QUOTE = 400
LONGEST_REMARK = 300
MOST_TURNS = 8
_LARGEST = 2**31


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """An objection as a critic made it, read and not yet held against the conversation."""

    turns: tuple[int, ...]
    quote: str
    defect: str
    claim: str
    change: str


async def criticised(
    lens: LensSpec,
    conversation: Conversation,
    speaker: Speaker,
    briefing: Briefing,
    settings: RefineSettings,
    *,
    place: Sequence[Json],
) -> Asked[tuple[Raw, ...]]:
    """Ask a critic for its objections. At most `settings.tries` calls; `place` decides the seeds.

    Raises:
        ModelError, CapReached: from the speaker, save an unreadable reply.
    """
    asked = prompt("refine", "critic").render(
        lens=lens.name.replace("_", " "), looks_for=lens.looks_for, defects=lens.defects, most=settings.objections
    )
    return await ask(
        speaker,
        briefing.messages(conversation, asked),
        _schema(lens, len(conversation.turns), settings.objections),
        lambda text: _read(text, settings.objections),
        seeds=(derive_seed(*place, lens.name, number) for number in range(settings.tries)),
        settings=settings,
    )


def objection_of(
    raw: Raw, lens: LensSpec, turns: Sequence[Turn], *, number: int, asked: Asked[tuple[Raw, ...]], prompts: str
) -> Objection:
    """Hold a raw objection against the turns: the turn of the quote first, or `dismissed` with the reason."""
    objection = Objection(
        id=f"o{number}",
        lens=lens.name,
        defect=raw.defect,
        turns=raw.turns,
        quote=raw.quote,
        claim=raw.claim,
        change=raw.change,
        model=asked.model,
        prompt=prompts,
        call=asked.calls[-1],
    )
    if not raw.turns or not all(0 <= turn < len(turns) for turn in raw.turns):
        return msgspec.structs.replace(objection, dismissed="no_such_turn")
    if raw.defect not in lens.defects:
        return msgspec.structs.replace(objection, dismissed="not_of_this_lens")
    return _located(objection, turns)


def _located(objection: Objection, turns: Sequence[Turn]) -> Objection:
    """Find the turn that the quote stands in: words first, then calls and results."""
    for cited in objection.turns:
        found = quoted(objection.quote, turns[cited].text)
        if found and SIDES.get(objection.defect, turns[cited].role) != turns[cited].role:
            return msgspec.structs.replace(objection, turns=_first(cited, objection.turns), dismissed="other_side")
        if found:
            return msgspec.structs.replace(objection, turns=_first(cited, objection.turns), quote=found)
    for cited in objection.turns:
        if not turns[cited].text and folded(objection.quote) in folded(shown(turns[cited])):
            dismissed = "" if objection.defect in SHOWN_BY_CALLS else "not_words"
            return msgspec.structs.replace(objection, turns=_first(cited, objection.turns), dismissed=dismissed)
    return msgspec.structs.replace(objection, dismissed="quote_not_there")


def _first(turn: int, turns: tuple[int, ...]) -> tuple[int, ...]:
    return (turn, *(other for other in turns if other != turn))


def _schema(lens: LensSpec, turns: int, most: int) -> dict[str, Json]:
    """Steers a critic; what it says is checked all the same."""
    number: dict[str, Json] = {"type": "integer", "minimum": 0, "maximum": max(turns - 1, 0)}
    remark: dict[str, Json] = {"type": "string", "maxLength": LONGEST_REMARK}
    fields: dict[str, Json] = {
        "turns": {"type": "array", "items": number, "minItems": 1, "maxItems": MOST_TURNS},
        "quote": {"type": "string", "maxLength": LONGEST_QUOTE},
        "defect": {"enum": list(lens.defects)},
        "claim": remark,
        "change": remark,
    }
    one: dict[str, Json] = {
        "type": "object", "properties": fields, "required": list(fields), "additionalProperties": False
    }  # fmt: skip
    return {
        "type": "object",
        "properties": {"objections": {"type": "array", "items": one, "maxItems": most}},
        "required": ["objections"],
        "additionalProperties": False,
    }


def _read(text: str, most: int) -> tuple[Raw, ...] | None:
    """Read the first `most` objections; None where the reply has none that can be read and does not say `[]`."""
    found = document(text).get("objections")
    if not isinstance(found, list):
        return None
    read = tuple(
        Raw(
            turns=tuple(dict.fromkeys(_numbers(each.get("turns"))))[:MOST_TURNS],
            quote=words(each.get("quote"), LONGEST_QUOTE),
            defect=words(each.get("defect"), LONGEST_REMARK),
            claim=words(each.get("claim"), LONGEST_REMARK),
            change=words(each.get("change"), LONGEST_REMARK),
        )
        for each in found[:most]
        if isinstance(each, dict)
    )
    return read if read or not found else None


def _numbers(value: Json) -> Iterator[int]:
    """The numbers of a list, as far as they can be indices at all; a single number is a list of one."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, int) and not isinstance(each, bool) and abs(each) < _LARGEST:
            yield each
