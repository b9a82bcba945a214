"""Students that have not learnt from a conversation, and where they contradict its labels."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from reading_cases import example, population
from turnwright.errors import InputError
from turnwright.reading import Example, decisions
from turnwright.train import LinearStudent, evaluate, fit_linear
from turnwright.train.disagreement import calibrated, disagreements
from turnwright.train.folds import cross_fit, folds_of, known_by


def clean(count: int) -> list[Example]:
    """Conversations in which the words always tell the act."""
    made = []
    for n in range(count):
        one = example(f"c/{n}", "ask_name", "ask_pin", "goodbye")
        texts = ("hello there, I need help with this today please", "my name is Jane Doe", "thanks, that was all, bye")
        turns = list(one.turns)
        for place, text in zip((0, 2, 4), texts, strict=True):
            turns[place] = msgspec.structs.replace(turns[place], text=f"{text} {n}")
        made.append(msgspec.structs.replace(one, turns=tuple(turns)))
    return made


def relabelled(one: Example, turn: int, act: str) -> Example:
    turns = list(one.turns)
    turns[turn] = msgspec.structs.replace(turns[turn], act=act)
    return msgspec.structs.replace(one, turns=tuple(turns))


def test_wrong_labels_are_found_and_right_ones_left_alone() -> None:
    examples = clean(60)
    for n in (7, 31):
        examples[n] = relabelled(examples[n], 5, "ask_pin")
    found = disagreements(fit_linear, examples)
    assert {(one.conversation, one.turn) for one in found} == {("c/7", 5), ("c/31", 5)}
    assert all(one.label == "ask_pin" and one.student == "goodbye" and one.p > 0.9 for one in found)
    assert disagreements(fit_linear, clean(60)) == ()


def test_a_student_that_is_seldom_right_contradicts_nobody() -> None:
    """Labels drawn at random: the student may be as sure as it likes, its answers are not borne out."""
    examples = clean(60)
    acts = ("ask_name", "ask_pin", "goodbye", "query")
    examples = [
        relabelled(relabelled(one, 3, acts[n * 7 % 4]), 5, acts[n * 5 % 4]) for n, one in enumerate(examples)
    ]  # fmt: skip
    assert not [one for one in disagreements(fit_linear, examples) if one.turn > 1]


def test_calibrated_certainty_rises_with_confidence_and_a_few_answers_are_never_certain() -> None:
    random = np.random.default_rng(1)
    confidence = random.random(4_000)
    certain = calibrated(confidence, random.random(4_000) < confidence)
    order = np.argsort(confidence)
    assert (np.diff(certain[order]) >= -1e-12).all()
    assert np.abs(certain - confidence).mean() < 0.05
    assert calibrated(np.array([0.99, 0.98]), np.array([True, True])).max() < 0.9


class Witness:
    """Trains the linear student and remembers what each one learnt from."""

    def __init__(self) -> None:
        self.learnt: list[set[str]] = []

    def fit(self, examples: Sequence[Example]) -> LinearStudent:
        self.learnt.append({one.name for one in examples})
        return fit_linear(examples)


def test_no_student_of_a_cross_fit_has_learnt_from_what_it_answers_for() -> None:
    people, others, witness = population(20).examples, population(10, seed=3, name="o").examples, Witness()
    fold = folds_of(people, 4)
    student = cross_fit(witness.fit, people, others, folds=4)
    assert len(witness.learnt) == 4
    for number, learnt in enumerate(witness.learnt):
        assert {one.name for one in others} <= learnt
        assert learnt.isdisjoint({one.name for one in people if fold[known_by(one)] == number})
    # evaluation refuses a student that has seen its test, so this passing says that the marks agree
    assert evaluate(student, population(20)).conversations == 20


def test_copies_of_a_conversation_are_never_parted() -> None:
    people = clean(12)
    copies = [msgspec.structs.replace(one, name=f"copy/{one.name}", weight=5.0) for one in people]
    fold = folds_of([*people, *copies], 3)
    assert len(fold) == 12
    assert [fold[known_by(one)] for one in people] == [fold[known_by(one)] for one in copies]


def test_chances_of_a_cross_fitted_student_stand_in_the_columns_of_its_acts() -> None:
    people = [*clean(12), *(example(f"r/{n}", "rare", "goodbye") for n in range(2))]
    student = cross_fit(fit_linear, people, folds=3)
    chances = student.predict(decisions(people)).chances
    assert chances.shape[1] == len(student.acts)
    assert "rare" in student.acts
    assert chances.sum(axis=1) == pytest.approx(1.0)


def test_one_conversation_cannot_be_parted() -> None:
    with pytest.raises(InputError, match="cannot be parted into folds"):
        folds_of(clean(1), 5)
