"""What differs between two sets: conversations added, removed and changed, and why, as far as runs can say.

Two conversations are the same one if they tell of the same scenario; in files that name none, if they have one name.
Files end a conversation with the last words of the assistant, so against a file that is where a run's ends, too. Of
each conversation only hashes are held; those that differ are read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import msgspec

from turnwright.errors import InputError
from turnwright.reading import Example, Said, example_of, file_lines, read_examples
from turnwright.reading.folders import files_of
from turnwright.records import Admission, Json, canonical
from turnwright.store import read_run
from turnwright.store.spec_change import spec_changes

__all__ = ["Changed", "SetDifference", "TurnChange", "difference_of_sets"]

RUN_FILE, MANIFEST = "run.db", "manifest.json"
_FORMATS = ("trl", "sharegpt", "openai")
"""Formats of an export that hold whole conversations, the one that tells most first."""
_METADATA = ".provenance.jsonl"
PARTS = ("words", "acts", "calls", "outcome")
"""What two conversations of one scenario are compared by."""
_ALWAYS_TOLD = ("words", "calls")


class TurnChange(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that differs; a side without it is None. number: in both, from 0. acts: before and after, where known."""

    number: int
    role: str
    before: str | None
    after: str | None
    acts: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that differs. key: scenario or name. before, after: its ids, "" on the side that lacks it.

    differs: of `PARTS`, what does. why: in words; "" where nobody can say. turns: of a change, for the first few.
    """

    key: str
    before: str = ""
    after: str = ""
    differs: tuple[str, ...] = ()
    why: str = ""
    turns: tuple[TurnChange, ...] = ()


class SetDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two sets.

    sizes: conversations before and after. same: equal in every part. changed, added, removed: all of them, in the order
    of the set. parts: how many changes differ in each part. spec: what differs between the specs of two runs.
    notes: what a reader must know besides.
    """

    sizes: tuple[int, int]
    same: int
    changed: tuple[Changed, ...]
    added: tuple[Changed, ...]
    removed: tuple[Changed, ...]
    parts: dict[str, int] = {}
    spec: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


S = TypeVar("S")


class _Mark(msgspec.Struct, frozen=True):
    """What is held of a conversation: its id, and a hash of each of `PARTS`, empty for one that nobody tells."""

    id: str
    parts: tuple[bytes, ...]


def difference_of_sets(before: Path, after: Path, *, first: int = 20) -> SetDifference:
    """Compare two sets; each is a run folder, an export folder or a file of conversations.

    Args:
        first: how many changed conversations are told turn by turn.

    Raises:
        InputError: a set cannot be read, or has two conversations of one scenario.
    """
    runs = _is_run(before) and _is_run(after)
    old, new = _marks(before, whole=runs), _marks(after, whole=runs)
    common = [key for key in new if key in old]
    compared = (_changed(key, old[key], new[key]) for key in common)
    changes = [one for one in compared if one.differs]
    shown = {one.key for one in changes[:first]}
    said_before, said_after = (_said(path, shown, whole=runs) for path in (before, after))
    gone_why = _reasons(after, [key for key in old if key not in new])
    new_why = _reasons(before, [key for key in new if key not in old])
    return SetDifference(
        sizes=(len(old), len(new)),
        same=len(common) - len(changes),
        changed=tuple(
            msgspec.structs.replace(one, turns=_turns(said_before[one.key], said_after[one.key]))
            if one.key in shown
            else one
            for one in changes
        ),
        added=tuple(
            Changed(key=key, after=mark.id, why=_said_why(new_why, key)) for key, mark in new.items() if key not in old
        ),
        removed=tuple(
            Changed(key=key, before=mark.id, why=_said_why(gone_why, key))
            for key, mark in old.items()
            if key not in new
        ),
        parts={part: n for part in PARTS if (n := sum(part in one.differs for one in changes))},
        spec=_specs(before, after) if runs else (),
        notes=tuple(_notes(old, new, common)),
    )


def _notes(old: Mapping[str, _Mark], new: Mapping[str, _Mark], common: list[str]) -> Iterator[str]:
    if old and new and not common:
        yield "the two have no scenario and no name in common: another seed, design or domain makes other scenarios"


def _is_run(path: Path) -> bool:
    return (path / RUN_FILE).exists()


# --- reading --------------------------------------------------------------------------------------------------------


def _marks(path: Path, *, whole: bool) -> dict[str, _Mark]:
    found: dict[str, _Mark] = {}
    for key, outcome, example in _members(path, whole=whole):
        if key in found:
            raise InputError(
                f"two conversations are called '{key}'", where=str(path), fix="name a set in which each stands once"
            )
        found[key] = _Mark(example.name, tuple(_hash(part) if part else b"" for part in _parts(example, outcome)))
    return found


def _said(path: Path, keys: set[str], *, whole: bool) -> dict[str, tuple[Said, ...]]:
    """Turns of these conversations, read again."""
    if not keys:
        return {}
    return {key: example.turns for key, _, example in _members(path, whole=whole) if key in keys}


def _members(path: Path, *, whole: bool) -> Iterator[tuple[str, str, Example]]:
    """Key, outcome ("" where unknown) and conversation. whole: with what stands behind the assistant's last words."""
    read = _of_run(path) if _is_run(path) else _of_files(path)
    return ((key, outcome, example if whole else _cut(example)) for key, outcome, example in read)


