"""`turnwright monitor`: two sets in; a table, a page, an exit code out; bad input is one line, nothing is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from turnwright.cli import fidelity as shown
from turnwright.cli.app import run_app
from turnwright.monitor.page import read_fidelity

EXAMPLE = Path(__file__).parents[2] / "examples" / "monitoring"
HUMAN, SYNTHETIC = EXAMPLE / "human.jsonl", EXAMPLE / "synthetic.jsonl"
NAMES = ("--rename", "query_*=query", "--rename", "goodbye_*=goodbye")
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Compare the example's sets, or those that the options name, with few draws; exit code, output, complaints."""

    def run(*options: object, reference: Path = HUMAN, synthetic: Path = SYNTHETIC) -> tuple[int, str, str]:
        sides = ["--reference", str(reference), "--synthetic", str(synthetic)]
        code = run_app(["monitor", *sides, "--permutations", "199", *map(str, options)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def turns(*texts: str, act: str = "") -> str:
    """A conversation as a line: user and assistant in turn."""
    said = [
        {"role": "assistant" if place % 2 else "user", "text": text, **({"act": act} if act and place % 2 else {})}
        for place, text in enumerate(texts)
    ]
    return json.dumps({"id": texts[0], "tasks": ["t"], "turns": said}, ensure_ascii=False)


def file(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_two_files_are_compared_without_a_run_and_every_figure_is_told_with_interval_floor_and_visible_effect(
    command: Command,
) -> None:
    code, out, err = command(*NAMES)
    assert (code, err) == (0, "")
    head = re.search(r"difference +figure +value +interval +reference halves +adjusted p +found from", out)
    assert head
    assert re.search(r"Turns per conversation +[−\d.]+ +\S+…\S+ +\S+…\S+ +\S", out)
    assert "64 synthetic conversations (synthetic.jsonl) against 64 reference conversations (human.jsonl)" in out
    assert "in at most 5% of such comparisons" in out
    assert "not looked at" in out


def test_the_folder_gets_the_record_and_the_page_and_the_same_command_writes_the_same_bytes(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "compared"
    command("--to", folder, "--gate", "act_mix <= 0.9")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(first) == {"fidelity.json", "report.html"}
    assert read_fidelity(first["fidelity.json"]).n == (64, 64)
    assert b"act_mix &lt;= 0.9" in first["report.html"]
    command("--to", folder, "--gate", "act_mix <= 0.9")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_nothing_but_an_earlier_comparison_is_written_over(command: Command, tmp_path: Path) -> None:
    for name, words in (("report.html", "<html>a run's report</html>"), ("fidelity.json", "{}")):
        path = tmp_path / name
        path.write_text(words)
        code, _, err = command("--to", tmp_path)
        assert code == 2
        assert "holds something else" in err
        assert path.read_text() == words
        assert len(list(tmp_path.iterdir())) == 1
        path.unlink()
    (tmp_path / "file").write_text("")
    assert command("--to", tmp_path / "file")[0] == 2


def test_exit_code_is_1_when_a_gate_is_surely_past_its_bound_and_0_when_it_holds_or_cannot_be_told(
    command: Command,
) -> None:
    code, out, _ = command("--gate", "act_mix <= 0.05")
    assert code == 1
    assert re.search(r"act_mix <= 0.05 +0\.\d+ +\S+ +breached", out)
    code, out, _ = command("--gate", "act_mix <= 0.95")
    assert (code, "held: surely within" in out) == (0, True)
    code, out, _ = command("--gate", "turns <= 2.5")
    assert (code, "cannot be told yet" in out) == (0, True)


def test_names_that_mean_the_same_can_be_made_the_same(command: Command) -> None:
    _, apart, _ = command("--only", "act_mix")
    _, alike, _ = command("--only", "act_mix", *NAMES)
    value = re.compile(r"Mix of acts +(\S+)")
    assert float(value.search(apart)[1]) > 3 * float(value.search(alike)[1])  # type: ignore[index]


def test_only_what_is_asked_for_is_looked_at(command: Command, tmp_path: Path) -> None:
    command("--only", "flow", "--only", "act_mix", "--to", tmp_path / "out")
    made = read_fidelity((tmp_path / "out" / "fidelity.json").read_bytes())
    assert {one.family.casefold() for one in made.readings if one.name != "act_mix"} == {"flow"}
    assert made.reading("act_mix") is not None
    code, _, err = command("--only", "flaw")
    assert code == 2
    assert "families are" in err


def test_a_set_with_scenario_weights_is_read_by_them_unless_asked_otherwise(command: Command) -> None:
    assert "by scenario weights (natural)" in command("--only", "flow")[1]
    assert "as they are (stress)" in command("--only", "flow", "--view", "stress")[1]
    assert "as they are (stress)" in command("--only", "flow", synthetic=HUMAN)[1]


def test_quiet_prints_what_differs_and_leaves_out_the_table(command: Command) -> None:
    out = command("--quiet")[1]
    assert "shown to differ" in out
    assert "reference halves:" not in out


def test_a_narrow_terminal_gets_the_columns_that_fit(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "_room", lambda: 100)
    out = command("--only", "flow")[1]
    table = out.partition("interval:")[0].splitlines()
    assert "reference halves" not in table[2]
    assert "found from" in table[2]
    assert max(map(len, table)) <= 100


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--gate", "act_mix < 0.1"), "is no condition"),
        (("--gate", "act_mixx <= 0.1"), "there is no monitor 'act_mixx'"),
        (("--alpha", "0"), "--alpha"),
        (("--alpha", "0.9"), "--alpha"),
        (("--permutations", "3"), "--permutations"),
        (("--rename", "query"), "does not say what it counts as"),
        (("--look", "0"), "look"),
        (("--view", "both"), "view"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(command: Command, options: tuple[str, ...], says: str) -> None:
    code, out, err = command(*options)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_an_empty_reference_one_conversation_and_a_missing_file_are_refused_in_one_line(
    command: Command, tmp_path: Path
) -> None:
    empty = file(tmp_path / "empty.jsonl", [])
    one = file(tmp_path / "one.jsonl", [turns("hello", "hi")])
    for reference, says in ((empty, "empty"), (one, "has 1 conversation"), (tmp_path / "gone.jsonl", "gone.jsonl")):
        for options in ({"reference": reference}, {"synthetic": reference}):
            code, out, err = command("--to", tmp_path / "out", **options)
            assert (code, out) == (2, "")
            assert says in err
            assert err.count("\n") == 1
            assert not (tmp_path / "out").exists()


def test_without_act_labels_the_words_are_compared_and_the_page_says_what_was_left_out(
    command: Command, tmp_path: Path
) -> None:
    plain = [turns(f"I need a flight to Oslo on day {n}", f"Sure, flight {n} it is.", "thanks") for n in range(40)]
    files = [file(tmp_path / f"{name}.jsonl", plain[part::2]) for part, name in enumerate(("a", "b"))]
    code, out, _ = command("--to", tmp_path / "out", reference=files[0], synthetic=files[1])
    assert code == 0
    left = out.partition("not looked at")[2]
    assert "label" in left
    assert re.search(r"Turns per conversation +0 ", out)
    assert "label" in (tmp_path / "out" / "report.html").read_text()


def test_turns_without_acts_get_some_from_labelled_conversations_and_the_page_says_how_right_these_are(
    command: Command, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in SYNTHETIC.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["turns"] = [{key: turn[key] for key in ("role", "text")} for turn in line["turns"]]
    bare = file(tmp_path / "bare.jsonl", [json.dumps(line) for line in lines])
    _, without, _ = command("--only", "act_mix", synthetic=bare)
    assert re.search(r"not measured +Mix of acts +–", without)
    code, out, _ = command("--only", "act_mix", "--labels", SYNTHETIC, "--to", tmp_path / "out", synthetic=bare)
    assert code == 0
    assert re.search(r"Mix of acts +0\.\d+", out)
    notes = read_fidelity((tmp_path / "out" / "fidelity.json").read_bytes()).notes
    assert any("acts of the assistant are predicted; right on held-out conversations" in note for note in notes)
    assert any("in one set only" in note for note in notes)
    nothing = file(tmp_path / "nothing.jsonl", [turns("hello", "hi")])
    code, _, err = command("--labels", nothing, synthetic=bare)
    assert (code, "not two different acts" in err) == (2, True)


def test_another_language_is_compared_as_far_as_it_goes(command: Command, tmp_path: Path) -> None:
    said = ("Ich möchte einen Flug nach Köln am {}.", "Gerne, Flug {} ist gebucht.", "Danke")
    lines = [turns(*(each.format(n) for each in said)) for n in range(30)]
    german = file(tmp_path / "german.jsonl", lines)
    code, out, _ = command(synthetic=german)
    assert code == 0
    assert "shown to differ" in out


def test_words_of_strangers_send_nothing_to_a_terminal_and_are_not_read_as_markup(
    command: Command, tmp_path: Path
) -> None:
    evil = "\x1b[31m[bold]x[/bold]"
    files = [
        file(tmp_path / f"{name}.jsonl", [turns(f"hi {n}", "yes", act=act) for n in range(30)])
        for name, act in (("a", "fine"), ("b", evil))
    ]
    code, out, _ = command("--only", "act_mix", reference=files[0], synthetic=files[1])
    assert code == 0
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out
