"""Conversations as Parquet: one row a conversation, its turns nested, the same bytes for the same records.

It writes what it is given, in the order given; which conversations, and to which split, is the exporter's choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import InputError
from turnwright.records import Admission, Blueprint, Conversation, Json, Scenario, Turn, canonical
from turnwright.store.files import whole_file

__all__ = ["ConversationRow", "write_conversations"]

_ROWS_A_GROUP = 512


class ConversationRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one row is made from."""

    conversation: Conversation
    scenario: Scenario
    blueprint: Blueprint | None
    admission: Admission
    split: str = "train"


def write_conversations(path: Path, rows: Iterable[ConversationRow]) -> int:
    """Write the file whole, or leave what was there; return the number of rows.

    The rows are taken as they come, 512 at a time. Levels, arguments and results are canonical JSON text.

    Raises:
        InputError: pyarrow is not installed.
        DiskFull, StoreError: the file could not be written.
    """
    pa, parquet = _pyarrow()
    schema, count, left = _schema(pa), 0, iter(rows)
    with (
        whole_file(path) as file,
        parquet.ParquetWriter(file, schema, compression="zstd", store_schema=False) as writer,
    ):
        while group := [_row(row) for row in islice(left, _ROWS_A_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=_ROWS_A_GROUP)
            count += len(group)
    return count


def _pyarrow() -> tuple[Any, Any]:
    """pyarrow and its Parquet module, imported here because they are an extra, and slow to import."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(
            "Parquet needs pyarrow, which is not installed", fix="pip install 'turnwright[parquet]'"
        ) from error


def _schema(pa: Any) -> Any:
    text, whole = pa.string(), pa.int64()
    call = pa.struct([("id", text), ("name", text), ("arguments", text)])
    result = pa.struct([("call_id", text), ("name", text), ("content", text), ("error", text)])
    number = pa.float64()
    sampling = pa.struct(
        [("temperature", number), ("top_p", number), ("max_tokens", whole), ("constrained", pa.bool_())]
    )
    source = pa.struct([(name, text) for name in ("dataset", "licence", "record", "pii", "consent")])
    turn = pa.struct(
        [
            ("id", text),
            ("role", text),
            ("text", text),
            ("acts", pa.list_(text)),
            ("call", call),
            ("result", result),
            ("origin", text),
            ("model", text),
            ("prompt", text),
            ("seed", whole),
            ("tries", pa.int32()),
            ("call_ids", pa.list_(text)),
            ("parents", pa.list_(text)),
            ("sampling", sampling),
            ("distance", number),
            ("source", source),
            ("trainable", pa.bool_()),
        ]
    )
    heads = ("id", "scenario_id", "blueprint_id", "domain", "intent", "outcome", "way", "ending", "split")
    counts = ("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "money")
    return pa.schema(
        [
            *((name, text) for name in heads),
            ("levels", text),
            ("weight", pa.float64()),
            ("admitted", pa.bool_()),
            ("reason", text),
            ("attempts", pa.int32()),
            *((name, whole) for name in counts),
            ("turns", pa.list_(turn)),
        ]
    )


def _row(row: ConversationRow) -> dict[str, Any]:
    conversation, blueprint, admission = row.conversation, row.blueprint, row.admission
    return {
        "id": conversation.id,
        "scenario_id": conversation.scenario_id,
        "blueprint_id": conversation.blueprint_id,
        "domain": conversation.domain,
        "intent": blueprint.intent if blueprint else "",
        "outcome": blueprint.outcome if blueprint else "",
        "way": conversation.way,
        "ending": conversation.ending,
        "split": row.split,
        "levels": _json(row.scenario.levels),
        "weight": row.scenario.weight,
        "admitted": admission.admitted,
        "reason": admission.reason,
        "attempts": admission.attempts,
        **msgspec.structs.asdict(admission.usage),
        "turns": [_turn(turn) for turn in conversation.turns],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    came, call, result = turn.provenance, turn.call, turn.result
    return {
        "id": turn.id,
        "role": turn.role,
        "text": turn.text,
        "acts": turn.acts,
        "call": call and {"id": call.id, "name": call.name, "arguments": _json(call.arguments)},
        "result": result
        and {
            "call_id": result.call_id,
            "name": result.name,
            "content": _json(result.content),
            "error": result.error,
        },
        "origin": came.origin,
        "model": came.model,
        "prompt": came.prompt,
        "seed": came.seed,
        "tries": came.tries,
        "call_ids": came.calls,
        "parents": came.parents,
        "sampling": came.sampling and msgspec.structs.asdict(came.sampling),
        "distance": came.distance,
        "source": came.source and msgspec.structs.asdict(came.source),
        "trainable": turn.trainable,
    }


def _json(value: Json) -> str:
    return canonical(value).decode()
