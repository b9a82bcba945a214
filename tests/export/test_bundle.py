"""Audit bundles: any change is found and named, whoever made it and however cleverly it was covered up."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

import turnwright
from turnwright.errors import InputError
from turnwright.export.bundle import BundleFacts, check, check_bundle, write_bundle
from turnwright.export.card import Guard
from turnwright.records import ClassLicence, Licence, canonical
from turnwright.store import read_run
from turnwright.store.ledger.entry import admission_entry
from turnwright.store.ledger.log import Head, LedgerEntry
from turnwright.store.ledger.signing import SignedHead, SigningKey, make_key, read_key, sign

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
LICENCE = Licence(
    arbiters=("judge@1",), tie="defect", prompts={}, rubric="r", domain="d", spec="sp_test", examined="2026-11-22",
    classes=(ClassLicence(defect="policy", criterion="c", planted=93, missed=0, miss_bound=0.03, controls=61, alarms=0,
                          alarm_bound=0.05, licensed=True),),
)  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "factory.yaml").write_text(SPEC)
    turnwright.load(folder).run(folder / "run")
    return folder


@pytest.fixture(scope="module")
def key(work: Path) -> SigningKey:
    return read_key(make_key(work, "publisher"))


def entries_of(run: Path) -> list[LedgerEntry]:
    with read_run(run) as opened:
        bodies = [admission_entry(one.admission, one.conversation) for one in opened.records.concluded()]
    return [LedgerEntry(number=number, body=body) for number, body in enumerate(bodies)]


def headed(entries: list[LedgerEntry], key: SigningKey | None) -> SignedHead:
    root = check_bundle._root([entry.leaf for entry in entries]).hex()
    head = Head(size=len(entries), root=root)
    if key:
        return sign(head, key, log="sp_test")
    return SignedHead(log="sp_test", size=head.size, root=head.root, key="", signature="")


def bundled(work: Path, name: str, key: SigningKey | None, **changed: Any) -> Path:
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    entries = entries_of(work / "run")
    facts = BundleFacts(
        spec="sp_test", domain="mini_shop", version="0", roles={"teacher": "t"}, arbiters=("judge@1",),
        guards=(Guard(defect="policy", guarded_by="arbiter"), Guard(defect="form", guarded_by="check form")),
        licences=(LICENCE,), texts={"spec.yaml": SPEC.encode()},
    )  # fmt: skip
    facts = msgspec.structs.replace(facts, **changed)
    with read_run(work / "run") as run:
        write_bundle(folder, run.records.concluded(), entries, headed(entries, key), work / "run" / "exports", facts,
                     key=key)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def bundle(work: Path, key: SigningKey) -> Path:
    return bundled(work, "sound", key)


@contextmanager
def changed(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def resealed(folder: Path, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> None:
    """What a forger without the key does: put all hashes right again after a change."""
    manifest = json.loads((folder / "bundle.json").read_bytes())
    change(manifest)
    for name in manifest["files"]:
        content = (folder / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(manifest).encode()
    (folder / "bundle.json").write_bytes(text)
    seal = json.loads((folder / "bundle.seal").read_bytes())
    (folder / "bundle.seal").write_bytes(canonical({**seal, "sha256": hashlib.sha256(text).hexdigest()}) + b"\n")


def kinds(folder: Path, *given: Any) -> set[str]:
    return {fault.kind for fault in check(folder, *given)}


def test_a_bundle_as_it_was_written_is_sound_with_and_without_a_signature(
    work: Path, bundle: Path, key: SigningKey
) -> None:
    assert check(bundle) == []
    assert check(bundle, key.public) == []
    unsigned = bundled(work, "unsigned", None)
    assert check(unsigned) == []
    assert kinds(unsigned, key.public) == {"unsigned"}


def test_the_checker_in_the_bundle_needs_nothing_of_turnwright(work: Path, bundle: Path) -> None:
    command = [sys.executable, "-I", "-S", str(bundle / "check_bundle.py"), str(bundle)]
    blocked = subprocess.run([*command[:3], "-c", "import turnwright"], capture_output=True, check=False)
    assert blocked.returncode != 0
    whole = subprocess.run([sys.executable, "-I", *command[3:]], capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "who published it was not checked" in whole.stdout
    given = [sys.executable, "-I", *command[3:], "--key", str(work / "publisher.pub")]
    assert subprocess.run(given, capture_output=True, text=True, check=False).stdout == "sound\n"


def test_one_thousand_random_changes_of_a_byte_or_a_field_are_all_found(bundle: Path, key: SigningKey) -> None:
    rng = random.Random(7)
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and path.stat().st_size)
    for _ in range(1000):
        path = rng.choice(files)
        with changed(path, rng.choice((flipped, flipped, cut, without_a_field))(rng)):
            try:
                found = check(bundle, key.public)
            except check_bundle.Unreadable as fault:
                assert path.name in str(fault)
                continue
            assert found, path
            assert any(path.name in str(fault) for fault in found), (path, found)


def flipped(rng: random.Random) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        place = rng.randrange(len(content))
        return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]

    return change


def cut(rng: random.Random) -> Callable[[bytes], bytes]:
    return lambda content: content[: rng.randrange(len(content))]


def without_a_field(rng: random.Random) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        lines = content.split(b"\n")
        place = rng.randrange(len(lines))
        try:
            told = json.loads(lines[place])
        except ValueError:
            return flipped(rng)(content)
        if not isinstance(told, dict) or not told:
            return flipped(rng)(content)
        del told[rng.choice(sorted(told))]
        return b"\n".join([*lines[:place], canonical(told), *lines[place + 1 :]])

    return change


def test_a_changed_word_is_named_by_its_conversation_and_turn(bundle: Path) -> None:
    place = bundle / "records" / "conversations.jsonl"
    said = json.loads(place.read_bytes().split(b"\n")[0])["turns"][0]["text"]
    with changed(place, lambda content: content.replace(said.encode(), b"Something else.", 1)):
        assert any(str(fault).startswith("changed record: records/conversations.jsonl:1") for fault in check(bundle))


# --- forgers who put the hashes right again, but have no key ----------------------------------------------------


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def test_a_forged_tree_head_is_called_one(copy: Path, key: SigningKey) -> None:
    def forge(manifest: dict[str, Any]) -> None:
        manifest["head"]["root"] = "ab" * 32

    resealed(copy, forge)
    assert {"forged tree head", "signature"} <= kinds(copy)


def test_a_log_in_another_order_is_called_reordered(copy: Path) -> None:
    place = copy / "ledger.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    resealed(copy)
    assert "reordered log" in kinds(copy)


def test_a_removed_entry_is_called_removed(copy: Path) -> None:
    place = copy / "ledger.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    resealed(copy)
    assert "removed entry" in kinds(copy)


def test_a_truncated_file_is_called_truncated(copy: Path) -> None:
    place = copy / "records" / "verdicts.jsonl"
    place.write_bytes(place.read_bytes()[:100])
    assert next(fault.kind for fault in check(copy) if fault.where == "records/verdicts.jsonl") == "truncated file"


def test_an_older_bundle_that_is_shown_again_is_called_replayed(bundle: Path, key: SigningKey) -> None:
    newer = {"log": "sp_test", "size": 900, "root": "cd" * 32}
    assert kinds(bundle, key.public, newer) == {"replayed older bundle"}


def test_a_log_that_does_not_begin_with_what_was_signed_before_is_called_rewritten(
    work: Path, bundle: Path, key: SigningKey
) -> None:
    entries = entries_of(work / "run")
    earlier = headed(entries[:3], key)
    assert check(bundle, key.public, msgspec.to_builtins(earlier)) == []
    other = msgspec.to_builtins(msgspec.structs.replace(earlier, root="cd" * 32))
    assert kinds(bundle, key.public, other) == {"rewritten log"}


def test_a_bundle_that_another_signed_is_not_the_publishers(work: Path, key: SigningKey, tmp_path: Path) -> None:
    other = read_key(make_key(tmp_path, "other"))
    assert kinds(bundled(work, "others", other), key.public) == {"key"}


def test_a_rejected_conversation_put_into_the_set_is_found(work: Path, copy: Path) -> None:
    place = copy / "records"
    lines = (place / "rejected.jsonl").read_bytes().splitlines(keepends=True)
    if not lines:
        pytest.fail("the run of this test must reject something")
    with (place / "conversations.jsonl").open("ab") as file:
        file.write(lines[0])
    resealed(copy)
    assert "rejected in the set" in kinds(copy)


def test_a_count_that_the_data_does_not_bear_out_is_found_in_the_bundle_and_on_the_card(copy: Path) -> None:
    def more(manifest: dict[str, Any]) -> None:
        manifest["counts"]["admitted"] += 1

    card = copy / "exports" / "README.md"
    card.write_text(card.read_text().replace(" synthetic multi-turn", "0 synthetic multi-turn", 1))
    resealed(copy, more)
    where = {fault.where for fault in check(copy) if fault.kind == "counts"}
    assert where == {"bundle.json: counts.admitted", "exports/README.md"}


def test_a_class_without_a_licence_or_with_one_that_misses_too_much_is_found(work: Path, key: SigningKey) -> None:
    assert kinds(bundled(work, "unlicensed", key, licences=())) == {"licence"}
    poor = msgspec.structs.replace(LICENCE, classes=(msgspec.structs.replace(LICENCE.classes[0], miss_bound=0.2),))
    assert kinds(bundled(work, "poor", key, licences=(poor,))) == {"licence"}
    assert kinds(bundled(work, "other", key, arbiters=("another@1",))) == {"licence"}


def test_a_file_that_nobody_told_of_is_found(copy: Path) -> None:
    (copy / "exports" / "more.jsonl").write_text("{}\n")
    assert [str(fault) for fault in check(copy)] == ["extra file: exports/more.jsonl: the bundle does not tell of it"]


def test_a_forger_with_a_key_of_his_own_is_found_out_by_the_publishers_key(
    copy: Path, key: SigningKey, tmp_path: Path
) -> None:
    forger = read_key(make_key(tmp_path, "forger"))

    def signed_anew(manifest: dict[str, Any]) -> None:
        head = Head(size=manifest["head"]["size"], root=manifest["head"]["root"])
        manifest |= {"public": forger.public.hex(), "head": msgspec.to_builtins(sign(head, forger, log="sp_test"))}

    resealed(copy, signed_anew)
    seal = json.loads((copy / "bundle.seal").read_bytes())
    message = f"{check_bundle.FORMAT}\n{seal['sha256']}\n".encode()
    seal |= {"key": forger.id, "public": forger.public.hex()}
    seal["signature"] = base64.b64encode(forger.sign(message)).decode()
    (copy / "bundle.seal").write_bytes(canonical(seal) + b"\n")
    assert check(copy) == []
    assert kinds(copy, key.public) == {"key"}


def test_a_folder_that_is_there_is_not_written_over(work: Path, bundle: Path, key: SigningKey) -> None:
    with pytest.raises(InputError, match="something already"):
        write_bundle(bundle, [], [], headed([], key), work, BundleFacts(spec="", domain="", version="", roles={}))
