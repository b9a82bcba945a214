"""Croissant 1.1 metadata of an export, with the properties of Croissant RAI 1.0: every file with its hash, and how it
came to be.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html (dataset-level information, FileObject,
RecordSet, appendix 1 for the context) and https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html (table
"RAI property information"). Properties of type date cannot say `unknown`, and a version must be a semantic one; what
is not known of them is left out and named in `turnwright:unknown`.
"""

from __future__ import annotations

from turnwright.export.manifest import ExportedFile
from turnwright.export.views import wording
from turnwright.export.views.facts import UNKNOWN, ViewFacts, said
from turnwright.records import Json

__all__ = ["MEDIA", "RAI", "UP", "croissant"]

JSON_LINES, PARQUET = "application/jsonlines", "application/x-parquet"
LINES = ("openai", "provenance", "sharegpt", "trl", "preference", "critique", "prov")
MEDIA = {**dict.fromkeys(LINES, JSON_LINES), "parquet": PARQUET}
"""Format → media type, as Croissant's own reader calls them."""

UP = "../"
"""From the folder of the views to the folder of the export."""

CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]

CONTEXT: dict[str, Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "turnwright": "urn:turnwright:",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
} | {
    name: f"cr:{name}"
    for name in (
        "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract",
        "field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath",
        "key", "md5", "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace",
        "samplingRate", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
    )
}  # fmt: skip

WORDS = ("role", "content")
NESTED: dict[str, dict[str, tuple[str, ...]]] = {
    "trl": {"messages": WORDS},
    "openai": {"messages": WORDS},
    "sharegpt": {"conversations": ("from", "value")},
    "preference": {"prompt": WORDS, "chosen": WORDS, "rejected": WORDS},
    "parquet": {"turns": ("role", "text", "origin", "model")},
}
"""Format → column of turns → what a turn has, which a reader of Croissant can load field by field."""

PLAIN: dict[str, tuple[str, ...]] = {
    "provenance": ("id", "scenario_id", "split"),
    "parquet": ("id", "scenario_id", "split", "outcome"),
}
"""Format → columns of text."""

RAI = (
    "dataCollection",
    "dataCollectionType",
    "dataCollectionMissingData",
    "dataCollectionRawData",
    "dataCollectionTimeframe",
    "dataImputationProtocol",
    "dataManipulationProtocol",
    "dataPreprocessingProtocol",
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "dataReleaseMaintenancePlan",
    "personalSensitiveInformation",
    "dataSocialImpact",
    "dataBiases",
    "dataLimitations",
    "dataUseCases",
    "annotationsPerItem",
    "annotatorDemographics",
    "machineAnnotationTools",
)
"""The properties of Croissant RAI 1.0, in the order of its table."""


def croissant(facts: ViewFacts) -> dict[str, Json]:
    """The JSON-LD document, to stand in a folder beside those of the formats."""
    dated = {"datePublished": facts.date} if facts.date else {}
    unknown = [*([] if facts.date else ["datePublished"]), "version", "rai:dataCollectionTimeframe"]
    publisher = {"@type": "sc:Organization", "name": said(facts.publisher)}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": facts.title,
        "description": wording.description(facts),
        "identifier": facts.id,
        "license": _licence(facts.licence),
        "url": said(facts.url),
        "creator": publisher,
        "publisher": publisher,
        **dated,
        "inLanguage": facts.language,
        "keywords": ["synthetic", "conversational", "multi-turn", "turnwright"],
        "isLiveDataset": False,
        "citeAs": UNKNOWN,
        **_rai(facts),
        "turnwright:unknown": unknown,
        "turnwright:spec": said(facts.spec),
        "turnwright:licenceBySources": facts.worst_licence,
        "turnwright:ledger": said(facts.head),
        "distribution": [_file(file) for file in facts.files],
        "recordSet": [_records(file) for file in facts.files if file.format in NESTED.keys() | PLAIN.keys()],
    }


def _licence(licence: str) -> Json:
    """A link as it is; a name as a work of that name, since Croissant takes no bare names."""
    linked = licence.startswith(("https://", "http://"))
    return licence if linked else {"@type": "sc:CreativeWork", "name": said(licence)}


def _file(file: ExportedFile) -> dict[str, Json]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": f"{file.lines:,} lines of {file.conversations:,} conversations, split '{file.split}'",
        "contentUrl": UP + file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": MEDIA[file.format],
        "sha256": file.sha256,
    }


# --- what the files have ----------------------------------------------------------------------------------------


def _records(file: ExportedFile) -> dict[str, Json]:
    name = f"{file.format}_{file.split}"
    plain = [_field(f"{name}/{column}", file, column) for column in PLAIN.get(file.format, ())]
    nested = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{column}",
            "name": f"{name}/{column}",
            "isArray": True,
            "arrayShape": "-1",
            "subField": [_part(f"{name}/{column}", file, column, part) for part in parts],
        }
        for column, parts in NESTED.get(file.format, {}).items()
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": [*plain, *nested]}


def _field(name: str, file: ExportedFile, column: str) -> dict[str, Json]:
    source = {"fileObject": {"@id": file.path}, "extract": {"column": column}}
    return {"@type": "cr:Field", "@id": name, "name": name, "dataType": "sc:Text", "source": source}


def _part(within: str, file: ExportedFile, column: str, part: str) -> dict[str, Json]:
    field = _field(f"{within}/{part}", file, column)
    return {**field, "source": {**field["source"], "transform": {"jsonPath": part}}}


# --- how it came to be ------------------------------------------------------------------------------------------


def _rai(facts: ViewFacts) -> dict[str, Json]:
    """Every property of the vocabulary but the timeframe, which is a date."""
    found: dict[str, Json] = {
        "dataCollection": wording.making(facts),
        "dataCollectionType": [f"Others: words by {wording.origins(facts)}" if facts.origins else UNKNOWN],
        "dataCollectionMissingData": wording.missing(facts),
        "dataCollectionRawData": (
            f"domain '{facts.domain}', source {said(facts.source)}; words of people: {wording.sources(facts)}"
        ),
        "dataManipulationProtocol": _revisions(facts),
        "dataPreprocessingProtocol": wording.guarding(facts) or [UNKNOWN],
        "dataAnnotationProtocol": _labels(facts),
        "dataBiases": _likeness(facts),
        "dataLimitations": wording.limits(facts),
        "dataUseCases": wording.purposes(facts) or [UNKNOWN],
        "machineAnnotationTools": list(facts.arbiters) or ["none" if facts.roles else UNKNOWN],
    }
    return {f"rai:{name}": found.get(name, UNKNOWN) for name in RAI if name != "dataCollectionTimeframe"}


def _revisions(facts: ViewFacts) -> str:
    if facts.council is None:
        return UNKNOWN
    return "; ".join(f"{what}: {count:,}" for what, count in facts.council.items()) or "no council debated the drafts"


def _labels(facts: ViewFacts) -> str:
    if not facts.ways:
        return UNKNOWN
    naive = facts.ways.get(wording.NAIVE, 0)
    planned = sum(facts.ways.values()) - naive
    return f"acts of {planned:,} conversations were fixed before their words; acts of {naive:,} were not planned"


def _likeness(facts: ViewFacts) -> list[str]:
    if facts.likeness is None:
        return [UNKNOWN]
    figures = [f"{one.title}: {one.value} (interval {said(one.interval)})" for one in facts.likeness.figures]
    return [facts.likeness.said, *figures]
