"""What a comparison says, in plain words and plain numbers; the page and the command line show the same ones.

Nothing is computed here that is not in the record: words say which figures stand out, which do not, and how large a
difference had to be to be found at these numbers.
"""

from __future__ import annotations

from math import inf
from pathlib import PurePath
from typing import NamedTuple

from turnwright.records.fidelity import Detail, Fidelity, GateOutcome, Light, Reading

__all__ = [
    "SAID",
    "SIGNS",
    "Group",
    "chance",
    "clearest",
    "compared",
    "error_rate",
    "families",
    "gate_says",
    "named",
    "number",
    "of_light",
    "span",
    "telling",
    "thresholds",
    "unread",
    "verdict",
    "visible",
]

SAID: dict[Light, str] = {"red": "shown", "amber": "hint", "green": "not seen", "grey": "not measured"}
"""What a light says of a difference, in a word; never told by colour alone."""
SIGNS: dict[Light, str] = {"red": "◆", "amber": "▲", "green": "●", "grey": "–"}
NAMED = 3
"""Files that are called by name in a sentence."""


class Group(NamedTuple):
    """The readings of one family, in the order of the panel."""

    name: str
    readings: tuple[Reading, ...]

    @property
    def light(self) -> Light:
        """The gravest of its lights."""
        lights = {one.light for one in self.readings}
        return next((light for light in SAID if light in lights), "grey")

    @property
    def told(self) -> str:
        """How many figures have this light, of how many that could be measured."""
        count = sum(one.light == self.light for one in self.readings)
        measured = sum(one.light != "grey" for one in self.readings)
        return f"{count} of {measured}" if measured else ""


def families(fidelity: Fidelity) -> list[Group]:
    """The readings by family, in the order of the panel."""
    found: dict[str, list[Reading]] = {}
    for one in fidelity.readings:
        found.setdefault(named(one.family), []).append(one)
    return [Group(name, tuple(readings)) for name, readings in found.items()]


def of_light(fidelity: Fidelity, light: Light) -> list[Reading]:
    """The readings of one light; the surest first, equally sure ones in the order of the panel."""
    found = [one for one in fidelity.readings if one.light == light]
    return sorted(found, key=lambda one: (_or_one(one.adjusted), _or_one(one.p)))


def clearest(fidelity: Fidelity, light: Light) -> list[Reading]:
    """The clearest reading of this light of each family, in their order: a list of everything says little."""
    found = of_light(fidelity, light)
    firsts = (next((one for one in found if one in group.readings), None) for group in families(fidelity))
    return [one for one in firsts if one is not None]


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def telling(one: Reading, most: int = 3) -> list[str]:
    """The most telling lines under a figure: `goodbye: 0.135 → 0`, reference first; only shares and means say much."""
    shares = [each for each in one.details if min(_or_below(each.reference), _or_below(each.synthetic)) >= 0]
    return [_telling(each) for each in shares[:most]]


def _or_below(value: float | None) -> float:
    return -1.0 if value is None else value


def _telling(one: Detail) -> str:
    like = max(one.reference or 0.0, one.synthetic or 0.0)
    return f"{one.name}: {number(one.reference, like)} → {number(one.synthetic, like)}"


