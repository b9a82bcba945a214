"""What licences ask of a set that contains, or was derived from, what stands under them.

One visible table. A licence that is not in it is unknown and stays unknown: nothing is guessed from its name. This is
a reading aid and no legal advice; the text of the licence decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

__all__ = ["LICENCES", "UNKNOWN", "Duties", "WorstCase", "duties_of", "worst_case"]

UNKNOWN = "unknown"


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """What a licence asks. attribution: name the source, or pass on the licence's text.

    share_alike: what is derived stands under the same licence. non_commercial: no commercial use.
    no_derivatives: nothing derived may be passed on.
    """

    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False

    def __or__(self, other: Duties) -> Duties:
        return Duties(
            attribution=self.attribution or other.attribution,
            share_alike=self.share_alike or other.share_alike,
            non_commercial=self.non_commercial or other.non_commercial,
            no_derivatives=self.no_derivatives or other.no_derivatives,
        )

    @property
    def weight(self) -> tuple[bool, bool, bool, bool]:
        """Sorts licences from free to strict."""
        return (self.no_derivatives, self.non_commercial, self.share_alike, self.attribution)


_NAMED = Duties(attribution=True)
_ALIKE = Duties(attribution=True, share_alike=True)
LICENCES: dict[str, Duties] = {
    "cc0-1.0": Duties(),
    "pddl-1.0": Duties(),
    "unlicense": Duties(),
    "mit": _NAMED,
    "apache-2.0": _NAMED,
    "bsd-2-clause": _NAMED,
    "bsd-3-clause": _NAMED,
    "cc-by-3.0": _NAMED,
    "cc-by-4.0": _NAMED,
    "odc-by-1.0": _NAMED,
    "cdla-permissive-1.0": _NAMED,
    "cdla-permissive-2.0": _NAMED,
    "cc-by-sa-3.0": _ALIKE,
    "cc-by-sa-4.0": _ALIKE,
    "odbl-1.0": _ALIKE,
    "cdla-sharing-1.0": _ALIKE,
    "gpl-3.0": _ALIKE,
    "cc-by-nc-4.0": Duties(attribution=True, non_commercial=True),
    "cc-by-nc-sa-4.0": Duties(attribution=True, non_commercial=True, share_alike=True),
    "cc-by-nd-4.0": Duties(attribution=True, no_derivatives=True),
    "cc-by-nc-nd-4.0": Duties(attribution=True, non_commercial=True, no_derivatives=True),
}
"""SPDX id in lower case → what it asks."""


class WorstCase(msgspec.Struct, frozen=True, kw_only=True):
    """What the licences of all sources together ask of the set.

    licence: `unknown` as soon as one of them is unknown, else `strictest`. strictest: the strictest that is known.
    duties: of all that are known, together. unknown: sources whose licence nobody told, or that the table lacks.
    conflicts: share-alike licences that each ask for themselves, where there is more than one.
    """

    licence: str
    strictest: str = ""
    duties: Duties = Duties()
    unknown: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def duties_of(licence: str) -> Duties | None:
    """What a licence asks; None for one that the table lacks.

    `A AND B` asks for what both ask, `A OR B` for what the freer one asks.
    """
    return _read(licence)[0]


def worst_case(sources: Iterable[tuple[str, str]]) -> WorstCase:
    """Join the licences of sources, given as (name, licence)."""
    given = sorted(set(sources))
    read = [(name, licence, *_read(licence)) for name, licence in given]
    known = [(duties, licence) for _, licence, duties, _ in read if duties is not None]
    strictest = max(known, key=lambda each: (each[0].weight, each[1].lower()), default=(Duties(), ""))[1]
    unknown = tuple(dict.fromkeys(name for name, _, duties, _ in read if duties is None))
    alike = sorted({one for *_, parts in read for one in parts if LICENCES[one].share_alike})
    together = Duties()
    for duties, _ in known:
        together |= duties
    return WorstCase(
        licence=UNKNOWN if unknown or not known else strictest,
        strictest=strictest,
        duties=together,
        unknown=unknown,
        conflicts=tuple(alike) if len(alike) > 1 else (),
    )


def _read(licence: str) -> tuple[Duties | None, tuple[str, ...]]:
    """What is asked together, and the licences that ask it."""
    together, names = Duties(), []
    for part in re.split(r"\s+AND\s+", licence.strip()):
        choices = [_id(one) for one in re.split(r"\s+OR\s+", part)]
        if not all(one in LICENCES for one in choices):
            return None, ()
        freest = min(choices, key=lambda one: LICENCES[one].weight)
        together |= LICENCES[freest]
        names.append(freest)
    return together, tuple(names)


def _id(name: str) -> str:
    return re.sub(r"[\s_]+", "-", name.strip().lower())
