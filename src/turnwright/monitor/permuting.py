"""One engine for every monitor: draws of weights over the pool, and what is read off them.

Permutations give the null of a test, halves of the reference its floor, resampled conversations its interval. Always
whole conversations, never turns, and the same draws for all monitors, so that their correlation is known. Numbers
within the few that costly monitors look at, and outside of them, stay as they are in every draw: permutations within
these two groups are a subgroup of all permutations, so the test is exact for cheap and costly monitors alike.
Draws come in chunks; memory does not depend on how many there are. What p-values become is told in `correcting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.sampling import Mask, thinned
from turnwright.monitor.statistic import Floats, Monitor, Sample, Statistic, Weights
from turnwright.records import derive_seed
from turnwright.records.fidelity import Floor

__all__ = [
    "Interval",
    "Scale",
    "figure",
    "floors",
    "from_scale",
    "half_sampled",
    "halved",
    "interval",
    "intervals",
    "nulls",
    "percentile",
    "permuted",
    "resampled",
    "to_scale",
]

CELLS = 4_000_000
"""Most numbers in one chunk of draws (16 MB a side)."""
RESAMPLES = 200
"""Draws behind a standard error, which is then known to about 5 %."""
FEWEST = 20
"""Resamples with a figure, below which there is no interval."""

Draws = tuple[Weights, Weights]
Scale = Literal["linear", "log", "logit"]
Rows = NDArray[np.int8]


class _Tests(Protocol):
    """A statistic whose test looks at another figure than the one that is shown (`cells` says why)."""

    def tested(self, real: Weights, other: Weights) -> Floats: ...


class _KnowsItsInterval(Protocol):
    """A statistic that tells its own interval, None where it has none."""

    def interval(self, real: Weights, other: Weights, level: float) -> tuple[float, float] | None: ...


# --- draws ----------------------------------------------------------------------------------------------------


def permuted(sample: Sample, draws: int, seed: int) -> Iterator[Draws]:
    """Chunks of weights 0 and 1: the observed sides first, then `draws` permutations of them."""
    inside = thinned(sample)
    real = inside & (np.arange(len(inside)) < sample.reference)
    rng = np.random.default_rng(derive_seed("permuted", seed))
    groups = [(group, real[group].astype(np.int8)) for group in _groups(sample, inside)]
    first = True
    for rows in _chunks(draws + 1, len(inside)):
        made = _shuffled(rng, groups, rows, len(inside))
        if first:
            made[0], first = real, False
        yield made.astype(np.float32), (inside - made).astype(np.float32)


def halved(sample: Sample, halves: int, seed: int) -> Iterator[Draws]:
    """Chunks of random halves of the reference; the synthetic set counts nothing."""
    within = (np.arange(len(sample.examples)) < sample.reference) & (sample.weights > 0)
    rng = np.random.default_rng(derive_seed("halved", seed))
    groups = [(group, _split(len(group))) for group in _groups(sample, within)]
    for rows in _chunks(halves, len(within)):
        made = _shuffled(rng, groups, rows, len(within))
        yield (made == 1) * sample.weights, (made == 2) * sample.weights


def resampled(sample: Sample, draws: int, seed: int) -> Iterator[Draws]:
    """Chunks of bootstrap draws: how often each conversation of a side was drawn, times its weight."""
    rng = np.random.default_rng(derive_seed("resampled", seed))
    groups = _groups_of_sides(sample)

    def counts(rows: int) -> Weights:
        made = np.zeros((rows, len(sample.examples)), np.float32)
        for group in groups:
            made[:, group] = rng.multinomial(len(group), np.full(len(group), 1 / len(group)), rows)
        return made

    return _sided(sample, draws, counts)


def half_sampled(sample: Sample, draws: int, seed: int) -> Iterator[Draws]:
    """Chunks in which each side is a random half of itself, without repeats.

    The variance of a mean over half of n, drawn without repeats, is that of a bootstrap over all n: a figure that
    takes no other weights than 0 and 1 has its standard error from these.
    """
    rng = np.random.default_rng(derive_seed("half sampled", seed))
    groups = [(group, (_split(len(group)) == 1).astype(np.int8)) for group in _groups_of_sides(sample)]
    return _sided(sample, draws, lambda rows: _shuffled(rng, groups, rows, len(sample.examples)).astype(np.float32))


def _sided(sample: Sample, draws: int, counts: Callable[[int], Weights]) -> Iterator[Draws]:
    real, other = sample.sides
    for rows in _chunks(draws, len(sample.examples)):
        drawn = counts(rows)
        yield drawn * real, drawn * other


def _chunks(draws: int, size: int) -> Iterator[int]:
    most = max(1, CELLS // max(size, 1))
    for start in range(0, draws, most):
        yield min(most, draws - start)


def _groups(sample: Sample, inside: Mask) -> list[NDArray[np.int64]]:
    """Places inside: of the few, and of the rest."""
    few = np.zeros(len(inside), np.bool_)
    few[sample.few] = True
    return [np.flatnonzero(group) for group in (inside & few, inside & ~few) if group.any()]


def _groups_of_sides(sample: Sample) -> list[NDArray[np.int64]]:
    real = np.arange(len(sample.examples)) < sample.reference
    return [group for side in (real, ~real) for group in _groups(sample, side)]


def _split(size: int) -> Rows:
    """1 for one half, 2 for the other, 0 for the one that is left over."""
    half = size // 2
    return np.repeat(np.array([1, 2, 0], np.int8), [half, half, size - 2 * half])


def _shuffled(rng: np.random.Generator, groups: Sequence[tuple[NDArray[np.int64], Rows]], rows: int, size: int) -> Rows:
    made = np.zeros((rows, size), np.int8)
    for places, marks in groups:
        made[:, places] = rng.permuted(np.broadcast_to(marks, (rows, len(marks))), axis=1)
    return made


# --- what is read off them ------------------------------------------------------------------------------------


def figure(statistic: Statistic, sample: Sample) -> float | None:
    """The figure as observed, None where it cannot be taken."""
    return _number(float(statistic.values(*sample.sides)[0]))


def nulls(statistics: Mapping[str, Statistic], sample: Sample, draws: int, seed: int) -> dict[str, Floats]:
    """Name → figures that are tested: as observed, then of `draws` permutations, the same for all names."""
    return _read({name: _tested(one) for name, one in statistics.items()}, permuted(sample, draws, seed))


def floors(statistics: Mapping[str, Statistic], sample: Sample, halves: int, seed: int) -> dict[str, Floor]:
    """Name → the figure between random halves of the reference; names without any figure there are missing."""
    read = _read({name: one.values for name, one in statistics.items()}, halved(sample, halves, seed))
    made: dict[str, Floor] = {}
    for name, values in read.items():
        known = values[np.isfinite(values)]
        if len(known) >= halves / 2:
            low, median, high = map(float, np.quantile(known, [0.025, 0.5, 0.975]))
            size = min(statistics[name].n[0], sample.reference) // 2
            made[name] = Floor(median=median, low=low, high=high, halves=len(known), size=size)
    return made


def _tested(statistic: Statistic) -> Callable[[Weights, Weights], Floats]:
    return cast(_Tests, statistic).tested if hasattr(statistic, "tested") else statistic.values


def _read(figures: Mapping[str, Callable[[Weights, Weights], Floats]], draws: Iterator[Draws]) -> dict[str, Floats]:
    read: dict[str, list[Floats]] = {name: [] for name in figures}
    for real, other in draws:
        for name, values in figures.items():
            read[name].append(np.asarray(values(real, other), np.float64))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in read.items()}


@dataclass(frozen=True)
class Interval:
    """A figure with its interval. error: standard error on the monitor's scale, None where the statistic knows its
    interval in another way.
    """

    value: float
    low: float
    high: float
    level: float
    error: float | None = None


def intervals(
    monitors: Sequence[Monitor],
    statistics: Mapping[str, Statistic],
    sample: Sample,
    *,
    values: Mapping[str, float | None] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Name → the figure as observed with an interval at any level; without names that have no figure or no spread.

    The figure, on the scale on which it is nearly normal, ± z standard errors; these come from resampled conversations
    (from half samples, where the statistic takes no weights). A statistic that knows better is asked. values: the
    figures as observed, where they are known already.
    """
    scales = {one.name: one.scale for one in monitors if one.name in statistics}
    taken = values or {name: figure(statistics[name], sample) for name in scales}
    known = {name: value for name in scales if (value := taken[name]) is not None}
    own = {name: statistics[name] for name in known if hasattr(statistics[name], "interval")}
    drawn = _resamples({name: statistics[name] for name in known if name not in own}, sample, RESAMPLES, seed)
    made = {name: _spread(known[name], scales[name], resamples, level) for name, resamples in drawn.items()}
    for name, one in own.items():
        ends = cast(_KnowsItsInterval, one).interval(*sample.sides, level)
        made[name] = Interval(known[name], *ends, level) if ends else None
    return {name: one for name, one in made.items() if one is not None}


