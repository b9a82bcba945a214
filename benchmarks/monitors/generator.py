"""A small generator that learns acts and words by n-gram and can therefore really collapse.

It is no model of language; it stands for any model that is trained on what it said itself. It learns, task by task,
which act follows the last two turns, and for every act which word follows the last two words, from counts alone. Like
any model it is used a little below temperature 1, so what is rare is said a little less often than it was learnt.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Any

from turnwright.reading import Example, Said

__all__ = ["Generator"]

WORD = re.compile(r"\w+(?:'\w+)?|[.,!?]")
MOST_TURNS, MOST_WORDS = 40, 40
Kind = tuple[str, str]
"""Role and act; a user's act is the one that it answers."""
END: Kind = ("", "")
Counts = defaultdict[Any, Counter[Any]]
"""What was said before → what followed, how often."""
Chances = tuple[list[Any], list[float]]


class Generator:
    """temperature: below 1, chances are sharpened by the power 1 / temperature."""

    def __init__(self, *, temperature: float) -> None:
        self._power = 1 / temperature
        self._tasks: list[str] = []
        self._flow: Counts = defaultdict(Counter)
        self._words: Counts = defaultdict(Counter)
        self._ready: dict[int, dict[Any, Chances]] = {}

    def learn(self, examples: Sequence[Example]) -> None:
        """Count these conversations too."""
        self._ready = {}
        for one in examples:
            self._tasks.append(one.task)
            kinds = _kinds(one)
            for first, second, third in zip([END, END, *kinds], [END, *kinds], [*kinds, END], strict=False):
                self._flow[one.task, first, second][third] += 1
            for kind, turn in zip(kinds, _said(one), strict=True):
                said = WORD.findall(turn.text.lower())
                for before, last, word in zip(["", "", *said], ["", *said], [*said, ""], strict=False):
                    self._words[kind, before, last][word] += 1

    def conversations(self, count: int, rng: Random, name: str) -> list[Example]:
        """New conversations, their tasks drawn as they were learnt."""
        return [self._conversation(rng.choice(self._tasks), rng, f"{name}/{number}") for number in range(count)]

    def _conversation(self, task: str, rng: Random, name: str) -> Example:
        turns: list[Said] = []
        first = second = END
        while len(turns) < MOST_TURNS:
            first, second = second, self._drawn(self._flow, (task, first, second), rng)
            if second == END:
                break
            role, act = second
            text = self._text(second, rng)
            labelled = act if role == "assistant" else ""
            turns.append(Said(role="assistant" if labelled else "user", text=text, act=labelled, origin="model"))
        return Example(name=name, task=task, turns=tuple(turns))

    def _text(self, kind: Kind, rng: Random) -> str:
        said: list[str] = []
        before = last = ""
        while len(said) < MOST_WORDS:
            before, last = last, self._drawn(self._words, (kind, before, last), rng)
            if not last:
                break
            said.append(last)
        return " ".join(said)

    def _drawn(self, counts: Counts, context: Any, rng: Random) -> Any:
        """What follows in this context; chances are worked out when they are first needed."""
        ready = self._ready.setdefault(id(counts), {})
        if context not in ready:
            seen = counts[context]
            ready[context] = list(seen), list(accumulate(count**self._power for count in seen.values()))
        following, chances = ready[context]
        return rng.choices(following, cum_weights=chances)[0]


def _said(one: Example) -> list[Said]:
    return [turn for turn in one.turns if turn.role == "user" or turn.act]


def _kinds(one: Example) -> list[Kind]:
    kinds: list[Kind] = []
    asked = ""
    for turn in _said(one):
        if turn.role == "user":
            kinds.append(("user", asked))
        else:
            asked = turn.act
            kinds.append(("assistant", asked))
    return kinds
