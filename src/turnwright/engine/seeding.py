"""Between habits and the rest: blueprints to learn from, and a spec that draws from what was learnt.

Estimating is `habits`, planning is `plan`; neither knows the other, so what passes between them passes here. A spec
with habits is an ordinary spec: everything that was learnt stands in it, and so decides the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from turnwright.design import DesignSettings, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain, load_domain, nearest, own_words
from turnwright.domains.declaration import Factor, Level
from turnwright.domains.expression import compile_expression
from turnwright.errors import Impossible, SpecError
from turnwright.habits import DomainHabits, Estimate, Habits, Learnt, Planned, Subject, learn, load_habits
from turnwright.models import Reply
from turnwright.plan import PlanSettings, plan
from turnwright.reading import Example, counted_as
from turnwright.simulate.acceptance import cleaned
from turnwright.simulate.copies import Copies
from turnwright.store import Run

if TYPE_CHECKING:  # the spec's module calls this one
    from turnwright.engine.spec import Spec

__all__ = ["PLAN_HABITS", "copies_caught", "habits_of", "learn_habits", "notes_on_copies", "seeded_spec", "with_habits"]

PLAN_HABITS = ("user_opens", "asks_for_more", "farewell", "farewell_returned", "unfinished")
"""Settings of `plan` that conversations show."""
BLUEPRINTS = 240
"""Blueprints a domain whose acts show what the levels of the factors lead to."""


def learn_habits(examples: Sequence[Example], domains: Sequence[Domain], counts: Mapping[str, str]) -> Learnt:
    """Learn from human conversations about these domains; see `habits.learn`.

    Args:
        counts: act of a domain → what it counts as in the data (patterns).

    Raises:
        InputError: no conversation is about any of the domains.
    """
    plain = PlanSettings()
    told = {one.task for one in examples}
    subjects = [
        Subject(
            domain=domain,
            planned=tuple(_planned(domain, counts)) if domain.name in told else (),
            counts=dict(counts),
            factors=_factors(domain),
        )
        for domain in domains
    ]
    return learn(examples, subjects, {name: getattr(plain, name) for name in PLAN_HABITS})


def _factors(domain: Domain) -> dict[str, Factor]:
    """All factors of a domain's design; intents are one of them where there are several."""
    declared = {**STANDARD_FACTORS, **domain.spec.factors}
    intents = Factor(levels={name: Level() for name in domain.spec.intents})
    return declared if "intent" in declared or len(domain.spec.intents) < 2 else {"intent": intents, **declared}


def _planned(domain: Domain, counts: Mapping[str, str]) -> Iterator[Planned]:
    """What the default design leads to, in acts; scenarios that cannot be planned show nothing."""
    made = design(
        DesignSettings(),
        domain.spec.factors,
        [*STANDARD_CONSTRAINTS, *domain.spec.constraints],
        domain=domain.fingerprint,
        seed=0,
        count=BLUEPRINTS,
        standard_factors=STANDARD_FACTORS,
        intents=list(domain.spec.intents),
    )
    for scenario in made:
        try:
            blueprint = plan(scenario, domain, PlanSettings())
        except Impossible:
            continue
        acts = (step.acts[0] for step in blueprint.steps if step.role == "assistant" and step.acts)
        levels = {name: level for name, level in scenario.levels.items() if level}
        yield Planned(levels=levels, acts=tuple(counted_as(act, counts) for act in acts))


def copies_caught(run: Run, spec: Spec, domain: Domain) -> int:
    """How many replies for a user's turn repeated what a person wrote; every one of them was refused.

    Counted in the journal, so that it is the same however often a run was resumed.
    """
    style = spec.simulate.fill.style
    if not style:
        return 0
    copies = Copies(style, own_words(domain))
    asked = [one.call_id for one in run.journal.calls_of(run.journal.call_ids()) if one.role == "user"]
    replies = (msgspec.json.decode(found, type=Reply) for one in asked if (found := run.journal.get(one)))
    return sum(copies.caught(cleaned(reply.text)) for reply in replies)


