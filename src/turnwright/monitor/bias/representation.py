"""Who is in a set, against who should be: chi-square, the largest ratio, and cells of two attributes.

A set is compared with shares that somebody declared; whether these are fair is theirs to say.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations, product

import msgspec
import numpy as np
from numpy.typing import NDArray

from turnwright.monitor.bias.chances import chi_square_above, holm
from turnwright.records import derive_seed

__all__ = ["Member", "Represented", "Row", "representation"]

Floats = NDArray[np.float64]
ENOUGH = 5.0
"""Expected conversations in every cell from which on chi-square is believed (Cochran 1954)."""
DRAWS = 9999
_Z = 1.959963984540054


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as it counts here. levels: attribute → level; weight: what it counts."""

    levels: dict[str, str]
    weight: float = 1.0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One level. count: conversations; share: of the weight; low, high: its 95 % interval (Wilson).

    ratio: share over target, with half a conversation added to both, so that an empty level has one too.
    """

    level: str
    count: int
    share: float
    low: float
    high: float
    target: float
    ratio: float


class Represented(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute (`a & b` for cells of two). n: conversations that have it; effective: what they are worth weighted.

    statistic, freedom, p: chi-square against the targets, adjusted: after Holm; how: `chi-square`, or `Monte Carlo`
    where cells are small. ratio: the largest over- or under-representation of a level, as a factor of at least 1, with
    its interval; by_chance: what it reaches in 95 of 100 sets of this size that are drawn from the targets.
    unknown: levels that the targets do not name. few: cells below the minimum, named and not tested.
    """

    attribute: str
    n: int
    effective: float
    rows: tuple[Row, ...]
    statistic: float
    freedom: int
    p: float | None
    adjusted: float | None = None
    how: str = "chi-square"
    ratio: float
    low: float
    high: float
    by_chance: float
    unknown: dict[str, int] = {}
    few: tuple[str, ...] = ()


def representation(
    members: Sequence[Member],
    targets: Mapping[str, Mapping[str, float]],
    *,
    intersections: bool = True,
    least: int = 30,
    seed: int = 0,
) -> tuple[Represented, ...]:
    """Compare a set with declared shares, attribute by attribute and in the cells of every two attributes.

    Cells of two attributes are held against the product of the two targets. Those that should hold fewer than `least`
    conversations are named, and put together as one cell of the test. p-values of all attributes and of all cells are
    corrected by Holm, each for themselves.

    Args:
        members: the conversations; the weights of a `natural` view stand in them.
        targets: attribute → level → share (any scale).
    """
    single = [_of(members, name, _scaled(shares), 0, seed) for name, shares in targets.items()]
    crossed = [
        _of(_crossed(members, one, other), f"{one} & {other}", _product(targets[one], targets[other]), least, seed)
        for one, other in (combinations(targets, 2) if intersections else ())
    ]
    return (*_adjusted([each for each in single if each]), *_adjusted([each for each in crossed if each]))


def _adjusted(made: Sequence[Represented]) -> list[Represented]:
    tested = [each for each in made if each.p is not None]
    adjusted = dict(zip(map(id, tested), holm([each.p or 0.0 for each in tested]), strict=True))
    return [msgspec.structs.replace(each, adjusted=adjusted.get(id(each))) for each in made]


def _of(
    members: Sequence[Member], attribute: str, target: Mapping[str, float], least: int, seed: int
) -> Represented | None:
    known = [one for one in members if one.levels.get(attribute) in target]
    if not known:
        return None
    levels = list(target)
    place = {level: index for index, level in enumerate(levels)}
    at = np.array([place[one.levels[attribute]] for one in known])
    weights = np.array([one.weight for one in known], dtype=np.float64)
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    share = np.bincount(at, weights, len(levels)) / weights.sum()
    wanted = np.array([target[level] for level in levels])
    few = [level for level, part in target.items() if part * effective < least]
    shares, wants = _together(share, wanted, [place[level] for level in few])
    test = _Test(shares, wants, effective, derive_seed(seed, attribute))
    unknown = Counter(one.levels[attribute] for one in members if one.levels.get(attribute) not in (None, *target))
    counts = np.bincount(at, minlength=len(levels))
    low, high = test.interval()
    return Represented(
        attribute=attribute, n=len(known), effective=effective,
        rows=tuple(_row(*cells, effective) for cells in zip(levels, counts.tolist(), share, wanted, strict=True)),
        statistic=test.statistic, freedom=len(wants) - 1, p=test.p, how=test.how,
        ratio=test.ratio, low=low, high=high, by_chance=test.by_chance,
        unknown=dict(unknown), few=tuple(few) if least else (),
    )  # fmt: skip


