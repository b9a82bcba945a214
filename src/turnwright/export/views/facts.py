"""What every view is told: one struct, made from what an export knows, so that no two views can say different things.

It holds facts of the run and of the spec, nothing else. What neither knows is empty (or None) here, and every view
prints it as `unknown`. No words of any conversation come in here.
"""

from __future__ import annotations

import msgspec

from turnwright.domains import Domain
from turnwright.export.card import CardFacts, Guard, Likeness, Written
from turnwright.export.manifest import ExportedFile, Manifest
from turnwright.export.markdown import UNKNOWN
from turnwright.export.rollup import ModelFacts, Rollup, SourceShare, TeacherShare
from turnwright.export.settings import ExportSettings
from turnwright.records import content_id

__all__ = ["HUMAN", "MODEL", "UNKNOWN", "RunTold", "ViewFacts", "said", "view_facts"]

HUMAN = frozenset({"human", "human-edited"})
"""Origins of words that people wrote."""

MODEL = frozenset({"model", "model-edited"})
"""Origins of words that a model wrote."""


class RunTold(msgspec.Struct, frozen=True, kw_only=True):
    """What only the run can tell, beside what stands on its card.

    seed: of the spec. models: fingerprint → what is known of that model. head: size and root of the ledger as
    `SIZE:ROOT`, empty where the run keeps none. version: of turnwright.
    """

    seed: int | None = None
    models: dict[str, ModelFacts] = {}
    head: str = ""
    version: str = ""


class ViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that views say of one set. Empty text and None mean that the run does not know.

    id: content id of the exported files. domain: fingerprint; source, domain_licence: as the domain states them.
    publisher, url, date: as `export` in the spec states them (a run knows no date of its own).
    scenarios: how many were designed. rejected: reason → how many. ways: way of simulation → conversations.
    origins: origin → turns and words, tool results left out. rollup: the same in tokens, with sources, licences and
    the models that wrote. roles: role → model. models: fingerprint → what is known of it. files: of training data.
    """

    id: str
    title: str
    summary: str
    language: str
    domain: str
    source: str
    domain_licence: str
    tools: tuple[str, ...]
    licence: str
    publisher: str
    url: str
    date: str
    spec: str
    seed: int | None
    version: str
    head: str
    conversations: int
    scenarios: int | None
    splits: dict[str, int]
    rejected: dict[str, int] | None
    quarantined: dict[str, int]
    ways: dict[str, int]
    origins: dict[str, Written]
    rollup: Rollup | None
    roles: dict[str, str]
    models: dict[str, ModelFacts]
    guards: tuple[Guard, ...]
    council: dict[str, int] | None
    likeness: Likeness | None
    files: tuple[ExportedFile, ...]
    left_out: dict[str, dict[str, int]]

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that have files, each once, by name."""
        return tuple(sorted({file.format for file in self.files}))

    @property
    def words(self) -> int | None:
        """Words in the set; None where their origins are not known."""
        return sum(one.words for one in self.origins.values()) if self.origins else None

    @property
    def writers(self) -> tuple[TeacherShare, ...]:
        """The models that wrote words of the set, and how many."""
        return self.rollup.teachers if self.rollup else ()

    @property
    def sources(self) -> tuple[SourceShare, ...]:
        """Where words of people were taken from."""
        return self.rollup.sources if self.rollup else ()

    @property
    def worst_licence(self) -> str:
        """The licence of the whole by those of its sources; `unknown` where one of them is."""
        return self.rollup.worst.licence if self.rollup else UNKNOWN

    @property
    def arbiters(self) -> tuple[str, ...]:
        """Models that rule, in the order of the panel."""
        return tuple(model for role, model in self.roles.items() if role.startswith("arbiter"))


def view_facts(
    manifest: Manifest, domain: Domain, settings: ExportSettings, card: CardFacts, told: RunTold | None = None
) -> ViewFacts:
    """Put together what views say; `manifest` is the finished one of the training files."""
    run = told or RunTold()
    return ViewFacts(
        id=content_id("ds", {file.path: file.sha256 for file in manifest.files}),
        title=domain.spec.title,
        summary=domain.spec.summary,
        language=domain.spec.language,
        domain=manifest.domain,
        source=domain.spec.source,
        domain_licence=domain.spec.licence,
        tools=tuple(domain.tools),
        licence=card.licence,
        publisher=settings.publisher,
        url=settings.url,
        date=settings.date.isoformat() if settings.date else "",
        spec=card.spec_hash or manifest.spec,
        seed=run.seed,
        version=run.version,
        head=run.head,
        conversations=manifest.conversations,
        scenarios=card.scenarios,
        splits=manifest.splits,
        rejected=card.rejected,
        quarantined=card.quarantined,
        ways=card.counts.get("way", {}),
        origins=card.origins,
        rollup=card.rollup,
        roles=card.roles,
        models=run.models,
        guards=card.guards,
        council=card.council,
        likeness=card.fidelity,
        files=manifest.files,
        left_out=manifest.left_out,
    )


def said(text: str) -> str:
    """The text, or `unknown` where there is none."""
    return text or UNKNOWN
