"""Evaluation of students whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.metrics import f1_score

from reading_cases import example, population
from turnwright.errors import InputError
from turnwright.reading import Called, Decision, Example, ExampleSet, Said, decisions
from turnwright.train import Predictions, compare, evaluate, fit_linear

ACTS = ("ask_name", "ask_pin", "goodbye", "query", "sing")


class Parrot:
    """A student that says what it was told to say, with a confidence of 0.6."""

    name = "parrot"
    acts = ACTS
    seen: frozenset[str] = frozenset()

    def __init__(
        self,
        says: Callable[[Decision], str],
        legal: dict[str, tuple[str, ...]] | None = None,
        calls: Callable[[Decision], Called | None] | None = None,
    ) -> None:
        self._says, self.legal, self._calls = says, legal or {}, calls

    def predict(self, points: Sequence[Decision]) -> Predictions:
        chances = np.full((len(points), len(ACTS)), 0.1)
        for row, point in zip(chances, points, strict=True):
            row[ACTS.index(self._says(point))] = 0.6
        if self._calls is None:
            calls = tuple("look_up" if self._says(point) == "query" else "" for point in points)
            return Predictions(chances=chances, calls=calls)
        made = [self._calls(point) for point in points]
        return Predictions(
            chances=chances,
            calls=tuple(one.name if one else "" for one in made),
            arguments=tuple(one.arguments if one else None for one in made),
        )


def half_right(point: Decision) -> str:
    return point.act if point.conversation % 2 else "sing"


def test_scores_are_scikit_learns_and_say_how_many_there_were() -> None:
    test = population(30)
    points = decisions(test.examples)
    found = evaluate(Parrot(half_right), test, rounds=200)
    gold, said = [point.act for point in points], [half_right(point) for point in points]
    assert (found.conversations, found.decisions) == (30, len(points))
    assert found.score().value == pytest.approx(f1_score(gold, said, average="weighted", zero_division=0))
    assert found.score("macro F1").value == pytest.approx(f1_score(gold, said, average="macro", zero_division=0))
    right = np.mean([a == b for a, b in zip(gold, said, strict=True)])
    assert found.score("accuracy").value == pytest.approx(right)
    assert found.score("calibration error").value == pytest.approx(abs(0.6 - right))
    assert all(one.score.low <= one.score.value <= one.score.high for one in found.measures)


def test_levels_and_the_unhappy_path_are_scored_apart_with_their_numbers() -> None:
    test = population(30)
    found = evaluate(Parrot(lambda point: point.act if point.example.happy else "sing"), test, rounds=100)
    assert found.score(of="happy=no").value == 0.0
    assert found.score(of="happy=yes").value == 1.0
    numbers = {one.of: one.conversations for one in found.measures}
    assert (numbers["happy=no"], numbers["happy=yes"], numbers["task=bank"]) == (10, 20, 15)


def test_the_tail_is_scored_apart() -> None:
    rare = example("rare", "ask_name", "sing")
    test = ExampleSet(examples=(*population(30).examples, rare))
    found = evaluate(Parrot(lambda point: "query" if point.act == "sing" else point.act), test, rounds=50)
    (tail,) = [one for one in found.measures if one.of == "tail acts"]
    assert (tail.score.value, tail.decisions) == (0.0, 1)
    assert found.score("accuracy").value > 0.98


def test_legal_acts_confine_the_answer_beside_the_free_one() -> None:
    """The parrot sings; where singing is not legal, the legal act with the highest chance is taken."""
    test = ExampleSet(examples=tuple(example(f"x/{n}", "query", "query") for n in range(6)))
    singer = Parrot(lambda point: "sing", {"bank": ("query",)})
    found = evaluate(singer, test, rounds=50)
    assert found.score("accuracy").value == 0.0
    assert found.score("accuracy, legal acts").value == 1.0
    wider = evaluate(singer, test, legal={"bank": ("query", "sing")}, rounds=50)
    assert wider.score("accuracy, legal acts").value == 0.0
    elsewhere = evaluate(singer, test, legal={"shop": ("query",)}, rounds=50)
    assert elsewhere.score("accuracy, legal acts").value == 0.0


def test_calls_are_scored_by_tool_by_needless_calls_and_by_arguments() -> None:
    test = population(12)
    calls = [point.call for point in decisions(test.examples) if point.call]

    def first_right(point: Decision) -> Called | None:
        if point.call is None:
            return Called(name="look_up", arguments={}) if point.act == "goodbye" else None
        wrong = {"pin": (point.call.arguments or {})["pin"], "extra": 1}
        return point.call if point.call is calls[0] else Called(name="look_up", arguments=wrong)

    found = evaluate(Parrot(lambda point: point.act, calls=first_right), test, rounds=100)
    goodbyes = sum(point.act == "goodbye" for point in decisions(test.examples))
    others = sum(point.call is None for point in decisions(test.examples))
    assert found.score("tool right", "calls").value == 1.0
    assert found.score("tool called", "other turns").value == pytest.approx(goodbyes / others)
    assert found.score("arguments exact", "calls").value == pytest.approx(1 / len(calls))
    predicted = 1 + 2 * (len(calls) - 1)
    assert found.score("slot F1", "calls").value == pytest.approx(2 * len(calls) / (predicted + len(calls)))


def test_what_cannot_be_scored_is_said() -> None:
    notes = " ".join(evaluate(Parrot(half_right), population(6), rounds=20).notes)
    assert "arguments of calls: not predicted" in notes
    plain = ExampleSet(examples=(example("a", "ask_name", "goodbye"), _silent("b")))
    made = evaluate(Parrot(half_right), plain, rounds=20)
    assert "no tool calls" in " ".join(made.notes)
    assert "1 conversations of the test have no labelled turn" in " ".join(made.notes)
    strange = ExampleSet(examples=(example("a", "dance", "goodbye"),))
    linear = fit_linear(population(12).examples)
    assert "1 acts of the test (50.0% of its decisions) the student never saw: dance" in " ".join(
        evaluate(linear, strange, rounds=20).notes
    )


def _silent(name: str) -> Example:
    return Example(name=name, task="bank", turns=(Said(role="user", text="hello?"),))


def test_a_test_that_the_student_learnt_from_is_refused() -> None:
    learnt = population(20)
    student = fit_linear(learnt.examples)
    with pytest.raises(InputError, match=r"learnt from \d+ of the test's 3"):
        evaluate(student, ExampleSet(examples=learnt.examples[:3]))
    evaluate(student, population(3, seed=9, name="other"), rounds=10)


def test_a_test_without_labels_is_refused() -> None:
    with pytest.raises(InputError, match="no labelled"):
        evaluate(Parrot(half_right), ExampleSet(examples=(_silent("a"),)))


def test_a_comparison_is_paired_and_changes_sign_with_the_order() -> None:
    test = population(40)
    right, half = Parrot(lambda point: point.act), Parrot(half_right)
    there = {(one.name, one.of): one for one in compare(right, half, test, rounds=300).differences}
    back = {(one.name, one.of): one for one in compare(half, right, test, rounds=300).differences}
    main, other = there["weighted F1", "all"], back["weighted F1", "all"]
    assert main.difference.value == pytest.approx(-other.difference.value)
    assert main.difference.low == pytest.approx(-other.difference.high)
    assert main.difference.value == pytest.approx(main.first - main.second)
    assert main.difference.low > 0
    assert main.p < 0.02


def test_a_student_does_not_differ_from_itself() -> None:
    found = compare(Parrot(half_right), Parrot(half_right), population(20), rounds=100)
    assert all(one.difference.value == one.difference.low == one.difference.high == 0 for one in found.differences)
    assert all(one.p == 1.0 for one in found.differences)


def test_pairing_tells_apart_what_two_single_intervals_would_not() -> None:
    """Both are wrong in the same half of the conversations; one is better in a few of the others."""
    test = population(60)

    def slightly_worse(point: Decision) -> str:
        return "sing" if point.conversation % 7 == 1 else half_right(point)

    one, other = Parrot(half_right), Parrot(slightly_worse)
    first, second = (evaluate(student, test, rounds=400).score("accuracy") for student in (one, other))
    assert first.low < second.high
    main: Any = {(d.name, d.of): d for d in compare(one, other, test, rounds=400).differences}
    assert main["accuracy", "all"].difference.low > 0


def test_equal_arguments_give_equal_figures() -> None:
    test = population(20)
    one, other = (evaluate(Parrot(half_right), test, rounds=100) for _ in range(2))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)
