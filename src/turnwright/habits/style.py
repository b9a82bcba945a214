"""How people word things: a few of their texts for each user act, with everything masked that could name somebody.

Which act a text does is guessed from its place alone: what the assistant did before and did next. The texts serve as
examples of style and nothing else; whoever shows them to a model refuses words that repeat them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from turnwright.domains import Domain, own_words
from turnwright.habits.chart import Chart
from turnwright.habits.corpus import Aligned, folded
from turnwright.reading import Said
from turnwright.records import derive_seed

__all__ = ["masked", "style"]

MOST_TEXTS = 12
LONGEST = 40
"""Words; a longer text is a story, not a way to say one thing."""

_MASK = re.compile(r"\{[^{}]*\}")
_PRIVATE = re.compile(
    r"\S+@\S+|https?://\S+|www\.\S+"
    r"|[#€$£]?\d[\d,.:/-]*\d(?:st|nd|rd|th|am|pm)?\b|\d"
)
_WORD = re.compile(r"[^\W\d_]+")
_INSTRUCTION = re.compile(r"[<>{}`\[\]|\\]")
OFTEN = 2
"""Conversations that use a word in lower case, from which on it counts as nobody's name."""


def style(conversations: Sequence[Aligned], chart: Chart) -> dict[str, list[str]]:
    """User act → masked texts, at most `MOST_TEXTS` each, in an order that tells nothing of who said them.

    A text that still holds something that could name somebody is left out.
    """
    known = _everyday(conversations, chart.domain)
    found: dict[str, dict[str, str]] = {}
    for one in conversations:
        slots = {one.values[argument]: slot for slot, argument in chart.takes.items() if argument in one.values}
        for act, text in _guessed(one, chart):
            shown = masked(text, slots, known)
            if shown and len(shown.split()) <= LONGEST:
                found.setdefault(act, {}).setdefault(folded(shown), shown)
    return {act: _drawn(texts.values()) for act, texts in sorted(found.items())}


def masked(text: str, slots: dict[str, str], known: frozenset[str]) -> str:
    """Put `{slot}` for known values; "" where a number, an address or a word is left that may name somebody.

    Args:
        slots: value → slot. known: lower-case words that name nobody; every other word with a capital may.
    """
    if _INSTRUCTION.search(text):
        return ""
    for value, slot in sorted(slots.items(), key=lambda pair: -len(pair[0])):
        text = re.sub(rf"(?<![\w{{]){re.escape(value)}(?![\w}}])", "{" + slot + "}", text, flags=re.IGNORECASE)
    text = " ".join(text.split())
    bare = _MASK.sub(" ", text)
    parts = {word.lower() for value in slots for word in _WORD.findall(value)} - known
    words = _WORD.findall(bare)
    telling = any(word.lower() in parts or (word[0].isupper() and word.lower() not in known) for word in words)
    return "" if telling or _PRIVATE.search(bare) else text


def _everyday(conversations: Sequence[Aligned], domain: Domain) -> frozenset[str]:
    """Words that name nobody: the domain's own, and what several people write in lower case, except called values."""
    own = {word for text in own_words(domain) for word in folded(text).replace("'", " ").split()} | {"i"}
    values = {word.lower() for one in conversations for value in one.values.values() for word in _WORD.findall(value)}
    used = Counter(word for one in conversations for word in _lower(one))
    return frozenset(own | ({word for word, count in used.items() if count >= OFTEN} - values))


def _lower(one: Aligned) -> set[str]:
    texts = (turn.text for turn in one.turns if turn.role == "user")
    return {word for text in texts for word in _WORD.findall(text) if word.islower()}


def _drawn(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: derive_seed("style", folded(text)))[:MOST_TEXTS]


def _guessed(one: Aligned, chart: Chart) -> Iterable[tuple[str, str]]:
    """Every user text whose act its place tells."""
    before = ""
    for place, turn in enumerate(one.turns):
        if turn.role == "user" and turn.text:
            act = _act(turn, before, _next(one, place), chart, one)
            if act:
                yield act, turn.text
        elif turn.role == "assistant" and turn.act:
            before = turn.act


def _next(one: Aligned, place: int) -> str:
    return next((turn.act for turn in one.turns[place + 1 :] if turn.role == "assistant" and turn.act), "")


def _act(turn: Said, before: str, after: str, chart: Chart, one: Aligned) -> str:
    if not before:
        return "greet" if after == chart.greet or len(turn.text.split()) < 3 else chart.opens
    if before == chart.greet:
        return chart.opens
    if before == chart.goodbye:
        return "bye"
    if before == chart.close:
        return "no_more" if after in ("", chart.goodbye) else ""
    return _answer(turn, before, after, chart, one)


def _answer(turn: Said, before: str, after: str, chart: Chart, one: Aligned) -> str:
    slot = min(chart.slots_of(before), key=lambda name: (len(name), name), default="")
    if slot:
        value = one.values.get(chart.takes.get(slot, ""), "")
        told = bool(value) and f" {folded(value)} " in f" {folded(turn.text)} "
        lost = chart.misses(before, after)
        act = "inform" if told else "forget" if lost and slot in chart.takes else ""
        own = f"{act}_{slot}"
        return own if own in chart.domain.user_acts else act
    ways = chart.after(before, after)
    return ways[0] if len(ways) == 1 else ""
