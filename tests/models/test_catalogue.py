"""What the catalogue promises about names, files and hashes."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

from turnwright.errors import CatalogueError
from turnwright.models import CATALOGUE, Entry, cache_folder, catalogue, digest, entry_of, listed, located

WEIGHTS = b"GGUF" + bytes(range(256)) * 40
TOY = Entry(
    name="toy",
    licence="CC0-1.0",
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    size=len(WEIGHTS),
    file="toy.gguf",
    sources=(),
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TURNWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(catalogue, "CATALOGUE", (*CATALOGUE, TOY))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def test_every_built_in_entry_pins_its_file_and_names_licence_and_source() -> None:
    assert CATALOGUE[0].name == "smollm2-135m-instruct"
    for entry in CATALOGUE:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.size > 0
        assert entry.licence
        assert entry.sources
        assert all(re.match(r"(pypi:[\w-]+==[\w.]+#.+|hf:[^/]+/[^/]+/.+|file:.+)$", text) for text in entry.sources)
        assert Path(entry.file).name == entry.file


def test_the_list_says_what_is_here_and_where(cache: Path) -> None:
    assert [(entry.name, entry.path) for entry in listed()] == [("smollm2-135m-instruct", None), ("toy", None)]
    (cache / "toy.gguf").write_bytes(WEIGHTS)
    assert listed()[1].path == cache / "toy.gguf"
    (cache / "toy.gguf").write_bytes(WEIGHTS[:-1])
    assert listed()[1].path is None


def test_a_model_that_is_here_is_found_by_its_name(cache: Path) -> None:
    (cache / "toy.gguf").write_bytes(WEIGHTS)
    assert located("toy") == cache / "toy.gguf" == located("toy")


def test_a_model_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(CatalogueError, match="Fix: turnwright models pull toy"):
        located("toy")


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(CatalogueError, match=r"no model 'gpt-9'.*smollm2-135m-instruct, toy"):
        located("gpt-9")
    with pytest.raises(CatalogueError):
        entry_of("")


@pytest.mark.parametrize("wrong", [WEIGHTS[:-1] + b"x", WEIGHTS[:-1]], ids=["changed", "shorter"])
def test_a_file_that_is_not_the_pinned_one_is_not_used(cache: Path, wrong: bytes) -> None:
    (cache / "toy.gguf").write_bytes(wrong)
    with pytest.raises(CatalogueError, match="not the pinned one of toy"):
        located("toy")


def test_a_file_that_was_changed_after_it_was_checked_is_noticed(cache: Path) -> None:
    file = cache / "toy.gguf"
    file.write_bytes(WEIGHTS)
    located("toy")
    file.write_bytes(WEIGHTS[:-1] + b"x")
    os.utime(file, ns=(1, 1))
    with pytest.raises(CatalogueError):
        located("toy")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_cache_that_cannot_be_written_still_works(cache: Path) -> None:
    (cache / "toy.gguf").write_bytes(WEIGHTS)
    cache.chmod(0o500)
    try:
        assert located("toy") == cache / "toy.gguf"
    finally:
        cache.chmod(0o700)


def test_any_file_is_used_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(WEIGHTS)
    monkeypatch.chdir(tmp_path)
    assert located(own) == located(str(own)) == own
    assert located("own.gguf", tmp_path) == own
    assert located("own.gguf").samefile(own)
    with pytest.raises(CatalogueError, match=r"nowhere\.gguf.*check the path"):
        located("nowhere.gguf", tmp_path)


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNWRIGHT_CACHE", "~/weights")
    assert cache_folder() == Path.home() / "weights"
    monkeypatch.delenv("TURNWRIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert cache_folder() == Path("/var/cache/me/turnwright/models")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache/turnwright/models"


def test_a_digest_is_the_sha256_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(WEIGHTS)
    assert digest(file) == TOY.sha256
