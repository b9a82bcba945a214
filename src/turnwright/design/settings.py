"""What a spec may say about its scenario design: the `design:` section of factory.yaml.

Declares and checks the parts one by one; whether they fit together is decided by the verb `design`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from turnwright.domains.declaration import Constraint, Factor, Strict, Word

__all__ = ["DesignSettings", "Group", "PersonaSettings"]

Shares = dict[str, Annotated[float, Field(ge=0)]]
"""Names and their relative weights."""


def _even(value: Any) -> Any:
    """Allow `[a, b]` for `{a: 1, b: 1}`."""
    return {str(name): 1.0 for name in value} if isinstance(value, list) else value


def _some(shares: Shares) -> Shares:
    if sum(shares.values()) <= 0:
        raise ValueError("needs at least one name with a weight above 0")
    return shares


class Group(Strict):
    """Factors whose combinations are covered at a strength of their own (3: every possible triple)."""

    factors: list[str] = Field(min_length=1)
    strength: int = Field(default=2, ge=1, le=6)

    @model_validator(mode="after")
    def _enough(self) -> Group:
        if len(set(self.factors)) != len(self.factors):
            raise ValueError("a factor stands twice in the group")
        if self.strength > len(self.factors):
            raise ValueError(f"strength {self.strength} needs at least {self.strength} factors in the group")
        return self


class PersonaSettings(Strict):
    """Who the users are.

    traits: trait → value → weight; each is drawn on its own. locales: faker locale → weight (or a list), for
    names. names: names to draw from instead of faker's.
    """

    traits: dict[Word, Annotated[Shares, BeforeValidator(_even)]] = {}
    locales: Annotated[Shares, BeforeValidator(_even)] = {"en_US": 1.0}
    names: list[str] = []

    @model_validator(mode="after")
    def _drawable(self) -> PersonaSettings:
        for shares in (self.locales, *self.traits.values()):
            _some(shares)
        return self


class DesignSettings(Strict):
    """How scenarios are drawn.

    factors: added to the domain's, or in place of one with the same name. drop: factors of the domain that are
    not used; its constraints about them are left out. constraints: added to the domain's; a factor that does not
    apply is `null` in them. strength: every possible combination of so many factors is covered. groups: factors
    with another strength. rare_share: quotas are scaled down (never below 1) so that together they ask for at
    most this share of the scenarios. personas: who the users are. samples: how often each row of the covering
    array is used, each time with another persona and world.
    """

    factors: dict[Word, Factor] = {}
    drop: list[str] = []
    constraints: list[Constraint] = []
    strength: int = Field(default=2, ge=1, le=6)
    groups: list[Group] = []
    rare_share: float | None = Field(default=None, gt=0, le=1)
    personas: PersonaSettings = PersonaSettings()
    samples: int = Field(default=1, ge=1)
