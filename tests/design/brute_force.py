"""A slow, plain reading of what a design means, and designs at random to compare the real one with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from turnwright.design import Design, DesignSettings, design
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.domains.expression import compile_expression

Levels = dict[str, str]


@dataclass(frozen=True)
class Declared:
    """Factors and constraints as a domain would declare them."""

    factors: dict[str, Factor]
    constraints: list[Constraint]

    def design(self, count: int, seed: int = 1, **settings: Any) -> Design:
        return design(
            DesignSettings(personas={"names": ["Ada"]}, **settings),
            self.factors,
            self.constraints,
            domain="d@1",
            seed=seed,
            count=count,
        )


def factor(*levels: str, when: str | None = None, **weights: float) -> Factor:
    made: dict[str, Level] = {name: Level() for name in levels}
    return Factor(levels=made | {name: Level(weight=w) for name, w in weights.items()}, when=when)


def holds(constraint: Constraint, levels: Mapping[str, str | None]) -> bool:
    expression = compile_expression(constraint.forbid or constraint.require or "")
    return bool(expression(levels)) != bool(constraint.forbid)


def allowed(declared: Declared, constraints: Sequence[Constraint] | None = None) -> Iterator[Levels]:
    """Every combination that may occur; a factor whose `when` does not hold is left out."""
    names = list(declared.factors)
    choices = [[None, *one.levels] if one.when else list(one.levels) for one in declared.factors.values()]
    for row in itertools.product(*choices):
        levels = dict(zip(names, row, strict=True))
        applies = all(
            (levels[name] is not None) == bool(compile_expression(one.when)(levels))
            for name, one in declared.factors.items()
            if one.when
        )
        rules = declared.constraints if constraints is None else constraints
        if applies and all(holds(rule, levels) for rule in rules):
            yield {name: level for name, level in levels.items() if level is not None}


def tuples(rows: Iterator[Levels] | Sequence[Levels], strength: int) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(part) for row in rows for part in itertools.combinations(sorted(row.items()), strength)}


@st.composite
def declared_designs(draw: Any) -> Declared:
    """Up to five factors with up to four levels, some of which apply only sometimes, and up to five rules."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    factors: dict[str, Factor] = {}
    for number, size in enumerate(sizes):
        weights = draw(st.lists(st.sampled_from([1, 2, 5]), min_size=size, max_size=size))
        when = None
        if factors and draw(st.integers(0, 3)) == 0:
            name = draw(st.sampled_from(sorted(factors)))
            when = f"{name} == '{draw(st.sampled_from(list(factors[name].levels)))}'"
        factors[f"f{number}"] = Factor(
            levels={f"l{index}": Level(weight=weight) for index, weight in enumerate(weights)}, when=when
        )
    return Declared(factors, draw(st.lists(_constraints(factors), max_size=5)))


@st.composite
def _constraints(draw: Any, factors: dict[str, Factor]) -> Constraint:
    names = draw(st.lists(st.sampled_from(sorted(factors)), min_size=2, max_size=3, unique=True))
    parts = [f"{name} == '{draw(st.sampled_from(list(factors[name].levels)))}'" for name in names]
    if draw(st.booleans()):
        return Constraint(forbid=" and ".join(parts))
    return Constraint(require=f"not {parts[0]} or {' or '.join(parts[1:])}")
