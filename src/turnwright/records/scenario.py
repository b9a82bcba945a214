"""One situation drawn from a scenario design."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from turnwright.records.identity import Record

__all__ = ["Persona", "Scenario"]


class Persona(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the user is: a name and declared traits (age group, tone, dialect, ...)."""

    name: str
    traits: dict[str, str] = {}


class Scenario(Record, frozen=True, kw_only=True):
    """What a conversation is to be about, before anything is planned.

    ordinal: place in the design, from 0; the order of admission.
    domain: fingerprint of the domain (`name@hash`).
    levels: factor to level; a factor that does not apply is absent.
    seed: seed of everything that is drawn below this scenario (world, blueprint, words).
    weight: `p_target / q_sample`, mean 1 over the design; reads the set as `natural`.
    drawn: `cover` (the covering array), `quota` (a rare level's quota) or `free`.
    """

    prefix: ClassVar[str] = "sc"

    ordinal: int
    domain: str
    levels: dict[str, str]
    persona: Persona
    seed: int
    weight: float = 1.0
    drawn: Literal["cover", "quota", "free"] = "free"
