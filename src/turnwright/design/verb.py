"""The verb of the stage: from factors, rules and a seed to a design.

The order of work: gather the factors, lay the rules out as a diagram, find what can occur, cover it, meet the
quotas, fill up with draws from the target. Nothing is random but the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from turnwright.design.conflict import unsatisfiable
from turnwright.design.cover import covering
from turnwright.design.coverage import Required
from turnwright.design.diagram import build
from turnwright.design.layout import lay_out, quotas
from turnwright.design.persona import Personas
from turnwright.design.scenarios import Design, Plan
from turnwright.design.settings import DesignSettings
from turnwright.design.space import gather
from turnwright.design.target import fit
from turnwright.design.tuples import ask
from turnwright.domains.declaration import Constraint, Factor
from turnwright.errors import DesignError

__all__ = ["design"]


def design(
    settings: DesignSettings,
    domain_factors: Mapping[str, Factor],
    domain_constraints: Sequence[Constraint],
    *,
    domain: str,
    seed: int,
    count: int,
    standard_factors: Mapping[str, Factor] | None = None,
    intents: Sequence[str] = (),
) -> Design:
    """Design `count` scenarios.

    Factors merge as standard < domain < spec; `intent` is made from `intents`, evenly, where none is declared.
    Covering rows come first (the most useful first), then rows for quotas, then draws from the target.

    Args:
        domain: fingerprint of the domain, kept in every scenario.

    Raises:
        DesignError: unknown names, cycles, rules that cannot be met, quotas that cannot be met, or a count that is
            too small for the quotas.
    """
    if count < 1:
        raise DesignError(f"a design of {count} scenarios", where="count", fix="ask for at least 1")
    space = gather(settings, domain_factors, domain_constraints, standard_factors or {}, intents)
    diagram = build(space.sizes, space.relations)
    if diagram is None:
        raise unsatisfiable(space)
    wanted = quotas(space, diagram, settings.rare_share, count)
    target = fit(space, diagram)
    required = Required(space, diagram, ask(settings, space, diagram.order))
    array = covering(space, diagram, required.tuples, required.possible, seed)
    layout = lay_out(np.tile(array, (settings.samples, 1)), wanted, target, count, seed)
    personas = Personas(settings.personas, seed)
    return Design(Plan(space, required, target, layout, tuple(wanted), personas, domain, seed))
