"""Which levels of the design's factors people's conversations have, told by the acts alone.

The planner's own blueprints show which acts each level leads to. From them comes a classifier (naive Bayes over acts
and pairs of acts that occur or not), and how often it errs, by cross-fitting. Levels that lead to the same acts cannot
be told apart: they are taken together and keep the shares among them that were declared. A factor of which all levels
are alike is left out. Shares are those that explain best what the classifier says of the real conversations, given
its errors (expectation-maximisation over its confusions, with the declared shares as a prior).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import msgspec

from turnwright.habits.shares import Share, bounds

__all__ = ["Planned", "Teller", "Told", "shares_of", "teller_for"]

APART = 0.4
"""Total variation between what is said of two levels, from which on they count as told apart."""
TELLS = 0.2
"""Least difference between levels in how often a feature occurs, for it to be used."""
LEAST_PLANNED = 6
ROUNDS = 200
CLOSE = 1e-6

Features = frozenset[str]


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A blueprint: the levels of its scenario and the assistant's acts, in the names of the data."""

    levels: dict[str, str]
    acts: tuple[str, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How many conversations the teller gives to each group of levels, and how it errs there."""

    teller: Teller
    counts: Counter[int]


class _Model(msgspec.Struct, frozen=True):
    """By group: feature → log odds of occurring and not, over the features that tell."""

    scores: tuple[dict[str, tuple[float, float]], ...]

    def best(self, features: Features) -> int:
        found = [sum(on if name in features else off for name, (on, off) in one.items()) for one in self.scores]
        return max(range(len(found)), key=found.__getitem__)


class Teller(msgspec.Struct, frozen=True, kw_only=True):
    """Tells a factor's levels apart in one domain.

    groups: levels that lead to the same acts stand together. confusion: for each group, how often each group is said.
    """

    groups: tuple[tuple[str, ...], ...]
    confusion: tuple[tuple[float, ...], ...]
    model: _Model
    closing: frozenset[str]
    only: frozenset[str] | None = None

    def says(self, acts: Sequence[str]) -> int:
        """The group that a conversation with these acts is given to."""
        return self.model.best(_features(acts, self.closing, self.only))

    def worth(self, group: int) -> float:
        """How much of one observation is left of a conversation (variance of adjusted counts): J squared."""
        others = [row[group] for number, row in enumerate(self.confusion) if number != group]
        return max(0.0, self.confusion[group][group] - sum(others) / len(others)) ** 2


def teller_for(
    factor: str, planned: Sequence[Planned], closing: frozenset[str], only: frozenset[str] | None = None
) -> Teller | None:
    """Learn to tell a factor's levels apart; None where they all lead to the same acts.

    A scenario to which the factor does not apply has the level "".

    Args:
        closing: acts that tell nothing of any factor.
        only: the acts that tell, by whether they occur; None: all, and their order.
    """
    rows = [(one.levels.get(factor, ""), _features(one.acts, closing, only)) for one in planned]
    often = Counter(level for level, _ in rows)
    levels = [level for level in often if often[level] >= LEAST_PLANNED]
    rows = [row for row in rows if row[0] in levels]
    groups: Groups = tuple((level,) for level in sorted(levels))
    while len(groups) > 1:
        confusion = _crossfit(rows, groups)
        alike = _most_alike(confusion)
        if alike is None:
            return Teller(groups=groups, confusion=confusion, model=_fit(rows, groups), closing=closing, only=only)
        groups = _merged(groups, *alike)
    return None


def shares_of(told: Sequence[Told], prior: Mapping[str, float], strength: float) -> dict[str, Share]:
    """Estimate the shares of the levels from what tellers of one or several domains say.

    Args:
        prior: level → declared share, counted as `strength` conversations.
    """
    cells = [(one.teller, group, count) for one in told for group, count in sorted(one.counts.items()) if count]
    found = _explained(cells, prior, strength, prior)
    ranges = [found]
    for place, (teller, group, count) in enumerate(cells):
        less = [*cells[:place], (teller, group, count - 1), *cells[place + 1 :]]
        ranges.append(_explained(less, prior, strength, found))
    n = sum(count for _, _, count in cells)
    return {
        level: _share(level, found[level], [each[level] for each in ranges], cells, strength, n) for level in prior
    }  # fmt: skip


Cell = tuple[Teller, int, int]


def _share(level: str, value: float, ranges: Sequence[float], cells: Sequence[Cell], strength: float, n: int) -> Share:
    worth = sum(count * _worth_of(level, teller) for teller, _, count in cells) + strength
    low, high = bounds(max(value, 1e-3) * worth, max(1 - value, 1e-3) * worth)
    return Share(value=value, low=min(low, value), high=max(high, value), n=n, without_one=(min(ranges), max(ranges)))


def _worth_of(level: str, teller: Teller) -> float:
    group = next((number for number, levels in enumerate(teller.groups) if level in levels), None)
    return 0.0 if group is None else teller.worth(group)


def _explained(
    cells: Sequence[Cell], prior: Mapping[str, float], strength: float, start: Mapping[str, float]
) -> dict[str, float]:
    """Expectation-maximisation: conversations are shared out among the levels that could have been so classified."""
    belief, shares = _normal(prior), _normal(start)
    for _ in range(ROUNDS):
        before = shares
        counted = {level: strength * share for level, share in belief.items()}
        for teller, said, count in cells:
            likely = {
                level: shares.get(level, 0.0) * teller.confusion[group][said]
                for group, levels in enumerate(teller.groups)
                for level in levels
                if level in shares
            }
            mass = sum(likely.values())
            for level, part in likely.items():
                counted[level] += count * part / mass if mass else 0.0
        shares = _normal(counted)
        if max(abs(shares[level] - before[level]) for level in shares) < CLOSE:
            break
    return shares


def _normal(weights: Mapping[str, float]) -> dict[str, float]:
    whole = sum(weights.values()) or 1.0
    return {level: weight / whole for level, weight in weights.items()}


# --- telling levels apart --------------------------------------------------------------------------------------


def _features(acts: Sequence[str], closing: frozenset[str], only: frozenset[str] | None) -> Features:
    """Acts that occur, that occur again, and pairs; without what opens and closes, which no factor decides.

    Nor does the last act say much of people: they end where a planner would go on.
    """
    if only is not None:
        return only & frozenset(acts)
    path = [act for act in acts if act not in closing]
    again = {f"{act} again" for act, count in Counter(path).items() if count > 1}
    return frozenset(path) | again | {f"{a} > {b}" for a, b in pairwise(["", *path])}


Row = tuple[str, Features]
Groups = tuple[tuple[str, ...], ...]


def _fit(rows: Sequence[Row], groups: Groups) -> _Model:
    rates = []
    names = sorted({name for _, features in rows for name in features})
    for group in groups:
        inside = [features for level, features in rows if level in group]
        often = Counter(name for features in inside for name in features)
        rates.append({name: (often[name] + 0.5) / (len(inside) + 1) for name in names})
    telling = [name for name in names if _spread([rate[name] for rate in rates]) >= TELLS]
    return _Model(tuple({name: (math.log(rate[name]), math.log(1 - rate[name])) for name in telling} for rate in rates))


def _spread(rates: Sequence[float]) -> float:
    return max(rates) - min(rates)


def _crossfit(rows: Sequence[Row], groups: Groups) -> tuple[tuple[float, ...], ...]:
    """For each group, how often each is said of blueprints that were not learnt from (smoothed)."""
    said = [[0.5 / len(groups)] * len(groups) for _ in groups]
    place = {level: number for number, group in enumerate(groups) for level in group}
    for half in (0, 1):
        model = _fit(rows[half::2], groups)
        for level, features in rows[1 - half :: 2]:
            said[place[level]][model.best(features)] += 1
    return tuple(tuple(count / sum(row) for count in row) for row in said)


def _most_alike(confusion: Sequence[Sequence[float]]) -> tuple[int, int] | None:
    """The two groups of which nearly the same is said; None where all are told apart."""
    far = {
        (a, b): sum(abs(x - y) for x, y in zip(confusion[a], confusion[b], strict=True)) / 2
        for a, b in combinations(range(len(confusion)), 2)
    }
    nearest = min(far, key=far.__getitem__)
    return nearest if far[nearest] < APART else None


def _merged(groups: Groups, a: int, b: int) -> Groups:
    rest = [group for number, group in enumerate(groups) if number not in (a, b)]
    return tuple(sorted([*rest, tuple(sorted(groups[a] + groups[b]))]))
