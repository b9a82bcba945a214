"""From levels that should come more often to the quotas of a design, within bounds.

Only the sampling is moved; target weights stay as they were declared, so that the weight of every scenario
(`p_target / q_sample`) still reads the set as `natural`. Why a level should come more often is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from turnwright.design import Design
from turnwright.domains.declaration import Factor, Level
from turnwright.engine.spec import Spec

__all__ = ["Bounds", "Push", "Quotas", "Wanted", "raised", "with_quotas"]

COMMON = 0.5
"""A level that so many scenarios have already is not raised: what goes wrong is not for want of conversations."""
TRIES = 6
"""Designs that are tried to meet the shares."""
Quotas = Mapping[tuple[str, str], int]
"""(factor, level) → at least so many scenarios."""
Wanted = Mapping[tuple[str, str], tuple[float, tuple[str, ...]]]
"""(factor, level) → how many times its share it should have, and because of what."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How far one step may go. most: times a level's share may grow. room: share of scenarios that quotas may take,
    so that every other level keeps at least 1 - room of its share. widest: times a domain's share may grow.
    """

    most: float = 3.0
    room: float = 0.5
    widest: float = 2.0


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A level that is sampled more. before, after: its share of the scenarios; plain: the share that the next ones
    would have without its quota; asked: the share aimed at.

    quota: what the design is told. because: cells, most lost first.
    """

    domain: str
    factor: str
    level: str
    before: float
    plain: float
    asked: float
    after: float
    quota: int
    because: tuple[str, ...]


def with_quotas(spec: Spec, factors: Mapping[str, Factor], quotas: Quotas, *, seed: int, count: int) -> Spec:
    """The spec with another seed and number of scenarios, and with at least these quotas.

    Args:
        factors: all factors of the spec's design.
    """
    changed = {name: _quoted(factors[name], name, quotas) for name in dict.fromkeys(name for name, _ in quotas)}
    design = spec.design.model_copy(update={"factors": {**spec.design.factors, **changed}}) if quotas else spec.design
    return spec.model_copy(update={"seed": seed, "scenarios": count, "design": design})


def _quoted(factor: Factor, name: str, quotas: Quotas) -> Factor:
    levels: dict[str, Level] = {}
    for level, made in factor.levels.items():
        quota = max(made.quota, quotas.get((name, level), 0))
        levels[level] = made.model_copy(update={"quota": quota}) if quota != made.quota else made
    return factor.model_copy(update={"levels": levels})


def raised(
    domain: str, sampled: Design, tried: Callable[[Quotas], Design], wanted: Wanted, limits: Bounds
) -> list[Push]:
    """Quotas that raise each level by its factor, all together within the room there is.

    Args:
        sampled: the design that was drawn from last. tried: the next design, with these quotas besides its own.
    """
    before, design = _held(sampled), tried({})
    plain, count = _held(design), len(design)
    own = sum(level.quota for one in design.factors.values() for level in one.levels.values())
    rows = min(limits.room * count, count - own)
    aimed = {
        key: min(before[key] * factor, 1 - (1 - limits.room) * (1 - plain[key]))
        for key, (factor, _) in wanted.items()
        if key in before and plain[key] < COMMON
    }
    extra = {key: (share - plain[key]) / (1 - plain[key]) for key, share in aimed.items() if share > plain[key]}
    scale = min(1.0, rows / count / sum(extra.values())) if extra else 0.0
    aimed = {key: plain[key] + scale * each * (1 - plain[key]) for key, each in extra.items()}
    quotas, after = _met(tried, count, aimed, plain, rows) if scale > 0 else ({}, plain)
    return [
        Push(
            domain=domain, factor=key[0], level=key[1], before=round(before[key], 6),
            plain=round(plain[key], 6), asked=round(aimed[key], 6), after=round(after[key], 6), quota=quota,
            because=tuple(dict.fromkeys(wanted[key][1])),
        )
        for key, quota in sorted(quotas.items(), key=lambda entry: (-wanted[entry[0]][0], entry[0]))
        if after[key] > plain[key]
    ]  # fmt: skip


def _met(
    tried: Callable[[Quotas], Design],
    count: int,
    aimed: Mapping[tuple[str, str], float],
    plain: Mapping[tuple[str, str], float],
    rows: float,
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], float]]:
    """Quotas of at most so many rows under which the levels come to these shares, and no further
    than by one scenario.

    Free draws bring some of a level besides its quota, so designs are tried, which costs no call: a quota that gives
    too little is raised, one that gives too much is lowered, a few times over.
    """
    goal = {key: max(1, math.floor(share * count + 0.5)) for key, share in aimed.items()}
    quotas = {key: max(1, math.floor((share - plain[key]) / (1 - plain[key]) * count)) for key, share in aimed.items()}
    best: dict[tuple[str, str], int] = {}
    nearest, held = math.inf, dict(plain)
    for _ in range(TRIES):
        if sum(quotas.values()) > max(rows, len(quotas)):
            break
        after = _held(tried(quotas))
        misses = {key: goal[key] - round(after[key] * count) for key in goal}
        far = sum(map(abs, misses.values()))
        if min(misses.values()) >= -1 and far < nearest:  # one too many is the grain of whole scenarios
            best, nearest, held = dict(quotas), far, after
        if not any(misses.values()):
            break
        quotas = {key: max(1, quotas[key] + miss) for key, miss in misses.items()}
    return best, held


def _held(design: Design) -> dict[tuple[str, str], float]:
    """Share of all scenarios that have each level."""
    return {(one.factor, one.level): one.scenarios / len(design) for one in design.shares}
