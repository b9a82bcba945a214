"""What the councils and the arbiter of a run came to, in figures: for the summary, the report and the benchmark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from turnwright.records import Council, LensCost, Round, Usage, Verdict

__all__ = ["DebateFigures", "LensFigures", "RubricFigures", "debate_figures", "rubric_figures"]


class LensFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One lens over all councils: conversations that it looked at, objections raised and upheld, and its price."""

    asked: int
    raised: int
    upheld: int
    usage: Usage


class DebateFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All councils together.

    objections: heard ones; dismissed: why → how many were not heard. conceded, rebutted, unreadable: the teacher's
    stances; overruled: rebuttals that the arbiter did not follow. lapsed: contested objections on which nobody is
    licensed to rule. revisions: taken; refused: why → how many were not. endings: ending → councils.
    spared: tokens that a hopeless draft's unheard lenses would have cost, at their mean price (an estimate).
    """

    councils: int = 0
    changed: int = 0
    rounds: int = 0
    objections: int = 0
    dismissed: dict[str, int] = {}
    conceded: int = 0
    rebutted: int = 0
    unreadable: int = 0
    overruled: int = 0
    lapsed: int = 0
    revisions: int = 0
    refused: dict[str, int] = {}
    endings: dict[str, int] = {}
    lenses: dict[str, LensFigures] = {}
    usage: Usage = Usage()
    spared: int = 0


class RubricFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion over all verdicts: how often it was asked, found, and could not be read."""

    asked: int
    found: int
    unreadable: int


class _Sum:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.dismissed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.lenses: dict[str, LensFigures] = {}
        self.unheard: Counter[str] = Counter()
        self.usage = Usage()

    def add(self, council: Council, panel: Iterable[str]) -> None:
        self.counts.update(councils=1, changed=council.draft_id != council.final_id, rounds=len(council.rounds))
        self.endings[council.ending] += 1
        self.usage = self.usage + council.usage
        for each in council.rounds:
            self.round(each)
        if council.ending == "hopeless":
            heard = {cost.lens for each in council.rounds for cost in each.lenses}
            self.unheard.update(set(panel) - heard)

    def round(self, each: Round) -> None:
        heard = [objection for objection in each.objections if not objection.dismissed]
        self.dismissed.update(objection.dismissed for objection in each.objections if objection.dismissed)
        contested = {response.objection for response in each.responses if response.stance == "rebut"}
        stances = Counter(response.stance for response in each.responses)
        taken = sum(not revision.refused for revision in each.revisions)
        self.refused.update(revision.refused for revision in each.revisions if revision.refused)
        self.counts.update(
            objections=len(heard), conceded=stances["concede"], rebutted=stances["rebut"],
            unreadable=stances["unreadable"], revisions=taken,
            overruled=sum(ruling.found and ruling.question in contested for ruling in each.rulings),
            lapsed=sum(ruling.how == "no_licence" for ruling in each.rulings),
        )  # fmt: skip
        for cost in each.lenses:
            self.lens(cost)

    def lens(self, cost: LensCost) -> None:
        before = self.lenses.get(cost.lens, LensFigures(asked=0, raised=0, upheld=0, usage=Usage()))
        self.lenses[cost.lens] = LensFigures(
            asked=before.asked + 1,
            raised=before.raised + cost.raised,
            upheld=before.upheld + cost.upheld,
            usage=before.usage + cost.usage,
        )


def debate_figures(councils: Iterable[Council], panel: Iterable[str]) -> DebateFigures:
    """Add up councils; `panel` names the lenses that each would have heard."""
    total, names = _Sum(), tuple(panel)
    for council in councils:
        total.add(council, names)
    spared = sum(
        round(count * total.lenses[lens].usage.tokens / total.lenses[lens].asked)
        for lens, count in total.unheard.items()
        if lens in total.lenses
    )
    return DebateFigures(
        **total.counts,
        dismissed=dict(total.dismissed.most_common()),
        refused=dict(total.refused.most_common()),
        endings=dict(total.endings.most_common()),
        lenses=dict(sorted(total.lenses.items())),
        usage=total.usage,
        spared=spared,
    )


def rubric_figures(verdicts: Iterable[Verdict]) -> dict[str, RubricFigures]:
    """Criterion → how it was answered."""
    asked: Counter[str] = Counter()
    found: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for ruling in (ruling for verdict in verdicts for ruling in verdict.rulings):
        asked[ruling.question] += 1
        found[ruling.question] += ruling.found
        unreadable[ruling.question] += ruling.how == "unreadable"
    return {
        name: RubricFigures(asked=count, found=found[name], unreadable=unreadable[name])
        for name, count in sorted(asked.items())
    }
