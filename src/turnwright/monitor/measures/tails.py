"""Whether the rare cells are still there: how much of them is left, and a test that sees them go.

Three questions, three monitors. How much of the mass of rare cells is left (`tail_retention`, `rare_retention`)? The
figure chooses the rare cells by the reference, frozen; its test chooses them by both sides together, since a choice
that looks at one side would make that side special in every permutation. Have the rarest gone at all (`tail_scan`)?
Each conversation is placed by the rarest cell it shows, rarity counted on both sides together; the synthetic side's
deficit of rare conversations is taken on three scales of rarity at once, and the greatest counts. One over the count
and its square see single cells go where little data is, the rank of a conversation sees a whole tail thin out where
much is. The permutation null is exact for the greatest of the three.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.measures.cells import TAIL
from turnwright.monitor.measures.shown import CellTable, no_cells, tables
from turnwright.monitor.sampling import thinned
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records.fidelity import Detail

__all__ = ["MONITORS", "RARE", "Retention", "Scan"]

FAMILY = "cells and tails"
RARE = 0.01
"""A cell is very rare where its share of labelled turns is below this."""
ACTS = ("task act", "task user act")
RAREST = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of conversations by which the scan is explained."""

Column = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Retention:
    """Share of labelled turns in tail cells: synthetic by reference.

    whole: labelled turns of each conversation. frozen, pooled: those in the tail as the reference has it, and as both
    sides together have it. cells: name, turns of each conversation, for the details.
    """

    whole: Column
    frozen: Column
    pooled: Column
    cells: Sequence[tuple[str, Column]]
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """The ratio; nan where the reference shows no tail."""
        return _ratio(self._share(other, self.frozen), self._share(real, self.frozen))

    def tested(self, real: Weights, other: Weights) -> Floats:
        """The ratio by the tail that both sides together show."""
        return _ratio(self._share(other, self.pooled), self._share(real, self.pooled))

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """The share of the tail on either side."""
        return float(self._share(real[:1], self.frozen)[0]), float(self._share(other[:1], self.frozen)[0])

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """The cells of the tail, those that lost most mass first."""
        made = [
            Detail(
                name=name,
                reference=float(self._share(real[:1], turns)[0]),
                synthetic=float(self._share(other[:1], turns)[0]),
            )
            for name, turns in self.cells
        ]
        return sorted(made, key=lambda one: ((one.synthetic or 0) - (one.reference or 0), one.name))

    def _share(self, weights: Weights, turns: Column) -> Floats:
        sums = (weights @ np.stack([turns, self.whole], axis=1)).astype(np.float64)
        return _ratio(sums[:, 0], sums[:, 1])


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))


def _retention(limit: float) -> Callable[[Sample], Statistic | LeftOut]:
    def prepare(sample: Sample) -> Statistic | LeftOut:
        found = tables(sample, ACTS)
        if not found:
            return no_cells(sample, ACTS)
        real, _ = sample.sides
        inside = thinned(sample)[None, :].astype(np.float32)
        frozen = [_below(table.sums(real)[0], limit) for table in found]
        if not any(tail.any() for tail in frozen):
            return LeftOut(f"no cell of the reference is under {limit:.0%} of its labelled turns")
        pooled = [_below(table.sums(inside)[0], limit) for table in found]
        whole = _added([table.whole for table in found])
        cells = [
            (table.names[cell], np.asarray(table.counts[:, [cell]].todense(), np.float32).ravel())
            for table, tail in zip(found, frozen, strict=True)
            for cell in np.flatnonzero(tail)[:MOST_CELLS]
        ]
        return Retention(whole, _turns(found, frozen), _turns(found, pooled), cells, _showing(whole, sample))

    return prepare


MOST_CELLS = 200


def _below(sums: Floats, limit: float) -> NDArray[np.bool_]:
    """Cells that are shown, and less often than the limit."""
    return np.asarray((sums > 0) & (sums < limit * sums.sum()))


def _turns(found: Sequence[CellTable], tails: Sequence[NDArray[np.bool_]]) -> Column:
    chosen = zip(found, tails, strict=True)
    return _added([np.asarray(table.counts @ tail.astype(np.float32)) for table, tail in chosen])


def _added(columns: Sequence[Column]) -> Column:
    return np.asarray(np.sum(columns, axis=0), np.float32)


def _showing(whole: Column, sample: Sample) -> tuple[int, int]:
    return int((whole[: sample.reference] > 0).sum()), int((whole[sample.reference :] > 0).sum())


