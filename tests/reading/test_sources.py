"""Reading sets for students: what is understood, and how a bad line is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

import turnwright
from reading_cases import line, needs_star, population, population_file, written
from turnwright.errors import InputError
from turnwright.reading import Example, ExampleSet, Said, counted_as, decisions, line_from, read_examples, read_set

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: 3
scenarios: 8
models:
  double: {kind: scripted}
roles: {user: double, teacher: double}
export: {formats: [openai, trl, sharegpt], splits: {train: 1.0}}
run: {durability: process}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the small shop, with its exports."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(FIXTURES / "mini_shop", folder / "shop")
    (folder / "factory.yaml").write_text(SPEC)
    return turnwright.load(folder / "factory.yaml").run(folder / "out").folder


def test_a_reference_file_reads_back_what_was_written(tmp_path: Path) -> None:
    made = population(6)
    read = read_set([written(tmp_path / "a.jsonl", map(line, made.examples))])
    assert read.examples == made.examples
    assert read.hash == made.hash
    assert read.usage is None


def test_every_form_of_an_act_is_read_and_the_first_is_the_main_one(tmp_path: Path) -> None:
    acts = [{"act": "a"}, {"acts": ["b", "c"]}, {"acts": [{"act": "REQUEST", "slot": "city"}]}, {"acts": []}, {}]
    turns = [{"role": "assistant", "text": "x", **one} for one in acts]
    path = written(tmp_path / "a.jsonl", [{"id": 7, "domain": "open", "turns": turns}])
    (one,) = read_examples(path)
    assert [turn.act for turn in one.turns] == ["a", "b", "REQUEST", "", ""]
    assert (one.name, one.task) == ("7", "open")


def test_a_run_and_its_exports_teach_the_same(run: Path) -> None:
    """Chat formats end on the assistant's last words; everything before is the same."""
    whole = {one.name: one for one in read_examples(run)}
    for name in ("openai", "trl"):
        exported = list(read_examples(run / "exports" / name / "train.jsonl"))
        assert exported
        for one in exported:
            mine = whole[one.name]
            assert one.turns == mine.turns[: len(one.turns)]
            assert (one.task, one.levels) == (mine.task, mine.levels)
            assert decisions([one])


def test_a_run_tells_its_task_levels_spec_and_what_it_paid(run: Path) -> None:
    made = read_set([run])
    manifest = json.loads((run / "exports" / "manifest.json").read_text())
    assert made.specs == (manifest["spec"],)
    assert made.usage is not None
    assert made.usage.calls > 0
    assert {one.task for one in made.examples} == {"mini_shop"}
    assert all("intent" in one.levels for one in made.examples)
    share, known, turns = made.human_share
    assert share == 0.0
    assert known == turns > 0


def test_context_only_turns_are_no_decisions_but_stand_in_the_history(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "no", "act": "refuse", "trainable": False},
        {"role": "user", "text": "please"},
        {"role": "assistant", "text": "ok", "act": "help"},
    ]
    (one,) = read_examples(written(tmp_path / "a.jsonl", [{"id": "x", "turns": turns}]))
    (point,) = decisions([one])
    assert (point.act, point.previous) == ("help", ("refuse",))


def test_an_openai_line_of_weight_zero_is_context_only(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "no", "weight": 0},
        {"role": "assistant", "content": "yes"},
    ]
    about = {"id": "cv_1", "domain": "shop@1", "turns": [{"message": n, "acts": ["a"]} for n in (1, 2)]}
    (one,) = read_examples(written(tmp_path / "a.jsonl", [{"messages": messages, "metadata": about}]))
    assert [turn.trainable for turn in one.turns] == [True, False, True]
    assert one.turns[0].text == "hi"


def test_acts_can_count_as_others(tmp_path: Path) -> None:
    path = population_file(tmp_path / "a.jsonl", 3)
    read = read_set([path], rename={"ask_*": "ask", "query": "call"})
    assert {point.act for point in decisions(read.examples)} == {"ask", "call", "goodbye"}


