"""How much a set says again: within a turn's own conversation, across the set, and as near-duplicate conversations.

Figures that are means over conversations are quotients of sums, so that any weights will do. Figures that depend on
how many conversations there are (the more, the more is repeated) are taken for as many as the smaller side has: the
exact mean over all ways to leave out the rest (rarefaction, Hurlbert 1971).
MTLD (McCarthy and Jarvis 2010): how many words pass before different ones are fewer than 72 % of them, read forwards
and backwards; over a set, all words over all such stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.measures.twins import twins
from turnwright.monitor.measures.words import Ints, Side, Spoken, counts, enough, few_of, spoken
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "Across", "Quotient", "Twins", "chances", "mtld", "stretches"]

Floats32 = NDArray[np.float32]
TTR = 0.72
INSIDE, ACROSS = 3, 4
"""Words in a run that is looked for in its own conversation, and in others."""
TOLD = 8
STEP = 64


def mtld(words: Sequence[object]) -> float:
    """Measure of textual lexical diversity of one text; nan where no word is ever repeated."""
    forwards, backwards = stretches(words), stretches(words[::-1])
    return (len(words) / forwards + len(words) / backwards) / 2 if forwards and backwards else float("nan")


def stretches(words: Sequence[object]) -> float:
    """How often the share of different words falls under 72 % and the count begins anew; the rest counts in part."""
    seen: set[object] = set()
    start, made = 0, 0
    for place, word in enumerate(words, 1):
        # the share falls at a repeated word only
        if word not in seen:
            seen.add(word)
        elif len(seen) < TTR * (place - start):
            made, start = made + 1, place
            seen.clear()
    length = len(words) - start
    return made + ((1 - len(seen) / length) / (1 - TTR) if length else 0.0)


def chances(others: Ints, among: Ints, chosen: Ints) -> Floats:
    """Chance that at least one of `others` is among `chosen` that are drawn from `among`; arrays that broadcast."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(among.max(initial=1)) + 1)))])
    rest = among - others
    possible = rest >= chosen
    kept = np.where(possible, rest, chosen)
    # C(rest, chosen) / C(among, chosen): none of them is drawn
    none = logs[kept] - logs[kept - chosen] - logs[among] + logs[among - chosen]
    return np.asarray(1 - np.where(possible, np.exp(np.minimum(none, 0)), 0.0))


