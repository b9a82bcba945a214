"""Parquet and Arrow files as streams of rows, each as the JSON that a line would have.

Only the columns that tell of the conversation are read, a few rows at a time. A null of a column says nothing and is
dropped: with nested columns, Arrow gives every entry all the fields that any of them has.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.reading.files import Kind
from turnwright.reading.lines import SHAPES, Line
from turnwright.records import Json

__all__ = ["table_rows"]

_ROWS = 128
_OWN = ("blueprint_id", "admitted", "split")
_FIX = "name a file with a column `messages` (role, content), `conversations` (from, value) or `turns` (role, text)"


def table_rows(path: Path, kind: Kind) -> Iterator[tuple[str, bytes]]:
    """Every row with its place, as JSON.

    Raises:
        InputError: pyarrow is not installed, the file is damaged, or it has no column with conversations.
    """
    pa = _pyarrow()
    number = 0
    try:
        for batch in _parquet(path) if kind == "Parquet" else _arrow(pa, path):
            for row in batch.to_pylist():
                number += 1
                if (told := _row(row)) is not None:
                    yield f"{path}:{number}", msgspec.json.encode(told)
    except (pa.ArrowException, OSError) as fault:
        said = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        raise InputError(
            f"the {kind} file cannot be read ({said[:200]})", where=str(path), fix="fetch or write the file again"
        ) from fault
    if not number:
        raise InputError("the file is empty", where=str(path), fix="name a file with conversations")


def _pyarrow() -> Any:
    try:
        return import_module("pyarrow")  # an extra, and slow to import
    except ModuleNotFoundError as fault:
        raise InputError(
            "Parquet and Arrow files need pyarrow, which is not installed", fix="pip install 'turnwright[parquet]'"
        ) from fault


def _parquet(path: Path) -> Iterator[Any]:
    with import_module("pyarrow.parquet").ParquetFile(path, pre_buffer=False) as file:
        columns = _columns(file.schema_arrow.names, path)
        yield from file.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False)


def _arrow(pa: Any, path: Path) -> Iterator[Any]:
    """Both of Arrow's forms; data sets that were saved to disk have the one for streams."""
    with pa.memory_map(str(path)) as file:
        mark = file.read(6)
        file.seek(0)
        if mark == b"ARROW1":
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            reader = batches = pa.ipc.open_stream(file)
        columns = _columns(reader.schema.names, path)
        for batch in batches:
            chosen = batch.select(columns)
            yield from (chosen.slice(start, _ROWS) for start in range(0, chosen.num_rows, _ROWS))


def _columns(there: list[str], path: Path) -> list[str]:
    shape = next((name for name in SHAPES if name in there), "")
    if not shape:
        shown = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
        raise InputError(f"no column holds conversations (there are: {shown})", where=str(path), fix=_FIX)
    about = [name for name in (*Line.__struct_fields__, *_OWN) if name in there and name not in SHAPES]
    return [shape, *about]


def _row(row: dict[str, Any]) -> Json | None:
    """The row as a line has it; None for what our own export keeps of a rejected conversation."""
    own = set(_OWN) <= row.keys()
    if own and not row["admitted"]:
        return None
    line = {name: value for name, value in row.items() if name not in _OWN}
    for shape in SHAPES:
        if shape in line:
            line[shape] = _sequence(line[shape])
    line = _without_nulls(line)
    return _own(line) if own else {**line, **_levels(line)}


def _sequence(value: Any) -> Any:
    """Entries: JSON text is read, and lists by field (as `datasets` keeps a `Sequence`) become a list of entries."""
    if isinstance(value, str):
        return msgspec.Raw(value.encode())
    if isinstance(value, dict) and all(isinstance(each, list) for each in value.values()):
        return [dict(zip(value, each, strict=True)) for each in zip(*value.values(), strict=True)]
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _levels(line: dict[str, Any]) -> dict[str, Any]:
    """Levels may be JSON text or, as an Arrow map, pairs."""
    levels = line.get("levels")
    if isinstance(levels, str):
        return {"levels": msgspec.Raw(levels.encode() or b"{}")}
    return {"levels": dict(levels)} if isinstance(levels, list) else {}


# --- our own export ---------------------------------------------------------------------------------------------


def _own(line: dict[str, Any]) -> Json:
    """A row of `store.parquet`: its weight is the scenario's, calls and results are JSON text."""
    line["natural"] = line.pop("weight", None)
    line["turns"] = [_own_turn(turn) for turn in line["turns"]]
    return {**line, **_levels(line)}


def _own_turn(turn: dict[str, Any]) -> Json:
    call, result = turn.pop("call", None), turn.pop("result", None)
    if call:
        turn["service_call"] = {"name": call["name"], "arguments": msgspec.Raw(call["arguments"].encode())}
    if result:
        error = result.get("error")
        turn["text"] = msgspec.json.encode({"error": error}).decode() if error else result["content"]
    return turn
