"""Course: the conversation does not end before its goal, asks before it changes things, and takes corrections."""

from __future__ import annotations

import re
from collections.abc import Iterable

from turnwright.records import Conversation, Defect, Fact, Json, Step, ToolCall, Turn
from turnwright.verify.check import Check, Context
from turnwright.verify.planned import Consent

__all__ = ["Course"]

_FAREWELL = re.compile(
    r"\b(?:good\s?-?bye|bye|have an? (?:nice|good|great|lovely|wonderful) (?:day|evening|weekend|one))\b"
)
_OWN_WORDS = 4
"""Shorter goodbyes of a domain ("All the best.") may stand within other sentences."""
_LONG_NUMBER = 3
"""A number of so many digits is never written as a word."""
_YES = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|ok|okay|please do|go ahead|correct|right|confirm(?:ed)?|do (?:it|that|so)|sounds good"
    r"|fine|agreed?|absolutely|definitely|of course|perfect|great|good|works for me|proceed|i'd like that|please)\b"
)
_CLEAR_YES = re.compile(r"\b(?:yes|yeah|yep|sure|go ahead|do it|confirm|agreed?)\b")
_NO = re.compile(
    r"(?m:^)\W*(?:no|nope|nah|never|stop)\b(?! (?:problem|worries|doubt|objection))"
    r"|\b(?:don't(?! (?:worry|mind))|do not|not now|rather not|leave it|changed my mind|cancel that)\b"
)


