"""Making the versions: simulate and verify each once, through the journal, and measure what came out.

One attempt a version: trying again until verification is content would hide what it was content with less often. No
council for the same reason. A version whose simulation breaks is an outcome: a model that refuses to answer to one
group only is what an audit is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from turnwright.engine.audit.records import Outcome, Version
from turnwright.engine.concurrency import Ordered
from turnwright.engine.events import Concluded, RunEnded, RunStarted
from turnwright.engine.kit import Kit
from turnwright.errors import ReplyUnreadable, RequestRefused, StageError, stage_boundary
from turnwright.monitor.bias import Seen, Signs, measured
from turnwright.records import Admission, Blueprint, Conversation, Scenario, Verdict
from turnwright.simulate import simulate
from turnwright.verify import Arbiter, guard, verify

__all__ = ["judge", "regenerate"]

REFUSED_IN_A_ROW = 5


async def regenerate(kit: Kit, versions: Sequence[tuple[Scenario, Version]], signs: Signs) -> list[Outcome]:
    """Make all versions, in their order.

    Raises:
        ModelError: an endpoint stayed down, or refuses everything; finished calls are in the journal.
        CapReached: a cap was met.
    """
    made: list[Outcome] = []

    async def work(item: tuple[Scenario, Version]) -> Outcome:
        return await _outcome(kit, *item, signs)

    async def conclude(batch: list[Outcome]) -> None:
        for outcome in batch:
            made.append(outcome)
            kit.tell(Concluded(admission=_admission(outcome, len(made) - 1)))
        _watch(made)

    kit.tell(RunStarted(scenarios=len(versions), done=0))
    await Ordered(iter(versions), work, conclude, concurrency=kit.spec.run.concurrency).run()
    kit.tell(RunEnded(ending="complete"))
    return made


async def _outcome(kit: Kit, scenario: Scenario, version: Version, signs: Signs) -> Outcome:
    base = {**scenario.persona.traits, **scenario.levels}
    try:
        with stage_boundary("simulate", version.scenario.id):
            conversation = await _simulated(kit, version)
        verdict = await judge(kit, kit.arbiter, conversation, version.blueprint, version.scenario)
    except (ReplyUnreadable, RequestRefused, StageError) as error:
        lost = {"success": 0.0, "admitted": 0.0}
        return Outcome(version=version, base=base, measured=lost, broken=f"{type(error).__name__}: {error}")
    seen = Seen(conversation=conversation, blueprint=version.blueprint, verdict=verdict, signs=signs)
    return Outcome(
        version=version, base=base, conversation=conversation, verdict=verdict, measured=measured(seen)
    )  # fmt: skip


async def _simulated(kit: Kit, version: Version) -> Conversation:
    scenario, blueprint = version.scenario, version.blueprint
    return await simulate(
        blueprint, scenario, kit.domain, kit.speakers, kit.spec.simulate, attempt=0, reader=kit.reader,
        guard=guard(kit.domain, blueprint, scenario, kit.spec.verify),
    )  # fmt: skip


async def judge(
    kit: Kit, arbiter: Arbiter, conversation: Conversation, blueprint: Blueprint, scenario: Scenario
) -> Verdict:
    """The deterministic checks, and the arbiter where they found nothing: what admission rests on."""
    with stage_boundary("verify", scenario.id):
        verdict = verify(conversation, blueprint, scenario, kit.domain, kit.spec.verify, reader=kit.reader)
        return await arbiter.judge(conversation, blueprint, verdict) if verdict.passed else verdict


def _admission(outcome: Outcome, ordinal: int) -> Admission:
    """What listeners hear; nothing is admitted to any set here."""
    passed = outcome.verdict is not None and outcome.verdict.passed
    worst = outcome.verdict.worst if outcome.verdict else None
    return Admission(
        ordinal=ordinal, scenario_id=outcome.version.scenario.id, admitted=passed,
        stage="verify" if outcome.verdict else "simulate",
        reason="admitted" if passed else worst.kind if worst else "broken",
    )  # fmt: skip


def _watch(made: Sequence[Outcome]) -> None:
    """A wrong key or model name refuses every call: that is no finding about users."""
    first = made[:REFUSED_IN_A_ROW]
    if len(first) == REFUSED_IN_A_ROW and all(one.broken.startswith(RequestRefused.__name__) for one in first):
        raise RequestRefused(
            f"the first {REFUSED_IN_A_ROW} conversations were refused, whoever the user was: {first[-1].broken}",
            fix="check model name, key and settings; then run the same command again",
        )
