"""`keys`, `bundle`, `verify`, `delete` and `reproduce`, as publisher and auditor meet them."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from turnwright.cli.app import run_app

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = f"""\
version: 1
domain: {FIXTURES / "mini_shop"}
seed: 11
scenarios: 8
attempts: 1
admit: {{limit: {{mood: {{calm: 0}}}}}}
models: {{double: {{kind: scripted, script: obliging}}}}
roles: {{user: double, teacher: double}}
export: {{formats: [trl]}}
run: {{durability: process}}
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that a key signed, and its bundle; never changed."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "factory.yaml").write_text(SPEC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TURNWRIGHT_KEYS", str(folder / "keys"))
        assert run_app(["keys", "publisher"]) == 0
        assert run_app(["run", str(folder), "--quiet", "--key", "publisher"]) == 0
        assert run_app(["bundle", str(folder), "--to", str(folder / "bundle"), "--key", "publisher"]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Path:
    """A copy of it."""
    copy = Path(shutil.copytree(made, tmp_path / "work"))
    monkeypatch.setenv("TURNWRIGHT_KEYS", str(copy / "keys"))
    capsys.readouterr()
    return copy


def said(capsys: Capture, *arguments: object, code: int = 0) -> str:
    assert run_app([str(one) for one in arguments]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def resealed(bundle: Path, name: str, change: Callable[[Any], Any]) -> None:
    """What a forger without the key does: change something and put all hashes right again."""
    path = bundle / name
    content = path.read_bytes()
    if name.endswith(".json"):
        path.write_text(json.dumps(change(json.loads(content))))
    else:
        path.write_bytes(b"".join(change(content.splitlines(keepends=True))))
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    for file in manifest["files"]:
        content = (bundle / file).read_bytes()
        manifest["files"][file] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(manifest).encode()
    (bundle / "bundle.json").write_bytes(text)
    seal = json.loads((bundle / "bundle.seal").read_bytes()) | {"sha256": hashlib.sha256(text).hexdigest()}
    told = json.dumps(seal, sort_keys=True, separators=(",", ":"))
    (bundle / "bundle.seal").write_text(f"{told}\n")


# --- keys -------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_for_its_owner_alone_and_only_its_public_half_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.delenv("TURNWRIGHT_KEYS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "there are no keys" in said(capsys, "keys")
    out = said(capsys, "keys", "mine")
    private = tmp_path / "turnwright" / "keys" / "mine.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert private.with_suffix(".pub").read_text().strip() in out
    assert private.read_text().splitlines()[1] not in out
    assert "mine" in said(capsys, "keys")
    assert "a key of this name is there already" in said(capsys, "keys", "mine", code=2)
    assert "cannot be a key's name" in said(capsys, "keys", "../mine", code=2)


def test_a_run_with_a_key_that_is_not_there_is_refused_before_anything_is_written(work: Path, capsys: Capture) -> None:
    shutil.rmtree(work / "runs")
    assert "there is no key 'other'" in said(capsys, "run", work, "--quiet", "--key", "other", code=2)
    assert not (work / "runs").exists()


# --- bundle and verify ------------------------------------------------------------------------------------------


def test_a_bundle_is_sound_for_who_has_the_key_and_the_head_of_the_run(work: Path, capsys: Capture) -> None:
    bundle, key = work / "bundle", work / "keys" / "publisher.pub"
    assert said(capsys, "verify", bundle) == "sound; who published it was not checked: give --key\n"
    assert said(capsys, "verify", bundle, "--key", key, "--known", work / "runs/run/head.json") == "sound\n"


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("bundle.json", lambda told: told | {"head": told["head"] | {"root": "ab" * 32}}, "forged tree head: "),
        ("ledger.jsonl", lambda lines: [lines[1], lines[0], *lines[2:]], "reordered log: "),
        ("ledger.jsonl", lambda lines: [*lines[:2], *lines[3:]], "removed entry: "),
        ("ledger.jsonl", lambda lines: lines[:-1], "removed entry: "),
        ("records/conversations.jsonl", lambda lines: lines[1:], "missing record: "),
    ],
    ids=["forged head", "reordered", "removed", "removed last", "missing conversation"],
)
def test_a_forger_who_puts_all_hashes_right_is_found_out(
    work: Path, capsys: Capture, name: str, change: Callable[[Any], Any], told: str
) -> None:
    resealed(work / "bundle", name, change)
    out = said(capsys, "verify", work / "bundle", code=1)
    assert any(line.startswith(told) for line in out.splitlines()), out
    assert "not sound: " in out


def test_a_truncated_file_is_named_with_what_is_left_of_it(work: Path, capsys: Capture) -> None:
    path = work / "bundle" / "records" / "blueprints.jsonl"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:50])
    out = said(capsys, "verify", work / "bundle", code=1)
    assert f"truncated file: records/blueprints.jsonl: 50 of {size:,} bytes" in out


def test_an_older_bundle_that_is_shown_again_is_known_by_a_newer_head(work: Path, capsys: Capture) -> None:
    turn = json.loads((work / "bundle/ledger.jsonl").read_bytes().splitlines()[0])["turns"][0]
    said(capsys, "delete", work / "runs/run", turn, "--reason", "asked for")
    said(capsys, "run", work, "--quiet", "--key", "publisher")
    out = said(capsys, "verify", work / "bundle", "--known", work / "runs/run/head.json", code=1)
    assert out.startswith("replayed older bundle: ledger.jsonl: the ledger has 8 entries, a head of 9 is known")
    said(capsys, "bundle", work, "--to", work / "newer", "--key", "publisher")
    heads = (work / "runs/run/heads.jsonl").read_text().splitlines()
    assert len(heads) == 2
    for head in heads:
        (work / "kept.json").write_text(head)
        assert said(capsys, "verify", work / "newer", "--known", work / "kept.json").startswith("sound")


def test_what_is_no_bundle_no_key_or_no_head_is_unreadable(work: Path, capsys: Capture) -> None:
    assert "bundle.json: cannot be read" in said(capsys, "verify", work, code=2)
    assert "not a public key" in said(capsys, "verify", work / "bundle", "--key", work / "factory.yaml", code=2)
    assert "not a tree head" in said(capsys, "verify", work / "bundle", "--known", work / "factory.yaml", code=2)
    assert "something already" in said(capsys, "bundle", work, "--to", work / "bundle", code=2)
    assert "cannot be without 'ledger'" in said(
        capsys, "bundle", work, "--to", work / "b", "--without", "ledger", code=2
    )


# --- delete and reproduce ---------------------------------------------------------------------------------------


def test_deleting_says_what_was_reached_and_what_was_not(work: Path, capsys: Capture) -> None:
    turn = json.loads((work / "bundle/ledger.jsonl").read_bytes().splitlines()[0])["turns"][0]
    out = said(capsys, "delete", work / "runs/run", turn, "--reason", "a person asked")
    assert "deleted: the words of 1 turns" in out
    assert "not reached: bundles, copies and backups" in out
    assert "were deleted before" in said(capsys, "delete", work / "runs/run", turn, "--reason", "again", code=2)


def test_a_set_is_made_again_and_every_byte_is_the_same(work: Path, capsys: Capture) -> None:
    out = said(capsys, "reproduce", work / "bundle", "--to", work / "again")
    assert out.endswith("every byte is the same\n")
    assert "no model was asked" in out
