"""What a run came to, read from its database: the figures that are printed at its end and by `status`."""

from __future__ import annotations

from collections import Counter

import msgspec

from turnwright.engine.batches.words import quarantine_reasons
from turnwright.engine.debates import DebateFigures, RubricFigures, debate_figures, rubric_figures
from turnwright.engine.guards import panel_of
from turnwright.records import Admission, Conversation, Usage
from turnwright.store import Run

__all__ = ["Abort", "StageCost", "Summary", "summarise"]


class Abort(msgspec.Struct, frozen=True, kw_only=True):
    """Simulations that a fatal finding ended early.

    saved: tokens that they would have cost beyond what they did, at the mean price of a simulation that was
    finished; an estimate from `finished` of them, 0 where there is none to compare with.
    """

    aborted: int = 0
    spent: Usage = Usage()
    finished: int = 0
    saved: int = 0


class StageCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage was paid: in all, and for attempts and scenarios that were turned down."""

    spent: Usage
    wasted: Usage


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run.

    planned: scenarios concluded that got a blueprint. simulated: those that got a conversation.
    rejected: (stage, reason) → count. turns: origin → number of user and assistant text turns in admitted
    conversations. tries: model texts sampled for them. usage: role → what was paid. stages: stage → what was paid.
    debates: the councils. rubric: criterion → the arbiter's answers.
    quarantined: why a gate keeps conversations out of the set → how many; they are among the rejected.
    seconds: model time, added up over calls (they overlap).
    """

    scenarios: int
    concluded: int
    planned: int
    simulated: int
    admitted: int
    rejected: dict[str, int]
    turns: dict[str, int]
    tries: int
    asked: int
    usage: dict[str, Usage]
    spent_on_rejects: Usage
    stages: dict[str, StageCost]
    abort: Abort
    debates: DebateFigures
    rubric: dict[str, RubricFigures]
    seconds: float
    quarantined: dict[str, int] = {}

    @property
    def total(self) -> Usage:
        """All roles together."""
        return sum(self.usage.values(), Usage())

    @property
    def tries_per_turn(self) -> float:
        """Texts sampled per turn for which a model was asked."""
        return self.tries / self.asked if self.asked else 0.0


def summarise(run: Run, scenarios: int, lenses: tuple[str, ...] = ()) -> Summary:
    """Read the figures; one pass over the admitted conversations. `lenses`: the council's, in the spec's order."""
    outcomes = run.records.outcomes()
    rejected = {f"{stage}: {reason}": n for (stage, reason), n in sorted(outcomes.items()) if reason != "admitted"}
    concluded = sum(outcomes.values())
    unplanned = sum(n for (stage, _), n in outcomes.items() if stage == "plan")
    broken = sum(n for (stage, _), n in outcomes.items() if stage == "simulate")
    count = _Count()
    for conversation in run.records.conversations(admitted=True):
        count.add(conversation)
    usage = run.journal.totals()
    # rulings cost calls: where no arbiter was paid, there is no verdict worth reading again
    judged = run.records.verdicts() if panel_of(usage) else ()
    paid = _Paid(frozenset(run.records.batches.ordinals()))
    for admission in run.records.admissions():
        paid.add(admission)
    return Summary(
        scenarios=scenarios,
        concluded=concluded,
        planned=concluded - unplanned,
        simulated=concluded - unplanned - broken,
        admitted=run.records.admitted(),
        rejected=rejected,
        turns=dict(count.origins),
        tries=count.tries,
        asked=count.asked,
        usage=usage,
        spent_on_rejects=paid.rejects,
        stages=paid.stages(),
        abort=paid.abort(),
        debates=debate_figures(run.records.councils(), lenses),
        rubric=rubric_figures(judged),
        seconds=run.journal.seconds(),
        quarantined=quarantine_reasons(run.records.batches.verdicts()),
    )


ABORTED = "simulate_aborted"


class _Paid:
    """Adds up what the scenarios paid, stage by stage."""

    def __init__(self, quarantined: frozenset[int]) -> None:
        self.quarantined = quarantined
        self.spent: dict[str, Usage] = {}
        self.wasted: dict[str, Usage] = {}
        self.rejects = Usage()
        self.aborted = self.finished = 0

    def add(self, admission: Admission) -> None:
        for stage, usage in admission.spent.items():
            self.spent[stage] = self.spent.get(stage, Usage()) + usage
        for stage, usage in admission.wasted.items():
            self.wasted[stage] = self.wasted.get(stage, Usage()) + usage
        if not admission.admitted or admission.ordinal in self.quarantined:
            self.rejects = self.rejects + admission.usage
        self.aborted += admission.aborted
        self.finished += (admission.attempts - admission.aborted) if admission.stage != "plan" else 0

    def stages(self) -> dict[str, StageCost]:
        nothing = Usage()
        joined: dict[str, StageCost] = {}
        for name in self.spent:
            stage = "simulate" if name == ABORTED else name
            before = joined.get(stage, StageCost(spent=nothing, wasted=nothing))
            wasted = self.wasted.get(name, nothing)
            joined[stage] = StageCost(spent=before.spent + self.spent[name], wasted=before.wasted + wasted)
        order = ["simulate", "refine", "verify"]
        return {stage: joined[stage] for stage in sorted(joined, key=order.index)}

    def abort(self) -> Abort:
        spent, whole = self.spent.get(ABORTED, Usage()), self.spent.get("simulate", Usage())
        mean = whole.tokens / self.finished if self.finished else 0.0
        saved = max(0, round(self.aborted * mean - spent.tokens)) if self.aborted else 0
        return Abort(aborted=self.aborted, spent=spent, finished=self.finished, saved=saved)


class _Count:
    def __init__(self) -> None:
        self.origins: Counter[str] = Counter()
        self.tries = self.asked = 0

    def add(self, conversation: Conversation) -> None:
        for turn in conversation.turns:
            if turn.text and turn.role != "tool":
                self.origins[turn.provenance.origin] += 1
                self.tries += turn.provenance.tries
                self.asked += turn.provenance.tries > 0
