"""What a tuned student reads and says, before any weight is involved."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reading_cases import example, population
from turnwright.errors import CatalogueError, InputError
from turnwright.reading import Called, Said
from turnwright.records import Json
from turnwright.train import load_student
from turnwright.train.lora import LoraSettings, fit_lora, read_pairs, require_free
from turnwright.train.lora.base import base_of
from turnwright.train.lora.plan import steps_of
from turnwright.train.lora.wording import (
    begun_call,
    call_of,
    declared,
    finished_call,
    opening,
    read_back,
    spoken,
    task_of,
    tools_of,
)

LOOK_UP: dict[str, Json] = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"pin": {"type": "integer"}}}},
}


def test_a_turn_is_said_with_its_act_first_and_can_be_read_back() -> None:
    words = spoken(Said(role="assistant", text=" Your name? ", act="ask_name"))
    assert words.text == "[ask_name] Your name?"
    assert read_back(words.text) == words
    call = spoken(Said(role="assistant", act="query", call=Called(name="look_up", arguments={"pin": 7, "at": 'a"]b'})))
    assert call.text.startswith('[query] <tool_call>{"name":"look_up","arguments":{')
    assert read_back(call.text) == call
    assert call_of(call.text) == Called(name="look_up", arguments={"pin": 7, "at": 'a"]b'})
    unlabelled = spoken(Said(role="assistant", text="Hm."))
    assert unlabelled.text == "Hm."
    assert read_back("Hm.") == unlabelled


@pytest.mark.parametrize("text", ["no call", "<tool_call>{", '<tool_call>{"name":7}</tool_call>', "<tool_call>[1]"])
def test_what_is_no_call_is_read_as_none(text: str) -> None:
    assert call_of(text) is None


def test_a_call_that_is_begun_and_finished_is_the_call_that_was_learnt() -> None:
    whole = spoken(Said(role="assistant", act="query", call=Called(name='look"up', arguments={"pin": 7})))
    assert " " + finished_call(begun_call('look"up'), '{"pin":7}') == whole.rest


def test_the_student_reads_its_task_and_its_tools_first() -> None:
    tools = tools_of([example("a", "ask_name", "query", "goodbye")])
    assert tools == {"bank": {"look_up": ("pin",)}}
    assert opening("bank", tools["bank"]) == "Task: bank\nTools: look_up(pin)"
    assert opening("bank", declared([LOOK_UP])) == opening("bank", tools["bank"])
    assert opening("", {})


def test_a_live_talk_is_of_the_task_whose_tools_it_has() -> None:
    known = {"bank": {"look_up": ("pin",), "pay": ()}, "shop": {"find": ()}}
    assert task_of({"look_up": ()}, known) == "bank"
    assert task_of({"fly": ()}, known) == ""
    assert task_of({"fly": ()}, {"bank": {"look_up": ()}}) == "bank"


def test_every_conversation_is_learnt_once_a_pass_in_an_order_that_the_seed_decides() -> None:
    lengths = [(n * 37) % 101 + 10 for n in range(53)]
    steps = steps_of(lengths, LoraSettings(epochs=2, batch=4))
    assert sorted(n for step in steps for n in step) == sorted([*range(53), *range(53)])
    assert steps == steps_of(lengths, LoraSettings(epochs=2, batch=4))
    assert steps != steps_of(lengths, LoraSettings(epochs=2, batch=4, seed=1))
    assert max(map(len, steps)) == 4
    assert len(steps_of(lengths, LoraSettings(epochs=2, batch=4, max_steps=3))) == 3
    given = steps_of(lengths, LoraSettings(epochs=1, batch=4, order="as_given"))
    assert [n for step in given for n in step] == list(range(53))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("rank", 0, "rank is 0. Fix: at least 1"),
        ("epochs", 0.0, "epochs is 0. Fix: a number above 0"),
        ("rate", float("nan"), "rate is nan"),
        ("context", 10, "at least 64"),
        ("dropout", 1.0, "below 1"),
        ("order", "backwards", "shuffled, as_given"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_else(
    field: str, value: object, says: str, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(LoraSettings(), **{field: value})
    with pytest.raises(InputError) as caught:
        fit_lora(population(4).examples, base="nothing", folder=tmp_path / "s", settings=settings)
    assert says in str(caught.value)
    assert not (tmp_path / "s").exists()


def test_one_act_or_an_act_with_a_bracket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fewer than two acts"):
        fit_lora([example("x", "query")], base="nothing", folder=tmp_path / "s")
    with pytest.raises(InputError, match="a bracket"):
        fit_lora([example("x", "que]ry", "goodbye")], base="nothing", folder=tmp_path / "s")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed here")
def test_without_torch_one_line_says_which_extra_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fit_lora(population(6).examples, base="smollm2-135m-instruct", folder=tmp_path / "s")
    assert "torch" in str(caught.value)
    assert str(caught.value).endswith("not installed. Fix: pip install 'turnwright[train]'")
    assert not (tmp_path / "s").exists()


def test_importing_the_stage_loads_no_torch() -> None:
    code = (
        "import sys, turnwright.train.lora; print([n for n in ('torch', 'transformers', 'peft') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_base_is_known_by_the_hash_of_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"weights")
    assert base_of(file).gguf
    folder = tmp_path / "hf"
    folder.mkdir()
    with pytest.raises(InputError, match="holds no model"):
        base_of(folder)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text(name)
    one = base_of(folder)
    (folder / "model.safetensors").write_text("other")
    assert base_of(folder).sha256 != one.sha256
    with pytest.raises(CatalogueError, match="no model 'nothing'"):
        base_of("nothing")


def test_a_folder_is_free_when_it_holds_nothing_but_an_unfinished_training(tmp_path: Path) -> None:
    require_free(tmp_path / "new")
    (tmp_path / "checkpoints").mkdir()
    require_free(tmp_path)
    (tmp_path / "student.json").write_text("{}")
    with pytest.raises(InputError, match="nothing is overwritten"):
        require_free(tmp_path)


def test_a_folder_that_holds_no_whole_student_is_refused(tmp_path: Path) -> None:
    (tmp_path / "student.json").write_text('{"kind":"lora","format":9}')
    with pytest.raises(InputError, match="not a student that this turnwright reads"):
        load_student(tmp_path)
    (tmp_path / "student.json").write_text('{"kind":"magic"}')
    with pytest.raises(InputError, match="not a student that this turnwright reads"):
        load_student(tmp_path)


PAIR = {
    "prompt": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}],
    "chosen": [{"role": "assistant", "content": "Your name?"}],
    "rejected": [{"role": "assistant", "content": "Bye."}],
    "tools": json.dumps([LOOK_UP]),
}


def test_pairs_are_read_with_the_acts_that_their_metadata_tells(tmp_path: Path) -> None:
    told = {"chosen": {"acts": ["ask_name"]}, "rejected": {"acts": ["goodbye"]}}
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({**PAIR, "metadata": told, "weight": 2}) + "\n")
    (pair,) = read_pairs([file])
    assert (pair.chosen.text, pair.rejected.text) == ("[ask_name] Your name?", "[goodbye] Bye.")
    assert [turn.role for turn in pair.talk] == ["user"]
    assert (pair.tools, pair.weight) == ({"look_up": ("pin",)}, 2)
    file.write_text(json.dumps(PAIR) + "\n")
    assert read_pairs([file])[0].chosen.text == "Your name?"
    (tmp_path / "train.provenance.jsonl").write_text(json.dumps(told) + "\n")
    assert read_pairs([file])[0].chosen.act == "ask_name"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no pairs"),
        ("{}\n", r"train\.jsonl:1: not a preference pair"),
        (json.dumps({**PAIR, "chosen": []}), "not a preference pair"),
        (json.dumps({**PAIR, "tools": "{"}), "not a preference pair"),
        (json.dumps({**PAIR, "weight": -1}), "not a preference pair"),
    ],
)
def test_a_file_without_pairs_or_with_a_wrong_line_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(text)
    with pytest.raises(InputError, match=says):
        read_pairs([file])
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs([tmp_path / "gone.jsonl"])
