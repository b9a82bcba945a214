"""Bundles of runs: whole, sound, without secrets; heads that chain; deleted words, and proofs that still hold."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from bundle_runs import FIXTURES, SPEC, lines, ran

import turnwright
from turnwright.engine import Spec, load_spec
from turnwright.engine.bundling import bundle_run, told_spec
from turnwright.engine.deleting import delete_turns
from turnwright.errors import InputError
from turnwright.export.bundle import check
from turnwright.records.fidelity import BatchVerdict
from turnwright.store import open_run, read_run
from turnwright.store.ledger.heads import head_id, heads_of, sign_run
from turnwright.store.ledger.keys import key_named, new_key, public_keys
from turnwright.store.ledger.signing import is_signed_by

SECRET = "sk-planted-4f9a1c"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, never changed."""
    folder = tmp_path_factory.mktemp("made")
    ran(folder)
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, with a key named `me`."""
    monkeypatch.setenv("TURNWRIGHT_KEYS", str(tmp_path / "keys"))
    new_key("me")
    return Path(shutil.copytree(made, tmp_path / "work"))


def bundled(work: Path, name: str = "bundle", **given: object) -> Path:
    spec = load_spec(work)
    return bundle_run(spec, work, work / "run", work / name, **given).folder  # type: ignore[arg-type]


def exported(work: Path) -> None:
    turnwright.load(work).export(work / "run")


def spoken(work: Path, *, admitted: bool = True) -> tuple[str, str]:
    """Id and words of a long turn by a model."""
    with read_run(work / "run") as run:
        conversations = run.records.conversations(admitted=admitted)
        turns = [turn for one in conversations for turn in one.turns if turn.provenance.calls and len(turn.text) > 30]
    return turns[0].id, turns[0].text


def test_a_bundle_of_a_run_is_sound_and_has_what_an_outsider_needs(work: Path) -> None:
    bundle = bundled(work, key="me")
    assert check(bundle, public_keys()["me"]) == []
    there = {path.relative_to(bundle).parts[0] for path in bundle.rglob("*")}
    assert there == {
        "bundle.json", "bundle.seal", "check_bundle.py", "domain", "exports", "journal.jsonl", "ledger.jsonl",
        "licences", "records", "spec.json",
    }  # fmt: skip
    with read_run(work / "run") as run:
        calls = lines(bundle / "journal.jsonl")
        assert [one["id"] for one in calls] == sorted(run.journal.call_ids())
        assert not any("request" in one for one in calls)


def test_requests_are_in_the_bundle_where_the_run_kept_them(tmp_path: Path) -> None:
    spec = SPEC.replace("run: {", "run: {keep_requests: true, ").replace("scenarios: 10", "scenarios: 2")
    ran(tmp_path, spec)
    assert all("request" in one for one in lines(bundled(tmp_path) / "journal.jsonl"))


def test_what_is_left_out_of_a_bundle_is_said_and_the_rest_is_still_sound(work: Path) -> None:
    bundle = bundled(work, without=["rejected", "journal"])
    assert check(bundle) == []
    assert json.loads((bundle / "bundle.json").read_bytes())["without"] == ["rejected", "journal"]
    assert not (bundle / "journal.jsonl").exists()
    assert not (bundle / "records" / "rejected.jsonl").exists()
    kept = {one["conversation_id"] for one in lines(bundle / "records" / "verdicts.jsonl")}
    with read_run(work / "run") as run:
        assert kept == {one.id for one in run.records.conversations(admitted=True)}
    with pytest.raises(InputError, match="cannot be without 'ledger'"):
        bundled(work, "other", without=["ledger"])


def test_no_secret_of_a_spec_is_told() -> None:
    spec = Spec.model_validate({
        "domain": "starter", "scenarios": 1, "roles": {"user": "far", "teacher": "far"},
        "models": {"far": {
            "kind": "openai", "model": "m", "base_url": f"https://user:{SECRET}@host.example/v1?api-key={SECRET}",
            "api_key_env": "FAR_KEY", "headers": {"X-Organisation": SECRET},
            "extra_body": {"access_token": SECRET, "top_k": 4},
        }},
    })  # fmt: skip
    told = told_spec(spec)
    assert SECRET not in json.dumps(told)
    assert "host.example/v1" in told["models"]["far"]["base_url"]
    assert told["models"]["far"]["extra_body"]["top_k"] == 4
    assert told["models"]["far"]["api_key_env"] == "FAR_KEY"
    assert Spec.model_validate(told).roles == spec.roles


def test_a_secret_that_stands_among_the_files_of_the_domain_is_not_bundled(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "mini_shop", tmp_path / "shop")
    far = f"far: {{kind: openai, model: m, base_url: 'https://host.example/v1', headers: {{x-api-key: {SECRET}}}}}"
    spec = SPEC.replace(str(FIXTURES / "mini_shop"), ".").replace("models:\n", f"models:\n  {far}\n")
    (tmp_path / "shop" / "factory.yaml").write_text(spec)
    factory = turnwright.load(tmp_path / "shop")
    factory.run(tmp_path / "run")
    with pytest.raises(InputError, match="holds a secret of the spec"):
        bundle_run(factory.spec, factory.base, tmp_path / "run", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_the_private_key_is_in_no_file_of_the_bundle_or_the_run(work: Path, tmp_path: Path) -> None:
    bundle = bundled(work, key="me")
    private = (tmp_path / "keys" / "me.key").read_bytes().splitlines()[1]
    for folder in (bundle, work / "run"):
        assert not any(private in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_bundle_is_refused_for_another_spec_another_domain_and_a_run_without_exports(work: Path) -> None:
    spec = load_spec(work)
    other = spec.model_copy(update={"seed": 12})
    with pytest.raises(InputError, match="exports were written with another spec"):
        bundle_run(other, work, work / "run", work / "bundle")
    moved = Path(shutil.copytree(spec.domain, work / "moved"))
    (moved / "more.md").write_text("More.")
    with pytest.raises(InputError, match="the run was made with the domain"):
        bundle_run(spec.model_copy(update={"domain": "moved"}), work, work / "run", work / "bundle")
    shutil.rmtree(work / "run" / "exports")
    with pytest.raises(InputError, match="has no exports"):
        bundled(work)
    assert not (work / "bundle").exists()


def test_a_batch_in_quarantine_is_out_of_the_set_and_the_bundle_is_sound(work: Path) -> None:
    with read_run(work / "run") as run:
        begun, taken = run.begun_with, run.records.admitted()
        out = [one.ordinal for one in run.records.admissions(admitted=True) if one.ordinal < 5]
    said = BatchVerdict(
        look=1, number=1, first=0, last=4, batch=len(out), so_far=len(out), outcomes=(), action="quarantine",
        quarantined=len(out),
    )  # fmt: skip

    async def quarantine() -> None:
        with open_run(work / "run", spec=begun, create=False) as run:
            await run.records.batches.keep(said, out)

    asyncio.run(quarantine())
    with pytest.raises(InputError, match=f"exports have {taken} conversations, the set {taken - len(out)}"):
        bundled(work)
    exported(work)
    bundle = bundled(work)
    assert check(bundle) == []
    counts = json.loads((bundle / "bundle.json").read_bytes())["counts"]
    assert out
    assert counts["admitted"] == taken - len(out) == len(lines(bundle / "records" / "conversations.jsonl"))
    assert counts["rejected"]["monitor: quarantined"] == len(out)


# --- heads ------------------------------------------------------------------------------------------------------


def test_every_end_of_a_run_leaves_a_signed_head_that_names_the_one_before(work: Path) -> None:
    key = key_named("me")
    with read_run(work / "run") as run:
        first = sign_run(run, key)
        assert sign_run(run, key) == first
    turn, _ = spoken(work)
    delete_turns(work / "run", [turn], "asked for")
    turnwright.load(work).run(work / "run", key="me")
    with read_run(work / "run") as run:
        heads = heads_of(run)
        assert [head.size for head in heads] == [10, 11]
        assert [head.previous for head in heads] == ["", head_id(first)]
        assert all(is_signed_by(head, key.public) for head in heads)
        assert json.loads((work / "run" / "head.json").read_bytes())["root"] == run.records.log.ledger.head().root


def test_a_ledger_that_does_not_begin_with_what_was_signed_is_not_signed(work: Path) -> None:
    with read_run(work / "run") as run:
        sign_run(run, key_named("me"))
    path = work / "run" / "heads.jsonl"
    path.write_text(path.read_text().replace('"size":10', '"size":9'))
    with read_run(work / "run") as run, pytest.raises(InputError, match="does not begin with the 9 entries"):
        sign_run(run, key_named("me"))


# --- deletion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("admitted", [True, False])
def test_deleted_words_are_nowhere_in_the_run_and_bundles_are_still_sound(work: Path, admitted: bool) -> None:
    exported(work)
    with read_run(work / "run") as run:
        before, taken = run.records.log.ledger.head(), run.records.admitted()
    turn, words = spoken(work, admitted=admitted)
    done = delete_turns(work / "run", [turn[:20]], "a person asked for it")
    assert done.turns == (turn,)
    assert done.calls > 0
    with read_run(work / "run") as run:
        ordinal, conversation = next(iter(done.conversations.items()))
        kept = run.records.concluded_at(ordinal)
        assert not any(words.encode() in body for _, _, body in run.records.kept_of(ordinal))
        assert not any(words.encode() in (run.journal.get(one) or b"") for one in run.journal.call_ids())
        assert f'"deleted":"{turn}"'.encode() in kept.tombstone
        assert kept.conversation is not None
        assert kept.conversation.id == conversation
        assert run.records.admitted() == taken - admitted
        assert run.records.log.ledger.head(before.size) == before
    assert not any((work / "run" / "exports").iterdir())
    exported(work)
    bundle = bundled(work, key="me")
    assert check(bundle, public_keys()["me"]) == []
    assert not any(words.encode() in path.read_bytes() for path in bundle.rglob("*.json*"))
    conversations = {one["conversation_id"] for one in lines(bundle / "records" / "verdicts.jsonl") if "id" in one}
    assert conversation not in conversations


def test_deleted_words_are_not_left_in_the_bytes_of_the_database(work: Path) -> None:
    planted = b"planted words that stand in no other row of this file"
    with read_run(work / "run") as run:
        begun = run.begun_with
        council = next(run.records.councils()).id
    for statement, values, there in (
        ("UPDATE records SET body = ? WHERE id = ?", (planted, council), True),
        ("DELETE FROM records WHERE id = ?", (council,), False),
    ):
        with open_run(work / "run", spec=begun, create=False) as run:
            run.records.log.write_at_once([(statement, values)], (), ())
            assert (planted in b"".join(path.read_bytes() for path in (work / "run").glob("run.db*"))) is there


def test_a_turn_that_is_not_there_or_was_deleted_before_is_refused_and_nothing_changes(work: Path) -> None:
    turn, _ = spoken(work)
    before = (work / "run" / "exports" / "README.md").read_bytes()
    for wanted, reason, match in (
        (["tn_00000000"], "why", "there is no turn"),
        (["tn_"], "why", "turns have an id that begins with"),
        ([], "why", "no turn is named"),
        ([turn], " ", "needs a reason"),
    ):
        with pytest.raises(InputError, match=match):
            delete_turns(work / "run", wanted, reason)
    assert (work / "run" / "exports" / "README.md").read_bytes() == before
    delete_turns(work / "run", [turn], "why")
    with pytest.raises(InputError, match="were deleted before"):
        delete_turns(work / "run", [turn], "why")


def test_two_turns_of_one_conversation_can_be_deleted_one_after_the_other(work: Path) -> None:
    first, _ = spoken(work)
    ordinal = next(iter(delete_turns(work / "run", [first], "one").conversations))
    with read_run(work / "run") as run:
        entry = next(json.loads(one.body) for one in run.records.log.ledger.entries(ordinal))
    second = next(turn for turn in entry["turns"] if turn != first)
    delete_turns(work / "run", [second], "another")
    exported(work)
    bundle = bundled(work)
    assert check(bundle) == []
    line = next(one for one in lines(bundle / "records" / "rejected.jsonl") if "deleted" in one)
    assert [turn["deleted"] for turn in line["turns"] if "deleted" in turn] == sorted(
        (first, second), key=entry["turns"].index
    )


def test_words_that_were_to_be_deleted_and_are_still_there_are_found(work: Path) -> None:
    turn, words = spoken(work)
    delete_turns(work / "run", [turn], "asked for")
    exported(work)
    bundle = bundled(work)
    path = bundle / "records" / "rejected.jsonl"
    path.write_text(path.read_text().replace(f'"deleted":"{turn}"', f'"deleted":"{turn}","text":{json.dumps(words)}'))
    assert "deleted turn" in {fault.kind for fault in check(bundle)}
