"""`turnwright evaluate --spec`: what is printed and written about talks in the world, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnwright.cli.app import run_app

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
name: shop
domain: {domain}
seed: 11
scenarios: 6
models:
  double: {{kind: scripted, script: obliging}}
  junk: {{kind: scripted, script: garbage}}
roles: {{user: double, teacher: double}}
run: {{durability: process}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "factory.yaml"
    path.write_text(SPEC.format(domain=FIXTURES / "mini_shop"))
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run a command line; returns the exit code and what it printed, complaints too."""
    code = run_app([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_rates_reasons_cost_and_failing_talks_are_printed_and_written(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, figures = spec.parent / "t", spec.parent / "t.json"
    code, out = said(
        capsys, "evaluate", "--spec", spec, "--student-model", "double", "--user", "planned", "--trials", 3,
        "--folder", folder, "--json", figures, "--quiet",
    )  # fmt: skip
    assert code == 0
    for words in ("success", "pass^1", "pass^3", "intent=refund", "reason", "student", "show NUMBER", "were not tried"):
        assert words in out
    written = json.loads(figures.read_text())
    assert written["repeats"] == 3
    assert written["figures"]["trials"] == 3 * written["figures"]["scenarios"]
    failing = written["figures"]["failing"][0]
    code, out = said(capsys, "show", failing["ordinal"], "--folder", folder)
    assert code == 0
    assert failing["conversation_id"] in out
    assert failing["reason"] in out


def test_by_default_the_talks_lie_beside_the_spec(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = said(
        capsys, "evaluate", "--spec", spec, "--student-model", "double", "--trials", 1, "--scenarios", 4, "-q"
    )
    assert code == 0
    assert (spec.parent / "trials" / "shop-double" / "run.db").exists()


def test_a_cap_has_an_exit_code_of_its_own_and_says_how_to_go_on(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(spec.read_text().replace("run:", "caps: {calls: 20}\nrun:"))
    code, out = said(capsys, "evaluate", "--spec", spec, "--student-model", "junk", "--user", "planned", "-q")
    assert code == 3
    assert "the same command goes on" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either --test or --spec must be given"),
        (("student",), "either --test or --spec must be given"),
        (("--spec", "SPEC", "--test", "x.jsonl", "--student-model", "double"), "either --test or --spec"),
        (("--spec", "SPEC"), "either a student's folder or --student-model"),
        (("nowhere", "--spec", "SPEC"), "there is no student here"),
        (("--spec", "SPEC", "--student-model", "other"), "there is no model 'other'"),
        (("--spec", "SPEC", "--student-model", "double", "--user", "other"), "there is no model 'other'"),
        (("--spec", "SPEC", "--student-model", "double", "--trials", "0"), "0 trials"),
        (("--spec", "SPEC", "--student-model", "double", "--scenarios", "0"), "0 scenarios"),
        (("--spec", "SPEC", "--student-model", "double", "--domain", "x"), "--domain belongs to --test"),
        (("--test", "x.jsonl", "--student-model", "double"), "--test examines a student's folder"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(
    spec: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, out = said(capsys, "evaluate", *(str(spec) if each == "SPEC" else each for each in arguments))
    assert code == 2
    assert words in out
    assert "Traceback" not in out
    assert sorted(path.name for path in spec.parent.iterdir()) == ["factory.yaml"]


def test_a_spec_without_a_user_is_refused_with_its_line(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(spec.read_text().replace("user: double, ", ""))
    code, out = said(capsys, "evaluate", "--spec", spec, "--student-model", "double")
    assert code == 2
    assert "roles" in out
    assert "user" in out
