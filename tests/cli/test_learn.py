"""`turnwright learn`: what it prints and writes, and what it refuses in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnwright.cli.app import run_app
from turnwright.habits import load_habits

SHOP = Path(__file__).parents[1] / "fixtures" / "mini_shop"


def real(path: Path, *, task: str = "mini_shop", labelled: bool = True) -> Path:
    """Six conversations about the shop, in which agents say goodbye in words of the domain under another name."""
    lines = []
    for number in range(6):
        said = [
            ("user", "I need my money back for an order", ""),
            ("assistant", "What is your order number?", "ask_order_id"),
            ("user", "it should be O-101", ""),
            ("assistant", "", "get_order"),
            ("assistant", "Thank you for contacting us. Goodbye.", "bye_then"),
            *([("user", "bye bye now", "")] if number < 3 else []),
        ]
        turns = [{"role": role, "text": text, **({"act": act} if labelled and act else {})} for role, text, act in said]
        turns[3]["service_call"] = {"name": "get_order", "arguments": {"order_id": "O-101"}}  # type: ignore[assignment]
        lines.append({"id": number, "tasks": [task], "turns": turns})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_habits_are_learnt_shown_and_written_to_be_edited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "habits.yaml"
    assert run_app(["learn", "--real", str(real(tmp_path / "r.jsonl")), "--domain", str(SHOP), "--to", str(to)]) == 0
    out = capsys.readouterr().out
    for word in ("6 human conversations", "user_opens", "question_repeated", "mini_shop", "without one", str(to)):
        assert word in out.replace("\n", " ")
    habits = load_habits(to)
    assert habits.everywhere.plan["user_opens"].n == 6
    assert habits.domains["mini_shop"].style["inform"] == ["it should be {order_id}"]
    text = to.read_text()
    assert "Edit any `value`" in text
    assert "# the user states the goal at once" in text
    assert all(len(line.split("#")[0]) <= 120 for line in text.splitlines())


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("no labels", "not one act label"),
        ("another task", "no conversation is about mini_shop"),
        ("no file", "cannot be read"),
        ("no domain", "nowhere"),
        ("a used name", "may hold edits"),
        ("a domain twice", "two domains are called 'mini_shop'"),
        ("a bad act", "does not say what it counts as"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, says: str
) -> None:
    file, to = tmp_path / "r.jsonl", tmp_path / "habits.yaml"
    if case != "no file":
        real(file, task="bakery" if case == "another task" else "mini_shop", labelled=case != "no labels")
    if case == "a used name":
        to.write_text("mine")
    more = {"a domain twice": ["--domain", f"{SHOP}/"], "a bad act": ["--act", "query"]}.get(case, [])
    domain = "nowhere" if case == "no domain" else str(SHOP)
    assert run_app(["learn", "--real", str(file), "--domain", domain, "--to", str(to), *more]) == 2
    said = capsys.readouterr()
    assert says in " ".join(said.err.split())
    assert "Fix:" in " ".join(said.err.split())
    assert not to.exists() or to.read_text() == "mine"
