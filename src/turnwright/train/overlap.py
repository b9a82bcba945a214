"""Whether a set has seen its test: whole conversations, and runs of words that only the test has.

A set into which the test's words have leaked scores well and is worth nothing. Yet people say the same things: runs
that several conversations of the test have, or any of the real pool, are common property, and sharing one other run is
nothing yet. Of halves of STAR that have nothing to hide, 13 % of the conversations share a run with its test, and
0.2 to 0.9 % share more than half of theirs; so the latter is what counts. Near-copies in other words are not found.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from turnwright.errors import InputError
from turnwright.reading.example import Example

__all__ = ["LIMIT", "Overlap", "mark", "overlap", "refuse_overlap", "refuse_seen"]

RUN_WORDS = 8
MOST_SHARED = 0.5  # of a conversation's runs
LIMIT = 0.01  # of a set's conversations
LEAST_WORDS = 20  # a conversation of fewer words may well be had twice
_WORD = re.compile(r"[^\W_]+")
_SHOWN = 3


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """What a set shares with a test. copies: conversations that stand in the test word for word.

    touching: conversations of which a user turn has a run of eight words that users of exactly one conversation of
    the test said, and none of the pool. sharing: copies, and those of which more than half the runs are such ones.
    names: a few of the sharing ones.
    """

    conversations: int
    copies: int
    touching: int
    sharing: int
    names: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of conversations that are copies or share a run."""
        return self.sharing / self.conversations if self.conversations else 0.0


def mark(example: Example) -> str:
    """16 hex digits of the words of both sides; "" for a conversation of too few words to be known again."""
    words = [word for turn in example.turns if turn.role != "tool" for word in _words(turn.text)]
    if len(words) < LEAST_WORDS:
        return ""
    return hashlib.sha256(" ".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def overlap(examples: Iterable[Example], test: Sequence[Example], pool: Sequence[Example] = ()) -> Overlap:
    """Count the conversations that share words with the test (see `Overlap`)."""
    marks = {mark(one) for one in test} - {""}
    telling = _telling(test, pool)
    names: list[str] = []
    count = copies = touching = 0
    for one in examples:
        runs, copied = _runs(one), mark(one) in marks
        told = len(runs & telling)
        count, copies, touching = count + 1, copies + copied, touching + (told > 0)
        if copied or told > MOST_SHARED * len(runs):
            names.append(one.name)
    return Overlap(
        conversations=count, copies=copies, touching=touching, sharing=len(names), names=tuple(names[:_SHOWN])
    )


def _telling(test: Sequence[Example], pool: Sequence[Example]) -> set[str]:
    """Runs of exactly one conversation of the test and of none of the pool."""
    counted = Counter(run for one in test for run in _runs(one))
    return {run for run, count in counted.items() if count == 1}.difference(*map(_runs, pool))


def refuse_overlap(found: Overlap, limit: float, name: str = "set") -> None:
    """Raise InputError when a larger share than `limit` overlaps, or anything is copied word for word."""
    if found.share > limit or found.copies:
        raise InputError(
            f"the {name} overlaps the test: of {found.conversations:,} conversations, {found.copies:,} are copies and "
            f"{found.sharing:,} ({found.share:.1%}, at most {limit:.1%}) have most of their runs of {RUN_WORDS} words "
            f"from users of the test, e.g. {', '.join(found.names)}",
            fix="remove them, or name a test that nothing was made from",
        )


def refuse_seen(seen: frozenset[str], test: Sequence[Example]) -> None:
    """Raise InputError when the student learnt from a conversation of the test."""
    known = [one.name for one in test if (made := mark(one)) and made in seen]
    if known:
        raise InputError(
            f"the student learnt from {len(known):,} of the test's {len(test):,} conversations, "
            f"e.g. {', '.join(known[:_SHOWN])}",
            fix="name a test that is not in its training set",
        )


def _runs(example: Example) -> set[str]:
    """Runs of eight words in user turns; they do not reach over the end of a turn."""
    turns = [_words(turn.text) for turn in example.turns if turn.role == "user"]
    return {" ".join(words[n : n + RUN_WORDS]) for words in turns for n in range(len(words) - RUN_WORDS + 1)}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
