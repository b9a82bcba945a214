"""Whether what an assistant says of numbers and names was said before: by the user, by a tool, in a call.

A value that comes from nowhere leaves bags of words and acts as they are, so no other monitor sees it. Each side has
its own level, since people paraphrase (`tomorrow`) and round; only the difference says something. It does not look at
whether the right value was taken out of those that were said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set

import numpy as np

from turnwright.monitor.measures.levels import Levels, share
from turnwright.monitor.statistic import LeftOut, Monitor, Sample, Statistic
from turnwright.reading import Example, Said

__all__ = ["MONITORS", "pieces"]

EVERYDAY = 3
"""Conversations of both sets that must have a word in small letters before it is taken for no name."""

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+")
_CLOCK = re.compile(r"\b(1[3-9]|2[0-3]):\d\d")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_ALWAYS = frozenset(["i", "am", "pm", "ok", "okay", "asap", "ai", "id", "pin", "mr", "mrs", "ms", "dr", *_MONTHS])
"""Words with a capital that name nothing, and months, which results write as numbers."""


def pieces(text: str, everyday: Set[str] = frozenset()) -> set[str]:
    """Numbers without leading zeros and separators, and names in lower case.

    everyday: words that are no names even where they have a capital (see `_everyday`).
    """
    found = {_plain(number) for number in _NUMBER.findall(text)}
    return found | {name for name in _capitals(text) if name not in _ALWAYS and name not in everyday}


def _capitals(text: str) -> Iterator[str]:
    """Words with a capital inside a sentence, in lower case."""
    opening = True
    for token in text.split():
        if token[0].isupper() and not opening:
            yield from (word.lower() for word in _WORD.findall(token) if word[0].isupper())
        opening = token[-1] in ".!?:"


def _everyday(examples: Sequence[Example]) -> frozenset[str]:
    """Words that more conversations have in small letters than with a capital inside a sentence; three at least."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for one in examples:
        texts = [turn.text for turn in one.turns if turn.role != "tool"]
        small.update({word for word in _WORD.findall(" ".join(texts)) if word.islower()})
        capital.update({word for text in texts for word in _capitals(text)})
    return frozenset(word for word, count in small.items() if count >= EVERYDAY and count > capital[word])


def _plain(number: str) -> str:
    whole = number.replace(",", "").removesuffix(".00").lstrip("0")
    return whole or "0"


def _evidence(turn: Said) -> set[str]:
    """Numbers and words of a turn that may be repeated; times also by the twelve-hour clock, and how many it found."""
    called = " ".join(map(str, (turn.call.arguments or {}).values())) if turn.call else ""
    text = called if turn.role == "assistant" else f"{turn.text} {called}"
    numbers = {_plain(number) for number in _NUMBER.findall(text)}
    hours = {str(int(hour) - 12) for hour in _CLOCK.findall(text)}
    items = {str(turn.text.count("{"))} if turn.role == "tool" else set()
    return numbers | hours | items | {word.lower() for word in _WORD.findall(text)}


def _said(one: Example, everyday: Set[str] = frozenset()) -> Iterator[tuple[int, int]]:
    """Of every assistant turn with words: pieces that were said before, and all its pieces."""
    known: set[str] = set()
    for turn in one.turns:
        if turn.role == "assistant" and turn.text:
            told = pieces(turn.text, everyday)
            yield len(told & known), len(told)
        known |= _evidence(turn)


def _prepare(sample: Sample) -> Statistic | LeftOut:
    everyday = _everyday(sample.examples)
    rows = [tuple(map(sum, zip(*_said(one, everyday), strict=True))) or (0, 0) for one in sample.examples]
    sums = np.array(rows, dtype=np.float32)
    told = sums[:, 1] > 0
    n = int(told[: sample.reference].sum()), int(told[sample.reference :].sum())
    if not all(n):
        side = "synthetic set" if n[0] else "reference"
        return LeftOut(f"no assistant turn of the {side} has a number or a name")
    return Levels(sums=sums, level=share, n=n)


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        name="assistant_grounded",
        family="grounding",
        title="Values that were said before",
        means="Share of numbers and names in assistant turns that the user, a call or a tool result had named before; "
        "values out of nowhere lower it.",
        prepare=_prepare,
        side="assistant",
        unit="ratio",
        worse="either",
    ),
)
