"""Parquet: one row a conversation, whole, and the same bytes for the same records."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from store_samples import concluded, small_disk

from turnwright.errors import DiskFull, InputError
from turnwright.records import Provenance, Turn
from turnwright.records.provenance import HumanSource, Sampling
from turnwright.store import ConversationRow, write_conversations

parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra `parquet`")


def _rows(count: int) -> Iterator[ConversationRow]:
    for ordinal in range(count):
        found = concluded(ordinal)
        assert found.conversation is not None
        yield ConversationRow(
            conversation=found.conversation,
            scenario=found.scenario,
            blueprint=found.blueprint,
            admission=found.admission,
            split="test" if ordinal % 10 == 0 else "train",
        )


def test_each_conversation_is_a_row_with_its_turns_inside(tmp_path: Path) -> None:
    assert write_conversations(tmp_path / "set.parquet", _rows(3)) == 3
    row = parquet.read_table(tmp_path / "set.parquet").to_pylist()[1]
    wanted = concluded(1)
    assert wanted.conversation is not None
    assert row["id"] == wanted.conversation.id
    assert json.loads(row["levels"]) == {"tone": "angry"}
    assert (row["split"], row["weight"], row["intent"], row["prompt_tokens"]) == ("train", 0.5, "refund", 100)
    said, called, came = row["turns"]
    assert said["text"] == wanted.conversation.turns[0].text
    assert (said["acts"], said["seed"], said["tries"], said["call_ids"]) == (["inform"], 3, 2, ["c1", "c2"])
    assert (said["call"], said["trainable"], said["origin"]) == (None, False, "model")
    assert json.loads(called["call"]["arguments"]) == {"order_id": "O-1"}
    assert json.loads(came["result"]["content"]) == {"state": "lost"}


def test_sampling_source_and_distance_of_a_turn_have_columns_that_are_null_where_nothing_is_told(
    tmp_path: Path,
) -> None:
    source = HumanSource(dataset="talks", licence="MIT", record="xm_1", pii="none found")
    sampling = Sampling(temperature=0.5, top_p=0.9, max_tokens=20)
    came = Provenance(origin="human-edited", source=source, sampling=sampling, distance=0.25, parents=("tn_1",))
    row = next(_rows(1))
    turn = Turn(role="user", text="Hi", provenance=came)
    conversation = msgspec.structs.replace(row.conversation, turns=(turn, *row.conversation.turns))
    write_conversations(tmp_path / "set.parquet", [msgspec.structs.replace(row, conversation=conversation)])
    first, second, *_ = parquet.read_table(tmp_path / "set.parquet").to_pylist()[0]["turns"]
    assert first["source"] == {**msgspec.structs.asdict(source)}
    assert first["sampling"] == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 20, "constrained": False}
    assert (first["distance"], first["id"]) == (0.25, turn.id)
    assert (second["source"], second["sampling"], second["distance"]) == (None, None, None)


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_conversations(tmp_path / name, _rows(600))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    write_conversations(tmp_path / "set.parquet", _rows(1100))
    file = parquet.ParquetFile(tmp_path / "set.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [512, 512, 76]


def test_no_conversations_give_an_empty_table_with_all_columns(tmp_path: Path) -> None:
    assert write_conversations(tmp_path / "set.parquet", []) == 0
    table = parquet.read_table(tmp_path / "set.parquet")
    assert table.num_rows == 0
    assert "turns" in table.column_names


def test_the_file_loads_with_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="needs the dev extra")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_conversations(tmp_path / "set.parquet", _rows(20))
    loaded = datasets.Dataset.from_parquet(str(tmp_path / "set.parquet"), cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == 20
    assert loaded[0]["turns"][0]["role"] == "user"


def test_when_the_rows_break_off_no_file_is_left(tmp_path: Path) -> None:
    def rows() -> Iterator[ConversationRow]:
        yield from _rows(600)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_conversations(tmp_path / "set.parquet", rows())
    assert not list(tmp_path.iterdir())


def test_a_table_that_does_not_fit_on_the_disk_leaves_no_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        with pytest.raises(DiskFull):
            write_conversations(disk / "set.parquet", _rows(3000))
        assert not list(disk.iterdir())


def test_without_pyarrow_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'turnwright\[parquet\]'"):
        write_conversations(tmp_path / "set.parquet", _rows(1))
    assert not list(tmp_path.iterdir())
