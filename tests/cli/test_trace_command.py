"""`turnwright trace` and `turnwright diff` as people use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import turnwright
from turnwright.cli.app import run_app
from turnwright.reading import read_set
from turnwright.records import Turn
from turnwright.store import read_run

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: {domain}
seed: 11
scenarios: 4
attempts: 1
models:
  double: {{kind: scripted, script: {script}}}
roles: {{user: double, teacher: double}}
refine: {{council: true}}
export: {{formats: [trl]}}
run: {{durability: process}}
"""
Command = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("trace")
    for script in ("quarrelsome", "obliging"):
        (folder / script).mkdir()
        spec = folder / script / "factory.yaml"
        spec.write_text(SPEC.format(domain=FIXTURES / "mini_shop", script=script))
        turnwright.load(spec).run(folder / script / "run")
    return folder / "quarrelsome" / "run", folder / "obliging" / "run"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: object) -> tuple[int, str]:
        code = run_app([str(each) for each in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def revised(folder: Path) -> Turn:
    with read_run(folder) as run:
        turns = (turn for one in run.records.conversations(admitted=True) for turn in one.turns)
        return next(turn for turn in turns if turn.provenance.origin == "model-edited")


def test_a_revised_turn_is_shown_with_its_draft_prompts_calls_objection_and_everything_behind_them(
    command: Command, runs: tuple[Path, Path]
) -> None:
    turn = revised(runs[0])
    code, said = command("trace", runs[0], turn.id)
    assert code == 0
    for word in (
        turn.id, "model-edited", "refine/draft + refine/teacher", "simulate/fill_turn", "temperature", "seed",
        *turn.provenance.calls, *turn.provenance.parents, "{+", "objection", "revision", "verdict", "admitted",
        "entry", "blueprint", "scenario", "bp_", "sc_", "sp_",
    ):  # fmt: skip
        assert word in said


def test_a_conversation_is_shown_turn_by_turn_with_its_shares(command: Command, runs: tuple[Path, Path]) -> None:
    with read_run(runs[0]) as run:
        conversation = next(run.records.conversations(admitted=True))
    code, said = command("trace", runs[0], conversation.id)
    assert code == 0
    assert all(turn.id in said for turn in conversation.turns)
    assert "who wrote the words" in said


def test_without_an_id_the_whole_set_is_summed_up(command: Command, runs: tuple[Path, Path]) -> None:
    code, said = command("trace", runs[0])
    assert code == 0
    for word in ("who wrote the words", "scripted:double:quarrelsome", "worst-case licence", "domain mini_shop"):
        assert word in said


def test_a_trace_and_a_roll_up_are_given_as_json(command: Command, runs: tuple[Path, Path]) -> None:
    turn = revised(runs[0])
    found = json.loads(command("trace", runs[0], turn.id, "--json")[1])
    assert found["turns"][0]["parents"][0]["turn"]["id"] == turn.provenance.parents[0]
    assert found["ledger"] == found["ordinal"]
    summed = json.loads(command("trace", runs[0], "--json")[1])
    assert summed["human_share"] == 0.0


@pytest.mark.parametrize("arguments", [("tn_ffff",), ("0", "--turn", "99"), ("nothing",)])
def test_what_cannot_be_traced_is_one_line_and_exit_2(
    command: Command, runs: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:
    code, said = command("trace", runs[0], *arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_an_id_needs_a_run_folder(command: Command, tmp_path: Path) -> None:
    assert command("trace", tmp_path, "cv_1")[0] == 2


def test_two_runs_are_compared_with_changed_words_and_the_difference_of_their_specs(
    command: Command, runs: tuple[Path, Path]
) -> None:
    code, said = command("diff", *runs)
    assert code == 0
    for word in ("changed", "words", "[-", "models.double.script"):
        assert word in said
    found = json.loads(command("diff", *runs, "--json")[1])
    assert found["sizes"] == [3, 3]
    assert any(one["turns"] for one in found["changed"])


def test_a_run_and_its_export_do_not_differ(command: Command, runs: tuple[Path, Path]) -> None:
    found = json.loads(command("diff", runs[0], runs[0] / "exports", "--json")[1])
    assert (found["same"], found["changed"], found["added"], found["removed"]) == (3, [], [], [])


def test_a_mix_is_written_with_its_provenance_beside_and_still_reads_as_a_set(
    command: Command, runs: tuple[Path, Path], tmp_path: Path
) -> None:
    said_by = (("user", "hello", "greet"), ("assistant", "hi you", "say"), ("assistant", "bye", "goodbye"))
    talk = [{"role": role, "text": text, "act": act} for role, text, act in said_by]
    (tmp_path / "people.jsonl").write_text(json.dumps({"id": "p1", "tasks": ["mini_shop"], "turns": talk}) + "\n")
    code, said = command(
        "mix", "--set", runs[0], "--human", tmp_path / "people.jsonl", "--to", tmp_path / "mix.jsonl",
        "--licence", "CC-BY-SA-4.0", "--consent", "asked",
    )  # fmt: skip
    assert code == 0, said
    lines, told = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("mix.jsonl", "mix.provenance.jsonl")
    )
    assert [one["id"] for one in told] == [one["id"] for one in lines]
    assert json.loads(told[-1]["turns"][0]["source"])["consent"] == "asked"
    assert [line["licence"] for line in lines] == ["unknown"] * 3 + ["CC-BY-SA-4.0"]
    assert len(read_set([tmp_path / "mix.jsonl"])) == 4
    summed = json.loads(command("trace", tmp_path / "mix.jsonl", "--json")[1])
    assert summed["origins"]["human"] == {"turns": 3, "tokens": 4}
    assert summed["worst"]["strictest"] == "CC-BY-SA-4.0"
