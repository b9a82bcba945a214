"""What a spec may say about planning."""

from __future__ import annotations

from pydantic import Field

from turnwright.domains.declaration import Strict

__all__ = ["PlanSettings"]


class PlanSettings(Strict):
    """How blueprints are made.

    user_opens: share of conversations in which the user states the goal at once (else both greet first).
    join: share of places where the assistant may do two things in one turn, and does.
    asks_for_more: share of conversations in which the assistant asks whether there is anything else before the goodbye.
    farewell: share of conversations in which the user says goodbye after the assistant did.
    farewell_returned: share of these in which the assistant then says goodbye once more.
    unfinished: share of conversations that end without a goodbye.
    volunteered: slot → how readily users tell it unasked when they tell something; 1 for a slot that is not named.
    longest: the most steps a blueprint may have; longer ones are rejected as impossible.
    """

    user_opens: float = Field(default=0.65, ge=0, le=1)
    join: float = Field(default=0.5, ge=0, le=1)
    asks_for_more: float = Field(default=0.75, ge=0, le=1)
    farewell: float = Field(default=0.25, ge=0, le=1)
    farewell_returned: float = Field(default=0.4, ge=0, le=1)
    unfinished: float = Field(default=0.05, ge=0, le=1)
    volunteered: dict[str, float] = {}
    longest: int = Field(default=60, ge=4, le=400)
