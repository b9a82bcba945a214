"""Words for a whole conversation in one call: for strong models, which keep to an outline and vary with the persona.

The reply is untrusted like any other: every line passes the same checks as words written by turn. What does not pass
comes back empty, and is worded by turn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import msgspec

from turnwright.domains import STANDARD_FACTORS, Domain, own_words, speakers
from turnwright.domains.reader import Reader
from turnwright.models import Answer, Message, Request, Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Blueprint, Json, Provenance, Scenario, derive_seed, seeded
from turnwright.records.provenance import Sampling
from turnwright.simulate.acceptance import Leeway, cleaned, objection
from turnwright.simulate.copies import Copies, style_ids, style_of
from turnwright.simulate.lines import Line, whole
from turnwright.simulate.settings import FillSettings
from turnwright.simulate.wording import Worded

__all__ = ["word_conversation"]

TOKENS_A_LINE = 70
WHO = {"user": "customer", "assistant": "agent"}


async def word_conversation(
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    speaker: Speaker,
    lines: Mapping[int, list[Line]],
    settings: FillSettings,
    *,
    attempt: int,
    reader: Reader,
) -> dict[int, Worded]:
    """Ask once for the words of all text steps; index of the step → its words, empty where they did not pass."""
    turns = {index: whole(said) for index, said in lines.items()}
    seed = derive_seed(blueprint.id, attempt, "conversation")
    request = Request(
        messages=_messages(blueprint, scenario, domain, turns, settings, attempt),
        max_tokens=TOKENS_A_LINE * len(turns) + 100,
        temperature=settings.temperature,
        top_p=settings.top_p,
        seed=seed,
        json_schema=_schema(len(turns)),
    )
    answer = await speaker.ask(request)
    texts = _read(answer, len(turns))
    names = speakers(scenario.persona.name, domain.spec.title)
    copies = Copies(settings.style, own_words(domain) if settings.style else ())
    return {
        index: _judged(
            line,
            cleaned(text, names),
            answer,
            request,
            reader,
            copies,
            parents=style_ids(line, settings.style, _style(blueprint, attempt, line)),
        )
        for (index, line), text in zip(turns.items(), texts, strict=True)
    }


def _messages(
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    turns: Mapping[int, Line],
    settings: FillSettings,
    attempt: int,
) -> tuple[Message, Message]:
    written = prompt("simulate", "fill_conversation")
    traits = ", ".join(f"{name}: {value}" for name, value in scenario.persona.traits.items())
    outline = [
        {
            "who": WHO[line.role],
            "means": line.means,
            "must_say": list(line.surfaces.values()),
            "example": line.unmasked(seeded("example", blueprint.id, attempt, index).choice(line.variants)),
            "style": [line.unmasked(text) for text in style_of(line, settings.style, _style(blueprint, attempt, line))],
        }
        for index, line in turns.items()
    ]
    asked = written.render(
        part="ask",
        title=domain.spec.title,
        persona=f"{scenario.persona.name}{f' ({traits})' if traits else ''}",
        manner=_manner(scenario, domain),
        goal=blueprint.goal,
        lines=outline,
    )
    return Message(role="system", content=written.render(part="system")), Message(role="user", content=asked)


def _style(blueprint: Blueprint, attempt: int, line: Line) -> random.Random:
    return seeded("style", blueprint.id, attempt, line.acts[0])


def _manner(scenario: Scenario, domain: Domain) -> list[str]:
    """How the customer is, as the factor `mood` says it."""
    factor = domain.spec.factors.get("mood") or STANDARD_FACTORS["mood"]
    level = factor.levels.get(scenario.levels.get("mood", ""))
    return [f"is {level.says}"] if level and level.says else []


def _schema(count: int) -> dict[str, Json]:
    words: dict[str, Json] = {"type": "string", "minLength": 1, "maxLength": 400}
    return {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": words, "minItems": count, "maxItems": count}},
        "required": ["lines"],
        "additionalProperties": False,
    }


def _read(answer: Answer, count: int) -> list[str]:
    """Read the lines; empty texts where the reply is not what was asked for."""
    nothing = [""] * count
    try:
        document: Any = msgspec.json.decode(answer.reply.text)
    except (msgspec.DecodeError, UnicodeError):
        return nothing
    lines = document.get("lines") if isinstance(document, dict) else None
    if not isinstance(lines, list) or len(lines) != count or not all(isinstance(text, str) for text in lines):
        return nothing
    return lines


def _judged(
    line: Line,
    text: str,
    answer: Answer,
    request: Request,
    reader: Reader,
    copies: Copies,
    *,
    parents: tuple[str, ...],
) -> Worded:
    made = Provenance(
        origin="model",
        role="teacher",
        model=answer.model,
        prompt=prompt("simulate", "fill_conversation").hash,
        seed=request.seed,
        calls=(answer.call_id,),
        tries=1,
        parents=parents,
        sampling=Sampling.of(request),
    )
    bare = line.masked(text)
    copied = line.role == "user" and copies.caught(bare)
    fault = objection(line, bare, reader, Leeway()) or ("copy" if copied else "")
    return Worded(text="" if fault else text, provenance=made, objections=(fault,) if fault else ())
