"""What an audit showed, in sentences: only what is past the error rate, and how far it could have seen."""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.engine.audit.records import BiasReport
from turnwright.monitor.bias import MEASURES, Amplified, Compared, Represented

__all__ = ["amount", "chance", "findings_of", "interval", "level_of", "swap_of"]


def findings_of(report: BiasReport) -> tuple[str, ...]:
    """Every difference that was shown and may be past its bound, treatment first; empty where there is none."""
    return (
        *_treatment(report),
        *_judgement(report),
        *_membership(report),
        *(_drift(one) for one in report.drifts if one.adjusted < report.settings.alpha),
    )


def _treatment(report: BiasReport) -> Iterator[str]:
    """A difference in a cell is told where there is none over all blueprints."""
    shown = [one for one in report.regenerated if one.answer == "different"]
    told = {(one.attribute, one.level, one.measure) for one in shown}
    cells = [one for one in report.cells if one.answer == "different"]
    for one in (*shown, *(one for one in cells if (one.attribute, one.level, one.measure) not in told)):
        within = "".join(f", among {name} {value}" for name, value in one.within.items())
        yield (
            f"{one.attribute} {one.level} against {one.reference}{within}: {MEASURES[one.measure].title} "
            f"{level_of(one, 1)} against {level_of(one, 0)}, a difference of {amount(one)} ({interval(one)})"
        )


def _judgement(report: BiasReport) -> Iterator[str]:
    for swap in report.in_place:
        one = swap.compared
        if one.answer == "different":
            yield (
                f"the same conversations are admitted in {level_of(one, 1)} of cases when the user is "
                f"{one.attribute} {one.level}, in {level_of(one, 0)} when {one.reference} ({interval(one)})"
            )


def _membership(report: BiasReport) -> Iterator[str]:
    for population in report.populations:
        for one in population.attributes:
            if one.adjusted is not None and one.adjusted < report.settings.alpha:
                yield f"{one.attribute} is not as declared ({population.view} view): {_worst(one)}"


def _worst(one: Represented) -> str:
    row = max(one.rows, key=lambda each: max(each.ratio, 1 / each.ratio))
    return f"{row.level} is {row.share:.1%} of {one.n:,}, {row.target:.1%} was declared, a ratio of {row.ratio:.2f}"


def _drift(one: Amplified) -> str:
    shares = f"{one.shares[0]:.1%} to {one.shares[-1]:.1%}"
    ways = [f"{way}{' from' if way == 'away' else ''} {what}" for way, what in _ways(one)]
    return f"{one.attribute} {one.level} drifts over the rounds, {shares}{': ' + ', '.join(ways) if ways else ''}"


def _ways(one: Amplified) -> Iterator[tuple[str, str]]:
    if one.target is not None:
        yield one.to_target, "its target" if one.to_target == "towards" else "from its target"
    if one.teacher is not None:
        yield (
            one.to_teacher,
            "the teacher's own level" if one.to_teacher == "towards" else "from the teacher's own level",
        )


def level_of(one: Compared, side: int) -> str:
    """The level of the reference (0) or of the other (1)."""
    return f"{one.means[side]:.1%}" if MEASURES[one.measure].kind == "share" else f"{one.means[side]:.2f}"


def amount(one: Compared, value: float | None = None, sign: str = "+", *, unit: bool = True) -> str:
    """The difference (or this value of it) with its sign: points for shares, else in the measure's unit."""
    shown = one.value if value is None else value
    if MEASURES[one.measure].kind == "mean":
        return f"{shown:{sign}.2f}{' ' + MEASURES[one.measure].unit if unit else ''}"
    return f"{100 * shown:{sign}.1f}{' points' if unit else ''}"


def interval(one: Compared) -> str:
    """The 95 % interval of the difference."""
    scale, digits = (100, 1) if MEASURES[one.measure].kind == "share" else (1, 2)
    return f"{scale * one.low:+.{digits}f}…{scale * one.high:+.{digits}f}"


def chance(p: float | None) -> str:
    """A p-value; empty where nothing was tested."""
    if p is None:
        return ""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def swap_of(one: Compared) -> str:
    """A swap's name: `gender: male, female`, and the cell where it is one."""
    within = "".join(f", among {name} {value}" for name, value in one.within.items())
    return f"{one.attribute}: {one.reference}, {one.level}{within}"
