"""Where every conversation comes from: its source, its licence and the hash of what was read.

It stands beside the conversations and never within what they are: the same words from two sources are one content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from turnwright.reading.example import Example
from turnwright.reading.licences import UNKNOWN, FoundLicence, dataset_name, find_licence
from turnwright.reading.sources import read_places

__all__ = ["Sourced", "read_sourced"]


class Sourced(msgspec.Struct, frozen=True, kw_only=True):
    """name: the conversation's id in its data. source: data set or file. licence: `unknown` where nothing says so.

    record: content id of the conversation as it was first read; a line that tells one keeps it. file: which was read;
    place: with the line. found: which file told the licence, `the line` or `given`; "" where nobody did.
    otherwise: the licence that the data told, where another was given.
    """

    name: str
    source: str
    licence: str
    record: str
    otherwise: str = ""
    file: str = ""
    place: str = ""
    found: str = ""


def read_sourced(
    paths: Sequence[Path], *, rename: Mapping[str, str] | None = None, source: str = "", licence: str = ""
) -> Iterator[tuple[Example, Sourced]]:
    """Stream conversations (see `read_conversations`), each with where it comes from.

    Args:
        source, licence: what is said of all of them; it goes before what the data says.
    """
    for path in paths:
        about = lru_cache(maxsize=1000)(lambda file, name, root=path: _about(file, root, name))
        for example, place in read_places(path, rename=rename):
            called, found = about(place.file, place.source)
            yield (
                example,
                Sourced(
                    name=example.name,
                    source=source or called,
                    licence=licence or place.licence or found.licence,
                    record=place.record or example.id,
                    file=str(place.file),
                    place=place.where,
                    found="given" if licence else "the line" if place.licence else found.where,
                    otherwise=_otherwise(licence, place.licence or found.licence),
                ),
            )


def _otherwise(given: str, told: str) -> str:
    return told if given and told not in (given, UNKNOWN) else ""


def _about(file: Path, root: Path, source: str) -> tuple[str, FoundLicence]:
    """What the data set is called (without a name, its folder and file) and its licence."""
    return source or dataset_name(file, root) or "/".join(file.parts[-2:]), find_licence(file, root, source)
