"""Labelled cells: which acts, tools and levels are shown how often on either side, and which rare ones are missing.

Shares count turns, tests count conversations. Nothing here knows words: a rare act that is said in the words of a
common one is unseen. What becomes of the rare cells together stands in `tails`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.correcting import holm
from turnwright.monitor.measures.exact import fewer, fisher, least
from turnwright.monitor.measures.shown import KINDS, CellTable, bearing, cell_table, no_cells, single_cells
from turnwright.monitor.sampling import Mask, thinned
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.reading import Example
from turnwright.records.fidelity import Detail

__all__ = ["KINDS", "MONITORS", "TAIL", "Missing", "jensen_shannon", "missing"]

FAMILY = "cells and tails"
TAIL = 0.05
"""A cell is in the tail where its share, of all that the reference shows of its kind, is below this."""


# --- how the mix differs ----------------------------------------------------------------------------------------


def jensen_shannon(first: Floats, second: Floats) -> Floats:
    """Divergence of each row's two distributions, in bits (0 to 1); rows need not add up to 1. nan for an empty one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = first / first.sum(axis=1, keepdims=True), second / second.sum(axis=1, keepdims=True)
        middle = (p + q) / 2
        bits = _entropy(middle) - (_entropy(p) + _entropy(q)) / 2
    return np.asarray(np.maximum(bits, 0.0))


