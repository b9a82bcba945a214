"""One monitor's figure as a gate needs it: freed from chance, and with bounds at any error.

A gate's error shrinks with every look, far beyond what quantiles of resamples can tell; so bounds are the figure plus
and minus standard errors, on the scale on which it is nearly normal (`permuting.interval`). Two things are added, both
from sets of the synthetic set's size that are drawn from the reference, conversations and not turns:

* the spread is at least theirs. A set of 20 conversations without one rare cell has no spread at all around its nought,
  yet human sets of 20 often show none either;
* where they are worse than `same` on average, that much is taken off: the divergence of two small human sets is never
  0, and a gate would breach for nothing but a small batch.

A monitor that tells its own interval is believed. This knows neither gates nor looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from turnwright.monitor import permuting
from turnwright.monitor.permuting import Scale, from_scale, to_scale
from turnwright.monitor.sampling import effective
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic, Weights
from turnwright.records import derive_seed
from turnwright.records.fidelity import Floor

__all__ = ["Figure", "figure_of"]

DRAWS = 200
"""Human sets behind a spread, which is then known to about 5 %."""
ROWS = 20
"""Of them at a time, so that large pools need little memory."""
FEWEST = 20
"""Of them with a figure, below which nothing can be said of chance."""
Known = Callable[[float], tuple[float, float] | None]


@dataclass(frozen=True)
class Figure:
    """value: None where there is none, and `left_out` says why. levels: on either side, for monitors that compare
    levels. n: conversations of either side. error: standard error on `scale`. floor: the figure of human sets of this
    size; as far as they are worse than `same` on average, this is already taken off `value`. known: the interval at a
    level, of monitors that tell their own.
    """

    value: float | None = None
    levels: tuple[float, float] | None = None
    n: tuple[int, int] = (0, 0)
    scale: Scale = "linear"
    error: float = 0.0
    floor: Floor | None = None
    known: Known | None = None
    left_out: str = ""

    def bounds(self, error: float) -> tuple[float, float] | None:
        """Lower and upper bound, each wrong with a chance of `error`; None where there is no figure."""
        if self.value is None:
            return None
        if self.known:
            return self.known(1 - 2 * error)
        away = -NormalDist().inv_cdf(error) * self.error
        middle = to_scale(np.array([self.value]), self.scale)
        low, high = from_scale(np.concatenate([middle - away, middle + away]), self.scale)
        return float(low), float(high)


def figure_of(sample: Sample, monitor: Monitor) -> Figure:
    """Take the figure of the sample as it stands."""
    statistic = monitor.prepare(sample)
    if isinstance(statistic, LeftOut):
        return Figure(left_out=statistic.why)
    value = permuting.figure(statistic, sample)
    if value is None:
        return Figure(n=statistic.n, left_out="it is not defined on these conversations")
    levels = statistic.levels(*sample.sides)
    if hasattr(statistic, "interval"):
        return Figure(value=value, levels=levels, n=statistic.n, known=_known(monitor, statistic, sample, value))
    found = permuting.interval(monitor, statistic, sample, value=value, seed=sample.seed)
    null = _human(statistic, sample, monitor.name)
    if found is None and len(null) < FEWEST:
        return Figure(value=value, levels=levels, n=statistic.n, left_out="it has too few resamples with a figure")
    return _freed(monitor, statistic, value, levels, found.error if found and found.error else 0.0, null)


def _known(monitor: Monitor, statistic: Statistic, sample: Sample, value: float) -> Known:
    def at(level: float) -> tuple[float, float] | None:
        found = permuting.interval(monitor, statistic, sample, value=value, level=level, seed=sample.seed)
        return (found.low, found.high) if found else None

    return at


def _freed(
    monitor: Monitor,
    statistic: Statistic,
    value: float,
    levels: tuple[float, float] | None,
    error: float,
    null: Floats,
) -> Figure:
    """The figure less what human sets of this size show, with an error that is at least theirs."""
    scale = monitor.scale if _fits(monitor.scale, (value, monitor.same), null) else "linear"
    if scale != monitor.scale and np.isfinite(to_scale(np.array([value]), monitor.scale)).all():
        error *= value if monitor.scale == "log" else value * (1 - value)  # it was told on the monitor's scale
    placed = to_scale(null, scale)
    placed = placed[np.isfinite(placed)]
    if len(placed) < FEWEST:
        return Figure(value=value, levels=levels, n=statistic.n, scale=scale, error=error)
    low, middle, high = np.quantile(null, [0.025, 0.5, 0.975])
    shift = float(placed.mean()) - float(to_scale(np.array([monitor.same]), scale)[0])
    chance = {"higher": max(shift, 0.0), "lower": min(shift, 0.0), "either": 0.0}[monitor.worse]
    freed = from_scale(to_scale(np.array([value]), scale) - chance, scale) if np.isfinite(chance) else [value]
    return Figure(
        value=float(freed[0]),
        levels=levels,
        n=statistic.n,
        scale=scale,
        error=max(error, float(placed.std(ddof=1))),
        floor=Floor(median=float(middle), low=float(low), high=float(high), halves=len(null), size=statistic.n[1]),
    )


def _fits(scale: Scale, values: tuple[float, ...], null: Floats) -> bool:
    """Whether the values and nearly all human sets have a place on the scale; rare things have none at 0."""
    placed = np.isfinite(to_scale(null, scale))
    return bool(np.isfinite(to_scale(np.array(values), scale)).all() and (not len(null) or placed.mean() > 0.95))


def _human(statistic: Statistic, sample: Sample, name: str) -> Floats:
    """The figure of sets drawn from the reference, as many conversations as the synthetic weights are worth."""
    rng = np.random.default_rng(derive_seed(sample.seed, "human sets", name))
    worth = max(1, round(effective(sample.sides[1][0])))
    sides = _drawn if statistic.weighs else _apart
    values = np.concatenate([statistic.values(*sides(sample, worth, rng)) for _ in range(0, DRAWS, ROWS)])
    values = np.asarray(values[np.isfinite(values)], np.float64)
    if statistic.weighs or not len(values):
        return values
    fewer = sample.reference / (sample.reference + worth)  # conversations, against those that the figure rests on
    return np.asarray(values.mean() + (values - values.mean()) * np.sqrt(fewer), np.float64)


def _drawn(sample: Sample, worth: int, rng: np.random.Generator) -> tuple[Weights, Weights]:
    """Both sides drawn from the reference, with repeats."""
    chance = np.full(sample.reference, 1 / sample.reference)
    weights = sample.weights[: sample.reference]
    sides = np.zeros((2, ROWS, len(sample.examples)), np.float32)
    for side, count in zip(sides, (sample.reference, worth), strict=True):
        side[:, : sample.reference] = rng.multinomial(count, chance, ROWS) * weights
    return sides[0], sides[1]


def _apart(sample: Sample, worth: int, rng: np.random.Generator) -> tuple[Weights, Weights]:
    """Two parts of the reference, as large against one another as the sides are, for figures that take no repeats."""
    count = max(1, round(sample.reference * worth / (sample.reference + worth)))
    ranks = rng.permuted(np.tile(np.arange(sample.reference), (ROWS, 1)), axis=1)
    sides = np.zeros((2, ROWS, len(sample.examples)), np.float32)
    sides[1, :, : sample.reference] = ranks < count
    sides[0, :, : sample.reference] = 1 - sides[1, :, : sample.reference]
    return sides[0], sides[1]
