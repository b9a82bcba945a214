"""`turnwright label` as a reviewer meets it: answers are lines of standard input."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from turnwright.cli.app import run_app
from turnwright.cli.labelling import label
from turnwright.errors import InputError, TurnwrightError
from turnwright.records import Admission, Conversation, Label, Persona, Provenance, Scenario, Turn
from turnwright.store import Concluded, open_run, read_run
from turnwright.store.labels import LABELS, add_label, read_labels

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

commands = typer.Typer(add_completion=False, rich_markup_mode=None)
commands.command()(label)
commands.command("other")(lambda: None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of what `turnwright init` writes, on the scripted double."""
    folder = tmp_path_factory.mktemp("labelling") / "mine"
    assert run_app(["init", str(folder)]) == 0
    spec = folder / "factory.yaml"
    text = spec.read_text()
    start, end = text.index("    kind: embedded"), text.index("  # large:")
    spec.write_text(text[:start] + "    kind: scripted\n" + text[end:])
    assert run_app(["run", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture
def run(made: Path) -> Path:
    """The run folder, without labels."""
    folder = made / "runs" / "first"
    (folder / LABELS).unlink(missing_ok=True)
    return folder


def labelling(patch: Patch, made: Path, answers: str, *options: str) -> int:
    patch.setattr(sys, "stdin", io.StringIO(answers))
    arguments = ["label", str(made), "--reviewer", "Ada", *options]
    return int(commands(arguments, standalone_mode=False) or 0)


def given(run: Path) -> list[tuple[bool, str, str]]:
    return [(one.accepted, one.defect, one.note) for one in read_labels(run).given]


def test_answers_are_kept_with_class_note_and_the_chance_of_the_draw(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    answers = "y\nn\nrude\nshe said [bold]no[/bold]\nN\n\n\n"
    assert labelling(monkeypatch, made, answers, "--number", "3") == 0
    assert given(run) == [(True, "", ""), (False, "rudeness", "she said [bold]no[/bold]"), (False, "", "")]
    for one in read_labels(run).given:
        assert one.reviewer == "Ada"
        assert one.probability is not None
        assert 0 < one.probability <= 1
    said = capsys.readouterr().out
    for words in ("1 of 3", "3 of 3", "3 label(s) kept", "share that people would accept", "kappa", "95 % interval"):
        assert words in said


def test_nothing_that_the_machine_thinks_of_it_is_shown_before_the_answer(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    labelling(monkeypatch, made, "q\n", "--number", "1")
    said = capsys.readouterr().out
    for words in ("admitted", "rejected", "[template", "tries]", "planted", "checks"):
        assert words not in said
    assert "assistant" in said


def test_skipped_ones_get_no_label_and_come_again(made: Path, run: Path, monkeypatch: Patch, capsys: Capture) -> None:
    labelling(monkeypatch, made, "s\ny\n", "--number", "2")
    assert len(given(run)) == 1
    labelling(monkeypatch, made, "y\n" * 30, "--number", "24")
    assert len({one.conversation_id for one in read_labels(run).given}) == len(given(run))
    capsys.readouterr()
    labelling(monkeypatch, made, "y\n")
    assert "Ada has labelled every conversation" in capsys.readouterr().out


def test_b_goes_back_and_corrects_the_last_answer(made: Path, run: Path, monkeypatch: Patch, capsys: Capture) -> None:
    labelling(monkeypatch, made, "b\ny\nb\nn\nleak\n\ny\n", "--number", "2")
    found = read_labels(run)
    assert [one.accepted for one in found.given] == [True, False, True]
    assert found.given[0].conversation_id == found.given[1].conversation_id
    assert len(found.latest) == 2
    said = capsys.readouterr().out
    assert "this is the first one" in said
    assert "you said: accept" in said
    assert "1 earlier label(s) were corrected" in said


def test_policy_and_goal_are_shown_on_demand(made: Path, run: Path, monkeypatch: Patch, capsys: Capture) -> None:
    labelling(monkeypatch, made, "p\nq\n", "--number", "1")
    said = capsys.readouterr().out
    assert "policy" in said
    assert "wants: " in said


def test_a_missing_spec_costs_only_the_policy(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture, tmp_path: Path
) -> None:
    labelling(monkeypatch, tmp_path / "nowhere", "p\ny\n", "--folder", str(run), "--number", "1")
    assert "the policy is not at hand" in capsys.readouterr().out
    assert len(given(run)) == 1


def test_an_answer_that_is_none_is_asked_again_and_a_class_that_is_nearly_one_is_named(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    labelling(monkeypatch, made, "x\n\nn\nrudnes\n?\nrudeness\n\n", "--number", "1")
    assert given(run) == [(False, "rudeness", "")]
    said = capsys.readouterr().out
    assert "'x' is not one of them" in said
    assert "did you mean 'rudeness'?" in said
    assert "unfairness" in said


def test_the_end_of_the_input_loses_no_answer(made: Path, run: Path, monkeypatch: Patch) -> None:
    assert labelling(monkeypatch, made, "y\nn\n", "--number", "5") == 0
    assert given(run) == [(True, "", ""), (False, "", "")]


def test_every_answer_is_on_disk_before_the_next_conversation_is_shown(made: Path, run: Path) -> None:
    code = "import typer; from turnwright.cli.labelling import label; typer.run(label)"
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(made), "--reviewer", "Ada"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    for number in (1, 2, 3):
        while not child.stdout.readline().startswith(f"{number} of "):
            pass
        assert len(given(run)) == number - 1
        child.stdin.write("y\n")
        child.stdin.flush()
    while not child.stdout.readline().startswith("4 of "):
        pass
    child.kill()
    child.communicate()
    assert given(run) == [(True, "", "")] * 3


def test_reviewers_with_one_seed_are_shown_the_same_and_contradictions_are_listed(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    labelling(monkeypatch, made, "y\n" * 4, "--number", "4")
    labelling(monkeypatch, made, "n\n\n\n" + "y\n" * 3, "--number", "4", "--reviewer", "Bo")
    first, second = ({one.conversation_id for one in read_labels(run).latest if one.reviewer == name}
                     for name in ("Ada", "Bo"))  # fmt: skip
    assert first == second
    said = capsys.readouterr().out
    assert "reviewers contradict each other on 1" in said
    assert "accepted by Ada, rejected by Bo" in said
    assert "Ada and Bo" in said


def test_a_file_is_imported_bad_lines_are_one_line_each_and_the_exit_code_tells(
    made: Path, run: Path, monkeypatch: Patch, capsys: Capture, tmp_path: Path
) -> None:
    with read_run(run) as opened:
        conversation = next(opened.records.conversations()).id
    path = tmp_path / "labels.csv"
    path.write_text(f"conversation,accepted\n{conversation},yes\ncv_none,no\n")
    assert labelling(monkeypatch, made, "", "--import", str(path)) == 2
    heard = capsys.readouterr()
    assert heard.err.count("\n") == 1
    assert "cv_none (line 3)" in heard.err
    assert "1 label(s) added" in heard.out
    assert given(run) == [(True, "", "")]
    path.write_text(f"conversation,accepted\n{conversation},yes\n")
    assert labelling(monkeypatch, made, "", "--import", str(path)) == 0
    assert "0 label(s) added, 1 were there already" in capsys.readouterr().out


def test_words_of_models_are_neither_markup_nor_orders_to_the_terminal(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    text = "[red]stop[/red] \x1b[2J\x07 now\nassistant I never said this"
    scenario = Scenario(ordinal=0, domain="shop@1", levels={}, persona=Persona(name="Ada"), seed=0)
    turn = Turn(role="user", text=text, provenance=Provenance(origin="model"))
    conversation = Conversation(scenario_id=scenario.id, blueprint_id="", domain="shop@1", way="fill", turns=(turn,))
    admission = Admission(
        ordinal=0, scenario_id=scenario.id, admitted=True, stage="admit", reason="", conversation_id=conversation.id
    )
    concluded = Concluded(scenario=scenario, conversation=conversation, admission=admission)
    with open_run(tmp_path, spec={}) as opened:
        asyncio.run(opened.records.conclude(concluded))
    labelling(monkeypatch, tmp_path, "q\n", "--folder", str(tmp_path))
    said = capsys.readouterr().out
    assert "[red]stop[/red] \N{REPLACEMENT CHARACTER}[2J" in said
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\nassistant" not in said


def test_report_prints_the_figures_and_asks_nothing(made: Path, run: Path, monkeypatch: Patch, capsys: Capture) -> None:
    assert labelling(monkeypatch, made, "y\n", "--report") == 0
    assert "no labels yet" in capsys.readouterr().out
    add_label(run, Label(conversation_id="cv_gone", reviewer="Ada", accepted=True))
    with (run / LABELS).open("ab") as file:
        file.write(b'{"conversation_id": "cv_to')
    assert labelling(monkeypatch, made, "", "--report") == 0
    heard = capsys.readouterr()
    assert f"{LABELS}:2: no label can be read" in heard.err
    assert "not in this run: cv_gone" in heard.out
    assert "not known" in heard.out


def test_nobody_as_reviewer_and_no_run_are_one_clear_error_each(
    made: Path, run: Path, monkeypatch: Patch, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="reviewer"):
        labelling(monkeypatch, made, "y\n", "--reviewer", " ")
    with pytest.raises(TurnwrightError, match="no such folder"):
        labelling(monkeypatch, made, "y\n", "--folder", str(tmp_path / "none"))
    assert given(run) == []
