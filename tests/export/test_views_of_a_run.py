"""The views of a real run say what an independent count of its records says, and every run of a spec the same."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import turnwright
from turnwright.store import read_run

SPEC = """\
version: 1
domain: ./shop
seed: 3
scenarios: 12
models:
  double: {kind: scripted}
roles: {user: double, teacher: double}
export:
  formats: [trl]
  splits: {train: 1.0}
  licence: cc-by-4.0
  publisher: Ada Ltd
  date: 2026-11-23
  views: [croissant, data_trust, eu_summary, implicit_label, prov, prov_conversations]
run: {durability: process}
"""


def start(folder: Path) -> turnwright.Factory:
    shutil.copytree(Path(__file__).parents[1] / "fixtures" / "mini_shop", folder / "shop")
    (folder / "factory.yaml").write_text(SPEC)
    return turnwright.load(folder / "factory.yaml")


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> turnwright.Factory:
    made = start(tmp_path_factory.mktemp("run"))
    made.run(made.folder)
    return made


@pytest.fixture(scope="module")
def views(factory: turnwright.Factory) -> dict[str, Any]:
    folder = factory.folder / "exports" / "views"
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def test_words_by_origin_and_the_models_that_wrote_are_those_of_the_records(
    factory: turnwright.Factory, views: dict[str, Any]
) -> None:
    words: Counter[str] = Counter()
    writers: Counter[str] = Counter()
    for one in factory.dataset():
        for turn in one.conversation.turns:
            if turn.text and turn.role != "tool":
                words[turn.provenance.origin] += len(turn.text.split())
                writers[turn.provenance.model] += 1
    [whole] = [told for told in views["prov"]["entity"].values() if "tw:conversations" in told]
    assert {name[9:]: count for name, count in whole.items() if name.startswith("tw:words_")} == words
    [models] = [answer for answer in views["eu_summary"]["answers"].values() if isinstance(answer, list)]
    del writers[""]
    assert {one["model"]: one["turns"] for one in models} == writers
    assert all(one["roles"] == ["teacher", "user"] for one in models)


def test_what_the_spec_and_the_ledger_say_stands_in_the_views(
    factory: turnwright.Factory, views: dict[str, Any]
) -> None:
    with read_run(factory.folder) as run:
        head = run.records.log.ledger.head()
    croissant = views["croissant"]
    assert croissant["turnwright:ledger"] == f"{head.size}:{head.root}"
    assert croissant["turnwright:spec"] == factory.spec.id
    assert croissant["datePublished"] == "2026-11-23"
    assert croissant["publisher"]["name"] == "Ada Ltd"
    assert views["prov"]["entity"]["tw:spec"] == {
        "prov:type": {"$": "prov:Plan", "type": "prov:QUALIFIED_NAME"}, "tw:id": factory.spec.id, "tw:seed": 3,
    }  # fmt: skip
    assert views["prov"]["entity"]["tw:scenarios"]["tw:count"] == 12
    assert views["data_trust"]["source"]["issuer"] == [{"name": "Ada Ltd"}]


def test_no_words_of_a_conversation_stand_in_any_view(factory: turnwright.Factory) -> None:
    text = "".join(path.read_text() for path in (factory.folder / "exports" / "views").iterdir())
    said = {turn.text for one in factory.dataset() for turn in one.conversation.turns if len(turn.text.split()) > 3}
    assert said
    assert not [words for words in said if words in text]


def test_a_second_run_and_a_second_export_give_the_same_views(factory: turnwright.Factory, tmp_path: Path) -> None:
    other = start(tmp_path)
    other.run(other.folder)
    other.export()
    names = {path.name for path in (factory.folder / "exports" / "views").iterdir()}
    assert len(names) == 6
    for name in names:
        place = Path("exports") / "views" / name
        assert (other.folder / place).read_bytes() == (factory.folder / place).read_bytes()
