"""From a spec to its domain and its scenario design; both are needed long before a run is put together."""

from __future__ import annotations

from pathlib import Path

from turnwright.design import Design, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain, load_domain
from turnwright.engine.spec import Spec

__all__ = ["design_of", "domain_of"]


def domain_of(spec: Spec, base: Path) -> Domain:
    """Load the spec's domain; a path is relative to the spec's folder."""
    return load_domain(spec.domain, base)


def design_of(spec: Spec, domain: Domain) -> Design:
    """Make the scenario design of a spec."""
    return design(
        spec.design,
        domain.spec.factors,
        [*STANDARD_CONSTRAINTS, *domain.spec.constraints],
        domain=domain.fingerprint,
        seed=spec.seed,
        count=spec.scenarios,
        standard_factors=STANDARD_FACTORS,
        intents=list(domain.spec.intents),
    )
