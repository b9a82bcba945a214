"""The report of a comparison: one self-contained HTML page, and the same as JSON.

The page asks for nothing over the network and opens from disk. Words in it may come from models and from strangers
(telling words, names of acts and files), so all of them are escaped; none is ever a template.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from turnwright.errors import InputError
from turnwright.monitor.page import strips, wording
from turnwright.monitor.page.template import look, template
from turnwright.records.fidelity import Fidelity, GateOutcome, Reading

__all__ = ["MARK", "fidelity_json", "fidelity_page", "read_fidelity"]

MARK = '<meta name="generator" content="turnwright monitor">'
"""Stands near the top of every page that is written here, and of no other."""
SHOWN = 8
"""Lines explaining a figure which are shown at once; the rest is folded."""
EXAMPLES = 5
"""Figures named where the page says what could have been found."""


def fidelity_page(fidelity: Fidelity, *, gates: Sequence[GateOutcome] = (), heading: str = "Fidelity") -> str:
    """The whole page. gates: what gates said of these figures, shown on top."""
    groups = wording.families(fidelity)
    chance = partial(wording.chance, draws=fidelity.permutations)
    return template("fidelity").render(
        made=fidelity,
        gates=gates,
        heading=heading,
        groups=groups,
        red=wording.of_light(fidelity, "red"),
        amber=wording.of_light(fidelity, "amber"),
        said_of_all=wording.verdict(fidelity),
        compared=wording.compared(fidelity),
        rate=wording.error_rate(fidelity),
        examples=_examples(groups),
        unread=wording.unread(fidelity),
        level=f"{fidelity.readings[0].level:.0%}" if fidelity.readings else "",
        signs=wording.SIGNS,
        said=wording.SAID,
        number=wording.number,
        span=wording.span,
        chance=chance,
        exact=wording.chance,
        visible=wording.visible,
        gate_says=wording.gate_says,
        strip=strips.strip,
        legend=strips.legend(),
        look=look(),
        largest=_largest,
        tested=_tested,
        firsts=wording.clearest(fidelity, "red"),
        telling_of=wording.telling,
        shown=SHOWN,
        loop_id=_anchor,
    )


def fidelity_json(fidelity: Fidelity) -> bytes:
    """The record as indented JSON; `read_fidelity` takes it back."""
    return msgspec.json.format(msgspec.json.encode(fidelity), indent=2) + b"\n"


def read_fidelity(data: bytes, *, where: str = "") -> Fidelity:
    """The record of such JSON; raises InputError in one line when it is something else."""
    try:
        return msgspec.json.decode(data, type=Fidelity)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        said = str(fault).replace("\n", " ")
        raise InputError(f"not a comparison that can be read ({said})", where=where, fix="compare again") from None


def _examples(groups: Sequence[wording.Group]) -> list[Reading]:
    """The first figure of each family of which it is known what would be found."""
    firsts = (next((one for one in group.readings if wording.visible(one)), None) for group in groups)
    return [one for one in firsts if one is not None][:EXAMPLES]


def _largest(one: Reading) -> float:
    """The longest bar of the details; 0 where bars would mean nothing, as there is something below nought."""
    sizes = [each for detail in one.details for each in (detail.reference, detail.synthetic) if each is not None]
    return max(sizes) if sizes and min(sizes) >= 0 else 0.0


def _tested(one: Reading) -> bool:
    return any(detail.p is not None for detail in one.details)


def _anchor(one: Reading) -> str:
    """A reading's place in the page; names come from a panel, yet a plug-in's may hold anything."""
    return "figure-" + "".join(letter if letter.isalnum() else "-" for letter in one.name)
