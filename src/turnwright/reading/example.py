"""What students learn from and are examined with: conversations reduced to words, acts and calls.

Own runs, exports and human conversations all become these; what a student makes of them is its own business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from turnwright.records import Json, Record, Role, Usage, canonical, content_id

__all__ = ["HUMAN", "START", "Called", "Decision", "Example", "ExampleSet", "Said", "SetHash", "decisions", "set_hash"]

START = "START"
"""The act before the first one."""
HUMAN = {"human", "human-edited"}
"""Origins of words that people wrote or mended."""


class Called(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool call. arguments: None where the data does not tell them."""

    name: str
    arguments: dict[str, Json] | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn. act: its main act, "" where it has no label. origin: who wrote it, "" where nobody says.

    text: the words; of a tool turn its result as JSON text. trainable: whether students learn to say this assistant
    turn; always true of others, which are context anyway. acts: all of them, the main one first, where there is more
    than one; else empty (see `labels`).
    """

    role: Role
    text: str = ""
    act: str = ""
    call: Called | None = None
    trainable: bool = True
    origin: str = ""
    acts: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All of its acts, the main one first; none where it has no label."""
        return self.acts or ((self.act,) if self.act else ())


class Example(Record, frozen=True, kw_only=True):
    """One conversation. name: its id in the data. task: what it is about (STAR's task, a domain's name).

    levels: factor to level, where the data tells them. happy: whether all went the easy way; None if nobody says.
    weight: how much it counts when a student learns. natural: its scenario's `p_target / q_sample`, with which a mix
    reads the set as `natural`; None where nobody says.
    """

    prefix: ClassVar[str] = "xm"

    name: str
    task: str
    turns: tuple[Said, ...]
    levels: dict[str, str] = {}
    happy: bool | None = None
    weight: float = 1.0
    natural: float | None = None

    @property
    def human(self) -> bool:
        """Whether people wrote all its words, and the data says so."""
        origins = {turn.origin for turn in self.turns if turn.role != "tool" and turn.text}
        return bool(origins) and origins <= HUMAN

    def factors(self) -> dict[str, str]:
        """Everything by which scores can be split: the task, the levels, the easy way or not."""
        happy = {} if self.happy is None else {"happy": "yes" if self.happy else "no"}
        return {"task": self.task, **happy, **self.levels}


class ExampleSet(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations with what is known of where they come from.

    sources: files and run folders. spec: hashes of the specs that made them, empty for what no spec made.
    usage: what the runs paid, None unless every source is a run. notes: what a reader must know besides (that acts are
    predicted, that only some were kept).
    """

    examples: tuple[Example, ...]
    sources: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    usage: Usage | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def hash(self) -> str:
        """Content id of the conversations in their order; names do not count."""
        return set_hash(self.examples)

    @property
    def human_share(self) -> tuple[float | None, int, int]:
        """Share of human turns among the user and assistant turns of known origin; how many these are, of how many.

        In the share every turn counts with the weight of its conversation.
        """
        said = [(turn, one.weight) for one in self.examples for turn in one.turns]
        turns = [(turn.origin, weight) for turn, weight in said if turn.role != "tool" and turn.text]
        known = [(origin, weight) for origin, weight in turns if origin]
        human, whole = sum(weight for origin, weight in known if origin in HUMAN), sum(weight for _, weight in known)
        return (human / whole if whole else None), len(known), len(turns)


def set_hash(examples: Sequence[Example]) -> str:
    """Content id of conversations in their order; names do not count, weights only where they are not 1."""
    return content_id("st", [_counted(one) for one in examples])


class SetHash:
    """The hash of a set (see `set_hash`) whose conversations come one at a time and are not kept."""

    def __init__(self) -> None:
        self._digest, self._count = hashlib.sha256(b"["), 0

    def add(self, example: Example) -> None:
        """Count in the next conversation."""
        self._digest.update((b"," if self._count else b"") + canonical(_counted(example)))
        self._count += 1

    @property
    def hash(self) -> str:
        """The hash of all so far."""
        whole = self._digest.copy()
        whole.update(b"]")
        return f"st_{whole.hexdigest()[:32]}"


def _counted(one: Example) -> list[Json]:
    facts: list[Json] = [one.task, one.levels, one.happy, one.turns]
    return facts if one.weight == 1.0 else [*facts, one.weight]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A place where the assistant chose an act: the student sees what stands before it and predicts the act.

    conversation: number of the example in its set. place: number of the turn. previous: the assistant's labelled acts
    so far, oldest first. last: number of the last user or tool turn before this one, -1 where there is none.
    """

    conversation: int
    example: Example
    place: int
    previous: tuple[str, ...]
    last: int
    act: str

    @property
    def call(self) -> Called | None:
        """The call that was really made here."""
        return self.example.turns[self.place].call


def decisions(examples: Sequence[Example]) -> list[Decision]:
    """Every labelled, trainable assistant turn, in order; other turns are context only."""
    return [one for number, example in enumerate(examples) for one in _decisions(number, example)]


def _decisions(number: int, example: Example) -> list[Decision]:
    made: list[Decision] = []
    previous: tuple[str, ...] = ()
    last = -1
    for place, turn in enumerate(example.turns):
        if turn.role != "assistant":
            last = place
        elif turn.act:
            if turn.trainable:
                made.append(
                    Decision(
                        conversation=number, example=example, place=place, previous=previous, last=last, act=turn.act
                    )
                )
            previous = (*previous, turn.act)
    return made
