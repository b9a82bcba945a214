"""The whole flow on one page: Scenario → Blueprint → Conversation → council → Verdict → Admission.

    design ─► plan ─► simulate ─► refine ─► verify ─► admit ─► (run database) ─► export

Every stage adds a record and edits none. A scenario that cannot be planned, a simulation that breaks and a
conversation with a defect all end as rejections with a reason; only a fault of endpoint, disk or cap ends the run.
What is cheap comes first: deterministic checks, then one critic, then the panel, then the arbiter's rubric.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from turnwright.admit import Signature
from turnwright.engine.calls import Tally
from turnwright.engine.cascade import Order
from turnwright.engine.events import Concluded as ConcludedEvent
from turnwright.engine.events import Simulating
from turnwright.engine.guards import panel_of
from turnwright.engine.kit import Kit
from turnwright.engine.privacy import kept_private, refusal
from turnwright.errors import Impossible, ReplyUnreadable, RequestRefused, StageError, stage_boundary
from turnwright.plan import plan
from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Council,
    Failure,
    Objection,
    Ruling,
    Scenario,
    Stage,
    Usage,
    Verdict,
)
from turnwright.refine import refine
from turnwright.simulate import simulate
from turnwright.store import Concluded
from turnwright.verify import guard, verify

__all__ = ["Made", "admit", "make"]

Broken = ReplyUnreadable | RequestRefused | StageError


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one scenario before admission; `ended` is the stage where it went wrong, or `admit`.

    draft: the conversation before its council, where that changed it. councils, drafts: of all attempts.
    earlier: attempts that verification turned down before the last.
    spent: stage → what was paid; wasted: what of it went into attempts that were turned down.
    aborted: attempts that a fatal finding ended in mid-simulation.
    """

    scenario: Scenario
    blueprint: Blueprint | None = None
    draft: Conversation | None = None
    conversation: Conversation | None = None
    verdict: Verdict | None = None
    ended: Stage = "admit"
    reason: str = ""
    detail: str = ""
    failures: tuple[Failure, ...] = ()
    councils: tuple[Council, ...] = ()
    earlier: tuple[tuple[Conversation, Verdict], ...] = ()
    drafts: tuple[Conversation, ...] = ()
    spent: dict[str, Usage] = {}
    wasted: dict[str, Usage] = {}
    attempts: int = 0
    aborted: int = 0


async def make(scenario: Scenario, kit: Kit, order: Order) -> Made:
    """Plan, simulate, refine and verify one scenario, again (with other seeds) while verification finds defects."""
    try:
        with stage_boundary("plan", scenario.id):
            blueprint = plan(scenario, kit.domain, kit.spec.plan, kit.factors)
    except Impossible as why:
        return Made(scenario=scenario, ended="plan", reason=why.code, detail=why.what)
    except StageError as error:
        return _broken(Made(scenario=scenario), "plan", error)
    made = Made(scenario=scenario, blueprint=blueprint)
    making = _Making(scenario, blueprint, kit, order)
    wasted: dict[str, Usage] = {}
    for attempt in range(1 if making.companions else kit.spec.attempts):
        kit.tell(Simulating(ordinal=scenario.ordinal, attempt=attempt))
        made = await making.attempt(made, attempt)
        if made.verdict is not None and made.verdict.passed:
            break
        wasted = dict(making.tally.spent)
    made = msgspec.structs.replace(made, spent=making.tally.spent, wasted=wasted)
    return kept_private(made, kit.spec.privacy.personal_data, kit.domain)


