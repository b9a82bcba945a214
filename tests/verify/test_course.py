"""Course: no goodbye before the goal, no change before a yes, no old value after a correction."""

from __future__ import annotations

import msgspec
import pytest
from bank_cases import Case, Make

GOODBYE = "Thank you and goodbye."


def test_a_goodbye_before_the_goal_is_found(transfer: Case, balance: Case) -> None:
    for case, asked in ((transfer, "ask_payee"), (balance, "ask_pin")):
        cut = case.having([*case.turns[: case.at("assistant", asked)], case.turns[case.at("assistant", "goodbye")]])
        assert "premature_closing" in cut.kinds()
        assert "premature_closing" in cut.free().kinds()


def test_a_goodbye_in_the_words_alone_is_found(transfer: Case) -> None:
    at = transfer.at("assistant", "ask_amount")
    assert "premature_closing" in transfer.saying(at, GOODBYE).kinds()


def test_a_goodbye_before_the_result_was_told_is_found(transfer: Case) -> None:
    cut = transfer.without(transfer.at("assistant", "inform_transfer"), transfer.at("assistant", "anything_else"))
    assert "premature_closing" in cut.kinds()


def test_an_interplay_that_stops_before_the_goal_is_found(transfer: Case, balance: Case) -> None:
    for case in (transfer, balance):
        cut = case.having(case.turns[: case.at("assistant", "ask_pin") + 1], way="interplay")
        assert "premature_closing" in cut.kinds()


def test_a_wish_at_the_end_is_no_premature_closing(transfer: Case) -> None:
    assert transfer.adding(transfer.at("assistant", "inform_transfer"), "Have a great day!").kinds() == set()


def test_a_change_that_nobody_was_asked_about_is_found(transfer: Case) -> None:
    asked = transfer.at("assistant", "confirm_transfer")
    kinds = transfer.without(asked, asked + 1).kinds()
    assert "skipped_confirmation" in kinds
    assert "skipped_confirmation" in transfer.without(asked, asked + 1).free().kinds()


def test_a_change_after_the_answer_to_another_question_is_found(transfer: Case) -> None:
    asked = transfer.at("assistant", "confirm_transfer")
    other = transfer.saying(asked, "Are you well today?", acts=("greet",), mentions=())
    assert "skipped_confirmation" in other.free().kinds()


@pytest.mark.parametrize(
    "words", ["No, please don't.", "Not now, no.", "Nope, leave it as it is.", "I've changed my mind."]
)
def test_a_change_after_a_no_is_found(transfer: Case, words: str) -> None:
    answer = transfer.at("user", "affirm")
    assert "skipped_confirmation" in transfer.saying(answer, words).kinds()
    assert "skipped_confirmation" in transfer.saying(answer, words, acts=("deny",)).free().kinds()


@pytest.mark.parametrize(
    "words", ["No problem, go ahead.", "Yes, why not.", "Don't worry, that's right.", "Please do.", "OK."]
)
def test_a_yes_in_other_words_is_a_yes(transfer: Case, words: str) -> None:
    assert transfer.saying(transfer.at("user", "affirm"), words).kinds() == set()


def test_a_corrected_value_must_not_come_back(make: Make) -> None:
    case, slot = corrected(make)
    fact = next(fact for fact in case.blueprint.facts if fact.slot == slot)
    new, old = (case.domain.say(slot, value) for value in (fact.value, fact.first_said))
    accepted = case.at("assistant", "accept_correction")
    assert "ignored_correction" in case.saying(accepted, case.turns[accepted].text.replace(new, old)).kinds()
    assert case.adding(accepted, f"So {new} and not {old}.").kinds() == set()


def test_a_call_with_the_value_from_before_the_correction_is_found(make: Make) -> None:
    case, slot = corrected(make)
    fact = next(fact for fact in case.blueprint.facts if fact.slot == slot)
    turns, at = case.turns, case.at("assistant", "send_transfer")
    call = turns[at].call
    assert call is not None
    stale = msgspec.structs.replace(call, arguments={**call.arguments, slot: fact.first_said})
    turns[at] = msgspec.structs.replace(turns[at], call=stale)
    assert {"ignored_correction", "wrong_argument"} <= case.having(turns).kinds()
    assert {"ignored_correction", "wrong_argument"} <= case.having(turns).free().kinds()


def corrected(make: Make) -> tuple[Case, str]:
    """A conversation in which the payee or the account is put right."""
    for seed in range(60):
        case = make(seed=seed, memory="corrects")
        slot = next(fact.slot for fact in case.blueprint.facts if fact.first_said is not None)
        if slot in ("payee", "account"):
            return case, slot
    raise AssertionError("no correction of payee or account in 60 seeds")
