"""`turnwright loop`: what is printed and written, and what is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from turnwright.cli import looping
from turnwright.errors import InputError

SHOP = Path(__file__).parents[1] / "fixtures" / "mini_shop"
SPEC = """\
version: 1
name: shop
domain: {shop}
seed: 11
scenarios: {scenarios}
models:
  silent: {{kind: scripted, script: silent}}
roles: {{user: silent, teacher: silent}}
simulate: {{fill: {{tries: 1}}}}
design:
  strength: 1
  factors:
    detour: {{none: 0.97, repair: 0.03}}
    memory: {{sure: 1}}
    mood: {{calm: 1}}
    tool_fault: {{none: 1}}
    disclosure: {{asked: 1}}
export: {{formats: [trl]}}
run: {{durability: process}}
"""
ACTS = ("greet", "ask_order_id", "get_order", "confirm_refund", "refund", "inform_refund", "goodbye")

Command = Callable[..., str]


def spec_in(folder: Path, scenarios: int = 40) -> Path:
    """A spec that hardly samples detours."""
    folder.mkdir()
    path = folder / "factory.yaml"
    path.write_text(SPEC.format(shop=SHOP, scenarios=scenarios))
    return path


@pytest.fixture
def loop(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command; returns what it printed."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command()(looping.loop)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


def written(path: Path, count: int) -> Path:
    """A file of real conversations full of detours; each says something of its own."""
    lines = []
    for n in range(count):
        turns = []
        for act in ACTS if n % 4 == 0 else (*ACTS[:2], "ask_repeat", *ACTS[2:]):
            turns.append({"role": "user", "text": f"this is what I have to say about {path.stem} and {n} today"})
            turns.append({"role": "assistant", "text": act, "act": act})
        lines.append({"id": f"{path.stem}/{n}", "tasks": ["mini_shop"], "turns": turns})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_loop_prints_scores_gains_cost_and_where_to_read_on(loop: Command, tmp_path: Path) -> None:
    spec, dev, test = spec_in(tmp_path / "a"), written(tmp_path / "dev.jsonl", 40), written(tmp_path / "test.jsonl", 20)
    out = loop(spec, "--dev", dev, "--test", test, "--rounds", 2, "--json", tmp_path / "l.json", "-q")
    for word in ("dev weighted F1", "gain", "bad cells", "tokens", "cost", "steered cells", "over the first round's"):
        assert word in out
    place = tmp_path / "a/loops/shop"
    assert f"report     {place / 'loop.md'}" in out
    assert (place / "round_2/student/README.md").exists()
    figures = json.loads((tmp_path / "l.json").read_text())
    assert [one["number"] for one in figures["rounds"]] == [1, 2]
    assert figures == json.loads((place / "loop.json").read_text())
    page = (place / "round_1/round.md").read_text()
    assert "detour=repair" in page
    assert "What round 2 samples more" in page


def test_with_few_conversations_nothing_is_significant_and_it_is_said(loop: Command, tmp_path: Path) -> None:
    spec, dev = spec_in(tmp_path / "a", scenarios=20), written(tmp_path / "dev.jsonl", 5)
    out = loop(spec, "--dev", dev, "--rounds", 1, "-q")
    assert "no failure was significant, so nothing was steered; more dev conversations, or --explore" in out
    out = loop(spec, "--dev", dev, "--rounds", 1, "-q", "--explore", "--folder", tmp_path / "explored")
    steering = json.loads((tmp_path / "explored/round_1/steering.json").read_text())
    assert steering["explored"]
    assert "estimates that are not significant" in (tmp_path / "explored/round_1/round.md").read_text()


def test_a_test_that_is_the_dev_set_is_refused_before_anything_is_written(loop: Command, tmp_path: Path) -> None:
    spec, dev = spec_in(tmp_path / "a"), written(tmp_path / "dev.jsonl", 10)
    with pytest.raises(InputError, match="10 of the 10 conversations of the dev set stand in the test too"):
        loop(spec, "--dev", dev, "--test", dev, "-q")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["factory.yaml"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--student", "wise"), "there is no student 'wise' in the loop"),
        (("--features", "all"), "there are no features 'all'"),
        (("--rounds", "0"), "a loop of 0 rounds"),
        (("--human-floor", "0.3"), "without human conversations"),
        (("--human", "missing.jsonl"), "cannot be read"),
        (("--act", "query"), "does not say what it counts as"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    options: tuple[str, str], says: str, loop: Command, tmp_path: Path
) -> None:
    spec, dev = spec_in(tmp_path / "a"), written(tmp_path / "dev.jsonl", 10)
    with pytest.raises(InputError, match=says):
        loop(spec, "--dev", dev, "-q", *options)
    assert not (tmp_path / "a/loops").exists()
