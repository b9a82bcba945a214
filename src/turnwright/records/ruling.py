"""What arbiters say: one yes or no each, and what the panel makes of them."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Ruling", "Vote"]


class Vote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one arbiter answered.

    arbiter: fingerprint of its model. defect_found: its answer; None where no answer could be read.
    probability: of the defect, in [0, 1], from the logprobs of the answer; None where the endpoint gives none.
    call: journal id of the call.
    """

    arbiter: str
    defect_found: bool | None
    probability: float | None = None
    call: str = ""


class Ruling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was ruled on one question about one conversation.

    question: name of the rubric's criterion, or id of the objection that was contested.
    defect: the defect class that it is about. found: whether the defect is there (the objection is upheld).
    how: `vote` (a majority of the panel), `tie` (the tie rule decided), `unreadable` (no arbiter gave an answer),
    `check` (a deterministic check decided, where no arbiter is licensed), or `no_licence` (nobody may rule on this
    class: the objection lapses).
    turns: indices of the turns that show it. evidence: why, in words.
    """

    question: str
    defect: str
    found: bool
    how: Literal["vote", "tie", "unreadable", "check", "no_licence"]
    votes: tuple[Vote, ...] = ()
    turns: tuple[int, ...] = ()
    evidence: str = ""
