"""Two real halves, and what is done to one of them: the known differences that the panel is asked to find.

    python benchmarks/monitors/plantings.py ../shared/data/star/train.jsonl

prints what each planting does to one conversation. A planting draws a reference and a synthetic side of n conversations
each from one corpus, without overlap; both depend on nothing but names and numbers, so a cell can be made again.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from turnwright.reading import Example, Said, read_examples
from turnwright.records import seeded

__all__ = ["PLANTINGS", "Corpus", "Sides", "cells_of", "planted", "rare_cells", "rare_turns"]

Cell = tuple[str, str, str]
"""Task, role, act."""
Sides = tuple[list[Example], list[Example]]
RARE = 0.1
DUPLICATED, SWAPPED, POLITE, LONGER = 0.1, 0.2, 0.3, 0.5
MOST_VALUES = 400
"""Values of a conversation that are looked for in its assistant turns; searches return hundreds."""


@dataclass(frozen=True)
class Corpus:
    """One real corpus. name: as the tables call it."""

    name: str
    examples: tuple[Example, ...]

    @classmethod
    def read(cls, name: str, path: Path) -> Corpus:
        """A corpus from its file."""
        return cls(name, tuple(read_examples(path)))

    @cached_property
    def cells(self) -> list[Counter[Cell]]:
        return [cells_of(one) for one in self.examples]

    @cached_property
    def rare_by_turns(self) -> frozenset[Cell]:
        return rare_turns(self.cells)

    @cached_property
    def rare_by_conversations(self) -> frozenset[Cell]:
        return rare_cells(self.cells)

    @cached_property
    def user_texts(self) -> list[str]:
        return [turn.text for one in self.examples for turn in one.turns if turn.role == "user" and turn.text.strip()]

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """Kind → different values of that kind as assistants write them, in order."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.examples:
            known = known_values(one)
            for turn in one.turns:
                if turn.role == "assistant":
                    for start, end, kind in value_spans(turn.text, known):
                        found[kind].add(turn.text[start:end])
        return {kind: sorted(values) for kind, values in sorted(found.items())}


def cells_of(one: Example) -> Counter[Cell]:
    """How many labelled turns of a conversation are in each cell."""
    return Counter((one.task, turn.role, turn.act) for turn in one.turns if turn.act)


def rare_turns(cells: Sequence[Counter[Cell]]) -> frozenset[Cell]:
    """The rarest cells that together hold at most a tenth of all labelled turns."""
    mass: Counter[Cell] = Counter()
    for one in cells:
        mass.update(one)
    rare, held = set(), 0
    for cell, count in sorted(mass.items(), key=lambda pair: (pair[1], pair[0])):
        held += count
        if held > RARE * mass.total():
            break
        rare.add(cell)
    return frozenset(rare)


def rare_cells(cells: Sequence[Counter[Cell]]) -> frozenset[Cell]:
    """The cells in the fewest conversations, as many as at most a tenth of all conversations show any of them."""
    within: Counter[Cell] = Counter(cell for one in cells for cell in one)
    rare: set[Cell] = set()
    shown: set[int] = set()
    for cell, _ in sorted(within.items(), key=lambda pair: (pair[1], pair[0])):
        more = shown | {number for number, one in enumerate(cells) if cell in one}
        if len(more) > RARE * len(cells):
            break
        shown = more
        rare.add(cell)
    return frozenset(rare)


# --- values in assistant turns -----------------------------------------------------------------------------------

_NUMBER = re.compile(r"\d{1,2}:\d\d|\d+(?:,\d{3})*(?:\.\d+)?")


def known_values(one: Example) -> dict[str, str]:
    """Value in lower case → its kind (the name of the argument or field), from calls and results of a conversation."""
    found: dict[str, str] = {}
    for turn in one.turns:
        if turn.call is not None:
            found.update(_scalars(turn.call.arguments or {}, turn.call.name))
        if turn.role == "tool":
            found.update(_scalars(_json(turn.text), ""))
    usable = [(value, kind) for value, kind in found.items() if _usable(value)]
    usable.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    return dict(usable[:MOST_VALUES])


