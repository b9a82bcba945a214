"""Sums over the user turns of every conversation, counted once a sample, from which the user-simulator gate reads.

A conversation is one row and stays one: nothing here looks at which side it is on, but for the question whether both
sides have act labels at all.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.measures import user_words as lexicon
from turnwright.monitor.measures.vocabulary import WORD, Vocabulary
from turnwright.monitor.statistic import Sample
from turnwright.reading import Example, Said

__all__ = ["DEVIATIONS", "UNANSWERED", "UserCounts", "user_counts"]

LABELLED = 0.9
"""Share of user turns with an act, on both sides, from which on acts count beside words."""
UNANSWERED = "is asked again"
DEVIATIONS = ("asks back", "does not know", "corrects", "refuses", UNANSWERED)
LONGEST_VALUE, MOST_VALUES = 60, 30
NO_VALUES = frozenset(["true", "false", "none", "yes", "no"])

Sums = dict[str, float]


@dataclass(frozen=True, eq=False)
class UserCounts:
    """columns: name → (conversations,) of sums. polite: polite expressions of each conversation."""

    columns: dict[str, NDArray[np.float32]]
    polite: tuple[Counter[str], ...]
    size: int

    def column(self, name: str) -> NDArray[np.float32]:
        """The sums of this name; zeros where nothing was counted."""
        return self.columns.get(name, np.zeros(self.size, dtype=np.float32))

    def sides(self, name: str, reference: int) -> tuple[float, float]:
        """The sum over the conversations of either side."""
        column = self.column(name)
        return float(column[:reference].sum()), float(column[reference:].sum())


def user_counts(sample: Sample) -> UserCounts:
    """Everything counted, made once a sample."""
    made = sample.once("user_counts", lambda: _counted(sample))
    assert isinstance(made, UserCounts)
    return made


def _counted(sample: Sample) -> UserCounts:
    spoken = [_spoken(one) for one in sample.examples]
    known = Vocabulary(" ".join(turn.text for turn in turns) for turns in spoken)
    acts = _labelled(sample.examples[: sample.reference]) and _labelled(sample.examples[sample.reference :])
    rows = [_row(one, turns, known, acts) for one, turns in zip(sample.examples, spoken, strict=True)]
    names = sorted({name for sums, _ in rows for name in sums})
    columns = {name: np.array([sums.get(name, 0) for sums, _ in rows], dtype=np.float32) for name in names}
    return UserCounts(columns=columns, polite=tuple(polite for _, polite in rows), size=len(rows))


def _spoken(one: Example) -> list[Said]:
    return [turn for turn in one.turns if turn.role != "tool" and turn.text.strip()]


def _labelled(examples: Iterable[Example]) -> bool:
    acts = [bool(turn.act) for one in examples for turn in one.turns if turn.role == "user"]
    return bool(acts) and sum(acts) >= LABELLED * len(acts)


def _row(one: Example, spoken: Sequence[Said], known: Vocabulary, acts: bool) -> tuple[Sums, Counter[str]]:
    """The sums of one conversation, and its polite expressions."""
    sums: Sums = defaultdict(float)
    polite: Counter[str] = Counter()
    values = _values(one)
    parts = {word for value in values for word in WORD.findall(value)}
    for turn in spoken:
        if turn.role == "user":
            told = lexicon.details(turn.text, values)
            _count_turn(turn.text, told, sums, polite)
            _count_odd(turn.text, known, parts, sums)
    for place, turn in _answers(spoken):
        sums["asked"] += 1
        why = lexicon.deviation(turn.text, turn.labels if acts else ()) or _unanswered(spoken, place)
        sums[why or "answers"] += 1
    if sums["asked"]:
        sums["conversations asked"] = 1
        sums["never deviates"] = float(sums["answers"] == sums["asked"])
    return sums, polite


def _count_turn(text: str, told: tuple[int, int, int], sums: Sums, polite: Counter[str]) -> None:
    lower = text.lower().replace("’", "'")
    found = WORD.findall(lower)
    length = len(text.split())
    doublings = math.log2(1 + length)
    expressions = lexicon.POLITE.findall(lower)
    polite.update(expressions)
    sums["turns"] += 1
    sums["words"] += length
    sums["doublings"] += doublings
    sums["doublings squared"] += doublings * doublings
    sums["polite"] += len(expressions)
    sums["hedges"] += len(lexicon.HEDGES.findall(lower))
    sums["fragments"] += lexicon.fragment(found)
    sums["letters"] += len("".join(found))
    sums["spaceless"] += lexicon.spaceless(text)
    sums["tokens"] += len(found)
    sums["common"] += sum(map(lexicon.COMMON.__contains__, found))
    _count_form(text.strip(), sums)
    first = "first " if sums["turns"] == 1 else "later "
    sums[first + "turns"] += 1
    for kind, count in zip(("numbers", "names", "values"), told, strict=True):
        sums[kind] += count
        sums[first + "details"] += count
        sums["details"] += count


def _count_form(text: str, sums: Sums) -> None:
    opening = text[0]
    if opening.lower() != opening.upper():
        sums["openings"] += 1
        sums["capitals"] += opening.isupper()
    sums["final marks"] += text[-1] in ".!?…。！？"


def _count_odd(text: str, known: Vocabulary, parts: set[str], sums: Sums) -> None:
    """Words in small letters that are no value of the conversation: slips, odd spellings, and what nobody else says."""
    small = [word for word in WORD.findall(text) if word.islower() and word not in parts]
    sums["small words"] += len(small)
    for word in small:
        rare, odd = word not in known, lexicon.odd_letters(word)
        if rare or odd:
            slip = known.slip(word)
            sums["mistyped"] += slip or odd
            sums["slips"] += slip
            sums["odd spelling"] += odd
            sums["rare words"] += rare


def _values(one: Example) -> list[str]:
    """Arguments of its calls as a user might say them, longest first."""
    found = set()
    for turn in one.turns:
        for value in (turn.call.arguments or {}).values() if turn.call else ():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                found.add(str(value).strip().lower())
    said = (value for value in found if 2 <= len(value) <= LONGEST_VALUE and value not in NO_VALUES)
    return sorted(said, key=lambda value: (-len(value), value))[:MOST_VALUES]


def _answers(spoken: Sequence[Said]) -> Iterator[tuple[int, Said]]:
    """User turns right after an assistant turn that asks, with their places."""
    for place in range(1, len(spoken)):
        before, turn = spoken[place - 1], spoken[place]
        if turn.role == "user" and before.role == "assistant" and lexicon.asks(before.text):
            yield place, turn


def _unanswered(spoken: Sequence[Said], place: int) -> str:
    """Whether the assistant puts the very same question again after this turn."""
    again = spoken[place + 1] if place + 1 < len(spoken) else None
    same = again is not None and again.role == "assistant" and again.text.lower() == spoken[place - 1].text.lower()
    return UNANSWERED if same else ""
