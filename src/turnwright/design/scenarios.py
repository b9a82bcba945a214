"""The result of the stage: a design whose scenarios are made one by one when asked for.

A million scenarios are a few arrays and a seed; any of them is the same whether it is reached by iteration or by
its ordinal, and whatever was asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np

from turnwright.design.chance import uniforms
from turnwright.design.coverage import CoverageReport, Required, explain, measure
from turnwright.design.diagram import Floats, Ints
from turnwright.design.layout import Layout, Quota
from turnwright.design.persona import Personas
from turnwright.design.space import Space
from turnwright.design.target import Target, declared
from turnwright.design.weighting import RAKED, Sampled, Weighting, effective, weigh
from turnwright.domains.declaration import Factor
from turnwright.errors import DesignError
from turnwright.records import Scenario, derive_seed

__all__ = ["Design", "Plan", "Share"]

BLOCK = 1024
"""Free draws that are made at once."""
Drawn = Literal["cover", "quota", "free"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One level: what was asked for and what the design gives, among the scenarios where its factor applies.

    declared: the spec's share. target: the nearest share that the rules allow. sampled: share in the design.
    weighted: share when read by weights. scenarios: how many have it. quota: how many must.
    """

    factor: str
    level: str
    declared: float
    target: float
    sampled: float
    weighted: float
    scenarios: int
    quota: int


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a design is made from; `seed` decides everything random."""

    space: Space
    required: Required
    target: Target
    layout: Layout
    quotas: tuple[Quota, ...]
    personas: Personas
    domain: str
    seed: int


class Design:
    """The scenarios of one design: `design.scenario(k)`, `for scenario in design`, `len(design)`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._latest: tuple[int, Ints] = (-1, np.zeros((0, 0), dtype=np.int64))

    def __len__(self) -> int:
        return self._plan.layout.count

    def __iter__(self) -> Iterator[Scenario]:
        for ordinal in range(len(self)):
            yield self.scenario(ordinal)

    @property
    def scenarios(self) -> Design:
        """The design itself, which is iterated lazily."""
        return self

    @property
    def factors(self) -> Mapping[str, Factor]:
        """The factors that are used, in order."""
        return self._plan.space.factors

    @property
    def drawn(self) -> dict[Drawn, int]:
        """How many scenarios are covering rows, quota rows and free draws; they come in this order."""
        layout = self._plan.layout
        return {"cover": len(layout.cover), "quota": len(layout.quota), "free": layout.free}

    def scenario(self, ordinal: int) -> Scenario:
        """Return the scenario at this place (from 0).

        Raises:
            IndexError: there is none.
        """
        if not 0 <= ordinal < len(self):
            raise IndexError(f"scenario {ordinal} of a design with {len(self)}")
        drawn, row = self._row(ordinal)
        return Scenario(
            ordinal=ordinal,
            domain=self._plan.domain,
            levels=self._named(row.tolist()),
            persona=self._plan.personas(ordinal),
            seed=derive_seed(self._plan.seed, "scenario", ordinal),
            weight=float(self._weighting.of(row[None, :])[0]),
            drawn=drawn,
        )

    @property
    def weights(self) -> Floats:
        """The weight of every scenario, by ordinal; mean 1."""
        layout = self._plan.layout
        blocks = [self._free(block) for block in range(-(-layout.free // BLOCK))]
        parts = [self._weighting.of(rows) for rows in (layout.cover, layout.quota, *blocks)]
        return np.concatenate(parts)[: len(self)]

    @cached_property
    def effective_sample_size(self) -> float:
        """How many equally weighted scenarios the weighted design is worth (Kish 1965); at most `len(design)`."""
        return effective(self._weighting.of(self._sampled.rows), self._sampled.stands_for)

    @cached_property
    def coverage(self) -> CoverageReport:
        """What the design shows, and what it cannot show, with the rules that forbid it."""
        return measure(self._plan.required, self._sampled.rows, *explain(self._plan.required))

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """Every level: declared, target, sampled and weighted share (estimated from a part of very large designs)."""
        weights = self._weighting.of(self._sampled.rows) * self._sampled.stands_for
        return tuple(
            share
            for place, wanted in enumerate(declared(self._plan.space))
            for share in self._shares_of(place, wanted, weights)
        )

    def coverage_of(self, levels: Iterable[Mapping[str, str]]) -> CoverageReport:
        """Return what these scenarios (their `levels`) show of the design, e.g. those that were admitted.

        Raises:
            DesignError: a factor or level that the design does not have.
        """
        rows = [self._indices(one) for one in levels]
        return measure(self._plan.required, np.array(rows, dtype=np.int64).reshape(-1, len(self._plan.space.names)))

    def _row(self, ordinal: int) -> tuple[Drawn, Ints]:
        layout = self._plan.layout
        if ordinal < len(layout.cover):
            return "cover", layout.cover[ordinal]
        ordinal -= len(layout.cover)
        if ordinal < len(layout.quota):
            return "quota", layout.quota[ordinal]
        block, index = divmod(ordinal - len(layout.quota), BLOCK)
        return "free", self._free(block)[index]

    def _free(self, block: int) -> Ints:
        """Return a block of free draws; the latest is kept, in one assignment so that threads may share a design."""
        number, rows = self._latest
        if number != block:
            chances = uniforms((BLOCK, len(self._plan.space.names)), self._plan.seed, "free", block)
            rows = self._plan.target.draw(chances)
            self._latest = (block, rows)
        return rows

    @cached_property
    def _sampled(self) -> Sampled:
        """The design, or the first rows of each of its strata where it is very large."""
        layout = self._plan.layout
        free = min(layout.free, RAKED)
        blocks = [self._free(block) for block in range(-(-free // BLOCK))]
        drawn = np.concatenate([layout.cover[:0], *blocks])[:free]
        parts = [(layout.cover, len(layout.cover)), (layout.quota, len(layout.quota)), (drawn, layout.free)]
        cut = [(rows[:RAKED], size) for rows, size in parts]
        stands_for = [np.full(len(rows), size / max(len(rows), 1)) for rows, size in cut]
        return Sampled(np.concatenate([rows for rows, _ in cut]), np.concatenate(stands_for))

    @cached_property
    def _weighting(self) -> Weighting:
        return weigh(self._plan.layout, self._plan.target, self._sampled)

    def _named(self, row: list[int]) -> dict[str, str]:
        space = self._plan.space
        found = zip(space.names, space.levels, row, strict=True)
        return {name: levels[index] for name, levels, index in found if index < len(levels)}

    def _indices(self, levels: Mapping[str, str]) -> list[int]:
        space = self._plan.space
        for name, level in levels.items():
            if level not in space.levels[space.place(name, "scenario")]:
                raise DesignError(
                    f"'{level}' is not a level of factor '{name}' in this design",
                    where="scenario",
                    fix="compare with scenarios of the same design",
                )
        return [
            known.index(levels[name]) if name in levels else -1
            for name, known in zip(space.names, space.levels, strict=True)
        ]

    def _shares_of(self, place: int, wanted: Floats, weights: Floats) -> Iterator[Share]:
        space, sampled = self._plan.space, self._sampled
        rows, count = sampled.rows[:, place], len(wanted)
        counted = _summed(rows, sampled.stands_for, count)
        plain, weighted = _share(counted), _share(_summed(rows, weights, count))
        target = _share(self._plan.target.shares[place][:count])
        least = {one.level: one.least for one in self._plan.quotas if one.place == place}
        for index, level in enumerate(space.levels[place]):
            yield Share(
                factor=space.names[place],
                level=level,
                declared=float(wanted[index]),
                target=float(target[index]),
                sampled=float(plain[index]),
                weighted=float(weighted[index]),
                scenarios=round(float(counted[index])),
                quota=least.get(index, 0),
            )


def _summed(levels: Ints, parts: Floats, count: int) -> Floats:
    """Sum the parts by level, those of "does not apply" left out."""
    return np.bincount(levels, parts, count).astype(np.float64)[:count]


def _share(parts: Floats) -> Floats:
    total = float(parts.sum())
    found: Floats = parts / total if total > 0 else np.zeros(len(parts))
    return found
