"""The export stage: files that trainers read, splits that share no scenario, and a manifest that can be checked."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from export_samples import HOSTILE, assistant, failed, kept, left, plain, silent, some, user
from pydantic import ValidationError

from turnwright.domains import Domain
from turnwright.errors import InputError
from turnwright.export import ExportSettings, Kept, check_openai, export, split_of
from turnwright.records import Persona, Scenario

ALL = ExportSettings(formats=["openai", "sharegpt", "trl", "parquet"])
ONE_SPLIT = {"train": 1.0}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def one_file(shop: Domain, folder: Path, name: str, *those: Kept, **settings: Any) -> list[dict[str, Any]]:
    export(those, shop, ExportSettings(formats=[name], splits=ONE_SPLIT, **settings), folder)
    return lines(folder / name / "train.jsonl")


# --- formats ---------------------------------------------------------------------------------------------------------


def test_every_openai_line_passes_the_fine_tuning_checks(shop: Domain, tmp_path: Path) -> None:
    export(some(60), shop, ExportSettings(formats=["openai"]), tmp_path)
    files = [p for p in (tmp_path / "openai").glob("*.jsonl") if "provenance" not in p.name]
    checked = [check_openai(line) for path in files for line in path.read_bytes().splitlines()]
    assert len(checked) == 60
    assert set(checked) == {""}


def test_calls_are_json_strings_and_results_name_their_call(shop: Domain, tmp_path: Path) -> None:
    [line] = one_file(shop, tmp_path, "openai", kept(1, plain()))
    system, _, call, result, *_ = line["messages"]
    assert system == {"role": "system", "content": shop.spec.policy.strip()}
    assert json.loads(call["tool_calls"][0]["function"]["arguments"]) == {"order_id": "A1"}
    assert result["tool_call_id"] == call["tool_calls"][0]["id"]
    assert json.loads(result["content"])["total"] == 25.5
    assert {tool["function"]["name"] for tool in line["tools"]} == set(shop.tools)
    assert line["parallel_tool_calls"] is False


def test_a_failed_call_reads_as_an_error_and_the_plan_behind_it_is_not_told(shop: Domain, tmp_path: Path) -> None:
    for name in ("openai", "sharegpt", "trl"):
        [line] = one_file(shop, tmp_path / name, name, kept(1, failed()), with_metadata=False)
        text = json.dumps(line)
        assert "service temporarily unavailable" in text
        assert "fault" not in text


def test_a_turn_that_must_not_be_learnt_is_marked_in_every_format(shop: Domain, tmp_path: Path) -> None:
    one = kept(1, failed())
    messages = one_file(shop, tmp_path, "openai", one)[0]["messages"]
    assert [m["content"] for m in messages if m.get("weight") == 0] == ["One moment, I'll try again."]
    parts = one_file(shop, tmp_path, "sharegpt", one)[0]["conversations"]
    assert [p["value"] for p in parts if p["from"] == "gpt" and not p["train"]] == ["One moment, I'll try again."]
    messages = one_file(shop, tmp_path, "trl", one)[0]["messages"]
    said = [m["content"] for m in messages if m["role"] == "assistant" and not m["trainable"]]
    assert said == ["One moment, I'll try again."]
    assert not any(m["trainable"] for m in messages if m["role"] != "assistant")


def test_a_conversation_that_the_user_left_ends_on_the_assistants_last_words(shop: Domain, tmp_path: Path) -> None:
    [line] = one_file(shop, tmp_path, "openai", kept(1, left(), "abandoned", "abandoned"))
    assert line["messages"][-1] == {"role": "assistant", "content": "How can I help?"}
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["shortened"] == 1


def test_a_conversation_without_words_to_learn_is_left_out_and_counted(shop: Domain, tmp_path: Path) -> None:
    unlearnable = (user("Hi"), assistant("Hello", trainable=False))
    those = [kept(1, silent()), kept(2, unlearnable), kept(3, plain())]
    manifest = export(those, shop, ALL.model_copy(update={"splits": ONE_SPLIT}), tmp_path)
    assert manifest.left_out == {n: {"no_assistant_turn_to_learn": 2} for n in ("openai", "sharegpt", "trl")}
    assert {file.format: file.conversations for file in manifest.files}["parquet"] == 3
    assert len(lines(tmp_path / "openai" / "train.jsonl")) == 1


def test_sharegpt_names_its_speakers_and_holds_calls_as_text(shop: Domain, tmp_path: Path) -> None:
    [line] = one_file(shop, tmp_path, "sharegpt", kept(1, plain()))
    speakers = [part["from"] for part in line["conversations"]]
    assert speakers == ["human", "function_call", "observation", "gpt", "human", "function_call", "observation", "gpt"]
    assert json.loads(line["conversations"][1]["value"]) == {"name": "get_order", "arguments": {"order_id": "A1"}}
    assert {tool["name"] for tool in json.loads(line["tools"])} == set(shop.tools)
    assert line["system"] == shop.spec.policy.strip()


def test_the_policy_can_be_left_out(shop: Domain, tmp_path: Path) -> None:
    assert one_file(shop, tmp_path, "openai", kept(1, plain()), system=False)[0]["messages"][0]["role"] == "user"
    assert one_file(shop, tmp_path, "sharegpt", kept(1, plain()), system=False)[0]["system"] == ""


def test_hostile_words_stay_words(shop: Domain, tmp_path: Path) -> None:
    export([kept(1, failed())], shop, ALL.model_copy(update={"splits": ONE_SPLIT}), tmp_path)
    assert lines(tmp_path / "openai" / "train.jsonl")[0]["messages"][1] == {"role": "user", "content": HOSTILE}
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {
        "manifest.json", "openai/train.jsonl", "openai/train.provenance.jsonl", "sharegpt/train.jsonl",
        "trl/train.jsonl", "parquet/train.parquet",
    }  # fmt: skip


# --- origin and weight ------------------------------------------------------------------------------------------------


def test_every_message_keeps_its_origin(shop: Domain, tmp_path: Path) -> None:
    export(some(30), shop, ALL.model_copy(update={"splits": ONE_SPLIT}), tmp_path)
    beside = lines(tmp_path / "openai" / "train.provenance.jsonl")
    chat = lines(tmp_path / "openai" / "train.jsonl")
    inside = [line["metadata"] for line in lines(tmp_path / "trl" / "train.jsonl")]
    assert beside == inside == [line["metadata"] for line in lines(tmp_path / "sharegpt" / "train.jsonl")]
    assert len(beside) == len(chat) == 30
    for line, told in zip(chat, beside, strict=True):
        assert [turn["message"] for turn in told["turns"]] == list(range(1, len(line["messages"])))
        roles = [line["messages"][turn["message"]]["role"] for turn in told["turns"]]
        assert roles == [turn["role"] for turn in told["turns"]]
        assert {turn["origin"] for turn in told["turns"] if turn["role"] == "user"} == {"model"}
        assert {turn["origin"] for turn in told["turns"] if turn["role"] == "assistant"} == {"template"}


def test_natural_writes_the_scenarios_weights_and_stress_writes_one(shop: Domain, tmp_path: Path) -> None:
    natural = one_file(shop, tmp_path / "n", "trl", kept(1, plain()), view="natural")
    stress = one_file(shop, tmp_path / "s", "trl", kept(1, plain()), view="stress")
    assert (natural[0]["metadata"]["weight"], stress[0]["metadata"]["weight"]) == (1.5, 1.0)


def test_metadata_can_be_left_out(shop: Domain, tmp_path: Path) -> None:
    assert "metadata" not in one_file(shop, tmp_path, "trl", kept(1, plain()), with_metadata=False)[0]
    export([kept(1, plain())], shop, ExportSettings(with_metadata=False), tmp_path / "all")
    assert not list((tmp_path / "all").rglob("*provenance*"))


# --- splits -----------------------------------------------------------------------------------------------------------


def drawn(number: int, **levels: str) -> Scenario:
    return Scenario(ordinal=number, domain="d", levels=levels, persona=Persona(name="A"), seed=number)


def test_a_scenario_is_in_one_split_whatever_else_is_exported(shop: Domain, tmp_path: Path) -> None:
    twice = [one for one in some(40) for _ in range(2)]
    export(twice, shop, ExportSettings(formats=["trl"], splits={"train": 2, "validation": 1, "test": 1}), tmp_path)
    seen = {
        path.stem: {line["metadata"]["scenario_id"] for line in lines(path)} for path in (tmp_path / "trl").glob("*")
    }
    assert len(seen) == 3
    assert sum(map(len, seen.values())) == len(set.union(*seen.values())) == 40


def test_shares_are_kept_by_the_hash() -> None:
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    found = [split_of(drawn(n), shares) for n in range(4000)]
    assert abs(found.count("train") / 4000 - 0.8) < 0.03
    assert abs(found.count("test") / 4000 - 0.1) < 0.02


def test_splitting_by_levels_keeps_equal_levels_together() -> None:
    shares = {"train": 0.5, "test": 0.5}
    placed: dict[str, set[str]] = {}
    for number in range(400):
        scenario = drawn(number, mood="calm", intent=f"i{number % 20}")
        placed.setdefault(scenario.levels["intent"], set()).add(split_of(scenario, shares, "levels"))
    assert all(len(splits) == 1 for splits in placed.values())
    assert len(set.union(*placed.values())) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"splits": {"train": -0.1, "test": 1}},
        {"splits": {"train": 0.0}},
        {"splits": {}},
        {"splits": {"../train": 1.0}},
        {"formats": []},
        {"formats": ["openai", "openai"]},
        {"formats": ["csv"]},
        {"view": "both"},
        {"split": {"train": 1}},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExportSettings.model_validate(wrong)


# --- files ------------------------------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_conversations_give_the_same_bytes(shop: Domain, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(some(50), shop, ALL, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_manifest_tells_counts_and_hashes_of_every_file(shop: Domain, tmp_path: Path) -> None:
    manifest = export(some(50), shop, ALL, tmp_path, spec_hash="sp_1")
    assert (manifest.conversations, sum(manifest.splits.values()), manifest.spec) == (50, 50, "sp_1")
    assert {file.path for file in manifest.files} == set(contents(tmp_path)) - {"manifest.json"}
    for file in manifest.files:
        data = (tmp_path / file.path).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.bytes)
    assert json.loads((tmp_path / "manifest.json").read_text())["files"][0]["path"] == manifest.files[0].path


def test_a_new_export_removes_what_the_old_one_wrote_and_nothing_else(shop: Domain, tmp_path: Path) -> None:
    export(some(40), shop, ALL, tmp_path)
    (tmp_path / "trl" / "notes.txt").write_text("mine")
    export(some(40), shop, ExportSettings(formats=["openai"], splits=ONE_SPLIT), tmp_path)
    assert set(contents(tmp_path)) == {
        "manifest.json", "openai/train.jsonl", "openai/train.provenance.jsonl", "trl/notes.txt",
    }  # fmt: skip


def test_an_export_that_breaks_off_leaves_the_earlier_one_as_it_was(shop: Domain, tmp_path: Path) -> None:
    export(some(20), shop, ALL, tmp_path)
    before = contents(tmp_path)

    def breaking() -> Iterator[Kept]:
        yield from some(10)
        raise InputError("the source broke off")

    with pytest.raises(InputError):
        export(breaking(), shop, ALL, tmp_path)
    assert contents(tmp_path) == before


def test_an_empty_set_gives_a_manifest_and_no_files(shop: Domain, tmp_path: Path) -> None:
    manifest = export([], shop, ALL, tmp_path)
    assert (manifest.conversations, manifest.files) == (0, ())
    assert set(contents(tmp_path)) == {"manifest.json"}


def test_memory_does_not_grow_with_the_set(shop: Domain, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        export(some(count), shop, ExportSettings(), tmp_path / str(count))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(50)
    assert peak(1500) < 1.5 * peak(300)


# --- the checks themselves ------------------------------------------------------------------------------------------


def message(role: str, **more: Any) -> dict[str, Any]:
    return {"role": role, **more}


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


@pytest.mark.parametrize(
    ("messages", "tools", "said"),
    [
        ([message("user", content="a")], [], "last message"),
        ([message("user", content="")], [], "empty content"),
        ([message("human", content="a")], [], "role"),
        ([message("user", content="a", mood="b")], [], "unknown key mood"),
        ([message("user", content="a", weight=1), message("assistant", content="b")], [], "weight"),
        ([message("assistant", content="a", weight=2)], [], "weight"),
        ([message("assistant", content="a", weight=0)], [], "weight 1"),
        (
            [message("user", content="a"), message("system", content="s"), message("assistant", content="b")],
            [],
            "first",
        ),
        ([message("assistant", tool_calls=[CALL])], TOOLS, "not answered"),
        ([message("assistant", tool_calls=[CALL]), message("user", content="?")], TOOLS, "not answered"),
        ([message("tool", tool_call_id="c9", content="1"), message("assistant", content="b")], TOOLS, "no open call"),
        ([message("assistant", tool_calls=[CALL])], [], "not in `tools`"),
        (
            [message("assistant", tool_calls=[{**CALL, "function": {"name": "f", "arguments": {}}}])],
            TOOLS,
            "JSON string",
        ),
    ],
)
def test_the_openai_check_finds(messages: list[Any], tools: list[Any], said: str) -> None:
    assert said in check_openai(json.dumps({"messages": messages, **({"tools": tools} if tools else {})}))


def test_the_openai_check_finds_broken_lines_and_long_names() -> None:
    ends = [message("assistant", content="b")]
    assert "not JSON" in check_openai("{")
    assert "no messages" in check_openai("[]")
    assert "unknown key metadata" in check_openai(json.dumps({"messages": ends, "metadata": {}}))
    long = [{"type": "function", "function": {"name": "f" * 65}}]
    assert "64" in check_openai(json.dumps({"messages": ends, "tools": long}))
