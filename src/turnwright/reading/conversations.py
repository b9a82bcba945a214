"""One file of conversations, of whatever kind, as examples with their places.

It joins what `files` and `tables` stream with what `lines` and `messages` understand, and with the provenance file
that an export of ours has beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Example
from turnwright.reading.files import Kind, array_items, file_lines, kind_of
from turnwright.reading.lines import Line, Told, from_turns, line_of, told_of
from turnwright.reading.messages import from_messages
from turnwright.reading.tables import table_rows

__all__ = ["PROVENANCE", "Place", "read_file"]

PROVENANCE = ".provenance.jsonl"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a conversation was read. source, licence, record: what its own line says, "" where it says nothing."""

    where: str
    file: Path
    source: str = ""
    licence: str = ""
    record: str = ""


def read_file(path: Path) -> Iterator[tuple[Example, Place]]:
    """Stream the conversations of one file; raises InputError with the place of what cannot be read."""
    told = path.with_name(path.name.removesuffix(".jsonl") + PROVENANCE)
    beside = told if path.suffix == ".jsonl" and told.is_file() else None
    for (where, text), about in _with_provenance(_records(path, kind_of(path)), beside, path):
        line = line_of(text, where)
        example = from_turns(line, where) if line.turns is not None else from_messages(line, about, where)
        yield example, _place(line, where, path)


def _records(path: Path, kind: Kind) -> Iterator[tuple[str, bytes]]:
    if kind == "JSONL":
        return file_lines(path)
    return array_items(path) if kind == "JSON" else table_rows(path, kind)


def _with_provenance(
    records: Iterator[tuple[str, bytes]], beside: Path | None, path: Path
) -> Iterator[tuple[tuple[str, bytes], Told | None]]:
    if beside is None:
        yield from ((record, None) for record in records)
        return
    told: Iterable[Told] = (told_of(text, where) for where, text in file_lines(beside))
    for record, about in zip_longest(records, told):
        if record is None or about is None:
            raise InputError(
                "has another number of lines than the file it belongs to",
                where=str(beside),
                fix=f"export again, or remove it to read {path.name} without acts",
            )
        yield record, about


def _place(line: Line, where: str, file: Path) -> Place:
    source, licence, record = (
        next((given for given in each if isinstance(given, str)), "")
        for each in ((line.source,), (line.licence, line.license), (line.record,))
    )
    return Place(where=where, file=file, source=source, licence=licence, record=record)