class _Making:
    """The attempts at one scenario: what they share."""

    def __init__(self, scenario: Scenario, blueprint: Blueprint, kit: Kit, order: Order) -> None:
        self.scenario, self.blueprint, self.kit, self.order = scenario, blueprint, kit, order
        self.companions = _companions(scenario, kit)
        self.tally = Tally(kit.speakers, free=bool(self.companions) and self.companions[0][0].id != scenario.id)
        self.arbiter = kit.arbiter.through(panel_of(self.tally.speakers))

    async def attempt(self, made: Made, attempt: int) -> Made:
        """One simulation, its council and its verification."""
        made = msgspec.structs.replace(_turned_down(made), attempts=attempt + 1)
        stage: Stage = "simulate"
        try:
            with stage_boundary("simulate", self.scenario.id):
                draft = await self.simulated(attempt)
            made = msgspec.structs.replace(made, aborted=made.aborted + (draft.ending == "stopped"))
            stage = "verify"
            verdict = self.checked(draft)
            made = msgspec.structs.replace(made, conversation=draft, verdict=verdict)
            stage = "refine"
            made = await self.debated(made, draft, verdict)
            stage = "verify"
            return await self.judged(made)
        except (ReplyUnreadable, RequestRefused, StageError) as error:
            return _broken(made, stage, error)

    async def simulated(self, attempt: int) -> Conversation:
        kit, tally = self.kit, self.tally
        tally.stage, before = "simulate", tally.spent.get("simulate", Usage())
        draft = await simulate(
            self.blueprint, self.scenario, kit.domain, tally.speakers, kit.spec.simulate,
            attempt=attempt, reader=kit.reader, companions=self.companions,
            guard=guard(kit.domain, self.blueprint, self.scenario, kit.spec.verify),
        )  # fmt: skip
        if draft.ending == "stopped":
            tally.move(before, "simulate", "simulate_aborted")
        return draft

    def checked(self, conversation: Conversation) -> Verdict:
        """The deterministic checks."""
        kit = self.kit
        with stage_boundary("verify", self.scenario.id):
            return verify(conversation, self.blueprint, self.scenario, kit.domain, kit.spec.verify, reader=kit.reader)

    async def debated(self, made: Made, draft: Conversation, verdict: Verdict) -> Made:
        """Let the council debate the draft, where the spec has one."""
        kit = self.kit
        if not kit.spec.refine.council:
            return made
        self.tally.stage = "refine"
        with stage_boundary("refine", self.scenario.id):
            refined = await refine(
                draft, verdict, self.blueprint, self.scenario, kit.domain, self.tally.speakers, kit.spec.refine,
                reader=kit.reader, check=self.checked, rule=self.ruled, order=self.order.lenses,
                severities=kit.guards.severities,
            )  # fmt: skip
        changed = refined.conversation.id != draft.id
        council = refined.council
        if changed and kit.spec.arbiter.confirm_pairs:
            preferred = await self.arbiter.prefer(draft, refined.conversation, self.blueprint)
            council = msgspec.structs.replace(council, preferred=preferred)
        verdict = self.checked(refined.conversation) if changed else verdict
        return msgspec.structs.replace(
            made,
            draft=draft if changed else None,
            conversation=refined.conversation,
            verdict=msgspec.structs.replace(verdict, defects=(*verdict.defects, *refined.defects)),
            councils=(*made.councils, council),
        )

    async def ruled(self, conversation: Conversation, objection: Objection, argument: str) -> Ruling:
        """Have a contested objection ruled on: by a licensed arbiter, else by the check that finds the class."""
        guards = self.kit.guards
        if objection.defect in guards.checked - guards.licensed:
            found = [defect for defect in self.checked(conversation).defects if defect.kind == objection.defect]
            return Ruling(
                question=objection.id, defect=objection.defect, found=bool(found), how="check",
                turns=found[0].turns if found else (), evidence=found[0].evidence if found else "",
            )  # fmt: skip
        return await self.arbiter.rule(conversation, self.blueprint, objection, argument)

    async def judged(self, made: Made) -> Made:
        """Put what the checks found nothing in to the arbiter's rubric."""
        if made.conversation is None or made.verdict is None or not made.verdict.passed:
            return made
        self.tally.stage = "verify"
        with stage_boundary("verify", self.scenario.id):
            verdict = await self.arbiter.judge(made.conversation, self.blueprint, made.verdict, self.order.criteria)
        return msgspec.structs.replace(made, verdict=verdict)


def _companions(scenario: Scenario, kit: Kit) -> tuple[tuple[Scenario, Blueprint], ...]:
    """The scenarios that share a prompt with this one, itself among them; none where each has its own.

    Their conversations come out of one call, so the first of them pays, and nobody tries again alone.
    """
    if kit.spec.simulate.way != "naive":
        return ()
    size = kit.spec.simulate.naive.batch
    first = scenario.ordinal - scenario.ordinal % size
    group = []
    for ordinal in range(first, min(first + size, len(kit.course))):
        companion = kit.course.scenario(ordinal)
        with suppress(Impossible):
            group.append((companion, plan(companion, kit.domain, kit.spec.plan, kit.factors)))
    return tuple(group)


def _turned_down(made: Made) -> Made:
    """Put the last attempt among the earlier ones: a new one takes its place."""
    earlier, drafts = made.earlier, made.drafts
    if made.conversation is not None and made.verdict is not None:
        earlier = (*earlier, (made.conversation, made.verdict))
    if made.draft is not None:
        drafts = (*drafts, made.draft)
    return msgspec.structs.replace(
        made, earlier=earlier, drafts=drafts, draft=None, conversation=None, verdict=None,
        ended="admit", reason="", detail="",
    )  # fmt: skip


def _broken(made: Made, stage: Stage, error: Broken) -> Made:
    """Keep an error as data, so that the siblings go on."""
    cause = type(error.__cause__ or error).__name__
    failure = Failure(scenario_id=made.scenario.id, stage=stage, error=cause, message=str(error))
    return msgspec.structs.replace(
        _turned_down(made), ended=stage, reason=f"error_{cause}", detail=str(error),
        failures=(*made.failures, failure),
    )  # fmt: skip


def admit(made: Made, kit: Kit) -> tuple[Concluded, Signature | None]:
    """Say the last word on one scenario. Must be called in order of ordinals: novelty and cascade look back."""
    signature = None
    usage = sum(made.spent.values(), Usage())
    personal = refusal(made, kit.spec.privacy.personal_data, kit.domain)
    if personal:
        made = msgspec.structs.replace(made, ended="admit", reason="personal_data", detail=personal)
    if not personal and made.conversation is not None and made.verdict is not None and made.blueprint is not None:
        admission, signature = kit.gate.consider(
            made.conversation, made.scenario, made.verdict, made.blueprint,
            usage=usage, attempts=made.attempts, ordinal=made.scenario.ordinal,
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
            conversation_id=made.conversation.id if made.conversation else "",
            verdict_id=made.verdict.id if made.verdict else "",
            usage=usage,
            attempts=made.attempts,
        )
    concluded = Concluded(
        scenario=made.scenario,
        blueprint=made.blueprint,
        draft=made.draft,
        conversation=made.conversation,
        verdict=made.verdict,
        admission=admission,
        failures=made.failures,
        councils=made.councils,
        earlier=made.earlier,
        drafts=made.drafts,
    )
    admission = msgspec.structs.replace(
        admission,
        council_id=concluded.council.id if concluded.council else "",
        spent=made.spent,
        wasted=made.wasted if admission.admitted else made.spent,
        aborted=made.aborted,
    )
    kit.cascade.learn(admission.ordinal, made.councils, made.verdict)
    kit.tell(ConcludedEvent(admission=admission))
    return msgspec.structs.replace(concluded, admission=admission), signature
