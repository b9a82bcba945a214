"""Sets of conversations: run folders, our own exports, and files and folders of human conversations.

Conversations are read one at a time and checked as they come; one that cannot be used is named by file and place.
Nothing is repaired or left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from operator import itemgetter
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.reading.conversations import Place, read_file
from turnwright.reading.example import Called, Example, ExampleSet, Said, decisions
from turnwright.reading.folders import RUN_FILE, files_of
from turnwright.reading.lines import acts_of
from turnwright.reading.reference_card import notes_beside
from turnwright.records import Conversation, Json, Scenario, Turn, Usage, canonical, seeded
from turnwright.store import read_run

__all__ = ["counted_as", "example_of", "read_conversations", "read_examples", "read_set"]


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
    made = read_conversations(paths, rename=rename, name=name, least=0)
    examples, where = made.examples, ", ".join(map(str, paths))
    acts = {point.act for point in decisions(examples)}
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
    return made


def read_conversations(
    paths: Sequence[Path],
    *,
    rename: Mapping[str, str] | None = None,
    name: str = "set",
    least: int = 1,
    most: int | None = None,
) -> ExampleSet:
    """Read all conversations of these files and folders, with acts or without, in their order.

    Run folders, our exports, and human conversations: JSONL (also gzipped) or a JSON array of `turns`, OpenAI
    `messages` or ShareGPT `conversations`; Parquet and Arrow files with such columns; folders of such files.

    Args:
        rename: as for `read_set`.
        name: what the set is called in complaints.
        least: how many conversations there must be.
        most: keep so many, drawn by chance that depends on nothing but their number; the notes say so. Only they are
            held in memory.

    Raises:
        InputError: a file is missing, a line is wrong, or there are too few conversations.
    """
    read = (one for path in paths for one in read_examples(path, rename=rename))
    examples, count = (kept := tuple(read), len(kept)) if most is None else _drawn(read, most)
    if count < least:
        raise InputError(
            f"the {name} has {count:,} conversation(s), and at least {least:,} are needed",
            where=", ".join(map(str, paths)),
            fix="give more conversations",
        )
    drawn = (f"{len(examples):,} of {count:,} conversations, drawn by chance",) if len(examples) < count else ()
    return ExampleSet(
        examples=examples,
        sources=tuple(map(str, paths)),
        specs=tuple(sorted({spec for path in paths if (spec := _spec_of(path))})),
        usage=_usage(paths),
        notes=(*(note for path in paths for note in notes_beside(path)), *drawn),
    )


def _drawn(examples: Iterable[Example], most: int) -> tuple[tuple[Example, ...], int]:
    """A simple random sample in the order of the set, and how many there were (reservoir sampling)."""
    chance, count = seeded("reading", most), 0
    kept: list[tuple[int, Example]] = []
    for count, one in enumerate(examples, start=1):
        if count <= most:
            kept.append((count, one))
        elif (place := chance.randrange(count)) < most:
            kept[place] = (count, one)
    return tuple(one for _, one in sorted(kept, key=itemgetter(0))), count


def read_examples(path: Path, *, rename: Mapping[str, str] | None = None) -> Iterator[Example]:
    """Stream the conversations of a run folder, a file or a folder of files (see `read_conversations`)."""
    return (example for example, _ in read_places(path, rename=rename))


def read_places(path: Path, *, rename: Mapping[str, str] | None = None) -> Iterator[tuple[Example, Place]]:
    """As `read_examples`, with what each conversation's own line tells of where it comes from."""
    if (path / RUN_FILE).exists():
        read = ((one, Place(where=f"{path} {one.name}", file=path)) for one in _run(path))
    else:
        read = (pair for file in files_of(path) for pair in read_file(file))
    return ((_renamed(one, rename) if rename else one, place) for one, place in read)


def counted_as(act: str, rename: Mapping[str, str], task: str = "") -> str:
    """The act that this one counts as in a task (see `read_set`)."""
    return next((new for pattern, new in rename.items() if _fits(act, task, pattern)), act)


def _fits(act: str, task: str, pattern: str) -> bool:
    where, _, what = pattern.rpartition(":")
    return fnmatchcase(act, what) and (not where or fnmatchcase(task, where))


def _renamed(example: Example, rename: Mapping[str, str]) -> Example:
    turns = tuple(_turn_renamed(turn, rename, example.task) if turn.act else turn for turn in example.turns)
    return msgspec.structs.replace(example, turns=turns)


def _turn_renamed(turn: Said, rename: Mapping[str, str], task: str) -> Said:
    act, acts = acts_of("", (counted_as(each, rename, task) for each in turn.labels))
    return msgspec.structs.replace(turn, act=act, acts=acts)


# --- run folders ----------------------------------------------------------------------------------------------


def _run(folder: Path) -> Iterator[Example]:
    with read_run(folder) as run:
        for concluded in run.records.concluded(admitted=True):
            if concluded.conversation is not None:
                yield example_of(concluded.conversation, concluded.scenario)


def example_of(conversation: Conversation, scenario: Scenario, *, rename: Mapping[str, str] | None = None) -> Example:
    """One conversation of a run as an example (rename: as for `read_set`)."""
    made = Example(
        name=conversation.id,
        task=conversation.domain.partition("@")[0],
        levels=scenario.levels,
        natural=scenario.weight,
        turns=tuple(map(_said, conversation.turns)),
    )
    return _renamed(made, rename) if rename else made


def _said(turn: Turn) -> Said:
    call = Called(name=turn.call.name, arguments=turn.call.arguments) if turn.call else None
    text = turn.text
    act, acts = acts_of("", turn.acts if turn.role != "tool" else ())
    if turn.result is not None:
        result: Json = {"error": turn.result.error} if turn.result.error else turn.result.content
        text = canonical(result).decode()
    return Said(
        role=turn.role,
        text=text,
        act=act,
        acts=acts,
        call=call,
        trainable=turn.trainable or turn.role != "assistant",
        origin=turn.provenance.origin,
    )


def _usage(paths: Iterable[Path]) -> Usage | None:
    paid = Usage()
    for path in paths:
        if not (path / RUN_FILE).exists():
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
