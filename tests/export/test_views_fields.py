"""Every field of every standard is there, and says what the run knows or `unknown`: nothing is made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from views_samples import CARD, KNOWN, exported, facts_of

from turnwright.domains import Domain
from turnwright.export import Manifest, Written
from turnwright.export.views import VIEWS, ViewFacts, croissant, data_trust, eu_summary, implicit_label, prov_of_set
from turnwright.export.views.croissant import RAI
from turnwright.export.views.data_trust import FIELDS
from turnwright.export.views.eu_summary import QUESTIONS
from turnwright.export.views.implicit_label import ELEMENTS

UNKNOWN = "unknown"


@pytest.fixture(scope="module")
def manifest(shop: Domain, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return exported(shop, tmp_path_factory.mktemp("exports"), formats=["trl", "openai", "preference", "critique"])


@pytest.fixture(scope="module")
def known(manifest: Manifest, shop: Domain) -> ViewFacts:
    return facts_of(manifest, shop)


@pytest.fixture(scope="module")
def empty(manifest: Manifest, shop: Domain) -> ViewFacts:
    return facts_of(manifest, shop, known=False)


def at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[part]
    return document


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        yield value


@pytest.mark.parametrize("view", [view for _, view in VIEWS.values()], ids=list(VIEWS))
def test_no_field_of_a_view_is_empty(view: Callable[[ViewFacts], Any], known: ViewFacts, empty: ViewFacts) -> None:
    for facts in (known, empty):
        assert all(leaf not in ("", None) for leaf in leaves(view(facts)))


# --- Data & Trust Alliance ------------------------------------------------------------------------------------------

RUN_KNOWS = {
    "source.title": "A kiosk",
    "source.location": KNOWN["url"],
    "source.issuer": [{"name": "Ada Ltd"}],
    "provenance.date": "2026-11-23",
    "provenance.format": ["application/jsonlines"],
    "use.license": ["cc-by-4.0"],
}
ALWAYS = {
    "source.version", "source.title", "source.id", "source.description", "provenance.format", "use.intended-purpose",
}  # fmt: skip


def test_the_data_trust_standard_has_22_fields_in_three_groups() -> None:
    groups = [paths[0].split(".")[0] for _, paths in FIELDS]
    assert {group: groups.count(group) for group in groups} == {"source": 6, "provenance": 8, "use": 8}
    assert len({path for _, paths in FIELDS for path in paths}) == sum(len(paths) for _, paths in FIELDS)


@pytest.mark.parametrize(("field", "paths"), FIELDS, ids=[name for name, _ in FIELDS])
def test_each_of_the_22_fields_comes_from_the_run_or_is_unknown(
    field: str, paths: tuple[str, ...], known: ViewFacts, empty: ViewFacts
) -> None:
    for path in paths:
        told = [leaf for leaf in leaves(at(data_trust(empty), path)) if leaf is not False]
        assert path in ALWAYS or set(told) == {UNKNOWN}, field
        if path in RUN_KNOWS:
            assert at(data_trust(known), path) == RUN_KNOWS[path]


def test_nothing_stands_in_the_data_trust_document_that_is_no_field(known: ViewFacts) -> None:
    found = {f"{group}.{name}" for group, fields in data_trust(known).items() for name in fields}
    assert found == {path for _, paths in FIELDS for path in paths}


@pytest.mark.parametrize(
    ("origins", "codes"),
    [
        (("model", "template"), {"machine-generated-mlops-generative", "machine-generated-mlops-synthetic"}),
        (("template",), {"machine-generated-mlops-synthetic"}),
        (("human", "human-edited"), {"other-na"}),
        ((), {UNKNOWN}),
    ],
)
def test_the_method_says_who_wrote_the_words(known: ViewFacts, origins: tuple[str, ...], codes: set[str]) -> None:
    facts = msgspec.structs.replace(known, origins={name: Written(turns=1, words=1) for name in origins})
    assert {method["code"] for method in data_trust(facts)["provenance"]["generation-method"]} == codes


# --- Croissant --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RAI)
def test_each_property_of_croissant_rai_comes_from_the_run_or_is_unknown(
    name: str, known: ViewFacts, empty: ViewFacts
) -> None:
    for facts in (known, empty):
        document = croissant(facts)
        assert f"rai:{name}" in document or f"rai:{name}" in document["turnwright:unknown"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dataCollection", "47 scenarios"),
        ("dataCollectionMissingData", "verify: wrong_value: 7"),
        ("dataManipulationProtocol", "revisions taken: 12"),
        ("dataPreprocessingProtocol", "wrong_value: check values"),
        ("dataAnnotationProtocol", "acts of 30 conversations"),
        ("dataBiases", "Tail retention: 0.8"),
        ("dataLimitations", "Nothing looked for: rudeness"),
        ("machineAnnotationTools", "judge@2"),
    ],
)
def test_what_the_run_knows_stands_in_croissant_rai(name: str, says: str, known: ViewFacts, empty: ViewFacts) -> None:
    assert says in json.dumps(croissant(known)[f"rai:{name}"])
    assert says not in json.dumps(croissant(empty)[f"rai:{name}"])


def test_a_date_that_nobody_gave_is_named_as_unknown_and_left_out(known: ViewFacts, empty: ViewFacts) -> None:
    assert croissant(known)["datePublished"] == "2026-11-23"
    assert "datePublished" not in croissant(known)["turnwright:unknown"]
    assert "datePublished" not in croissant(empty)
    assert "datePublished" in croissant(empty)["turnwright:unknown"]


# --- EU summary ---------------------------------------------------------------------------------------------------


def test_section_2_5_answers_every_question_of_the_template(known: ViewFacts, empty: ViewFacts) -> None:
    for facts in (known, empty):
        assert list(eu_summary(facts)["answers"]) == list(QUESTIONS.values())
    answers = eu_summary(empty)["answers"]
    assert [answers[QUESTIONS[name]] for name in ("created", "models", "others")] == [UNKNOWN] * 3


def test_only_models_that_wrote_words_are_named_with_what_is_known_of_them(known: ViewFacts) -> None:
    models = eu_summary(known)["answers"][QUESTIONS["models"]]
    assert [(one["model"], one["roles"], one["tokens"], one["licence"]) for one in models] == [
        ("big@1", ["teacher"], 110, UNKNOWN),
        ("small@1", ["user"], 40, "Apache-2.0"),
    ]
    assert all(one["available on the market"] == UNKNOWN for one in models)


def test_words_of_people_are_not_called_synthetic(known: ViewFacts) -> None:
    comments = eu_summary(known)["answers"][QUESTIONS["comments"]]
    assert comments["words by people, which belong to other sections"] == CARD.origins["human"].words
    assert comments["sources of these"] == "talks.jsonl (cc-by-sa-4.0)"
    people = msgspec.structs.replace(known, origins={"human": Written(turns=1, words=5)}, rollup=None)
    answers = eu_summary(people)["answers"]
    assert (answers[QUESTIONS["created"]], answers[QUESTIONS["models"]]) == ("no", [])


# --- GB 45438 -----------------------------------------------------------------------------------------------------


def test_every_file_has_one_label_of_seven_elements_with_its_hash(known: ViewFacts, manifest: Manifest) -> None:
    labels = implicit_label(known)["files"]
    assert labels.keys() == {file.path for file in manifest.files}
    for file in manifest.files:
        label = labels[file.path]["AIGC"]
        assert tuple(label) == ELEMENTS
        assert label["Label"] == "1"
        assert label["ReservedCode1"] == f"sha256:{file.sha256}"
        assert all(label[name] == UNKNOWN for name in ("ContentPropagator", "PropagateID", "ReservedCode2"))
    assert len({label["AIGC"]["ProduceID"] for label in labels.values()}) == len(labels)


@pytest.mark.parametrize("publisher", ["Ada Ltd", 'A "quoted" \\ name', "例え株式会社", "50 %"])
def test_values_of_a_label_keep_to_the_letters_of_the_standard(known: ViewFacts, publisher: str) -> None:
    labels = implicit_label(msgspec.structs.replace(known, publisher=publisher))["files"]
    allowed = {*map(chr, (0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F)))}
    assert all(set(value) <= allowed for label in labels.values() for value in label["AIGC"].values())


def test_words_without_a_model_get_no_label_and_unknown_ones_no_claim(known: ViewFacts, empty: ViewFacts) -> None:
    people = msgspec.structs.replace(known, origins={"human": Written(turns=1, words=5)})
    assert implicit_label(people)["files"] == {}
    assert {label["AIGC"]["Label"] for label in implicit_label(empty)["files"].values()} == {UNKNOWN}


# --- all ----------------------------------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_documents_and_other_files_another_id(known: ViewFacts) -> None:
    for _, view in VIEWS.values():
        assert json.dumps(view(known)) == json.dumps(view(known))
    other = msgspec.structs.replace(known, id="ds_other")
    assert all(json.dumps(view(other)) != json.dumps(view(known)) for _, view in VIEWS.values())


def test_sources_of_peoples_words_and_the_licence_that_follows_from_them_are_named(
    known: ViewFacts, empty: ViewFacts
) -> None:
    whole = prov_of_set(known)["entity"][f"tw:{known.id}"]
    assert (whole["tw:words_human"], whole["tw:licence_by_sources"]) == (40, "cc-by-sa-4.0")
    for view in (croissant, data_trust, eu_summary, prov_of_set):
        assert "talks.jsonl" in json.dumps(view(known))
    assert croissant(known)["turnwright:licenceBySources"] == "cc-by-sa-4.0"
    assert croissant(empty)["turnwright:licenceBySources"] == UNKNOWN


def test_the_views_have_an_example_of_each_in_the_folder(shop: Domain, tmp_path: Path) -> None:
    made = exported(shop, tmp_path)
    assert {view.path for view in made.views} == {f"views/{file}" for file, _ in VIEWS.values()}
