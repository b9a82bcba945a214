"""The linear student: what it learns, how it is kept, and what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from reading_cases import example, population
from turnwright.errors import InputError
from turnwright.reading import Example, ExampleSet, Said, decisions
from turnwright.train import LinearStudent, evaluate, fit_linear, load_student, save_student, student_card


@pytest.fixture(scope="module")
def student() -> LinearStudent:
    return fit_linear(population(60).examples, features="history")


def answers(student: LinearStudent, examples: tuple[Example, ...]) -> list[str]:
    chances = student.predict(decisions(examples)).chances
    return [student.acts[n] for n in chances.argmax(axis=1)]


def test_a_student_tells_acts_apart_that_the_words_tell_apart(student: LinearStudent) -> None:
    test = population(30, seed=1, name="t")
    said = answers(student, test.examples)
    gold = [point.act for point in decisions(test.examples)]
    assert np.mean([a == b for a, b in zip(said, gold, strict=True)]) > 0.75


def test_chances_add_up_to_one_also_for_a_student_of_two_acts(student: LinearStudent) -> None:
    many = student.predict(decisions(population(20, seed=4).examples)).chances
    assert many.shape[1] == 4
    assert many.sum(axis=1) == pytest.approx(1.0)
    two = [example(f"x/{n}", "ask_name", "goodbye") for n in range(8)]
    made = fit_linear(two)
    chances = made.predict(decisions(two)).chances
    assert made.acts == ("ask_name", "goodbye")
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert answers(made, tuple(two)) == ["ask_name", "goodbye"] * 8


def test_the_same_seed_gives_the_same_student_and_another_seed_another() -> None:
    examples = population(30).examples
    one, same, other = fit_linear(examples, seed=1), fit_linear(examples, seed=1), fit_linear(examples, seed=2)
    assert np.array_equal(one.weights.coef, same.weights.coef)
    assert not np.array_equal(one.weights.coef, other.weights.coef)


def test_only_trainable_turns_are_learnt() -> None:
    def with_refusal(n: int) -> Example:
        bad = Said(role="assistant", text="no", act="refuse", trainable=False)
        one = example(f"x/{n}", "ask_name", "goodbye")
        return msgspec.structs.replace(one, turns=(one.turns[0], bad, *one.turns[1:]))

    assert fit_linear([with_refusal(n) for n in range(5)]).acts == ("ask_name", "goodbye")


def test_a_call_is_predicted_through_the_act_that_makes_it(student: LinearStudent) -> None:
    points = decisions(population(30, seed=1, name="t").examples)
    predictions = student.predict(points)
    said = [student.acts[n] for n in predictions.chances.argmax(axis=1)]
    assert [bool(call) for call in predictions.calls] == [act == "query" for act in said]
    assert set(predictions.calls) == {"", "look_up"}
    assert predictions.arguments is None


def test_a_student_that_was_kept_answers_as_before(student: LinearStudent, tmp_path: Path) -> None:
    save_student(student, tmp_path / "s", "card")
    again = load_student(tmp_path / "s")
    points = decisions(population(20, seed=2).examples)
    assert np.array_equal(student.predict(points).chances, again.predict(points).chances)
    assert (again.legal, again.calls, again.seen) == (student.legal, student.calls, student.seen)


def test_the_same_student_is_kept_in_the_same_bytes(student: LinearStudent, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_student(student, tmp_path / name, "card")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_folder_with_anything_in_it_is_not_overwritten(student: LinearStudent, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        save_student(student, tmp_path, "card")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_or_foreign_student_is_refused(student: LinearStudent, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    save_student(student, folder, "card")
    weights, words = (folder / "weights.npz").read_bytes(), (folder / "student.json").read_bytes()

    def refused(says: str) -> None:
        with pytest.raises(InputError, match=says):
            load_student(folder)

    (folder / "weights.npz").write_bytes(weights[:200])
    refused("cannot be read")
    np.savez(folder / "weights.npz", coef=np.array([{"a": 1}], dtype=object), intercept=np.ones(1), idf=np.ones(1))
    refused("cannot be read")
    np.savez(folder / "weights.npz", coef=np.ones((1, 1)), intercept=np.ones(1), idf=np.ones(1))
    refused("do not fit together")
    (folder / "weights.npz").write_bytes(weights)
    (folder / "student.json").write_bytes(words.replace(b'"format":1', b'"format":9'))
    refused("not a student that this turnwright reads")
    (folder / "student.json").unlink()
    refused("no student here")


def test_one_act_or_unknown_features_are_refused() -> None:
    with pytest.raises(InputError, match="fewer than two acts"):
        fit_linear([example("x", "query")])
    with pytest.raises(InputError, match="yardstick, history"):
        fit_linear(population(3).examples, features="magic")


def test_without_scikit_learn_one_line_says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(InputError) as caught:
        fit_linear(population(3).examples)
    assert str(caught.value) == "scikit-learn is not installed. Fix: pip install 'turnwright[measure]'"


def test_importing_the_stage_loads_no_scikit_learn() -> None:
    code = "import sys, turnwright.train; print('sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_the_card_tells_set_human_share_and_scores_and_reads_no_name_as_markup(student: LinearStudent) -> None:
    learnt = population(60)
    odd = ExampleSet(examples=learnt.examples, sources=("a`|<b>\n# x.jsonl",))
    scores = evaluate(student, population(20, seed=5, name="t"), rounds=50)
    card = student_card(student, odd, scores.measures)
    assert learnt.hash in card
    assert "`none yet`" in card
    words = [turn for one in learnt.examples for turn in one.turns if turn.role != "tool" and turn.text]
    human = sum(turn.origin == "human" for turn in words)
    assert f"{human / len(words):.1%} ({len(words)} of {len(words)}" in card
    assert f"{scores.score().value:.3f}" in card
    assert "<b>" not in card
    assert "\n# x" not in card
