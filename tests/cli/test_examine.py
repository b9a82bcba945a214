"""`turnwright examine` and the specs of council and arbiter: what is printed, and what is refused in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from turnwright.cli.app import run_app

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: 1
scenarios: 6
models:
  double: {kind: scripted}
  judge: {kind: scripted, script: blind}
roles: {user: double, teacher: double, arbiter: judge}
run: {durability: process}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "mini_shop", tmp_path / "shop")
    path = tmp_path / "factory.yaml"
    path.write_text(SPEC)
    return path


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must fail; returns its one line."""
    assert run_app(list(arguments)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_an_exam_prints_every_class_and_writes_a_licence_that_a_run_reads(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(["examine", str(spec), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "no licence: runs with this arbiter go by deterministic checks alone" in said
    assert "false_promise" in said
    assert (spec.parent / "arbiter.licence.json").exists()
    assert run_app(["run", str(spec), "--folder", str(spec.parent / "out"), "--quiet"]) == 0
    assert "its exam earned no licence" in capsys.readouterr().err
    report = (spec.parent / "out" / "report.html").read_text()
    assert "no licence: the arbiter missed" in report


def test_the_same_exam_is_not_paid_twice(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("script: blind", "script: blind, log: calls.log"))
    for _ in range(2):
        assert run_app(["examine", str(spec), "--quiet"]) == 0
    lines = (spec.parent / "calls.log").read_text().split()
    assert len(lines) == len(set(lines)) > 0


def test_an_exam_needs_an_arbiter(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace(", arbiter: judge", ""))
    assert "there is no arbiter to examine" in complaint(capsys, "examine", str(spec), "--quiet")


def test_an_exam_with_too_few_clean_conversations_says_how_many_it_needs(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(["run", str(spec), "--folder", str(spec.parent / "out"), "--quiet"]) == 0
    capsys.readouterr()
    said = complaint(capsys, "examine", str(spec), "--from", str(spec.parent / "out"), "--quiet")
    assert "clean conversations are too few for an exam" in said
    assert "59 are needed for a miss rate of at most 5%" in said
    assert not (spec.parent / "arbiter.licence.json").exists()


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (
            "refine: {council: true, lenses: [policy_and_facts, mood]}",
            "there is no lens 'mood' (known: policy_and_facts",
        ),
        (
            "refine: {lenses: [{name: own, looks_for: typos, defects: [typo]}]}",
            "the lens 'own' names no defect class with 'typo'",
        ),
        (
            "arbiter: {rubric: [{name: quality, asks: 'How good is the answer?', defect: rudeness}]}",
            "a criterion is a question that yes or no answers",
        ),
        (
            "arbiter: {rubric: [{name: quality, asks: 'Is it polite on a scale of 1 to 5?', defect: rudeness}]}",
            "asks for a scale",
        ),
        (
            "arbiter: {rubric: [{name: quality, asks: 'Is it polite?', defect: politeness}]}",
            "there is no defect class 'politeness'",
        ),
        ("arbiter: {licence: 3}", "arbiter.licence"),
    ],
)
def test_a_bad_rubric_or_lens_is_named_with_its_place(
    spec: Path, capsys: pytest.CaptureFixture[str], more: str, what: str
) -> None:
    spec.write_text(f"{SPEC}{more}\n")
    said = complaint(capsys, "run", str(spec), "--quiet")
    assert what in said
    assert "factory.yaml" in said
    assert not (spec.parent / "runs").exists()


def test_an_arbiter_that_is_no_model_of_the_spec_is_named(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("arbiter: judge", "arbiter: [judge, other]"))
    assert "roles.arbiter_2 is 'other', which is not among models" in complaint(capsys, "run", str(spec), "--quiet")


def test_a_panel_of_one_model_twice_is_refused(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("arbiter: judge", "arbiter: [judge, judge]"))
    assert "names a model twice" in complaint(capsys, "run", str(spec), "--quiet")


def test_a_licence_that_was_changed_by_hand_is_refused(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["examine", str(spec), "--quiet"]) == 0
    licence = spec.parent / "arbiter.licence.json"
    licence.write_text(licence.read_text().replace('"licensed": false', '"licensed": true'))
    capsys.readouterr()
    assert "the licence was changed after the exam" in complaint(capsys, "run", str(spec), "--quiet")
    assert not (spec.parent / "runs").exists()
