"""The whole flow on one page: Scenario → Blueprint → Conversation → Verdict → Admission.

    design ─► plan ─► simulate ─► verify ─► admit ─► (run database) ─► export

Every stage adds a record and edits none. A scenario that cannot be planned, a simulation that breaks and a
conversation with a defect all end as rejections with a reason; only a fault of endpoint, disk or cap ends the run.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from turnwright.admit import Signature
from turnwright.engine.calls import Tally
from turnwright.engine.events import Concluded as ConcludedEvent
from turnwright.engine.events import Simulating
from turnwright.engine.kit import Kit
from turnwright.errors import Impossible, ReplyUnreadable, RequestRefused, StageError, stage_boundary
from turnwright.plan import plan
from turnwright.records import Admission, Blueprint, Conversation, Failure, Scenario, Stage, Usage, Verdict
from turnwright.simulate import simulate
from turnwright.store import Concluded
from turnwright.verify import guard, verify

__all__ = ["Made", "admit", "make"]

Broken = ReplyUnreadable | RequestRefused | StageError


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one scenario before admission; `ended` is the stage where it went wrong, or `admit`.

    earlier: attempts that verification turned down before the last.
    spent: stage → what was paid; wasted: what of it went into attempts that were turned down.
    aborted: attempts that a fatal finding ended in mid-simulation.
    """

    scenario: Scenario
    blueprint: Blueprint | None = None
    conversation: Conversation | None = None
    verdict: Verdict | None = None
    ended: Stage = "admit"
    reason: str = ""
    detail: str = ""
    failures: tuple[Failure, ...] = ()
    earlier: tuple[tuple[Conversation, Verdict], ...] = ()
    spent: dict[str, Usage] = {}
    wasted: dict[str, Usage] = {}
    attempts: int = 0
    aborted: int = 0


async def make(scenario: Scenario, kit: Kit) -> Made:
    """Plan, simulate and verify one scenario, again (with other seeds) while verification finds defects."""
    try:
        with stage_boundary("plan", scenario.id):
            blueprint = plan(scenario, kit.domain, kit.spec.plan, kit.factors)
    except Impossible as why:
        return Made(scenario=scenario, ended="plan", reason=why.code, detail=why.what)
    except StageError as error:
        return _broken(Made(scenario=scenario), "plan", error)
    made = Made(scenario=scenario, blueprint=blueprint)
    companions = _companions(scenario, kit)
    tally = Tally(kit.speakers, free=bool(companions) and companions[0][0].id != scenario.id)
    wasted: dict[str, Usage] = {}
    for attempt in range(1 if companions else kit.spec.attempts):
        kit.tell(Simulating(ordinal=scenario.ordinal, attempt=attempt))
        made = await _attempt(made, blueprint, kit, tally, attempt, companions)
        if made.verdict is not None and made.verdict.passed:
            break
        wasted = dict(tally.spent)
    return msgspec.structs.replace(made, spent=tally.spent, wasted=wasted)


def _companions(scenario: Scenario, kit: Kit) -> tuple[tuple[Scenario, Blueprint], ...]:
    """The scenarios that share a prompt with this one, itself among them; none where each has its own.

    Their conversations come out of one call, so the first of them pays, and nobody tries again alone.
    """
    if kit.spec.simulate.way != "naive":
        return ()
    size = kit.spec.simulate.naive.batch
    first = scenario.ordinal - scenario.ordinal % size
    group = []
    for ordinal in range(first, min(first + size, len(kit.design))):
        companion = kit.design.scenario(ordinal)
        with suppress(Impossible):
            group.append((companion, plan(companion, kit.domain, kit.spec.plan, kit.factors)))
    return tuple(group)


async def _attempt(
    made: Made,
    blueprint: Blueprint,
    kit: Kit,
    tally: Tally,
    attempt: int,
    companions: tuple[tuple[Scenario, Blueprint], ...],
) -> Made:
    """One simulation and its verification."""
    tally.stage = "simulate"
    before = tally.spent.get("simulate", Usage())
    scenario, checks = made.scenario, kit.spec.verify
    watch = guard(kit.domain, blueprint, scenario, checks)
    try:
        with stage_boundary("simulate", scenario.id):
            conversation = await simulate(
                blueprint, scenario, kit.domain, tally.speakers, kit.spec.simulate,
                attempt=attempt, reader=kit.reader, guard=watch, companions=companions,
            )  # fmt: skip
        with stage_boundary("verify", scenario.id):
            verdict = verify(conversation, blueprint, scenario, kit.domain, checks, reader=kit.reader)
    except (ReplyUnreadable, RequestRefused, StageError) as error:
        return _broken(msgspec.structs.replace(made, attempts=attempt + 1), "simulate", error)
    aborted = conversation.ending == "stopped"
    if aborted:
        tally.move(before, "simulate", "simulate_aborted")
    return msgspec.structs.replace(
        made, conversation=conversation, verdict=verdict, attempts=attempt + 1, ended="admit", reason="", detail="",
        earlier=_with_last(made), aborted=made.aborted + aborted,
    )  # fmt: skip


def _with_last(made: Made) -> tuple[tuple[Conversation, Verdict], ...]:
    """The attempts so far, the last one among them: a new one takes its place."""
    if made.conversation is None or made.verdict is None:
        return made.earlier
    return (*made.earlier, (made.conversation, made.verdict))


def _broken(made: Made, stage: Stage, error: Broken) -> Made:
    """Keep an error as data, so that the siblings go on."""
    cause = type(error.__cause__ or error).__name__
    failure = Failure(scenario_id=made.scenario.id, stage=stage, error=cause, message=str(error))
    return msgspec.structs.replace(
        made, ended=stage, reason=f"error_{cause}", detail=str(error), failures=(*made.failures, failure),
        conversation=None, verdict=None, earlier=_with_last(made),
    )  # fmt: skip


def admit(made: Made, kit: Kit) -> tuple[Concluded, Signature | None]:
    """Say the last word on one scenario. Must be called in order of ordinals: novelty looks back."""
    signature = None
    if made.conversation is not None and made.verdict is not None and made.blueprint is not None:
        admission, signature = kit.gate.consider(
            made.conversation, made.scenario, made.verdict, made.blueprint,
            usage=sum(made.spent.values(), Usage()), attempts=made.attempts, ordinal=made.scenario.ordinal,
        )  # fmt: skip
    else:
        admission = Admission(
            ordinal=made.scenario.ordinal,
            scenario_id=made.scenario.id,
            blueprint_id=made.blueprint.id if made.blueprint else "",
            admitted=False,
            stage=made.ended,
            reason=made.reason,
            detail=made.detail,
            usage=sum(made.spent.values(), Usage()),
            attempts=made.attempts,
        )
    admission = msgspec.structs.replace(
        admission, spent=made.spent, wasted=made.wasted if admission.admitted else made.spent, aborted=made.aborted
    )
    kit.tell(ConcludedEvent(admission=admission))
    concluded = Concluded(
        scenario=made.scenario,
        blueprint=made.blueprint,
        conversation=made.conversation,
        verdict=made.verdict,
        admission=admission,
        failures=made.failures,
        earlier=made.earlier,
    )
    return concluded, signature
