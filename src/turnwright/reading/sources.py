"""Reading conversations for students: run folders, our own exports, and reference files of human conversations.

Lines are read one at a time and checked as they come; a line that cannot be used is named by file and number. Nothing
is repaired or left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Called, Example, ExampleSet, Said, decisions
from turnwright.reading.lines import Told, from_messages, from_turns, line_of, told_of
from turnwright.records import Conversation, Json, Scenario, Turn, Usage, canonical
from turnwright.store import read_run

__all__ = ["counted_as", "read_examples", "read_set"]

PROVENANCE = ".provenance.jsonl"


def read_set(
    paths: Sequence[Path], *, rename: Mapping[str, str] | None = None, name: str = "set", least_acts: int = 2
) -> ExampleSet:
    """Read all conversations of these files and run folders, in their order.

    Args:
        rename: pattern of an act (`query_*`; `weather:bye_*` for one task) → the act it counts as; the first pattern
            that fits is taken.
        name: what the set is called in complaints.
        least_acts: how many different acts there must be (a student needs two, a test one).

    Raises:
        InputError: a file is missing, a line is wrong, there is no act label, or too few different ones.
    """
    examples = tuple(one for path in paths for one in read_examples(path, rename=rename))
    acts = {point.act for point in decisions(examples)}
    where = ", ".join(map(str, paths))
    if not acts:
        raise InputError(
            f"the {name} has {len(examples):,} conversations and not one act label on a trainable assistant turn",
            where=where,
            fix="give a run folder, an export written with metadata, or lines whose assistant turns have `act`",
        )
    if len(acts) < least_acts:
        raise InputError(
            f"the {name} has one act only ('{acts.pop()}'), so there is nothing to tell apart",
            where=where,
            fix="give a set with at least two different acts",
        )
    return ExampleSet(
        examples=examples,
        sources=tuple(map(str, paths)),
        specs=tuple(sorted({spec for path in paths if (spec := _spec_of(path))})),
        usage=_usage(paths),
    )


def read_examples(path: Path, *, rename: Mapping[str, str] | None = None) -> Iterator[Example]:
    """Stream the conversations of a run folder or of a JSONL file (see `read_set`)."""
    examples = _run(path) if path.is_dir() else _file(path)
    return (_renamed(one, rename) for one in examples) if rename else iter(examples)


def counted_as(act: str, rename: Mapping[str, str], task: str = "") -> str:
    """The act that this one counts as in a task (see `read_set`)."""
    return next((new for pattern, new in rename.items() if _fits(act, task, pattern)), act)


def _fits(act: str, task: str, pattern: str) -> bool:
    where, _, what = pattern.rpartition(":")
    return fnmatchcase(act, what) and (not where or fnmatchcase(task, where))


def _renamed(example: Example, rename: Mapping[str, str]) -> Example:
    turns = tuple(
        msgspec.structs.replace(turn, act=counted_as(turn.act, rename, example.task)) if turn.act else turn
        for turn in example.turns
    )
    return msgspec.structs.replace(example, turns=turns)


# --- run folders ----------------------------------------------------------------------------------------------


def _run(folder: Path) -> Iterator[Example]:
    with read_run(folder) as run:
        for concluded in run.records.concluded(admitted=True):
            if concluded.conversation is not None:
                yield _example(concluded.conversation, concluded.scenario)


def _example(conversation: Conversation, scenario: Scenario) -> Example:
    return Example(
        name=conversation.id,
        task=conversation.domain.partition("@")[0],
        levels=scenario.levels,
        natural=scenario.weight,
        turns=tuple(map(_said, conversation.turns)),
    )


def _said(turn: Turn) -> Said:
    call = Called(name=turn.call.name, arguments=turn.call.arguments) if turn.call else None
    text = turn.text
    if turn.result is not None:
        result: Json = {"error": turn.result.error} if turn.result.error else turn.result.content
        text = canonical(result).decode()
    return Said(
        role=turn.role,
        text=text,
        act=turn.acts[0] if turn.acts and turn.role != "tool" else "",
        call=call,
        trainable=turn.trainable or turn.role != "assistant",
        origin=turn.provenance.origin,
    )


def _usage(paths: Iterable[Path]) -> Usage | None:
    paid = Usage()
    for path in paths:
        if not path.is_dir():
            return None
        with read_run(path) as run:
            paid = sum(run.journal.totals().values(), paid)
    return paid


def _spec_of(path: Path) -> str:
    """The spec's hash in the manifest of the export that belongs to this folder or file, "" without one."""
    manifest = path / "exports" / "manifest.json" if path.is_dir() else path.parent.parent / "manifest.json"
    try:
        return msgspec.json.decode(manifest.read_bytes(), type=_Manifest).spec
    except (OSError, msgspec.DecodeError):
        return ""


class _Manifest(msgspec.Struct):
    spec: str = ""


# --- files ----------------------------------------------------------------------------------------------------


def _file(path: Path) -> Iterator[Example]:
    told = path.with_name(path.name.removesuffix(".jsonl") + PROVENANCE)
    beside: Iterable[Told | None] = _provenance(told) if told.is_file() else ()
    lines = _lines(path)
    pairs: Iterable[tuple[tuple[str, bytes] | None, Told | None]]
    pairs = zip_longest(lines, beside) if told.is_file() else ((line, None) for line in lines)
    for line, about in pairs:
        if line is None or (about is None and told.is_file()):
            raise InputError(
                "has another number of lines than the file it belongs to",
                where=str(told),
                fix=f"export again, or remove it to read {path.name} without acts",
            )
        where, text = line
        yield _of_line(text, where, about)


def _of_line(text: bytes, where: str, about: Told | None) -> Example:
    read = line_of(text, where)
    return from_turns(read, where) if read.turns is not None else from_messages(read, about or read.metadata, where)


def _provenance(path: Path) -> Iterator[Told]:
    return (told_of(text, where) for where, text in _lines(path))


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every line that is not blank, with its place."""
    count = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    count += 1
                    yield f"{path}:{number}", line
    except OSError as fault:
        raise InputError(
            f"cannot be read ({fault.strerror})", where=str(path), fix="name a JSONL file or a run folder"
        ) from fault
    if not count:
        raise InputError("the file is empty", where=str(path), fix="name a file with conversations")
