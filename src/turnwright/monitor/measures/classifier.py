"""Classifier two-sample test: how well a classifier that reads one conversation tells which set it comes from.

Users and assistants apart. The plain classifier reads words and pairs of words (lower case, all numbers alike, no
punctuation, rows of unit length); the raw one reads text as it stands, four bytes at a time, and how long it is. Both
are ridge classifiers whose leave-one-out predictions have a closed form that is linear in the labels (Allen's PRESS):
one matrix serves all permutations, so the test is exact, and a conversation never judges itself.

Leave-one-out has a known bias: without the conversation the mean label of the rest leans to the other side, so with
nothing to learn the AUC falls under 0.5. Each prediction is therefore taken as the difference from what the mean label
of the others alone would predict, which has mean zero under permutation; the AUC of identical sets is then 0.5 on
average (0.49 and more from 50 conversations a side on). Far under it, the synthetic set copies the reference: the
nearest to a conversation is then its original, on the other side. Scenario weights enter the AUC, not the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from string import ascii_uppercase, digits, punctuation
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.measures.words import Side, counts, enough, few_of
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records import derive_seed
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "Excess", "LeaveOneOut", "aucs", "leave_one_out"]

Floats32 = NDArray[np.float32]
Form = Literal["plain", "raw"]

PENALTY = 1.0
"""Of the ridge, in units of the mean diagonal of the kernel: known to be good for text rows of unit length."""
FEATURES = 3000
TOLD = 12
PERMUTED = 100
KINDS_OF_BYTES = {
    name: np.isin(np.arange(256), np.frombuffer(chars.encode(), dtype=np.uint8))
    for name, chars in (("capitals", ascii_uppercase), ("digits", digits), ("punctuation", punctuation))
}
"""Of ASCII: what is beyond it counts as letters."""
KEPT = 64


def leave_one_out(kernel: Floats32, penalty: float = PENALTY) -> Floats32:
    """The matrix that turns labels (n,) into leave-one-out predictions of a ridge classifier; its diagonal is zero.

    kernel: n x n, not centred. From each prediction that of the mean label of the others is taken away.
    """
    size = len(kernel)
    middle = kernel.mean(axis=0)
    centred = kernel - middle - middle[:, None] + middle.mean()
    ridge = penalty * max(float(np.trace(centred)) / max(size, 1), 1e-6)
    inverse = _inverse(centred + ridge * np.eye(size, dtype=np.float32))
    made = -inverse / np.diag(inverse)[:, None]
    np.fill_diagonal(made, 0)
    made -= made.sum(axis=1, keepdims=True) / max(size - 1, 1)
    np.fill_diagonal(made, 0)
    return np.asarray(made, dtype=np.float32)


def _inverse(positive: Floats32) -> Floats32:
    """Inverse of a positive definite matrix, by Cholesky: five times as fast as without knowing that it is one."""
    from scipy.linalg import lapack  # an extra, and slow to import

    root, _ = lapack.spotrf(positive, lower=1)
    lower, fault = lapack.spotri(root, lower=1)
    if fault:
        return np.asarray(np.linalg.inv(positive), dtype=np.float32)
    lower = np.tril(lower)
    return np.asarray(lower + np.tril(lower, -1).T, dtype=np.float32)


def aucs(scores: Floats32, real: Weights, other: Weights) -> Floats:
    """Chance that one of the other side scores higher than one of the real side, ties by half; all draws x n.

    nan where a side weighs nothing.
    """
    order = np.argsort(scores, axis=1)
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    left, right = np.take_along_axis(real, order, axis=1), np.take_along_axis(other, order, axis=1)
    upto = np.cumsum(left, axis=1, dtype=np.float64)
    new = sorted_scores[:, 1:] != sorted_scores[:, :-1]
    if not new.all():
        below, last = _tied(upto - left, upto, new)
        upto = (below + last) / 2
    won = np.einsum("ij,ij->i", right, upto)
    pairs = real.sum(axis=1, dtype=np.float64) * other.sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(pairs > 0, won / pairs, np.nan))


def _tied(below: Floats, upto: Floats, new: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Of each group of equal scores: what is below its first, and up to its last."""
    rows, size = below.shape
    edge = np.ones((rows, 1), dtype=bool)
    places = np.arange(size)
    first = np.maximum.accumulate(np.where(np.hstack([edge, new]), places, 0), axis=1)
    last = np.where(np.hstack([new, edge]), places, size - 1)[:, ::-1]
    last = np.minimum.accumulate(last, axis=1)[:, ::-1]
    return np.take_along_axis(below, first, axis=1), np.take_along_axis(upto, last, axis=1)


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """AUC of leave-one-out predictions. kernel: of the few. seen: counts that explain it, few x features, and names.

    Conversations that weigh nothing in a draw are not in its fit: draws are grouped by who takes part.
    """

    kernel: Floats32
    few: NDArray[np.int64]
    n: tuple[int, int]
    seen: Any = None
    names: tuple[str, ...] = ()
    averages: tuple[tuple[str, Floats], ...] = ()
    weighs: bool = False
    kept: dict[bytes, Floats] = field(default_factory=dict)
    maps: dict[bytes, Floats32] = field(default_factory=dict)

    def values(self, real: Weights, other: Weights) -> Floats:
        """AUC of every draw; nan where a side is empty."""
        left, right = real[:, self.few], other[:, self.few]
        key = np.packbits(left > 0).tobytes() + np.packbits(right > 0).tobytes()
        plain = bool((left <= 1).all() and (left + right).max(initial=0) <= 1 and ((left + right) % 1 == 0).all())
        if plain and key in self.kept:
            return np.array(self.kept[key])
        found = aucs(self._scores(left, right), left, right)
        if plain:
            # user_auc and user_auc_excess ask for the same draws one after the other
            if len(self.kept) >= KEPT:
                self.kept.pop(next(iter(self.kept)))
            self.kept[key] = found
        return np.array(found)

    def levels(self, real: Weights, other: Weights) -> None:
        """An AUC has no level on either side."""

    def interval(self, real: Weights, other: Weights, level: float) -> tuple[float, float] | None:
        """Interval of the observed AUC on the logit scale.

        DeLong's variance over conversations takes the predictions as given, and these were learnt from the same
        conversations: with little to learn it is too narrow by a third. So the interval is never narrower than what
        chance gives when sides are permuted.
        """
        left, right = real[:1, self.few], other[:1, self.few]
        scores = self._scores(left, right)
        area = float(aucs(scores, left, right)[0])
        if not np.isfinite(area):
            return None
        least = 0.5 / min(self.n)
        middle = min(max(area, least), 1 - least)
        spread = max(_delong(scores[0], left[0], right[0], area), least**2) ** 0.5 / (middle * (1 - middle))
        spread = max(spread, 4 * float(np.nanstd(self._by_chance(left[0], right[0]))))
        reach = NormalDist().inv_cdf((1 + level) / 2) * spread
        centre = np.log(middle / (1 - middle))
        low, high = (float(1 / (1 + np.exp(-place))) for place in (centre - reach, centre + reach))
        return min(low, area), max(high, area)

    def _by_chance(self, left: Weights, right: Weights) -> Floats:
        """AUC of some permutations of the sides; everybody keeps their weight."""
        inside, whole = np.flatnonzero(left + right), left + right
        rng = np.random.default_rng(derive_seed("classifier", len(inside)))
        swapped = np.zeros((PERMUTED, len(left)), dtype=np.float32)
        swapped[:, inside] = rng.permuted(np.tile(right[inside] > 0, (PERMUTED, 1)), axis=1)
        drawn = (1 - swapped) * whole, swapped * whole
        return aucs(self._scores(*drawn), *drawn)

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Words that tell the sides apart most: share of conversations with them, exact test, Holm over all words."""
        left, right = real[0, self.few], other[0, self.few]
        told = [Detail(name=name, reference=_mean(v, left), synthetic=_mean(v, right)) for name, v in self.averages]
        return told if self.seen is None else [*told, *_telling(self.seen, self.names, left, right)]

    def _scores(self, left: Weights, right: Weights) -> Floats32:
        inside = (left + right) > 0
        labels = np.where(right > 0, 1, -1).astype(np.float32)
        scores = np.zeros(left.shape, dtype=np.float32)
        groups: dict[bytes, list[int]] = {}
        for row, bits in enumerate(np.packbits(inside, axis=1)):
            groups.setdefault(bits.tobytes(), []).append(row)
        for bits, rows in groups.items():
            chosen, draws = np.flatnonzero(inside[rows[0]]), np.array(rows)[:, None]
            if len(chosen) > 2:
                scores[draws, chosen] = labels[draws, chosen] @ self._map(bits, chosen).T
        return scores

    def _map(self, bits: bytes, chosen: NDArray[np.int64]) -> Floats32:
        """Kept for the latest part that takes part, which in permutations is always the same."""
        if bits not in self.maps:
            part = self.kernel if len(chosen) == len(self.kernel) else self.kernel[np.ix_(chosen, chosen)]
            made = leave_one_out(part)
            self.maps.clear()
            self.maps[bits] = made
        return self.maps[bits]


@dataclass(frozen=True, eq=False)
class Excess:
    """What an AUC has over a half, for gates: 0 where nothing differs."""

    whole: LeaveOneOut
    n: tuple[int, int]
    weighs: bool = False

    def values(self, real: Weights, other: Weights) -> Floats:
        """AUC - 0.5 of every draw."""
        return self.whole.values(real, other) - 0.5

    def levels(self, real: Weights, other: Weights) -> None:
        """No level on either side."""

    def interval(self, real: Weights, other: Weights, level: float) -> tuple[float, float] | None:
        """The interval of the AUC, moved."""
        known = self.whole.interval(real, other, level)
        return (known[0] - 0.5, known[1] - 0.5) if known else None

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """They stand at the AUC."""
        return ()


# --- what explains an AUC -------------------------------------------------------------------------------------


def _delong(scores: Floats32, left: Weights, right: Weights, area: float) -> float:
    """Variance of an AUC by DeLong (1988), with weights: spread of each one's chance to be on the right side."""
    order = np.argsort(scores, kind="stable")
    below, under = np.cumsum(left[order]) - left[order] / 2, np.cumsum(right[order]) - right[order] / 2
    total = 0.0
    for weights, chance in ((right[order], below / left.sum()), (left[order], 1 - under / right.sum())):
        part = weights / weights.sum()
        total += float((part**2 * (chance - area) ** 2).sum()) / max(1e-9, 1 - float((part**2).sum()))
    return total


