"""Whether what an assistant says of numbers and names was said before: by the user, by a tool, in a call.

A value that comes from nowhere leaves bags of words and acts as they are, so no other monitor sees it. Each side has
its own level, since people paraphrase (`tomorrow`) and round; only the difference says something. It does not look at
whether the right value was taken out of those that were said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from turnwright.monitor.measures.levels import Levels, share
from turnwright.monitor.statistic import LeftOut, Monitor, Sample, Statistic
from turnwright.reading import Example, Said

__all__ = ["MONITORS", "pieces"]

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+")
_CLOCK = re.compile(r"\b(1[3-9]|2[0-3]):\d\d")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_ALWAYS = frozenset(["i", "am", "pm", "ok", "okay", "asap", "ai", "id", "pin", "mr", "mrs", "ms", "dr", *_MONTHS])
"""Words with a capital that name nothing, and months, which results write as numbers."""


def pieces(text: str) -> set[str]:
    """Numbers without leading zeros and separators, and words in lower case that have a capital inside a sentence."""
    found = {_plain(number) for number in _NUMBER.findall(text)}
    opening = True
    for token in text.split():
        inside = token[:1].isupper() and not opening
        found |= {word.lower() for word in _WORD.findall(token) if inside and word[0].isupper()} - _ALWAYS
        opening = token[-1] in ".!?:"
    return found


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


def _said(one: Example) -> Iterator[tuple[int, int]]:
    """Of every assistant turn with words: pieces that were said before, and all its pieces."""
    known: set[str] = set()
    for turn in one.turns:
        if turn.role == "assistant" and turn.text:
            told = pieces(turn.text)
            yield len(told & known), len(told)
        known |= _evidence(turn)


def _prepare(sample: Sample) -> Statistic | LeftOut:
    rows = [tuple(map(sum, zip(*_said(one), strict=True))) or (0, 0) for one in sample.examples]
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
