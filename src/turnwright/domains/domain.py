"""A domain, ready to run: what the assistant is for, with its tools and its seeded worlds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import msgspec

from turnwright.domains.behaviour import STANDARD_ASSISTANT_ACTS, STANDARD_USER_ACTS
from turnwright.domains.declaration import ActSpec, DomainSpec, SlotSpec
from turnwright.domains.tools import Tool, Toolbox
from turnwright.domains.world import Tables, World
from turnwright.records import Change, Fault, Json

__all__ = ["Domain"]


class Domain:
    """A loaded domain.

    Attributes:
        spec: what `domain.yaml` declares.
        tools: name → tool.
        tables: the world's rows before any seed or setup.
        fingerprint: `name@` and 12 hex digits of the hash over every file of the domain.
    """

    def __init__(
        self, spec: DomainSpec, tools: dict[str, Tool], tables: Tables, fingerprint: str, seeding: Any = None
    ) -> None:
        self.spec, self.tools, self.tables, self.fingerprint = spec, tools, tables, fingerprint
        self._seeding = seeding
        self._latest: tuple[int, bytes, Json] | None = None

    @property
    def name(self) -> str:
        """The domain's name."""
        return self.spec.name

    def open_world(self, seed: int, setup: Iterable[Change] = ()) -> World:
        """Return a fresh world of this seed with the setup applied; equal arguments give equal worlds."""
        latest = self._latest
        if latest is None or latest[0] != seed:
            latest = self._latest = self._seeded(seed)
        world = World.reopened(latest[1], seed, self.spec.now, latest[2])
        world.apply(setup)
        return world

    def _seeded(self, seed: int) -> tuple[int, bytes, Json]:
        """Seed a world and keep it encoded: one plan opens the same world several times."""
        world = World(self.tables, seed, self.spec.now)
        if self._seeding is not None:
            self._seeding(world)
        return seed, msgspec.json.encode(world.tables), world.rng.getstate()

    def toolbox(self, world: World, faults: Iterable[Fault] = ()) -> Toolbox:
        """Return the tools bound to a world."""
        return Toolbox(self.tools, world, faults)

    @cached_property
    def user_acts(self) -> dict[str, ActSpec]:
        """The user's acts: the standard ones, with those of the domain in their place."""
        return {**STANDARD_USER_ACTS, **self.spec.acts.user}

    @cached_property
    def assistant_acts(self) -> dict[str, ActSpec]:
        """The assistant's acts that this domain uses."""
        used = set(self.spec.behaviour.model_dump().values())
        standard = {name: act for name, act in STANDARD_ASSISTANT_ACTS.items() if name in used}
        return {**standard, **self.spec.acts.assistant}

    def acts(self, role: str) -> dict[str, ActSpec]:
        """The acts of a side (`user` or `assistant`)."""
        return self.user_acts if role == "user" else self.assistant_acts

    def slot(self, name: str) -> SlotSpec:
        """The slot's declaration (a plain one for a slot that is only mentioned)."""
        return self.spec.slots.get(name) or SlotSpec(label=name.replace("_", " "))

    def label(self, slot: str) -> str:
        """How people call a slot."""
        return self.slot(slot).label or slot.replace("_", " ")

    def say(self, slot: str, value: Json) -> str:
        """How a value of this slot is said, e.g. 25.0 as "€25.00"."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        try:
            return self.slot(slot).format.format(value=value)
        except (ValueError, KeyError, IndexError, AttributeError):
            return str(value)
