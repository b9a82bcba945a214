"""What was exported loads with `datasets`, offline, and comes back as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from export_samples import some

from turnwright.domains import Domain
from turnwright.export import ExportSettings, Manifest, export

pytest.importorskip("datasets", reason="datasets is not installed (pip install 'turnwright[dev]')")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'turnwright[parquet]')")


@pytest.fixture(scope="module")
def written(shop: Domain, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("exports")
    return folder, export(some(90), shop, ExportSettings(formats=["openai", "sharegpt", "trl", "parquet"]), folder)


def loaded(folder: Path, kind: str, name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load all splits of a format; the hub must not be asked."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    ending = "parquet" if kind == "parquet" else "jsonl"
    files = {split: str(folder / name / f"{split}.{ending}") for split in ("train", "validation", "test")}
    return datasets.load_dataset(kind, data_files=files, cache_dir=str(cache))


@pytest.mark.parametrize("name", ["openai", "sharegpt", "trl"])
def test_json_lines_load_with_datasets(
    name: str, written: tuple[Path, Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = written
    data = loaded(folder, "json", name, tmp_path, monkeypatch)
    assert {split: len(data[split]) for split in data} == manifest.splits
    key = "conversations" if name == "sharegpt" else "messages"
    first = json.loads((folder / name / "train.jsonl").read_text(encoding="utf-8").split("\n")[0])
    again = [{k: v for k, v in part.items() if v not in (None, [], "")} for part in data["train"][0][key]]
    assert again == [{k: v for k, v in part.items() if v not in (None, [], "")} for part in first[key]]


def test_parquet_loads_with_datasets_and_its_turns_are_whole(
    written: tuple[Path, Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = written
    data = loaded(folder, "parquet", "parquet", tmp_path, monkeypatch)
    assert {split: len(data[split]) for split in data} == manifest.splits
    by_id = {row["scenario_id"]: row for split in data for row in data[split]}
    for one in some(90):
        row = by_id[one.scenario.id]
        assert [turn["text"] for turn in row["turns"]] == [turn.text for turn in one.conversation.turns]
        assert [turn["trainable"] for turn in row["turns"]] == [turn.trainable for turn in one.conversation.turns]
        called = [json.loads(turn["call"]["arguments"]) for turn in row["turns"] if turn["call"]]
        assert called == [turn.call.arguments for turn in one.conversation.turns if turn.call]


def test_exporting_needs_neither_datasets_nor_the_network() -> None:
    import turnwright.export

    assert "datasets" not in vars(sys.modules[turnwright.export.__name__])
