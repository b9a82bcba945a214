"""The habits file: what was learnt from a few human conversations, as people read it and may edit it.

Declares the file and reads it back. How the numbers were found, and how they are written with their explanations,
stands elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from turnwright.domains import nearest, read_yaml, validated
from turnwright.domains.declaration import Strict
from turnwright.errors import SpecError
from turnwright.records import content_id

__all__ = ["DomainHabits", "Estimate", "General", "Habits", "Name", "load_habits"]

Part = Annotated[float, Field(ge=0, le=1)]


class Estimate(Strict):
    """A share. value: what is used; edit it. low, high: 95 % interval. n: conversations that could show it."""

    value: Part
    low: Part = 0.0
    high: Part = 1.0
    n: int = Field(default=0, ge=0)


class Name(Strict):
    """An act that the data calls otherwise; n: texts of the data that equal a phrasing of the domain's act."""

    known_as: str
    n: int = Field(default=0, ge=0)


Levels = dict[str, Estimate]


class General(Strict):
    """What holds for all domains that have nothing of their own.

    plan: setting of `plan` → share. steps: what agents do with the steps of a flow; to see, nothing draws from it.
    """

    plan: dict[str, Estimate] = {}
    steps: dict[str, Estimate] = {}


class DomainHabits(General):
    """What was learnt about one domain; it goes before what holds for all.

    conversations: how many were about it. factors: factor → level → share. volunteered: slot → share of the users who
    told something unasked that told this. names: the domain's act → what the data calls it. style: user act → texts
    of people, values masked.
    """

    conversations: int = Field(default=0, ge=0)
    factors: dict[str, Levels] = {}
    volunteered: dict[str, Estimate] = {}
    names: dict[str, Name] = {}
    style: dict[str, list[str]] = {}


class Habits(Strict):
    """A whole habits file.

    real: content id of the conversations. conversations: how many. strength: conversations that the prior counts as.
    """

    version: Literal[1] = 1
    real: str = ""
    conversations: int = Field(default=0, ge=0)
    strength: float = Field(default=2.0, gt=0)
    everywhere: General = General()
    domains: dict[str, DomainHabits] = {}

    @model_validator(mode="after")
    def _some_share(self) -> Habits:
        for where, part in self.domains.items():
            for factor, levels in part.factors.items():
                if not any(one.value > 0 for one in levels.values()):
                    raise ValueError(f"every level of factor '{factor}' ({where}) has the value 0; leave one above 0")
        return self

    @property
    def id(self) -> str:
        """Content id of all that is said."""
        return content_id("hb", self.model_dump(mode="json"))

    def of(self, domain: str, *, where: str = "") -> DomainHabits:
        """What is said of a domain.

        Raises:
            SpecError: nothing was learnt for this domain.
        """
        if domain not in self.domains:
            raise SpecError(
                f"tells nothing of the domain '{domain}'{nearest(domain, self.domains)}",
                where=where,
                fix=f"run `turnwright learn --domain {domain}`; it tells of: {', '.join(self.domains) or 'no domain'}",
            )
        return self.domains[domain]

    def renaming(self, domain: str) -> dict[str, str]:
        """The domain's act → the name that the data has for it, as `reading.read_set(rename=...)` takes it.

        Raises:
            SpecError: nothing was learnt for this domain.
        """
        return {act: name.known_as for act, name in self.of(domain).names.items()}


def load_habits(path: Path) -> Habits:
    """Read and check a habits file.

    Raises:
        SpecError: with file, line and fix.
    """
    return validated(Habits, read_yaml(path, SpecError), SpecError)
