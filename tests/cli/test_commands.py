"""The commands, as a newcomer meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnwright import __version__
from turnwright.cli.app import run_app

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def factory(tmp_path: Path, capsys: Capture) -> Path:
    """What `turnwright init` writes, with the scripted double in the place of the embedded model."""
    folder = tmp_path / "mine"
    assert run_app(["init", str(folder)]) == 0
    spec = folder / "factory.yaml"
    text = spec.read_text()
    start, end = text.index("    kind: embedded"), text.index("  # large:")
    spec.write_text(text[:start] + "    kind: scripted\n" + text[end:])
    capsys.readouterr()
    return folder


def said(capsys: Capture, *arguments: str) -> str:
    assert run_app(list(arguments)) == 0
    return capsys.readouterr().out


def test_init_writes_a_commented_spec_and_a_domain_that_can_be_planned(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "fresh"
    out = said(capsys, "init", str(folder))
    assert "factory.yaml" in out
    assert "domain.yaml" in out
    planned = said(capsys, "plan", str(folder))
    assert "coverage" in planned
    assert "forecast" in planned
    assert sorted(path.name for path in folder.iterdir()) == ["domain", "factory.yaml"]


def test_run_status_show_and_export_tell_what_became_of_a_run(factory: Path, capsys: Capture) -> None:
    out = said(capsys, "run", str(factory), "--quiet")
    for word in ("planned", "simulated", "admitted", "tries a turn", "coverage", "report.html", "turnwright show"):
        assert word in out
    assert "admitted" in said(capsys, "status", str(factory))
    shown = said(capsys, "show", "--spec", str(factory))
    for word in ("scenario", "blueprint", "goal:", "conversation", "checks:", "paid:"):
        assert word in shown
    again = said(capsys, "export", str(factory))
    assert "openai/train.jsonl" in again


def test_show_finds_a_conversation_by_number_and_by_the_beginning_of_its_id(factory: Path, capsys: Capture) -> None:
    said(capsys, "run", str(factory), "--quiet")
    by_number = said(capsys, "show", "3", "--spec", str(factory))
    identifier = by_number.split()[1]
    assert said(capsys, "show", identifier[:14], "--spec", str(factory)) == by_number


def test_a_plan_shows_what_cannot_occur_and_the_rule_that_forbids_it(factory: Path, capsys: Capture) -> None:
    out = said(capsys, "plan", str(factory))
    assert "impossible:" in out
    assert "forbid" in out


def test_schema_prints_a_json_schema_that_names_every_section(capsys: Capture) -> None:
    schema = json.loads(said(capsys, "schema"))
    assert {"design", "models", "roles", "simulate", "verify", "admit", "export", "caps"} <= set(schema["properties"])


def test_models_list_says_licence_size_and_whether_it_is_here(capsys: Capture) -> None:
    out = said(capsys, "models", "list")
    assert "smollm2-135m-instruct" in out
    assert "Apache-2.0" in out
    assert "98 MB" in out


def test_doctor_says_what_is_installed_and_what_the_spec_needs(factory: Path, capsys: Capture) -> None:
    out = said(capsys, "doctor", str(factory))
    assert f"turnwright {__version__}" in out
    assert "xllamacpp" in out
    assert "models.small" in out


def test_doctor_fails_when_a_model_of_the_spec_is_missing(factory: Path, capsys: Capture) -> None:
    spec = factory / "factory.yaml"
    spec.write_text(spec.read_text().replace("kind: scripted", "kind: embedded\n    model: ./none.gguf"))
    assert run_app(["doctor", str(factory)]) == 1
    assert "none.gguf" in capsys.readouterr().out


def test_version_is_printed(capsys: Capture) -> None:
    assert said(capsys, "--version").strip() == f"turnwright {__version__}"


def test_words_that_look_like_markup_are_printed_as_they_are(factory: Path, capsys: Capture) -> None:
    domain = factory / "domain" / "domain.yaml"
    domain.write_text(domain.read_text().replace("title: ", "title: [bold]", 1))
    assert run_app(["run", str(factory), "--quiet"]) in (0, 2)
    assert "\x1b[1m[/bold]" not in capsys.readouterr().out


def test_no_command_at_all_is_answered_with_help(capsys: Capture) -> None:
    out = said(capsys)
    assert out.startswith("Usage: turnwright")
    assert "plan" in out


def test_an_unknown_command_or_option_is_one_line(capsys: Capture) -> None:
    for arguments in (["bogus"], ["run", "--bogus"], ["run", "a", "b"]):
        assert run_app(arguments) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
