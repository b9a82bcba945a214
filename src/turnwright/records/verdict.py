"""What verification says about a conversation."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from turnwright.records.identity import Record
from turnwright.records.ruling import Ruling

__all__ = ["Defect", "Severity", "Verdict"]

Severity = Literal["fatal", "fault", "note"]


class Defect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding.

    kind: defect class (`wrong_value`, `unsupported_claim`, `policy_breach`, `role_flip`, ...).
    severity: `fatal` (stop at once), `fault` (not admitted), `note` (reported only).
    turns: indices into `Conversation.turns` that show it.
    evidence: what was found there, in words and quotes.
    found_by: the check (or arbiter) that found it.
    """

    kind: str
    severity: Severity
    turns: tuple[int, ...]
    evidence: str
    found_by: str


class Verdict(Record, frozen=True, kw_only=True):
    """All findings of all checks that ran on one conversation, and what the arbiter ruled on its rubric."""

    prefix: ClassVar[str] = "vd"

    conversation_id: str
    checks: tuple[str, ...]
    defects: tuple[Defect, ...] = ()
    rulings: tuple[Ruling, ...] = ()

    @property
    def passed(self) -> bool:
        """True when nothing worse than a note was found."""
        return all(defect.severity == "note" for defect in self.defects)

    @property
    def worst(self) -> Defect | None:
        """The gravest finding, the first of its severity; None when there is none."""
        rank = {"fatal": 0, "fault": 1, "note": 2}
        return min(self.defects, key=lambda defect: rank[defect.severity], default=None)