def _usable(value: str) -> bool:
    return value.isdigit() or (3 <= len(value) <= 60 and value not in ("true", "false", "none"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _scalars(given: Any, kind: str) -> Iterator[tuple[str, str]]:
    if isinstance(given, dict):
        for key, value in given.items():
            yield from _scalars(value, str(key).lower())
    elif isinstance(given, list):
        for value in given:
            yield from _scalars(value, kind)
    elif isinstance(given, str | int | float) and not isinstance(given, bool):
        yield str(given).strip().lower(), kind


def value_spans(text: str, known: dict[str, str]) -> list[tuple[int, int, str]]:
    """Where a text has values: (start, end, kind), in order, none over another. Other numbers are kinds by length."""
    lower, taken, spans = text.lower(), [False] * len(text), []
    found = [(place, place + len(value), kind) for value, kind in known.items() if (place := lower.find(value)) >= 0]
    found += [(*match.span(), _kind(match[0])) for match in _NUMBER.finditer(text)]
    for start, end, kind in found:
        apart = not (lower[start - 1 : start].isalnum() or lower[end : end + 1].isalnum())
        if apart and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            spans.append((start, end, kind))
    return sorted(spans)


def _kind(number: str) -> str:
    return "time" if ":" in number else f"number of {sum(map(str.isdigit, number))} digits"


# --- what is planted ---------------------------------------------------------------------------------------------


def _null(corpus: Corpus, side: list[Example], rng: random.Random) -> list[Example]:
    return side


def _duplicated(corpus: Corpus, side: list[Example], rng: random.Random) -> list[Example]:
    """A tenth of the conversations are replaced by copies of others."""
    count = round(DUPLICATED * len(side))
    lost = rng.sample(range(len(side)), count)
    kept = [number for number in range(len(side)) if number not in set(lost)]
    copies = dict(zip(lost, rng.sample(kept, count), strict=True))
    return [side[copies.get(number, number)] for number in range(len(side))]


def _swapped(corpus: Corpus, side: list[Example], rng: random.Random) -> list[Example]:
    """In a fifth of the assistant turns with a value, each value gives way to another one of its kind."""
    made = []
    for one in side:
        known = known_values(one)
        made.append(_turned(one, "assistant", lambda turn, known=known: _with_others(turn.text, known, corpus, rng)))
    return made


def _with_others(text: str, known: dict[str, str], corpus: Corpus, rng: random.Random) -> str:
    spans = value_spans(text, known)
    if not spans or rng.random() >= SWAPPED:
        return text
    for start, end, kind in reversed(spans):
        others = [value for value in corpus.values[kind] if value.lower() != text[start:end].lower()]
        text = text[:start] + (rng.choice(others) if others else text[start:end]) + text[end:]
    return text


def _longer(corpus: Corpus, side: list[Example], rng: random.Random) -> list[Example]:
    """Words of other users' turns, half as many as a user turn has, are put into it."""
    return [_turned(one, "user", lambda turn: _lengthened(turn.text, corpus.user_texts, rng)) for one in side]


def _lengthened(text: str, others: Sequence[str], rng: random.Random) -> str:
    words = text.split()
    wanted = int(LONGER * len(words) + rng.random())
    more: list[str] = []
    while len(more) < wanted:
        more += rng.choice(others).split()
    place = rng.randint(0, len(words))
    return " ".join([*words[:place], *more[:wanted], *words[place:]])


def _polite(corpus: Corpus, side: list[Example], rng: random.Random) -> list[Example]:
    """Three user turns of ten get a please or a thank you."""
    return [_turned(one, "user", lambda turn: _politer(turn.text, rng)) for one in side]


def _politer(text: str, rng: random.Random) -> str:
    if rng.random() >= POLITE:
        return text
    bare, mark = (text[:-1], text[-1]) if text[-1:] in (".", "!", "?") else (text, "")
    return rng.choice([f"{bare}, please{mark}", f"Please, {text}", f"{bare}, thank you{mark}", f"{text} Thanks!"])


def _turned(one: Example, role: str, change: Callable[[Said], str]) -> Example:
    turns = tuple(
        msgspec.structs.replace(turn, text=change(turn)) if turn.role == role and turn.text.strip() else turn
        for turn in one.turns
    )
    return msgspec.structs.replace(one, turns=turns)


def _without(one: Example, rare: frozenset[Cell]) -> Example:
    """The conversation without its turns of these cells, and without the results of calls that go with them."""
    kept: list[Said] = []
    gone = False
    for turn in one.turns:
        gone = (turn.role == "tool" and gone) or (one.task, turn.role, turn.act) in rare
        if not gone:
            kept.append(turn)
    return msgspec.structs.replace(one, turns=tuple(kept))


# --- the table of them -------------------------------------------------------------------------------------------

Planting = Callable[[Corpus, list[Example], random.Random], list[Example]]
_CHANGES: dict[str, Planting] = {
    "null": _null,
    "duplicated_10": _duplicated,
    "values_swapped_20": _swapped,
    "user_longer_15": _longer,
    "politeness_inflated": _polite,
}
PLANTINGS = {
    "null": "two random halves, nothing done",
    "rarest_10_deleted": "the rarest task x act cells with 10 % of labelled turns: who shows one is not drawn",
    "rarest_10_conversations_deleted": "the rarest cells that 10 % of conversations show: who shows one is not drawn",
    "duplicated_10": "10 % of conversations replaced by copies of others",
    "values_swapped_20": "in 20 % of assistant turns with values, these give way to others of their kind",
    "user_longer_15": "user turns 1.5 times as long, by words of other users",
    "politeness_inflated": "please or thank you put into 30 % of user turns",
}


def planted(name: str, corpus: Corpus, n: int, repetition: int) -> tuple[Sides, str]:
    """Reference and synthetic side of n conversations each, and which way of planting was taken where there are two.

    The reference, and the conversations that may become the synthetic side, are the same for every planting.
    """
    order = list(range(len(corpus.examples)))
    seeded("halves", corpus.name, n, repetition).shuffle(order)
    reference, rest = [corpus.examples[number] for number in order[:n]], order[n:]
    rng = seeded(name, corpus.name, n, repetition)
    if name in _CHANGES:
        return (reference, _CHANGES[name](corpus, [corpus.examples[number] for number in rest[:n]], rng)), ""
    rare = corpus.rare_by_turns if name == "rarest_10_deleted" else corpus.rare_by_conversations
    without = [number for number in rest if rare.isdisjoint(corpus.cells[number])]
    if len(without) >= n:
        return (reference, [corpus.examples[number] for number in without[:n]]), "conversations not drawn"
    return (reference, [_without(corpus.examples[number], rare) for number in rest[:n]]), "turns removed"


def main(path: Path) -> None:
    """Print what each planting does to the first conversation that it changes."""
    corpus = Corpus.read(path.stem, path)
    for name, what in PLANTINGS.items():
        (_, before), (_, after) = planted("null", corpus, 100, 1)[0], planted(name, corpus, 100, 1)[0]
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        print(f"\n{name}: {what}; {len(changed)} of {len(after)} conversations differ from the null")
        for a, b in changed[:1] if name in _CHANGES and name != "duplicated_10" else []:
            for old, new in zip(a.turns, b.turns, strict=True):
                print(
                    f"   {new.role:9} {old.text[:80]!r}" + (f"\n         -> {new.text[:120]!r}" if old != new else "")
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
