"""What broke on the way to a conversation: an error kept as data, so that siblings go on."""

from __future__ import annotations

from typing import ClassVar

from turnwright.records.identity import Record

__all__ = ["Failure"]


class Failure(Record, frozen=True, kw_only=True):
    """One error in one stage of one scenario; `error` is the class name, `message` its one line."""

    prefix: ClassVar[str] = "fl"

    scenario_id: str
    stage: str
    error: str
    message: str
