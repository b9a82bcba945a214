"""Which rules forbid something: minimal sets, found by leaving out one rule after the other.

Answers "why is this impossible" for whole designs, levels and tuples; decides nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from turnwright.design.diagram import build
from turnwright.design.order import arrange
from turnwright.design.space import Relation, Space
from turnwright.errors import DesignError

__all__ = ["Conflicts", "unsatisfiable"]


class Conflicts:
    """Explains impossible levels of one space; sets that were found once are tried first."""

    def __init__(self, space: Space, order: Sequence[int]) -> None:
        self.space, self.order = space, list(order)
        self.known: list[list[Relation]] = []

    def reasons(self, levels: Mapping[int, int]) -> tuple[str, ...]:
        """Return the texts of a minimal set of rules that together forbid these levels (place → level).

        Without levels: a minimal set of rules that cannot all hold. Empty when the levels are possible.
        """
        single = [[one] for one in self.space.relations if set(one.scope) & set(levels)]
        everything = list(self.space.relations)
        rules = next((some for some in [*single, *self.known, everything] if not self._fits(some, levels)), None)
        if rules is None:
            return ()
        for one in list(rules):
            fewer = [other for other in rules if other is not one]
            if not self._fits(fewer, levels):
                rules = fewer
        if rules not in self.known:
            self.known.append(rules)
        return tuple(rule.text for rule in rules)

    def _fits(self, rules: Sequence[Relation], levels: Mapping[int, int]) -> bool:
        """Whether some combination has the levels and obeys the rules."""
        cut = [_cut(rule, levels) for rule in rules]
        named = {place for rule in cut for place in rule.scope}
        order = [place for place in self.order if place in named]
        return build(self.space.sizes, cut, order) is not None


def _cut(rule: Relation, levels: Mapping[int, int]) -> Relation:
    """The rule that is left of this one when the levels are set."""
    index = tuple(levels.get(place, slice(None)) for place in rule.scope)
    return Relation(
        tuple(place for place in rule.scope if place not in levels), np.asarray(rule.table[index]), rule.text
    )


def unsatisfiable(space: Space) -> DesignError:
    """The error for a design in which no combination of levels is possible."""
    texts = Conflicts(space, arrange(space.sizes, space.relations)).reasons({})
    if len(texts) == 1:
        return DesignError(
            "no combination of levels is possible: one rule can never hold",
            where=f"'{texts[0]}'",
            fix="change or remove it",
        )
    listed = "; ".join(f"'{text}'" for text in texts)
    return DesignError(
        f"no combination of levels is possible: these {len(texts)} rules cannot hold together: {listed}",
        where="design",
        fix="change or remove one of them",
    )