def _mean(values: Floats, weights: Weights) -> float:
    return round(float(np.average(values, weights=weights)), 4)


def _telling(seen: Any, names: tuple[str, ...], left: Weights, right: Weights) -> list[Detail]:
    """Exact tests of the features that differ most; the p-values count for all features, by Holm."""
    from scipy.stats import fisher_exact  # an extra, and slow to import

    sides = (left > 0).astype(np.float32), (right > 0).astype(np.float32)
    found = np.stack([side @ seen for side in sides])
    sizes = np.array([[side.sum()] for side in sides])
    share, whole = found / sizes, found.sum(axis=0) / sizes.sum()
    spread = np.sqrt(np.maximum(whole * (1 - whole), 1e-9) * (1 / sizes).sum())
    order = np.argsort(-np.abs(share[1] - share[0]) / spread, kind="stable")[:TOLD]
    tested = []
    for column in order:
        has = found[:, column].astype(int)
        table = np.column_stack([has, sizes[:, 0].astype(int) - has])
        tested.append((float(fisher_exact(table).pvalue), int(column)))
    shares = [(weights @ seen) / weights.sum() for weights in (left, right)]
    details, least = [], 0.0
    for place, (p, column) in enumerate(sorted(tested)):
        least = max(least, min(1.0, p * (len(names) - place)))
        reference, synthetic = (round(float(one[column]), 4) for one in shares)
        details.append(Detail(name=names[column], reference=reference, synthetic=synthetic, p=least))
    return details


