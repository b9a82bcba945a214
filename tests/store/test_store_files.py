"""Files that are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from turnwright.errors import StoreError
from turnwright.store import whole_file, write_jsonl, write_lines, write_text


def test_a_file_is_written_with_the_folders_that_lead_to_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "card.md", "über\r\n")
    assert (tmp_path / "a" / "b" / "card.md").read_bytes() == "über\r\n".encode()


def test_jsonl_is_one_canonical_line_for_each_value(tmp_path: Path) -> None:
    assert write_jsonl(tmp_path / "x.jsonl", ({"b": 1, "a": "é\n"}, [None])) == 2
    assert (tmp_path / "x.jsonl").read_bytes() == '{"a":"é\\n","b":1}\n[null]\n'.encode()


def test_when_writing_breaks_off_the_former_file_stays_and_nothing_else(tmp_path: Path) -> None:
    def lines() -> Iterator[bytes]:
        yield b"one"
        raise KeyboardInterrupt

    write_lines(tmp_path / "x", [b"old"])
    with pytest.raises(KeyboardInterrupt):
        write_lines(tmp_path / "x", lines())
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old\n"


def test_nothing_can_be_seen_under_the_name_before_the_file_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "x") as file:
        file.write(b"half")
        file.flush()
        assert not (tmp_path / "x").exists()
    assert (tmp_path / "x").read_bytes() == b"half"


def test_whoever_reads_the_former_file_reads_it_to_its_end(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "former")
    with (tmp_path / "x").open() as reader:
        write_text(tmp_path / "x", "new")
        assert reader.read() == "former"
    assert (tmp_path / "x").read_text() == "new"


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_one_is_let_be(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = tmp_path / f".set[1].jsonl.{int(child.stdout)}.part"
    living = tmp_path / f".set[1].jsonl.{os.getppid()}.part"
    dead.touch()
    living.touch()
    write_text(tmp_path / "set[1].jsonl", "")
    assert not dead.exists()
    assert living.exists()


def test_a_file_where_a_folder_should_be_is_a_store_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(StoreError, match="x"):
        write_text(tmp_path / "x" / "y", "")


def test_a_written_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "")
    (tmp_path / "y").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode
