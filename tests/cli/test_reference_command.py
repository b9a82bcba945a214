"""`turnwright reference`: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from reading_cases import line, population, written
from turnwright.cli import referring
from turnwright.errors import InputError
from turnwright.reading import read_conversations, read_set

pytest.importorskip("sklearn", reason="needs the extra `measure`")
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command()(referring.reference)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


def people(path: Path, count: int, *, labelled: bool = True, start: str = "") -> Path:
    lines = [line(one) for one in population(count, seed=len(start), name=f"p{start}").examples]
    for one in lines:
        for turn in one["turns"]:
            turn.update(text=turn["text"].replace("Jane Doe", "Jane"))
            if not labelled:
                turn.pop("act", None)
    return written(path, lines)


def test_a_set_is_written_with_its_card_and_a_report_that_names_licence_source_and_what_to_look_at(
    command: Command, tmp_path: Path
) -> None:
    source, to = people(tmp_path / "a.jsonl", 6), tmp_path / "out" / "ref.jsonl"
    out = command(source, "--to", to, "--licence", "CC-BY-4.0", "--source", "bank talk", "--rename", "ask_*=ask")
    for word in ("6 conversations", "CC-BY-4.0", "bank talk", "JSONL", "names of people"):
        assert word in out
    made = read_set([to])
    assert {turn.act for one in made.examples for turn in one.turns if turn.act} == {"ask", "query", "goodbye"}
    card = json.loads((tmp_path / "out" / "ref.jsonl.reference.json").read_text())
    assert (card["conversations"], card["licences"], card["hash"]) == (6, {"CC-BY-4.0": 6}, made.hash)


def test_unlabelled_turns_are_labelled_and_readers_learn_how_right_that_is(command: Command, tmp_path: Path) -> None:
    labelled = people(tmp_path / "labelled.jsonl", 40)
    bare = people(tmp_path / "bare.jsonl", 20, labelled=False, start="new")
    to = tmp_path / "ref.jsonl"
    truth = population(20, seed=3, name="pnew").examples
    count = sum(bool(turn.act) for one in truth for turn in one.turns)
    out = command(bare, "--to", to, "--labels", labelled, "--least-sure", "0")
    assert f"acts of the assistant: {count} predicted, 0 given, 0 left out as unsure" in out
    assert "right labels" in out
    assert "the commonest act alone" in out
    made = read_conversations([to])
    assert any(f"{count} acts of the assistant are predicted" in note for note in made.notes)
    pairs = [
        (mine.act, its.act)
        for one, other in zip(made.examples, truth, strict=True)
        for mine, its in zip(one.turns, other.turns, strict=True)
        if its.act
    ]
    assert sum(mine == its for mine, its in pairs) > 0.9 * len(pairs)


def test_personal_data_waits_for_a_decision_and_is_never_printed(command: Command, tmp_path: Path) -> None:
    said = [{"role": "user", "text": "I am jane@gmail.com"}, {"role": "assistant", "text": "thanks"}]
    source, to = written(tmp_path / "a.jsonl", [{"id": "x", "messages": None, "turns": said}]), tmp_path / "b.jsonl"
    with pytest.raises(InputError, match="1 email in 1 of 1 conversations"):
        command(source, "--to", to)
    assert not to.exists()
    out = command(source, "--to", to, "--pii", "mask")
    assert "[EMAIL]" in out
    assert "jane" not in out + to.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gone.jsonl",), "cannot be read"),
        (("empty.jsonl",), "empty"),
        (("folder",), "no file of conversations"),
        (("broken.parquet",), "Parquet file cannot be read"),
        (("good.jsonl", "--labels", "bare.jsonl"), "fewer than two acts"),
        (("good.jsonl", "--labels", "one.jsonl"), "different labelled conversation"),
        (("good.jsonl", "--rename", "ask"), "does not say what it counts as"),
        (("good.jsonl", "--to", "empty.jsonl"), "not overwritten"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    people(tmp_path / "good.jsonl", 4)
    people(tmp_path / "bare.jsonl", 4, labelled=False)
    people(tmp_path / "one.jsonl", 1)
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no more")
    before = sorted(tmp_path.rglob("*"))
    to = () if "--to" in arguments else ("--to", tmp_path / "new.jsonl")
    given = [tmp_path / each if "." in each or each == "folder" else each for each in arguments]
    with pytest.raises(InputError, match=says) as caught:
        command(*given, *to)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
