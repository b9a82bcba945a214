"""What a spec may say about monitoring: the reference, the size of a batch, the gates and what they do."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from turnwright.domains.declaration import Strict

__all__ = ["GateSettings", "MonitorSettings"]

GATE = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*")
"""`name >= number` or `name <= number`."""


class GateSettings(Strict):
    """One gate. when: what must hold (`tail_retention >= 0.8`, `user_auc_excess <= 0.1`).

    action: what is done when it surely does not. `stop` ends the run in order, `quarantine` keeps the batch out of the
    exports, `rebalance` samples more of what is missing from the next batch on.
    """

    when: str
    action: Literal["stop", "quarantine", "rebalance"] = "stop"

    @field_validator("when")
    @classmethod
    def _is_a_condition(cls, given: str) -> str:
        if not GATE.fullmatch(given):
            raise ValueError(f"'{given}' is no condition; write a monitor's name, >= or <=, and a number")
        return given

    @property
    def parts(self) -> tuple[str, Literal[">=", "<="], float]:
        """Monitor, direction, bound."""
        found = GATE.fullmatch(self.when)
        assert found is not None
        return found[1], ">=" if found[2] == ">=" else "<=", float(found[3])


class MonitorSettings(Strict):
    """How a run is watched.

    reference: files or folders of human conversations, relative to the spec; nothing is watched without one.
    rename: pattern of an act → the act it counts as, in the reference (`query_*: query`) and in what is made.
    batch: scenarios between two looks of the gates; a run with gates finishes one batch before it begins the next.
    alpha: error rate, of the panel at the end of a run, and of each gate over all of its looks together.
    view: `stress` compares the set as it is, `natural` by scenario weights.
    permutations, halves: draws behind p-values and floors. most: conversations a side that the costly monitors look at.
    human_floor: share of human tokens below which a set is warned about.
    """

    reference: list[str] = []
    rename: dict[str, str] = {}
    gates: list[GateSettings] = []
    batch: int = Field(default=100, ge=10)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    view: Literal["stress", "natural"] = "natural"
    permutations: int = Field(default=999, ge=99, le=99_999)
    halves: int = Field(default=50, ge=10, le=1000)
    most: int = Field(default=1000, ge=50, le=5000)
    human_floor: float = Field(default=0.1, ge=0, le=1)
