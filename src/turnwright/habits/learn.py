"""The verb: a few human conversations become habits, every one with its interval, its prior and what it rests on.

Takes what the planner does by default and what its blueprints look like as input, and draws nothing itself. Estimates
are pooled over all domains first; a domain with enough conversations gets its own, drawn to the pooled one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from turnwright.domains import STANDARD_FACTORS, Domain
from turnwright.domains.declaration import Factor
from turnwright.errors import InputError
from turnwright.habits.chart import Chart
from turnwright.habits.corpus import Aligned, align, matched_names
from turnwright.habits.levels import Planned, Teller, Told, shares_of, teller_for
from turnwright.habits.manners import closings, steps, telling
from turnwright.habits.record import DomainHabits, Estimate, General, Habits, Name
from turnwright.habits.shares import Prior, Share, share
from turnwright.habits.style import style
from turnwright.reading import Example, set_hash

__all__ = ["STRENGTH", "Learnt", "Subject", "learn"]

STRENGTH = 2.0
"""Conversations that the prior counts as."""
POOL_STRENGTH = 8.0
"""Most conversations that the pooled estimate counts as, where a domain has its own."""
ENOUGH = 5
"""Conversations from which on a domain has estimates of its own."""
STEP_PRIOR = 0.1
NO_HABIT = ("tool_fault",)
"""Factors that say what tools do: no habit of people, though an agent who calls twice looks alike."""

Place = tuple[str, ...]
Seen = Sequence[Mapping[str, float]]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A domain to learn about, with blueprints of it (levels and acts), and what the planner does by default.

    counts: act of the domain → what it counts as in the data (patterns, see `reading.read_set`).
    factors: every factor of its design, with the weights declared so far.
    """

    domain: Domain
    planned: tuple[Planned, ...] = ()
    counts: dict[str, str] = {}
    factors: dict[str, Factor] = {}

    def declared(self) -> dict[str, Factor]:
        """The factors, by default the standard ones and the domain's."""
        return self.factors or {**STANDARD_FACTORS, **self.domain.spec.factors}


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """Habits with what the file does not hold.

    ranges: place of an estimate in the file → its range when any one conversation is left out. unknown: domain →
    factors whose levels cannot be told apart by acts. alike: domain → factor → levels that cannot, though others can.
    notes: what the reader should know.
    """

    habits: Habits
    ranges: dict[Place, tuple[float, float]]
    unknown: dict[str, list[str]]
    alike: dict[str, dict[str, list[str]]]
    notes: tuple[str, ...] = ()


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """A domain with its conversations."""

    name: str
    subject: Subject
    chart: Chart
    conversations: list[Aligned]
    names: dict[str, Counter[str]]

    def seen(self, look: Callable[[Aligned, Chart], dict[str, float]]) -> list[dict[str, float]]:
        return [look(one, self.chart) for one in self.conversations]


def learn(examples: Sequence[Example], subjects: Sequence[Subject], priors: Mapping[str, float]) -> Learnt:
    """Estimate how people behave.

    Args:
        examples: human conversations; `task` says which domain they are about.
        priors: setting of `plan` → what the planner does by default.

    Raises:
        InputError: no conversation is about any of the domains.
    """
    cases = [_case(subject, examples) for subject in subjects]
    used = [one.example for case in cases for one in case.conversations]
    if not used:
        tasks = ", ".join(sorted({one.task or "(none)" for one in examples}))
        raise InputError(
            f"no conversation is about {', '.join(case.name for case in cases)}",
            where="learn",
            fix=f"name a domain that the data has; its tasks are: {tasks}",
        )
    ranges: dict[Place, tuple[float, float]] = {}
    everywhere = _general(cases, priors, ranges)
    tellers = {case.name: _tellers(case) for case in cases}
    domains = {case.name: _domain(case, everywhere, tellers, cases, ranges) for case in cases}
    habits = Habits(
        real=set_hash(used), conversations=len(used), strength=STRENGTH, everywhere=everywhere, domains=domains
    )
    return Learnt(
        habits=habits,
        ranges=ranges,
        unknown={name: [f for f, teller in found.items() if teller is None] for name, found in tellers.items()},
        alike={name: _alike(found) for name, found in tellers.items()},
        notes=_notes(cases, examples, used),
    )


