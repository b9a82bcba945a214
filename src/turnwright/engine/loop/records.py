"""What the closed loop is asked for, and what it says of each round: records only, written to JSON as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.engine.quotas import Bounds
from turnwright.engine.spec import Spec
from turnwright.monitor.rounds import HUMAN_FLOOR, Watch
from turnwright.reading import Example
from turnwright.records import Usage
from turnwright.records.fidelity import GateOutcome
from turnwright.train import Difference, Estimate, Evaluation
from turnwright.train.disagreement import SURE
from turnwright.train.failures import LEAST, Change

__all__ = [
    "FinalTest",
    "Gate",
    "GateInput",
    "GateResult",
    "LoopReport",
    "LoopRound",
    "LoopSettings",
    "Placed",
    "Stop",
]

Stop = Literal["rounds", "no gain", "interrupted", "capped", "stopped"]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A spec and the folder that its paths are relative to."""

    spec: Spec
    base: Path


class LoopSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the loop goes.

    rounds: at most so many. replace: learn from the last round alone, not from all so far.
    steer: False repeats the design with other seeds, which is what a steered loop is to be compared with.
    explore: act on shrunken estimates where no failure is significant.
    human_floor: least share of the training weight that human conversations get.
    rename: pattern of an act → the act it counts as, everywhere. features: what the student sees.
    patience: rounds in a row without a shown gain after which the loop stops; 0: it never stops early.
    gates: what must hold of everything generated so far, against the reference (`tail_retention >= 0.8`).
    human_warning: share of human words in what is learnt from below which there is a warning.
    least: conversations below which a cell is not looked at. sure: how certain a student must be to contradict a label.
    folds: of cross-fitting.
    """

    rounds: int = 3
    patience: int = 2
    replace: bool = False
    steer: bool = True
    explore: bool = False
    human_floor: float = 0.0
    human_warning: float = HUMAN_FLOOR
    gates: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    features: str = "yardstick"
    least: int = LEAST
    sure: float = SURE
    folds: int = 5
    bounds: Bounds = Bounds()


class GateInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate looks at: the first round's conversations, this round's, and the human share of the training mix.

    so_far: everything generated up to now. learnt: round by round, what its student learnt from, the last one's last.
    """

    first: tuple[Example, ...]
    now: tuple[Example, ...]
    human_share: float
    human_floor: float
    so_far: tuple[Example, ...] = ()
    learnt: tuple[tuple[Example, ...], ...] = ()


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a round is as it should be. figures: name → value. reasons: why not.

    watch: what all rounds say together; None without a reference. outcomes: of the gates of the settings.
    """

    passed: bool
    figures: dict[str, float] = {}
    reasons: tuple[str, ...] = ()
    watch: Watch | None = None
    outcomes: tuple[GateOutcome, ...] = ()


Gate = Callable[[GateInput], GateResult]
"""Judges a round before it steers the next one: where it says no, the next step is half as long."""


class LoopRound(msgspec.Struct, frozen=True, kw_only=True):
    """One round.

    generated: conversations admitted in it. learnt: synthetic conversations that the student learnt from; human: human
    ones besides, with this share of the weight. score, macro: weighted and macro F1 on the dev set.
    gain: over the round before, on the same draws; None in the first. changed: the cells that were steered for it.
    looked_at, significant: cells. corrected: labels that were changed for this round's student.
    disagreements: outcome → how many were settled so after it. strength: of the steering that follows.
    """

    number: int
    generated: int
    learnt: int
    human: int
    human_share: float
    cross_fitted: bool
    score: Estimate
    macro: Estimate
    gain: Difference | None = None
    changed: tuple[Change, ...] = ()
    looked_at: int = 0
    significant: int = 0
    corrected: int = 0
    disagreements: dict[str, int] = {}
    gate: GateResult
    strength: float = 1.0
    scenarios: dict[str, int] = {}
    usage: Usage = Usage()
    notes: tuple[str, ...] = ()


class FinalTest(msgspec.Struct, frozen=True, kw_only=True):
    """The one look at the test, after the last round. gain: of the last round's student over the first's.

    left_out: conversations that were generated word for word, so that nothing can be examined with them.
    """

    evaluation: Evaluation
    gain: Difference | None = None
    left_out: int = 0


class LoopReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the loop came to. stop: why it ended; the last three can be gone on with.

    student: the last round's, relative to the loop's folder. reference: content id of the human conversations that all
    rounds are compared with, "" without any.
    """

    stop: Stop
    domains: tuple[str, ...]
    dev: str
    dev_conversations: int
    dev_decisions: int
    settings: LoopSettings
    rounds: tuple[LoopRound, ...]
    test: FinalTest | None = None
    student: str = ""
    reference: str = ""

    @property
    def usage(self) -> Usage:
        """What all rounds paid."""
        return sum((one.usage for one in self.rounds), Usage())
