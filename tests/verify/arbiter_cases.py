"""What the tests of the arbiter share: speakers without a journal, replies with probabilities, and marked copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from bank_cases import Case

from turnwright.errors import RequestRefused
from turnwright.models import Answer, Reply, Request, ScriptedClient, TokenLogprob
from turnwright.records import content_id
from turnwright.verify.arbiter import Arbiter
from turnwright.verify.defects import DEFECTS
from turnwright.verify.rubric import RUBRIC, ArbiterSettings, CriterionSpec
from turnwright.verify.transcript import transcript

CRITERIA = {criterion.defect: criterion for criterion in RUBRIC}
ALL = frozenset(CRITERIA)

Script = Callable[[Request], str | Reply]


class Speaking:
    """A speaker that asks a client, or a plain function, and keeps what it was asked."""

    def __init__(self, script: str | Script, model: str = "double", *, logprobs: bool = True) -> None:
        self.client = ScriptedClient(script=script)
        self.model, self.logprobs = model, logprobs
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        if request.logprobs and not self.logprobs:
            raise RequestRefused("status 400: logprobs are not supported", where=self.model)
        reply = await self.client.complete(request)
        return Answer(reply=reply, call_id=content_id("cl", (self.model, request)), model=self.model)

    @property
    def questions(self) -> list[str]:
        """The question of every request, without the chat before it."""
        return [question_of(request) for request in self.asked]


def question_of(request: Request) -> str:
    """The question at the end of a request."""
    return request.messages[-1].content.rpartition("QUESTION: ")[2].partition("\n")[0]


def chat_of(request: Request) -> str:
    """What a request shows before its question."""
    return request.messages[-1].content.rpartition("\n\nQUESTION: ")[0]


def thinking(said: str, **shares: float) -> Reply:
    """A reply whose first word has these probabilities."""
    top = tuple((word, math.log(share)) for word, share in shares.items())
    return Reply(text=said, logprobs=(TokenLogprob(said, math.log(shares[said]), top),))


def arbiter_of(case: Case, *speakers: Speaking, licensed: frozenset[str] | None = ALL, **settings: Any) -> Arbiter:
    """An arbiter over the case's domain, with these speakers as its panel."""
    panel = {f"{number}:{speaker.model}": speaker for number, speaker in enumerate(speakers)}
    return Arbiter(case.domain, panel, ArbiterSettings.model_validate(settings), licensed)


def shown(case: Case) -> str:
    """The case as an arbiter sees it."""
    return transcript(case.conversation, case.blueprint, case.domain).text


def marked(case: Case, number: int, what: str = "") -> Case:
    """A copy of its own: one turn of the assistant says something more."""
    return case.adding(case.last("assistant"), f"Remark {number}{' on ' + what if what else ''}.")


def perfect(known: Mapping[str, str]) -> Script:
    """An arbiter that knows which defect stands in which transcript, and sees none elsewhere."""
    about = {criterion.asks: criterion.defect for criterion in RUBRIC}
    return lambda request: "Yes" if known.get(chat_of(request)) == about[question_of(request)] else "No"


def fine(defect: str, asks: str) -> CriterionSpec:
    """A criterion whose yes means that nothing is wrong."""
    return CriterionSpec(name=f"{defect}_fine", asks=asks, defect=defect, says_yes="fine")


assert set(CRITERIA) <= set(DEFECTS)
