"""Other people's programs read the views: Croissant's own library and that of PROV."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from council_samples import debated
from export_samples import HOSTILE, assistant, kept, user
from views_samples import exported, facts_of, mixed

from turnwright.domains import Domain
from turnwright.export import Kept
from turnwright.export.views import prov_of_conversation, prov_of_set

MISSING = "is not installed (pip install 'turnwright[dev]')"
FORMATS = ["trl", "openai", "sharegpt", "parquet"]


def test_croissant_names_every_file_with_its_true_hash_and_size(shop: Domain, tmp_path: Path) -> None:
    manifest = exported(shop, tmp_path, formats=FORMATS)
    place = tmp_path / "views" / "croissant.json"
    described = json.loads(place.read_text())["distribution"]
    assert {one["@id"] for one in described} == {file.path for file in manifest.files}
    for one in described:
        data = (place.parent / one["contentUrl"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        assert one["contentSize"] == f"{len(data)} B"


@pytest.mark.parametrize("known", [True, False])
def test_croissant_validates_and_its_records_load_with_mlcroissant(shop: Domain, tmp_path: Path, known: bool) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason=f"mlcroissant {MISSING}")
    exported(shop, tmp_path, known=known, formats=FORMATS)
    data = mlcroissant.Dataset(str(tmp_path / "views" / "croissant.json"))
    assert not data.metadata.ctx.issues.errors
    assert data.metadata.ctx.is_v1_1()
    first = next(iter(data.records("trl_train")))["trl_train/messages"]
    line = json.loads((tmp_path / "trl" / "train.jsonl").read_text().split("\n")[0])
    said = [(part["trl_train/messages/role"].decode(), part["trl_train/messages/content"].decode()) for part in first]
    assert said == [(message["role"], message["content"]) for message in line["messages"]]
    rows = list(data.records("parquet_train"))
    origins = Counter(turn["parquet_train/turns/origin"] for row in rows for turn in row["parquet_train/turns"])
    assert origins[b"model"] > 0


def read(document: dict[str, Any]) -> Any:
    model = pytest.importorskip("prov.model", reason=f"prov {MISSING}")
    return model.ProvDocument.deserialize(content=json.dumps(document), format="json")


@pytest.mark.parametrize("known", [True, False])
def test_the_prov_document_of_a_set_parses_and_survives_a_round_trip(shop: Domain, tmp_path: Path, known: bool) -> None:
    exported(shop, tmp_path, known=known)
    document = json.loads((tmp_path / "views" / "prov.json").read_text())
    parsed = read(document)
    again = json.loads(parsed.serialize(format="json"))
    for kind in ("entity", "activity", "agent"):
        assert again[kind].keys() == document[kind].keys()
    assert len(parsed.get_records()) == sum(len(rows) for kind, rows in document.items() if kind != "prefix")


ODD = kept(1, (user(HOSTILE), assistant("x")))


@pytest.mark.parametrize("one", [debated(), mixed(3), ODD], ids=["council", "people", "odd"])
def test_the_prov_document_of_a_conversation_parses(one: Kept) -> None:
    document = prov_of_conversation(one, {"user": "small@1", "teacher": "big@1"})
    assert len(read(document).get_records()) == sum(len(rows) for kind, rows in document.items() if kind != "prefix")


def ends(document: dict[str, Any], kind: str, one: str, other: str) -> set[tuple[str, str]]:
    return {(row[f"prov:{one}"], row[f"prov:{other}"]) for row in document.get(kind, {}).values()}


def test_a_turn_that_was_revised_is_derived_from_the_one_before_and_laid_to_its_model() -> None:
    one = debated()
    document = prov_of_conversation(one)
    derived = ends(document, "wasDerivedFrom", "generatedEntity", "usedEntity")
    assert (f"tw:{one.conversation.id}", f"tw:{one.draft.id if one.draft else ''}") in derived
    revised = [turn for turn in one.conversation.turns if turn.provenance.parents]
    assert revised
    for turn in revised:
        assert {(f"tw:{turn.id}", f"tw:{parent}") for parent in turn.provenance.parents} <= derived
    agents = {agent for _, agent in ends(document, "wasAttributedTo", "entity", "agent")}
    models = {document["agent"][agent]["prov:label"] for agent in agents}
    assert models == {turn.provenance.model for turn in one.conversation.turns if turn.provenance.model}


def test_words_of_people_are_laid_to_people_and_every_turn_says_its_origin() -> None:
    one = mixed(1)
    document = prov_of_conversation(one)
    people = {entity for entity, agent in ends(document, "wasAttributedTo", "entity", "agent") if agent == "tw:people"}
    by_people = [turn for turn in one.conversation.turns if turn.provenance.origin.startswith("human")]
    assert people == {f"tw:{turn.id}" for turn in by_people}
    for number, turn in enumerate(one.conversation.turns):
        told = document["entity"][f"tw:{turn.id}"]
        assert (told["tw:origin"], told["tw:number"]) == (turn.provenance.origin, number)


def test_words_of_people_lead_back_to_their_data_set_with_its_licence() -> None:
    one = mixed(1)
    document = prov_of_conversation(one)
    turn = f"tw:{one.conversation.turns[0].id}"
    told = [
        document["entity"][used]
        for made, used in ends(document, "wasDerivedFrom", "generatedEntity", "usedEntity")
        if made == turn
    ]
    assert [(source["prov:label"], source["tw:licence"]) for source in told] == [("talks.jsonl", "cc-by-sa-4.0")]
    assert (document["entity"][turn]["tw:record"], document["entity"][turn]["tw:consent"]) == ("ex_1", "by form 7")


def test_a_turn_that_is_said_twice_is_one_entity_in_two_places() -> None:
    one = kept(1, (user("Hello?"), assistant("Yes?"), user("Hello?"), assistant("I am here.")))
    document = prov_of_conversation(one)
    assert document["entity"][f"tw:{one.conversation.turns[0].id}"]["tw:number"] == [0, 2]


def test_no_words_of_a_conversation_stand_in_its_prov_document() -> None:
    one = debated()
    text = json.dumps(prov_of_conversation(one, {"teacher": "big@1"}))
    assert not [turn.text for turn in one.conversation.turns if turn.text and turn.text in text]


def test_a_set_stays_small_in_prov_however_many_conversations_it_has(shop: Domain, tmp_path: Path) -> None:
    sizes = []
    for count in (120, 400):
        made = exported(shop, tmp_path / str(count), count=count, formats=["trl"])
        sizes.append({kind: len(rows) for kind, rows in prov_of_set(facts_of(made, shop)).items()})
    assert sizes[0] == sizes[1]
