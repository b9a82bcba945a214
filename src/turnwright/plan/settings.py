"""What a spec may say about planning."""

from __future__ import annotations

from pydantic import Field

from turnwright.domains.declaration import Strict

__all__ = ["PlanSettings"]


class PlanSettings(Strict):
    """How blueprints are made.

    user_opens: share of conversations in which the user states the goal at once (else both greet first).
    join: share of places where the assistant may do two things in one turn, and does.
    farewell: share of conversations in which the user says goodbye after the assistant did.
    longest: the most steps a blueprint may have; longer ones are rejected as impossible.
    """

    user_opens: float = Field(default=0.65, ge=0, le=1)
    join: float = Field(default=0.5, ge=0, le=1)
    farewell: float = Field(default=0.2, ge=0, le=1)
    longest: int = Field(default=60, ge=4, le=400)
