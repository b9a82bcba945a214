"""From a student's failures to the next round's design: which levels are sampled more, and which domains.

Only the sampling is steered, through quotas; target weights stay as they were declared, so that the weight of every
scenario (`p_target / q_sample`) still reads the set as `natural`. A failing cell is led back to levels through the
conversations that were generated: those levels whose conversations show it more often than their siblings'. Every step
is bounded, and what was decided, and what could not be, is told with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.engine.designing import design_of
from turnwright.engine.lifts import gains
from turnwright.engine.quotas import Bounds, Push, Quotas, raised, with_quotas
from turnwright.engine.spec import Spec
from turnwright.reading import Example, decisions
from turnwright.records import derive_seed
from turnwright.train.failures import Cell, Failures, Where

__all__ = ["DomainShare", "Site", "Steering", "Unreached", "steer", "steered"]

CELLS = 12
"""Cells that are acted on, those that lose most."""


class Unreached(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that no quota can help in a domain, and why. shown: conversations of `conversations` that show it."""

    domain: str
    cell: str
    errors: int
    shown: int
    conversations: int
    why: str


class DomainShare(msgspec.Struct, frozen=True, kw_only=True):
    """Scenarios of a domain. lost: its share of the lost weighted F1, None where the failures do not tell."""

    domain: str
    before: int
    after: int
    lost: float | None = None


class Steering(msgspec.Struct, frozen=True, kw_only=True):
    """All that was decided for a round. strength: 1, or less after a failed gate; 0: nothing was steered.

    explored: whether estimates that are not significant were acted on. cells: those that were acted on.
    """

    round: int
    strength: float
    explored: bool
    cells: tuple[str, ...] = ()
    pushes: tuple[Push, ...] = ()
    shares: tuple[DomainShare, ...] = ()
    unreached: tuple[Unreached, ...] = ()
    notes: tuple[str, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One domain in the loop. spec: as it was given; sampled: its last round's design; generated: its conversations."""

    spec: Spec
    domain: Domain
    sampled: Design
    generated: tuple[Example, ...]


def steer(
    number: int,
    sites: Sequence[Site],
    failures: Failures,
    lost: Mapping[str, float],
    *,
    strength: float = 1.0,
    explore: bool = False,
    bounds: Bounds | None = None,
) -> Steering:
    """Decide the sampling of round `number`.

    Args:
        lost: task → lost weighted F1 times decisions; tasks are domains by name.
        strength: how much of the allowed step is taken, in [0, 1].
        explore: act on shrunken estimates where nothing is significant.
    """
    limits = bounds or Bounds()
    sure = failures.significant
    found = sure or (failures.promising if explore else ())
    cells = found[:CELLS]
    if not cells or strength <= 0:
        return Steering(round=number, strength=0.0, explored=False, notes=_idle(failures, explore, strength))
    counts = _shared_out(sites, found, lost, strength, limits)
    pressed = {site.domain.name: _pressure(site, cells, single=len(sites) == 1) for site in sites}
    top = max((force for found in pressed.values() for force, _ in found.pressure.values()), default=0.0)
    pushes: list[Push] = []
    for site, share in zip(sites, counts, strict=True):
        wanted = {
            key: (1 + (limits.most - 1) * strength * force / top, names)
            for key, (force, names) in pressed[site.domain.name].pressure.items()
        }
        pushes += _pushes(site, number, share.after, wanted, limits)
    return Steering(
        round=number,
        strength=strength,
        explored=not sure,
        cells=tuple(cell.name for cell in cells),
        pushes=tuple(pushes),
        shares=tuple(counts),
        unreached=tuple(one for found in pressed.values() for one in found.unreached),
        notes=_strangers(sites, cells),
    )


def steered(spec: Spec, domain: Domain, steering: Steering) -> Spec:
    """The spec of the round: another seed, more or fewer scenarios, quotas on levels; all else as it was given."""
    quotas = {(one.factor, one.level): one.quota for one in steering.pushes if one.domain == domain.name}
    count = next((one.after for one in steering.shares if one.domain == domain.name), spec.scenarios)
    return _in_round(spec, domain, steering.round, count, quotas)


def _in_round(spec: Spec, domain: Domain, number: int, count: int, quotas: Quotas) -> Spec:
    seed = derive_seed("loop", spec.seed, number)
    return with_quotas(spec, design_of(spec, domain).factors if quotas else {}, quotas, seed=seed, count=count)


def _idle(failures: Failures, explore: bool, strength: float) -> tuple[str, ...]:
    if strength <= 0:
        return ("steering is switched off",)
    looked = f"{len(failures.cells)} cells were looked at, {failures.too_small} were too small to be"
    if explore:
        return (f"no cell is worse than the mean, so nothing is steered; {looked}",)
    what = f"no cell is significantly worse than the rest on {failures.conversations} conversations"
    return (f"{what}, so nothing is steered; {looked}; --explore acts on shrunken estimates",)


def _strangers(sites: Sequence[Site], cells: Sequence[Cell]) -> tuple[str, ...]:
    if len(sites) == 1:
        return ()
    known = {site.domain.name for site in sites}
    strange = sorted({task for cell in cells for task in cell.by_task} - known)
    return (f"tasks that are no domain of the loop, so their failures steer nothing: {', '.join(strange)}",) * bool(
        strange
    )


# --- from cells to levels ---------------------------------------------------------------------------------------


class _Pressed(msgspec.Struct):
    """(factor, level) → how much of the loss it could win back, and the cells; and what could not be led back."""

    pressure: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}
    unreached: list[Unreached] = []


