"""However big a file is, a few conversations of it are in memory at a time."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from turnwright.errors import InputError
from turnwright.reading import read_examples

MB = 1 << 20
SIZE, MOST = 24 * MB, 6 * MB


@pytest.mark.parametrize("name", ["big.jsonl", "big.json"])
def test_a_big_file_is_streamed(tmp_path: Path, name: str) -> None:
    turns = [{"role": role, "text": "some words " * 400} for role in ("user", "assistant") * 8]
    text = json.dumps({"id": "x", "turns": turns})
    count = SIZE // len(text)
    path = tmp_path / name
    with path.open("w") as file:
        file.write("[" if name.endswith(".json") else "")
        for number in range(count):
            file.write((",\n" if number and name.endswith(".json") else "") + text)
            file.write("\n" if name.endswith(".jsonl") else "")
        file.write("]" if name.endswith(".json") else "")
    assert path.stat().st_size > 0.9 * SIZE
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_examples(path)) == count
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def test_an_array_whose_fault_comes_first_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"turns" 1},\n' + " " * (8 * MB) + "]")
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="not JSON"):
            list(read_examples(path))
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
