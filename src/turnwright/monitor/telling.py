"""What a figure says, in one or two sentences for people; and how many digits it is told with."""

from __future__ import annotations

import msgspec

from turnwright.records.fidelity import Detail, Floor, Reading

__all__ = ["in_words", "rounded", "told"]

BARE = {"", "ratio", "share", "AUC"}
"""Units that a sentence does without."""


def rounded(value: float | None) -> float | None:
    """Six digits, so that records do not depend on the order in which a machine adds up."""
    return None if value is None else float(f"{value:.6g}")


def in_words(value: float) -> str:
    """A figure with three digits: `0.0421`, `1.3`, `12,400`."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def told(reading: Reading, means: str) -> Reading:
    """The reading with its sentence for people, and its floor in a few digits."""
    floor = reading.floor and _rounded_floor(reading.floor)
    details = tuple(map(_rounded_detail, reading.details))
    sentence = f"{means.rstrip('. ')}. {_figures(reading)}"
    return msgspec.structs.replace(reading, floor=floor, details=details, meaning=sentence.strip())


def _rounded_detail(detail: Detail) -> Detail:
    figures = (detail.reference, detail.synthetic, detail.p)
    reference, synthetic, p = map(rounded, figures)
    return Detail(name=detail.name, reference=reference, synthetic=synthetic, p=p, note=detail.note)


def _rounded_floor(floor: Floor) -> Floor:
    low, median, high = (float(f"{value:.6g}") for value in (floor.low, floor.median, floor.high))
    return Floor(median=median, low=low, high=high, halves=floor.halves, size=floor.size)


def _figures(reading: Reading) -> str:
    if reading.value is None:
        return f"Left out: {reading.left_out}."
    unit = "" if reading.unit in BARE else f" {reading.unit}"
    parts = [f"Here it is {in_words(reading.value)}{unit}"]
    if reading.reference is not None and reading.synthetic is not None:
        parts.append(f"({in_words(reading.reference)} in the reference, {in_words(reading.synthetic)} here)")
    if reading.floor is not None:
        low, high = in_words(reading.floor.low), in_words(reading.floor.high)
        parts.append(f"where halves of the reference ({reading.floor.size:,} each) have {low} to {high}")
    return f"{' '.join(parts)}: {_verdict(reading)}."


def _verdict(reading: Reading) -> str:
    if reading.light == "red":
        return "more than chance explains, over the whole panel"
    if reading.light == "amber":
        return "unusual by itself, but among so many figures chance may explain it"
    if reading.light == "grey":
        return "not tested"
    if reading.smallest is None:
        return "nothing is seen"
    return f"nothing is seen; at these numbers a difference of {in_words(reading.smallest)} would be"
