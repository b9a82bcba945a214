"""A blueprint as the checks ask it: which values a slot may have, what is confirmed before which call, what is left."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from turnwright.domains import Domain
from turnwright.records import Blueprint, Fact, Json, Step, ToolCall

__all__ = ["Consent", "Planned"]


class Consent(NamedTuple):
    """The user's planned agreement to a call: the acts of the question and of the answer, empty where none is asked."""

    call: ToolCall
    question: tuple[str, ...] = ()
    answer: str = ""


class Planned:
    """One blueprint, read once."""

    def __init__(self, blueprint: Blueprint, domain: Domain, writes: frozenset[str]) -> None:
        self.blueprint, self._domain, self._writes = blueprint, domain, writes
        self.steps = blueprint.steps

    @cached_property
    def values(self) -> dict[str, list[Json]]:
        """Slot → every value that the blueprint gives it anywhere."""
        values: dict[str, list[Json]] = {}
        for fact in self.blueprint.facts:
            values.setdefault(fact.slot, []).append(fact.value)
            if fact.first_said is not None:
                values[fact.slot].append(fact.first_said)
        for step in self.steps:
            for slot, value in step.mentions:
                if value not in values.setdefault(slot, []):
                    values[slot].append(value)
        return values

    @cached_property
    def holders(self) -> dict[str, set[str]]:
        """Value as folded text → the slots that have it anywhere."""
        holders: dict[str, set[str]] = {}
        for slot, values in self.values.items():
            for value in values:
                holders.setdefault(str(value).casefold(), set()).add(slot)
        return holders

    @cached_property
    def phases(self) -> list[list[tuple[str, Json]]]:
        """What the assistant's planned turns mention, by how many gold calls have been made before."""
        phases: list[list[tuple[str, Json]]] = [[]]
        for step in self.steps:
            if step.call is not None:
                phases.append([])
            elif step.role == "assistant":
                phases[-1].extend(step.mentions)
        return phases

    @cached_property
    def corrections(self) -> tuple[Fact, ...]:
        """Facts that are first said wrong and then put right."""
        facts = self.blueprint.facts
        return tuple(fact for fact in facts if fact.shared == "corrected" and fact.first_said is not None)

    @cached_property
    def consents(self) -> list[Consent]:
        """Writing gold calls, in order, each with what the flow asks the user first (nothing, for some)."""
        calls = [(at, step.call) for at, step in enumerate(self.steps) if step.call is not None]
        return [self._consent(at, call) for at, call in calls if call.name in self._writes]

    def _consent(self, index: int, call: ToolCall) -> Consent:
        for before in range(index - 1, -1, -1):
            step = self.steps[before]
            if step.call is not None and step.call.name in self._writes:
                break
            if step.role == "user" and step.acts and self._chosen(step):
                asked = (s.acts for s in reversed(self.steps[:before]) if s.role == "assistant" and s.call is None)
                return Consent(call, next(asked, ()), step.acts[0])
        return Consent(call)

    def _chosen(self, step: Step) -> bool:
        """Whether this user step answers a choice of the flow."""
        intent = self._domain.spec.intents.get(self.blueprint.intent)
        flow = self._domain.spec.flows.get((intent.flow if intent else "") or self.blueprint.intent)
        node = flow.nodes.get(step.node) if flow else None
        return bool(node and step.acts[0] in node.choose)
