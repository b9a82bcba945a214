"""The two sides of an interplay: what each is told at the start, what it hears, and which decisions it may take."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from turnwright.domains import Domain
from turnwright.domains.declaration import ActSpec
from turnwright.models import Message, Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Blueprint, Fact, Json, Scenario, canonical

__all__ = ["Side", "call_schemas", "heard_by_user", "opening", "teacher_side", "user_side"]


class Side:
    """One side of the talk: its speaker, its growing messages, and the decisions it may take."""

    def __init__(
        self,
        role: str,
        speaker: Speaker,
        system: str,
        hash_: str,
        schema: dict[str, Json],
        acts: list[str],
        tools: list[str],
    ) -> None:
        self.role, self.speaker, self.hash = role, speaker, hash_
        self.schema, self.acts, self.tools = schema, acts, tools
        self.messages: list[Message] = [Message(role="system", content=system)]

    def hears(self, text: str) -> None:
        if self.messages[-1].role == "user":
            last = self.messages.pop()
            text = f"{last.content}\n{text}"
        self.messages.append(Message(role="user", content=text))

    def said(self, decision: Mapping[str, Json]) -> None:
        self.messages.append(Message(role="assistant", content=canonical(decision).decode()))

    def read(self, text: str) -> dict[str, Json] | None:
        """Read a decision; None when it is none of the allowed ones. The schema only steers; here it is checked."""
        try:
            decision = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            return None
        if not isinstance(decision, dict):
            return None
        if "tool" in decision:
            fits = decision["tool"] in self.tools and isinstance(decision.get("arguments"), dict)
        else:
            words = decision.get("text")
            fits = decision.get("act") in self.acts and isinstance(words, str) and bool(words.strip())
        return decision if fits else None


def user_side(blueprint: Blueprint, scenario: Scenario, domain: Domain, speaker: Speaker) -> Side:
    written = prompt("simulate", "interplay_user")
    acts = sorted(domain.user_acts)
    told = [fact for fact in blueprint.facts if fact.shared != "hidden"]
    known = [
        {"label": domain.label(fact.slot), "value": domain.say(fact.slot, fact.value), "how": _how(fact, domain)}
        for fact in told
        if fact.shared != "forgotten"
    ]
    manner = [f"You do not remember your {domain.label(f.slot)}." for f in told if f.shared == "forgotten"]
    manner += _manner(scenario)
    traits = ", ".join(f"{name}: {value}" for name, value in scenario.persona.traits.items())
    system = written.render(
        part="system",
        title=domain.spec.title,
        persona=f"{scenario.persona.name}{' (' + traits + ')' if traits else ''}",
        goal=blueprint.goal,
        known=known,
        manner=manner,
        volunteers=any(fact.shared == "volunteered" for fact in told),
        acts=_meanings(domain.user_acts),
    )
    words: dict[str, Json] = {"type": "string", "minLength": 1, "maxLength": 300}
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {"act": {"enum": acts}, "text": words, "done": {"type": "boolean"}},
        "required": ["act", "text", "done"],
        "additionalProperties": False,
    }
    return Side("user", speaker, system, written.hash, schema, acts, [])


def opening() -> str:
    """What starts the user."""
    return prompt("simulate", "interplay_user").render(part="opening")


def heard_by_user(text: str) -> str:
    """The assistant's words as the user's model hears them; bare, small models take them for a user's and help."""
    return prompt("simulate", "interplay_user").render(part="heard", text=text)


def _meanings(acts: Mapping[str, ActSpec]) -> list[tuple[str, str]]:
    return [(name, act.means) for name, act in sorted(acts.items())]


def _how(fact: Fact, domain: Domain) -> str:
    if fact.shared == "volunteered":
        return " (say it early)"
    if fact.shared == "refused":
        return " (do not give it, however often you are asked)"
    if fact.shared == "corrected":
        return f" (first say {domain.say(fact.slot, fact.first_said)} by mistake, then correct yourself)"
    return ""


def _manner(scenario: Scenario) -> list[str]:
    """What the levels of the standard factors mean for the user, in words."""
    lines = {
        ("mood", "angry"): "You are angry and complain once before you go on.",
        ("mood", "hurried"): "You are in a hurry: short messages, no politeness.",
        ("detour", "digression"): "Once, ask a question about something else before you go on.",
        ("detour", "repair"): "Once, write something unclear, and say it again properly when asked.",
        ("detour", "change_of_mind"): "When you are asked to confirm, you change your mind and say no.",
        ("detour", "refusal"): "The first time you are asked for a detail, ask why it is needed.",
        ("detour", "abandon"): "After a few messages, say that you have to go, with the act abandon.",
    }
    return [text for (factor, level), text in lines.items() if scenario.levels.get(factor) == level]


def teacher_side(domain: Domain, speaker: Speaker) -> Side:
    written = prompt("simulate", "interplay_teacher")
    acts = sorted(domain.assistant_acts)
    tools = list(domain.tools.values())
    described = [
        {"name": t.name, "description": t.spec.description, "arguments": canonical(t.spec.parameters).decode()}
        for t in tools
    ]
    system = written.render(
        title=domain.spec.title,
        policy=domain.spec.policy.strip(),
        tools=described,
        acts=_meanings(domain.assistant_acts),
    )
    words: dict[str, Json] = {"type": "string", "minLength": 1, "maxLength": 500}
    say: dict[str, Json] = {
        "type": "object",
        "properties": {"act": {"enum": acts}, "text": words},
        "required": ["act", "text"],
        "additionalProperties": False,
    }
    schema: dict[str, Json] = {"anyOf": [say, *call_schemas(domain)]}
    return Side("teacher", speaker, system, written.hash, schema, acts, sorted(domain.tools))


def call_schemas(domain: Domain, **fields: Json) -> list[dict[str, Json]]:
    """A JSON Schema for a call of each tool; `fields` stand before the tool's name."""
    return [
        {
            "type": "object",
            "properties": {**fields, "tool": {"const": tool.name}, "arguments": tool.spec.parameters},
            "required": [*fields, "tool", "arguments"],
            "additionalProperties": False,
        }
        for tool in domain.tools.values()
    ]
