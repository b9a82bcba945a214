"""`turnwright train --student lora`: what is printed and written, how it goes on, and what is refused in one line."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from turnwright.cli import evaluating, training
from turnwright.cli.tuning import TuningProgress
from turnwright.errors import InputError
from turnwright.train.lora import Tuning

sys.path.append(str(Path(__file__).parents[1] / "train"))  # its tiny base model

from lora_cases import needs_torch, tiny_base

Command = Callable[..., str]
ACTS = ("ask_name", "query", "goodbye")
SMALL = ("--batch", 4, "--context", 256, "--save-every", 2, "--rank", 4)


class Killed(Exception):
    """The process ends here."""


def conversations(path: Path, count: int, name: str = "") -> Path:
    """A reference file in which the user's words tell the next act."""
    chance = random.Random(path.name)
    lines = []
    for n in range(count):
        turns = []
        for act in ACTS:
            number = chance.randrange(10_000)
            turns.append({"role": "user", "text": f"I want {act}, {path.stem} {number} and {number + n}, right now"})
            turns.append({"role": "assistant", "text": f"this is {act} for you", "act": act})
        lines.append({"id": f"{name or path.stem}/{n}", "tasks": ["bank"], "happy": n % 2 == 0, "turns": turns})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one of the commands; returns what it printed."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    for body in (training.train, evaluating.evaluate):
        app.command()(body)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        said = capsys.readouterr()
        return said.out + said.err

    return run


@needs_torch
def test_a_lora_student_is_tuned_mixed_preferred_kept_and_examined(command: Command, tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base")
    learnt, human = conversations(tmp_path / "set.jsonl", 8), conversations(tmp_path / "human.jsonl", 4)
    test = conversations(tmp_path / "test.jsonl", 5)
    pairs = tmp_path / "pairs.jsonl"
    sides = {side: [{"role": "assistant", "content": f"[ask_name] {side}"}] for side in ("chosen", "rejected")}
    pairs.write_text(json.dumps({"prompt": [{"role": "user", "content": "hello"}], **sides}) + "\n")
    out = command(
        "train", "--student", "lora", "--base", base, "--set", learnt, "--to", tmp_path / "s", "--test", test,
        "--human", human, "--human-share", 0.5, "--pairs", pairs, "--order", "easy_first", "--epochs", 1, *SMALL,
    )  # fmt: skip
    for said in ("50.0% of the weight human", "learning 3/3 · loss", "preferring 1/1", "lora student", "weighted F1"):
        assert said in out
    assert "from 12 conversations, 36 decisions, 3 acts, 1 preference pairs" in out
    card = (tmp_path / "s" / "README.md").read_text()
    for told in ("base sha256", "preference pairs | `1 (pp_", "order as_given", "weighted F1"):
        assert told in card
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["README.md", "adapter", "student.json"]
    out = command("evaluate", tmp_path / "s", "--test", test)
    assert "lora student on 5 conversations, 15 decisions" in out
    assert "weighted F1, legal acts" in out


@needs_torch
def test_the_same_command_goes_on_after_a_kill(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, learnt = tiny_base(tmp_path / "base"), conversations(tmp_path / "set.jsonl", 16)
    line = (
        "train",
        "--student",
        "lora",
        "--base",
        base,
        "--set",
        learnt,
        "--to",
        tmp_path / "s",
        "--epochs",
        2,
        *SMALL,
    )

    def stop(progress: TuningProgress, news: Tuning) -> None:
        if news.step == 5:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(TuningProgress, "hear", stop)
        with pytest.raises(Killed):
            command(*line)
    assert not (tmp_path / "s" / "student.json").exists()
    with pytest.raises(InputError, match=r"with epochs 2\.0, not 1\.0"):
        command(*line, "--epochs", 1)
    out = command(*line)
    assert "going on from step 4 of 8 (learning)" in out
    assert "lora student" in out
    with pytest.raises(InputError, match="nothing is overwritten"):
        command(*line)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--rank", 4), "--rank is nothing to the linear student"),
        (("--lr", 0.1), "--lr is nothing to the linear student"),
        (("--pairs", "set"), "--pairs is nothing to the linear student"),
        (("--student", "lora", "--features", "history"), "--features is nothing to the lora student"),
        (("--student", "lora", "--base", "magic"), "torch.* is not installed|no model 'magic'"),
        (("--student", "lora", "--rank", 0), "rank is 0"),
        (("--student", "lora", "--pairs", "gone"), "cannot be read"),
        (("--student", "lora", "--to", "used"), "nothing is overwritten"),
        (("--student", "lora", "--set", "one"), "one act only"),
        (("--student", "lora", "--human-share", 0.5), "there are no human conversations"),
        (("--student", "deep"), "one of: linear, lora"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    command: Command, tmp_path: Path, arguments: tuple[object, ...], says: str
) -> None:
    conversations(tmp_path / "set", 6)
    (tmp_path / "one").write_text(
        (tmp_path / "set").read_text().replace("query", "goodbye").replace("ask_name", "goodbye")
    )
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    paths = {name: tmp_path / name for name in ("set", "one", "used", "gone", "new")}
    given = [paths.get(str(each), each) for each in arguments]
    needed = [
        each
        for flag in ("--set", "--to")
        if flag not in arguments
        for each in (flag, {"--set": paths["set"], "--to": paths["new"]}[flag])
    ]
    with pytest.raises(InputError, match=says) as caught:
        command("train", *needed, *given)
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed here")
def test_where_torch_is_missing_a_lora_student_names_the_extra(command: Command, tmp_path: Path) -> None:
    learnt = conversations(tmp_path / "set.jsonl", 6)
    with pytest.raises(InputError) as caught:
        command("train", "--student", "lora", "--set", learnt, "--to", tmp_path / "s")
    assert caught.value.fix == "pip install 'turnwright[train]'"
    assert not (tmp_path / "s").exists()
