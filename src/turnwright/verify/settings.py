"""What a spec may say about verification."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from turnwright.domains.declaration import Strict
from turnwright.records import Severity
from turnwright.verify.defects import DEFECTS

__all__ = ["VerifySettings"]


class VerifySettings(Strict):
    """Which checks run, and how strict they are.

    skip: names of checks to leave out. replay: run the tools again `always`, or only where calls or results are not
    those of the blueprint, which was executed when it was planned (`changed`).
    severity: defect class → `fatal`, `fault` or `note` (reported only).
    stop_early: a fatal finding ends the verification of this conversation (False: all checks run).
    longest_turn: words in a turn. most_turns: turns in a conversation, calls and results included.
    free_text: arguments of at least so many words may be worded otherwise than planned in `interplay`.
    role_certainty, act_certainty: how sure the reader must be before its word alone counts.
    """

    skip: list[str] = []
    replay: Literal["always", "changed"] = "always"
    severity: dict[str, Severity] = {}
    stop_early: bool = True
    longest_turn: int = Field(default=250, ge=5)
    most_turns: int = Field(default=200, ge=2)
    free_text: int = Field(default=4, ge=1)
    role_certainty: float = Field(default=0.98, gt=0.5, le=1)
    act_certainty: float = Field(default=0.95, gt=0.5, le=1)

    @field_validator("skip")
    @classmethod
    def _checks_exist(cls, names: list[str]) -> list[str]:
        known = sorted({defect.check for defect in DEFECTS.values()} - {"arbiter"})
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(f"there is no check '{unknown[0]}' (known: {', '.join(known)})")
        return names

    @field_validator("severity")
    @classmethod
    def _classes_exist(cls, severity: dict[str, Severity]) -> dict[str, Severity]:
        unknown = [name for name in severity if name not in DEFECTS]
        if unknown:
            raise ValueError(f"there is no defect class '{unknown[0]}' (known: {', '.join(sorted(DEFECTS))})")
        return severity
