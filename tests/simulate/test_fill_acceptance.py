"""Which words of a model may stand for a planned line, and what is objected to in the others."""

from __future__ import annotations

import pytest

from turnwright.domains import Domain, load_domain
from turnwright.domains.reader import Reader
from turnwright.records import Step
from turnwright.simulate.acceptance import Leeway, cleaned, folded, objection
from turnwright.simulate.lines import Line, lines_of, whole

SMALL = Leeway(new_words=1, surprise=0.8)
STRONG = Leeway()

SLOTS = {"inform_account_id": ("account_id", "NW-104823"), "confirm_reactivation": ("line_number", "07700 900327")}


@pytest.fixture(scope="module")
def telecom() -> Domain:
    return load_domain("telecom_support")


@pytest.fixture(scope="module")
def reader(telecom: Domain) -> Reader:
    return Reader(telecom)


def line_of(domain: Domain, role: str, phrase: str) -> Line:
    mentions = (SLOTS[phrase],) if phrase in SLOTS else ()
    step = Step(role=role, acts=(phrase.partition(":")[0],), phrase=phrase, mentions=mentions)  # type: ignore[arg-type]
    return lines_of(domain, step)[0]


@pytest.mark.parametrize(
    ("role", "phrase", "text"),
    [
        ("user", "inform_account_id", "Sure, my account number is [account number]."),
        ("user", "inform_account_id", "[account number]"),
        ("user", "request_refund", "Could I get a refund for a charge on my bill, please?"),
        ("assistant", "ask_account_id", "Please tell me the account number."),
        ("assistant", "confirm_reactivation", "May I lift the block on [mobile number] now?"),
        ("user", "deny", "No thanks, leave it."),
    ],
)
def test_sensible_new_words_pass(telecom: Domain, reader: Reader, role: str, phrase: str, text: str) -> None:
    assert objection(line_of(telecom, role, phrase), text, reader, SMALL) == ""


@pytest.mark.parametrize(
    ("role", "phrase", "text", "fault"),
    [
        ("user", "affirm", "", "empty"),
        ("user", "inform_account_id", "My account number is NW-104823.", "value"),
        ("user", "inform_account_id", "It's [account number], yes, [account number].", "value"),
        ("user", "inform_account_id", "It's [account number], and my PIN is 1234.", "other_value"),
        ("user", "inform_account_id", "It's [account number] [postcode].", "other_value"),
        ("user", "request_refund", "I need a refund for the", "cut"),
        ("assistant", "confirm_reactivation", "I can't switch [mobile number] on again, is that okay?", "negation"),
        ("assistant", "confirm_reactivation", "I have switched [mobile number] on again.", "question"),
        ("assistant", "ask_account_id", "The account number starts with NW.", "question"),
        ("user", "request_refund", "I need a refund, I need a refund.", "loop"),
        ("user", "thank", "Thank you so much for all of the great help that you are giving here and now.", "long"),
        ("user", "request_refund", "I want to buy a ticket to Paris.", "drift"),
        ("assistant", "apologise", "I'm sorry, I will call you on Tuesday.", "drift"),
        ("user", "request_refund", "I can send your money back.", "drift"),
        ("assistant", "ask_account_id", "Please tell me my account number.", "drift"),
        ("assistant", "ask_pin", "Could you please help?", "act"),
    ],
)  # fmt: skip
def test_each_fault_is_named(telecom: Domain, reader: Reader, role: str, phrase: str, text: str, fault: str) -> None:
    assert objection(line_of(telecom, role, phrase), text, reader, SMALL) == fault


def test_a_flipped_role_is_found_even_where_any_word_is_allowed(telecom: Domain, reader: Reader) -> None:
    flipped = "I'm sorry for the confusion. How can I assist you with your refund today?"
    assert objection(line_of(telecom, "user", "request_refund"), flipped, reader, STRONG) == "role"


def test_whose_things_are_named_must_be_right(telecom: Domain, reader: Reader) -> None:
    line = line_of(telecom, "assistant", "offer_bereavement_team")
    right = "I'm very sorry for your loss. May I hand this to our bereavement team?"
    assert objection(line, right, reader, SMALL) == ""
    assert objection(line, right.replace("our bereavement", "your bereavement"), reader, SMALL)


def test_what_was_asked_without_a_denial_must_not_deny(telecom: Domain, reader: Reader) -> None:
    line = line_of(telecom, "assistant", "ask_repeat")
    asked = next(way for way in line.variants if "n't" not in way and "not" not in way)
    text = "I didn't get that, could you say it again?"
    assert objection(line, text, reader, SMALL, asked=asked, surprisal=0.7) == "negation"
    assert objection(line, text, reader, SMALL, asked=asked, surprisal=0.3) == ""


def test_strong_models_may_choose_their_words(telecom: Domain, reader: Reader) -> None:
    line = line_of(telecom, "user", "request_refund")
    text = "Honestly, somebody slipped a weird fee onto my statement and I'd love a refund for that charge."
    assert objection(line, text, reader, SMALL) in ("drift", "long")
    longer = Leeway(new_words=None, surprise=None)
    assert objection(line, "I'd love a refund for a weird charge on my bill.", reader, longer) == ""


def test_unlikely_words_are_odd(telecom: Domain, reader: Reader) -> None:
    line = line_of(telecom, "user", "inform_account_id")
    text = "I have the account number, it is [account number]."
    assert objection(line, text, reader, SMALL, surprisal=0.2) == ""
    assert objection(line, text, reader, SMALL, surprisal=2.0) == "odd"
    assert objection(line, text, reader, STRONG, surprisal=2.0) == ""


def test_a_phrasing_with_plain_words_around_it_always_passes(telecom: Domain, reader: Reader) -> None:
    for role in ("user", "assistant"):
        for act in telecom.acts(role):
            if act in ("ask", "answer_question") or any("{" in text for text in telecom.acts(role)[act].phrasings):
                continue
            line = line_of(telecom, role, act)
            for way in line.variants:
                assert objection(line, f"ok, {way} Thanks.", reader, SMALL) == ""


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ('"It\'s [order number]."', "It's [order number]."),
        ("Customer: It's fine", "It's fine"),
        ('"It\'s fine." That is what a customer says.', "It's fine."),
        ('ok, "It\'s fine." thanks', "ok, It's fine. thanks"),
        ("\n\n  two   words \nand a second line", "two words"),
        ("“Typographic quotes”", "Typographic quotes"),
        ("", ""),
        ('"', ""),
    ],
)
def test_words_are_taken_out_of_their_wrapping(reply: str, text: str) -> None:
    assert cleaned(reply) == text


def test_case_and_marks_do_not_make_words_new() -> None:
    assert folded("Yes, PLEASE!") == folded("yes please") == "yes please"


def test_the_lines_of_a_turn_as_a_whole_carry_all_its_values(telecom: Domain) -> None:
    step = Step(
        role="user",
        acts=("request_refund", "volunteer"),
        phrase="request_refund+volunteer:account_id+volunteer:bill_month",
        mentions=(("account_id", "NW-104823"), ("bill_month", "May")),
    )
    line = whole(lines_of(telecom, step))
    assert set(line.surfaces.values()) == {"NW-104823", "May"}
    assert all(mask in way for way in line.variants for mask in line.surfaces)
    assert line.masked(line.unmasked(line.variants[0])) == line.variants[0]
