"""Held-out files: what the set must not repeat, remembered as hashes of runs of words.

A set that is meant to teach must not contain what its students will be examined with. Runs do not reach over the end
of a turn. Only telling runs count: not those that stand in several held-out conversations or in the domain's own
phrasings ("is there anything else I can do"), which both sides have rightly. Between halves of human data sets that
have nothing to hide, this leaves 0.2 % (SGD), 0 % (MultiWOZ) and 5 % (Taskmaster-4) of the conversations above the
default share of 0.3.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from turnwright.admit.settings import AdmitSettings
from turnwright.errors import InputError
from turnwright.reading import file_lines
from turnwright.records import Conversation, Json

__all__ = ["HeldOut", "load_held_out"]

Array = np.ndarray[Any, Any]
_WORD = re.compile(r"[^\W_]+")
_BASE = 0x9E3779B97F4A7C15
_AT_ONCE = 2_000
_SAID_BY = {"user", "assistant", "human", "gpt", "customer", "agent"}
_NOTHING: Array = np.empty(0, dtype=np.uint64)
_SHAPES = (("messages", "role", "content"), ("conversations", "from", "value"), ("turns", "role", "text"))
_OWN_ORIGINS = ("template", "tool")


class HeldOut:
    """Hashes of the telling runs of `words` words in the held-out conversations, 8 bytes each.

    Args:
        conversations: the texts of each held-out conversation; one that stands twice counts once.
        own_words: texts that the domain itself declares.
    """

    def __init__(self, conversations: Iterable[Iterable[str]], words: int, own_words: Iterable[str] = ()) -> None:
        self.words = words
        self._powers = np.array([pow(_BASE, k + 1, 1 << 64) for k in range(words)], dtype=np.uint64)
        self._telling, self._common = _NOTHING, self._runs_of(own_words)
        self._seen: set[bytes] = set()
        self._read(conversations)

    def __len__(self) -> int:
        return len(self._telling)

    def overlap(self, conversation: Conversation) -> tuple[int, int]:
        """How many of the conversation's runs stand in the held-out texts, and how many it has; common ones apart."""
        texts = (turn.text for turn in conversation.turns if turn.provenance.origin not in _OWN_ORIGINS)
        runs = self._runs_of(texts)
        runs = runs[~_stands(runs, self._common)]
        return int(np.count_nonzero(_stands(runs, self._telling))), len(runs)

    def _read(self, conversations: Iterable[Iterable[str]]) -> None:
        """Merge now and then, so that memory follows what is new."""
        fresh: list[Array] = []
        for texts in conversations:
            runs = self._runs_of(texts)
            mark = hashlib.blake2b(runs.tobytes(), digest_size=12).digest()
            if mark not in self._seen:
                self._seen.add(mark)
                fresh.append(runs)
            if len(fresh) >= _AT_ONCE:
                self._merge(fresh)
                fresh = []
        self._merge(fresh)

    def _merge(self, fresh: list[Array]) -> None:
        values, counts = np.unique(np.concatenate([_NOTHING, *fresh]), return_counts=True)
        again = values[(counts > 1) | _stands(values, self._telling)]
        self._common = np.union1d(self._common, again)
        both = np.union1d(self._telling, values)
        self._telling = both[~_stands(both, self._common)]

    def _runs_of(self, texts: Iterable[str]) -> Array:
        """All runs of these texts, sorted, each once."""
        return np.unique(np.concatenate([_NOTHING, *(self._runs(text) for text in texts)]))

    def _runs(self, text: str) -> Array:
        words = _WORD.findall(text.casefold())
        if len(words) < self.words:
            return _NOTHING
        hashes = np.array([_hash(word) for word in words], dtype=np.uint64)
        windows = np.lib.stride_tricks.sliding_window_view(hashes, self.words)
        return np.asarray((windows * self._powers).sum(axis=1, dtype=np.uint64))


def _stands(values: Array, among: Array) -> Array:
    """Which of the values stand in a sorted array."""
    if not len(among):
        return np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[places] == values)


def load_held_out(settings: AdmitSettings, base: Path, own_words: Iterable[str] = ()) -> HeldOut | None:
    """Read the held-out files of a spec; None when it names none.

    Args:
        base: the folder to which the files are relative.
        own_words: texts that the domain itself declares (phrasings, answers); their runs are nobody's secret.

    Raises:
        InputError: a file is missing or has a line that is no conversation, with file, line and fix.
    """
    if not settings.held_out:
        return None
    paths = [base / name for name in settings.held_out]
    return HeldOut((texts for path in paths for texts in _conversations(path)), settings.held_out_words, own_words)


def _conversations(path: Path) -> Iterator[list[str]]:
    for where, line in file_lines(path, called="the held-out file", fix="mend admit.held_out"):
        yield _said(line, where)


def _said(line: bytes, where: str) -> list[str]:
    """The words of both sides in one line."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"not a line of JSON ({fault})", where=where, fix="write one JSON object a line") from None
    for key, role, text in _SHAPES:
        turns = value.get(key) if isinstance(value, dict) else None
        if isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns):
            said = [turn.get(text) for turn in turns if str(turn.get(role, "user")).lower() in _SAID_BY]
            return [words for content in said for words in _strings(content)]
    raise InputError(
        "not a conversation: it has no list `messages`, `conversations` or `turns`",
        where=where,
        fix='e.g. {"messages": [{"role": "user", "content": "..."}]}',
    )


def _strings(content: Json) -> Iterator[str]:
    """A text, or the text parts of a list of parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


@lru_cache(maxsize=100_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
