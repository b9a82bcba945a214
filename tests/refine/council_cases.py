"""What the tests of the council share: a draft in a shop, speakers that are functions, and running the debate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from turnwright.domains import Domain, realise
from turnwright.domains.reader import Reader
from turnwright.errors import Impossible, ReplyUnreadable
from turnwright.models import Answer, Reply, Request, Speaker
from turnwright.plan import PlanSettings, plan
from turnwright.records import (
    Blueprint,
    Conversation,
    Objection,
    Persona,
    Provenance,
    Ruling,
    Scenario,
    Step,
    Turn,
    Usage,
    Verdict,
    content_id,
    seeded,
)
from turnwright.refine import Refined, RefineSettings, refine
from turnwright.verify import VerifySettings, verify

Script = Callable[[Request], str | None]
TURN = re.compile(r"^\[(\d+)\] (?:customer|assistant): (.*)$", re.MULTILINE)


class Voice:
    """A speaker that is a function of the request; None is a reply that cannot be read at all."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        text = self.script(request)
        if text is None:
            raise ReplyUnreadable("planned")
        usage = Usage(calls=1, prompt_tokens=100, completion_tokens=len(text.split()))
        return Answer(reply=Reply(text=text, usage=usage), call_id=content_id("cl", request), model="voice")


class Arbiter:
    """A rule that always says the same, or what a function says; remembers what it was asked."""

    def __init__(self, found: bool | Callable[[Objection], bool] = True) -> None:
        self.found = found if callable(found) else lambda _: bool(found)
        self.asked: list[tuple[Conversation, Objection, str]] = []

    async def __call__(self, conversation: Conversation, objection: Objection, argument: str) -> Ruling:
        self.asked.append((conversation, objection, argument))
        found = self.found(objection)
        return Ruling(question=objection.id, defect=objection.defect, found=found, how="vote", turns=objection.turns)


class Case(msgspec.Struct, frozen=True):
    """A draft with everything that it was made from."""

    domain: Domain
    scenario: Scenario
    blueprint: Blueprint
    draft: Conversation
    reader: Reader

    def at(self, act: str) -> int:
        """The first turn with this act."""
        return next(i for i, turn in enumerate(self.draft.turns) if act in turn.acts)

    def saying(self, index: int, text: str) -> Case:
        """The same with other words in one turn."""
        turns = list(self.draft.turns)
        turns[index] = msgspec.structs.replace(turns[index], text=text)
        return msgspec.structs.replace(self, draft=msgspec.structs.replace(self.draft, turns=tuple(turns)))

    def check(self, conversation: Conversation) -> Verdict:
        strict = VerifySettings(stop_early=False)
        return verify(conversation, self.blueprint, self.scenario, self.domain, strict, self.reader)

    async def refined(
        self,
        teacher: Speaker,
        critics: Speaker | None = None,
        rule: Arbiter | None = None,
        order: Sequence[str] = (),
        check: Callable[[Conversation], Verdict] | None = None,
        **settings: object,
    ) -> Refined:
        speakers = {"teacher": teacher} if critics is None else {"teacher": teacher, "critics": critics}
        return await refine(
            self.draft,
            (check or self.check)(self.draft),
            self.blueprint,
            self.scenario,
            self.domain,
            speakers,
            RefineSettings.model_validate(settings),
            reader=self.reader,
            check=check or self.check,
            rule=rule or Arbiter(),
            order=order,
        )


def case_of(domain: Domain, reader: Reader) -> Case:
    """A clean draft of a refund that is confirmed and made."""
    for seed in range(200):
        scenario = Scenario(
            ordinal=seed, domain=domain.fingerprint, levels={"intent": "refund"}, persona=Persona(name="Ada"), seed=seed
        )
        try:
            blueprint = plan(scenario, domain, PlanSettings(join=0.0))
        except Impossible:
            continue
        if blueprint.outcome == "resolved" and len(blueprint.calls) == 2:
            return Case(domain, scenario, blueprint, _conversation(blueprint, scenario, domain), reader)
    raise AssertionError("the shop has no refund that is made")


def _conversation(blueprint: Blueprint, scenario: Scenario, domain: Domain) -> Conversation:
    return Conversation(
        scenario_id=scenario.id,
        blueprint_id=blueprint.id,
        domain=domain.fingerprint,
        way="fill",
        turns=tuple(_spoken(step, domain, scenario.seed + i) for i, step in enumerate(blueprint.steps)),
    )


def _spoken(step: Step, domain: Domain, seed: int) -> Turn:
    if step.call is not None:
        return Turn(role="assistant", acts=step.acts, call=step.call, provenance=Provenance(origin="template"))
    if step.result is not None:
        return Turn(role="tool", result=step.result, provenance=Provenance(origin="tool"), trainable=False)
    text = realise(domain, step, seeded("words", seed))
    made = Provenance(origin="template")
    return Turn(role=step.role, acts=step.acts, mentions=step.mentions, text=text, provenance=made)


def objects(
    turn: int, quote: str, defect: str, claim: str = "it is wrong", change: str = "mend it"
) -> dict[str, object]:
    return {"turns": [turn], "quote": quote, "defect": defect, "claim": claim, "change": change}


def is_critic(request: Request) -> bool:
    return "objections" in (request.json_schema or {})["properties"]


def lens_of(request: Request) -> str:
    """The lens that a critic is asked for."""
    found = re.search(r"You are the critic for one thing only: ([a-z ]+)\.", request.messages[-1].content)
    return found.group(1).replace(" ", "_") if found else ""


def critic(objections: Mapping[str, Sequence[object]] | Callable[[Request], Sequence[object]]) -> Voice:
    """A critic that says the same of every draft: lens → objections."""

    def script(request: Request) -> str:
        said = objections(request) if callable(objections) else objections.get(lens_of(request), ())
        return json.dumps({"objections": list(said)})

    return Voice(script)


def concedes(replacement: str, **more: str) -> Voice:
    return Voice(lambda _: json.dumps({"scratchpad": "think", "stance": "concede", "replacement": replacement, **more}))


def rebuts(argument: str, mended: str = "") -> Voice:
    """A teacher that rebuts, and gives these words when it is overruled."""

    def script(request: Request) -> str:
        if "stance" in (request.json_schema or {})["properties"]:
            return json.dumps({"scratchpad": "private doubt", "stance": "rebut", "argument": argument})
        return json.dumps({"scratchpad": "so be it", "replacement": mended})

    return Voice(script)


def turns_of(request: Request) -> dict[int, str]:
    """The words of the draft as the request shows it: number → text."""
    return {int(number): text for number, text in TURN.findall(request.messages[-1].content)}