CALL = '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]}'


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{not json", "not a line of JSON"),
        ('{"id": "x"}', "neither `turns` nor `messages`"),
        ('{"turns": [{"role": "robot", "text": "x"}]}', "turns[0].role"),
        ('{"turns": [{"role": "user", "text": 5}]}', "turns[0].text"),
        (CALL, "not a line of JSON"),
        ('{"messages": [], "metadata": {"turns": [{"message": 4}]}}', "message 4"),
        ("[1, 2]", "xpected `object`"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_file_line_what_and_fix(tmp_path: Path, bad: str, says: str) -> None:
    path = written(tmp_path / "a.jsonl", [line(population(1).examples[0]), "", bad])
    with pytest.raises(InputError) as caught:
        read_set([path])
    assert caught.value.where == f"{path}:3"
    assert says in caught.value.what
    assert caught.value.fix
    assert "\n" not in str(caught.value)


def test_a_set_without_acts_or_with_one_act_only_is_refused(tmp_path: Path) -> None:
    said = {"id": "x", "turns": [{"role": "user", "text": "hi"}, {"role": "assistant", "text": "hello"}]}
    with pytest.raises(InputError, match="not one act label"):
        read_set([written(tmp_path / "none.jsonl", [said])])
    said["turns"][1]["act"] = "greet"  # type: ignore[index]
    path = written(tmp_path / "one.jsonl", [said, said])
    with pytest.raises(InputError, match="one act only"):
        read_set([path])
    assert len(read_set([path], least_acts=1)) == 2


def test_a_missing_or_empty_file_and_a_folder_without_a_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "folder").mkdir()
    for name, says in (("gone.jsonl", "cannot be read"), ("empty.jsonl", "empty"), ("folder", "no run")):
        with pytest.raises(InputError, match=says):
            read_set([tmp_path / name])


def test_a_provenance_file_that_does_not_fit_its_export_is_refused(run: Path, tmp_path: Path) -> None:
    source = run / "exports" / "openai"
    shutil.copy(source / "train.jsonl", tmp_path / "train.jsonl")
    with pytest.raises(InputError, match="not one act label"):
        read_set([tmp_path / "train.jsonl"])
    told = (source / "train.provenance.jsonl").read_text().splitlines()
    written(tmp_path / "train.provenance.jsonl", told[:-1])
    with pytest.raises(InputError, match="another number of lines"):
        read_set([tmp_path / "train.jsonl"])


def test_lines_are_read_one_at_a_time(tmp_path: Path) -> None:
    """What comes before a bad line is there before the bad line is seen."""
    path = written(tmp_path / "a.jsonl", [line(population(1).examples[0]), "broken"])
    stream = read_examples(path)
    assert next(iter(stream)).name == "p/0"


@needs_star
def test_the_reference_data_of_star_is_read_whole() -> None:
    from reading_cases import REFERENCE

    read = read_set([REFERENCE / "test.jsonl"])
    assert len(read) == 468
    assert len(decisions(read.examples)) == 4099


def test_a_run_and_its_exports_tell_the_natural_weight_and_count_every_conversation_once(run: Path) -> None:
    """The weight of the scenario is known, and used only where a mix asks for it."""
    with turnwright.load(run.parent / "factory.yaml").open_run(run) as opened:
        told = {one.conversation.id: one.scenario.weight for one in opened.records.concluded(admitted=True)}
    for path in (run, run / "exports" / "openai" / "train.jsonl", run / "exports" / "trl" / "train.jsonl"):
        for one in read_examples(path):
            assert one.natural == pytest.approx(told[one.name])
            assert one.weight == 1.0
    assert len(set(told.values())) > 1


def test_a_conversation_is_written_as_a_line_that_reads_back_as_itself(run: Path, tmp_path: Path) -> None:
    made = [*read_examples(run), *population(3).examples]
    made[0] = msgspec.structs.replace(made[0], weight=2.5, happy=False)
    path = written(tmp_path / "a.jsonl", map(line_from, made))
    assert list(read_examples(path)) == made


def test_a_weight_below_nothing_is_refused_and_one_that_is_not_1_is_part_of_what_a_set_is(tmp_path: Path) -> None:
    one = population(1)
    heavy = ExampleSet(examples=(msgspec.structs.replace(one.examples[0], weight=2.0),))
    assert heavy.hash != one.hash
    with pytest.raises(InputError, match=r"weight"):
        read_set([written(tmp_path / "a.jsonl", [{**line(one.examples[0]), "weight": -1}])])


def test_the_human_share_counts_turns_by_the_weight_of_their_conversation() -> None:
    turns = [Said(role="user", text="hi", origin=origin) for origin in ("human", "model")]
    made = [Example(name="x", task="t", turns=(turn,), weight=w) for turn, w in zip(turns, (3.0, 1.0), strict=True)]
    assert ExampleSet(examples=tuple(made)).human_share == (0.75, 2, 2)
    assert [one.human for one in made] == [True, False]


def test_an_act_can_count_as_another_in_one_task_only() -> None:
    rename = {"query_*": "query", "weather:bye_*": "goodbye"}
    assert counted_as("bye_now", rename, "weather") == "goodbye"
    assert counted_as("bye_now", rename, "bank") == "bye_now"
    assert counted_as("query_day", rename, "bank") == "query"
