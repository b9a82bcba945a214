"""Values: planned values are in the words, and no other value is, unless something supports it.

The assistant may state what tools found, what the user said, what the domain declares and what the blueprint plans
for this point of the conversation. The user may state what the blueprint gives them and what the assistant said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from turnwright.records import Defect, Json, Turn
from turnwright.verify.check import Check, Context
from turnwright.verify.grounds import Grounds
from turnwright.verify.reading import Said, Value, said_of

__all__ = ["Values"]

_STRONG = frozenset({"email", "url", "code", "money", "date", "digits"})
"""Kinds of value that a user cannot say in passing; "three weeks" or "twice" is everyone's own way to talk."""
_ENDING = re.compile(r"(?:ending|ends|ended|last (?:four|4|two|2|three|3))[^.!?]{0,25}$")
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s+([A-Z][\w'-]+)")
_CALLED = re.compile(r"\b(?:Hi|Hello|Hey|Dear|[Tt]hanks|[Tt]hank you|[Ww]elcome),?\s+([A-Z][a-z]{2,})(?=[,.!])")
_NOT_NAMES = frozenset(
    ("there", "again", "sir", "madam", "everyone", "all", "team", "customer", "goodbye", "bye", "please", "back")
)
_SMALL, _SOON = 2, 5
"""Counts up to two and waits of up to five minutes are no claims ("one of the 2", "in 5 minutes")."""


class Values(Check):
    """Mentions carried and right; claims grounded; nothing invented."""

    name = "values"
    kinds = ("missing_value", "wrong_value", "contradiction", "unsupported_claim", "invented_value")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._found = Grounds(context.lexicon.assistant)
        self._known = Grounds(context.lexicon.user)
        self._names = set(context.said(context.scenario.persona.name).words)
        self._stated: dict[str, Json] = {}
        self._calls = 0
        self._open_phase(0)
        for slot, values in context.planned.values.items():
            if self._is_users(slot):
                for value in values:
                    self._teach(self._known, slot, value)
        self._known.learn(context.blueprint.goal)

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if turn.call is not None:
            self._calls += 1
            self._open_phase(self._calls)
        elif turn.result is not None:
            self._found.learn(turn.result.content)
            self._found.learn(turn.result.error)
        elif turn.text:
            said = self.context.said(turn.text)
            mentions = self.context.mentions(index, turn)
            yield from self._mentions(index, turn, mentions, said)
            yield from self._claims(index, turn, mentions, said)
            # what was said once, rightly or not, is reported once
            self._found.learn(turn.text)
            self._known.learn(turn.text)

    # --- what must be there ---------------------------------------------------------------------------------------

    def _mentions(self, index: int, turn: Turn, mentions: Iterable[tuple[str, Json]], said: Said) -> Iterable[Defect]:
        step = self.context.step(index, turn)
        wanted = list(step.mentions) if step else []
        missing = []
        for slot, value in mentions:
            if not self._planned(slot, value, wanted):
                planned = [known for name, known in wanted if name == slot] or self.context.planned.values[slot]
                said_as, planned_as = self.context.say(slot, value), self.context.say(slot, planned[0])
                yield self.defect("wrong_value", index, f"{slot} is {said_as}, planned was {planned_as}")
            if not self._carried(slot, value, turn.text):
                missing.append((slot, value))
            elif turn.role == "assistant":
                self._stated[slot] = value
        for slot, value in missing:
            yield from self._absent(index, turn, slot, value, said)

    def _carried(self, slot: str, value: Json, text: str) -> bool:
        """In an interplay the mentions were read off the words, letter by letter; that counts as well."""
        if self.context.carries(slot, value, text):
            return True
        return self.context.way != "fill" and self.context.domain.say(slot, value) in text

    def _planned(self, slot: str, value: Json, wanted: list[tuple[str, Json]]) -> bool:
        """Whether the blueprint gives this slot this value: here, where a step is known, else anywhere."""
        here = [known for name, known in wanted if name == slot]
        return value in (here or self.context.planned.values.get(slot) or [value])

    def _absent(self, index: int, turn: Turn, slot: str, value: Json, said: Said) -> Iterable[Defect]:
        instead = self._instead(turn, slot, value, said)
        label, right = self.context.domain.label(slot), self.context.say(slot, value)
        if not instead:
            yield self.defect("missing_value", index, f"the {label} {right} is not in '{turn.text}'")
            return
        yield self.defect("wrong_value", index, f"the {label} is {right}, not '{instead}': '{turn.text}'")
        if self._stated.get(slot) == value:
            yield self.defect("contradiction", index, f"the {label} was {right} before, now '{instead}': '{turn.text}'")

    def _instead(self, turn: Turn, slot: str, value: Json, said: Said) -> str:
        """What stands in the value's place, as far as that can be told; empty when nothing does."""
        domain, right = self.context.domain, said_of(self.context.domain.say(slot, value))
        kinds = {_shape(part) for part in right.values}
        carried = [said_of(domain.say(name, known)) for name, known in turn.mentions if name != slot]
        for part in said.values:
            if _shape(part) in kinds and not any(part.text in other.text for other in carried):
                return part.text
        others = [known for known in self.context.planned.values.get(slot, []) if known != value]
        others += [known for known in domain.slot(slot).wrong if known != value]
        for other in others:
            if isinstance(other, str) and self.context.carries(slot, other, turn.text):
                return other
        forms = self.context.lexicon.siblings(right.spaced) if isinstance(value, str) else ()
        return next((form.strip() for form in sorted(forms) if len(form) > 4 and form in said.spaced), "")

    # --- what may be there ----------------------------------------------------------------------------------------

    def _claims(self, index: int, turn: Turn, mentions: Iterable[tuple[str, Json]], said: Said) -> Iterable[Defect]:
        assistant = turn.role == "assistant"
        own = Grounds(self._found if assistant else self._known)
        for slot, value in mentions:
            if value in self.context.planned.values.get(slot, [value]):
                self._teach(own, slot, value)
        for value in said.values:
            if own.supports(value) or not (_claims_something(value) if assistant else value.kind in _STRONG):
                continue
            if self._tail(value, said, own):
                continue
            if assistant:
                yield self.defect("unsupported_claim", index, f"nothing supports '{value.text}' in '{turn.text}'")
            else:
                yield self.defect("invented_value", index, f"the user was not given '{value.text}': '{turn.text}'")
        if assistant:
            yield from self._addressed(index, turn)

    def _tail(self, value: Value, said: Said, own: Grounds) -> bool:
        """The last digits of a known number, said as such."""
        return value.text.isdigit() and bool(_ENDING.search(said.folded[: value.start])) and own.ends_with(value.text)

    def _addressed(self, index: int, turn: Turn) -> Iterable[Defect]:
        """A customer called by a name that nobody gave."""
        for match in (*_TITLED.finditer(turn.text), *_CALLED.finditer(turn.text)):
            name = match.group(1).casefold()
            if name in _NOT_NAMES or name in self._names or name in self.context.lexicon.own_words:
                continue
            if not self._found.holds_word(name):
                yield self.defect("unsupported_claim", index, f"nobody gave the name '{match.group(1)}': '{turn.text}'")

    # --- what is known --------------------------------------------------------------------------------------------

    def _open_phase(self, calls: int) -> None:
        """What the blueprint lets the assistant say after so many calls becomes known."""
        phases = self.context.planned.phases
        for slot, value in phases[calls] if calls < len(phases) else ():
            self._teach(self._found, slot, value)

    def _teach(self, grounds: Grounds, slot: str, value: Json) -> None:
        grounds.learn(value, slot)
        if value is not None and not isinstance(value, dict):
            grounds.learn(self.context.domain.say(slot, value))

    def _is_users(self, slot: str) -> bool:
        """Whether the slot is something that the user knows or is planned to say."""
        blueprint = self.context.blueprint
        if any(fact.slot == slot for fact in blueprint.facts):
            return True
        return any(step.role == "user" and any(name == slot for name, _ in step.mentions) for step in blueprint.steps)


def _shape(value: Value) -> str:
    return "number" if value.numbers and value.kind != "digits" else value.kind


def _claims_something(value: Value) -> bool:
    """Whether a value in the assistant's words is a claim that needs support."""
    if value.kind == "number":
        return min(value.numbers) > _SMALL
    if value.kind == "span" and value.unit == "minute":
        return min(value.scaled) > _SOON
    return True
