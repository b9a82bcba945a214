"""Simulated evaluation: a student talks with the user model in the domain's world, several times a scenario.

The spec's scenarios are planned as for a run; then the student plays the assistant, blind to the blueprint, and is
judged by what it did. Trials are kept as a run of their own, in which success stands as admission: `turnwright show`
and `status` read it, the same command goes on with it, and calls come from its journal, so that nothing is paid
twice. No exports are made: what a student says is not for others to learn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.engine.assemble import OpenModels, open_models
from turnwright.engine.calls import JournaledSpeaker
from turnwright.engine.catalogue import ELAPSED
from turnwright.engine.concurrency import Ordered
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.events import Concluded as ConcludedEvent
from turnwright.engine.events import Listener, RunEnded, RunStarted, Simulating, silent
from turnwright.engine.spec import Spec
from turnwright.engine.trials.figures import Trial, TrialFigures, figures_of
from turnwright.engine.trials.scoring import needs_nothing, of_role
from turnwright.engine.trials.students import Candidate
from turnwright.engine.trials.talk import Case, Place, Talk, TrialKit
from turnwright.engine.trials.user import PLANNED
from turnwright.errors import CapReached, Impossible, InputError, ModelError, RequestRefused, TurnwrightError
from turnwright.models import AdaptiveLimit, RetryPolicy, Speaker
from turnwright.plan import plan
from turnwright.records import Json, Usage
from turnwright.store import Concluded, RunDatabase

__all__ = ["TrialReport", "Trials", "cases_of", "run_trials"]

REFUSED_IN_A_ROW = 5
STUDENT = {"teacher": "student", "student": "student"}
"""The role under which a student's calls are booked → what readers call it."""


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the trials came to. student, user: which models. left_out: why scenarios were not tried → how many.

    usage: role → what was paid over the life of the folder. repeats: K, as it was asked for.
    """

    student: str
    user: str
    domain: str
    ending: Literal["complete", "capped"]
    folder: str
    repeats: int
    left_out: dict[str, int]
    figures: TrialFigures
    usage: dict[str, Usage]
    notes: tuple[str, ...] = ()


def cases_of(spec: Spec, domain: Domain) -> tuple[list[Case], dict[str, int]]:
    """Plan the spec's scenarios; returns those that can be tried, and why the others cannot → how many.

    A user who leaves early decides alone in which state the world is left, so there is nothing to succeed in.
    """
    made, cases, left_out = design_of(spec, domain), [], Counter[str]()
    for ordinal in range(len(made)):
        scenario = made.scenario(ordinal)
        try:
            blueprint = plan(scenario, domain, spec.plan, dict(made.factors))
        except Impossible:
            left_out["cannot be planned"] += 1
            continue
        if blueprint.outcome == "abandoned":
            left_out["the user leaves early"] += 1
        else:
            cases.append(Case(scenario=scenario, blueprint=blueprint))
    return cases, dict(left_out)


async def run_trials(
    spec: Spec, base: Path, candidate: Candidate, *, folder: Path, trials: int, user: str = "", tell: Listener = silent
) -> TrialReport:
    """Let the student talk with the user model, `trials` times a scenario, or go on with it.

    Args:
        spec: its design gives the scenarios, its role `user` the user model, `simulate.interplay` how they talk.
        base: the folder that its paths are relative to. folder: where the trials are kept.
        trials: K; it may grow from one call to the next, all else must stay.
        user: another model of the spec for this role, or `planned`: no model, the words of the domain.

    Raises:
        InputError: something given is wrong; nothing was written.
        ModelError: an endpoint stayed down; the same call goes on.
    """
    if trials < 1:
        raise InputError(f"{trials} trials a scenario are none", fix="give at least one")
    user = user or spec.roles.user
    if user != PLANNED and user not in spec.models:
        raise InputError(f"there is no model '{user}' in the spec", fix=f"one of: {', '.join([*spec.models, PLANNED])}")
    domain = domain_of(spec, base)
    cases, left_out = cases_of(spec, domain)
    if not cases:
        raise InputError(
            f"none of {spec.scenarios:,} scenarios can be tried ({_said(left_out)})", fix="ask for more scenarios"
        )
    async with _opened(spec, base, folder, candidate, user, domain, trials, tell) as (opened, speakers, student):
        run, played = opened.run, opened.fingerprints.get("user", PLANNED)
        kit = TrialKit(spec=spec, domain=domain, reader=Reader(domain), speakers=speakers, policy=candidate.policy)
        ending = await Trials(kit, cases, run.records, trials=trials, tell=tell).run()
        await run.records.put_meta(ELAPSED, f"{opened.budget.elapsed:.1f}".encode())
        kept = list(_kept(run.records, cases, domain, len(cases) * trials))
        if not kept:
            raise CapReached("the cap was met before one trial was over", where=str(folder), fix="raise the cap")
        return TrialReport(
            student=student,
            user=played,
            domain=domain.fingerprint,
            ending=ending,
            folder=str(folder),
            repeats=trials,
            left_out=left_out,
            figures=figures_of(kept, most=trials, seed=spec.seed),
            usage={STUDENT.get(role, role): usage for role, usage in run.journal.totals().items()},
            notes=tuple(_notes(student, played, candidate)),
        )


@asynccontextmanager
async def _opened(
    spec: Spec, base: Path, folder: Path, candidate: Candidate, user: str, domain: Domain, trials: int, tell: Listener
) -> AsyncIterator[tuple[OpenModels, dict[str, Speaker], str]]:
    """Open user model, student and folder; yields them with the student's fingerprint."""
    roles = {role: name for role, name in (("user", user), ("teacher", candidate.model)) if name in spec.models}
    spec = spec.model_copy(update={"roles": spec.roles.model_copy(update=roles)})  # whose prices are paid
    client = candidate.client
    decides: dict[str, Json] = {
        **spec.model_dump(mode="json", by_alias=True, include={"design", "seed", "plan", "verify"}),
        "interplay": spec.simulate.interplay.model_dump(mode="json"),
        "trials": {"scenarios": spec.scenarios, "user": user, "student": candidate.fingerprint},
        "domain_files": domain.fingerprint,
        "run": {"trials": trials},
    }
    async with open_models(spec, base, folder, roles, decides, tell) as opened:
        speakers: dict[str, Speaker] = dict(opened.speakers)
        if client is None:
            yield opened, speakers, opened.fingerprints.get("teacher", candidate.fingerprint)
            return
        try:
            speakers["teacher"] = JournaledSpeaker(
                "student", client, opened.run.journal, limit=AdaptiveLimit(start=1, ceiling=1), retry=RetryPolicy(),
                budget=opened.budget, tell=tell, keep_requests=spec.run.keep_requests,
            )  # fmt: skip
            yield opened, speakers, client.fingerprint
        finally:
            await client.close()


