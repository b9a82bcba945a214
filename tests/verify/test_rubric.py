"""A rubric is questions of yes or no, one a defect class; anything else is refused with its line."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from turnwright.domains import parse_yaml, validated
from turnwright.errors import SpecError
from turnwright.verify.defects import DEFECTS
from turnwright.verify.rubric import RUBRIC, ArbiterSettings, CriterionSpec

PLANTABLE = [
    "wrong_value",
    "unsupported_claim",
    "skipped_confirmation",
    "wrong_tool",
    "wrong_argument",
    "policy_breach",
    "contradiction",
    "role_flip",
    "unsafe_disclosure",
    "ignored_correction",
    "premature_closing",
    "false_promise",
    "unanswered",
    "rudeness",
    "unfairness",
    "unnatural_user",
]


def complaint(asks: str) -> str:
    with pytest.raises(ValidationError) as caught:
        CriterionSpec(name="mine", asks=asks, defect="rudeness")
    (error,) = caught.value.errors()
    return error["msg"]


def refusal(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        validated(ArbiterSettings, parse_yaml(text, "factory.yaml", SpecError), SpecError)
    return caught.value


def test_the_built_in_rubric_asks_once_about_every_class_that_can_be_planted() -> None:
    assert [criterion.defect for criterion in RUBRIC] == PLANTABLE
    assert [criterion.name for criterion in RUBRIC] == PLANTABLE
    assert ArbiterSettings().rubric == list(RUBRIC)
    assert all(len(criterion.asks.split()) <= 30 for criterion in RUBRIC)


def test_every_class_that_no_check_finds_is_asked_about() -> None:
    assert {name for name, each in DEFECTS.items() if each.check == "arbiter"} <= set(PLANTABLE)


@pytest.mark.parametrize(
    ("asks", "because"),
    [
        ("Rate the politeness of the assistant?", "begin it with one of: Is, Are, Does"),
        ("How polite is the assistant?", "begin it with"),
        ("Which turn is rude?", "begin it with"),
        ("The assistant is rude?", "begin it with"),
        ("Is?", "begin it with"),
        ("", "begin it with"),
        ("Is the assistant rude", "question mark"),
        ("Is the assistant rude.", "question mark"),
        ("Is the assistant rude? Does it press the user?", "one question mark"),
        ("Is the assistant polite on a scale from 1 to 5?", "scale"),
        ("Would you give the assistant a rating above average?", "'rating'"),
        ("Does the assistant deserve 4 out of 5?", "'out of 5'"),
        ("Can you rate the assistant?", "'rate the'"),
        ("Is its politeness, 1-5, at least three?", "'1-5'"),
        ("Can you say how rude the assistant is?", "'how'"),
        ("Could you name the turn in which the assistant is rude?", "'which'"),
        ("Is the assistant polite or rude?", "'or' between alternatives"),
        ("Does the assistant accept or refuse?", "'or' between alternatives"),
        ("Is the assistant polite, or is it rude?", "'or' between alternatives"),
        ("Is the answer better or worse than before?", "better or worse"),
    ],
)
def test_a_criterion_that_is_not_binary_is_refused_with_the_reason(asks: str, because: str) -> None:
    assert because in complaint(asks)


@pytest.mark.parametrize(
    "asks",
    [
        "Does the assistant state a price, date or name that nobody gave?",
        "Does the assistant mock, blame or press the user?",
        "Does the assistant repeat a PIN or password?",
        "is the   exchange rate wrong?",
        "Has the user, or has anybody else, agreed to it?",
        "Would a customer be hurt by what was said on 2026-06-15?",
    ],
)
def test_a_question_that_yes_answers_for_any_of_several_things_is_binary(asks: str) -> None:
    assert CriterionSpec(name="mine", asks=asks, defect="rudeness").asks == " ".join(asks.split())


def test_a_criterion_that_is_not_binary_is_one_line_with_its_place_in_the_file() -> None:
    error = refusal(
        "tie: clean\nrubric:\n  - {name: a, asks: 'Is it rude?', defect: rudeness}\n"
        "  - name: b\n    asks: Rate the assistant.\n    defect: unanswered\n"
    )
    assert error.where == "factory.yaml:5"
    assert "\n" not in str(error)
    assert "rubric.1.asks" in str(error)
    assert "yes or no" in str(error)


def test_an_unknown_class_is_named_with_the_nearest_known_one() -> None:
    error = refusal("rubric:\n  - {name: a, asks: 'Is it rude?', defect: rudenes}\n")
    assert error.where == "factory.yaml:2"
    assert "there is no defect class 'rudenes' (did you mean 'rudeness'?)" in str(error)


@pytest.mark.parametrize(
    ("name", "defect", "said"),
    [("a", "unanswered", "two criteria are called 'a'"), ("b", "rudeness", "two criteria are about 'rudeness'")],
)
def test_two_criteria_of_one_name_or_one_class_are_refused(name: str, defect: str, said: str) -> None:
    rows = "  - {name: a, asks: 'Is it rude?', defect: rudeness}\n"
    error = refusal(f"rubric:\n{rows}  - {{name: {name}, asks: 'Is it so?', defect: {defect}}}\n")
    assert said in str(error)
    assert error.where == "factory.yaml:1"


def test_an_unknown_tie_rule_is_refused() -> None:
    assert refusal("tie: coin\n").where == "factory.yaml:1"
