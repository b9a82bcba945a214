"""The exam gives licences as they are deserved: all to who sees everything, none to the blind or the suspicious."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from turnwright.domains import load_domain
from turnwright.domains.reader import Reader
from turnwright.engine import ExamFigures, load_spec
from turnwright.engine.assemble import design_of
from turnwright.engine.exam import Clean, Exam, set_exam, sit
from turnwright.engine.examining import clean_of_design
from turnwright.errors import InputError
from turnwright.models import Answer, Request, ScriptedClient, Speaker
from turnwright.models.scripts import Script
from turnwright.records import Conversation, Verdict, content_id
from turnwright.verify import RUBRIC, Arbiter, ArbiterSettings, CriterionSpec, VerifySettings, verify
from turnwright.verify.transcript import transcript

FIXTURES = Path(__file__).parents[1] / "fixtures"
ASKED = ("wrong_value", "false_promise", "rudeness", "unanswered")
SPEC = """\
domain: {domain}
scenarios: 400
seed: 5
models: {{double: {{kind: scripted}}}}
roles: {{user: double, teacher: double}}
"""


class Asked:
    """A scripted arbiter without a journal."""

    def __init__(self, name: str, script: str | Script) -> None:
        self.client = ScriptedClient(name, script, log=False)

    async def ask(self, request: Request) -> Answer:
        reply = await self.client.complete(request)
        return Answer(reply=reply, call_id=content_id("cl", request), model=self.client.fingerprint)


class Sitting:
    """An exam on the mini shop, and who sits it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "factory.yaml"
        path.write_text(SPEC.format(domain=FIXTURES / "mini_shop"))
        self.spec = load_spec(path)
        self.domain = load_domain(self.spec.domain, folder)
        self.reader = Reader(self.domain)
        self.rubric = [criterion for criterion in RUBRIC if criterion.defect in ASKED]

    def clean(self, most: int = 400) -> AsyncIterator[Clean]:
        return clean_of_design(self.domain, design_of(self.spec, self.domain), self.spec, self.reader, most=most)

    async def set(self, planted: int = 59, controls: int = 29) -> Exam:
        return await set_exam(self.clean(), self.rubric, self.domain, planted=planted, controls=controls, seed=1)

    async def sit(self, exam: Exam, *arbiters: Asked, concurrency: int = 4) -> ExamFigures:
        panel: dict[str, Speaker] = {each.client.fingerprint: each for each in arbiters}
        arbiter = Arbiter(self.domain, panel, ArbiterSettings(rubric=self.rubric), None)
        return await sit(exam, arbiter, list(panel), self.check, concurrency=concurrency)

    def check(self, conversation: Conversation, each: Clean) -> Verdict:
        settings = VerifySettings()
        return verify(conversation, each.blueprint, each.scenario, self.domain, settings, reader=self.reader)

    def knowing(self, exam: Exam) -> Script:
        """An arbiter that knows which copies have which defect."""
        there = {
            (transcript(question.conversation, question.clean.blueprint, self.domain).text, question.criterion.asks)
            for question in exam.questions()
            if question.planted is not None
        }

        def answer(request: Request) -> str:
            asked = request.messages[-1].content
            return "Yes" if any(text in asked and asks in asked for text, asks in there) else "No"

        return answer


@pytest.fixture
def sitting(tmp_path: Path) -> Sitting:
    return Sitting(tmp_path)


async def test_who_sees_everything_is_licensed_for_everything(sitting: Sitting) -> None:
    exam = await sitting.set()
    figures = await sitting.sit(exam, Asked("perfect", sitting.knowing(exam)))
    assert {each.defect for each in figures.classes if each.licensed} == set(ASKED)
    assert all((each.planted, each.missed, each.controls, each.alarms) == (59, 0, 29, 0) for each in figures.classes)
    assert all(each.miss_bound <= 0.05 and each.alarm_bound <= 0.10 for each in figures.classes)


@pytest.mark.parametrize("script", ["blind", "suspicious", "silent", "garbage", "echo"])
async def test_who_is_blind_suspicious_or_talks_nonsense_is_licensed_for_nothing(sitting: Sitting, script: str) -> None:
    exam = await sitting.set()
    figures = await sitting.sit(exam, Asked("bad", script))
    assert not [each.defect for each in figures.classes if each.licensed]
    assert figures.asked < sum(1 for _ in exam.questions()) / 10


async def test_who_goes_by_length_is_licensed_for_nothing(sitting: Sitting) -> None:
    def biased(request: Request) -> str:
        return "Yes" if len(request.messages[-1].content) % 2 else "No"

    figures = await sitting.sit(await sitting.set(), Asked("biased", biased))
    assert not [each.defect for each in figures.classes if each.licensed]


async def test_the_licence_does_not_depend_on_concurrency(sitting: Sitting) -> None:
    def forgetful(request: Request) -> str:
        return "Yes" if sum(map(ord, request.messages[-1].content)) % 20 else "No"

    exam = await sitting.set()
    one, many = [await sitting.sit(exam, Asked("f", forgetful), concurrency=n) for n in (1, 16)]
    assert one == many


async def test_a_panel_is_examined_as_it_votes_and_each_arbiter_alone(sitting: Sitting) -> None:
    exam = await sitting.set()
    perfect, blind = Asked("perfect", sitting.knowing(exam)), Asked("blind", "blind")
    other = Asked("other", sitting.knowing(exam))
    figures = await sitting.sit(exam, perfect, blind, other)
    assert {each.defect for each in figures.classes if each.licensed} == set(ASKED)
    assert [sum(each.licensed for each in classes) for classes in figures.alone.values()] == [len(ASKED), 0, len(ASKED)]
    # who never errs, and who errs as one man, has no correlation
    assert [pair.phi for pair in figures.correlations] == [None, None, None]


async def test_the_checks_sit_the_same_exam(sitting: Sitting) -> None:
    figures = await sitting.sit(await sitting.set(), Asked("blind", "blind"))
    found = {defect: (check.found, check.planted) for defect, check in figures.checks.items()}
    assert found["wrong_value"] == (59, 59)
    assert found["rudeness"] == (0, 59)
    assert figures.alarms == 0


async def test_too_few_clean_conversations_say_how_many_are_needed(sitting: Sitting) -> None:
    with pytest.raises(InputError, match=r"clean conversations are too few.*59 are needed.*93 with one"):
        await set_exam(sitting.clean(20), sitting.rubric, sitting.domain, planted=59, controls=29, seed=1)


async def test_a_class_that_nothing_is_planted_for_gets_no_licence(sitting: Sitting) -> None:
    sitting.rubric.append(CriterionSpec(name="own", asks="Is the chat in another language?", defect="wrong_language"))
    exam = await sitting.set()
    figures = await sitting.sit(exam, Asked("suspicious", "suspicious"))
    assert figures.too_few == {"wrong_language": 0}
    assert not [each for each in figures.classes if each.licensed]
