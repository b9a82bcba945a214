"""What a spec may say about the council: whether there is one, who sits in it, and how long it may go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator

from turnwright.domains.declaration import Strict
from turnwright.refine.lenses import LENSES, LensSpec

__all__ = ["CHECKS", "RefineSettings"]

CHECKS = "checks"
"""The name under which findings of deterministic checks are heard; no lens may take it."""


class RefineSettings(Strict):
    """How drafts are debated.

    council: whether there is a debate at all (the caller decides by it; `refine` itself always debates).
    lenses: names of built-in lenses, or lenses of one's own.
    rounds: the cap. objections: heard a critic and round. tries: replies asked for until one can be read.
    unmended: what becomes of an upheld objection that was not mended: `reject` the conversation, or `context`: where
    it is about the words of an assistant turn and not fatal, the turn stays as context that no student learns to say.
    temperature, top_p, max_tokens: for every call of critics and teacher.
    """

    council: bool = False
    lenses: list[str | LensSpec] = Field(default=list(LENSES), min_length=1)
    rounds: int = Field(default=3, ge=1, le=20)
    objections: int = Field(default=3, ge=1, le=20)
    tries: int = Field(default=2, ge=1, le=20)
    unmended: Literal["reject", "context"] = "reject"
    temperature: float = Field(default=0.3, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=700, ge=32, le=8000)

    @field_validator("lenses")
    @classmethod
    def _lenses_exist(cls, lenses: list[str | LensSpec]) -> list[str | LensSpec]:
        unknown = [lens for lens in lenses if isinstance(lens, str) and lens not in LENSES]
        if unknown:
            raise ValueError(f"there is no lens '{unknown[0]}' (known: {', '.join(LENSES)})")
        names = [lens if isinstance(lens, str) else lens.name for lens in lenses]
        if CHECKS in names:
            raise ValueError(f"no lens may be called '{CHECKS}': the deterministic checks speak under this name")
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two lenses are called '{twice[0]}'; give each its own name")
        return lenses

    def panel(self, order: Iterable[str] = ()) -> tuple[LensSpec, ...]:
        """The lenses in the order in which they are heard: those that `order` names first, then the others.

        Names in `order` that are not among the lenses are passed over.
        """
        own = [LENSES[lens] if isinstance(lens, str) else lens for lens in self.lenses]
        named = {lens.name: lens for lens in own}
        first = [named[name] for name in dict.fromkeys(order) if name in named]
        return (*first, *(lens for lens in own if lens not in first))

    @property
    def most_calls(self) -> int:
        """The most calls of critics and teacher in one debate: rounds x (critics + answers), each with all its tries.

        A round asks every lens once, and hears at most `objections` of each lens and of the checks; an answer that is
        contested and overruled is asked for a second time.
        """
        lenses = len(self.lenses)
        return self.rounds * self.tries * (lenses + 2 * self.objections * (lenses + 1))

    @property
    def most_rulings(self) -> int:
        """The most rulings that the arbiter is asked for in one debate."""
        return self.rounds * self.objections * len(self.lenses)