def notes_on_copies(run: Run, spec: Spec, domain: Domain) -> tuple[str, ...]:
    """What is to be said of replies that repeated people's words; nothing where none did."""
    caught = copies_caught(run, spec, domain)
    return (f"{caught:,} replies repeated words of real people and were refused",) if caught else ()


# --- a spec that draws from habits -------------------------------------------------------------------------------


def habits_of(spec: Spec, base: Path) -> Habits | None:
    """Read the spec's habits file; None where it names none.

    Raises:
        SpecError: with file, line and fix.
    """
    return load_habits(base / spec.habits) if spec.habits else None


def with_habits(spec: Spec, base: Path) -> Spec:
    """The spec with its habits in place; the same spec where it names none.

    Raises:
        SpecError, DomainError: the habits file or the domain is wrong, or they do not fit.
    """
    habits = habits_of(spec, base)
    if habits is None:
        return spec
    return seeded_spec(spec, habits, load_domain(spec.domain, base), where=str(base / spec.habits))


def seeded_spec(spec: Spec, habits: Habits, domain: Domain, *, where: str = "habits") -> Spec:
    """Put what was learnt where the spec says nothing itself: `plan`, `design.factors` and `simulate.fill.style`.

    The habits' content id goes into `habits`, so that it is part of what decides the run.

    Raises:
        SpecError: the habits tell nothing of this domain, or name a factor, level, slot or act that it does not have.
    """
    own = habits.of(domain.name, where=where)
    _known("setting of plan", habits.everywhere.plan, PLAN_HABITS, where)
    _check(own, domain, where)
    fill = spec.simulate.fill
    style = {} if "style" in fill.model_fields_set else {"style": own.style}
    factors = {**_learnt_factors(spec, own, domain), **spec.design.factors}
    return spec.model_copy(
        update={
            "habits": habits.id,
            "plan": spec.plan.model_copy(update=_learnt_plan(spec, habits, own)),
            "design": spec.design.model_copy(update={"factors": factors}),
            "simulate": spec.simulate.model_copy(update={"fill": fill.model_copy(update=style)}),
        }
    )


def _learnt_plan(spec: Spec, habits: Habits, own: DomainHabits) -> dict[str, object]:
    learnt = {**habits.everywhere.plan, **own.plan}
    found: dict[str, object] = {name: learnt[name].value for name in PLAN_HABITS if name in learnt}
    if own.volunteered:
        found["volunteered"] = {slot: one.value for slot, one in own.volunteered.items()}
    return {name: value for name, value in found.items() if name not in spec.plan.model_fields_set}


def _learnt_factors(spec: Spec, own: DomainHabits, domain: Domain) -> dict[str, Factor]:
    dropped = set(spec.design.drop)
    declared = _factors(domain)
    found = {}
    for name, levels in own.factors.items():
        asks = compile_expression(declared[name].when).names if declared[name].when else frozenset()
        if name not in dropped and not asks & dropped:
            found[name] = _weighted(declared[name], levels)
    return found


def _weighted(factor: Factor, learnt: Mapping[str, Estimate]) -> Factor:
    """Levels that were learnt share out what they had together; the others keep what they had."""
    together = sum(factor.levels[level].weight for level in learnt)
    values = sum(one.value for one in learnt.values())
    weights = {level: together * one.value / values for level, one in learnt.items()}
    levels = {
        name: level.model_copy(update={"weight": weights.get(name, level.weight)})
        for name, level in factor.levels.items()
    }
    return factor.model_copy(update={"levels": levels})


def _check(own: DomainHabits, domain: Domain, where: str) -> None:
    """Nothing in the file may be drawn from in vain."""
    declared = _factors(domain)
    _known("setting of plan", own.plan, PLAN_HABITS, where)
    _known("factor", own.factors, declared, where)
    for factor, levels in own.factors.items():
        _known(f"level of the factor '{factor}'", levels, declared[factor].levels, where)
    _known("slot", own.volunteered, domain.spec.slots, where)
    _known("user act", own.style, domain.user_acts, where)


def _known(kind: str, given: Mapping[str, object], known: Mapping[str, object] | Sequence[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise SpecError(
                f"'{name}' is no {kind} here{nearest(name, known)}", where=where, fix=f"known: {', '.join(known)}"
            )
