"""The target distribution: what the scenarios would be if nothing were designed.

The target is the distribution over the allowed combinations that has the declared share of every level (among the
scenarios where its factor applies) and is otherwise nearest to independent draws: a product of one fitted weight
per level, restricted to what the rules allow. The weights are found by iterative proportional fitting (Deming and
Stephan 1940), whose limit is the I-projection of Csiszár 1975; the diagram gives every margin exactly, so nothing
is sampled here. Where the rules make the declared shares unattainable, or attainable only with a weight moved by
more than `FARTHEST` times, the factors that these rules tie together keep their declared weights, restricted to
what is allowed. The report shows declared against target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from turnwright.design.diagram import Diagram, Floats, Ints
from turnwright.design.space import Space
from turnwright.errors import DesignError

__all__ = ["Target", "declared", "fit"]

FARTHEST = 100.0
"""Most by which a declared weight is raised or lowered to make up for rules."""
SWEEPS = 200
CLOSE = 1e-9
MET = 1e-3
"""Largest miss of a share that counts as attained."""


@dataclass(frozen=True, eq=False)
class Target:
    """The fitted target.

    weights: by place, one per level (1 for "does not apply"); they sum to 1 over the levels. below: sums of the
    weights below each node. shares: by place, the probability of each level, "does not apply" included.
    """

    diagram: Diagram
    weights: tuple[Floats, ...]
    below: tuple[Floats, ...]
    shares: tuple[Floats, ...]

    def draw(self, chances: Floats) -> Ints:
        """Draw rows from the target; `chances` is row x factor, uniform in [0, 1)."""
        return self.diagram.draw(self.weights, self.below, chances)

    def draw_with(self, place: int, level: int, chances: Floats) -> Ints:
        """Draw rows from the target given that the factor has this level; of levels of weight 0, evenly."""
        for weights in (self.weights, tuple(np.ones(len(one)) for one in self.weights)):
            held = list(weights)
            held[place] = np.eye(len(weights[place]))[level]
            below = self.diagram.below(held)
            if below[0][0] > 0:
                break
        return self.diagram.draw(held, below, chances)


def declared(space: Space) -> list[Floats]:
    """Return by place the declared share of each level among the scenarios where the factor applies."""
    found = []
    for factor in space.factors.values():
        weights = np.array([level.weight for level in factor.levels.values()], dtype=np.float64)
        found.append(weights / np.cumsum(weights)[-1])
    return found


def fit(space: Space, diagram: Diagram) -> Target:
    """Fit the target to the declared shares.

    Raises:
        DesignError: every allowed combination has a level of weight 0.
    """
    wanted = declared(space)
    weights = [
        np.append(share, 1.0) if size > len(share) else share.copy()
        for share, size in zip(wanted, space.sizes, strict=True)
    ]
    plain = [one.copy() for one in weights]
    for _ in range(SWEEPS):
        if _sweep(diagram, weights, wanted) < CLOSE:
            break
    missed = _missed(diagram, weights, wanted)
    for place in _tied(space, missed):
        weights[place] = plain[place]
    below = diagram.below(weights)
    return Target(diagram, tuple(weights), tuple(below), tuple(_shares(diagram, weights, below)))


def _sweep(diagram: Diagram, weights: list[Floats], wanted: Sequence[Floats]) -> float:
    """Fit each factor once, from the first layer to the last; return the largest miss that was found.

    One pass is enough for all factors: sums below a layer only hold weights that are not fitted yet, and sums
    above it are carried on with the fitted ones.
    """
    below = diagram.below(weights)
    if below[0][0] <= 0:
        raise DesignError(
            "every allowed combination has a level of weight 0",
            where="design",
            fix="give a weight above 0 to a level that the rules leave possible",
        )
    above = np.ones(1)
    worst = 0.0
    for layer, place in enumerate(diagram.order):
        mass = _mass(diagram, layer, above, below[layer + 1])
        count = len(wanted[place])
        now = mass * weights[place]
        share = np.where(mass[:count] > 0, wanted[place], 0.0)
        active, attainable = now[:count].sum(), share.sum()
        if active > 0 and attainable > 0:
            worst = max(worst, float(np.abs(now[:count] / active - share / attainable).max() * active / now.sum()))
            weights[place][:count] = _fitted(share, mass[:count], wanted[place])
        above = diagram.passed_on(layer, weights[place], above)
    return worst


def _fitted(share: Floats, mass: Floats, wanted: Floats) -> Floats:
    """Return the weights under which the levels have these shares, near enough to the declared ones."""
    live = share > 0
    found = np.divide(share, mass, out=np.zeros_like(share), where=live)
    found /= found.sum()
    moved = np.divide(found, wanted, out=np.zeros_like(share), where=live)
    found = np.where(live, wanted * np.clip(moved, 1 / FARTHEST, FARTHEST), 0.0)
    fitted: Floats = found / found.sum()
    return fitted


def _missed(diagram: Diagram, weights: Sequence[Floats], wanted: Sequence[Floats]) -> list[int]:
    """Return the places whose shares are not what was wanted of the levels that can occur."""
    found = []
    for place, share in enumerate(_shares(diagram, weights, diagram.below(weights))):
        now = share[: len(wanted[place])]
        attainable = np.where(weights[place][: len(now)] > 0, wanted[place], 0.0)
        if now.sum() > 0 and np.abs(now / now.sum() - attainable / attainable.sum()).max() > MET:
            found.append(place)
    return found


def _tied(space: Space, places: Sequence[int]) -> set[int]:
    """Return the places that rules tie to these, directly or not, with the places themselves."""
    found = set(places)
    while True:
        more = {place for rule in space.relations if found & set(rule.scope) for place in rule.scope}
        if more <= found:
            return found
        found |= more


def _mass(diagram: Diagram, layer: int, above: Floats, below: Floats) -> Floats:
    """Return by level the sum over all paths through it, its own weight left out."""
    ones = np.ones(diagram.children[layer].shape[1])
    found: Floats = np.cumsum(above[:, None] * diagram.flow(layer, ones, below), axis=0)[-1]
    return found


def _shares(diagram: Diagram, weights: Sequence[Floats], below: Sequence[Floats]) -> list[Floats]:
    """Return by place the probability of each level."""
    found: list[Floats] = [np.zeros(0)] * len(weights)
    above = np.ones(1)
    for layer, place in enumerate(diagram.order):
        mass = _mass(diagram, layer, above, below[layer + 1]) * weights[place]
        found[place] = mass / mass.sum()
        above = diagram.passed_on(layer, weights[place], above)
    return found
