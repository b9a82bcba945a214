"""Whether the set takes a conversation, and why. A rejection is data."""

from __future__ import annotations

from typing import ClassVar, Literal

from turnwright.records.identity import Record
from turnwright.records.usage import Usage

__all__ = ["Admission", "Stage"]

Stage = Literal["plan", "simulate", "refine", "verify", "admit"]


class Admission(Record, frozen=True, kw_only=True):
    """The last word on one scenario.

    stage: where it ended; `admit` for everything that was admitted.
    reason: short code (`admitted`, a defect class, `near_duplicate`, `contaminated`, `impossible`, ...).
    detail: the reason in words, with the evidence.
    usage: everything that was paid for this scenario, all attempts together.
    spent: the same by stage. wasted: what of it went into attempts that were turned down (all, for a rejection).
    aborted: attempts that a fatal finding ended in mid-simulation; `simulate_aborted` in `spent` is what they cost.
    attempts: how many simulations it took.
    """

    prefix: ClassVar[str] = "ad"

    ordinal: int
    scenario_id: str
    admitted: bool
    stage: Stage
    reason: str
    detail: str = ""
    blueprint_id: str = ""
    conversation_id: str = ""
    verdict_id: str = ""
    nearest_id: str = ""
    council_id: str = ""
    usage: Usage = Usage()
    spent: dict[str, Usage] = {}
    wasted: dict[str, Usage] = {}
    aborted: int = 0
    attempts: int = 1