@dataclass(frozen=True, eq=False)
class Quotient:
    """A level of either side, of sums over conversations, and how they compare.

    tops, bottoms: parts x conversations; the level is the mean over the parts of sum of tops over sum of bottoms.
    """

    tops: Floats32
    bottoms: Floats32
    compare: Literal["ratio", "difference"]
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """Synthetic over reference, or less it, of every draw."""
        one, two = self._level(real), self._level(other)
        with np.errstate(invalid="ignore", divide="ignore"):
            return two / one if self.compare == "ratio" else two - one

    def levels(self, real: Weights, other: Weights) -> tuple[float, float]:
        """The level of either side."""
        return float(self._level(real[:1])[0]), float(self._level(other[:1])[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Nothing explains it further."""
        return ()

    def _level(self, weights: Weights) -> Floats:
        top = (weights @ self.tops.T).astype(np.float64)
        bottom = (weights @ self.bottoms.T).astype(np.float64)
        return np.asarray(np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1), np.nan).mean(axis=1))


@dataclass(frozen=True, eq=False)
class Across:
    """Share of the different runs of a conversation that another one of its set has too; synthetic less reference.

    runs: few x runs that at least two of the few have, ones. totals: different runs of each of the few. texts: places
    of the runs in `words`.
    """

    runs: Any
    totals: Floats32
    few: Ints
    n: tuple[int, int]
    words: Spoken
    places: Ints
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """The difference of every draw."""
        made = []
        for at in range(0, len(real), STEP):
            left, right = real[at : at + STEP, self.few], other[at : at + STEP, self.few]
            size = _smaller(left, right)
            made.append(self._level(right, size) - self._level(left, size))
        return np.concatenate(made)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float]:
        """The share of either side."""
        left, right = real[:1, self.few], other[:1, self.few]
        size = _smaller(left, right)
        return float(self._level(left, size)[0]), float(self._level(right, size)[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Runs that the synthetic side has in far more of its conversations: shares of conversations."""
        sides = [(side[0, self.few] > 0).astype(np.float32) for side in (real, other)]
        shares = [(self.runs.T @ side) / max(side.sum(), 1) for side in sides]
        order = np.argsort(shares[0] - shares[1], kind="stable")[:TOLD]
        return [
            Detail(
                name=self.words.text(int(self.places[run]), ACROSS),
                reference=round(float(shares[0][run]), 4),
                synthetic=round(float(shares[1][run]), 4),
            )
            for run in order
            if shares[1][run] > shares[0][run]
        ]

    def _level(self, weights: Weights, size: Ints) -> Floats:
        among = (weights > 0).sum(axis=1)
        has = (self.runs.T @ np.ascontiguousarray((weights > 0).T, dtype=np.float32)).astype(np.int32)
        weight = has if _plain(weights) else self.runs.T @ np.ascontiguousarray(weights.T)
        most = int(has.max(initial=0))
        table = chances(
            np.maximum(np.arange(most + 1) - 1, 0)[:, None], np.maximum(among - 1, 0), np.maximum(size - 1, 0)
        )
        repeated = (weight * np.take_along_axis(table.astype(np.float32), has, axis=0)).sum(axis=0, dtype=np.float64)
        whole = weights.astype(np.float64) @ self.totals
        return np.asarray(np.where(whole > 0, repeated / np.where(whole > 0, whole, 1), np.nan))


@dataclass(frozen=True, eq=False)
class Twins:
    """Share of conversations with a near duplicate in their set; synthetic less reference.

    paired: conversations x conversations, ones where two are near duplicates. names: of the conversations.
    """

    paired: Any
    names: tuple[str, ...]
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """The difference of every draw."""
        size = _smaller(real, other)
        return self._level(other, size) - self._level(real, size)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float]:
        """The share of either side."""
        size = _smaller(real[:1], other[:1])
        return float(self._level(real[:1], size)[0]), float(self._level(other[:1], size)[0])

    def interval(self, real: Weights, other: Weights, level: float) -> tuple[float, float]:
        """Difference of two proportions by their score intervals (Newcombe 1998), which know of sets without any.

        Near duplicates come in groups, so that the proportions rest on fewer conversations than there are: on as many
        as there are groups, by the mean size of a group with more than one.
        """
        z = NormalDist().inv_cdf((1 + level) / 2)
        shares = self.levels(real, other)
        ends = [_wilson(share, self._effective(side[0]), z) for share, side in zip(shares, (real, other), strict=True)]
        (low_r, high_r), (low_o, high_o) = ends
        between = shares[1] - shares[0]
        down = ((shares[1] - low_o) ** 2 + (high_r - shares[0]) ** 2) ** 0.5
        up = ((high_o - shares[1]) ** 2 + (shares[0] - low_r) ** 2) ** 0.5
        return max(-1.0, between - down), min(1.0, between + up)

    def _effective(self, weights: Weights) -> float:
        inside = (weights > 0).astype(np.float32)
        number = (self.paired @ inside)[inside > 0]
        together = 1 + float(number[number > 0].mean()) if number.any() else 2.0
        return float(weights.sum() ** 2 / (weights**2).sum()) / together

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """The synthetic conversations with the most near duplicates."""
        inside = (other[0] > 0).astype(np.float32)
        number = (self.paired @ inside) * inside
        order = np.argsort(-number, kind="stable")[:TOLD]
        return [
            Detail(name=self.names[place], note=f"near duplicates in the synthetic set: {int(number[place])}")
            for place in order
            if number[place] > 0
        ]

    def _level(self, weights: Weights, size: Ints) -> Floats:
        inside = weights > 0
        some = np.flatnonzero(np.diff(self.paired.indptr))
        number = (self.paired[some] @ np.ascontiguousarray(inside.T, dtype=np.float32)).astype(np.int32)
        chance = chances(number, np.maximum(inside.sum(axis=1) - 1, 0), np.maximum(size - 1, 0))
        whole = weights.sum(axis=1, dtype=np.float64)
        top = (weights[:, some].T * chance).sum(axis=0)
        return np.asarray(np.where(whole > 0, top / np.where(whole > 0, whole, 1), np.nan))


def _wilson(share: float, number: float, z: float) -> tuple[float, float]:
    middle, reach = share + z**2 / (2 * number), z * (share * (1 - share) / number + z**2 / (4 * number**2)) ** 0.5
    return (middle - reach) / (1 + z**2 / number), (middle + reach) / (1 + z**2 / number)


def _smaller(left: Weights, right: Weights) -> Ints:
    """Conversations on the smaller side of each draw."""
    return np.asarray(np.minimum((left > 0).sum(axis=1), (right > 0).sum(axis=1)))


def _plain(weights: Weights) -> bool:
    return bool(((weights == 0) | (weights == 1)).all())


# --- preparing ------------------------------------------------------------------------------------------------


def _mtld(sample: Sample, side: Side) -> Statistic | LeftOut:
    words = spoken(sample)
    lengths = words.lengths(side)
    if missing := enough(sample, lengths, side):
        return missing
    chosen = words.places(side)
    chosen = chosen[words.ids[chosen] > 0]
    parts = np.split(words.ids[chosen], np.cumsum(lengths)[:-1])
    said = [part.tolist() for part in parts]
    bottoms = [[stretches(one) for one in said], [stretches(one[::-1]) for one in said]]
    return Quotient(
        tops=np.array([lengths, lengths], dtype=np.float32),
        bottoms=np.array(bottoms, dtype=np.float32),
        compare="ratio",
        n=_worded(sample, lengths),
    )


def _inside(sample: Sample, side: Side) -> Statistic | LeftOut:
    words = spoken(sample)
    if missing := enough(sample, words.lengths(side), side):
        return missing
    runs = words.runs(INSIDE, side)
    whole = np.bincount(runs.rows, minlength=words.size)
    _, first = np.unique(_by_row(runs.hashes, runs.rows), return_index=True)
    different = np.bincount(runs.rows[first], minlength=words.size)
    return Quotient(
        tops=(whole - different)[None, :].astype(np.float32),
        bottoms=whole[None, :].astype(np.float32),
        compare="difference",
        n=_worded(sample, whole),
    )


def _by_row(hashes: NDArray[np.uint64], rows: Ints) -> NDArray[np.uint64]:
    """Hashes that are equal for the same run of the same conversation only."""
    mixed = (hashes ^ (rows.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93))) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(31))