def _case(subject: Subject, examples: Sequence[Example]) -> _Case:
    domain = subject.domain
    mine = [one for one in examples if one.task == domain.name]
    names = matched_names(domain, mine, subject.counts)
    return _Case(
        name=domain.name,
        subject=subject,
        chart=Chart(domain, subject.counts),
        conversations=align(mine, names),
        names=names,
    )


def _notes(cases: Sequence[_Case], examples: Sequence[Example], used: Sequence[Example]) -> tuple[str, ...]:
    notes = [
        f"no conversation is about {case.name}: it takes what all share, and declared weights stay as they are"
        for case in cases
        if not case.conversations
    ]
    if len(used) < len(examples):
        others = ", ".join(sorted({one.task or "(none)" for one in examples} - {case.name for case in cases}))
        notes.append(f"{len(examples) - len(used)} conversations are about other tasks and were left out: {others}")
    return tuple(notes)


# --- shares ----------------------------------------------------------------------------------------------------


def _estimate(found: Share) -> Estimate:
    return Estimate(value=round(found.value, 3), low=round(found.low, 3), high=round(found.high, 3), n=found.n)


def _kept(found: Mapping[str, Share], place: Place, ranges: dict[Place, tuple[float, float]]) -> dict[str, Estimate]:
    ranges |= {(*place, name): one.without_one for name, one in found.items()}
    return {name: _estimate(one) for name, one in found.items()}


def _counted(seen: Seen, priors: Mapping[str, Prior]) -> dict[str, Share]:
    """A share for every prior of which at least one conversation shows something."""
    found = {name: [one[name] for one in seen if name in one] for name in priors}
    return {name: share(values, priors[name]) for name, values in found.items() if values}


def _general(cases: Sequence[_Case], priors: Mapping[str, float], ranges: dict[Place, tuple[float, float]]) -> General:
    plan = {name: Prior(mean=mean, strength=STRENGTH) for name, mean in priors.items()}
    seen = [one for case in cases for one in case.seen(closings)]
    stepped = [one for case in cases for one in case.seen(steps)]
    general = {name: Prior(mean=STEP_PRIOR, strength=STRENGTH) for one in stepped for name in one if " " not in name}
    return General(
        plan=_kept(_counted(seen, plan), ("everywhere", "plan"), ranges),
        steps=_kept(_counted(stepped, general), ("everywhere", "steps"), ranges),
    )


def _domain(
    case: _Case,
    everywhere: General,
    tellers: Mapping[str, dict[str, Teller | None]],
    cases: Sequence[_Case],
    ranges: dict[Place, tuple[float, float]],
) -> DomainHabits:
    place = ("domains", case.name)
    enough = len(case.conversations) >= ENOUGH
    pooled = {name: Prior(mean=one.value, strength=min(POOL_STRENGTH, one.n)) for name, one in everywhere.plan.items()}
    stepped = case.seen(steps) if enough else []
    own_steps = {name: Prior(mean=STEP_PRIOR, strength=STRENGTH) for one in stepped for name in one if " " in name}
    factors = {
        factor: _kept(_levels(case, factor, teller, tellers, cases), (*place, "factors", factor), ranges)
        for factor, teller in tellers[case.name].items()
        if teller is not None and case.conversations
    }
    return DomainHabits(
        conversations=len(case.conversations),
        plan=_kept(_counted(case.seen(closings), pooled), (*place, "plan"), ranges) if enough else {},
        factors=factors,
        volunteered=_kept(_volunteered(case), (*place, "volunteered"), ranges),
        steps=_kept(_counted(stepped, own_steps), (*place, "steps"), ranges),
        names={act: _name(labels) for act, labels in case.names.items()},
        style=style(case.conversations, case.chart),
    )


