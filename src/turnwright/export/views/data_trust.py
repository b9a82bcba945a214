"""The 22 fields of the Data Provenance Standards 1.0.0 of the Data & Trust Alliance, as JSON of their own schema.

Source: https://dataandtrustalliance.org/our-initiatives/data-provenance-standards (names of the fields), and the JSON
Schema `data-provenance-standards-1.0.0.schema.json` and the code lists of the Alliance's repositories `json-metadata`
and `metadata-reference` (keys, codes). Three groups: source (6 fields), provenance (8), use (8).
"""

from __future__ import annotations

from turnwright.export.views import wording
from turnwright.export.views.croissant import MEDIA
from turnwright.export.views.facts import HUMAN, MODEL, UNKNOWN, ViewFacts, said
from turnwright.records import Json

__all__ = ["FIELDS", "data_trust"]

FIELDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Standards version used", ("source.version",)),
    ("Dataset title/name", ("source.title",)),
    ("Unique metadata identifier", ("source.id",)),
    ("Metadata location", ("source.location",)),
    ("Dataset issuer", ("source.issuer",)),
    ("Description of the dataset", ("source.description",)),
    ("Source metadata for dataset", ("provenance.source",)),
    ("Source (if different from issuer)", ("provenance.origin",)),
    ("Data origin geography", ("provenance.origin-geography",)),
    ("Dataset issue date", ("provenance.date",)),
    ("Date of previously issued version of the dataset", ("provenance.previous-date",)),
    ("Range of dates for data generation", ("provenance.generation-period",)),
    ("Method", ("provenance.generation-method",)),
    ("Data format", ("provenance.format",)),
    ("Confidentiality classification", ("use.classification",)),
    ("Consent documentation location", ("use.consents",)),
    ("Privacy enhancing technologies", ("use.privacy-enhancing",)),
    ("Data processing geography inclusion/exclusion", ("use.processing-included", "use.processing-excluded")),
    ("Data storage geography inclusion/exclusion", ("use.storage-allowed", "use.storage-forbidden")),
    ("License to use", ("use.license",)),
    ("Intended data use", ("use.intended-purpose",)),
    ("Proprietary data presence", ("use.copyright", "use.patent", "use.trademark")),
)
"""The names of the 22 fields, in the standard's order, and where each stands in the document."""

METHOD = "https://dataandtrustalliance.org/DPS/CodeSystem/Method"
METHODS = {
    "generative": ("machine-generated-mlops-generative", "Machine generated/MLOps Generative"),
    "synthetic": ("machine-generated-mlops-synthetic", "Machine generated/MLOps Synthetic"),
    "people": ("other-na", "Other N/A: words written by people"),
}

NOWHERE: list[Json] = [{"country": UNKNOWN}]


def data_trust(facts: ViewFacts) -> dict[str, Json]:
    """The document; what the run does not know is `unknown`, in the form that the schema asks for."""
    return {"source": _source(facts), "provenance": _provenance(facts), "use": _use(facts)}


def _source(facts: ViewFacts) -> dict[str, Json]:
    return {
        "version": "1.0.0",
        "title": facts.title,
        "id": facts.id,
        "location": said(facts.url),
        "issuer": [{"name": said(facts.publisher)}],
        "description": wording.description(facts),
    }


def _provenance(facts: ViewFacts) -> dict[str, Json]:
    return {
        "source": said("; ".join(filter(None, (facts.source, *(one.dataset for one in facts.sources))))),
        "origin": [{"name": UNKNOWN}],
        "origin-geography": NOWHERE,
        "date": said(facts.date),
        "previous-date": UNKNOWN,
        "generation-period": {"start": UNKNOWN, "end": UNKNOWN},
        "generation-method": _methods(facts),
        "format": sorted({MEDIA[file.format] for file in facts.files}) or [UNKNOWN],
    }


def _methods(facts: ViewFacts) -> list[Json]:
    if not facts.origins:
        return [{"code": UNKNOWN}]
    found = [
        "generative" if facts.origins.keys() & MODEL else "",
        "synthetic" if facts.origins.keys() - HUMAN else "",
        "people" if facts.origins.keys() & HUMAN else "",
    ]
    return [{"code": METHODS[name][0], "system": METHOD, "description": METHODS[name][1]} for name in found if name]


def _use(facts: ViewFacts) -> dict[str, Json]:
    purposes = "; ".join(wording.purposes(facts))
    return {
        # the schema knows yes and no alone, and a run has looked for neither
        "classification": [{"regulation": {"code": UNKNOWN}, "evaluated": False}],
        "consents": [UNKNOWN],
        # the schema lists `tool-used` and requires `tool`
        "privacy-enhancing": [{"tool": UNKNOWN, "tool-used": UNKNOWN}],
        "processing-included": NOWHERE,
        "processing-excluded": NOWHERE,
        "storage-allowed": NOWHERE,
        "storage-forbidden": NOWHERE,
        "license": [said(facts.licence)],
        "intended-purpose": [{"code": "ai-other" if purposes else UNKNOWN, "description": said(purposes)}],
        "copyright": [UNKNOWN],
        "patent": [UNKNOWN],
        "trademark": [UNKNOWN],
    }
