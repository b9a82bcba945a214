"""What a person said about a conversation."""

from __future__ import annotations

from typing import ClassVar

from turnwright.records.identity import Record

__all__ = ["Label"]


class Label(Record, frozen=True, kw_only=True):
    """One person's word on one conversation.

    accepted: whether this person would take it into the set. defect: the class they saw, empty for none or no matter.
    probability: chance with which the conversation was drawn for labelling, in (0, 1]; None for labels that were not
    drawn by turnwright (imported ones), which then count as a plain sample of their side.
    """

    prefix: ClassVar[str] = "lb"

    conversation_id: str
    reviewer: str
    accepted: bool
    defect: str = ""
    note: str = ""
    probability: float | None = None
