"""Where every turn came from is still there when an export was loaded with `datasets`, from Parquet and as hubs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export_samples import some
from views_samples import CARD, mixed

from turnwright.domains import Domain
from turnwright.export import ExportSettings, Kept, card, export

pytest.importorskip("datasets", reason="datasets is not installed (pip install 'turnwright[dev]')")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'turnwright[parquet]')")

CONVERSATIONS: list[Kept] = [*some(40), *(mixed(number) for number in range(100, 120))]


@pytest.fixture(scope="module")
def folder(shop: Domain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exports")
    settings = ExportSettings(formats=["trl", "sharegpt", "openai", "parquet"])
    export(CONVERSATIONS, shop, settings, place, card=lambda made: card(made, shop, CARD))
    return place


def loaded(folder: Path, name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Rows by scenario, of all splits, as the front matter of the card lays them out."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    data = datasets.load_dataset(str(folder), name, cache_dir=str(cache))
    rows = [row for split in data.values() for row in split]
    return {row["scenario_id"] if name == "parquet" else row["metadata"]["scenario_id"]: row for row in rows}


KEYS = ("origin", "model", "prompt", "seed", "tries", "parents")


def came(source: Any) -> tuple[Any, ...]:
    return tuple(source[key] for key in KEYS)


def truth(one: Kept) -> list[tuple[Any, ...]]:
    found = [turn.provenance for turn in one.conversation.turns]
    return [(p.origin, p.model, p.prompt, p.seed, p.tries, list(p.parents)) for p in found]


def rows_of(data: Any) -> dict[str, Any]:
    return {row["scenario_id"]: row for split in data.values() for row in split}


def test_parquet_keeps_the_origin_of_every_turn(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    assert 'load_dataset("parquet", data_dir="path/to/this/folder/parquet")' in (folder / "README.md").read_text()
    rows = rows_of(datasets.load_dataset("parquet", data_dir=str(folder / "parquet"), cache_dir=str(tmp_path)))
    assert len(rows) == len(CONVERSATIONS)
    for one in CONVERSATIONS:
        assert [came(turn) for turn in rows[one.scenario.id]["turns"]] == truth(one)


def test_a_folder_of_parquet_alone_loads_by_its_card(
    shop: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ExportSettings(formats=["parquet"])
    export(CONVERSATIONS, shop, settings, tmp_path / "out", card=lambda made: card(made, shop, CARD))
    rows = loaded(tmp_path / "out", "parquet", tmp_path / "cache", monkeypatch)
    assert [came(turn) for turn in rows[CONVERSATIONS[-1].scenario.id]["turns"]] == truth(CONVERSATIONS[-1])


@pytest.mark.parametrize("name", ["trl", "sharegpt"])
def test_a_folder_as_a_hub_has_it_keeps_the_origin_of_every_turn(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = loaded(folder, name, tmp_path, monkeypatch)
    assert rows
    for one in CONVERSATIONS:
        if row := rows.get(one.scenario.id):
            told = [came(turn) for turn in row["metadata"]["turns"]]
            assert told == truth(one)[: len(told)]
            assert len(told) >= len(one.conversation.turns) - 1
    people = [turn["origin"] for row in rows.values() for turn in row["metadata"]["turns"]]
    assert people.count("human") == people.count("human-edited") == 20