def _entropy(shares: Floats) -> Floats:
    logs = np.log2(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Mix:
    """Jensen-Shannon divergence of the shares of cells."""

    table: CellTable
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """Bits of every draw."""
        return jensen_shannon(self.table.sums(real), self.table.sums(other))

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """Entropy of either side, in bits."""
        sides = [self.table.sums(side[:1]) for side in (real, other)]
        first, second = (float(_entropy(side / max(side.sum(), 1e-12))[0]) for side in sides)
        return first, second

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """The cells that add most to the divergence, with their shares."""
        p, q = (side / max(side.sum(), 1e-12) for side in (self.table.sums(real[:1]), self.table.sums(other[:1])))
        m = (p + q) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.nan_to_num(p * np.log2(p / m)) + np.nan_to_num(q * np.log2(q / m))
        order = np.argsort(-parts[0], kind="stable")[:12]
        return [
            Detail(name=self.table.names[cell], reference=float(p[0, cell]), synthetic=float(q[0, cell]))
            for cell in order
            if parts[0, cell] > 0
        ]


def _mix(kind: str) -> Callable[[Sample], Statistic | LeftOut]:
    def prepare(sample: Sample) -> Statistic | LeftOut:
        table = cell_table(sample, kind)
        return table if isinstance(table, LeftOut) else Mix(table, bearing(table, sample))

    return prepare


# --- cell by cell -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shift:
    """The greatest standardised difference, over all cells, of the share of conversations that show it.

    names: of all cells. shown: conversations x cells. units: standard error of each cell's difference where the sides
    are alike, from the pooled share, which no permutation changes.
    """

    names: tuple[str, ...]
    shown: Any
    units: Floats
    inside: Mask
    n: tuple[int, int]
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        """Standard errors of every draw."""
        return np.asarray(np.abs((self._shares(other) - self._shares(real)) / self.units).max(axis=1))

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """None: each cell has its own."""
        return None

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """Each cell with Fisher's exact test on conversations, corrected by Holm over all cells."""
        p, q = self._shares(real[:1])[0], self._shares(other[:1])[0]
        sides = [np.asarray(side[0] > 0) & self.inside for side in (real, other)]
        counts = [np.asarray(self.shown.T @ side.astype(np.float32)).astype(int) for side in sides]
        ps = holm(fisher(counts[0], counts[1], int(sides[0].sum()), int(sides[1].sum())).tolist())
        away = np.abs((q - p) / self.units)
        order = sorted(range(len(self.names)), key=lambda cell: (ps[cell], -away[cell]))
        return [
            Detail(
                name=self.names[cell],
                reference=float(p[cell]),
                synthetic=float(q[cell]),
                p=ps[cell],
                note=f"{counts[0][cell]} and {counts[1][cell]} conversations",
            )
            for cell in order
        ]

    def _shares(self, weights: Weights) -> Floats:
        sums = np.asarray((self.shown.T @ weights.T).T, np.float64)
        return np.asarray(sums / np.maximum(weights.sum(axis=1, dtype=np.float64), 1e-12)[:, None])


def _shift(sample: Sample) -> Statistic | LeftOut:
    from scipy.sparse import hstack  # an extra, and slow to import

    found = single_cells(sample)
    if not found:
        return no_cells(sample)
    inside = thinned(sample)
    shown = hstack([table.shown[:, places] for table, places in found], format="csr")
    share = np.asarray(shown.T @ inside.astype(np.float32), np.float64) / inside.sum()
    sizes = inside[: sample.reference].sum(), inside[sample.reference :].sum()
    spread = np.sqrt(share * (1 - share) * sum(1 / max(int(size), 1) for size in sizes))
    told = np.flatnonzero((share * inside.sum() >= 2) & (spread > 0))
    if not len(told):
        return LeftOut("no cell is shown by two conversations and not by all")
    names = [table.names[place] for table, places in found for place in places]
    whole = np.sum([table.whole for table, _ in found], axis=0)
    n = int(np.count_nonzero(whole[: sample.reference])), int(np.count_nonzero(whole[sample.reference :]))
    return Shift(tuple(names[cell] for cell in told), shown[:, told].tocsr(), spread[told], inside, n)


# --- what is missing --------------------------------------------------------------------------------------------


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A rare cell of the reference that the synthetic set surely shows less often.

    kind: of KINDS. name: of the cell; a level reads `factor = level`. task, act: its parts, "" where it has none.
    reference, synthetic: share of conversations that show it; counts: how many do. p: one-sided exact, after Holm.
    """

    kind: str
    name: str
    task: str = ""
    act: str = ""
    reference: float
    synthetic: float
    counts: tuple[int, int]
    p: float


def missing(reference: Sequence[Example], synthetic: Sequence[Example], *, alpha: float = 0.05) -> tuple[Missing, ...]:
    """Cells of the reference's tail that the synthetic set lacks, surest first; empty where nothing is labelled.

    Fisher's exact test on conversations, corrected by Holm over the cells that could be found at all (Tarone, 1990): a
    cell that two people in a hundred show can never be, and costs nothing. Levels need not be rare to be missing.
    """
    sample = Sample(
        (*reference, *synthetic), len(reference), np.ones(len(reference) + len(synthetic), np.float32), np.arange(0)
    )
    sizes = len(reference), len(synthetic)
    cells = [one for table, places in single_cells(sample) for one in _rare(table, places, sample)]
    counts = np.array([one[2:] for one in cells], np.int64).reshape(-1, 2)
    possible = _testable(least(counts.sum(axis=1), *sizes), alpha)
    ps = holm(fewer(counts[possible, 0], counts[possible, 1], *sizes).tolist())
    found = [_found(cells[cell], sizes, p) for cell, p in zip(possible, ps, strict=True) if p <= alpha]
    return tuple(sorted(found, key=lambda one: (one.p, one.kind, one.name)))


def _rare(table: CellTable, places: NDArray[np.int64], sample: Sample) -> list[tuple[str, str, int, int]]:
    """Kind, name, conversations of either side, of each cell of the reference's tail."""
    real = (np.arange(len(sample.examples)) < sample.reference).astype(np.float32)
    turns = np.asarray(table.counts.T @ real)
    first, second = (np.asarray(table.shown.T @ side).astype(int) for side in (real, 1 - real))
    rare = (turns > 0) & ((turns < TAIL * turns.sum()) | (table.kind == "level"))
    return [(table.kind, table.names[cell], int(first[cell]), int(second[cell])) for cell in places if rare[cell]]


def _testable(lowest: Floats, alpha: float) -> NDArray[np.int64]:
    """Tarone: as many tests as can each still reach alpha over their number."""
    order = np.sort(lowest)
    for number in range(1, len(order) + 1):
        if number == len(order) or order[number] > alpha / (number + 1):
            return np.flatnonzero(lowest <= alpha / number)
    return np.arange(0)


def _found(cell: tuple[str, str, int, int], sizes: tuple[int, int], p: float) -> Missing:
    kind, name, first, second = cell
    task, _, act = name.rpartition(": ") if "act" in kind else ("", "", "")
    shares = first / sizes[0], second / sizes[1]
    return Missing(
        kind=kind,
        name=name,
        task=task,
        act=act,
        reference=shares[0],
        synthetic=shares[1],
        counts=(first, second),
        p=p,
    )


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        name="cell_shift",
        family=FAMILY,
        title="Single cells",
        means="The greatest difference, in standard errors, of the share of conversations that show one act, tool or "
        "level",
        prepare=_shift,
        unit="standard errors",
    ),
    Monitor(
        name="act_mix",
        family=FAMILY,
        title="Mix of acts",
        means="How far the shares of the assistant's acts lie apart; 0 bits is the same mix, 1 bit nothing in common",
        prepare=_mix("act"),
        side="assistant",
        unit="bits",
    ),
    Monitor(
        name="user_act_mix",
        family=FAMILY,
        title="Mix of user acts",
        means="How far the shares of the users' acts lie apart; 0 bits is the same mix, 1 bit nothing in common",
        prepare=_mix("user act"),
        side="user",
        unit="bits",
    ),
    Monitor(
        name="act_bigrams",
        family=FAMILY,
        title="Order of acts",
        means="How far the shares of pairs of acts of the assistant in a row lie apart, in bits",
        prepare=_mix("act pair"),
        side="assistant",
        unit="bits",
    ),
)
