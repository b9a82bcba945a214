"""The factors of one design, gathered and checked, with every rule among them as a table of truth.

Merges the standard factors, the domain's and the spec's; refuses unknown names and cycles. Does not decide
whether the rules can be met together; `diagram.py` does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from turnwright.design.settings import DesignSettings
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.domains.expression import Expression, ExpressionFault, compile_expression
from turnwright.domains.source import nearest
from turnwright.errors import DesignError

__all__ = ["Relation", "Space", "gather"]

LARGEST_TABLE = 100_000
"""Combinations of levels that one constraint may range over (each is worked out once)."""


@dataclass(frozen=True, eq=False)
class Relation:
    """What must hold among some factors.

    scope: places of the factors in `Space.names`. table: one axis per factor of the scope; true where allowed.
    text: the rule as people wrote it.
    """

    scope: tuple[int, ...]
    table: NDArray[np.bool_]
    text: str


@dataclass(frozen=True, eq=False)
class Space:
    """All factors in a fixed order; a level is an index, and one past the last level means "does not apply"."""

    factors: Mapping[str, Factor]
    relations: tuple[Relation, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Factor names; the index of a name is its place."""
        return tuple(self.factors)

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Level names by place."""
        return tuple(tuple(factor.levels) for factor in self.factors.values())

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Indices that each factor can take, "does not apply" included."""
        return tuple(_size(factor) for factor in self.factors.values())

    def place(self, name: str, where: str) -> int:
        """Return the place of a factor.

        Raises:
            DesignError: there is no such factor; names the nearest.
        """
        if name not in self.factors:
            raise _unknown_factor(name, self.factors, where)
        return self.names.index(name)


def gather(
    settings: DesignSettings,
    domain_factors: Mapping[str, Factor],
    domain_constraints: Sequence[Constraint],
    standard_factors: Mapping[str, Factor],
    intents: Sequence[str],
) -> Space:
    """Merge standard < domain < spec into one space; an `intent` factor is made when none is declared.

    Raises:
        DesignError: a name that is no factor or level, a cycle among `when`, a rare level without a quota, a
            constraint over too many combinations, or no factor at all.
    """
    given = _given(domain_factors, standard_factors, intents)
    for name in settings.drop:
        if name not in given:
            raise _unknown_factor(name, given, "design.drop")
    final = {name: factor for name, factor in given.items() if name not in settings.drop} | settings.factors
    if not final:
        raise DesignError("the design has no factor", where="design", fix="declare at least one factor")
    _check_factors(final, intents)
    wide = _levels(standard_factors, domain_factors, given, final)
    _check_expressions(settings, final, domain_constraints, wide)
    _check_cycles(final)
    kept = [one for one in domain_constraints if _expression(one).names <= set(final)]
    rules = [_applies(name, factor, final) for name, factor in final.items() if factor.when is not None]
    return Space(final, (*rules, *(_obeys(one, final) for one in [*kept, *settings.constraints])))


def _given(
    domain_factors: Mapping[str, Factor], standard_factors: Mapping[str, Factor], intents: Sequence[str]
) -> dict[str, Factor]:
    declared = {**standard_factors, **domain_factors}
    if "intent" in declared or not intents:
        return declared
    return {"intent": Factor(levels={name: Level() for name in intents}), **declared}


def _size(factor: Factor) -> int:
    return len(factor.levels) + (factor.when is not None)


def _expression(constraint: Constraint) -> Expression:
    return compile_expression(constraint.forbid or constraint.require or "true")


def _unknown_factor(name: str, known: Iterable[str], where: str) -> DesignError:
    known = list(known)
    return DesignError(
        f"'{name}' is not a factor{nearest(name, known)}", where=where, fix=f"known: {', '.join(known) or 'none'}"
    )


def _check_factors(factors: Mapping[str, Factor], intents: Sequence[str]) -> None:
    for name, factor in factors.items():
        for level, made in factor.levels.items():
            if made.rare and not made.quota:
                raise DesignError(
                    f"level '{level}' is rare but has no quota",
                    where=f"factor '{name}'",
                    fix="add `quota: N`, the least number of scenarios that have it",
                )
    for level in factors["intent"].levels if "intent" in factors and intents else ():
        if level not in intents:
            raise DesignError(
                f"level '{level}' is not an intent of the domain{nearest(level, intents)}",
                where="factor 'intent'",
                fix=f"known: {', '.join(intents)}",
            )


