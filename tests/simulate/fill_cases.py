"""What the tests of the fill way share: speakers without a journal, planned blueprints, and running the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from turnwright.domains import STANDARD_FACTORS, Domain
from turnwright.domains.reader import Reader
from turnwright.errors import Impossible
from turnwright.models import Answer, Reply, Request, ScriptedClient
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Persona, Scenario, Step, Turn, content_id, seeded
from turnwright.simulate import FillSettings
from turnwright.simulate.fill import fill


class Speaking:
    """A speaker that asks a client, or a plain function, and keeps what it was asked."""

    def __init__(self, script: str | Callable[[Request], str | Reply]) -> None:
        self.client = ScriptedClient(script=script)
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        reply = await self.client.complete(request)
        return Answer(reply=reply, call_id=content_id("cl", request), model="double")


def scenario_of(domain: Domain, ordinal: int) -> Scenario:
    """A scenario with levels drawn by its ordinal."""
    rng = seeded("case", ordinal)
    factors = {**STANDARD_FACTORS, **domain.spec.factors}
    levels = {name: rng.choice(sorted(factor.levels)) for name, factor in factors.items() if factor.when is None}
    levels.setdefault("intent", rng.choice(sorted(domain.spec.intents)))
    return Scenario(
        ordinal=ordinal, domain=domain.fingerprint, levels=levels, persona=Persona(name="Ada Example"), seed=ordinal
    )


def planned(domain: Domain, count: int) -> list[tuple[Scenario, Blueprint]]:
    """The first blueprints that can be planned."""
    found: list[tuple[Scenario, Blueprint]] = []
    ordinal = 0
    while len(found) < count:
        scenario = scenario_of(domain, ordinal)
        ordinal += 1
        try:
            found.append((scenario, plan(scenario, domain, PlanSettings())))
        except Impossible:
            continue
    return found


def blueprint_of(*steps: Step) -> Blueprint:
    """A blueprint of nothing but these steps."""
    return Blueprint(scenario_id="sc_0", domain="d", intent="i", goal="a goal", outcome="resolved", steps=steps)


def filled(
    domain: Domain,
    blueprint: Blueprint,
    speaker: Speaking,
    *,
    scenario: Scenario | None = None,
    attempt: int = 0,
    reader: Reader | None = None,
    **settings: object,
) -> tuple[Turn, ...]:
    """Fill one blueprint, the same speaker in both roles."""
    return asyncio.run(
        fill(
            blueprint,
            scenario or scenario_of(domain, 0),
            domain,
            {"user": speaker, "teacher": speaker},
            FillSettings.model_validate(settings),
            attempt=attempt,
            reader=reader or Reader(domain),
        )
    )


def said(request: Request) -> str:
    """The line that a request wants said, without its quotes."""
    return request.messages[-1].content.removeprefix("Say: ").strip('"')
