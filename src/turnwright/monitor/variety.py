"""The few figures that are followed over rounds: how much of the tail is left, how varied acts and words are.

Each is taken of one set alone and has a standard error by conversations (linearised, so no resampling). Entropies of a
small set are too low by nature, so sets are compared at the same number of conversations: a larger one is read in
several parts of that size, whose mean is taken. Nothing is known here of rounds, slopes or alarms.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.statistic import Floats
from turnwright.reading import Example
from turnwright.reading.example import HUMAN
from turnwright.records import derive_seed

__all__ = ["FIGURES", "Counted", "Measured", "act_counts", "human_words", "measured"]

WORD = re.compile(r"\w+(?:'\w+)?")
FIGURES = {
    "tail_retention": "reference's share of rare acts",
    "act_entropy": "variety of acts",
    "flow_entropy": "variety of acts that follow one another",
    "word_entropy": "variety of words",
    "pair_entropy": "variety of words that follow one another",
}
"""Name → what it says."""


Places = NDArray[np.int64]


@dataclass(frozen=True)
class Numbered:
    """Cells of all conversations one after the other, as numbers; conversation n has those from starts[n] on."""

    cells: Places
    starts: Places


class Measured(msgspec.Struct, frozen=True):
    """A figure of one set and its standard error by conversations; None where the set has nothing to take it from."""

    value: float | None
    error: float = 0.0


class Counted:
    """What the conversations of a set show, counted once, so that figures of any part of it come quickly."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.size = len(examples)
        self.acts = [_acts(one) for one in examples]
        said = [_said(one) for one in examples]
        self.cells = {
            "act_entropy": _numbered(self.acts),
            "flow_entropy": _numbered(map(_flow, self.acts)),
            "word_entropy": _numbered([word for words in one for word in words] for one in said),
            "pair_entropy": _numbered([pair for words in one for pair in pairwise(words)] for one in said),
        }


def measured(
    counted: Counted, tail: frozenset[str], *, size: int, seed: int = 0, among: Places | None = None
) -> dict[str, Measured]:
    """All figures, in the order of `FIGURES`; `tail_retention` is here the share of labelled turns that is tail.

    Args:
        tail: acts as `act_counts` names them.
        size: conversations in the parts that entropies are taken of; a smaller set is one part.
        among: places of the conversations to look at; all by default.
    """
    places = np.arange(counted.size) if among is None else among
    parts = _parts(places, size, seed)
    entropies = {name: _mean([_entropy(cells, part) for part in parts]) for name, cells in counted.cells.items()}
    return {"tail_retention": _share([counted.acts[place] for place in places], tail), **entropies}


def act_counts(examples: Sequence[Example]) -> Counter[str]:
    """Acts as `role: act`, by how many turns show them."""
    return Counter(act for one in examples for act in _acts(one))


def human_words(examples: Sequence[Example]) -> tuple[float | None, float]:
    """Share of human words among those of known origin, and the share of words whose origin is known."""
    human = known = whole = 0
    for one in examples:
        for turn in one.turns:
            count = len(turn.text.split()) if turn.role != "tool" else 0
            whole += count
            known += count if turn.origin else 0
            human += count if turn.origin in HUMAN else 0
    return (human / known if known else None), (known / whole if whole else 0.0)


def _parts(places: Places, size: int, seed: int) -> list[Places]:
    """As many parts of this size as there are; what is left over is in none."""
    if len(places) <= size:
        return [places]
    order = np.random.default_rng(derive_seed("parts", seed, len(places))).permutation(places)
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def _mean(parts: Sequence[Measured]) -> Measured:
    values = [one.value for one in parts if one.value is not None]
    if len(values) < len(parts):
        return Measured(None)
    return Measured(sum(values) / len(values), math.sqrt(sum(one.error**2 for one in parts)) / len(values))


def _share(acts: Sequence[Sequence[str]], tail: frozenset[str]) -> Measured:
    """Tail turns over labelled turns, both summed over conversations."""
    whole = np.array([len(one) for one in acts], np.float64)
    rare = np.array([sum(act in tail for act in one) for one in acts], np.float64)
    if not whole.sum():
        return Measured(None)
    share = float(rare.sum() / whole.sum())
    return Measured(share, _error((rare - share * whole) / whole.sum()))


def _entropy(numbered: Numbered, among: Places) -> Measured:
    """Shannon's entropy of all cells shown; what one conversation adds to it is linear in its own counts."""
    shown = np.concatenate([numbered.cells[numbered.starts[place] : numbered.starts[place + 1]] for place in among])
    if not len(shown):
        return Measured(None)
    surprise = -np.log2(np.maximum(np.bincount(shown), 1) / len(shown))
    value = float(surprise[shown].mean())
    counts = numbered.starts[among + 1] - numbered.starts[among]
    added = np.bincount(np.repeat(np.arange(len(among)), counts), surprise[shown] - value, len(among))
    return Measured(value, _error(added / len(shown)))


def _error(added: Floats) -> float:
    """Standard error from what each conversation adds to a figure."""
    count = len(added)
    return math.sqrt(float((added**2).sum()) * count / (count - 1)) if count > 1 else 0.0


def _numbered(shown: Iterable[Sequence[Hashable]]) -> Numbered:
    known: dict[Hashable, int] = {}
    cells: list[int] = []
    starts = [0]
    for one in shown:
        cells += [known.setdefault(cell, len(known)) for cell in one]
        starts.append(len(cells))
    return Numbered(np.array(cells, np.int64), np.array(starts, np.int64))


def _acts(one: Example) -> list[str]:
    return [f"{turn.role}: {turn.act}" for turn in one.turns if turn.act]


def _flow(acts: Sequence[str]) -> list[tuple[str, str]]:
    """Acts that follow one another, from the beginning to the end of the conversation."""
    return list(zip(["", *acts], [*acts, ""], strict=True)) if acts else []


def _said(one: Example) -> list[list[str]]:
    """Words of each turn."""
    return [WORD.findall(turn.text.lower()) for turn in one.turns if turn.role != "tool"]
