"""Repetition: the same words again by the same side, loops within a turn, echoes of the other side.

What the blueprint plans several times may be said several times; short formulae may always come again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from turnwright.records import Conversation, Defect, Turn
from turnwright.verify.check import Check, Context
from turnwright.verify.reading import Said

__all__ = ["Repetition"]

_FORMULA = 5
"""Texts of up to so many words are formulae ("Yes, go ahead please")."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_LOOPS = ((1, 6), (2, 4), (3, 3), (4, 3), (5, 2), (6, 2), (7, 2), (8, 2), (9, 2), (10, 2))
"""(length of the run of words, how often in a row makes a loop)."""
_FEWEST_AGAIN = 3
"""No loop without so many words that stood before."""


class Repetition(Check):
    """Repeated turns, looping turns, echoed turns."""

    name = "repetition"
    kinds = ("repetition", "echo")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._seen: dict[tuple[str, str], list[int]] = {}
        self._labels: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        self._last: Turn | None = None

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if not turn.text:
            return
        said = self.context.said(turn.text)
        loop = _loop(said)
        if loop:
            yield self.defect("repetition", index, f"'{loop}' again and again in '{turn.text}'")
        yield from self._said_before(index, turn, said)
        if self._echoes(turn, said):
            yield self.defect("echo", (index - 1, index), f"only repeats the other side: '{turn.text}'")
        self._last = turn

    def _said_before(self, index: int, turn: Turn, said: Said) -> Iterable[Defect]:
        if len(said.words) <= _FORMULA:
            return
        key = (turn.role, said.spaced)
        places = self._seen.setdefault(key, [])
        labels = self._labels.setdefault(key, set())
        places.append(index)
        labels.add(turn.acts)
        if len(places) > 1 and len(places) > self._allowed(turn, labels):
            yield self.defect("repetition", tuple(places), f"the {turn.role} says again: '{turn.text}'")

    def _allowed(self, turn: Turn, labels: set[tuple[str, ...]]) -> int:
        """How often the blueprint plans a turn of these acts; two acts may share words where the domain does."""
        steps, lexicon, text = self.context.blueprint.steps, self.context.lexicon, self.context.said(turn.text).folded
        if not all(lexicon.worded(turn.role, act, text) for act in turn.acts):
            labels = {turn.acts}
        return sum(step.role == turn.role and step.acts in labels and step.call is None for step in steps)

    def _echoes(self, turn: Turn, said: Said) -> bool:
        last = self._last
        if last is None or last.role == turn.role or len(said.words) <= _FORMULA:
            return False
        if self.context.said(last.text).spaced != said.spaced:
            return False
        values = " ".join(self.context.domain.say(slot, value) for slot, value in turn.mentions)
        own = Counter(said.words) - Counter(self.context.said(values).words if values else ())
        return own.total() > 3

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        if conversation.ending == "loop":
            yield self.defect("repetition", len(conversation.turns) - 1, "the simulation was stopped in a loop")


def _loop(said: Said) -> str:
    """A run of words that follows itself, or a sentence of five words or more that stands twice; else empty."""
    words = said.words
    if len(words) - len(set(words)) < _FEWEST_AGAIN:
        return ""
    for size, times in _LOOPS:
        if len(words) < size * times:
            break
        found = _run(words, size, times)
        if found:
            return found
    if len(words) < 2 * _FORMULA:
        return ""
    sentences = Counter(" ".join(sentence.split()) for sentence in _SENTENCE.split(said.folded))
    return next((text for text, count in sentences.items() if count > 1 and len(text.split()) >= _FORMULA), "")


def _run(words: list[str], size: int, times: int) -> str:
    same = 0
    for at in range(size, len(words)):
        same = same + 1 if words[at] == words[at - size] else 0
        if same >= size * (times - 1) and any(word.isalpha() for word in words[at - size + 1 : at + 1]):
            return " ".join(words[at - size + 1 : at + 1])
    return ""