class Course(Check):
    """Premature closing, skipped confirmation, ignored correction, each judged at the turn that shows it."""

    name = "course"
    kinds = ("premature_closing", "skipped_confirmation", "ignored_correction")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._turns: list[Turn] = []
        self._calls: list[ToolCall] = []
        self._written = -1
        self._closed = context.blueprint.outcome == "abandoned"
        self._consents = list(context.planned.consents)
        self._wrong: dict[str, Fact] = {}
        self._corrected: dict[str, Fact] = {}

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if turn.call is not None:
            yield from self._consent(index, turn.call)
            yield from self._stale_arguments(index, turn.call)
            self._calls.append(turn.call)
            if turn.call.name in self.context.lexicon.writes:
                self._written = index
        elif turn.text and turn.role == "assistant":
            yield from self._closing(index, turn)
            yield from self._stale_words(index, turn)
        elif turn.text:
            self._hear_correction(turn)
        self._turns.append(turn)

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        """An interplay may also stop without a goodbye; a filled-in skeleton is compared with its outline instead."""
        if self._closed or self.context.way == "fill" or not self._turns or conversation.ending != "complete":
            return
        left = self._left_to_do(self._turns[-1])
        if left:
            yield self.defect("premature_closing", len(self._turns) - 1, f"the conversation is over, but {left}")

    # --- closing ------------------------------------------------------------------------------------------------

    def _closing(self, index: int, turn: Turn) -> Iterable[Defect]:
        if self._closed or not self._says_goodbye(turn):
            return
        self._closed = True
        left = self._left_to_do(turn)
        if left:
            yield self.defect("premature_closing", index, f"'{turn.text}', but {left}")

    def _says_goodbye(self, turn: Turn) -> bool:
        acts = self.context.acts(turn)
        goodbye = self.context.domain.spec.behaviour.goodbye
        if goodbye and goodbye in acts:
            return True
        if not self._parting(self.context.said(turn.text).folded):
            return False
        phrasings = (self.context.lexicon.phrasings_of("assistant", act) for act in acts)
        return not any(self._parting(text) for text in phrasings)

    def _parting(self, folded: str) -> bool:
        """Whether a goodbye is in the words: a common one, or one of the domain's own ("Take care!")."""
        if _FAREWELL.search(folded):
            return True
        goodbye = self.context.domain.spec.behaviour.goodbye
        own = self.context.lexicon.phrasings_of("assistant", goodbye).split("\n") if goodbye else []
        return any(phrasing in folded for phrasing in own if len(phrasing.split()) >= _OWN_WORDS)

    def _left_to_do(self, turn: Turn) -> str:
        """What the blueprint still wants done, in words; empty when the goal is reached."""
        gold, writes = self.context.blueprint.calls, self.context.lexicon.writes
        made = [call.name for call in self._calls]
        for call in gold:
            must = call.name in writes or self.context.way == "fill" or not any(c.name in writes for c in gold)
            if must and made.count(call.name) < sum(other.name == call.name for other in gold):
                return f"{call.name} was not called"
        if self.context.way != "fill":
            return ""
        planned, actual = self._substance(self._before_goodbye()), self._substance([*self._turns, turn])
        return f"{planned - actual} planned turns of the assistant are missing" if actual < planned else ""

    def _before_goodbye(self) -> tuple[Step, ...]:
        steps, goodbye = self.context.blueprint.steps, self.context.domain.spec.behaviour.goodbye
        at = next((i for i, step in enumerate(steps) if step.role == "assistant" and goodbye in step.acts), len(steps))
        return steps[:at]

    def _substance(self, turns: Iterable[Turn | Step]) -> int:
        """How many assistant turns say something of the matter itself, not only greet, wait or part."""
        general = self.context.lexicon.general_acts
        texts = [turn for turn in turns if turn.role == "assistant" and turn.call is None]
        return sum(any(act not in general for act in turn.acts) for turn in texts)

    # --- confirmation -------------------------------------------------------------------------------------------

    def _consent(self, index: int, call: ToolCall) -> Iterable[Defect]:
        same = [consent for consent in self._consents if consent.call.name == call.name]
        consent = next((c for c in same if c.call.arguments == call.arguments), next(iter(same), None))
        if consent is None:
            return
        self._consents.remove(consent)
        if not consent.answer:
            return
        why = self._missing_consent(consent)
        if why:
            yield self.defect("skipped_confirmation", index, f"{call.name} is called, but {why}")

    def _missing_consent(self, consent: Consent) -> str:
        since = self._turns[self._written + 1 :]
        users = [at for at, turn in enumerate(since) if turn.role == "user" and self._agrees(turn, consent.answer)]
        if not users:
            return f"the user never agreed ('{consent.answer}')"
        at, answer = users[-1], since[users[-1]]
        if self._denies(answer, consent.answer):
            return f"the user said '{answer.text}'"
        asked = [self.context.acts(turn) for turn in since[:at] if turn.role == "assistant" and turn.text]
        if consent.question and asked and all(asked) and not any(set(consent.question) & set(acts) for acts in asked):
            return f"the user was never asked ('{'+'.join(consent.question)}')"
        return "" if asked or not consent.question else "the user was never asked"

    def _agrees(self, turn: Turn, answer: str) -> bool:
        acts = self.context.acts(turn)
        return answer in acts if acts else bool(_YES.search(self.context.said(turn.text).folded))

    def _denies(self, turn: Turn, answer: str) -> bool:
        """The words say no although the label says yes; only where yes is what was planned."""
        folded = self.context.said(turn.text).folded
        if not _NO.search(folded) or _CLEAR_YES.search(folded):
            return False
        return not _NO.search(self.context.lexicon.phrasings_of("user", answer))

    # --- correction ---------------------------------------------------------------------------------------------

    def _hear_correction(self, turn: Turn) -> None:
        """Wrong first and right later, or both in one turn ("It's 4711. Sorry, 4712.")."""
        for fact in self.context.planned.corrections:
            if self.context.carries(fact.slot, fact.first_said, turn.text):
                self._wrong[fact.slot] = fact
            if fact.slot in self._wrong and self.context.carries(fact.slot, fact.value, turn.text):
                self._corrected[fact.slot] = fact

    def _stale_words(self, index: int, turn: Turn) -> Iterable[Defect]:
        for fact in self._corrected.values():
            if self._public(fact):
                continue
            new = self.context.carries(fact.slot, fact.value, turn.text)
            if not new and self._says(fact.slot, fact.first_said, self._without_others(index, turn, fact.slot)):
                yield self.defect("ignored_correction", index, self._stale(fact, turn.text))

    def _stale_arguments(self, index: int, call: ToolCall) -> Iterable[Defect]:
        if any(call.name == gold.name and call.arguments == gold.arguments for gold in self.context.blueprint.calls):
            return
        for fact in self._corrected.values():
            if any(_same(value, fact.first_said) for value in call.arguments.values()):
                yield self.defect("ignored_correction", index, self._stale(fact, f"{call.name} {call.arguments}"))

    def _without_others(self, index: int, turn: Turn, slot: str) -> str:
        """The words without the values of other slots, which may hold the old value by chance."""
        text = turn.text
        for name, value in self.context.mentions(index, turn):
            if name != slot:
                text = text.replace(self.context.domain.say(name, value), " ")
        return text

    def _says(self, slot: str, value: Json, text: str) -> bool:
        """Whether the value is said as a value: "in May" says a month, "May I" does not; nor "one moment" a 1."""
        surface = self.context.domain.say(slot, value)
        if surface.isdigit() and len(surface) < _LONG_NUMBER:
            return bool(re.search(rf"(?<![\w.,]){surface}(?!\w|[.,]\d)", text))
        if not surface.isalpha():
            return self.context.carries(slot, value, text)
        return bool(re.search(rf"(?<!^)(?<![.!?] )\b{re.escape(surface)}\b(?! (?:I|we|you)\b)", text))

    def _public(self, fact: Fact) -> bool:
        """The old value is also the right value of something else, so that saying it is no mistake."""
        return not self.context.planned.holders.get(str(fact.first_said).casefold(), set()) <= {fact.slot}

    def _stale(self, fact: Fact, where: str) -> str:
        old, new = self.context.say(fact.slot, fact.first_said), self.context.say(fact.slot, fact.value)
        return f"the {self.context.domain.label(fact.slot)} was corrected from {old} to {new}: {where}"


def _same(one: Json, other: Json) -> bool:
    return bool(one == other) or str(one).casefold() == str(other).casefold()
