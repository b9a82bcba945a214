"""The `naive` way: one prompt "write N conversations", and what comes back is taken as it is. The comparison arm.

This is what is commonly done: no blueprint is followed, no tool runs (the model makes up what tools give back), no
turn is checked. All members of a group ask with the same request, so that the journal pays for it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from turnwright.domains import STANDARD_FACTORS, Domain
from turnwright.domains.declaration import ActSpec
from turnwright.errors import ReplyUnreadable
from turnwright.models import Answer, Message, Request, Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Blueprint, Fact, Json, Provenance, Scenario, Turn, canonical, derive_seed
from turnwright.records.provenance import Sampling
from turnwright.simulate.settings import NaiveSettings
from turnwright.simulate.sides import call_schemas
from turnwright.simulate.transcripts import TranscriptReader, conversations_of

__all__ = ["naive"]

LONGEST_TEXT = 600
"""Characters of a turn that the schema allows; keeps a model that loops from eating the whole reply."""
MOST_TURNS = 60


async def naive(
    situations: Sequence[tuple[Scenario, Blueprint]],
    domain: Domain,
    speaker: Speaker,
    settings: NaiveSettings,
    *,
    number: int,
    attempt: int,
) -> tuple[Turn, ...]:
    """Ask for the conversations of the whole group, and return the turns of one of them.

    Args:
        situations: all that share the prompt, in order, whoever asks.
        number: place of the wanted conversation in the group, from 0.
        attempt: 0, 1, ...; another attempt draws another seed.

    Raises:
        ReplyUnreadable: no reply held this conversation, in all tries. ModelError, CapReached: from the speaker.
    """
    messages = _messages(situations, domain)
    group = [blueprint.id for _, blueprint in situations]
    paid: list[str] = []
    why = ""
    for number_of_try in range(settings.tries):
        seed = derive_seed(group, attempt, "naive", number_of_try)
        request = Request(
            messages=messages,
            max_tokens=settings.max_tokens or settings.tokens_each * len(situations),
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=seed,
            json_schema=_schema(domain, len(situations)) if settings.schema_ else None,
        )
        answer = await speaker.ask(request)
        paid.append(answer.call_id)
        found = conversations_of(answer.reply.text)
        turns = _turns(found, number, situations[number][1], domain, _made(answer, request, paid))
        if turns:
            return turns
        why = _fault(found, number, answer)
    raise ReplyUnreadable(
        why,
        where=f"conversation {number + 1} of {len(situations)} in one reply",
        fix="lower simulate.naive.batch, raise simulate.naive.max_tokens, or use a stronger model",
    )


def _turns(
    found: Sequence[Json], number: int, blueprint: Blueprint, domain: Domain, made: Provenance
) -> tuple[Turn, ...]:
    """The turns of the wanted conversation; none where it is not there."""
    if number >= len(found):
        return ()
    return TranscriptReader(made, blueprint.facts, domain).read(found[number])


def _made(answer: Answer, request: Request, paid: Sequence[str]) -> Provenance:
    return Provenance(
        origin="model",
        role="teacher",
        model=answer.model,
        prompt=prompt("simulate", "naive").hash,
        seed=request.seed,
        calls=tuple(paid),
        tries=len(paid),
        sampling=Sampling.of(request),
    )


def _fault(found: Sequence[Json], number: int, answer: Answer) -> str:
    """Say in one line why there is no conversation."""
    cut = ", it was cut at its token limit" if answer.reply.finish == "length" else ""
    if not found:
        return f"no conversation can be read in the reply{cut}"
    if number >= len(found):
        return f"the reply holds {len(found)} whole conversation{'s' if len(found) > 1 else ''}{cut}"
    return "this conversation has no turns"


def _messages(situations: Sequence[tuple[Scenario, Blueprint]], domain: Domain) -> tuple[Message, Message]:
    written = prompt("simulate", "naive")
    tools = [
        {"name": t.name, "description": t.spec.description, "arguments": canonical(t.spec.parameters).decode()}
        for t in domain.tools.values()
    ]
    system = written.render(
        part="system",
        title=domain.spec.title,
        policy=domain.spec.policy.strip(),
        tools=tools,
        sides=[("user", _meanings(domain.user_acts)), ("assistant", _meanings(domain.assistant_acts))],
    )
    told = [_situation(scenario, blueprint, domain) for scenario, blueprint in situations]
    asked = written.render(part="ask", situations=told)
    return Message(role="system", content=system), Message(role="user", content=asked)


def _meanings(acts: Mapping[str, ActSpec]) -> list[tuple[str, str]]:
    return [(name, act.means) for name, act in sorted(acts.items())]


def _situation(scenario: Scenario, blueprint: Blueprint, domain: Domain) -> dict[str, Json]:
    traits = ", ".join(f"{name}: {value}" for name, value in scenario.persona.traits.items())
    return {
        "persona": f"{scenario.persona.name}{f' ({traits})' if traits else ''}",
        "goal": blueprint.goal,
        "circumstances": list(_circumstances(scenario, domain)),
        "known": [_fact(fact, domain) for fact in blueprint.facts if fact.shared != "hidden"],
    }


def _circumstances(scenario: Scenario, domain: Domain) -> Iterator[str]:
    """The scenario's levels in the words of their factors; the intent is told by the goal."""
    for name, level in scenario.levels.items():
        factor = domain.spec.factors.get(name) or STANDARD_FACTORS.get(name)
        chosen = factor.levels.get(level) if factor else None
        if name != "intent" and factor and chosen and chosen.says:
            yield f"{(factor.says or name).capitalize()}: {chosen.says}."


def _fact(fact: Fact, domain: Domain) -> str:
    label = domain.label(fact.slot)
    if fact.shared == "forgotten":
        return f"{label}: does not remember it"
    how = ""
    if fact.shared == "refused":
        how = " (will not give it)"
    elif fact.shared == "corrected":
        how = f" (first says {domain.say(fact.slot, fact.first_said)} by mistake, then puts it right)"
    return f"{label}: {domain.say(fact.slot, fact.value)}{how}"


def _schema(domain: Domain, count: int) -> dict[str, Json]:
    """What a reply should look like: labels, tools and arguments as interplay has them, results as the model likes."""
    say = [_said(role, sorted(domain.acts(role))) for role in ("user", "assistant")]
    use = call_schemas(domain, role={"const": "assistant"})
    given = [_object(role={"const": "tool"}, result={"type": "object"})]
    turn = {"anyOf": [*say, *use, *given] if domain.tools else say}
    turns = {"type": "array", "items": turn, "minItems": 2, "maxItems": MOST_TURNS}
    conversations = {"type": "array", "items": _object(turns=turns), "minItems": count, "maxItems": count}
    return _object(conversations=conversations)


def _said(role: str, acts: list[str]) -> dict[str, Json]:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    return _object(role={"const": role}, act={"enum": acts}, text=text)


def _object(**fields: Json) -> dict[str, Json]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