def _name(labels: Counter[str]) -> Name:
    label, n = min(labels.items(), key=lambda pair: (-pair[1], pair[0]))
    return Name(known_as=label, n=n)


def _volunteered(case: _Case) -> dict[str, Share]:
    """Among the users who told something unasked: how many told this slot.

    The prior mean is what all slots have in common.
    """
    seen = [one for one in case.seen(telling) if any(one.values())]
    told = [value for one in seen for value in one.values()]
    if not told:
        return {}
    prior = Prior(mean=share(told, Prior(mean=0.5, strength=STRENGTH)).value, strength=STRENGTH)
    return _counted(seen, dict.fromkeys((name for one in seen for name in one), prior))


# --- levels of factors -----------------------------------------------------------------------------------------


def _tellers(case: _Case) -> dict[str, Teller | None]:
    """Of detours only this is the same everywhere: who leaves early gets to no call, who is unclear is asked again."""
    names = [name for name in case.subject.declared() if name not in NO_HABIT and _planned(case, name)]
    telling = {"detour": case.chart.calls | {case.chart.repeat}}
    return {name: teller_for(name, case.subject.planned, case.chart.closing, telling.get(name)) for name in names}


def _planned(case: _Case, factor: str) -> bool:
    return any(factor in one.levels for one in case.subject.planned)


def _told(case: _Case, teller: Teller) -> Told:
    return Told(teller=teller, counts=Counter(teller.says(one.acts) for one in case.conversations if one.acts))


def _levels(
    case: _Case,
    factor: str,
    teller: Teller,
    tellers: Mapping[str, dict[str, Teller | None]],
    cases: Sequence[_Case],
) -> dict[str, Share]:
    """Pool the domains whose factor has the same levels, then draw this domain's own shares to the pooled ones."""
    declared = _weights(case, factor, teller)
    others = [(other, theirs) for other in cases if (theirs := tellers[other.name].get(factor)) is not None]
    alike = [pair for pair in others if _weights(pair[0], factor, pair[1]).keys() == declared.keys()]
    pool = [_told(other, theirs) for other, theirs in alike]
    pooled = shares_of(pool, declared, STRENGTH)
    n = sum(each.counts.total() for each in pool)
    own = shares_of([_told(case, teller)], {name: one.value for name, one in pooled.items()}, min(POOL_STRENGTH, n))
    return _applying(own if len(case.conversations) >= ENOUGH else pooled)


def _weights(case: _Case, factor: str, teller: Teller) -> dict[str, float]:
    """Level → declared share, of the levels that blueprints have; "" (does not apply) by how often they have it."""
    declared = case.subject.declared()[factor].levels
    planned = [one.levels.get(factor, "") for one in case.subject.planned]
    absent = planned.count("") / len(planned)
    levels = [level for group in teller.groups for level in group]
    weights = {level: declared[level].weight for level in levels if level in declared}
    whole = sum(weights.values()) or 1.0
    found = {level: (1 - absent) * weight / whole for level, weight in weights.items()}
    return found | ({"": absent} if "" in levels else {})


def _applying(found: dict[str, Share]) -> dict[str, Share]:
    """The shares among the conversations to which the factor applies."""
    absent = found.get("")
    if absent is None:
        return found
    part = max(1 - absent.value, 1e-6)

    def scaled(number: float) -> float:
        return min(1.0, number / part)

    return {
        level: Share(
            value=scaled(one.value),
            low=scaled(one.low),
            high=scaled(one.high),
            n=one.n,
            without_one=(scaled(one.without_one[0]), scaled(one.without_one[1])),
        )
        for level, one in found.items()
        if level
    }


def _alike(found: Mapping[str, Teller | None]) -> dict[str, list[str]]:
    return {
        factor: [" = ".join(group) for group in teller.groups if len(group) > 1]
        for factor, teller in found.items()
        if teller is not None and any(len(group) > 1 for group in teller.groups)
    }