def _together(share: Floats, wanted: Floats, few: Sequence[int]) -> tuple[Floats, Floats]:
    """Both, with the small cells as one."""
    if not few:
        return share, wanted
    rest = np.setdiff1d(np.arange(len(share)), few)
    return np.append(share[rest], share[few].sum()), np.append(wanted[rest], wanted[few].sum())


def _row(level: str, count: int, share: float, target: float, size: float) -> Row:
    """A level with Wilson's interval (1927)."""
    middle = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    reach = _Z / (1 + _Z**2 / size) * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    return Row(
        level=level, count=count, share=float(share), low=max(0.0, float(middle - reach)),
        high=min(1.0, float(middle + reach)), target=float(target),
        ratio=float((share * size + 0.5) / (target * size + 0.5)),
    )  # fmt: skip


class _Test:
    """The statistics of one table of shares, and their distribution where the targets hold."""

    def __init__(self, share: Floats, wanted: Floats, size: float, seed: int) -> None:
        possible = wanted > 0
        self.share, self.wanted, self.size = share, wanted, size
        self._rng = np.random.default_rng(seed)
        self.statistic = float(_chi_square(share[None, possible], wanted[possible], size)[0])
        self.ratio = float(_largest(share[None, :], wanted, size)[0])
        null = self._rng.multinomial(max(1, round(size)), wanted, size=DRAWS) / max(1, round(size))
        self.by_chance = float(np.quantile(_largest(null, wanted, size), 0.95))
        large = bool((wanted[possible] * size >= ENOUGH).all()) and bool(possible.all())
        self.how = "chi-square" if large else "Monte Carlo"
        self.p: float | None = None if len(wanted) < 2 else chi_square_above(self.statistic, len(wanted) - 1)
        if not large and self.p is not None:
            others = _chi_square(null[:, possible], wanted[possible], size)
            # what the targets rule out is as far from them as can be
            hits = int((others >= self.statistic - 1e-9).sum()) if not share[~possible].any() else 0
            self.p = (hits + 1) / (DRAWS + 1)

    def interval(self) -> tuple[float, float]:
        """95 % interval of the largest ratio, by drawing sets of this size from the shares as they are."""
        drawn = self._rng.multinomial(max(1, round(self.size)), self.share / self.share.sum(), size=DRAWS)
        low, high = np.quantile(_largest(drawn / max(1, round(self.size)), self.wanted, self.size), (0.025, 0.975))
        return float(low), float(high)


def _chi_square(share: Floats, wanted: Floats, size: float) -> Floats:
    """Pearson's statistic of every row of shares."""
    found: Floats = size * ((share - wanted) ** 2 / wanted).sum(axis=1)
    return found


def _largest(share: Floats, wanted: Floats, size: float) -> Floats:
    """The ratio farthest from 1 of every row of shares, as a factor of at least 1."""
    ratios = np.abs(np.log((share * size + 0.5) / (wanted * size + 0.5)))
    found: Floats = np.exp(ratios.max(axis=1))
    return found


def _scaled(shares: Mapping[str, float]) -> dict[str, float]:
    whole = sum(shares.values())
    return {level: part / whole for level, part in shares.items()}


def _product(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    first, second = _scaled(one), _scaled(other)
    return {f"{a} & {b}": first[a] * second[b] for a, b in product(first, second)}


def _crossed(members: Sequence[Member], one: str, other: str) -> list[Member]:
    name = f"{one} & {other}"
    return [
        Member(levels={name: f"{each.levels[one]} & {each.levels[other]}"}, weight=each.weight)
        for each in members
        if one in each.levels and other in each.levels
    ]
