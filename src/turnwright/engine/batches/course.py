"""In which order a run takes the scenarios of its design, and which ones come after a gate asked for others.

A design lists its covering rows first, then its quotas, then what is drawn freely. A run without gates takes them so.
A gate judges what has come so far, so in a run with gates any beginning must be like the whole: the fixed rows are
spread over the run at random places. After a `rebalance` the scenarios that are left are designed anew, with quotas on
the levels that were missing; each design weighs its own scenarios by `p_target / q_sample`, so that all of them
together still read as `natural`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.design import Design
from turnwright.design.chance import uniforms
from turnwright.domains import Domain
from turnwright.domains.declaration import Factor
from turnwright.engine.designing import design_of
from turnwright.engine.quotas import Quotas, with_quotas
from turnwright.engine.spec import Spec
from turnwright.records import Scenario, derive_seed

__all__ = ["Course"]

Places = NDArray[np.int64]


class _Leg(msgspec.Struct, frozen=True):
    """Scenarios of one design from an ordinal on; places: of each of them in the design, None where they stand so."""

    first: int
    design: Design
    places: Places | None

    def scenario(self, ordinal: int) -> Scenario:
        place = ordinal - self.first
        found = self.design.scenario(place if self.places is None else int(self.places[place]))
        return found if found.ordinal == ordinal else msgspec.structs.replace(found, ordinal=ordinal)


class Course:
    """The scenarios of one run by ordinal.

    Args:
        whole: the design of the spec. spread: whether its fixed rows are spread over the run.
    """

    def __init__(self, spec: Spec, domain: Domain, whole: Design, *, spread: bool) -> None:
        self._spec, self._domain, self._whole = spec, domain, whole
        self._legs = [_Leg(0, whole, _places(whole, spec.seed) if spread else None)]

    def __len__(self) -> int:
        return len(self._whole)

    @property
    def design(self) -> Design:
        """The design from which the last scenarios come."""
        return self._legs[-1].design

    def scenario(self, ordinal: int) -> Scenario:
        """The scenario with this ordinal, as it is decided so far."""
        leg = next(one for one in reversed(self._legs) if one.first <= ordinal)
        return leg.scenario(ordinal)

    def tried(self, first: int, quotas: Quotas) -> Design:
        """The design that these quotas would give from this ordinal on; what the spec's own still ask for is kept.

        Raises:
            DesignError: there are too few scenarios left for the quotas.
        """
        seed = derive_seed("batches", self._spec.seed, first)
        left = self._left(first)
        factors = {**self._whole.factors, **left}
        own = self._spec.design.model_copy(update={"factors": {**self._spec.design.factors, **left}})
        spec = self._spec.model_copy(update={"design": own})
        return design_of(with_quotas(spec, factors, quotas, seed=seed, count=len(self) - first), self._domain)

    def redraw(self, first: int, quotas: Quotas) -> None:
        """Take the scenarios from this ordinal on from a design with these quotas."""
        design = self.tried(first, quotas)
        self._legs.append(_Leg(first, design, _places(design, derive_seed("batches", self._spec.seed, first))))

    def _left(self, first: int) -> Mapping[str, Factor]:
        """Factors with quotas of the spec, less the scenarios that have come."""
        quoted = {
            name: made for name, made in self._whole.factors.items() if any(one.quota for one in made.levels.values())
        }
        if not quoted:
            return {}
        come = Counter(pair for ordinal in range(first) for pair in self.scenario(ordinal).levels.items())
        return {name: _less(name, made, come) for name, made in quoted.items()}


def _less(name: str, factor: Factor, come: Mapping[tuple[str, str], int]) -> Factor:
    levels = {
        level: made.model_copy(update={"quota": max(0, made.quota - come[name, level])}) if made.quota else made
        for level, made in factor.levels.items()
    }
    return factor.model_copy(update={"levels": levels})


def _places(design: Design, seed: int) -> Places:
    """A random order in which free draws, which are alike, keep their own."""
    order: Places = np.argsort(uniforms((len(design),), seed, "order"), kind="stable").astype(np.int64)
    free = order >= len(design) - design.drawn["free"]
    order[free] = np.sort(order[free])
    return order
