"""`turnwright worth`: plot, report, added conversations, and what is refused before anything is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
import typer

import turnwright
from turnwright.cli import worth
from turnwright.engine.worth_page import keep_worth
from turnwright.errors import InputError, RunFolderError
from turnwright.reading import line_from, read_set
from turnwright.train import Worth

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: {seed}
scenarios: 16
models:
  double: {{kind: scripted}}
roles: {{user: double, teacher: double}}
run: {{durability: process}}
"""
Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command()(worth.worth)

    def run(*arguments: object) -> str:
        app([str(each) for each in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and two others of other seeds as files that stand for real conversations."""
    folder = tmp_path_factory.mktemp("worth")
    shutil.copytree(FIXTURES / "mini_shop", folder / "shop")
    for name, seed in (("run", 1), ("real", 2), ("test", 3), ("dev", 4)):
        spec = folder / f"{name}.yaml"
        spec.write_text(SPEC.format(seed=seed))
        turnwright.load(spec).run(folder / name)
        if name != "run":
            lines = [json.dumps(line_from(one)) for one in read_set([folder / name]).examples]
            (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be written to."""
    shutil.copytree(made / "run", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def given(made: Path, tmp_path: Path) -> list[object]:
    """The pool, the test, and a threshold that lets doubles through, which all speak alike."""
    return [
        "--real", made / "real.jsonl", "--test", made / "test.jsonl", "--limit", "1", "--curves", tmp_path / "curves",
    ]  # fmt: skip


def contents(folder: Path) -> dict[Path, bytes]:
    """All files but those that the database keeps beside itself while it is read."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "run.db-" not in path.name}


def test_a_plot_is_drawn_and_the_report_of_the_run_shows_figure_plot_overlap_and_cost(
    command: Command, run: Path, given: list[object], tmp_path: Path
) -> None:
    before = (run / "report.html").read_text()
    assert "What the set is worth" not in before
    out = command("--synthetic", run, *given, "--plot", tmp_path / "w.svg")
    assert "w.svg" in out.replace("\n", "")
    assert ElementTree.parse(tmp_path / "w.svg").getroot().tag.endswith("svg")
    page = (run / "report.html").read_text()
    for word in ("What the set is worth", "equivalent real conversations", "<svg", "Overlap with the", "tokens for"):
        assert word in page
    figures = msgspec.json.decode((run / "worth.json").read_bytes(), type=Worth)
    assert f"{figures.real.value:,.1f}" in page
    command("--synthetic", run, *given, "--plus", "4")
    again = (run / "report.html").read_text()
    assert again.count("What the set is worth") == 1
    assert "and 4 real conversations" in again
    head, _, rest = before.partition("<!-- worth -->")
    assert again.startswith(head)
    assert again.endswith(rest.partition("<!-- /worth -->")[2])


def test_a_report_that_is_written_anew_still_shows_the_worth_and_says_when_the_set_has_grown(
    command: Command, made: Path, run: Path, given: list[object]
) -> None:
    command("--synthetic", run, *given)
    factory = turnwright.load(made / "run.yaml")
    factory.run(run)
    assert "What the set is worth" in (run / "report.html").read_text()
    figures = msgspec.json.decode((run / "worth.json").read_bytes(), type=Worth)
    fewer = msgspec.structs.replace(figures, conversations=figures.conversations - 1)
    (run / "worth.json").write_bytes(msgspec.json.encode(fewer))
    factory.run(run)
    assert f"Measured when the set had {fewer.conversations}" in (run / "report.html").read_text()
    (run / "worth.json").write_text("{")
    factory.run(run)
    assert "What the set is worth" not in (run / "report.html").read_text()


def test_names_of_files_are_data_in_the_report(made: Path, run: Path, given: list[object], command: Command) -> None:
    command("--synthetic", run, *given)
    figures = msgspec.json.decode((run / "worth.json").read_bytes(), type=Worth)
    keep_worth(run, msgspec.structs.replace(figures, test="<script>alert(1)</script>"))
    page = (run / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page or "script&gt;" in page


def test_a_file_of_real_conversations_can_be_added_with_a_weight(
    command: Command, made: Path, run: Path, given: list[object], tmp_path: Path
) -> None:
    given = ["--synthetic", run, *given]
    out = command(*given, "--plus-file", made / "dev.jsonl", "--plus-weight", "5", "--json", tmp_path / "w.json")
    figures = json.loads((tmp_path / "w.json").read_text())
    assert (figures["plus_weight"], figures["plus_from"]) == (5.0, str(made / "dev.jsonl"))
    assert f"and {figures['plus']} real ones of weight 5" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--plus-file", "gone.jsonl"), "cannot be read"),
        (("--plus-file", "dev.jsonl", "--plus", "3"), "both to be added"),
        (("--plus", "3", "--plus-weight", "0"), "cannot have a weight of 0"),
        (("--plus-file", "silent.jsonl"), "not one act label"),
        (("--plus-file", "test.jsonl"), "the added human set overlaps the test"),
        (("--synthetic", "silent.jsonl"), "not one act label"),
        (("--synthetic", "same.jsonl"), "one act only"),
        (("--synthetic", "test.jsonl"), "overlaps the test"),
        (("--real", "few.jsonl"), "fewer than the smallest point of the curve"),
        (("--report", "run"), "is not this run's"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    command: Command, made: Path, run: Path, given: list[object], tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    said = {"id": "x", "turns": [{"role": "user", "text": "hi"}, {"role": "assistant", "text": "hello"}]}
    (made / "silent.jsonl").write_text(json.dumps(said) + "\n")
    said["turns"][1]["act"] = "greet"  # type: ignore[index]
    (made / "same.jsonl").write_text(json.dumps(said) + "\n")
    (made / "few.jsonl").write_text("".join((made / "real.jsonl").read_text().splitlines(keepends=True)[:5]))
    own = [run if each == "run" else made / each if each.endswith("jsonl") else each for each in arguments]
    synthetic = [] if "--synthetic" in arguments else ["--synthetic", made / "few.jsonl" if run in own else run]
    before = contents(tmp_path)
    with pytest.raises(InputError, match=says) as caught:
        command(*synthetic, *given, *own, "--plot", tmp_path / "w.svg", "--json", tmp_path / "w.json")
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    assert contents(tmp_path) == before


def test_a_report_of_a_folder_without_a_run_is_refused(
    command: Command, made: Path, run: Path, given: list[object], tmp_path: Path
) -> None:
    with pytest.raises(RunFolderError, match="no such folder"):
        command("--synthetic", run, *given, "--report", tmp_path / "gone")
