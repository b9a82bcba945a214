"""Views beside an export: listed, the same every time, removed when they are not wanted, and never inside the data."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from export_samples import some
from pydantic import ValidationError
from views_samples import CARD, exported

from turnwright.domains import Domain
from turnwright.export import ExportSettings, card, export

FORMATS = ["trl", "openai", "sharegpt", "parquet"]


def data(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "views" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.name != "manifest.json"}


def test_the_manifest_lists_every_view_with_its_hash(shop: Domain, tmp_path: Path) -> None:
    manifest = exported(shop, tmp_path)
    assert {f"views/{path.name}" for path in (tmp_path / "views").iterdir()} == {view.path for view in manifest.views}
    for view in manifest.views:
        content = (tmp_path / view.path).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (view.sha256, view.bytes)
    assert json.loads((tmp_path / "manifest.json").read_text())["views"][0]["path"] == manifest.views[0].path


def test_views_change_no_byte_of_the_training_files(shop: Domain, tmp_path: Path) -> None:
    exported(shop, tmp_path / "with", formats=FORMATS)
    exported(shop, tmp_path / "without", formats=FORMATS, views=[])
    assert data(tmp_path / "with") == data(tmp_path / "without")


def test_training_text_is_what_was_said_letter_by_letter(shop: Domain, tmp_path: Path) -> None:
    exported(shop, tmp_path, formats=["trl"], system=False, splits={"train": 1.0})
    lines = (tmp_path / "trl" / "train.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    found = [[m["content"] for m in json.loads(line)["messages"] if m["role"] != "tool"] for line in lines]
    said = [[turn.text for turn in one.conversation.turns if turn.role != "tool"] for one in some(30)]
    assert [text[: len(whole)] for text, whole in zip(said, found, strict=True)] == found


def test_equal_exports_have_equal_views(shop: Domain, tmp_path: Path) -> None:
    one = exported(shop, tmp_path / "one", formats=FORMATS)
    assert exported(shop, tmp_path / "other", formats=FORMATS) == one


def test_a_view_that_is_not_asked_for_any_more_is_removed(shop: Domain, tmp_path: Path) -> None:
    exported(shop, tmp_path)
    (tmp_path / "views" / "mine.txt").write_text("kept")
    exported(shop, tmp_path, views=["prov"])
    assert sorted(path.name for path in (tmp_path / "views").iterdir()) == ["mine.txt", "prov.json"]


def test_every_conversation_gets_a_prov_document_when_asked(shop: Domain, tmp_path: Path) -> None:
    manifest = exported(shop, tmp_path, views=["prov_conversations"])
    assert not manifest.views
    files = [file for file in manifest.files if file.format == "prov"]
    assert sum(file.lines for file in files) == manifest.conversations
    documents = [json.loads(line) for file in files for line in (tmp_path / file.path).open()]
    named = {name for document in documents for name in document["entity"]}
    assert {f"tw:{one.conversation.id}" for one in some(30)} <= named


def test_a_view_that_fails_leaves_the_earlier_export_as_it_was(shop: Domain, tmp_path: Path) -> None:
    exported(shop, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fails(_: object) -> dict[str, bytes]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        export(some(5), shop, ExportSettings(), tmp_path, views=fails)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_card_lists_the_views_and_who_publishes(shop: Domain, tmp_path: Path) -> None:
    manifest = exported(shop, tmp_path)
    text = card(manifest, shop, CARD)
    listed = text.split("## The same in other forms")[1]
    assert all(f"`{view.path}` | " in listed for view in manifest.views)
    assert "|  |" not in listed
    assert "| publisher | unknown |" in text


def test_the_card_says_whose_words_they_are_and_renders(shop: Domain, tmp_path: Path) -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py comes with rich")
    assert CARD.rollup
    hostile = msgspec.structs.replace(CARD.rollup.sources[0], dataset="talks | <b>x</b>\n# H")
    rollup = msgspec.structs.replace(CARD.rollup, sources=(hostile,))
    text = card(exported(shop, tmp_path), shop, msgspec.structs.replace(CARD, rollup=rollup))
    part = text.split("## Who wrote the words")[1].split("\n## ")[0]
    html = markdown_it.MarkdownIt("commonmark").enable("table").render(part)
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in html.split("<tr>")]
    assert html.count("<table>") == 4
    assert ["tokens by people", "25.0%"] in rows
    assert ["licence by all sources together", "cc-by-sa-4.0"] in rows
    assert ["talks | &lt;b&gt;x&lt;/b&gt; # H", "cc-by-sa-4.0", "8", "8", "0"] in rows
    assert ["small@1", "40", "Apache-2.0", "unknown", "unknown"] in rows


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"views": ["prov", "prov"]}, "once"),
        ({"views": ["dublin"]}, "croissant"),
        ({"date": "yesterday"}, "date"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ExportSettings(**settings)
