"""A set is made again from its bundle alone, to the byte; what is missing or another is said in one line."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from bundle_runs import SPEC, ran

import turnwright
from turnwright.domains import load_domain
from turnwright.engine import load_spec
from turnwright.engine.bundling import bundle_run
from turnwright.engine.deleting import delete_turns
from turnwright.engine.reproducing import Reproduced, reproduce
from turnwright.errors import InputError
from turnwright.export.bundle import check
from turnwright.records import ClassLicence, Licence
from turnwright.store import open_run, read_run
from turnwright.store.packing import pack
from turnwright.verify import RUBRIC, Arbiter, ArbiterSettings
from turnwright.verify.licensing import rubric_hash, write_licence


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reproducing")
    ran(folder)
    return folder


@pytest.fixture(scope="module")
def bundle(work: Path) -> Path:
    return bundle_run(load_spec(work), work, work / "run", work / "bundle").folder


def again(bundle: Path, to: Path) -> Reproduced:
    return asyncio.run(reproduce(bundle, to))


def test_a_set_with_a_council_is_made_again_byte_by_byte_without_any_model(bundle: Path, tmp_path: Path) -> None:
    made = again(bundle, tmp_path / "again")
    assert made.differences == ()
    assert made.files > 8
    assert made.calls == len((bundle / "journal.jsonl").read_bytes().splitlines())
    for name in ("ledger.jsonl", "records/councils.jsonl", "exports/README.md", "exports/manifest.json"):
        assert (tmp_path / "again" / "bundle" / name).read_bytes() == (bundle / name).read_bytes()


def test_a_bundle_stays_sound_while_it_is_made_again(bundle: Path, tmp_path: Path) -> None:
    again(bundle, tmp_path / "again")
    assert check(bundle) == []


def resealed(work: Path, target: Path, change: object = None) -> Path:
    """A bundle that is sound, of a run database that was changed by `change`."""
    shutil.copytree(work / "run", target / "run")
    with read_run(target / "run") as run:
        begun = run.begun_with
    with open_run(target / "run", spec=begun, create=False) as run:
        run.records.log.write_at_once([change], (), ())  # type: ignore[list-item]
    return bundle_run(load_spec(work), work, target / "run", target / "bundle").folder


def test_a_call_that_is_not_in_the_journal_is_an_error_and_no_rejection(work: Path, tmp_path: Path) -> None:
    bundle = resealed(work, tmp_path, ("DELETE FROM calls WHERE number = 7", ()))
    with pytest.raises(InputError, match=r"no reply of scripted:double:\w+ to the call cl_[0-9a-f]{32}"):
        again(bundle, tmp_path / "again")


def test_other_replies_give_another_set_and_every_file_that_differs_is_named(work: Path, tmp_path: Path) -> None:
    with read_run(work / "run") as run:
        conversation = next(iter(run.records.conversations(admitted=True)))
        call = next(turn.provenance.calls[-1] for turn in conversation.turns if turn.provenance.calls)
        reply = json.loads(run.journal.get(call) or b"{}")
    told = pack(json.dumps({**reply, "usage": {**reply["usage"], "completion_tokens": 999}}).encode())
    bundle = resealed(work, tmp_path, ("UPDATE calls SET reply = ? WHERE id = ?", (told, call)))
    made = again(bundle, tmp_path / "again")
    assert any(line.startswith("records/admissions.jsonl: line 1 ") for line in made.differences)
    assert any(line.startswith("ledger.jsonl: line 1 ") for line in made.differences)


def test_a_bundle_that_cannot_be_made_again_is_refused_with_the_reason(
    work: Path, bundle: Path, tmp_path: Path
) -> None:
    spec = load_spec(work)
    bare = bundle_run(spec, work, work / "run", tmp_path / "bare", without=["journal"]).folder
    with pytest.raises(InputError, match="without its journal"):
        again(bare, tmp_path / "a")
    forged = Path(shutil.copytree(bundle, tmp_path / "forged"))
    with (forged / "domain" / "domain.yaml").open("a") as file:
        file.write("# more\n")
    with pytest.raises(InputError, match=r"not sound: grown file: domain/domain\.yaml"):
        again(forged, tmp_path / "b")
    with pytest.raises(InputError, match="cannot be read"):
        again(tmp_path / "nothing", tmp_path / "c")
    (tmp_path / "d").mkdir()
    with pytest.raises(InputError, match="something already"):
        again(bundle, tmp_path / "d")
    assert not any((tmp_path / name).exists() for name in "abc")


def test_words_that_were_deleted_are_not_made_again(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work, tmp_path / "work")
    place = tmp_path / "work"
    with read_run(place / "run") as run:
        turn = next(iter(run.records.conversations(admitted=True))).turns[0].id
    delete_turns(place / "run", [turn], "asked for")
    turnwright.load(place).export(place / "run")
    made = bundle_run(load_spec(place), place, place / "run", tmp_path / "bundle").folder
    with pytest.raises(InputError, match="words were deleted"):
        again(made, tmp_path / "again")


def test_the_arbiters_licence_is_in_the_bundle_and_rules_again(tmp_path: Path) -> None:
    text = SPEC.replace("  critic:", "  judge: {kind: scripted, script: suspicious}\n  critic:")
    text = text.replace("teacher: critic}", "teacher: critic, arbiter: judge}").replace("scenarios: 10", "scenarios: 6")
    (tmp_path / "factory.yaml").write_text(text)
    spec = load_spec(tmp_path)
    domain = load_domain(spec.domain, tmp_path)
    passed = [
        ClassLicence(
            defect=one.defect, criterion=one.name, planted=93, missed=0, miss_bound=0.03, controls=61, alarms=0,
            alarm_bound=0.05, licensed=one.defect == "rudeness",
        )
        for one in RUBRIC
    ]  # fmt: skip
    licence = Licence(
        arbiters=("scripted:double:suspicious",), tie=spec.arbiter.tie, rubric=rubric_hash(RUBRIC), spec="sp_exam",
        prompts=Arbiter(domain, {}, ArbiterSettings(), None).prompts, domain=domain.fingerprint,
        examined="2026-01-01", classes=tuple(passed),
    )  # fmt: skip
    write_licence(tmp_path / spec.arbiter.licence, licence)
    ran(tmp_path, text)
    bundle = bundle_run(spec, tmp_path, tmp_path / "run", tmp_path / "bundle").folder
    assert check(bundle) == []
    assert [path.name for path in (bundle / "licences").iterdir()] == [f"{licence.id}.json"]
    assert any("arbiter" in one["guarded_by"] for one in json.loads((bundle / "bundle.json").read_bytes())["guards"])
    assert again(bundle, tmp_path / "again").differences == ()
    (bundle / "licences" / f"{licence.id}.json").unlink()
    assert {"licence", "missing file"} <= {fault.kind for fault in check(bundle)}


def test_files_that_no_bundle_holds_are_asked_for(tmp_path: Path) -> None:
    said = {"role": "user", "text": "My train was late and I want it back."}
    (tmp_path / "held.jsonl").write_text(json.dumps({"turns": [said]}) + "\n")
    held = SPEC.replace("admit: {", "admit: {held_out: [held.jsonl], ").replace("scenarios: 10", "scenarios: 3")
    ran(tmp_path, held)
    bundle = bundle_run(load_spec(tmp_path), tmp_path, tmp_path / "run", tmp_path / "bundle").folder
    with pytest.raises(InputError, match=r"held against files that no bundle holds \(held.jsonl\)"):
        again(bundle, tmp_path / "again")
    made = asyncio.run(reproduce(bundle, tmp_path / "again", base=tmp_path))
    assert made.differences == ()
