"""Form: roles in order, calls with their results, words that are words. Says nothing about meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from turnwright.domains import speakers
from turnwright.records import Conversation, Defect, Turn
from turnwright.verify.check import Check, Context
from turnwright.verify.reading import fold

__all__ = ["Form"]

_BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd\ufeff\u200b\u200e\u200f\u202a-\u202e]|â€|Ã[©¨¼¶¤±³§ª«¡]|\\\\u[0-9a-f]{4}"
)
_DEBRIS = re.compile(
    r"""
    \{\s*[A-Za-z_][\w.\s]{0,40}\}  |  \{\{  |  \}\}                       # {slot}
  | \[(?:/?INST|[A-Z][A-Za-z ,'/_-]{1,40}|[a-z]+(?:[ _][a-z]+){0,4})\]     # [Your Name]
  | <\|[^<>|\n]{1,40}\|> | <</?SYS>> | </?[A-Za-z][\w -]{0,30}/?>          # <|im_end|>, <name>
  | ``` | ^\s*[\[{]\s*["\[{] | "\s*:\s*["\[{\d] | ^\#{2,}\s                # code fences, JSON, headings
  | ^\s*(?:user|assistant|customer|agent|system|human|bot|ai|tool|operator|representative|caller|client)\s*:(?=\s)
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""What is no speech, whoever speaks."""
_MAYBE_DEBRIS = re.compile(r"[\[\]{}<>`#:]")
_LEAVING = frozenset({"bye", "abandon", "thank", "no_more"})


class Form(Check):
    """Roles and order, ids of calls and results, length, characters, debris, ending."""

    name = "form"
    kinds = ("broken_form", "bad_characters", "debris", "too_long", "wrong_ending")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._last: Turn | None = None
        self._ids: set[str] = set()
        roles = [step.role for step in context.blueprint.steps]
        self._user_may_repeat = ("user", "user") in pairwise(roles)
        self._speakers = speakers(context.scenario.persona.name, context.domain.spec.title)

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        shape = self._shape(turn)
        order = "" if shape else self._order(turn)
        if shape:
            yield self.defect("broken_form", index, shape)
        elif order:
            yield self.defect("broken_form", (index - 1, index) if index else index, order)
        if turn.call is not None:
            self._ids.add(turn.call.id)
        self._last = turn
        if turn.text:
            yield from self._words(index, turn)

    def _shape(self, turn: Turn) -> str:
        if turn.role == "tool":
            return "" if turn.result is not None and not turn.text else "a tool turn needs a result and no words"
        if turn.result is not None:
            return f"a turn of the {turn.role} has a tool result"
        if turn.role == "user":
            return "the user calls a tool" if turn.call else ("" if turn.text.strip() else "the user says nothing")
        if bool(turn.text.strip()) == (turn.call is not None):
            return "the assistant needs either words or a call" + (", has both" if turn.call else ", has neither")
        if turn.call is not None and turn.call.id in self._ids:
            return f"the call id '{turn.call.id}' stands twice"
        return ""

    def _order(self, turn: Turn) -> str:
        called = self._last.call if self._last is not None else None
        if turn.role == "tool":
            if called is None:
                return "a tool result without a call before it"
            result = turn.result
            if result is not None and (result.call_id, result.name) != (called.id, called.name):
                return f"a result of {result.name} ({result.call_id}) follows the call {called.name} ({called.id})"
        elif called is not None:
            return f"the call of {called.name} has no result"
        elif turn.role == "user" and self._last is not None and self._last.role == "user" and not self._user_may_repeat:
            return "two turns of the user in a row"
        return ""

    def _words(self, index: int, turn: Turn) -> Iterable[Defect]:
        bad = _BAD.search(turn.text)
        if bad:
            yield self.defect("bad_characters", index, f"{bad.group()!a} in '{turn.text}'")
        if len(turn.text) > 2 * self.context.settings.longest_turn:
            words = len(turn.text.split())
            if words > self.context.settings.longest_turn or len(turn.text) > 20 * self.context.settings.longest_turn:
                yield self.defect("too_long", index, f"{words} words, {len(turn.text)} characters")
        debris = self._debris(turn)
        if debris:
            yield self.defect("debris", index, f"'{debris}' in '{turn.text}'")

    def _debris(self, turn: Turn) -> str:
        """The first piece of debris that is neither part of a value nor the domain's own way to write."""
        if not _MAYBE_DEBRIS.search(turn.text):
            return ""
        named = self._speakers.match(turn.text)
        if named:
            return named.group().strip()
        for match in _DEBRIS.finditer(turn.text):
            piece = match.group().strip()
            if not self._owned(piece, turn):
                return piece
        return ""

    def _owned(self, piece: str, turn: Turn) -> bool:
        domain, folded = self.context.domain, fold(piece)
        if any(folded in fold(domain.say(slot, value)) for slot, value in turn.mentions):
            return True
        if any(folded.rstrip(": ") == fold(domain.label(slot)) for slot, _ in turn.mentions):
            return True
        return piece[0] not in "{}" and folded in self.context.lexicon.own_words

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        turns = conversation.turns
        if not any(turn.role == "user" for turn in turns) or not any(t.role == "assistant" and t.text for t in turns):
            yield self.defect("broken_form", range(len(turns)), "one side says nothing")
            return
        last = len(turns) - 1
        if len(turns) > self.context.settings.most_turns:
            yield self.defect("too_long", last, f"{len(turns)} turns")
        if turns[-1].call is not None:
            yield self.defect("broken_form", last, f"the call of {turns[-1].call.name} has no result")
        elif turns[-1].role == "tool":
            yield self.defect("broken_form", last, "the conversation ends on a tool result")
        elif turns[-1].role == "user" and not self._user_may_end(conversation):
            yield self.defect("wrong_ending", last, f"ends on the user's '{turns[-1].text}'")
        yield from self._ending(conversation)

    def _user_may_end(self, conversation: Conversation) -> bool:
        steps = self.context.blueprint.steps
        planned = bool(steps) and steps[-1].role == "user"
        return planned or conversation.ending == "abandoned" or bool(_LEAVING & set(conversation.turns[-1].acts))

    def _ending(self, conversation: Conversation) -> Iterable[Defect]:
        planned = self.context.blueprint.outcome
        ending = conversation.ending
        if ending == "complete" or (ending == "abandoned" and planned == "abandoned"):
            return
        yield self.defect("wrong_ending", len(conversation.turns) - 1, f"ended as '{ending}', planned was '{planned}'")
