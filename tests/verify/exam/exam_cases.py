"""Clean conversations for exams: planned, filled by the obliging double, and passed by every check."""

from __future__ import annotations

import asyncio
from functools import lru_cache

import msgspec

from turnwright.design import DesignSettings, design
from turnwright.domains import STANDARD_CONSTRAINTS, STANDARD_FACTORS, Domain
from turnwright.domains.reader import Reader
from turnwright.errors import Impossible
from turnwright.models import Answer, Request, ScriptedClient
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Conversation, Scenario, content_id
from turnwright.simulate import FillSettings
from turnwright.simulate.fill import fill
from turnwright.verify import VerifySettings, verify
from turnwright.verify.exam.planting import Original, Planted, plant

STRICT = VerifySettings(stop_early=False)


class Clean(msgspec.Struct, frozen=True):
    """A clean conversation with everything that it was made from."""

    domain: Domain
    scenario: Scenario
    blueprint: Blueprint
    conversation: Conversation

    @property
    def original(self) -> Original:
        return Original(self.conversation, self.blueprint, self.scenario, self.domain)

    def planted(self, defect: str, rng: object) -> Planted | None:
        return plant(defect, self.conversation, self.blueprint, self.scenario, self.domain, rng)  # type: ignore[arg-type]

    def kinds(self, conversation: Conversation) -> set[str]:
        """The defect classes that the checks find in a copy."""
        verdict = verify(conversation, self.blueprint, self.scenario, self.domain, STRICT)
        return {defect.kind for defect in verdict.defects}


class Obliging:
    """A speaker that asks the scripted client, without a journal."""

    def __init__(self) -> None:
        self.client = ScriptedClient(script="obliging")

    async def ask(self, request: Request) -> Answer:
        return Answer(reply=await self.client.complete(request), call_id=content_id("cl", request), model="double")


@lru_cache(maxsize=8)
def clean(domain: Domain, count: int, seed: int = 7) -> tuple[Clean, ...]:
    """Up to `count` clean conversations, as a design of this domain draws their scenarios."""
    factors = {**STANDARD_FACTORS, **domain.spec.factors}
    scenarios = design(
        DesignSettings(), domain.spec.factors, [*STANDARD_CONSTRAINTS, *domain.spec.constraints],
        domain=domain.fingerprint, seed=seed, count=count * 2, standard_factors=STANDARD_FACTORS,
        intents=list(domain.spec.intents),
    )  # fmt: skip
    reader, found = Reader(domain), []
    for ordinal in range(len(scenarios)):
        case = _case(domain, scenarios.scenario(ordinal), factors, reader)
        if case is not None and not case.kinds(case.conversation):
            found.append(case)
        if len(found) == count:
            break
    return tuple(found)


def _case(domain: Domain, scenario: Scenario, factors: dict[str, object], reader: Reader) -> Clean | None:
    try:
        blueprint = plan(scenario, domain, PlanSettings(), factors)  # type: ignore[arg-type]
    except Impossible:
        return None
    speaker = Obliging()
    speakers = {"user": speaker, "teacher": speaker}
    turns = asyncio.run(fill(blueprint, scenario, domain, speakers, FillSettings(), attempt=0, reader=reader))
    conversation = Conversation(
        scenario_id=scenario.id,
        blueprint_id=blueprint.id,
        domain=domain.fingerprint,
        way="fill",
        turns=turns,
        ending="abandoned" if blueprint.outcome == "abandoned" else "complete",
    )
    return Clean(domain, scenario, blueprint, conversation)