def named(name: str) -> str:
    """A figure's name as a heading: `tail_retention` is `Tail retention`."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def number(value: float | None, like: float | None = None) -> str:
    """A figure with as many digits as it bears; `like`: the size that decides how many, its own without one."""
    if not value:
        return "–" if value is None else "0"
    size = abs(value if like is None else like)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.01 or size == 0 else 4
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "−")


def span(low: float | None, high: float | None) -> str:
    """An interval, without a space at which a line could break; "" where there is none."""
    if low is None or high is None:
        return ""
    like = max(abs(low), abs(high))
    return f"{number(low, like)}…{number(high, like)}"


def chance(p: float | None, draws: int = 0) -> str:
    """A p-value; none is told more exactly than so many draws can tell (0: an exact test, which has no draws)."""
    if p is None:
        return "–"
    if draws and p * (draws + 1) < 1.000001:
        return f"≤ {1 / (draws + 1):.2g}"
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def compared(fidelity: Fidelity) -> str:
    """What was compared with what, and how it was read."""
    ours, theirs = fidelity.sources[1], fidelity.sources[0]
    view = "by scenario weights (natural)" if fidelity.view == "natural" else "as they are (stress)"
    return (
        f"{_many(fidelity.n[1], 'synthetic')}{_from(ours)} against {_many(fidelity.n[0], 'reference')}{_from(theirs)}, "
        f"read {view}."
    )


def _many(n: int, kind: str) -> str:
    return f"{n:,} {kind} conversation{'' if n == 1 else 's'}"


def _from(sources: tuple[str, ...]) -> str:
    """File names without their folders, which say nothing to a reader elsewhere."""
    if not sources:
        return ""
    names = [PurePath(each).name or each for each in sources[:NAMED]]
    more = len(sources) - len(names)
    return f" ({', '.join(names)}{f' and {more:,} more' if more else ''})"


def verdict(fidelity: Fidelity) -> str:
    """The whole of it in one sentence."""
    red, amber = len(of_light(fidelity, "red")), len(of_light(fidelity, "amber"))
    looked = len(fidelity.readings) - len(of_light(fidelity, "grey"))
    if not looked:
        return "Nothing could be measured."
    figures = f"{looked} figure{'' if looked == 1 else 's'}"
    if red:
        said = "shows" if red == 1 else "show"
        return f"The synthetic conversations differ from the reference: {red} of {figures} {said} it."
    if amber:
        return (
            f"No difference is shown. {amber} of {figures} look{'s' if amber == 1 else ''} unusual, which "
            f"chance can explain when so many are looked at."
        )
    return f"No difference is seen in {figures}. That is not proof of equality: see what could have been found."


def error_rate(fidelity: Fidelity) -> str:
    """How often the panel would cry wolf, and what stands behind its p-values."""
    return (
        f"If both sides came from one source, the whole panel would raise an alarm in at most {fidelity.alpha:.0%} of "
        f"such comparisons. Each p comes from {fidelity.permutations:,} random divisions of the conversations (never "
        f"of turns); adjusted p counts all figures of the panel; seed {fidelity.seed}."
    )


def thresholds(one: Reading) -> tuple[float, ...]:
    """Where a difference begins to be found with a power of 80 %: on the side where the figure goes, or on both.

    Values that the figure cannot have are left out: no ratio falls below nought, no AUC passes 1.
    """
    if one.smallest is None:
        return ()
    sides = {"higher": (1,), "lower": (-1,), "either": (-1, 1)}[one.worse]
    least = 0.0 if one.same > 0 else -inf
    most = 1.0 if one.unit == "AUC" else inf
    found = tuple(one.same + sign * one.smallest for sign in sides)
    return tuple(each for each in found if least < each < most)


def visible(one: Reading) -> str:
    """From which value on a difference would have been found, as `≤ 0.830`; "" where that is not known."""
    found = thresholds(one)
    if not found:
        return "" if one.smallest is None else "none at this size"
    if len(found) == 2 and one.same == 0:
        return f"± {number(one.smallest)}"
    like = max(map(abs, found))
    return " or ".join(f"{'≤' if each < one.same else '≥'} {number(each, like)}" for each in found)


def gate_says(one: GateOutcome) -> str:
    """A gate's answer in words."""
    said = {
        "held": "held: surely within",
        "breached": f"breached: surely past it ({one.action})",
        "open": "open: the interval reaches over the bound, so it cannot be told yet",
        "unread": "not read",
    }[one.state]
    return f"{said}: {one.why}" if one.why else said


def unread(fidelity: Fidelity) -> list[str]:
    """What was not looked at, and why; figures that share a reason stand in one line."""
    why: dict[str, list[Reading]] = {}
    for one in fidelity.readings:
        if one.left_out:
            why.setdefault(one.left_out, []).append(one)
    said = {f"{called}: {one.left_out}" for found in why.values() for one in found for called in (one.name, one.title)}
    lines = [f"{', '.join(one.title for one in found)}: {reason}" for reason, found in why.items()]
    return [*lines, *dict.fromkeys(line for line in fidelity.left_out if line not in said)]
