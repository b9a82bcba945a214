"""The learning half of a loop: what each round's student learns from, what it answers, and where it disagrees.

Everything here follows from what the rounds have written, so it is the same after a resume; students are kept in
memory only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from turnwright.domains import Domain
from turnwright.engine.loop.labels import Ask, Settled, corrected, settle
from turnwright.engine.loop.records import LoopSettings
from turnwright.errors import InputError
from turnwright.reading import Example, ExampleSet, decisions, read_set
from turnwright.records import Blueprint, Conversation, Usage
from turnwright.store import read_run
from turnwright.train import LinearStudent, Mixture, Shares, Student, fit_linear, mixed, shares
from turnwright.train.disagreement import disagreements
from turnwright.train.failures import Change, Where, answers_of, changes, named
from turnwright.train.folds import cross_fit
from turnwright.train.overlap import mark

__all__ = ["Lesson", "School"]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What a student learns from. synthetic, human: conversations. corrected: labels that were changed.

    copies: generated conversations that stand word for word in the dev set, and so are not learnt from.
    """

    learnt: ExampleSet
    synthetic: int
    human: int
    corrected: int
    copies: int
    shares: Shares


class School:
    """Students of the rounds, made when they are asked for."""

    def __init__(
        self,
        folder: Path,
        domains: Sequence[Domain],
        dev: ExampleSet,
        human: ExampleSet | None,
        settings: LoopSettings,
        *,
        crossed: bool,
        ask: Ask | None = None,
    ) -> None:
        self.folder, self.domains, self.dev, self.human, self.settings = folder, domains, dev, human, settings
        self.crossed, self.ask = crossed, ask
        self._points = decisions(dev.examples)
        self._marks = {mark(one) for one in dev.examples} - {""}
        self._sets: dict[tuple[int, str], ExampleSet] = {}
        self._lessons: dict[int, Lesson] = {}
        self._students: dict[int, LinearStudent] = {}
        self._examined: dict[int, Student] = {}
        self._answers: dict[int, list[str]] = {}

    # --- conversations ------------------------------------------------------------------------------------------

    def set_of(self, number: int, domain: str) -> ExampleSet:
        """What one run gave."""
        key = number, domain
        if key not in self._sets:
            run = self._run(number, domain)
            made = read_set([run], rename=self.settings.rename, name="generated set", least_acts=1)
            self._sets[key] = msgspec.structs.replace(made, sources=(run.relative_to(self.folder).as_posix(),))
        return self._sets[key]

    def generated(self, number: int) -> tuple[Example, ...]:
        """What a round gave, over all domains."""
        return tuple(one for domain in self.domains for one in self.set_of(number, domain.name).examples)

    def generated_so_far(self, number: int, domain: str) -> tuple[Example, ...]:
        """What all rounds up to this one gave in a domain."""
        return tuple(one for n in range(1, number + 1) for one in self.set_of(n, domain).examples)

    def usage(self, number: int) -> Usage:
        """What a round paid."""
        return sum((self.set_of(number, domain.name).usage or Usage() for domain in self.domains), Usage())

    def _run(self, number: int, domain: str) -> Path:
        return self.folder / f"round_{number}" / "runs" / domain

    # --- students -----------------------------------------------------------------------------------------------

    def lesson(self, number: int) -> Lesson:
        """The mix that the round's student learns from, with the labels that were corrected before it."""
        if number not in self._lessons:
            first = number if self.settings.replace else 1
            sets = [self.set_of(n, domain.name) for n in range(first, number + 1) for domain in self.domains]
            settled = [one for n in range(1, number) for one in self._settled_in(n)]
            every = [one for each in sets for one in each.examples]
            clean = [one for one in every if mark(one) not in self._marks]
            made, count = corrected(clean, settled)
            human = self._corrected_human(settled)
            whole = ExampleSet(
                examples=made,
                sources=tuple(source for each in sets for source in each.sources),
                specs=tuple(sorted({spec for each in sets for spec in each.specs})),
            )
            learnt = mixed(whole, human, self._mixture(len(made), human))
            self._lessons[number] = Lesson(
                learnt=learnt, synthetic=len(made), human=len(human) if human else 0, corrected=count,
                copies=len(every) - len(clean), shares=shares(learnt),
            )  # fmt: skip
        return self._lessons[number]

    def _mixture(self, made: int, human: ExampleSet | None) -> Mixture:
        """Human conversations count as one each, or more where their share would be below the floor."""
        share = len(human) / (len(human) + made) if human else 0.0
        return Mixture(human_share=self.settings.human_floor) if share < self.settings.human_floor else Mixture()

    def _corrected_human(self, settled: Sequence[Settled]) -> ExampleSet | None:
        if self.human is None:
            return None
        return msgspec.structs.replace(self.human, examples=corrected(self.human.examples, settled)[0])

    def student(self, number: int) -> LinearStudent:
        """The round's student; it learnt from everything that it may."""
        if number not in self._students:
            self._students[number] = self._fit(self.lesson(number).learnt.examples)
        return self._students[number]

    def examined(self, number: int) -> Student:
        """The student that answers for the dev set: cross-fitted where that is among what is learnt."""
        if not self.crossed:
            return self.student(number)
        if number not in self._examined:
            lesson = self.lesson(number)
            made, people = lesson.learnt.examples[: lesson.synthetic], lesson.learnt.examples[lesson.synthetic :]
            self._examined[number] = cross_fit(self._fit, people, made, folds=self.settings.folds)
        return self._examined[number]

    def answers(self, number: int) -> list[str]:
        """The acts that the round's student says on the dev set."""
        if number not in self._answers:
            self._answers[number] = answers_of(self.examined(number), self._points)
        return self._answers[number]

    def changed(self, number: int, cells: Sequence[str]) -> tuple[Change, ...]:
        """What became of these cells since the round before."""
        wheres: list[Where] = named(self._points, cells)
        return changes(self._points, self.answers(number - 1), self.answers(number), wheres)

    def _fit(self, examples: Sequence[Example]) -> LinearStudent:
        return fit_linear(examples, features=self.settings.features)

    # --- disagreements ------------------------------------------------------------------------------------------

    async def settled(self, number: int) -> tuple[Settled, ...]:
        """Find where a student that has not learnt from a conversation contradicts it, and settle what is new."""
        lesson = self.lesson(number)
        known = {(one.conversation, one.turn) for n in range(1, number) for one in self._settled_in(n)}
        found = disagreements(
            self._fit, lesson.learnt.examples, sure=self.settings.sure, folds=self.settings.folds
        )  # fmt: skip
        new = [one for one in found if (one.conversation, one.turn) not in known]
        records = self._records(number, {one.conversation for one in new})
        domains = {domain.name: domain for domain in self.domains}
        out = []
        for one in new:
            conversation, blueprint = records.get(one.conversation, (None, None))
            domain = domains.get(one.task) if conversation else None
            out.append(await settle(one, domain, conversation, blueprint, self.settings.rename, self.ask))
        return tuple(out)

    def _records(self, number: int, wanted: set[str]) -> dict[str, tuple[Conversation, Blueprint]]:
        """The conversations of these ids with their blueprints."""
        found: dict[str, tuple[Conversation, Blueprint]] = {}
        for n in range(1, number + 1):
            for domain in self.domains:
                names = {one.name for one in self.set_of(n, domain.name).examples} & wanted
                if not names:
                    continue
                with read_run(self._run(n, domain.name)) as run:
                    for each in run.records.concluded(admitted=True):
                        if each.conversation and each.blueprint and each.conversation.id in names:
                            found[each.conversation.id] = each.conversation, each.blueprint
        return found

    def _settled_in(self, number: int) -> list[Settled]:
        path = self.folder / f"round_{number}" / "disagreements.jsonl"
        try:
            return [msgspec.json.decode(line, type=Settled) for line in path.read_bytes().splitlines()]
        except (OSError, msgspec.DecodeError) as fault:
            raise InputError(
                f"the disagreements of round {number} cannot be read ({fault})",
                where=str(path),
                fix="remove the folders of this round and those after it; the loop makes them again",
            ) from fault
