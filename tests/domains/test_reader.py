"""The reader learns acts and roles from a domain's own phrasings, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from turnwright.domains import Domain, load_domain
from turnwright.domains.behaviour import STANDARD_ASSISTANT_ACTS, STANDARD_USER_ACTS
from turnwright.domains.declaration import DomainSpec
from turnwright.domains.reader import Reader


@pytest.fixture(scope="module")
def telecom() -> Domain:
    return load_domain("telecom_support")


@pytest.fixture(scope="module")
def reader(telecom: Domain) -> Reader:
    return Reader(telecom)


def bare_domain() -> Domain:
    """A domain whose acts have no phrasings at all, the standard ones emptied too."""
    silent = {
        "user": {name: {} for name in STANDARD_USER_ACTS},
        "assistant": {name: {} for name in STANDARD_ASSISTANT_ACTS},
    }
    spec = {
        "name": "bare",
        "title": "Bare",
        "acts": silent,
        "intents": {"i": {"goal": "g", "flow": "f"}},
        "flows": {"f": {"start": "a", "nodes": {"a": {"end": "resolved"}}}},
    }
    return Domain(DomainSpec.model_validate(spec), {}, {}, "bare@0")


def test_it_reads_left_out_phrasings_far_better_than_chance(reader: Reader) -> None:
    assert reader.phrasings > 1000
    assert reader.accuracy["act"] > 0.65  # of some 75 acts a side
    assert reader.accuracy["act_top3"] > 0.85
    assert reader.accuracy["role"] > 0.88


@pytest.mark.parametrize(
    ("role", "text", "act"),
    [
        ("assistant", "May I have your account number, please?", "ask_account_id"),
        ("user", "my phone was stolen, please block my sim", "report_lost_phone"),
        ("user", "I'd like a refund for one of the charges", "request_refund"),
        ("assistant", "Is there anything else that I can do for you?", "anything_else"),
    ],
)
def test_it_reads_acts_in_new_words(reader: Reader, role: str, text: str, act: str) -> None:
    assert reader.act(role, text)[0] == act
    assert reader.agrees(role, act, text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, I can't help you with that. How may I assist you today?",
        "I can send your order to another address for you.",
        "You're welcome. Is there anything else I can help you with?",
    ],
)
def test_a_user_who_talks_like_an_assistant_is_noticed(reader: Reader, text: str) -> None:
    assert reader.role(text) > 0.8
    assert not reader.fits("user", text)
    assert reader.fits("assistant", text)


def test_an_assistant_who_talks_like_a_user_is_noticed(reader: Reader) -> None:
    text = "I want my money back for a charge on my bill"
    assert reader.role(text) < 0.2
    assert not reader.fits("assistant", text)


def test_a_text_of_another_act_does_not_agree(reader: Reader) -> None:
    assert not reader.agrees("user", "request_refund", "Where is my parcel?")
    assert not reader.agrees("assistant", "ask_pin", "Thank you for writing to us. Goodbye!")


def test_what_the_domain_itself_says_agrees_almost_always(telecom: Domain, reader: Reader) -> None:
    said = [
        (role, act, text)
        for role in ("user", "assistant")
        for act, spec in telecom.acts(role).items()
        for text in spec.phrasings
        if "{" not in text
    ]
    agreed = sum(reader.agrees(role, act, text) and reader.fits(role, text) for role, act, text in said)
    assert agreed >= 0.98 * len(said)


def test_the_value_that_is_said_does_not_change_the_reading(reader: Reader) -> None:
    readings = {
        reader.acts("user", f"My account number is {value}.", [("account_id", value)])["inform_account_id"]
        for value in ("NW-104823", "12", "Ada Lovelace", "twenty one")
    }
    assert len(readings) == 1
    assert readings.pop() > 0.5


def test_probabilities_of_a_side_add_up_to_one(reader: Reader) -> None:
    for role in ("user", "assistant"):
        assert sum(reader.acts(role, "hello there").values()) == pytest.approx(1.0, abs=1e-4)


def test_equal_domains_give_equal_readers(telecom: Domain, reader: Reader) -> None:
    again = Reader(telecom)
    for text in ("cheers", "can you block it", "", "€5?", "日本語"):
        assert again.acts("user", text) == reader.acts("user", text)
        assert again.role(text) == reader.role(text)


def test_questions_and_answers_of_documents_are_read_too(shop: Domain) -> None:
    reader = Reader(shop)
    assert reader.act("user", "when do you open?")[0] == "ask"
    assert reader.act("assistant", "We are open from 9.")[0] == shop.spec.behaviour.answer


def test_an_act_without_phrasings_is_never_refused(shop: Domain) -> None:
    assert Reader(shop).agrees("assistant", "unheard_of", "anything at all")


def test_a_domain_without_phrasings_can_still_be_read() -> None:
    reader = Reader(bare_domain())
    assert reader.phrasings == 0
    assert reader.act("user", "hello") == ("", 0.0)
    assert reader.role("hello") == 0.5
    assert reader.agrees("user", "greet", "hello")
    assert reader.fits("user", "hello")


def test_loading_a_domain_does_not_load_numpy() -> None:
    code = "import sys, turnwright.domains, turnwright.domains.reader; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
