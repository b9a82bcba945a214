"""`turnwright audit bias` as a user meets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from turnwright.cli.app import run_app

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from audit_runs import write_shop

Capture = pytest.CaptureFixture[str]


def test_an_audit_says_what_it_will_pay_for_and_writes_its_page(tmp_path: Path, capsys: Capture) -> None:
    path = write_shop(tmp_path, clerk="partial_clerk")
    code = run_app(["audit", "bias", str(path), "--pairs", "40", "--attribute", "gender", "--quiet"])
    told = capsys.readouterr().out
    assert code == 0
    assert told.startswith("gender (2 levels): 80 conversations to make and 80 edits to judge, at the most")
    assert "gender: male, female" in told
    assert (tmp_path / "audits" / "shop" / "bias.html").is_file()


def test_representation_alone_asks_no_model(tmp_path: Path, capsys: Capture) -> None:
    path = write_shop(tmp_path)
    assert run_app(["audit", "bias", str(path), "--only", "representation"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("no model is asked")
    assert "tone plain" in told
    assert not (tmp_path / "calls.log").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--only", "everything"], "no part 'everything'"),
        (["--attribute", "shoe"], "no attribute 'shoe'"),
        (["--pairs", "1"], "an audit of 1 pairs"),
        (["--judge", "nobody"], "no model 'nobody'"),
        (["--run", "set.jsonl"], "no blueprints to swap in"),
        (["--run", "nowhere", "--only", "representation"], "nowhere"),
    ],
)
def test_bad_options_are_one_line_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("set.jsonl").write_text('{"messages": [{"role": "user", "content": "hi"}]}\n')
    code = run_app(["audit", "bias", str(write_shop(tmp_path)), *options])
    assert code == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "audits").exists()


def test_any_file_with_levels_can_be_looked_at(tmp_path: Path, capsys: Capture) -> None:
    line = '{"id": "%d", "tasks": ["shop"], "levels": {"tone": "%s"}, "turns": [{"role": "user", "text": "hi"}]}\n'
    (tmp_path / "set.jsonl").write_text("".join(line % (k, "plain" if k % 4 else "chatty") for k in range(80)))
    code = run_app(
        ["audit", "bias", str(write_shop(tmp_path)), "--run", str(tmp_path / "set.jsonl"), "--only", "representation"]
    )
    assert code == 0
    assert "75.0%" in capsys.readouterr().out
