"""What views are told in tests: an export of which everything is known, and one of which nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from export_samples import kept, plain, some

from turnwright.domains import Domain
from turnwright.export import CardFacts, ExportSettings, Guard, Kept, Manifest, Written, export
from turnwright.export.card import Figure, Likeness
from turnwright.export.licences import worst_case
from turnwright.export.rollup import ModelFacts, Rollup, Share, SourceShare, TeacherShare
from turnwright.export.views import RunTold, ViewFacts, view_facts, view_files
from turnwright.records import Provenance
from turnwright.records.provenance import HumanSource

CARD = CardFacts(
    counts={"way": {"fill": 30, "naive": 10}},
    origins={
        "human": Written(turns=8, words=40),
        "model": Written(turns=30, words=120),
        "template": Written(turns=10, words=40),
    },
    roles={"user": "small@1", "teacher": "big@1", "arbiter": "judge@1", "arbiter_2": "judge@2"},
    guards=(Guard(defect="wrong_value", guarded_by="check values"), Guard(defect="rudeness", detail="no arbiter")),
    rejected={"verify: wrong_value": 7},
    quarantined={"tails": 3},
    spec_hash="sp_known",
    licence="cc-by-4.0",
    scenarios=47,
    council={"revisions taken": 12},
    fidelity=Likeness(said="It differs in one figure.", figures=(Figure(title="Tail retention", value="0.8"),)),
)
SMALL = ModelFacts(licence="Apache-2.0")
ROLLUP = Rollup(
    conversations=40,
    origins={"human": Share(turns=8, tokens=50), "model": Share(turns=30, tokens=150)},
    human_only=0,
    mixed=8,
    sources=(SourceShare(dataset="talks.jsonl", licence="cc-by-sa-4.0", conversations=8, turns=8),),
    teachers=(
        TeacherShare(model="big@1", turns=20, tokens=110),
        TeacherShare(model="small@1", turns=10, tokens=40, facts=SMALL),
    ),
    worst=worst_case([("talks.jsonl", "cc-by-sa-4.0")]),
)
CARD = msgspec.structs.replace(CARD, rollup=ROLLUP)
RUN = RunTold(
    seed=11,
    models={"small@1": SMALL},
    head="47:00ff",
    version="1.2.3",
)
KNOWN: dict[str, Any] = {"publisher": "Ada Ltd", "url": "https://example.org/set", "date": "2026-11-23"}


def facts_of(manifest: Manifest, shop: Domain, *, known: bool = True) -> ViewFacts:
    if known:
        return view_facts(manifest, shop, ExportSettings(licence="cc-by-4.0", **KNOWN), CARD, RUN)
    return view_facts(manifest, shop, ExportSettings(), CardFacts())


def exported(shop: Domain, folder: Path, *, known: bool = True, count: int = 30, **settings: Any) -> Manifest:
    """Write an export with all views of a whole set, unless the settings say otherwise."""
    chosen = ExportSettings(**settings)

    def views(made: Manifest) -> dict[str, bytes]:
        return view_files(facts_of(made, shop, known=known), chosen.views)

    return export(some(count), shop, chosen, folder, views=views)


def mixed(number: int) -> Kept:
    """A conversation with a person's words, words that a person edited, and a model's."""
    turns = list(plain())
    talks = HumanSource(dataset="talks.jsonl", licence="cc-by-sa-4.0", record="ex_1", consent="by form 7")
    human = Provenance(origin="human", source=talks)
    edited = Provenance(origin="human-edited", parents=("tn_before",))
    turns[0] = msgspec.structs.replace(turns[0], provenance=human)
    turns[3] = msgspec.structs.replace(turns[3], provenance=edited)
    return kept(number, tuple(turns))