class Trials:
    """Holds the trials that a folder lacks, as many at once as the spec says, concluded in order."""

    def __init__(self, kit: TrialKit, cases: list[Case], records: RunDatabase, *, trials: int, tell: Listener) -> None:
        self.kit, self.cases, self.records, self.tell = kit, cases, records, tell
        self.first, self.count = records.done_up_to(), len(cases) * trials
        self.halted: TurnwrightError | None = None
        self.refused = 0
        self.ordered: Ordered[Place, Concluded] = Ordered(
            self.places(), self.work, self.conclude, concurrency=kit.spec.run.concurrency
        )

    async def run(self) -> Literal["complete", "capped"]:
        """Hold them all.

        Raises:
            ModelError: an endpoint stayed down, or refuses every request.
        """
        self.tell(RunStarted(scenarios=self.count, done=min(self.first, self.count)))
        await self.ordered.run()
        if self.halted is not None and not isinstance(self.halted, CapReached):
            raise self.halted
        ending: Literal["complete", "capped"] = "capped" if self.halted else "complete"
        self.tell(RunEnded(ending=ending))
        return ending

    def places(self) -> Iterator[Place]:
        for ordinal in range(self.first, self.count):
            trial, number = divmod(ordinal, len(self.cases))
            yield Place(ordinal=ordinal, case=self.cases[number], trial=trial)

    async def work(self, place: Place) -> Concluded | None:
        """Hold one trial; what no trial can mend stops them all and leaves this one open."""
        self.tell(Simulating(ordinal=place.ordinal, attempt=place.trial))
        try:
            concluded = await Talk(self.kit, place).held()
        except (CapReached, ModelError) as error:
            self.halt(error)
            return None
        self.watch_refusals(concluded)
        return concluded

    def halt(self, error: TurnwrightError) -> None:
        self.halted = self.halted or error
        self.ordered.stop()

    def watch_refusals(self, concluded: Concluded) -> None:
        """A wrong key or a context that is too short refuses every call: that says nothing about the student."""
        failure = concluded.failures[-1] if concluded.failures else None
        self.refused = self.refused + 1 if failure and failure.error == RequestRefused.__name__ else 0
        if self.refused >= REFUSED_IN_A_ROW and failure is not None:
            fix = "check model, key and `context`; then name a new folder"
            self.halt(RequestRefused(f"{self.refused} trials in a row were refused: {failure.message}", fix=fix))

    async def conclude(self, batch: list[Concluded]) -> None:
        for concluded in batch:
            self.tell(ConcludedEvent(admission=concluded.admission))
        await asyncio.gather(*(self.records.conclude(concluded) for concluded in batch))


def _kept(records: RunDatabase, cases: list[Case], domain: Domain, count: int) -> Iterator[Trial]:
    """The first so many trials of a folder, as the figures need them."""
    for concluded in records.concluded():
        admission = concluded.admission
        if admission.ordinal >= count:
            return
        trial, number = divmod(admission.ordinal, len(cases))
        turns = concluded.conversation.turns if concluded.conversation else ()
        verdict = concluded.verdict
        yield Trial(
            ordinal=admission.ordinal,
            scenario=number,
            trial=trial,
            conversation_id=admission.conversation_id,
            succeeded=admission.admitted,
            reason="" if admission.admitted else admission.reason,
            detail=admission.detail,
            flawless=verdict is not None and not of_role(verdict, turns, "assistant"),
            user_erred=bool(verdict and of_role(verdict, turns, "user")) or admission.reason.endswith("_user"),
            idle=needs_nothing(cases[number].blueprint, domain),
            said=sum(turn.role == "user" for turn in turns),
            calls=sum(turn.call is not None for turn in turns),
            levels={**concluded.scenario.levels, "outcome": cases[number].blueprint.outcome},
            usage=admission.usage,
        )


def _notes(student: str, user: str, candidate: Candidate) -> Iterator[str]:
    if user == PLANNED:
        yield "the user is no model: it answers by its blueprint in the domain's words, so people will be harder"
    if candidate.policy:
        yield (
            "the student chooses acts: words are the domain's, arguments are filled by its flows, and values in the "
            "user's words are read by comparing with the scenario's facts"
        )
    if student == user:
        yield "student and user are the same model; their roles and prompts differ, their weaknesses do not"
    yield "scenarios are the spec's: a student that learnt from a run of it with the same seed has met them before"


def _said(left_out: dict[str, int]) -> str:
    return ", ".join(f"{why}: {count}" for why, count in left_out.items())
