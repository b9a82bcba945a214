"""Words of the pool as numbers, made once for all monitors of texts: who said them, where, and in which runs.

Words are lower case, without punctuation and markup; Chinese and Japanese characters are words of their own. Nothing
here knows which side of a comparison a conversation is on, so that permutations may use it as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from turnwright.errors import InputError
from turnwright.monitor.statistic import LeftOut, Sample
from turnwright.reading import Example

__all__ = ["LEAST", "Runs", "Side", "Spoken", "counts", "enough", "few_of", "spoken", "words_in"]

Side = Literal["user", "assistant"]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

LEAST = 10
"""Conversations with words that there must be on either side before a monitor of texts says anything."""

_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+|\n")
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u9fff])")
_MARKUP = re.compile(r"<[^<>\n]{1,80}>")
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of so many words within turns. hashes: of the words, the same in every pool. rows: conversation of each.
    places: where each begins in `Spoken.ids`.
    """

    hashes: Hashes
    rows: Ints
    places: Ints


@dataclass(frozen=True, eq=False)
class Spoken:
    """All words of user and assistant turns, one conversation after the other; every turn ends with word 0.

    ids: number of each word in `vocabulary`. rows: its conversation. user: whether the user said it. size: how many
    conversations there are.
    """

    ids: NDArray[np.int32]
    rows: NDArray[np.int32]
    user: NDArray[np.bool_]
    vocabulary: tuple[str, ...]
    size: int

    def places(self, side: Side | None = None) -> Ints:
        """Places of the words (and ends of turns) of a side, of both without one."""
        if side is None:
            return np.arange(len(self.ids))
        return np.flatnonzero(self.user if side == "user" else ~self.user)

    def lengths(self, side: Side | None = None) -> Ints:
        """Words of each conversation."""
        chosen = self.places(side)
        return np.bincount(self.rows[chosen][self.ids[chosen] > 0], minlength=self.size)

    def runs(self, length: int, side: Side | None = None, *, numbers: bool = True) -> Runs:
        """Runs of `length` words that do not cross the end of a turn; without `numbers` all numbers are one word."""
        chosen = self.places(side)
        ids, hashes = self.ids[chosen], self._hashes if numbers else self._without_numbers
        starts = np.arange(max(0, len(ids) - length + 1))
        whole = np.ones(len(starts), dtype=bool)
        total = np.zeros(len(starts), dtype=np.uint64)
        for step in range(length):
            part = ids[step : step + len(starts)]
            whole &= part > 0
            total = (total + hashes[part]) * _ODD
        total, starts = total[whole], chosen[starts[whole]]
        return Runs(hashes=total ^ (total >> np.uint64(29)), rows=self.rows[starts].astype(np.int64), places=starts)

    def text(self, place: int, length: int) -> str:
        """The words of a run."""
        return " ".join(self.vocabulary[number] for number in self.ids[place : place + length])

    @cached_property
    def _hashes(self) -> Hashes:
        return np.array([_hash(word) for word in self.vocabulary], dtype=np.uint64)

    @cached_property
    def _without_numbers(self) -> Hashes:
        return np.array([_hash("0" if word.isdigit() else word) for word in self.vocabulary], dtype=np.uint64)


class _Numbers(dict[str, int]):
    """Numbers of words; a word that is new gets the next one."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def spoken(sample: Sample) -> Spoken:
    """The words of the whole pool."""
    made = sample.once("words", lambda: words_in(sample.examples))
    assert isinstance(made, Spoken)
    return made


def few_of(sample: Sample) -> Spoken:
    """The words of the conversations that costly monitors look at, in the order of `sample.few`."""
    if len(sample.few) == len(sample.examples) and np.array_equal(sample.few, np.arange(len(sample.few))):
        return spoken(sample)
    made = sample.once("words of few", lambda: words_in([sample.examples[place] for place in sample.few]))
    assert isinstance(made, Spoken)
    return made


def words_in(examples: Sequence[Example]) -> Spoken:
    """Split the user and assistant turns of these conversations into words."""
    vocabulary = _Numbers({"\n": 0})
    number = vocabulary.__getitem__
    ids: list[int] = []
    users: list[bool] = []
    turns: list[int] = []
    for example in examples:
        said = [turn for turn in example.turns if turn.text and turn.role != "tool"]
        users.extend(turn.role == "user" for turn in said)
        turns.append(len(said))
        text = "".join([turn.text.replace("\n", " ") + "\n" for turn in said]).lower()
        ids.extend(map(number, _TOKEN.findall(_plain(text))))
    numbers = np.array(ids, dtype=np.int32)
    ends = numbers == 0
    turn = np.cumsum(ends) - ends
    return Spoken(
        ids=numbers,
        rows=np.repeat(np.arange(len(turns), dtype=np.int32), turns)[turn],
        user=np.array(users, dtype=bool)[turn],
        vocabulary=tuple(vocabulary),
        size=len(turns),
    )


def enough(sample: Sample, lengths: Ints, side: Side | None, places: Ints | None = None) -> LeftOut | None:
    """Why there are too few words for a figure; None if there are enough. places: of the conversations of `lengths`."""
    where = np.arange(len(lengths)) if places is None else places
    for name, chosen in (("reference", where < sample.reference), ("synthetic set", where >= sample.reference)):
        worded = int(np.count_nonzero(lengths[chosen] > 0))
        if worded < LEAST:
            turns = f"{side} turns" if side else "turns"
            return LeftOut(f"{worded} conversations of the {name} have {turns} with words; at least {LEAST} are needed")
    return None


def counts(rows: Ints, codes: NDArray[Any], size: int, *, least: int = 2, most: int | None = None) -> tuple[Any, Ints]:
    """How often each code stands in each row: a sparse matrix rows x codes, and a place in `codes` for each column.

    Kept are codes that at least `least` rows have, of these the `most` that the most rows have.
    """
    sparse = _scipy()
    kept, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    table = sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, inverse.astype(np.int32))), shape=(size, len(kept))
    )
    table.sum_duplicates()
    frequency = np.bincount(table.indices, minlength=len(kept))
    chosen = np.flatnonzero(frequency >= least)
    if most is not None and len(chosen) > most:
        # ties by the code itself, which does not depend on the order of the pool
        chosen = np.sort(chosen[np.argsort(-frequency[chosen], kind="stable")[:most]])
    return table[:, chosen], first[chosen]


def _plain(text: str) -> str:
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def _scipy() -> Any:
    try:
        from scipy import sparse  # an extra, and slow to import
    except ModuleNotFoundError as fault:
        raise InputError("scipy is not installed", fix="pip install 'turnwright[measure]'") from fault
    return sparse