# --- preparing ------------------------------------------------------------------------------------------------


def _plain(sample: Sample, side: Side) -> LeaveOneOut | LeftOut:
    words = few_of(sample)
    if missing := enough(sample, words.lengths(side), side, sample.few):
        return missing
    single, pairs = words.runs(1, side, numbers=False), words.runs(2, side, numbers=False)
    rows, codes = np.concatenate([single.rows, pairs.rows]), np.concatenate([single.hashes, pairs.hashes])
    table, first = counts(rows, codes, words.size, most=FEATURES)
    starts = np.concatenate([single.places, pairs.places])[first]
    lengths = np.where(first < len(single.rows), 1, 2)
    names = tuple(words.text(int(place), int(length)) for place, length in zip(starts, lengths, strict=True))
    seen = table.copy()
    seen.data[:] = 1
    features = _weighed(table)
    return LeaveOneOut(kernel=features @ features.T, few=sample.few, n=_numbers(sample), seen=seen, names=names)


def _raw(sample: Sample, side: Side) -> LeaveOneOut | LeftOut:
    turns = [
        [turn.text for turn in sample.examples[place].turns if turn.role == side and turn.text] for place in sample.few
    ]
    texts = ["\n".join(said) for said in turns]
    if missing := enough(sample, np.array([len(text) for text in texts]), side, sample.few):
        return missing
    flat, rows = _bytes(texts)
    codes, whole = _fours(flat, rows)
    table, _ = counts(rows[3:][whole], codes[whole], len(texts), most=FEATURES)
    features, sizes = _weighed(table), _sizes(turns)
    kernel = np.asarray(features @ features.T + sizes @ sizes.T, dtype=np.float32)
    averages = _averages(flat, rows, turns)
    return LeaveOneOut(kernel=kernel, few=sample.few, n=_numbers(sample), averages=averages)