@dataclass(frozen=True, eq=False)
class Scan:
    """The synthetic side's greatest deficit of rare conversations, in standard errors (see above).

    rarity: conversations x scales, each with standard deviation 1 over the pool. rank: share of the conversations that
    show a cell at least as rare; explains the figure.
    """

    rarity: NDArray[np.float32]
    rank: Floats
    unit: float
    cells: Sequence[Detail]
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """Standard errors."""
        return np.asarray((self._means(real) - self._means(other)).max(axis=1) / self.unit)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """The share of conversations among the rarest tenth of both sides together."""
        tenth = (self.rank <= max(0.1, float(self.rank.min()))).astype(np.float64)
        first, second = (_part(side, tenth) for side in (real, other))
        return first, second

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """How many conversations of either side are among the rarest, then the cells that went."""
        made = []
        for share in RAREST:
            rare = (self.rank <= share).astype(np.float64)
            if rare.any():
                first, second = (_part(side, rare) for side in (real, other))
                name = f"shows one of the rarest cells ({share:.0%} do)"
                made.append(Detail(name=name, reference=first, synthetic=second))
        return [*made, *self.cells]

    def _means(self, weights: Weights) -> Floats:
        whole = np.maximum(weights.sum(axis=1, dtype=np.float64), 1e-12)
        return np.asarray((weights @ self.rarity).astype(np.float64) / whole[:, None])


def _part(side: Weights, chosen: Floats) -> float:
    """Share of the first draw's weight on what is chosen."""
    weights = side[0].astype(np.float64)
    return float(weights @ chosen / max(float(weights.sum()), 1e-12))


def _scan(sample: Sample) -> Statistic | LeftOut:
    found = tables(sample, ACTS)
    if not found:
        return no_cells(sample, ACTS)
    inside = thinned(sample)
    often = [np.asarray(table.shown.T @ inside.astype(np.float32), np.float64) for table in found]
    rarest = np.min([_rarest(table, counts) for table, counts in zip(found, often, strict=True)], axis=0)
    ranked = np.sort(rarest[inside])
    rank = np.maximum(np.searchsorted(ranked, rarest, side="right"), 1) / len(ranked)
    scales = np.stack([1 / rarest, rarest**-2.0, rank**-0.5], axis=1)
    spread = scales[inside].std(axis=0)
    if not (spread > 1e-9).any():
        return LeftOut("all conversations show equally rare cells")
    scales = (scales - scales[inside].mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    sizes = int(inside[: sample.reference].sum()), int(inside[sample.reference :].sum())
    return Scan(
        rarity=scales.astype(np.float32),
        rank=rank,
        unit=float(np.sqrt(1 / max(sizes[0], 1) + 1 / max(sizes[1], 1))),
        cells=_gone(found, sample, inside),
        n=_showing(_added([table.whole for table in found]), sample),
    )


def _rarest(table: CellTable, often: Floats) -> Floats:
    """How many conversations show the rarest cell of each; those that show none are as common as can be."""
    shown = table.shown.tocsr()
    counts = np.maximum(often, 1.0)[shown.indices]
    least = np.full(shown.shape[0], float(shown.shape[0]))
    np.minimum.at(least, np.repeat(np.arange(shown.shape[0]), np.diff(shown.indptr)), counts)
    return least


def _gone(found: Sequence[CellTable], sample: Sample, inside: NDArray[np.bool_]) -> list[Detail]:
    """Cells that the reference shows and the synthetic set does not, the most frequent first."""
    first = (np.arange(len(inside)) < sample.reference) & inside
    second = inside & ~first
    made: list[tuple[int, str]] = []
    for table in found:
        real, other = (np.asarray(table.shown.T @ side.astype(np.float32)) for side in (first, second))
        made += [(int(real[cell]), table.names[cell]) for cell in np.flatnonzero((real > 0) & (other == 0))]
    made.sort(key=lambda one: (-one[0], one[1]))
    return [
        Detail(name=name, reference=count / int(first.sum()), synthetic=0.0, note=f"{count} and 0 conversations")
        for count, name in made[:20]
    ]


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        name="tail_retention",
        family=FAMILY,
        title="Tail retention",
        means="How much of the human share of rare acts (each under 5 % of labelled turns) is left; 1 is all of it",
        prepare=_retention(TAIL),
        unit="ratio",
        same=1.0,
        worse="lower",
        scale="log",
    ),
    Monitor(
        name="rare_retention",
        family=FAMILY,
        title="Retention of the rarest",
        means="How much of the human share of very rare acts (each under 1 % of labelled turns) is left",
        prepare=_retention(RARE),
        unit="ratio",
        same=1.0,
        worse="lower",
        scale="log",
    ),
    Monitor(
        name="tail_scan",
        family=FAMILY,
        title="Rare conversations",
        means="How many fewer conversations show the rarest acts than among people, in standard errors",
        prepare=_scan,
        unit="standard errors",
        headline=True,
    ),
)
