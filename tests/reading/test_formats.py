"""Every usual form of a conversation is read, and what cannot be read is named by file, place and fix."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import turnwright
from reading_cases import line, population, population_file, written
from turnwright.errors import InputError
from turnwright.reading import Called, Example, Said, line_from, read_conversations, read_examples, read_set

pa = pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: 3
scenarios: 8
models:
  double: {kind: scripted}
roles: {user: double, teacher: double}
export: {formats: [openai, parquet], splits: {train: 1.0}}
run: {durability: process}
"""
CHAT = [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": "what is the weather"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"day": 1}'}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    {"role": "assistant", "content": "it is sunny"},
]
SHARE = [
    {"from": "system", "value": "be kind"},
    {"from": "human", "value": "what is the weather"},
    {"from": "function_call", "value": '{"name": "look", "arguments": {"day": 1}}'},
    {"from": "observation", "value": "sunny"},
    {"from": "gpt", "value": "it is sunny"},
]
SAID = (
    Said(role="user", text="what is the weather"),
    Said(role="assistant", call=Called(name="look", arguments={"day": 1})),
    Said(role="tool", text="sunny"),
    Said(role="assistant", text="it is sunny"),
)


def turns_of(path: Path) -> list[tuple[Said, ...]]:
    return [one.turns for one in read_examples(path)]


@pytest.mark.parametrize(
    "given",
    [{"messages": CHAT}, {"conversation": CHAT}, {"conversations": CHAT}, {"conversations": SHARE}],
    ids=["openai", "conversation", "conversations by role", "sharegpt"],
)
def test_chat_messages_and_sharegpt_say_the_same(tmp_path: Path, given: dict[str, Any]) -> None:
    assert turns_of(written(tmp_path / "a.jsonl", [{"id": "x", **given}])) == [SAID]


def test_the_older_form_of_a_call_is_read_and_further_calls_are_turns_of_their_own(tmp_path: Path) -> None:
    asked = {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}
    old = [asked, {"role": "function", "content": "1"}]
    two = [{"role": "assistant", "content": "both", "tool_calls": [{"function": {"name": n}} for n in "fg"]}]
    path = written(tmp_path / "a.jsonl", [{"messages": old}, {"messages": two}])
    first, second = turns_of(path)
    assert [(turn.role, turn.call and turn.call.name) for turn in first] == [("assistant", "f"), ("tool", None)]
    assert [(turn.text, turn.call and turn.call.name) for turn in second] == [("both", "f"), ("", "g")]


def test_metadata_of_others_and_fields_that_are_null_are_no_fault(tmp_path: Path) -> None:
    about = {"metadata": {"turns": 7, "x": []}, "domain": None, "tasks": None, "id": None, "levels": None, "source": 3}
    (one,) = read_examples(written(tmp_path / "a.jsonl", [{"messages": CHAT, **about}]))
    assert (one.turns, one.name, one.task) == (SAID, "a.jsonl:1", "")


def test_all_acts_of_a_turn_are_kept_the_main_one_first_and_renamed_as_one(tmp_path: Path) -> None:
    acts = [{"act": "REQUEST", "slot": "city"}, {"act": "REQUEST", "slot": "date"}, {"act": "INFORM"}]
    turns = [{"role": "user", "text": "x", "acts": acts}, {"role": "user", "text": "y", "acts": acts[:2]}]
    path = written(tmp_path / "a.jsonl", [{"id": "x", "turns": turns}])
    (one,) = read_examples(path)
    assert [(turn.act, turn.acts, turn.labels) for turn in one.turns] == [
        ("REQUEST", ("REQUEST", "INFORM"), ("REQUEST", "INFORM")),
        ("REQUEST", (), ("REQUEST",)),
    ]
    again = written(tmp_path / "b.jsonl", [line_from(one)])
    assert list(read_examples(again)) == [one]
    (renamed,) = read_examples(path, rename={"*": "say"})
    assert [(turn.act, turn.acts) for turn in renamed.turns] == [("say", ()), ("say", ())]


def test_a_turn_with_one_act_has_the_hash_that_it_had_before_several_were_kept() -> None:
    one = Example(name="x", task="t", turns=(Said(role="assistant", text="hi", act="greet"),))
    assert one.id == "xm_fd642a1a9aa7ece0f55d91e72bded7d9"


