"""Cohen's kappa between two who judged the same conversations, as if they had been drawn evenly.

Pure statistics over arrays. Shares are estimated in `powered`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Agreement", "Judged", "agreement"]

ROUNDS = 4_000
FEW = 5
"""A cell of a side's table with fewer conversations than this cannot be resampled honestly."""

_Tables = NDArray[np.float64]
"""Shape (..., 2, 2): the one's word (no, yes) by the other's."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations of one side that both judged, of `size` ones in all. one, other: their words."""

    name: str
    size: int
    one: NDArray[np.bool_]
    other: NDArray[np.bool_]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far two agree beyond chance.

    between: who. labels: conversations that both judged. observed, expected: share of agreement seen, and by chance.
    kappa, low, high: None where kappa is not defined. how: `bootstrap` or `posterior`; see `agreement`.
    note: why there is no figure; empty when there is.
    """

    between: str
    labels: int
    observed: float | None = None
    expected: float | None = None
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    how: str = ""
    note: str = ""


def agreement(
    between: str, sides: Sequence[Judged], seed: int, confidence: float = 0.95, rounds: int = ROUNDS
) -> Agreement:
    """Cohen's kappa (Cohen 1960) over all sides, each conversation counting `N_h / n_h`, with an interval.

    `kappa = (observed - expected) / (1 - expected)`. The weights undo that one side was drawn more often than it
    occurs (as in Cicchetti and Feinstein 1990, kappa depends on how common each word is). The interval holds
    percentiles of kappa over conversations resampled within their side (`bootstrap`). Where a cell of a side's table
    has fewer than 5, resampling would give it next to no spread (none at all when the two never disagreed): then the
    shares of the cells are drawn from their posterior under Jeffreys' prior (`posterior`), a Dirichlet distribution of
    counts + 1/2, which is the smooth form of the same bootstrap (Rubin 1981).
    """
    present = [side for side in sides if side.size]
    labels = sum(len(side.one) for side in present)
    without = [side.name for side in present if not len(side.one)]
    if not labels or without:
        whose = f"none of the {' and '.join(without)}" if labels else "nothing"
        return Agreement(between=between, labels=labels, note=f"{whose} was judged by both")
    tables = [_table(side) for side in present]
    weighted = [side.size * table / table.sum() for side, table in zip(present, tables, strict=True)]
    whole = np.sum(weighted, axis=0)
    observed, expected = (float(figure) for figure in _chances(whole))
    if not (whole.sum(axis=0).all() and whole.sum(axis=1).all()):
        same = "one of the two gave the same word to all: kappa says nothing there"
        return Agreement(between=between, labels=labels, observed=observed, expected=expected, note=same)
    few = any(table[row].sum() and table[row].min() < FEW for table in tables for row in (0, 1))
    low, high = _interval(present, tables, few, np.random.default_rng(seed), confidence, rounds)
    return Agreement(
        between=between,
        labels=labels,
        observed=observed,
        expected=expected,
        kappa=(observed - expected) / (1 - expected),
        low=low,
        high=high,
        how="posterior" if few else "bootstrap",
    )


def _table(side: Judged) -> _Tables:
    counts = np.bincount(2 * side.one.astype(np.intp) + side.other.astype(np.intp), minlength=4)
    return counts.reshape(2, 2).astype(np.float64)


def _chances(tables: _Tables) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Observed and expected agreement of each table."""
    shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
    rows, columns = shares.sum(axis=-1), shares.sum(axis=-2)
    return shares[..., 0, 0] + shares[..., 1, 1], (rows * columns).sum(axis=-1)


def _interval(
    sides: Sequence[Judged],
    tables: Sequence[_Tables],
    few: bool,
    rng: np.random.Generator,
    confidence: float,
    rounds: int,
) -> tuple[float, float]:
    drawn = np.zeros((rounds, 4))
    for side, table in zip(sides, tables, strict=True):
        counts, n = table.ravel(), int(table.sum())
        # A word that the one never gave on this side is no part of its table: those cells stay empty.
        there = np.repeat(table.sum(axis=1) > 0, 2)
        shares = np.zeros((rounds, 4))
        if few:
            shares[:, there] = rng.dirichlet(counts[there] + 0.5, size=rounds)
        else:
            shares = rng.multinomial(n, counts / n, size=rounds) / n
        drawn += side.size * shares
    observed, expected = _chances(drawn.reshape(rounds, 2, 2))
    defined = expected < 1
    kappas = (observed[defined] - expected[defined]) / (1 - expected[defined])
    low, high = np.quantile(kappas, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
