"""One trial: the student talks with the user model once, is judged, and what happened becomes records.

A side that gives nothing readable ends its trial and no other. Which trials there are, and what they add up to, is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.engine.calls import Tally
from turnwright.engine.spec import Spec
from turnwright.engine.trials.policy import ActPolicy
from turnwright.engine.trials.scoring import Judgement, judged
from turnwright.engine.trials.user import PlannedUser
from turnwright.errors import ReplyUnreadable, RequestRefused, StageError, stage_boundary
from turnwright.models import Answer, Request, Speaker
from turnwright.records import Admission, Blueprint, Conversation, Ending, Failure, Scenario, Turn, Verdict
from turnwright.simulate import SimulateSettings, simulate
from turnwright.store import Concluded
from turnwright.verify import verify

__all__ = ["Case", "Place", "Talk", "TrialKit"]

ROOM = 1.5
"""Turns that a talk may take, as a multiple of its outline's, where the spec's cap on turns is lower."""

REASONS = {ReplyUnreadable: "unreadable", RequestRefused: "refused", StageError: "fault"}
"""What ended a trial → the beginning of its reason; the role that spoke last is the end of it."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that is tried, with its blueprint."""

    scenario: Scenario
    blueprint: Blueprint


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One trial to be held. Trials of one number come together, so that a larger K only adds to the end."""

    ordinal: int
    case: Case
    trial: int


class TrialKit(msgspec.Struct, frozen=True, kw_only=True):
    """What all trials share.

    speakers: the roles `user` and `teacher`, of which the student plays the second. Without the first, users go by
    their blueprints; without the second, `policy` chooses acts.
    """

    spec: Spec
    domain: Domain
    reader: Reader
    speakers: Mapping[str, Speaker]
    policy: ActPolicy | None = None


class Talk:
    """One trial: the talk, what was made of it, and the records that are kept.

    Every trial keeps records of its own, so scenario and blueprint get its ordinal; the talk itself is drawn from
    the blueprint as it was planned and the number of the trial, so that it does not depend on K.
    """

    def __init__(self, kit: TrialKit, place: Place) -> None:
        self.kit, self.place = kit, place
        self.scenario = msgspec.structs.replace(place.case.scenario, ordinal=place.ordinal)
        self.blueprint = msgspec.structs.replace(place.case.blueprint, scenario_id=self.scenario.id)
        self.tally = Tally(kit.speakers)
        self.turns: tuple[Turn, ...] = ()
        self.spoke = ""

    async def held(self) -> Concluded:
        """Talk and judge. A talk that breaks off is a failed trial, with what there is of it.

        Raises:
            ModelError, CapReached: what no trial can mend.
        """
        try:
            with stage_boundary("trial", self.scenario.id):
                conversation = await self.talked()
                verdict, judgement = self.verdict(conversation), self.judgement(conversation)
        except (ReplyUnreadable, RequestRefused, StageError) as error:
            return self.broken(error)
        return self.concluded(conversation, verdict, judgement)

    def broken(self, error: ReplyUnreadable | RequestRefused | StageError) -> Concluded:
        who = "student" if self.spoke == "teacher" else "user"
        judgement = Judgement(succeeded=False, reason=f"{REASONS[type(error)]}_{who}", detail=str(error))
        failure = Failure(
            scenario_id=self.scenario.id, stage="simulate", error=type(error).__name__, message=str(error)
        )
        return self.concluded(self.mine(self.turns, "stopped") if self.turns else None, None, judgement, (failure,))

    async def talked(self) -> Conversation:
        kit, case = self.kit, self.place.case
        sides = dict(self.tally.speakers)
        if "user" not in sides:
            sides["user"] = PlannedUser(case.blueprint, kit.domain, kit.reader)
        if kit.policy is not None:
            sides["teacher"] = kit.policy.speaker(case.blueprint.facts)
        speakers = {role: _Noted(role, speaker, self) for role, speaker in sides.items()}
        interplay = kit.spec.simulate.interplay
        cap = max(interplay.turn_cap, round(ROOM * len(case.blueprint.steps)))
        settings = SimulateSettings(way="interplay", interplay=interplay.model_copy(update={"turn_cap": cap}))
        talk = await simulate(
            case.blueprint, case.scenario, kit.domain, speakers, settings,
            attempt=self.place.trial, reader=kit.reader, guard=self.hear,
        )  # fmt: skip
        return self.mine(talk.turns, talk.ending)

    def hear(self, turns: tuple[Turn, ...]) -> None:
        """Keep the turns so far: they are what is left of a talk that breaks off."""
        self.turns = turns

    def mine(self, turns: tuple[Turn, ...], ending: Ending) -> Conversation:
        return Conversation(
            scenario_id=self.scenario.id,
            blueprint_id=self.blueprint.id,
            domain=self.kit.domain.fingerprint,
            way="interplay",
            turns=turns,
            ending=ending,
            attempt=self.place.trial,
        )

    def verdict(self, conversation: Conversation) -> Verdict:
        kit = self.kit
        return verify(conversation, self.blueprint, self.scenario, kit.domain, kit.spec.verify, reader=kit.reader)

    def judgement(self, conversation: Conversation) -> Judgement:
        return judged(conversation, self.blueprint, self.scenario, self.kit.domain, self.kit.spec.verify)

    def concluded(
        self,
        conversation: Conversation | None,
        verdict: Verdict | None,
        judgement: Judgement,
        failures: tuple[Failure, ...] = (),
    ) -> Concluded:
        """The records of this trial; success stands as admission."""
        admission = Admission(
            ordinal=self.place.ordinal,
            scenario_id=self.scenario.id,
            blueprint_id=self.blueprint.id,
            conversation_id=conversation.id if conversation else "",
            verdict_id=verdict.id if verdict else "",
            admitted=judgement.succeeded,
            stage="admit" if judgement.succeeded else "simulate" if failures else "verify",
            reason="admitted" if judgement.succeeded else judgement.reason,
            detail=judgement.detail,
            usage=self.tally.usage,
            spent=self.tally.spent,
        )
        return Concluded(
            scenario=self.scenario,
            blueprint=self.blueprint,
            conversation=conversation,
            verdict=verdict,
            admission=admission,
            failures=failures,
        )


class _Noted:
    """A speaker that notes who spoke last, so that a talk that breaks off names who broke it."""

    def __init__(self, role: str, speaker: Speaker, talk: Talk) -> None:
        self._role, self._speaker, self._talk = role, speaker, talk

    async def ask(self, request: Request) -> Answer:
        self._talk.spoke = self._role
        return await self._speaker.ask(request)
