"""What is told beside a file of conversations that `turnwright reference` wrote: `FILE.reference.json`.

Whoever reads the file is told the same again: that acts are predicted, that texts were masked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from turnwright.errors import InputError
from turnwright.reading.folders import RUN_FILE, files_of
from turnwright.reading.pii.report import PiiPolicy, PiiReport
from turnwright.records import Json

__all__ = ["ReferenceCard", "SourceCard", "card_path", "notes_beside"]


class SourceCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file that was read. kind: JSONL, JSON, Parquet, Arrow or run. sha256: of its bytes, "" for a run."""

    file: str
    kind: str
    conversations: int
    sha256: str = ""


class ReferenceCard(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was read.

    sources, licences: data set or licence → conversations. licence_found: licence → where it stands. empty: left out
    since nobody says anything in them. copies: conversations whose turns stood in the set before (kept). hash: content
    id of the set as it was written. labels: what became of the turns of each side that was labelled.
    """

    format: Literal[1] = 1
    conversations: int
    turns: int
    files: tuple[SourceCard, ...]
    sources: dict[str, int]
    licences: dict[str, int]
    licence_found: dict[str, str]
    empty: int
    copies: int
    hash: str
    pii: PiiReport
    pii_policy: PiiPolicy
    labels: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()


class _Notes(msgspec.Struct):
    """As much of a card as readers of the set need."""

    notes: tuple[str, ...] = ()


def card_path(path: Path) -> Path:
    """Where the card of a file of conversations lies."""
    return path.with_name(f"{path.name}.reference.json")


def notes_beside(path: Path) -> tuple[str, ...]:
    """The notes of the cards beside this file, or beside those of this folder; none where there is no card.

    Raises:
        InputError: a card cannot be read.
    """
    if (path / RUN_FILE).exists():
        return ()
    return tuple(note for file in files_of(path) for note in _notes(card_path(file)))


def _notes(card: Path) -> tuple[str, ...]:
    if not card.is_file():
        return ()
    try:
        return msgspec.json.decode(card.read_bytes(), type=_Notes).notes
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InputError(
            f"the card beside the conversations cannot be read ({fault})", where=str(card), fix="write it again"
        ) from fault
