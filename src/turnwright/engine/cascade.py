"""Who is asked first: those who turn most conversations down for the least money, learned while the run goes.

The order for a scenario may only depend on scenarios that were concluded before it, whatever the concurrency, or two
equal runs would differ. So it is learned up to a horizon that lies well behind: nothing for the first 64 ordinals, and
from then on everything below half of the largest power-of-two block that the ordinal lies in. A scenario that comes to
its horizon too early waits; what it waits for is in flight or done, so the wait always ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from turnwright.records import Council, Verdict
from turnwright.store import Run

__all__ = ["Cascade", "Order", "horizon"]

FIRST = 32
PRIOR = (0.5, 10.0)
"""A gate that was never asked counts as one that found something once in twenty conversations."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The order in which lenses of the council and criteria of the arbiter are asked."""

    lenses: tuple[str, ...]
    criteria: tuple[str, ...]


class _Gate(msgspec.Struct, kw_only=True):
    """How often a lens or criterion was asked, found something, and what its asking cost, in tokens."""

    asked: int = 0
    found: int = 0
    tokens: int = 0

    def price(self, usual: float) -> float:
        """Expected tokens per finding; less is asked earlier."""
        chance = (self.found + PRIOR[0]) / (self.asked + PRIOR[1])
        return (self.tokens / self.asked if self.asked else usual) / chance


class Cascade:
    """Learns the order from what was concluded; one a run.

    Args:
        lenses, criteria: names in the order that the spec gives them, which breaks ties.
    """

    def __init__(self, lenses: Sequence[str], criteria: Sequence[str]) -> None:
        self._names = {"lens": tuple(lenses), "criterion": tuple(criteria)}
        self._gates = {kind: {name: _Gate() for name in names} for kind, names in self._names.items()}
        self._learns = any(len(names) > 1 for names in self._names.values())
        self._seen = 0
        self._orders: dict[int, Order] = {0: self._order()}
        self._moved = asyncio.Event()
        self._closed = False

    def prime(self, run: Run) -> None:
        """Take in what an earlier part of the run concluded."""
        if self._learns:
            for concluded in run.records.concluded():
                self.learn(concluded.admission.ordinal, concluded.councils, concluded.verdict)

    def learn(self, ordinal: int, councils: Iterable[Council], verdict: Verdict | None) -> None:
        """Take in the next concluded scenario; must be called in order of ordinals."""
        for council in councils:
            for cost in (cost for each in council.rounds for cost in each.lenses):
                self._count("lens", cost.lens, cost.upheld > 0, cost.usage.tokens)
        for ruling in verdict.rulings if verdict else ():
            self._count("criterion", ruling.question, ruling.found, 1)
        self._seen = ordinal + 1
        if self._seen >= FIRST and self._seen.bit_count() == 1:
            self._orders[self._seen] = self._order()
        self._moved.set()

    async def order_for(self, ordinal: int) -> Order | None:
        """The order for this scenario; None when the run was closed before it could be known."""
        needed = horizon(ordinal) if self._learns else 0
        while self._seen < needed and not self._closed:
            self._moved.clear()
            await self._moved.wait()
        return None if self._closed and self._seen < needed else self._orders[needed]

    def close(self) -> None:
        """Let everyone go who waits: what they wait for will not be concluded in this run."""
        self._closed = True
        self._moved.set()

    def _count(self, kind: str, name: str, found: bool, tokens: int) -> None:
        gate = self._gates[kind].get(name)
        if gate is not None:
            gate.asked, gate.found, gate.tokens = gate.asked + 1, gate.found + found, gate.tokens + tokens

    def _order(self) -> Order:
        return Order(lenses=self._sorted("lens"), criteria=self._sorted("criterion"))

    def _sorted(self, kind: str) -> tuple[str, ...]:
        gates = self._gates[kind]
        asked = sum(gate.asked for gate in gates.values())
        usual = sum(gate.tokens for gate in gates.values()) / asked if asked else 1.0
        return tuple(sorted(gates, key=lambda name: gates[name].price(usual)))


def horizon(ordinal: int) -> int:
    """How many scenarios are learned from for the order of this one: 0, 0, ..., 32 (from 64 on), 64 (from 128 on)."""
    return 0 if ordinal < 2 * FIRST else 1 << (ordinal.bit_length() - 2)