def _of_run(path: Path) -> Iterator[tuple[str, str, Example]]:
    with read_run(path) as run:
        for one in run.records.concluded(admitted=True):
            if one.conversation is not None:
                outcome = one.blueprint.outcome if one.blueprint else ""
                yield one.scenario.id, outcome, example_of(one.conversation, one.scenario)


def _of_files(path: Path) -> Iterator[tuple[str, str, Example]]:
    for file in _files(path):
        told = _told(file)
        for example in read_examples(file):
            scenario, outcome = told.get(example.name, ("", ""))
            yield scenario or example.name, outcome, example


def _files(path: Path) -> list[Path]:
    """The file or folder itself, or the files of one format of an export."""
    if not (path / MANIFEST).is_file():
        return files_of(path)
    for name in _FORMATS:
        files = sorted(file for file in (path / name).glob("*.jsonl") if not file.name.endswith(_METADATA))
        if files:
            return files
    raise InputError(
        f"the export has none of the formats {', '.join(_FORMATS)}", where=str(path), fix="name a file, or the run"
    )


class _About(msgspec.Struct, frozen=True):
    id: str = ""
    scenario_id: str = ""
    outcome: str = ""


class _AboutLine(msgspec.Struct, frozen=True):
    metadata: _About = _About()


def _told(file: Path) -> dict[str, tuple[str, str]]:
    """Id of a conversation → its scenario and outcome, where an export of ours tells them."""
    beside = file.with_name(file.name.removesuffix(".jsonl") + _METADATA)
    if file.suffix != ".jsonl" or not file.is_file():
        return {}
    told: Iterable[_About | None]
    if beside.is_file():
        told = (_decoded(line, _About) for _, line in file_lines(beside))
    else:
        lines = (_decoded(line, _AboutLine) for _, line in file_lines(file))
        told = (line.metadata if line else None for line in lines)
    return {one.id: (one.scenario_id, one.outcome) for one in told if one and one.id}


def _decoded(line: bytes, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _cut(example: Example) -> Example:
    spoken = [n for n, turn in enumerate(example.turns) if turn.role == "assistant" and turn.text and not turn.call]
    return msgspec.structs.replace(example, turns=example.turns[: spoken[-1] + 1] if spoken else ())


# --- comparing ------------------------------------------------------------------------------------------------------


def _parts(example: Example, outcome: str) -> tuple[Json, ...]:
    """What is compared, in the order of `PARTS`; nothing for acts where no turn has any."""
    turns = example.turns
    acts = [turn.labels for turn in turns if turn.role != "tool" and turn.call is None]
    return (
        [[turn.role, turn.text] for turn in turns],
        acts if any(acts) else [],
        [turn.call for turn in turns if turn.call is not None],
        outcome,
    )


def _hash(value: Json) -> bytes:
    return hashlib.sha256(canonical(value)).digest()[:16]


def _changed(key: str, old: _Mark, new: _Mark) -> Changed:
    pairs = zip(PARTS, old.parts, new.parts, strict=True)
    differs = tuple(part for part, one, other in pairs if one != other and (part in _ALWAYS_TOLD or (one and other)))
    return Changed(key=key, before=old.id, after=new.id, differs=differs)


def _turns(before: tuple[Said, ...], after: tuple[Said, ...]) -> tuple[TurnChange, ...]:
    """Turns that differ, place by place."""
    found = []
    for number, (old, new) in enumerate(zip_longest(before, after)):
        if old is not None and new is not None and _shown(old) == _shown(new) and old.labels == new.labels:
            continue
        found.append(
            TurnChange(
                number=number,
                role=(new or old).role,
                before=_shown(old) if old else None,
                after=_shown(new) if new else None,
                acts=(old.labels if old else (), new.labels if new else ()),
            )
        )
    return tuple(found)


def _shown(turn: Said) -> str:
    call = turn.call
    called = f"→ {call.name}({canonical(call.arguments).decode()})" if call else ""
    return " ".join(filter(None, (turn.text, called)))


# --- why ------------------------------------------------------------------------------------------------------------


def _reasons(path: Path, keys: list[str]) -> dict[str, str] | None:
    """Scenario → why the run at `path` does not have it in its set; None where it is no run."""
    if not keys or not _is_run(path):
        return None
    wanted, found = set(keys), {}
    with read_run(path) as run:
        for admission in run.records.admissions():
            if admission.scenario_id in wanted:
                found[admission.scenario_id] = _why(admission)
    return found


def _why(admission: Admission) -> str:
    if admission.admitted:
        return "admitted there, and taken out of the set afterwards"
    detail = f" ({admission.detail})" if admission.detail else ""
    return f"rejected there at {admission.stage}: {admission.reason}{detail}"


def _said_why(reasons: dict[str, str] | None, key: str) -> str:
    return "" if reasons is None else reasons.get(key, "not among its scenarios")


def _specs(before: Path, after: Path) -> tuple[str, ...]:
    with read_run(before) as old, read_run(after) as new:
        return tuple(spec_changes(old.spec, new.spec, ("run", "caps")))
