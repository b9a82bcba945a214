"""What the tests of admission share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
from admit_cases import conversation, words

from turnwright.admit import MemoryRecall
from turnwright.admit.signature import ENTRIES, bands_of, rows_for, sign
from turnwright.records import seeded


@pytest.fixture(scope="session")
def shelf() -> Callable[[int], MemoryRecall]:
    """A memory of so many different conversations."""

    @lru_cache
    def filled(count: int) -> MemoryRecall:
        rows = rows_for(0.9)
        recall = MemoryRecall(ENTRIES // rows)
        for number in range(count):
            fixed = sign(conversation([("user", " ".join(words(seeded("text", number), 120)))])).fixed
            recall.keep(bands_of(fixed, rows), fixed)
        return recall

    return filled
