"""Setting the arbiter's exam: clean conversations, one planted defect a copy, controls, and a licence at the end.

Every answer is a journaled call, so an exam that was killed goes on where it stopped. Answers are graded in the order
of the questions, whatever the concurrency, and a class that can no longer be licensed is asked nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

import msgspec

from turnwright.domains import Domain
from turnwright.engine.concurrency import Ordered
from turnwright.errors import InputError
from turnwright.records import Blueprint, ClassLicence, Conversation, Licence, Ruling, Scenario, Verdict, seeded
from turnwright.records.licence import Correlation
from turnwright.verify import Arbiter, CriterionSpec
from turnwright.verify.exam import PLANTINGS, Grading, Planted, correlations, harmless, needed, plant

__all__ = ["CheckFigures", "Clean", "Exam", "ExamFigures", "Question", "licence_of", "set_exam", "sit"]

MISS_LIMIT, ALARM_LIMIT = 0.05, 0.10
Check = Callable[[Conversation, "Clean"], Verdict]


class Clean(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that passed every deterministic check, with what it was made from."""

    conversation: Conversation
    blueprint: Blueprint
    scenario: Scenario


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question of the exam; `planted` is None for a control."""

    criterion: CriterionSpec
    conversation: Conversation
    clean: Clean
    planted: Planted | None = None


class CheckFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How the deterministic checks did on the same copies: `found` by the class's own name, `caught` by any."""

    planted: int
    found: int
    caught: int


