"""Human conversations as one file that everything reads back: screened, with their sources, licences and hashes.

A few hundred conversations are in memory at a time. File and card appear together, or neither does.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Example, SetHash
from turnwright.reading.files import kind_of
from turnwright.reading.folders import RUN_FILE, files_of
from turnwright.reading.licences import UNKNOWN
from turnwright.reading.lines import line_from
from turnwright.reading.pii import PiiPolicy, Screen, masked
from turnwright.reading.reference_card import ReferenceCard, SourceCard, card_path, notes_beside
from turnwright.reading.sourced import Sourced, read_sourced
from turnwright.records import Json, canonical
from turnwright.store import whole_file, write_bytes

__all__ = ["Labels", "ReferenceSettings", "write_reference"]

_AT_ONCE = 512


class Labels(Protocol):
    """What gives acts to turns that have none."""

    def label(self, examples: Sequence[Example]) -> Sequence[Example]:
        """The same conversations, labelled."""
        ...

    def told(self) -> tuple[Json, ...]:
        """For the card: what became of the turns of each side."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What readers of the set must know of its labels."""
        ...


class ReferenceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of all conversations, and what is done with them.

    source, licence: go before what the data says. human: people wrote all words of unknown origin.
    """

    source: str = ""
    licence: str = ""
    human: bool = False
    pii: PiiPolicy = "refuse"
    rename: Mapping[str, str] = {}


def write_reference(
    paths: Sequence[Path],
    to: Path,
    settings: ReferenceSettings,
    *,
    labels: Labels | None = None,
    heard: Callable[[int], None] = lambda count: None,
) -> ReferenceCard:
    """Write all conversations as one JSONL file of turns, and its card beside it.

    Args:
        labels: gives acts to turns that have none.
        heard: is told now and then how many conversations were read.

    Raises:
        InputError: the file is there, something cannot be read, or personal data was found and is to be refused.
        DiskFull, StoreError: the file could not be written; nothing is left of it.
    """
    if to.exists():
        raise InputError("this file is there already, and is not overwritten", where=str(to), fix="name a new file")
    made = _Making(settings, labels)
    with whole_file(to) as file:
        for line in made.lines(paths, heard):
            file.write(line + b"\n")
        card = made.card(paths)
        write_bytes(card_path(to), msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    return card


class _Making:
    """One pass over all conversations, and what it counts."""

    def __init__(self, settings: ReferenceSettings, labels: Labels | None) -> None:
        self._settings, self._labels = settings, labels
        self._screen, self._hash = Screen(), SetHash()
        self._sources: Counter[str] = Counter()
        self._licences: Counter[str] = Counter()
        self._found: dict[str, str] = {}
        self._otherwise: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        self._empty = self._copies = self._written = self._turns = self._acts = 0

    def lines(self, paths: Sequence[Path], heard: Callable[[int], None]) -> Iterator[bytes]:
        """The lines of the file, counting as they go."""
        settings = self._settings
        read = read_sourced(paths, rename=settings.rename, source=settings.source, licence=settings.licence)
        for some in _some(self._kept(read)):
            yield from self._written_lines(some)
            heard(self._written)
        if not self._written:
            raise InputError(
                "there is not one conversation in which anybody says anything",
                where=", ".join(map(str, paths)),
                fix="give files with conversations",
            )
        self._refuse()

    def _kept(self, read: Iterable[tuple[Example, Sourced]]) -> Iterator[tuple[Example, Sourced]]:
        for example, sourced in read:
            self._files[sourced.file] += 1
            if any(turn.text.strip() or turn.call for turn in example.turns):
                yield self._screened(example), sourced
            else:
                self._empty += 1

    def _screened(self, example: Example) -> Example:
        holds = self._screen.add(example)
        example = masked(example) if holds and self._settings.pii == "mask" else example
        return _by_people(example) if self._settings.human else example

    def _written_lines(self, some: Sequence[tuple[Example, Sourced]]) -> Iterator[bytes]:
        examples: Sequence[Example] = [example for example, _ in some]
        examples = self._labels.label(examples) if self._labels else examples
        for example, (_, sourced) in zip(examples, some, strict=True):
            self._count(example, sourced)
            about: dict[str, Json] = {"source": sourced.source, "licence": sourced.licence, "record": sourced.record}
            yield canonical(line_from(example) | about)

    def _count(self, example: Example, sourced: Sourced) -> None:
        self._hash.add(example)
        self._written += 1
        self._turns += len(example.turns)
        self._acts += any(turn.act for turn in example.turns)
        self._sources[sourced.source] += 1
        self._licences[sourced.licence] += 1
        self._found.setdefault(sourced.licence, sourced.found)
        self._otherwise.update([sourced.otherwise] if sourced.otherwise else [])
        content = hashlib.blake2b(canonical([(turn.role, turn.text) for turn in example.turns]), digest_size=16)
        self._copies += content.digest() in self._seen
        self._seen.add(content.digest())

    def _refuse(self) -> None:
        found = self._screen.report()
        if found.found and self._settings.pii == "refuse":
            raise InputError(
                f"personal data was found: {found.told}; nothing was written",
                fix="--pii mask puts its kind in place of each value, --pii allow keeps them",
            )

    def card(self, paths: Sequence[Path]) -> ReferenceCard:
        """What became of it all."""
        return ReferenceCard(
            conversations=self._written,
            turns=self._turns,
            files=tuple(_source_cards(paths, self._files)),
            sources=dict(self._sources.most_common()),
            licences=dict(self._licences.most_common()),
            licence_found=self._found,
            empty=self._empty,
            copies=self._copies,
            hash=self._hash.hash,
            pii=self._screen.report(),
            pii_policy=self._settings.pii,
            labels=self._labels.told() if self._labels else (),
            notes=(*(note for path in paths for note in notes_beside(path)), *self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        found = self._screen.report()
        if found.found and self._settings.pii == "mask":
            yield f"personal data was masked: {found.told}"
        elif found.found:
            yield f"personal data was found and kept: {found.told}"
        if self._labels:
            yield from self._labels.notes()
        elif self._acts < self._written:
            yield f"{self._written - self._acts:,} of {self._written:,} conversations have no act on any turn"
        if self._empty:
            yield f"{self._empty:,} conversations were left out, since nobody says anything in them"
        if self._copies:
            yield f"{self._copies:,} conversations say the same as an earlier one (kept)"
        for licence, count in self._otherwise.items():
            yield f"the licence was given as {self._settings.licence}; the data of {count:,} says {licence}"
        if UNKNOWN in self._licences:
            yield f"the licence of {self._licences[UNKNOWN]:,} conversations is unknown"


def _some(read: Iterable[tuple[Example, Sourced]]) -> Iterator[list[tuple[Example, Sourced]]]:
    left = iter(read)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _by_people(example: Example) -> Example:
    turns = tuple(
        msgspec.structs.replace(turn, origin="human") if turn.role != "tool" and not turn.origin else turn
        for turn in example.turns
    )
    return msgspec.structs.replace(example, turns=turns)


def _source_cards(paths: Iterable[Path], counted: Mapping[str, int]) -> Iterator[SourceCard]:
    for path in paths:
        for file in [path] if (path / RUN_FILE).exists() else files_of(path):
            shown, run = "/".join(file.parts[-2:]), file.is_dir()
            yield SourceCard(
                file=shown,
                kind="run" if run else kind_of(file),
                conversations=counted.get(str(file), 0),
                sha256="" if run else _sha256(file),
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