def interval(
    monitor: Monitor,
    statistic: Statistic,
    sample: Sample,
    *,
    value: float | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """The interval of one monitor (see `intervals`), None where it has none. value: the figure, where it is known."""
    name = monitor.name
    values = None if value is None else {name: value}
    return intervals([monitor], {name: statistic}, sample, values=values, level=level, seed=seed).get(name)


def _spread(value: float, wanted: Scale, resamples: Floats, level: float) -> Interval | None:
    scale = _fitting(wanted, value)
    placed = to_scale(resamples, scale)
    placed = placed[np.isfinite(placed)]
    error = float(placed.std(ddof=1)) if len(placed) >= FEWEST else 0.0
    if error < 1e-12:
        return None
    centre, reach = float(to_scale(np.array([value]), scale)[0]), NormalDist().inv_cdf((1 + level) / 2) * error
    low, high = from_scale(np.array([centre - reach, centre + reach]), scale)
    return Interval(value, float(low), float(high), level, error)


def percentile(statistic: Statistic, sample: Sample, *, level: float, draws: int, seed: int) -> tuple[float, float]:
    """The plain bootstrap interval, which needs many draws for a high level; to check the other one."""
    values = _resamples({"": statistic}, sample, draws, seed)[""]
    low, high = np.quantile(values[np.isfinite(values)], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _resamples(statistics: Mapping[str, Statistic], sample: Sample, draws: int, seed: int) -> dict[str, Floats]:
    weighing = {name: one.values for name, one in statistics.items() if one.weighs}
    others = {name: one.values for name, one in statistics.items() if not one.weighs}
    read = _read(weighing, resampled(sample, draws, seed)) if weighing else {}
    return read | (_read(others, half_sampled(sample, draws, seed)) if others else {})


def _fitting(scale: Scale, value: float) -> Scale:
    """The scale, where the value has a place on it."""
    inside = {"linear": True, "log": value > 0, "logit": 0 < value < 1}[scale]
    return scale if inside else "linear"


def to_scale(values: Floats, scale: Scale) -> Floats:
    """Values on the scale; nan outside of what it can show."""
    if scale == "linear":
        return values
    inside = np.where((values > 0) & ((values < 1) | (scale == "log")), values, np.nan)
    return np.log(inside) if scale == "log" else np.log(inside) - np.log1p(-inside)


def from_scale(values: Floats, scale: Scale) -> Floats:
    """Back from the scale."""
    if scale == "linear":
        return values
    return np.exp(values) if scale == "log" else np.asarray(1 / (1 + np.exp(-values)))


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