class Exam(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is asked.

    planted: class → its copies. controls: a conversation each, with every question about it.
    clean: conversations that were looked at.
    """

    planted: dict[str, tuple[Question, ...]]
    controls: tuple[tuple[Question, ...], ...]
    clean: int

    def questions(self) -> Iterator[Question]:
        """A copy of every class, then all questions about one control, and so on.

        Taken in turn, the blind are found out by the copies and the suspicious by the controls, both soon.
        """
        longest = max((len(each) for each in self.planted.values()), default=0)
        for place in range(max(longest, len(self.controls))):
            for questions in self.planted.values():
                if place < len(questions):
                    yield questions[place]
            yield from self.controls[place] if place < len(self.controls) else ()


class ExamFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What an exam came to.

    classes: of the panel as it votes. alone: arbiter → its figures on its own. checks: class → the deterministic
    checks on the same copies. alarms: defects that the checks saw in the controls. too_few: class → planted copies,
    where there were fewer than the `least` that the bound needs.
    """

    classes: tuple[ClassLicence, ...]
    alone: dict[str, tuple[ClassLicence, ...]]
    correlations: tuple[Correlation, ...]
    checks: dict[str, CheckFigures]
    alarms: int
    too_few: dict[str, int]
    least: int
    asked: int


async def set_exam(
    clean: AsyncIterator[Clean],
    rubric: Sequence[CriterionSpec],
    domain: Domain,
    *,
    planted: int,
    controls: int,
    seed: int,
) -> Exam:
    """Plant up to `planted` copies a class, each in a conversation of its own, and choose the controls.

    Raises:
        InputError: there are too few clean conversations for any class.
    """
    copies: dict[str, list[Question]] = {criterion.defect: [] for criterion in rubric}
    kept: list[Clean] = []
    async for each in clean:
        kept.append(each)
        for criterion in rubric:
            if criterion.defect in PLANTINGS and len(copies[criterion.defect]) < planted:
                rng = seeded("plant", seed, criterion.defect, each.conversation.id)
                made = plant(criterion.defect, each.conversation, each.blueprint, each.scenario, domain, rng)
                if made is not None:
                    asked = Question(criterion=criterion, conversation=made.conversation, clean=each, planted=made)
                    copies[criterion.defect].append(asked)
        if len(kept) >= controls and all(len(copies[defect]) >= planted for defect in copies if defect in PLANTINGS):
            break
    least = needed(0, MISS_LIMIT)
    if len(kept) < least:
        raise InputError(
            f"{len(kept)} clean conversations are too few for an exam",
            fix=f"{least} are needed for a miss rate of at most {MISS_LIMIT:.0%} with no miss at all, "
            f"{needed(1, MISS_LIMIT)} with one",
        )
    return Exam(
        planted={defect: tuple(questions) for defect, questions in copies.items()},
        controls=tuple(_controls(kept[:controls], rubric, domain, seed)),
        clean=len(kept),
    )


def _controls(
    kept: Sequence[Clean], rubric: Sequence[CriterionSpec], domain: Domain, seed: int
) -> Iterator[tuple[Question, ...]]:
    """Every second control is harmlessly edited."""
    for place, each in enumerate(kept):
        conversation = each.conversation
        if place % 2:
            rng = seeded("harmless", seed, conversation.id)
            conversation = harmless(conversation, each.blueprint, domain, rng) or conversation
        yield tuple(Question(criterion=criterion, conversation=conversation, clean=each) for criterion in rubric)


async def sit(
    exam: Exam, arbiter: Arbiter, arbiters: Sequence[str], check: Check, *, concurrency: int,
    answered: Callable[[int], None] = lambda asked: None,
) -> ExamFigures:  # fmt: skip
    """Ask all questions of an exam and grade the answers.

    Args:
        arbiters: fingerprints of the panel, in order. check: the deterministic checks, which sit the same exam.
        answered: hears after every answer how many questions are behind us.
    """
    marks = _Marks(exam, arbiters, check)

    async def work(question: Question) -> tuple[Question, Ruling]:
        return question, await arbiter.ask(question.criterion, question.conversation, question.clean.blueprint)

    async def grade(batch: list[tuple[Question, Ruling]]) -> None:
        for question, ruling in batch:
            marks.add(question, ruling)
        answered(marks.asked)

    open_questions = (question for question in exam.questions() if not marks.closed(question))
    await Ordered(open_questions, work, grade, concurrency=concurrency).run()
    return marks.figures()


class _Marks:
    """The gradings of the panel, of each arbiter alone, and of the checks."""

    def __init__(self, exam: Exam, arbiters: Sequence[str], check: Check) -> None:
        self.exam, self.arbiters, self.check = exam, arbiters, check
        self.panel = self._gradings()
        self.alone = {arbiter: self._gradings() for arbiter in arbiters} if len(arbiters) > 1 else {}
        self.errors: dict[str, list[bool]] = defaultdict(list)
        self.asked = 0

    def _gradings(self) -> dict[str, Grading]:
        controls: dict[str, int] = defaultdict(int)
        names: dict[str, str] = {}
        for question in (question for asked in self.exam.controls for question in asked):
            controls[question.criterion.defect] += 1
            names[question.criterion.defect] = question.criterion.name
        return {
            defect: Grading(
                defect, names.get(defect, defect), planted=len(questions), controls=controls[defect],
                miss_limit=MISS_LIMIT, alarm_limit=ALARM_LIMIT,
            )
            for defect, questions in self.exam.planted.items()
        }  # fmt: skip

    def closed(self, question: Question) -> bool:
        """Whether its class can no longer be licensed."""
        return self.panel[question.criterion.defect].closed

    def add(self, question: Question, ruling: Ruling) -> None:
        defect, there = question.criterion.defect, question.planted is not None
        if self.closed(question):
            return
        self.asked += 1
        _mark(self.panel[defect], there, ruling.found)
        said = {vote.arbiter: bool(vote.defect_found) for vote in ruling.votes}
        for arbiter, gradings in self.alone.items():
            _mark(gradings[defect], there, said.get(arbiter, False))
            self.errors[arbiter].append(said.get(arbiter, False) != there)

    def figures(self) -> ExamFigures:
        least = needed(0, MISS_LIMIT)
        copies = self.exam.planted
        return ExamFigures(
            classes=tuple(grading.licence() for grading in self.panel.values()),
            alone={name: tuple(g.licence() for g in gradings.values()) for name, gradings in self.alone.items()},
            correlations=correlations(self.errors),
            checks={defect: self._checks(questions) for defect, questions in copies.items()},
            alarms=self._alarms(),
            too_few={defect: len(questions) for defect, questions in copies.items() if len(questions) < least},
            least=least,
            asked=self.asked,
        )

    def _checks(self, questions: Sequence[Question]) -> CheckFigures:
        verdicts = [self.check(question.conversation, question.clean) for question in questions]
        kinds = [{defect.kind for defect in verdict.defects if defect.severity != "note"} for verdict in verdicts]
        own = [question.criterion.defect in found for question, found in zip(questions, kinds, strict=True)]
        return CheckFigures(planted=len(questions), found=sum(own), caught=sum(bool(found) for found in kinds))

    def _alarms(self) -> int:
        controls = [asked[0] for asked in self.exam.controls if asked]
        return sum(not self.check(each.conversation, each.clean).passed for each in controls)


def _mark(grading: Grading, there: bool, found: bool) -> None:
    if there:
        grading.planted(found)
    else:
        grading.control(found)


def licence_of(
    figures: ExamFigures, *, arbiters: Sequence[str], tie: str, prompts: Mapping[str, str], rubric: str, domain: str,
    spec: str, examined: str, logprobs: Mapping[str, bool],
) -> Licence:  # fmt: skip
    """The document that says what these arbiters may rule on."""
    return Licence(
        arbiters=tuple(arbiters), tie=tie, prompts=dict(prompts), rubric=rubric, domain=domain, spec=spec,
        examined=examined, miss_limit=MISS_LIMIT, alarm_limit=ALARM_LIMIT, classes=figures.classes,
        correlations=figures.correlations, logprobs=dict(logprobs),
    )  # fmt: skip