def _pressure(site: Site, cells: Sequence[Cell], *, single: bool) -> _Pressed:
    found: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}
    unreached: list[Unreached] = []
    for cell in cells:
        errors = cell.errors if single else cell.by_task.get(site.domain.name, 0)
        if not errors or (cell.where.factor == "task" and not cell.where.act):
            continue
        gains, missed = _gains(site, cell, errors)
        unreached += missed
        for key, gain in gains.items():
            force, names = found.get(key, (0.0, ()))
            found[key] = (force + gain * cell.lost * errors / cell.errors, (*names, cell.name))
    return _Pressed(pressure=found, unreached=unreached)


def _gains(site: Site, cell: Cell, errors: int) -> tuple[dict[tuple[str, str], float], list[Unreached]]:
    """By level, how much more often its conversations show the cell; a level that is the cell itself counts whole."""
    where = cell.where
    factors = site.sampled.factors
    if where.factor in factors and where.level in factors[where.factor].levels:
        return {(where.factor, where.level): 1.0}, []
    if where.factor == "task":  # all of these conversations are of the cell's task
        where = Where(act=where.act)
    shows = [any(where.holds(point) for point in decisions([one])) for one in site.generated]
    found = gains(site.generated, shows, factors)
    if found:
        return found, []
    why = "no level's conversations show it more often than the others'"
    if not any(shows):
        why = "no generated conversation shows it yet: flow, acts or plan settings may lack it"
    missed = Unreached(
        domain=site.domain.name,
        cell=cell.name,
        errors=errors,
        shown=sum(shows),
        conversations=len(shows),
        why=why,
    )
    return {}, [missed]


def _pushes(
    site: Site, number: int, count: int, wanted: Mapping[tuple[str, str], tuple[float, tuple[str, ...]]], limits: Bounds
) -> list[Push]:
    """Quotas that raise each level by its factor in this round's design."""

    def tried(quotas: Quotas) -> Design:
        return design_of(_in_round(site.spec, site.domain, number, count, quotas), site.domain)

    return raised(site.domain.name, site.sampled, tried, wanted, limits)


# --- from domains to scenarios ----------------------------------------------------------------------------------


def _shared_out(
    sites: Sequence[Site], cells: Sequence[Cell], lost: Mapping[str, float], strength: float, limits: Bounds
) -> list[DomainShare]:
    """Give more scenarios to domains that fail as a whole, by the share of the loss that is theirs."""
    counts = [site.spec.scenarios for site in sites]
    whole, mass = sum(counts), sum(lost.get(site.domain.name, 0.0) for site in sites)
    if len(sites) == 1 or mass <= 0:
        return [DomainShare(domain=site.domain.name, before=n, after=n) for site, n in zip(sites, counts, strict=True)]
    parts = [lost.get(site.domain.name, 0.0) / mass for site in sites]
    failing = {cell.where.level for cell in cells if cell.where.factor == "task" and not cell.where.act}
    grown = [
        n * (1 + strength * (min(limits.widest, max(1.0, part * whole / n)) - 1) * (site.domain.name in failing))
        for site, n, part in zip(sites, counts, parts, strict=True)
    ]
    exact = [whole * each / sum(grown) for each in grown]
    return [
        DomainShare(domain=site.domain.name, before=n, after=after, lost=round(part, 6))
        for site, n, after, part in zip(sites, counts, _rounded(exact, whole), parts, strict=True)
    ]


def _rounded(exact: Sequence[float], whole: int) -> list[int]:
    """Whole numbers, at least 1 each, that add up (largest remainders)."""
    found = [max(1, math.floor(each)) for each in exact]
    order = sorted(range(len(exact)), key=lambda n: (math.floor(exact[n]) - exact[n], n))
    for n in order[: max(0, whole - sum(found))]:
        found[n] += 1
    return found
