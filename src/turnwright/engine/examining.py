"""`turnwright examine`: clean conversations, the exam, and the licence beside the spec.

Clean conversations come from a finished run, or are written here in the domain's own words, which needs no model: plan
and fill with the test double. Either way only those count that every deterministic check passes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.engine.assemble import open_models
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.events import Answered, Listener, Planting, RunEnded, silent
from turnwright.engine.exam import Clean, Exam, ExamFigures, licence_of, set_exam, sit
from turnwright.engine.guards import panel_of, refuse_own_guard
from turnwright.engine.spec import Spec
from turnwright.errors import Impossible, SpecError
from turnwright.models import Answer, Request, ScriptedClient, Speaker
from turnwright.plan import plan
from turnwright.records import Conversation, Json, Licence, Verdict, content_id
from turnwright.simulate import FillSettings, SimulateSettings, simulate
from turnwright.store import read_run
from turnwright.verify import Arbiter, VerifySettings, guard, verify
from turnwright.verify.licensing import rubric_hash, write_licence

__all__ = ["Examined", "clean_of_design", "clean_of_run", "examine"]

MOST_TRIED = 12
"""Scenarios that are tried per planted copy wanted: some defects have a place in few conversations only."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What an exam came to, and where the licence lies."""

    licence: Licence
    figures: ExamFigures
    path: Path
    clean: int


class _Double:
    """A speaker in the domain's own words."""

    def __init__(self) -> None:
        self._client = ScriptedClient("clean", "obliging", log=False)

    async def ask(self, request: Request) -> Answer:
        reply = await self._client.complete(request)
        return Answer(reply=reply, call_id=content_id("cl", request), model=self._client.fingerprint)


async def clean_of_design(
    domain: Domain, design: Design, spec: Spec, reader: Reader, *, most: int
) -> AsyncIterator[Clean]:
    """Yield conversations in the domain's own words that pass every check, from at most so many scenarios."""
    double: dict[str, Speaker] = {"user": _Double(), "teacher": _Double()}
    settings, checks = SimulateSettings(fill=FillSettings(tries=1)), _strict(spec.verify)
    for ordinal in range(min(most, len(design))):
        scenario = design.scenario(ordinal)
        try:
            blueprint = plan(scenario, domain, spec.plan, dict(design.factors))
        except Impossible:
            continue
        conversation = await simulate(
            blueprint, scenario, domain, double, settings, attempt=0, reader=reader,
            guard=guard(domain, blueprint, scenario, checks),
        )  # fmt: skip
        if verify(conversation, blueprint, scenario, domain, checks, reader=reader).passed:
            yield Clean(conversation=conversation, blueprint=blueprint, scenario=scenario)


async def clean_of_run(folder: Path, domain: Domain, spec: Spec, reader: Reader) -> AsyncIterator[Clean]:
    """Yield the admitted conversations of a run that pass every check.

    Raises:
        InputError: the run was made with another version of the domain.
    """
    with read_run(folder) as run:
        for concluded in run.records.concluded(admitted=True):
            conversation, blueprint, scenario = concluded.conversation, concluded.blueprint, concluded.scenario
            if conversation is None or blueprint is None:
                continue
            if verify(conversation, blueprint, scenario, domain, _strict(spec.verify), reader=reader).passed:
                yield Clean(conversation=conversation, blueprint=blueprint, scenario=scenario)


def _strict(settings: VerifySettings) -> VerifySettings:
    """All checks, whatever the run leaves out: what they would find must not pass for clean."""
    return settings.model_copy(update={"skip": [], "severity": {}})


async def examine(
    spec: Spec,
    base: Path,
    *,
    folder: Path,
    planted: int,
    controls: int,
    source: Path | None = None,
    tell: Listener = silent,
) -> Examined:
    """Examine the spec's panel and write its licence to `arbiter.licence`.

    Args:
        folder: where exams keep their calls, each in a folder of its own; the same exam goes on there.
        planted: copies a class. controls: clean and harmlessly edited conversations.
        source: a run whose admitted conversations are used.

    Raises:
        SpecError: the spec names no arbiter, or one of the teacher's model.
        InputError: too few clean conversations.
    """
    if not spec.roles.arbiter:
        raise SpecError("there is no arbiter to examine", where="roles.arbiter", fix="name one of the models there")
    refuse_own_guard(spec, base)
    domain = domain_of(spec, base)
    reader = Reader(domain)
    clean = _told(_clean(spec, domain, reader, source, most=MOST_TRIED * max(planted, controls)), tell)
    exam = await set_exam(clean, spec.arbiter.rubric, domain, planted=planted, controls=controls, seed=spec.seed)
    figures, licence = await _sat(exam, spec, base, domain, reader, folder, tell)
    path = base / spec.arbiter.licence
    write_licence(path, licence)
    return Examined(licence=licence, figures=figures, path=path, clean=exam.clean)


async def _told(clean: AsyncIterator[Clean], tell: Listener) -> AsyncIterator[Clean]:
    count = 0
    async for each in clean:
        count += 1
        tell(Planting(clean=count))
        yield each


def _clean(spec: Spec, domain: Domain, reader: Reader, source: Path | None, *, most: int) -> AsyncIterator[Clean]:
    if source is not None:
        return clean_of_run(source, domain, spec, reader)
    wide = spec.model_copy(update={"scenarios": most, "seed": spec.seed + 1})
    return clean_of_design(domain, design_of(wide, domain), spec, reader, most=most)


async def _sat(
    exam: Exam, spec: Spec, base: Path, domain: Domain, reader: Reader, folder: Path, tell: Listener
) -> tuple[ExamFigures, Licence]:
    """Let the panel sit the exam, in a folder of the exam's own, and write down what it earned."""
    roles = panel_of(spec.speaking)
    identity = content_id("xm", [question.conversation.id for question in exam.questions()])
    decides: dict[str, Json] = {"exam": identity, "arbiter": spec.arbiter.model_dump(mode="json")}
    count, checks = sum(1 for _ in exam.questions()), _strict(spec.verify)

    def check(conversation: Conversation, each: Clean) -> Verdict:
        return verify(conversation, each.blueprint, each.scenario, domain, checks, reader=reader)

    place = folder / content_id("xm", decides).removeprefix("xm_")[:12]
    async with open_models(spec, base, place, roles, decides, tell) as opened:
        arbiter = Arbiter(domain, opened.speakers, spec.arbiter, None)
        prints = [opened.fingerprints[role] for role in roles]
        figures = await sit(
            exam, arbiter, prints, check, concurrency=spec.run.concurrency,
            answered=lambda asked: tell(Answered(answered=asked, of=count)),
        )  # fmt: skip
        tell(RunEnded(ending="complete"))
        licence = licence_of(
            figures, arbiters=prints, tie=spec.arbiter.tie, prompts=arbiter.prompts,
            rubric=rubric_hash(spec.arbiter.rubric), domain=domain.fingerprint, spec=spec.id,
            examined=datetime.now(UTC).date().isoformat(),
            logprobs={opened.fingerprints[role]: gave for role, gave in arbiter.gave_logprobs.items()},
        )  # fmt: skip
    return figures, licence
