"""Made-up conversations and samples for the tests of the text monitors."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from turnwright.monitor import Sample
from turnwright.reading import Example, Said

WORDS = [
    f"{a}{b}" for a in ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo") for b in ("nor", "tel", "ris", "mak", "sup")
]


def example(name: str, user: Sequence[str], assistant: Sequence[str] = ()) -> Example:
    """User turns, each with the assistant's answer after it where there is one."""
    turns = []
    for place, text in enumerate(user):
        turns.append(Said(role="user", text=text))
        if place < len(assistant):
            turns.append(Said(role="assistant", text=assistant[place]))
    return Example(name=name, task="talk", turns=tuple(turns))


def chatter(number: int, seed: int, words: Sequence[str] = WORDS, turns: int = 4, length: int = 8) -> list[Example]:
    """So many conversations of random words on both sides."""
    rng = random.Random(seed)

    def said() -> list[str]:
        return [" ".join(rng.choices(words, k=length)) for _ in range(turns)]

    return [example(f"{seed}/{place}", said(), said()) for place in range(number)]


def sample(reference: Sequence[Example], synthetic: Sequence[Example]) -> Sample:
    """All conversations count once, and all are looked at."""
    size = len(reference) + len(synthetic)
    return Sample(
        examples=(*reference, *synthetic),
        reference=len(reference),
        weights=np.ones(size, dtype=np.float32),
        few=np.arange(size),
    )


def permutations(size: int, reference: int, draws: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random sides of the same numbers, as weights."""
    rng = np.random.default_rng(seed)
    real = np.zeros((draws, size), dtype=np.float32)
    for row in real:
        row[rng.permutation(size)[:reference]] = 1
    return real, 1 - real
