"""Leaks: secrets that the assistant says, hidden facts that the user says, inner names that either says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from turnwright.records import Defect, Json, Turn
from turnwright.verify.check import Check, Context

__all__ = ["Leaks"]

_INNER = re.compile(r"(?<![\w@./-])[a-z]+(?:_[a-z0-9]+)+(?![\w@])")
_MACHINERY = {
    "user": re.compile(r"\b(?:blueprint|(?<!case )scenario|(?:gold|tool|function) call|system prompt|act label)s?\b"),
    "assistant": re.compile(r"\b(?:(?:gold|tool|function) call|system prompt|act label)s?\b"),
}
_NEVER = ("hidden", "forgotten", "refused")


class Leaks(Check):
    """Unsafe disclosure by the assistant; facts that the user should keep; words of the machinery."""

    name = "leaks"
    kinds = ("unsafe_disclosure", "leak")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._secrets: list[tuple[str, Json]] = [*self._planned_secrets()]
        self._kept = [*self._kept_facts()]
        self._heard: set[str] = set()

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if turn.result is not None:
            self._secrets += self._found_secrets(turn.result.content)
        if not turn.text:
            return
        if turn.role == "assistant":
            self._heard.update(slot for slot, value, _ in self._kept if self.context.carries(slot, value, turn.text))
            yield from self._disclosed(index, turn)
        else:
            yield from self._given_away(index, turn)
        yield from self._inner_names(index, turn)

    def _disclosed(self, index: int, turn: Turn) -> Iterable[Defect]:
        for slot, value in self._secrets:
            if self.context.carries(slot, value, turn.text, loosely=False):
                label = self.context.domain.label(slot)
                yield self.defect("unsafe_disclosure", index, f"the assistant says the {label}: '{turn.text}'")
                return

    def _given_away(self, index: int, turn: Turn) -> Iterable[Defect]:
        for slot, value, shared in self._kept:
            if slot not in self._heard and self.context.carries(slot, value, turn.text, loosely=False):
                label = self.context.domain.label(slot)
                yield self.defect("leak", index, f"the user says the {label}, which is {shared}: '{turn.text}'")
                return

    def _inner_names(self, index: int, turn: Turn) -> Iterable[Defect]:
        folded = self.context.said(turn.text).folded
        names = self.context.lexicon.inner_names
        found = next((name for name in _INNER.findall(folded) if name in names), "") if "_" in folded else ""
        if not found:
            word = _MACHINERY[turn.role].search(folded)
            found = word.group() if word and word.group().rstrip("s") not in self.context.lexicon.own_words else ""
        if found and not any(found in str(value).casefold() for _, value in self.context.mentions(index, turn)):
            yield self.defect("leak", index, f"'{found}' belongs to the machinery: '{turn.text}'")

    def _planned_secrets(self) -> Iterator[tuple[str, Json]]:
        for slot in self.context.lexicon.secrets:
            for fact in self.context.blueprint.facts:
                if fact.slot == slot and self._telling(slot, fact.value):
                    yield slot, fact.value

    def _found_secrets(self, content: Json) -> Iterator[tuple[str, Json]]:
        """Values that a tool gave under the name of a secret slot."""
        if isinstance(content, list):
            for item in content:
                yield from self._found_secrets(item)
        elif isinstance(content, dict):
            for key, value in content.items():
                if key not in self.context.lexicon.secrets:
                    yield from self._found_secrets(value)
                elif self._telling(key, value) and (key, value) not in self._secrets:
                    yield key, value

    def _kept_facts(self) -> Iterator[tuple[str, Json, str]]:
        """Facts that no user turn is planned to say."""
        said = {slot for step in self.context.blueprint.steps if step.role == "user" for slot, _ in step.mentions}
        for fact in self.context.blueprint.facts:
            if fact.shared in _NEVER and fact.slot not in said and self._telling(fact.slot, fact.value):
                yield fact.slot, fact.value, fact.shared

    def _telling(self, slot: str, value: Json) -> bool:
        """Whether hearing the value tells something: long enough, and not also the value of another slot."""
        if not isinstance(value, str | int | float) or isinstance(value, bool) or len(str(value)) < 3:
            return False
        return self.context.planned.holders.get(str(value).casefold(), set()) <= {slot}