def _across(sample: Sample, side: Side) -> Statistic | LeftOut:
    words = few_of(sample)
    runs = words.runs(ACROSS, side)
    whole = np.bincount(runs.rows, minlength=words.size)
    if missing := enough(sample, whole, side, sample.few):
        return missing
    _, first = np.unique(_by_row(runs.hashes, runs.rows), return_index=True)
    table, places = counts(runs.rows[first], runs.hashes[first], words.size)
    real = sample.few < sample.reference
    return Across(
        runs=table,
        totals=np.bincount(runs.rows[first], minlength=words.size).astype(np.float32),
        few=sample.few,
        n=(int(np.count_nonzero(whole[real])), int(np.count_nonzero(whole[~real]))),
        words=words,
        places=runs.places[first][places],
    )


def _twins(sample: Sample) -> Statistic | LeftOut:
    words = spoken(sample)
    lengths = words.lengths()
    if missing := enough(sample, lengths, None):
        return missing
    from scipy import sparse  # an extra, and slow to import

    one, other = twins(words).T
    ones = np.ones(2 * len(one), dtype=np.float32)
    places = np.concatenate([one, other]), np.concatenate([other, one])
    paired = sparse.csr_array((ones, places), shape=(words.size, words.size))
    return Twins(paired=paired, names=tuple(e.name for e in sample.examples), n=_worded(sample, lengths))


def _worded(sample: Sample, lengths: Ints) -> tuple[int, int]:
    real = int(np.count_nonzero(lengths[: sample.reference]))
    return real, int(np.count_nonzero(lengths)) - real


def _of(side: Side) -> tuple[Monitor, ...]:
    return (
        Monitor(
            name=f"{side}_mtld",
            family="repetition",
            title=f"Lexical diversity of {side} turns",
            means=f"How many {side} words pass before they repeat each other (MTLD), synthetic over human.",
            prepare=lambda sample: _mtld(sample, side),
            side=side,
            unit="ratio",
            same=1.0,
            worse="either",
            scale="log",
        ),
        Monitor(
            name=f"{side}_repeats",
            family="repetition",
            title=f"Runs repeated within {side} turns of a conversation",
            means=f"Share of runs of three {side} words that stood in the same conversation before, synthetic less "
            "human.",
            prepare=lambda sample: _inside(sample, side),
            side=side,
            unit="share",
            worse="either",
        ),
        Monitor(
            name=f"{side}_self_repetition",
            family="repetition",
            title=f"Runs repeated across conversations, {side} turns",
            means=f"Share of runs of four {side} words that another conversation of the same set has too, synthetic "
            "less human.",
            prepare=lambda sample: _across(sample, side),
            side=side,
            unit="share",
            worse="either",
        ),
    )


MONITORS: tuple[Monitor, ...] = (
    *_of("user"),
    *_of("assistant"),
    Monitor(
        name="duplicates",
        family="repetition",
        title="Near-duplicate conversations",
        means="Share of conversations with a near duplicate in their own set, synthetic less human.",
        prepare=_twins,
        unit="share",
    ),
)
