"""`turnwright mix` and `turnwright negatives`: what is written reads back, and nothing is overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

import turnwright
from turnwright.cli import mixing
from turnwright.errors import InputError
from turnwright.reading import read_set

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: 3
scenarios: 30
models:
  double: {kind: scripted}
  critic: {kind: scripted, script: quarrelsome}
roles: {user: double, teacher: critic}
refine: {council: true}
export: {splits: {train: 0.8, test: 0.2}}
run: {durability: process}
"""
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command()(mixing.mix)
    app.command()(mixing.negatives)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec whose run lies where `negatives` looks for it."""
    folder = tmp_path_factory.mktemp("mixing")
    shutil.copytree(FIXTURES / "mini_shop", folder / "shop")
    (folder / "factory.yaml").write_text(SPEC)
    factory = turnwright.load(folder / "factory.yaml")
    factory.run()
    return folder / "factory.yaml"


def people(path: Path) -> Path:
    turns = [
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "hello", "act": "greet"},
        {"role": "user", "text": "bye"},
        {"role": "assistant", "text": "bye", "act": "farewell"},
    ]
    path.write_text("".join(json.dumps({"id": f"h/{n}", "tasks": ["mini_shop"], "turns": turns}) + "\n" for n in "ab"))
    return path


def test_a_mix_is_written_reads_back_and_says_its_human_share(command: Command, spec: Path, tmp_path: Path) -> None:
    run, to = turnwright.load(spec).folder, tmp_path / "out" / "mix.jsonl"
    out = command(
        "mix", "--set", run, "--human", people(tmp_path / "h.jsonl"), "--human-share", "0.25", "--weights", "natural",
        "--level", "intent=refund:2", "--order", "easy_first", "--to", to,
    )  # fmt: skip
    assert "2 of them human" in out
    assert "25.0%" in out
    assert "shuffles" in out
    made, was = read_set([to]), read_set([run])
    assert len(made) == len(was) + 2
    assert sum(one.weight for one in made.examples if one.human) / sum(one.weight for one in made.examples) == (
        pytest.approx(0.25)
    )
    kept = {one.name: one.turns for one in made.examples}
    assert all(kept[one.name] == one.turns for one in was.examples)


def test_a_run_of_which_nothing_was_rejected_after_the_same_words_writes_nothing_or_sound_pairs(
    command: Command, spec: Path, tmp_path: Path
) -> None:
    to = tmp_path / "pairs.jsonl"
    out = command("negatives", spec, "--to", to)
    lines = [json.loads(line) for line in to.read_text().splitlines()] if to.exists() else []
    assert f"{len(lines):,} rejected turns" in out
    for line in lines:
        assert set(line) == {"prompt", "chosen", "rejected", "tools", "metadata"}
        assert line["chosen"] != line["rejected"]
        assert line["prompt"]
        assert line["metadata"]["defects"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--human", "gone.jsonl"), "cannot be read"),
        (("--human-share", "0.5"), "no human conversations"),
        (("--level", "detour"), "does not say what counts how much"),
        (("--level", "detour=repair:much"), "does not say what counts how much"),
        (("--level", "weather=rain:2"), "no conversation has weather=rain"),
        (("--to", "there"), "is not overwritten"),
    ],
)
def test_bad_input_to_a_mix_is_one_line_and_writes_nothing(
    command: Command, spec: Path, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "there").write_text("mine")
    to = () if "--to" in arguments else ("--to", tmp_path / "new.jsonl")
    given = [tmp_path / each if each in ("gone.jsonl", "there") else each for each in arguments]
    with pytest.raises(InputError, match=says) as caught:
        command("mix", "--set", turnwright.load(spec).folder, *to, *given)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_text() == "mine"


def test_negatives_are_not_written_over_a_file_nor_for_a_split_that_is_not_there(
    command: Command, spec: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.jsonl").write_text("mine")
    with pytest.raises(InputError, match="is not overwritten"):
        command("negatives", spec, "--to", tmp_path / "p.jsonl")
    with pytest.raises(InputError, match="no split 'dev'"):
        command("negatives", spec, "--to", tmp_path / "q.jsonl", "--split", "dev")
