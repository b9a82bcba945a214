"""Export of a run: streams what was admitted out of the run database into the export stage, with its card and views."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, partial

from turnwright import __version__
from turnwright.domains import Domain
from turnwright.engine.batches.words import quarantine_reasons, stop_reasons
from turnwright.engine.debates import debate_figures
from turnwright.engine.fidelity import kept_fidelity
from turnwright.engine.guards import Guards
from turnwright.engine.rollups import model_facts
from turnwright.engine.spec import Spec
from turnwright.engine.tracing import style_sources
from turnwright.export import CardFacts, Kept, Manifest, Written, card, export
from turnwright.export.card import Figure, Likeness
from turnwright.export.licences import UNKNOWN
from turnwright.export.rollup import Rolling, words_of
from turnwright.export.views import RunTold, view_facts, view_files
from turnwright.monitor.page import wording
from turnwright.records.fidelity import Fidelity
from turnwright.store import Run

__all__ = ["export_run", "kept"]

FIGURES = 8
"""Figures of the comparison with the reference that the card shows."""


def kept(run: Run) -> Iterator[Kept]:
    """Stream the admitted conversations of a run with what they were made from, in order of ordinals."""
    for concluded in run.records.concluded(admitted=True):
        assert concluded.blueprint is not None
        assert concluded.conversation is not None
        yield Kept(
            conversation=concluded.conversation,
            scenario=concluded.scenario,
            blueprint=concluded.blueprint,
            admission=concluded.admission,
            draft=concluded.draft,
            council=concluded.council,
            verdict=concluded.verdict,
        )


def export_run(run: Run, domain: Domain, spec: Spec, guards: Guards, models: Mapping[str, str]) -> Manifest:
    """Write the exports of a run into its folder; equal runs give equal bytes.

    Args:
        guards: for the card. models: role → fingerprint.
    """
    facts = _Facts(Rolling({name: source for name, (_, source) in style_sources(run).items()}))
    on_card = cache(partial(facts.told, run, domain, spec, guards, models))

    def views(made: Manifest) -> dict[str, bytes]:
        told = view_facts(made, domain, spec.export, on_card(), _beside(run, spec))
        return view_files(told, spec.export.views)

    return export(
        facts.counting(kept(run)),
        domain,
        spec.export,
        run.folder.exports,
        spec_hash=spec.id,
        card=lambda made: card(made, domain, on_card()),
        views=views,
    )


class _Facts:
    """What the card says about the admitted conversations, counted while they are exported."""

    def __init__(self, rolling: Rolling) -> None:
        self.rolling = rolling
        self.counts: dict[str, Counter[str]] = {"outcome": Counter(), "intent": Counter(), "way": Counter()}
        self.turns: Counter[str] = Counter()
        self.words: Counter[str] = Counter()

    def counting(self, stream: Iterator[Kept]) -> Iterator[Kept]:
        for each in stream:
            self.counts["outcome"][each.blueprint.outcome] += 1
            self.counts["intent"][each.blueprint.intent] += 1
            self.counts["way"][each.conversation.way] += 1
            for turn in each.conversation.turns:
                if turn.text and turn.role != "tool":
                    self.turns[turn.provenance.origin] += 1
                    self.words[turn.provenance.origin] += len(turn.text.split())
            self.rolling.take(words_of(each.conversation))
            yield each

    def told(self, run: Run, domain: Domain, spec: Spec, guards: Guards, models: Mapping[str, str]) -> CardFacts:
        outcomes, verdicts = run.records.outcomes(), run.records.batches.verdicts()
        fidelity = kept_fidelity(run.folder.path, run.records.admitted())
        return CardFacts(
            counts={heading: dict(counted.most_common()) for heading, counted in self.counts.items()},
            origins={
                origin: Written(turns=turns, words=self.words[origin]) for origin, turns in sorted(self.turns.items())
            },
            roles=dict(models),
            guards=guards.table,
            warnings=guards.notices,
            rejected={f"{stage}: {why}": n for (stage, why), n in outcomes.items() if why != "admitted"},
            spec_hash=spec.id,
            views=(spec.export.view,),
            licence=spec.export.licence,
            publisher=spec.export.publisher,
            date=spec.export.date.isoformat() if spec.export.date else "",
            scenarios=spec.scenarios,
            council=_council(run, spec),
            fidelity=likeness(fidelity) if fidelity else None,
            quarantined=quarantine_reasons(verdicts),
            stopped=stop_reasons(verdicts),
            rollup=self.rolling.told(
                models=model_facts(run),
                others=[(f"domain {domain.spec.name}", domain.spec.licence or UNKNOWN)],
            ),
        )


def _beside(run: Run, spec: Spec) -> RunTold:
    """What views say beside the card."""
    head = run.records.log.ledger.head()
    return RunTold(
        seed=spec.seed,
        models=model_facts(run),
        head=f"{head.size}:{head.root}" if head.size else "",
        version=__version__,
    )


def likeness(fidelity: Fidelity) -> Likeness:
    """The comparison with the reference as the card tells it: what differs, else one figure a family."""
    firsts = {one.family: one for one in reversed(fidelity.readings) if one.value is not None}
    shown = wording.of_light(fidelity, "red")[:FIGURES] or list(reversed(firsts.values()))
    return Likeness(
        said=f"{wording.compared(fidelity)} {wording.verdict(fidelity)}",
        figures=tuple(
            Figure(
                title=one.title,
                value=f"{wording.number(one.value)} {one.unit}".strip(),
                interval=wording.span(one.low, one.high),
                floor=wording.span(one.floor.low, one.floor.high) if one.floor else "",
                light=one.light,
            )
            for one in shown
        ),
        left_out=len(wording.unread(fidelity)),
    )


def _council(run: Run, spec: Spec) -> dict[str, int]:
    if not spec.refine.council:
        return {}
    figures = debate_figures(run.records.councils(), spec.lenses)
    return {
        "debates": figures.councils,
        "objections heard": figures.objections,
        "conceded": figures.conceded,
        "rebutted": figures.rebutted,
        "rebuttals overruled": figures.overruled,
        "revisions taken": figures.revisions,
        "revisions refused": sum(figures.refused.values()),
    }
