"""What the screen found, without ever naming it: counts by kind, and excerpts in which every value is masked."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["PiiCount", "PiiExample", "PiiPolicy", "PiiReport"]

PiiPolicy = Literal["refuse", "mask", "allow"]
"""What is done with personal data: nothing is written, it is masked, or it stays."""


class PiiCount(msgspec.Struct, frozen=True, kw_only=True):
    """One kind. found: values. conversations: that hold any. roles: role of the turn → values."""

    found: int
    conversations: int
    roles: dict[str, int]


class PiiExample(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. turn: its number. excerpt: the words around it, everything found in them masked."""

    conversation: str
    turn: int
    kind: str
    excerpt: str


class PiiReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. touched: conversations with any. kinds: kind → count, most first."""

    conversations: int
    turns: int
    touched: int
    kinds: dict[str, PiiCount]
    examples: tuple[PiiExample, ...] = ()

    @property
    def found(self) -> int:
        """How many values were found."""
        return sum(one.found for one in self.kinds.values())

    @property
    def told(self) -> str:
        """The counts in words: `3 emails, 1 phone number in 2 of 100 conversations`."""
        counted = ", ".join(f"{one.found:,} {kind.replace('_', ' ')}" for kind, one in self.kinds.items())
        return f"{counted or 'nothing'} in {self.touched:,} of {self.conversations:,} conversations"
