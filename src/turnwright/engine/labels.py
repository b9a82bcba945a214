"""Labels that were made elsewhere: from a CSV or JSONL file into the run's own, the good ones whatever the others are.

A line that cannot be used is named with its number, and can be mended and imported again: what is there already is
not added twice. Nothing is estimated here.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.engine.calibrating import defect_classes
from turnwright.errors import InputError
from turnwright.records import Json, Label
from turnwright.store import Run
from turnwright.store.labels import add_labels, read_labels

__all__ = ["Imported", "import_labels"]

_WORDS = {
    **dict.fromkeys(("yes", "y", "true", "1", "accept", "accepted"), True),
    **dict.fromkeys(("no", "n", "false", "0", "reject", "rejected"), False),
}
_NEEDED = ("conversation", "accepted")
_SHOWN = 5
_Fault = Literal["unreadable", "unknown", "ambiguous", "word", "defect", "reviewer", "twice"]
_FAULTS: dict[_Fault, tuple[str, str]] = {
    "unreadable": ("line(s) cannot be read", "write one label a line, as the header or the other lines have it"),
    "unknown": ("label(s) for conversations that this run does not have", "ids are in the report and in the exports"),
    "ambiguous": ("label(s) with an id that fits several conversations", "give more of the id"),
    "word": (
        "label(s) that say neither yes nor no",
        "write yes or no, true or false, 1 or 0, accept or reject",
    ),
    "defect": (
        "label(s) with an unknown defect class",
        "leave it empty, or name one that `turnwright label` lists",
    ),
    "reviewer": ("label(s) without a reviewer", "add a column `reviewer`, or give --reviewer NAME"),
    "twice": (
        "label(s) that the same reviewer contradicts further down",
        "leave one; the later line counts",
    ),
}
"""Why a line is left out: what is said of all such lines, and how to mend them."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file. added, unchanged: labels. refused: one error for each kind of line that was left out."""

    added: int
    unchanged: int
    refused: tuple[InputError, ...] = ()


class _Refused(Exception):
    """One line is left out: what is wrong with it, and the word that shows it."""

    def __init__(self, kind: _Fault, shown: str = "") -> None:
        super().__init__(kind)
        self.kind, self.shown = kind, shown


class _Line(msgspec.Struct, frozen=True):
    """A line of the file: its number from 1, and its fields; None where it could not be read."""

    number: int
    fields: dict[str, Json] | None


def import_labels(run: Run, path: Path, reviewer: str = "") -> Imported:
    """Add the labels of a file to those of the run; lines that cannot be used are told and left out.

    Args:
        path: CSV with a header, or JSON Lines: `conversation` (an id or its beginning, as `show` takes it), `accepted`,
            and where there are such `defect`, `note`, `reviewer`. The `labels.jsonl` of another copy of the run is one.
        reviewer: whose labels they are where a line does not say so.

    Raises:
        InputError: the file as a whole cannot be used; nothing was written.
        StoreError: the labels could not be written; none was.
    """
    lines = _lines(path)
    ids = sorted(admission.conversation_id for admission in run.records.admissions() if admission.conversation_id)
    classes = frozenset(defect_classes(run))
    there = {(label.conversation_id, label.reviewer): label for label in read_labels(run.folder.path).latest}
    read: dict[tuple[str, str], tuple[int, Label]] = {}
    refused: dict[_Fault, list[tuple[int, str]]] = {}
    for line in lines:
        try:
            label = _label(line, ids, classes, reviewer)
        except _Refused as fault:
            refused.setdefault(fault.kind, []).append((line.number, fault.shown))
            continue
        key = label.conversation_id, label.reviewer
        if key in read and read[key][1].accepted != label.accepted:
            refused.setdefault("twice", []).append((read[key][0], label.conversation_id))
        read[key] = line.number, label
    new = [label for key, (_, label) in read.items() if key not in there or _says(label) != _says(there[key])]
    add_labels(run.folder.path, new)
    faults = tuple(_error(path, kind, where, len(read)) for kind, where in refused.items())
    return Imported(added=len(new), unchanged=len(read) - len(new), refused=faults)


