"""What a monitor is: a figure that can be taken of any two weighted halves of one pool of conversations.

A monitor prepares once, from the pooled conversations, all that does not depend on which side a conversation is on;
its statistic then gives the figure for many draws at once. Permutations, split-half floors, bootstrap intervals and
scenario weights are all nothing but other weights (`permuting.py`), so a monitor never resamples anything itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from turnwright.reading import Example
from turnwright.records.fidelity import Detail, MonitorSide

__all__ = ["Floats", "LeftOut", "Monitor", "Sample", "Statistic", "Weights"]

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]
"""draws x conversations of the pool: how much each conversation counts; 0 where it is not on this side."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The pool: conversations of the reference, then of the synthetic set.

    reference: how many are of the reference. weights: how much each counts (n,), 1 but for a `natural` view.
    few: places of the conversations (both sides, at most `most` of each, drawn by seed) that costly monitors look at;
    permutations keep the numbers of either side within them.
    """

    examples: tuple[Example, ...]
    reference: int
    weights: Weights
    few: NDArray[np.int64]
    seed: int = 0
    kept: dict[str, object] = field(default_factory=dict)
    """What monitors share (embeddings, token counts): made once under a name by `once`."""

    def once(self, name: str, make: Callable[[], object]) -> object:
        """What was made under this name, made now if it was not."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    @cached_property
    def sides(self) -> tuple[Weights, Weights]:
        """The observed draw: weights of the reference, of the synthetic set; each 1 x conversations."""
        real = np.where(np.arange(len(self.examples)) < self.reference, self.weights, 0).astype(np.float32)
        return real[None, :], (self.weights - real)[None, :].astype(np.float32)


class Statistic(Protocol):
    """A prepared monitor.

    weighs: whether weights other than 0 and 1 make sense; without it there is no bootstrap of the figure, and
    `scores` must tell its interval. n: conversations that it rests on, of either side.
    """

    @property
    def weighs(self) -> bool: ...

    @property
    def n(self) -> tuple[int, int]: ...

    def values(self, real: Weights, other: Weights) -> Floats:
        """The figure of every draw; nan where a draw has none."""
        ...

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        """The level on either side of the first draw, for figures that compare levels; else None."""
        ...

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        """What explains the figure of the first draw, most telling first."""
        ...


@dataclass(frozen=True)
class LeftOut:
    """Why a monitor has no figure here, in one line."""

    why: str


@dataclass(frozen=True)
class Monitor:
    """One row of the panel. name: for gates and reports. title: for people.

    means: one sentence, what the figure says; shown in the report under the figure.
    same: value when nothing differs. worse: where it goes when the sets differ. scale: on which the figure is nearly
    normal, for intervals. headline: gets half of the panel's error rate, together with the other headlines.
    """

    name: str
    family: str
    title: str
    means: str
    prepare: Callable[[Sample], Statistic | LeftOut]
    side: MonitorSide = "both"
    unit: str = ""
    same: float = 0.0
    worse: Literal["higher", "lower", "either"] = "higher"
    scale: Literal["linear", "log", "logit"] = "linear"
    headline: bool = False
