"""The closed loop: generate, train, examine, find what the student fails at, steer the next round's design, again.

`rounds` is the loop on one page; `generating` makes a round's conversations, `school` trains and examines, `steering`
turns failing cells into quotas, `labels` settles disagreements, `gate` says whether a round has drifted.
"""

from turnwright.engine.loop.page import WHY
from turnwright.engine.loop.records import GateInput, GateResult, LoopReport, LoopRound, LoopSettings, Placed
from turnwright.engine.loop.rounds import run_loop

__all__ = [
    "WHY",
    "GateInput",
    "GateResult",
    "LoopReport",
    "LoopRound",
    "LoopSettings",
    "Placed",
    "run_loop",
]
