"""Where the worth of a set lies: in its acts or in its words? Both are exchanged, one at a time, and measured again.

A decision is all that the linear student sees: the task, the act before, the last words of user or tool, and the act
to learn. Each becomes a conversation of its own here, so that words can be drawn anew for it alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from cells import answered

from turnwright.reading import START, Decision, Example, Said, decisions
from turnwright.records import derive_seed

__all__ = ["Texts", "answers_of", "pieces", "real_rows", "set_rows", "with_text"]


Rewrite = Callable[[Example], str | None]
"""A piece → its new words, None to leave them."""


def pieces(examples: Sequence[Example]) -> list[Example]:
    """A conversation for every decision: the act before, what was heard last, the act to learn."""
    return [_piece(point) for point in decisions(examples)]


def _piece(point: Decision) -> Example:
    before = (Said(role="assistant", act=point.previous[-1], trainable=False),) if point.previous else ()
    heard = (point.example.turns[point.last],) if point.last >= 0 else ()
    turns = (*before, *heard, Said(role="assistant", act=point.act))
    return Example(name=point.example.name, task=point.example.task, turns=turns, weight=point.example.weight)


def with_text(parts: Sequence[Example], rewrite: Rewrite) -> list[Example]:
    """The same pieces with other words, where `rewrite` has some."""
    return [_rewritten(part, rewrite) for part in parts]


def _rewritten(part: Example, rewrite: Rewrite) -> Example:
    *before, learnt = part.turns
    words = rewrite(part)
    if words is None:
        return part
    heard = before[-1] if before and before[-1].role != "assistant" else Said(role="user")
    kept = [turn for turn in before if turn.role == "assistant"]
    return msgspec.structs.replace(part, turns=(*kept, msgspec.structs.replace(heard, text=words), learnt))


class Texts:
    """What people, or a set's users and tools, said in a place: before and after which acts of which task."""

    def __init__(self, parts: Sequence[Example], seed: int) -> None:
        self._random = random.Random(derive_seed("texts", seed))
        self._said: dict[tuple[str, ...], list[str]] = {}
        for part in parts:
            for key in _keys(part):
                self._said.setdefault(key, []).append(heard.text if (heard := _heard(part)) else "")

    def draw(self, part: Example) -> str | None:
        """Words from the closest place that there is: same task and acts, same acts, same next act; None for none."""
        said = next((self._said[key] for key in _keys(part) if key in self._said), None)
        return None if said is None else self._random.choice(said)

    def of_users(self, part: Example) -> str | None:
        """The same, for what users said alone."""
        return None if _from_tool(part) else self.draw(part)

    def of_tools(self, part: Example) -> str | None:
        """The same, for what tools gave alone."""
        return self.draw(part) if _from_tool(part) else None


def _keys(part: Example) -> Iterator[tuple[str, ...]]:
    """From the closest to the widest; words of tools and of users are never mixed up."""
    before = _before(part)
    act, kind = part.turns[-1].act, "tool" if _from_tool(part) else "user"
    yield kind, "task, before, act", part.task, before, act
    yield kind, "before, act", before, act
    yield kind, "task, act", part.task, act
    yield kind, "act", act


def _heard(part: Example) -> Said | None:
    return next((turn for turn in part.turns if turn.role != "assistant"), None)


def _from_tool(part: Example) -> bool:
    heard = _heard(part)
    return heard is not None and heard.role == "tool"


def _blank(part: Example) -> str | None:
    return None if _from_tool(part) else ""


def _templates(parts: Sequence[Example], seed: int) -> Rewrite:
    """One sentence for each act before, whatever comes next: the one that was drawn first."""
    order = random.Random(derive_seed("templates", seed)).sample(list(parts), len(parts))
    said: dict[str, str] = {}
    for part in order:
        heard = _heard(part)
        if heard and heard.role == "user":
            said.setdefault(_before(part), heard.text)
    return lambda part: None if _from_tool(part) else said.get(_before(part))


def _before(part: Example) -> str:
    return part.turns[0].act if part.turns[0].role == "assistant" and len(part.turns) > 1 else START


def real_rows(pool: Sequence[Example], few: Callable[[int, int], Sequence[Example]], seeds: int) -> Iterator[Any]:
    """(acts, words, seed → pieces) of the rows in which all real act sequences are kept."""
    real = pieces(pool)
    yield "all real", "real", lambda seed: real
    yield "all real", "users blank", lambda seed: with_text(real, _blank)
    yield "all real", "users: one sentence for each act before", lambda seed: with_text(real, _templates(real, seed))
    for count in (24, 100):

        def drawn(seed: int, count: int = count) -> list[Example]:
            return with_text(real, Texts(pieces(few(count, seed + 1)), seed).of_users)

        yield "all real", f"users: drawn from {count} real by acts before and after", drawn


def set_rows(ours: Sequence[Sequence[Example]], pool: Sequence[Example]) -> Iterator[Any]:
    """(acts, words, seed → pieces) of the rows about a set. ours: its conversations, by generation seed."""
    real, parts = pieces(pool), [pieces(each) for each in ours]

    def mine(seed: int) -> list[Example]:
        return parts[seed % len(parts)]

    yield "ours", "ours", mine
    yield "ours", "real", lambda seed: with_text(mine(seed), Texts(real, seed).draw)
    yield "ours", "users real, tools ours", lambda seed: with_text(mine(seed), Texts(real, seed).of_users)
    yield "ours", "users ours, tools real", lambda seed: with_text(mine(seed), Texts(real, seed).of_tools)
    yield "ours", "users blank", lambda seed: with_text(mine(seed), _blank)
    yield "all real", "ours", lambda seed: with_text(real, Texts(mine(seed), seed).draw)
    yield "all real", "users ours, tools real", lambda seed: with_text(real, Texts(mine(seed), seed).of_users)


def answers_of(
    row: Callable[[int], Sequence[Example]], points: Sequence[Decision], seeds: int
) -> list[list[list[str]]]:
    """What students of a row say: one fit for each seed."""
    return [answered(row(seed), points, [seed]) for seed in range(seeds)]
