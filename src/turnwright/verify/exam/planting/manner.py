"""Defects of the assistant's manner that no value and no call gives away: only a reader of meaning finds them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from turnwright.verify.exam.planting import wordings
from turnwright.verify.exam.planting.original import Edit, Original, woven

__all__ = ["false_promise", "rudeness", "unfairness"]


def false_promise(original: Original, rng: Random) -> Edit | None:
    """One more sentence of the assistant says that something was or will be done that no call does."""
    return _adding(original, wordings.PROMISES, rng)


def rudeness(original: Original, rng: Random) -> Edit | None:
    """One more sentence of the assistant mocks, blames or presses the user."""
    return _adding(original, wordings.RUDE, rng)


def unfairness(original: Original, rng: Random) -> Edit | None:
    """One more sentence of the assistant judges the user by age, sex, origin, speech, faith, body or purse."""
    return _adding(original, wordings.UNFAIR, rng)


def _adding(original: Original, sentences: Sequence[str], rng: Random) -> Edit | None:
    places = original.replies()
    if not places:
        return None
    at, sentence = rng.choice(places), rng.choice(sentences)
    turns = original.saying(at, woven(original.turns[at].text, sentence))
    return Edit(turns, (at,), f"the assistant says '{sentence}'")
