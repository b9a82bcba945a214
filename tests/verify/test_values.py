"""Values: what is planned is said, and nothing else is claimed."""

from __future__ import annotations

import pytest
from bank_cases import Case, Make


def swapped(case: Case, index: int, slot: str, other: object) -> Case:
    """Another value in place of a planned one, in the words only."""
    value = dict(case.turns[index].mentions)[slot]
    old, new = case.domain.say(slot, value), case.domain.say(slot, other)
    assert old in case.turns[index].text
    return case.saying(index, case.turns[index].text.replace(old, new))


def test_a_wrong_value_in_the_place_of_a_planned_one_is_found(transfer: Case, balance: Case) -> None:
    told = balance.at("assistant", "inform_balance")
    for slot, other in (("balance", 13.0), ("account", "AC-5555"), ("plan", "basic"), ("holder", "Mary Somerville")):
        assert "wrong_value" in swapped(balance, told, slot, other).kinds(), slot
    done = transfer.at("assistant", "inform_transfer")
    for slot, other in (
        ("amount", 7.25),
        ("arrival", "2026-06-18"),
        ("reference", "TR-0007"),
        ("payee", "Grace Hopper"),
    ):
        assert "wrong_value" in swapped(transfer, done, slot, other).kinds(), slot


def test_a_planned_value_that_is_not_said_is_found(transfer: Case) -> None:
    for act, role in (("inform_transfer", "assistant"), ("confirm_transfer", "assistant")):
        assert "missing_value" in transfer.saying(transfer.at(role, act), "All right then.").kinds()
    answer = next(i for i, turn in enumerate(transfer.turns) if turn.role == "user" and turn.mentions)
    assert "missing_value" in transfer.saying(answer, "Here you are.").kinds()


def test_a_label_that_differs_from_the_plan_is_found_though_words_and_label_agree(transfer: Case) -> None:
    done = transfer.at("assistant", "inform_transfer")
    turn = transfer.turns[done]
    amount = dict(turn.mentions)["amount"]
    text = turn.text.replace(transfer.domain.say("amount", amount), "€77.70")
    mentions = tuple((slot, 77.7 if slot == "amount" else value) for slot, value in turn.mentions)
    for case in (transfer, transfer.free()):
        assert "wrong_value" in case.saying(done, text, mentions=mentions).kinds()


def test_a_value_that_changes_between_two_turns_is_a_contradiction(transfer: Case) -> None:
    done = transfer.at("assistant", "inform_transfer")
    assert "contradiction" in swapped(transfer, done, "amount", 480.0).kinds()


@pytest.mark.parametrize(
    "claim",
    [
        "There is a fee of €3.50.", "It will cost 12 dollars.", "You get 15% off.", "That takes 3 days.",
        "Please allow 48 hours.", "You have 20 GB left.", "Your case number is CS-88812.", "Call us at 0800 555 1234.",
        "Write to help@bank.example.", "See https://bank.example/fees.", "It was booked on 3 May 2026.",
        "The branch closes at 18:30.", 'You are on the "Platinum Plus" plan.', "You have 4 cards.",
        "Thank you, Mr. Holmes.",
        "Hello Sherlock, good to hear from you.", "You get €7 back.",
    ],
)  # fmt: skip
def test_a_claim_that_nothing_supports_is_found(transfer: Case, claim: str) -> None:
    for case in (transfer, transfer.free()):
        assert case.adding(transfer.at("assistant", "ask_payee"), claim).kinds() == {"unsupported_claim"}, claim


def test_a_value_is_supported_only_once_it_has_been_found(balance: Case) -> None:
    amount = balance.domain.say(
        "balance", dict(balance.turns[balance.at("assistant", "inform_balance")].mentions)["balance"]
    )
    early, late = balance.at("assistant", "ask_pin"), balance.last("assistant")
    assert balance.adding(early, f"You own {amount}.").kinds() == {"unsupported_claim"}
    assert balance.adding(late, f"Remember, you own {amount}.").kinds() == set()


def test_what_the_user_said_may_be_said_back(transfer: Case) -> None:
    case = transfer.adding(0, "It is about 25 June.")
    assert case.adding(transfer.at("assistant", "ask_payee"), "June 25, I see.").kinds() <= {"invented_value"}


def test_the_last_digits_of_a_known_number_are_supported(transfer: Case) -> None:
    asked = transfer.at("assistant", "ask_payee")
    digits = transfer.domain.say(
        "account", dict(transfer.turns[transfer.at("assistant", "confirm_transfer")].mentions)["account"]
    )[-4:]
    assert transfer.adding(asked, f"I see the account ending in {digits}.").kinds() == set()
    assert transfer.adding(asked, "I see the account ending in 5599.").kinds() == {"unsupported_claim"}


@pytest.mark.parametrize(
    "words", ["My e-mail is me@x.org.", "Order QX-771.", "I paid €45.20.", "It was on 3 May.", "0171 222 3344"]
)
def test_a_value_that_the_user_was_not_given_is_found(transfer: Case, words: str) -> None:
    assert transfer.adding(0, words).kinds() == {"invented_value"}


def test_a_user_may_first_be_wrong_where_that_is_planned(make: Make) -> None:
    case = make(seed=3, memory="corrects")
    assert any(fact.first_said is not None for fact in case.blueprint.facts)
    assert "invented_value" not in case.kinds() | case.free().kinds()
