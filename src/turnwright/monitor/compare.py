"""The verb of this stage: two sets in, what the whole panel read off them out.

One sample, one series of draws for all monitors, one correction over all of them. A monitor that cannot work here is
left out with its reason and never stops the others. Nothing is decided here: gates and rounds do that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from turnwright.errors import InputError
from turnwright.monitor.correcting import corrected, critical, distances, p_value, smallest
from turnwright.monitor.panel import PANEL
from turnwright.monitor.permuting import Interval, figure, floors, intervals, nulls
from turnwright.monitor.sampling import notes_on, sample_of, thinned
from turnwright.monitor.settings import MonitorSettings
from turnwright.monitor.statistic import Floats, LeftOut, Monitor, Sample, Statistic
from turnwright.monitor.telling import rounded, told
from turnwright.reading import ExampleSet
from turnwright.records.fidelity import Detail, Fidelity, Floor, Light, Reading

__all__ = ["FEWEST", "compare"]

FEWEST = 10
"""Conversations a side. Below, no panel of this size can show anything but that all is different, a figure's interval
is made of a handful of conversations, and half of the reference is too few for a floor."""
FEW = 50
"""Conversations a side, below which a reader is warned."""
LEVEL = 0.95
MOST_DETAILS = 40

Tell = Callable[[str], None]


@dataclass(frozen=True)
class _Measured:
    """What is known of one monitor before the panel is corrected. tested: figures under permutation, if any."""

    monitor: Monitor
    statistic: Statistic
    value: float
    interval: Interval | None
    floor: Floor | None
    tested: Floats | None


def compare(
    reference: ExampleSet,
    synthetic: ExampleSet,
    settings: MonitorSettings | None = None,
    *,
    monitors: Sequence[Monitor] = PANEL,
    seed: int = 0,
    tell: Tell | None = None,
) -> Fidelity:
    """Read every monitor off two sets; the same sets, settings and seed give the same record.

    tell: hears in words what is being done.

    Raises:
        InputError: a side has fewer than ten conversations, or the extra `measure` is not installed.
    """
    chosen = settings or MonitorSettings()
    _refuse_without_extra()
    say = tell or (lambda _: None)
    _refuse_too_few(reference, "reference")
    _refuse_too_few(synthetic, "synthetic set")
    sample = sample_of(reference.examples, synthetic.examples, view=chosen.view, most=chosen.most, seed=seed)
    prepared = {one.name: _prepared(one, sample, say) for one in monitors}
    measured, left = _measured(monitors, prepared, sample, chosen, say)
    read = _readings(measured, sample, chosen.alpha)
    readings = tuple(read.get(one.name) or _left_out(one, left[one.name]) for one in monitors)
    alarm = any(one.adjusted is not None and one.adjusted <= chosen.alpha for one in readings)
    return Fidelity(
        reference=reference.hash,
        synthetic=synthetic.hash,
        sources=(reference.sources, synthetic.sources),
        n=(len(reference), len(synthetic)),
        view=chosen.view,
        alpha=chosen.alpha,
        permutations=chosen.permutations,
        seed=seed,
        alarm=alarm,
        light="red" if alarm else "amber" if any(one.light == "amber" for one in readings) else _calm(readings),
        readings=readings,
        left_out=tuple(f"{one.title}: {one.left_out}" for one in readings if one.left_out),
        notes=tuple(_notes(sample, chosen)),
    )


def _calm(readings: Sequence[Reading]) -> Light:
    return "green" if any(one.light == "green" for one in readings) else "grey"


def _refuse_without_extra() -> None:
    for module, package in (("scipy", "scipy"), ("sklearn", "scikit-learn"), ("wordllama", "wordllama")):
        if find_spec(module) is None:
            raise InputError(f"{package} is not installed", fix="pip install 'turnwright[measure]'")


def _refuse_too_few(given: ExampleSet, name: str) -> None:
    if len(given) >= FEWEST:
        return
    what = f"has {len(given)} conversation{'s' if len(given) != 1 else ''}" if len(given) else "is empty"
    raise InputError(
        f"the {name} {what}; a comparison needs at least {FEWEST} on either side",
        where=", ".join(given.sources),
        fix="give more conversations (with 100 a side a loss of a tenth can be seen)",
    )


def _prepared(monitor: Monitor, sample: Sample, say: Tell) -> Statistic | LeftOut:
    say(f"counting: {monitor.title}")
    return monitor.prepare(sample)


def _measured(
    monitors: Sequence[Monitor],
    prepared: dict[str, Statistic | LeftOut],
    sample: Sample,
    settings: MonitorSettings,
    say: Tell,
) -> tuple[list[_Measured], dict[str, str]]:
    """What has a figure, and why the rest has none."""
    left = {name: one.why for name, one in prepared.items() if isinstance(one, LeftOut)}
    ready = {name: one for name, one in prepared.items() if not isinstance(one, LeftOut)}
    values = {name: figure(one, sample) for name, one in ready.items()}
    left |= {name: "these conversations show nothing to count" for name, value in values.items() if value is None}
    ready = {name: one for name, one in ready.items() if values[name] is not None}
    say(f"permuting {settings.permutations:,} times")
    tested = nulls(ready, sample, settings.permutations, sample.seed) if _can_test(sample) else {}
    say("resampling for intervals")
    spread = intervals(monitors, ready, sample, values=values, level=LEVEL, seed=sample.seed)
    say(f"halving the reference {settings.halves:,} times")  # last: costly monitors then look at other conversations
    floor = floors(ready, sample, settings.halves, sample.seed)
    made = [
        _Measured(one, ready[one.name], value, spread.get(one.name), floor.get(one.name), tested.get(one.name))
        for one in monitors
        if (value := values.get(one.name)) is not None
    ]
    return made, left


def _can_test(sample: Sample) -> bool:
    inside = thinned(sample)
    return bool(min(inside[: sample.reference].sum(), inside[sample.reference :].sum()) >= FEWEST)


def _readings(measured: Sequence[_Measured], sample: Sample, alpha: float) -> dict[str, Reading]:
    testable = [one for one in measured if one.tested is not None and np.isfinite(one.tested[0])]
    away = {one.monitor.name: distances(one.tested, one.monitor) for one in testable if one.tested is not None}
    headline = [one.monitor.headline for one in testable]
    adjusted = dict(zip(away, corrected(list(away.values()), headline), strict=True)) if away else {}
    bounds = dict(zip(away, critical(list(away.values()), headline, alpha), strict=True)) if away else {}
    read: dict[str, Reading] = {}
    for one in measured:
        name = one.monitor.name
        p = p_value(away[name]) if name in away else None
        reach = None
        if one.tested is not None and name in bounds:
            error = one.interval.error if one.interval else None
            reach = smallest(one.tested, one.monitor, bound=bounds[name], error=error)
        read[name] = _reading(one, sample, (p, adjusted.get(name), reach), alpha)
    return read


def _reading(
    one: _Measured, sample: Sample, tested: tuple[float | None, float | None, float | None], alpha: float
) -> Reading:
    p, adjusted, reach = tested
    monitor, spread = one.monitor, one.interval
    levels = one.statistic.levels(*sample.sides)
    details: Sequence[Detail] = one.statistic.details(*sample.sides)
    made = Reading(
        name=monitor.name,
        family=monitor.family,
        title=monitor.title,
        side=monitor.side,
        value=rounded(one.value),
        unit=monitor.unit,
        same=monitor.same,
        worse=monitor.worse,
        reference=rounded(levels[0]) if levels else None,
        synthetic=rounded(levels[1]) if levels else None,
        low=rounded(spread.low) if spread else None,
        high=rounded(spread.high) if spread else None,
        level=LEVEL,
        floor=one.floor,
        p=rounded(p),
        adjusted=rounded(adjusted),
        smallest=rounded(reach),
        n=one.statistic.n,
        light=_light(p, adjusted, alpha),
        details=tuple(details[:MOST_DETAILS]),
    )
    return told(made, monitor.means)


def _light(p: float | None, adjusted: float | None, alpha: float) -> Light:
    if p is None or adjusted is None:
        return "grey"
    return "red" if adjusted <= alpha else "amber" if p <= alpha else "green"


def _left_out(monitor: Monitor, why: str) -> Reading:
    made = Reading(
        name=monitor.name,
        family=monitor.family,
        title=monitor.title,
        side=monitor.side,
        unit=monitor.unit,
        same=monitor.same,
        worse=monitor.worse,
        left_out=why,
    )
    return told(made, monitor.means)


def _notes(sample: Sample, settings: MonitorSettings) -> list[str]:
    numbers = (sample.reference, len(sample.examples) - sample.reference)
    notes = notes_on(sample, settings.view)
    if not _can_test(sample):
        notes.append(f"by their weights fewer than {FEWEST} conversations are left on a side, so nothing was tested")
    if max(numbers) > settings.most:
        notes.append(f"costly monitors look at {settings.most:,} conversations of a side, drawn by seed {sample.seed}")
    if min(numbers) < FEW:
        notes.append(f"with {min(numbers)} conversations on a side only gross differences can be seen")
    if both := _on_both(sample):
        notes.append(f"{both:,} synthetic conversations are word for word in the reference, which hides differences")
    return notes


def _on_both(sample: Sample) -> int:
    words = [tuple(turn.text for turn in one.turns) for one in sample.examples]
    known = set(words[: sample.reference])
    return sum(one in known for one in words[sample.reference :])
