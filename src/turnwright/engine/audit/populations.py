"""Who is in a set: read from a run, from any file of conversations, or from a design that has not run yet.

Nothing here calls a model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from pydantic import Field, model_validator

from turnwright.design import Design
from turnwright.domains import read_yaml, validated
from turnwright.domains.declaration import Strict
from turnwright.engine.audit.records import Population
from turnwright.engine.spec import Spec
from turnwright.errors import InputError
from turnwright.monitor.bias import Amplified, Member, amplification, representation
from turnwright.reading import read_examples
from turnwright.records import Scenario
from turnwright.store import read_run

__all__ = ["Targets", "drifts_of", "load_targets", "members_at", "members_of_design", "populations", "targets_of"]

Shares = dict[str, Annotated[float, Field(ge=0)]]


class Targets(Strict):
    """Who should be in a set, as somebody declares it. targets: attribute → level → share (any scale).

    An attribute is a trait of the personas or a factor of the design. teacher: the same of what the teacher makes when
    nobody steers it.
    """

    targets: dict[str, Shares] = Field(min_length=1)
    teacher: dict[str, Shares] = {}

    @model_validator(mode="after")
    def _some(self) -> Targets:
        for table in (self.targets, self.teacher):
            for attribute, shares in table.items():
                if sum(shares.values()) <= 0:
                    raise ValueError(f"the shares of {attribute} are all 0")
        return self


def load_targets(path: Path) -> Targets:
    """Read a file of targets; raises InputError with file, line and fix."""
    return validated(Targets, read_yaml(path, InputError), InputError)


def targets_of(spec: Spec) -> Targets | None:
    """What the spec itself declares: the shares of its personas' traits; None where it has none."""
    traits = spec.design.personas.traits
    return Targets(targets={name: dict(shares) for name, shares in traits.items()}) if traits else None


def members_at(path: Path) -> list[Member]:
    """The conversations of a run folder (those that were admitted) or of a file, with their traits and levels.

    Raises:
        InputError: it cannot be read, or holds no conversation.
    """
    if path.is_dir():
        with read_run(path) as run:
            members = [_member(each.scenario) for each in run.records.concluded(admitted=True)]
    else:
        members = [Member(levels=one.factors(), weight=one.natural or 1.0) for one in read_examples(path)]
    if not members:
        raise InputError("no conversation was admitted there", where=str(path), fix="name a run that has finished")
    return members


def members_of_design(design: Design) -> list[Member]:
    """What a design asks for, whatever comes of it."""
    return [_member(scenario) for scenario in design]


def _member(scenario: Scenario) -> Member:
    return Member(levels={**scenario.persona.traits, **scenario.levels}, weight=scenario.weight)


def populations(source: str, members: Sequence[Member], targets: Targets, least: int) -> tuple[Population, ...]:
    """The set as it is and, where its weights differ, as its weights read it.

    Raises:
        InputError: not one conversation tells any of the attributes.
    """
    plain = [msgspec.structs.replace(one, weight=1.0) for one in members]
    found = Population(
        source=source, view="stress", n=len(members), attributes=representation(plain, targets.targets, least=least)
    )  # fmt: skip
    if not found.attributes:
        raise InputError(
            f"none of the {len(members):,} conversations tells {' or '.join(targets.targets)}",
            where=source,
            fix="name attributes that are traits of the personas or factors, or give the run folder",
        )
    if len({one.weight for one in members}) == 1:
        return (found,)
    natural = representation(members, targets.targets, least=least)
    return found, msgspec.structs.replace(found, view="natural", attributes=natural)


def drifts_of(rounds: Sequence[Path], targets: Targets, alpha: float) -> tuple[Amplified, ...]:
    """The slope of every level over these runs or files, in their order.

    Raises:
        InputError: there are fewer than two, or one of them does not tell an attribute.
    """
    read = [members_at(path) for path in rounds]
    return tuple(
        one
        for attribute in targets.targets
        for one in amplification(
            attribute,
            [_counts(members, attribute) for members in read],
            targets.targets[attribute],
            targets.teacher.get(attribute),
            alpha=alpha,
        )
    )


def _counts(members: Sequence[Member], attribute: str) -> Mapping[str, float]:
    return Counter(one.levels[attribute] for one in members if attribute in one.levels)
