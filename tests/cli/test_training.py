"""`turnwright train`, `evaluate` and `worth`: what is printed and written, and what is refused in one line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from turnwright.cli import evaluating, training, worth
from turnwright.errors import InputError

Command = Callable[..., str]
ROUTES = (("ask_name", "ask_pin", "query", "goodbye"), ("ask_name", "query", "goodbye"), ("ask_pin", "query"))


def conversations(path: Path, count: int) -> Path:
    """A reference file in which the user's words tell the next act, most of the time."""
    chance = random.Random(path.name)
    lines = []
    for n in range(count):
        turns = []
        for act in ROUTES[n % 3]:
            hint = act if chance.random() < 0.8 else "something else"
            turns.append({"role": "user", "text": f"I want {hint}, {path.stem} {chance.randrange(10_000)}, right now"})
            turns.append({"role": "assistant", "text": f"this is {act} for you", "act": act})
        lines.append({"id": f"{path.stem}/{n}", "tasks": ["bank"], "happy": n % 2 == 0, "turns": turns})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one of the commands; returns what it printed."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    for body in (training.train, evaluating.evaluate, worth.worth):
        app.command()(body)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A set, a real pool and a test."""
    return {
        name: conversations(tmp_path / f"{name}.jsonl", count)
        for name, count in {"set": 12, "real": 40, "test": 30}.items()
    }


def test_a_student_is_trained_kept_and_examined(command: Command, files: dict[str, Path], tmp_path: Path) -> None:
    out = command("train", "--set", files["set"], "--to", tmp_path / "s", "--test", files["test"])
    assert "linear student (history features) from 12 conversations" in out
    assert "weighted F1" in (tmp_path / "s" / "README.md").read_text()
    command("train", "--set", files["real"], "--set", files["set"], "--to", tmp_path / "t", "--features", "yardstick")
    out = command(
        "evaluate", tmp_path / "s", "--test", files["test"], "--against", tmp_path / "t", "--json", tmp_path / "e.json"
    )  # fmt: skip
    assert "linear student on 30 conversations" in out
    for word in ("weighted F1", "legal acts", "calibration error", "happy=no", "…", "gap", "no tool calls"):
        assert word in out
    figures = json.loads((tmp_path / "e.json").read_text())
    assert figures["evaluation"]["conversations"] == 30
    assert figures["comparison"]["differences"][0]["name"] == "weighted F1"


def test_worth_prints_curve_score_and_equivalent_real_conversations(
    command: Command, files: dict[str, Path], tmp_path: Path
) -> None:
    out = command(
        "worth", "--synthetic", files["set"], "--real", files["real"], "--test", files["test"], "--plus", 5,
        "--curves", tmp_path / "curves", "--json", tmp_path / "w.json",
    )  # fmt: skip
    for word in (
        "equivalent real conversations",
        "and 5 real ones",
        "30 conversations",
        "copies",
        "seeds",
        "bootstrap",
    ):
        assert word in out
    figures = json.loads((tmp_path / "w.json").read_text())
    assert figures["plus"] == 5
    assert [point["size"] for point in figures["curve"]] == [10, 24, 40]
    assert len(list((tmp_path / "curves").iterdir())) == 1


def test_acts_of_a_domain_are_the_legal_ones_and_may_count_as_others(
    command: Command, files: dict[str, Path], tmp_path: Path
) -> None:
    shop = Path(__file__).parents[1] / "fixtures" / "mini_shop"
    command("train", "--set", files["set"], "--to", tmp_path / "s", "--act", "ask_*=ask")
    out = command("evaluate", tmp_path / "s", "--test", files["test"], "--act", "ask_*=ask", "--domain", shop)
    assert "from the domains that were named" in out
    assert "never saw" not in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "--set", "set", "--to", "used"), "not an empty folder"),
        (("train", "--set", "set", "--to", "new", "--student", "deep"), "no student 'deep'"),
        (("train", "--set", "set", "--to", "new", "--features", "magic"), "no features 'magic'"),
        (("train", "--set", "gone", "--to", "new"), "cannot be read"),
        (("train", "--set", "set", "--to", "new", "--act", "query"), "does not say what it counts as"),
        (("evaluate", "new", "--test", "test"), "no student here"),
        (("worth", "--synthetic", "test", "--real", "real", "--test", "test"), "overlaps the test"),
        (("worth", "--synthetic", "set", "--real", "few", "--test", "test"), "fewer than the smallest point"),
        (("worth", "--synthetic", "set", "--real", "real", "--test", "test", "--plus", "99"), "cannot add 99"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    command: Command, files: dict[str, Path], tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    files["few"] = conversations(tmp_path / "few.jsonl", 5)
    before = sorted(tmp_path.rglob("*"))
    paths = {**files, **{name: tmp_path / name for name in ("used", "new", "gone")}}
    with pytest.raises(InputError, match=says) as caught:
        command(*(paths.get(each, each) for each in arguments))
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    assert sorted(tmp_path.rglob("*")) == before
