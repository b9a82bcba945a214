"""What critics and teacher are told about a draft: policy, goal, facts and every turn with its number.

Of the tools only those that were called, since a domain may have many and contexts are short.

The same words for all of them, and what each is asked comes last, so that a prefix cache pays for the draft once.
Whatever was said in the draft stays on its own numbered line.
"""

from __future__ import annotations

from turnwright.domains import Domain
from turnwright.models import Message
from turnwright.models.prompting import prompt
from turnwright.records import Blueprint, Conversation, Fact, Json, Scenario, Turn, canonical

__all__ = ["WHO", "Briefing", "shown"]

WHO = {"user": "customer", "assistant": "assistant"}
_NOTES = {
    "hidden": " (the customer never says it)",
    "forgotten": " (the customer does not remember it)",
    "refused": " (the customer will not give it)",
}


class Briefing:
    """Tells about drafts of one blueprint."""

    def __init__(self, blueprint: Blueprint, scenario: Scenario, domain: Domain) -> None:
        self.blueprint, self.scenario, self.domain = blueprint, scenario, domain
        self._draft = prompt("refine", "draft")

    def prompts(self, name: str) -> str:
        """The hashes of the two prompts that make a request: the draft's, and the one that asks."""
        return f"{self._draft.hash}+{prompt('refine', name).hash}"

    def messages(self, conversation: Conversation, asked: str) -> tuple[Message, Message]:
        """The draft as it stands, and then what is asked."""
        title = self.domain.spec.title
        told = self._draft.render(
            part="chat", title=title, **self._about(conversation), turns=[shown(t) for t in conversation.turns]
        )
        return (
            Message(role="system", content=self._draft.render(part="system", title=title)),
            Message(role="user", content=f"{told}\n\n{asked}"),
        )

    def _about(self, conversation: Conversation) -> dict[str, Json]:
        spec, persona = self.domain.spec, self.scenario.persona
        called = dict.fromkeys(turn.call.name for turn in conversation.turns if turn.call is not None)
        known = [self.domain.tools[name].spec for name in called if name in self.domain.tools]
        traits = ", ".join(f"{name}: {value}" for name, value in persona.traits.items())
        return {
            "policy": spec.policy.strip(),
            "tools": [{"name": tool.name, "description": tool.description} for tool in known],
            "persona": f"{persona.name}{f' ({traits})' if traits else ''}",
            "goal": self.blueprint.goal,
            "facts": [
                {"label": self.domain.label(fact.slot), "value": self._value(fact), "note": self._note(fact)}
                for fact in self.blueprint.facts
            ],
        }

    def _value(self, fact: Fact) -> str:
        return self.domain.say(fact.slot, fact.value)

    def _note(self, fact: Fact) -> str:
        if fact.shared == "corrected":
            return f" (the customer first says {self.domain.say(fact.slot, fact.first_said)} by mistake)"
        return _NOTES.get(fact.shared, "")


def shown(turn: Turn) -> str:
    """A turn on one line: `customer: ...`, `assistant: ...`, `call of NAME {...}`, `result of NAME {...}`."""
    words = f"{WHO.get(turn.role, turn.role)}: {' '.join(turn.text.split())}"
    if turn.call is not None:
        return f"{words + ' / ' if turn.text else ''}call of {turn.call.name} {canonical(turn.call.arguments).decode()}"
    if turn.result is not None:
        content: Json = {"error": turn.result.error} if turn.result.error else turn.result.content
        return f"result of {turn.result.name} {canonical(content).decode()}"
    return words
