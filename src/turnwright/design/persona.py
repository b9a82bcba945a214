"""Who the user of a scenario is: a name and traits, decided by seed and ordinal alone.

Traits come from the declared tables; names from the declared list or from faker. Nothing here describes real people.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from turnwright.design.settings import PersonaSettings
from turnwright.domains.source import nearest
from turnwright.errors import DesignError
from turnwright.records import Persona, seeded

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["Personas"]

FAMILY_FIRST = ("hu_HU", "ja_JP", "ko_KR", "vi_VN", "zh_CN", "zh_TW")


class Personas:
    """Draws the persona of any ordinal.

    Raises:
        DesignError: a locale that faker does not have; names the nearest.
    """

    def __init__(self, settings: PersonaSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.fakers = {} if settings.names else {locale: _faker(locale) for locale in settings.locales}

    def __call__(self, ordinal: int) -> Persona:
        """Return the persona of this ordinal."""
        rng = seeded(self.seed, "persona", ordinal)
        traits = {trait: _pick(rng, shares) for trait, shares in self.settings.traits.items()}
        return Persona(name=self._name(rng), traits=traits)

    def _name(self, rng: random.Random) -> str:
        if self.settings.names:
            return self.settings.names[int(rng.random() * len(self.settings.names))]
        locale = _pick(rng, self.settings.locales)
        faker = self.fakers[locale]
        faker.seed_instance(rng.getrandbits(32))
        first, last = faker.first_name(), faker.last_name()
        return f"{last} {first}" if locale in FAMILY_FIRST else f"{first} {last}"


def _pick(rng: random.Random, shares: dict[str, float]) -> str:
    """Draw one name by weight."""
    left = rng.random() * sum(shares.values())
    for name, weight in shares.items():
        left -= weight
        if left < 0:
            return name
    return next(name for name in reversed(shares) if shares[name] > 0)


def _faker(locale: str) -> Faker:
    # faker loads its word lists at import (about 0.2 s); only designs that need names pay for it
    from faker import Faker
    from faker.config import AVAILABLE_LOCALES

    if locale not in AVAILABLE_LOCALES:
        raise DesignError(
            f"'{locale}' is not a locale of faker{nearest(locale, AVAILABLE_LOCALES)}",
            where="design.personas.locales",
            fix="e.g. en_US, en_GB, de_DE; or give names: [...] instead",
        )
    return Faker(locale)