def test_a_json_array_and_gzipped_lines_read_as_lines_do(tmp_path: Path) -> None:
    lines = [line(one) for one in population(5).examples]
    plain = written(tmp_path / "a.jsonl", lines)
    (tmp_path / "a.json").write_text(json.dumps(lines, indent=2, ensure_ascii=False))
    (tmp_path / "one.json").write_text("\ufeff [" + ",".join(map(json.dumps, lines)) + "]\n")
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as file:
        file.write(plain.read_text())
    for name in ("a.json", "one.json", "a.jsonl.gz"):
        assert turns_of(tmp_path / name) == turns_of(plain), name


@pytest.mark.parametrize(
    ("text", "line_number", "says"),
    [
        ('[\n{"turns": []},\n{"turns": [}]', 3, "not JSON"),
        ('[\n{"turns": []}\n{"turns": []}]', 3, "'{' stands where ','"),
        ('[\n{"turns": []},\n\n{"id": 1}]', 4, "not a conversation"),
        ('[{"turns": []}\n', 2, "the file ends"),
        ('[{"turns": []},\n {"turns": "cut', 2, "not JSON"),
        ('[{"turns": []}]\n[]', 2, "something stands after the array"),
        ("[" * 200_000, 1, "nested too deeply"),
        ("[ ]", None, "empty"),
    ],
)
def test_a_fault_in_an_array_is_named_by_its_line(
    tmp_path: Path, text: str, line_number: int | None, says: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        list(read_examples(path))
    assert caught.value.where == (f"{path}:{line_number}" if line_number else str(path))
    assert caught.value.fix


# --- Parquet, Arrow, folders ------------------------------------------------------------------------------------


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    from pyarrow import parquet as writer

    path.parent.mkdir(parents=True, exist_ok=True)
    writer.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_parquet_with_messages_with_sharegpt_with_turns_and_with_json_text_is_read(tmp_path: Path) -> None:
    people = list(population(4).examples)
    assert turns_of(parquet(tmp_path / "a.parquet", [{"id": "x", "messages": CHAT, "other": 1.5}])) == [SAID]
    assert turns_of(parquet(tmp_path / "b.parquet", [{"conversations": SHARE}])) == [SAID]
    assert turns_of(parquet(tmp_path / "c.parquet", [{"messages": json.dumps(CHAT)}])) == [SAID]
    by_field = {"from": [one["from"] for one in SHARE], "value": [one["value"] for one in SHARE]}
    assert turns_of(parquet(tmp_path / "d.parquet", [{"conversations": by_field}])) == [SAID]
    assert list(read_examples(parquet(tmp_path / "e.parquet", [line(one) for one in people]))) == people


def test_our_own_parquet_export_reads_as_the_run_does(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "mini_shop", tmp_path / "shop")
    (tmp_path / "factory.yaml").write_text(SPEC)
    run = turnwright.load(tmp_path / "factory.yaml").run(tmp_path / "out").folder
    whole = {one.name: one for one in read_examples(run)}
    (file,) = (run / "exports").rglob("*.parquet")
    exported = list(read_examples(file))
    assert len(exported) == len(whole) > 0
    assert exported == [whole[one.name] for one in exported]
    with pytest.raises(InputError, match="in several forms"):
        read_conversations([run / "exports"])


def test_a_folder_of_a_data_set_hub_and_one_that_was_saved_to_disk_are_read_file_by_file(tmp_path: Path) -> None:
    rows = [{"id": f"x{number}", "messages": CHAT} for number in range(6)]
    hub, saved = tmp_path / "hub", tmp_path / "saved"
    for number in (0, 1):
        parquet(hub / "data" / f"train-0000{number}-of-00002.parquet", rows[number * 3 : number * 3 + 3])
    (hub / "dataset_infos.json").write_text("{}")
    (saved / "train").mkdir(parents=True)
    for name in ("dataset_dict.json", "train/state.json", "train/dataset_info.json"):
        (saved / name).write_text("{}")
    table = pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(str(saved / "train" / "data-00000-of-00001.arrow"), table.schema) as file:
        file.write_table(table, max_chunksize=4)
    with pa.ipc.new_file(str(tmp_path / "file.arrow"), table.schema) as file:
        file.write_table(table)
    for path in (hub, saved, tmp_path / "file.arrow"):
        assert [one.name for one in read_examples(path)] == [f"x{number}" for number in range(6)], path
        assert turns_of(path) == [SAID] * 6


def test_a_folder_of_jsonl_is_read_in_the_order_of_names_without_what_tells_about_them(tmp_path: Path) -> None:
    for name in ("b", "a"):
        population_file(tmp_path / f"{name}.jsonl", 2, name=name)
    for other in (".hidden.jsonl", "a.jsonl.reference.json", "notes.json", "README.md", "a.provenance.jsonl.txt"):
        (tmp_path / other).write_text('{"notes": []}')
    read = read_conversations([tmp_path])
    assert [one.name for one in read.examples] == ["a/0", "a/1", "b/0", "b/1"]


def test_a_folder_of_several_forms_or_of_nothing_is_refused(tmp_path: Path) -> None:
    for folder in ("both", "none"):
        (tmp_path / folder).mkdir()
    population_file(tmp_path / "both" / "a.jsonl", 2)
    parquet(tmp_path / "both" / "a.parquet", [{"messages": CHAT}])
    (tmp_path / "none" / "README.md").write_text("# nothing")
    for folder, says in (("both", "1 JSONL and 1 Parquet files"), ("none", "no file of conversations")):
        with pytest.raises(InputError, match=says):
            read_conversations([tmp_path / folder])


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.parquet", b"PAR1 and then nothing", "Parquet file cannot be read"),
        ("a.arrow", b"ARROW1 and then nothing", "Arrow file cannot be read"),
        ("a.zip", b"PK\x03\x04....", "ZIP archive"),
        ("a.jsonl", "[]".encode("utf-16"), "UTF-16"),
        ("a.bin", b"\x01\x00\x02", "no text"),
        ("a.jsonl.gz", gzip.compress(b'{"turns": []}\n' * 99)[:-20], "damaged gzip"),
        ("a.jsonl", b'{"turns": [{"role": "user", "text": "\xff"}]}', "not a line of JSON"),
        ("a.json", b'[{"turns": [{"role": "user", "text": "\xff"}]}]', "not UTF-8"),
        ("a.jsonl", b'{"conversations": [{"from": "robot", "value": "x"}]}', "from"),
        ("a.jsonl", b'{"conversations": [{"from": "tool_call", "value": "look()"}]}', "not a line of JSON"),
        ("a.jsonl", b'{"dialog": ["hi", "hello"]}', "neither `turns` nor `messages`"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line_with_a_fix(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=says) as caught:
        read_conversations([tmp_path / name])
    assert caught.value.where.startswith(str(tmp_path / name))
    assert caught.value.fix
    assert "\n" not in str(caught.value)


def test_a_table_without_conversations_says_which_columns_it_has_and_an_empty_one_that_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there are: prompt, score"):
        read_conversations([parquet(tmp_path / "a.parquet", [{"prompt": "x", "score": 1}])])
    empty = pa.schema([("messages", pa.list_(pa.struct([("role", pa.string())])))]).empty_table()
    pa.parquet.write_table(empty, tmp_path / "b.parquet")
    with pytest.raises(InputError, match="empty"):
        read_conversations([tmp_path / "b.parquet"])


# --- sets -------------------------------------------------------------------------------------------------------


def test_conversations_need_no_acts_where_a_set_for_students_does(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [{"messages": CHAT}])
    assert len(read_conversations([path])) == 1
    with pytest.raises(InputError, match="not one act label"):
        read_set([path])
    with pytest.raises(InputError, match=r"the reference has 1 conversation\(s\), and at least 2 are needed"):
        read_conversations([path], name="reference", least=2)


def test_the_most_to_keep_is_drawn_by_chance_in_the_order_of_the_set_and_the_notes_say_so(tmp_path: Path) -> None:
    path = population_file(tmp_path / "a.jsonl", 50)
    whole, some = read_conversations([path]), read_conversations([path], most=20)
    assert len(some) == 20
    places = [whole.examples.index(one) for one in some.examples]
    assert places == sorted(places) != list(range(20))
    assert some.notes == ("20 of 50 conversations, drawn by chance",)
    assert read_conversations([path], most=20) == some
    assert read_conversations([path], most=50).examples == whole.examples
    assert whole.notes == ()


def test_files_of_several_forms_make_one_set(tmp_path: Path) -> None:
    one = written(tmp_path / "a.jsonl", [{"messages": CHAT}, {"conversations": SHARE}, line(population(1).examples[0])])
    two = parquet(tmp_path / "b.parquet", [{"messages": CHAT}])
    assert [len(each.turns) for each in read_conversations([one, two]).examples][:2] == [4, 4]
    assert len(read_conversations([one, two])) == 4