def _check_expressions(
    settings: DesignSettings,
    final: Mapping[str, Factor],
    domain_constraints: Sequence[Constraint],
    wide: Mapping[str, set[str]],
) -> None:
    """The spec's expressions must fit what is used; the domain's may also name what was dropped or replaced."""
    own = _levels(final)
    for name, factor in final.items():
        if factor.when is not None:
            known = own if name in settings.factors else wide
            _check_names(compile_expression(factor.when), known, f"factor '{name}', when '{factor.when}'")
    for constraints, known in ((domain_constraints, wide), (settings.constraints, own)):
        for one in constraints:
            _check_names(_expression(one), known, f"constraint '{one.text}'")


def _levels(*layers: Mapping[str, Factor]) -> dict[str, set[str]]:
    """Return all levels of each factor, over all layers."""
    found: dict[str, set[str]] = {}
    for layer in layers:
        for name, factor in layer.items():
            found.setdefault(name, set()).update(factor.levels)
    return found


def _check_names(expression: Expression, known: Mapping[str, set[str]], where: str) -> None:
    for name in sorted(expression.names):
        if name not in known:
            raise _unknown_factor(name, known, where)
    for name, level in expression.comparisons:
        if level is not None and level not in known.get(name, {level}):
            levels = sorted(known[name])
            raise DesignError(
                f"{level!r} is not a level of factor '{name}'{nearest(str(level), levels)}",
                where=where,
                fix=f"levels are text; known: {', '.join(repr(one) for one in levels)}",
            )


def _check_cycles(factors: Mapping[str, Factor]) -> None:
    asks = {
        name: sorted(compile_expression(factor.when).names & set(factors)) if factor.when else []
        for name, factor in factors.items()
    }
    settled: set[str] = set()
    for name in asks:
        cycle = _walk(name, asks, settled, [])
        if cycle:
            raise DesignError(
                f"whether '{cycle[0]}' applies depends on itself: {' → '.join(cycle)}",
                where=f"factor '{cycle[0]}'",
                fix="remove one `when` of the cycle",
            )


def _walk(name: str, asks: Mapping[str, list[str]], settled: set[str], path: list[str]) -> list[str]:
    """Return the cycle that is reached from here, empty when there is none."""
    if name in path:
        return [*path[path.index(name) :], name]
    if name in settled:
        return []
    for asked in asks[name]:
        if cycle := _walk(asked, asks, settled, [*path, name]):
            return cycle
    settled.add(name)
    return []


def _applies(name: str, factor: Factor, factors: Mapping[str, Factor]) -> Relation:
    """The rule that a factor has a level exactly where its `when` holds; what was dropped is null there."""
    expression = compile_expression(factor.when or "true")
    where = f"factor '{name}', when '{factor.when}'"
    scope, truth = _truth(expression, factors, where)
    table = np.repeat(truth[..., None], _size(factor), axis=-1)
    table[..., -1] = ~truth
    return Relation((*scope, list(factors).index(name)), table, f"'{name}' applies only when {factor.when}")


def _obeys(constraint: Constraint, factors: Mapping[str, Factor]) -> Relation:
    scope, truth = _truth(_expression(constraint), factors, f"constraint '{constraint.text}'")
    text = f"{constraint.text} ({constraint.why})" if constraint.why else constraint.text
    return Relation(scope, ~truth if constraint.forbid else truth, text)


def _truth(
    expression: Expression, factors: Mapping[str, Factor], where: str
) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Work the expression out for every combination of the factors that it names."""
    names = [name for name in factors if name in expression.names]
    choices = [[*factors[name].levels, *([None] if factors[name].when else [])] for name in names]
    combinations = math.prod(len(choice) for choice in choices)
    if combinations > LARGEST_TABLE:
        raise DesignError(
            f"ranges over {combinations:,} combinations of {len(names)} factors, more than {LARGEST_TABLE:,}",
            where=where,
            fix="split it into constraints that each name fewer factors",
        )
    absent = dict.fromkeys(expression.names - set(names))
    try:
        found = [
            bool(expression({**absent, **dict(zip(names, row, strict=True))})) for row in itertools.product(*choices)
        ]
    except ExpressionFault as fault:
        raise DesignError(
            f"cannot be worked out: {fault.what}", where=where, fix=fault.fix or "check the values"
        ) from fault
    places = tuple(list(factors).index(name) for name in names)
    return places, np.array(found, dtype=np.bool_).reshape([len(choice) for choice in choices])
