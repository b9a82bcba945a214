"""Signatures: a conversation in 297 bytes, enough to tell whether another one is too much like it.

The words are compared as sets of three words in a row (case, punctuation and turn limits do not count), by MinHash:
the share of equal entries of two signatures estimates the Jaccard similarity of the two sets with a standard error
of at most 0.045 (Broder 1997; the sketch is R-MinHash of `rensa`, of whose entries the lower 16 bits are kept).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import rensa

from turnwright.errors import RunCorrupt
from turnwright.records import Conversation, Turn
from turnwright.store import Signature as StoredSignature

__all__ = [
    "ENTRIES",
    "FIXED",
    "Signature",
    "bands_of",
    "conversation_id",
    "exact_jaccard",
    "rows_for",
    "shingles",
    "sign",
    "similarities",
    "text_hash",
    "unpacked",
]

ENTRIES = 128
SEED = 7
SHINGLE = 3
# a compiled module without stubs
_Sketch: Any = rensa.RMinHash  # type: ignore[attr-defined]
VERSION: int = _Sketch.ALGORITHM_VERSION
FIXED = 16 + 16 + 8 + 2 * ENTRIES
"""Bytes of a signature before the levels: text hash, conversation id, skeleton hash, MinHash entries."""
_WORD = re.compile(r"[^\W_]+")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SURE = 0.995
"""With what probability a pair at the threshold must share a band."""


class Signature(StoredSignature, frozen=True):
    """How a conversation is found by its like.

    bands: one hash a band; two conversations that share one are compared (empty where nobody stores them).
    body: version, text hash, conversation id, skeleton hash, MinHash entries, limited levels.
    skeleton: hash of the act skeleton, 16 hex digits.
    """

    skeleton: str = ""

    @property
    def fixed(self) -> bytes:
        """The part of the body that has the same length for every conversation."""
        return self.body[1 : 1 + FIXED]


def sign(conversation: Conversation, levels: Sequence[str] = (), *, mask_values: bool = False) -> Signature:
    """Make the signature of a conversation; `levels` are carried along for counting (`factor=level`)."""
    turns = [(turn, _split(turn.text)) for turn in conversation.turns if turn.text]
    text = "\n".join(f"{turn.role} {' '.join(words)}" for turn, words in turns)
    compared = [_split(_masked(turn)) if mask_values else words for turn, words in turns]
    skeleton = hashlib.sha256("\n".join(conversation.skeleton).encode()).digest()[:8]
    body = b"".join(
        (
            bytes([VERSION]),
            hashlib.sha256(text.encode()).digest()[:16],
            bytes.fromhex(conversation.id.partition("_")[2]),
            skeleton,
            _entries(shingles([word for words in compared for word in words])).tobytes(),
            "\n".join(levels).encode(),
        )
    )
    return Signature(bands=(), body=body, skeleton=skeleton.hex())


def unpacked(body: bytes) -> tuple[Signature, tuple[str, ...]]:
    """Read a stored body back: the signature, and the levels that it carries.

    Raises:
        RunCorrupt: it is none, or was made by another version of the sketch.
    """
    if len(body) < 1 + FIXED or body[0] != VERSION:
        raise RunCorrupt(
            "a signature of the run cannot be read (it was made by another version, or is damaged)",
            fix="go on with the version of turnwright that began the run",
        )
    levels = tuple(body[1 + FIXED :].decode().split("\n")) if len(body) > 1 + FIXED else ()
    return Signature(bands=(), body=body, skeleton=body[33:41].hex()), levels


def text_hash(fixed: bytes) -> bytes:
    """The part that is equal for two conversations with the same words, in the same order, by the same sides."""
    return fixed[:16]


def conversation_id(fixed: bytes) -> str:
    """The id of the conversation that was signed."""
    return f"{Conversation.prefix}_{fixed[16:32].hex()}"


def similarities(fixed: bytes, others: Sequence[bytes]) -> list[float]:
    """Estimate the Jaccard similarity to each of the others, of the sets of three words in a row."""
    rows = np.frombuffer(b"".join(others), dtype=np.uint8).reshape(len(others), FIXED)
    entries = np.ascontiguousarray(rows[:, 40:]).view("<u2")
    equal: list[int] = np.count_nonzero(entries == _minhash(fixed), axis=1).tolist()
    return [count / ENTRIES for count in equal]


def exact_jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the Jaccard similarity that `similarity` estimates, for two lists of words."""
    left, right = set(shingles(one)), set(shingles(other))
    return len(left & right) / max(1, len(left | right))


def rows_for(threshold: float) -> int:
    """Entries a band: as many as still let a pair at the threshold share a band almost surely."""
    choices = [rows for rows in range(1, 17) if 1 - (1 - threshold**rows) ** (ENTRIES // rows) >= _SURE]
    return max(choices, default=1)


def bands_of(fixed: bytes, rows: int) -> list[int]:
    """One 64-bit hash for every `rows` entries; the few that are left over are not used."""
    used = ENTRIES // rows * rows
    entries = _minhash(fixed)[:used].astype(np.uint64).reshape(-1, rows)
    total = np.full(len(entries), _MIX)
    for column in entries.T:
        total = (total ^ column) * _MIX
        total ^= total >> np.uint64(29)
    return [int(value) for value in total]


def shingles(words: Sequence[str]) -> list[str]:
    """Three words in a row, at every place; the words themselves where there are fewer."""
    if len(words) < SHINGLE:
        return [" ".join(words)]
    return [" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]


def _minhash(fixed: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    return np.frombuffer(fixed, dtype="<u2", count=ENTRIES, offset=40)


def _entries(parts: list[str]) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    sketch = _Sketch(ENTRIES, SEED)
    sketch.update(parts)
    return (np.array(sketch.digest(), dtype=np.uint32) & 0xFFFF).astype("<u2")


def _split(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _masked(turn: Turn) -> str:
    """The text without its values: those that the turn mentions, and everything with a digit in it."""
    text = turn.text.casefold()
    for _, value in turn.mentions:
        if isinstance(value, str) and value:
            text = text.replace(value.casefold(), " ")
    return re.sub(r"\S*\d\S*", " ", text)
