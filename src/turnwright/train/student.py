"""What a student is to the rest of this stage: something that predicts the next act, and perhaps the call.

How it learnt is not visible here; evaluation asks nothing else of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from turnwright.reading.example import Decision
from turnwright.records import Json

__all__ = ["Array", "Predictions", "Student"]

Array = np.ndarray[Any, Any]


class Predictions(msgspec.Struct, frozen=True, kw_only=True):
    """What a student says, a row for every decision.

    chances: decisions x acts, in the order of the student's acts; rows add up to 1.
    calls: the tool that it would call, "" for none. arguments: with which arguments; None where it predicts none.
    """

    chances: Array
    calls: tuple[str, ...]
    arguments: tuple[dict[str, Json] | None, ...] | None = None


class Student(Protocol):
    """A student that has learnt.

    acts: the acts that it can predict. legal: task → the acts that it saw in this task.
    seen: marks of the conversations that it learnt from (see `overlap.mark`).
    """

    @property
    def name(self) -> str: ...

    @property
    def acts(self) -> tuple[str, ...]: ...

    @property
    def legal(self) -> dict[str, tuple[str, ...]]: ...

    @property
    def seen(self) -> frozenset[str]: ...

    def predict(self, points: Sequence[Decision]) -> Predictions:
        """Predict every decision from what stands before it."""
        ...