def _says(label: Label) -> tuple[bool, str, str]:
    return label.accepted, label.defect, label.note


def _error(path: Path, kind: _Fault, where: Sequence[tuple[int, str]], kept: int) -> InputError:
    """All lines with this fault in one line of words."""
    what, fix = _FAULTS[kind]
    shown = ", ".join(f"{word} (line {number})" if word else f"line {number}" for number, word in where[:_SHOWN])
    more = f" and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
    return InputError(
        f"{len(where)} {what}: {shown}{more}",
        where=f"{path}:{where[0][0]}",
        fix=f"{fix}; the {kept} good label(s) of this file are kept",
    )


# --- one line ---------------------------------------------------------------------------------------------------


def _label(line: _Line, ids: Sequence[str], classes: Collection[str], reviewer: str) -> Label:
    if line.fields is None or any(name not in line.fields for name in _NEEDED):
        raise _Refused("unreadable")
    fields = line.fields
    conversation = _found(_text(fields, "conversation"), ids)
    word = _text(fields, "accepted").lower()
    if word not in _WORDS:
        raise _Refused("word", word)
    defect = _text(fields, "defect")
    if defect and defect not in classes:
        raise _Refused("defect", defect)
    name = _text(fields, "reviewer") or reviewer.strip()
    if not name:
        raise _Refused("reviewer")
    note = _text(fields, "note")
    return Label(conversation_id=conversation, reviewer=name, accepted=_WORDS[word], defect=defect, note=note)


def _found(wanted: str, ids: Sequence[str]) -> str:
    """The one id that begins so; its kind may be left out."""
    head = wanted if wanted.startswith("cv_") else f"cv_{wanted}"
    place = bisect_left(ids, head)
    fitting = [found for found in ids[place : place + 2] if wanted and found.startswith(head)]
    if not fitting:
        raise _Refused("unknown", wanted)
    if len(fitting) > 1 and fitting[0] != head:
        raise _Refused("ambiguous", wanted)
    return fitting[0]


def _text(fields: Mapping[str, Json], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, bool | int):
        return str(int(value))
    if value is None or isinstance(value, str):
        return (value or "").strip()
    raise _Refused("unreadable")


# --- the file ---------------------------------------------------------------------------------------------------


def _lines(path: Path) -> list[_Line]:
    text = _read(path)
    is_jsonl = text.lstrip().startswith("{")
    lines = list(_jsonl(text) if is_jsonl else _csv(text, path))
    if not lines:
        raise InputError("there is no label in this file", where=str(path), fix="write one label a line")
    return lines


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"the labels cannot be read ({error.strerror})"
        raise InputError(what, where=str(path), fix="name a CSV or JSONL file") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("this is not UTF-8", where=f"{path}:{line}", fix="save the file as UTF-8") from error


def _jsonl(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                value = msgspec.json.decode(line)
            except msgspec.DecodeError:
                value = None
            yield _Line(number, _named(value) if isinstance(value, dict) else None)


def _csv(text: str, path: Path) -> Iterator[_Line]:
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    columns: list[str] | None = None
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield _Line(number, None)
            continue
        if not any(cell.strip() for cell in row):
            continue
        if columns is None:
            columns = _columns(row, f"{path}:{number}")
            continue
        fits = len(row) <= len(columns) or not any(row[len(columns) :])
        yield _Line(number, dict(zip(columns, row, strict=False)) if fits else None)


def _columns(row: Sequence[str], where: str) -> list[str]:
    columns = list(_named(dict.fromkeys(row)))
    missing = [name for name in _NEEDED if name not in columns]
    if missing or len(columns) != len(row):
        what = f"there is no column '{missing[0]}'" if missing else "two columns have one name"
        fix = "the first line names the columns: conversation,accepted,defect,note,reviewer (the last three may lack)"
        raise InputError(what, where=where, fix=fix)
    return columns


def _named(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Fields by our names: `conversation_id`, as labels.jsonl has it, is `conversation`."""
    names = {name: name.strip().lower() for name in fields}
    return {"conversation" if new == "conversation_id" else new: fields[name] for name, new in names.items()}