def _bytes(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All texts one after the other, and the text of each byte."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    lengths = [len(one) for one in encoded]
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), np.repeat(np.arange(len(texts)), lengths)


def _fours(flat: NDArray[np.uint8], rows: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Every four bytes in a row as one number, and whether they are of one text."""
    wide = flat.astype(np.uint32)
    codes = wide[:-3] << 24 | wide[1:-2] << 16 | wide[2:-1] << 8 | wide[3:]
    return np.asarray(codes, dtype=np.uint32), np.asarray(rows[3:] == rows[:-3])


def _sizes(turns: Sequence[Sequence[str]]) -> Floats32:
    """Logarithms of the number and the mean length of turns, standardised so that they count like text does."""
    made = np.array([[np.log1p(len(said)), np.log1p(sum(map(len, said)) / max(1, len(said)))] for said in turns])
    made = (made - made.mean(axis=0)) / np.maximum(made.std(axis=0), 1e-9)
    return np.asarray(made / 2, dtype=np.float32)


def _averages(
    flat: NDArray[np.uint8], rows: NDArray[np.int64], turns: Sequence[Sequence[str]]
) -> tuple[tuple[str, Floats], ...]:
    """Per conversation: what the raw classifier can see and the plain one cannot."""
    length = np.maximum(np.bincount(rows, minlength=len(turns)), 1)
    shares = {
        f"{name}, share of bytes": np.bincount(rows, weights=of[flat], minlength=len(turns)) / length
        for name, of in KINDS_OF_BYTES.items()
    }
    numbers = np.array([len(said) for said in turns], dtype=np.float64)
    characters = np.array([sum(map(len, said)) for said in turns]) / np.maximum(numbers, 1)
    return (("turns", numbers), ("characters per turn", characters), *shares.items())


def _weighed(table: Any) -> Floats32:
    """TF-IDF (1 + log of the count, smooth IDF over the pool), rows of unit length."""
    size, features = table.shape
    frequency = np.bincount(table.indices, minlength=features)
    made = np.zeros((size, features), dtype=np.float32)
    rows = np.repeat(np.arange(size), np.diff(table.indptr))
    made[rows, table.indices] = (1 + np.log(table.data)) * (np.log((1 + size) / (1 + frequency)) + 1)[table.indices]
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _numbers(sample: Sample) -> tuple[int, int]:
    real = int(np.count_nonzero(sample.few < sample.reference))
    return real, len(sample.few) - real


def _prepared(sample: Sample, side: Side, form: Form) -> LeaveOneOut | LeftOut:
    made = sample.once(f"classifier {side} {form}", lambda: (_plain if form == "plain" else _raw)(sample, side))
    assert isinstance(made, LeaveOneOut | LeftOut)
    return made


def _excess(sample: Sample, side: Side) -> Statistic | LeftOut:
    whole = _prepared(sample, side, "plain")
    return whole if isinstance(whole, LeftOut) else Excess(whole=whole, n=whole.n)


def _area(side: Side, form: Form) -> Monitor:
    reads = "its words alone" if form == "plain" else "its text as it stands, with case, punctuation and length"
    return Monitor(
        name=f"{side}_auc" + ("" if form == "plain" else "_raw"),
        family="classifier",
        title=f"Telling {side} turns apart" + ("" if form == "plain" else ", as they stand"),
        means=f"How often a classifier that reads {reads} ranks the {side} side of a synthetic conversation above a "
        "human one; 0.5 is guessing, 1 is never wrong, and far under 0.5 the synthetic set copies the human one.",
        prepare=lambda sample: _prepared(sample, side, form),
        side=side,
        unit="AUC",
        same=0.5,
        scale="logit",
    )


def _over(side: Side) -> Monitor:
    return Monitor(
        name=f"{side}_auc_excess",
        family="classifier",
        title=f"Telling {side} turns apart, over guessing",
        means=f"AUC of the classifier of {side} turns less the 0.5 of guessing; this is what gates bound.",
        prepare=lambda sample: _excess(sample, side),
        side=side,
        unit="AUC",
    )


SIDES: tuple[Side, ...] = ("user", "assistant")
MONITORS: tuple[Monitor, ...] = tuple(
    monitor for side in SIDES for monitor in (_area(side, "plain"), _over(side), _area(side, "raw"))
)
