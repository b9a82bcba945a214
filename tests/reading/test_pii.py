"""Personal data is found by shape and checksum, placeholders are not, and no value is ever shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnwright.reading import Called, Example, Said, read_examples
from turnwright.reading.pii import KINDS, find, masked, masked_text, screen
from turnwright.reading.pii.checksums import luhn, mod97

DATA = Path(__file__).parents[3] / "shared" / "data"
THERE = (
    ("email", "write to jane.doe+shop@gmail.com please"),
    ("email", "JOHN_88@mail.uni-koeln.de, or call"),
    ("phone", "my cell: (415) 867-5309"),
    ("phone", "it is 212-736-5000."),
    ("phone", "call 1-800-275-2273 now"),
    ("phone", "+44 20 7946 0958 works"),
    ("phone", "+4915112345678"),
    ("phone", "my number is 4158675309"),
    ("phone", "phone 01223 351880"),
    ("card", "card 4539 1488 0343 6467, exp 04/29"),
    ("card", "5425-2334-3010-9903"),
    ("card", "374245455400126"),
    ("iban", "pay to DE75 5121 0800 1245 1261 99"),
    ("iban", "IBAN FR7630006000011234567890189"),
    ("ssn", "ssn 536-22-8726"),
    ("ssn", "my social security number is 536228726"),
    ("ip", "logged in from 8.8.4.4 today"),
    ("ip", "2a00:1450:4001:81b::200e is me"),
    ("mac", "device 3c:22:fb:9a:01:7e"),
    ("url_with_secret", "see https://bob:hunter22@shop.io/x"),
    ("url_with_secret", "https://api.shop.io/v1?access_token=abcdef123456"),
    ("birth_date", "I was born on March 3rd, 1985"),
    ("birth_date", "dob: 03/04/1985"),
    ("address", "I live at 42 Maple Grove Road, apt 3"),
    ("address", "ship it to 1600 Pennsylvania Ave"),
)
NOT_THERE = (
    "[EMAIL] or [PHONE]",
    "mail me at jane@example.com or user@test.com",
    "call 555-0100 or (415) 555-0132",
    "account 84318931431 and PIN 3100",
    "order 4158675309 has shipped",
    "card 4111 1111 1111 1111",
    "card 1234 5678 9012 3456",
    "ssn 000-12-3456 or 666-12-3456 or 123-45-6789",
    "IBAN DE00 5121 0800 1245 1261 99",
    "localhost is 127.0.0.1, the router 192.168.0.1, version 1.2.3.4",
    "firmware 8.8.4.4",
    "at 12:30:45, or 10:20",
    "00:00:00:00:00:00",
    "a table for 4 on 2019-03-01 at 17:30",
    "the restaurant is at 1 East 161 Street",
    "it costs 1,234,567.89 in total, 50 % off",
    "https://shop.io/?page=2&sort=price",
    "3 street musicians, 12 way better songs",
    "911-911-9111 and 123-456-7890",
)


@pytest.mark.parametrize(("kind", "text"), THERE)
def test_what_is_personal_data_is_found(kind: str, text: str) -> None:
    assert [hit.kind for hit in find(text)] == [kind]


@pytest.mark.parametrize("text", NOT_THERE)
def test_placeholders_and_what_no_checksum_confirms_are_not_found(text: str) -> None:
    assert find(text) == []


def test_every_kind_is_tried_and_checksums_know_the_examples_of_their_standards() -> None:
    assert {kind for kind, _ in THERE} == set(KINDS)
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert mod97("GB82WEST12345698765432")
    assert not mod97("GB82WEST12345698765433")


def test_a_checksum_is_broken_by_every_change_of_one_digit() -> None:
    card = "4539148803436467"
    for place, digit in enumerate(card):
        other = card[:place] + str((int(digit) + 1) % 10) + card[place + 1 :]
        assert not find(f"card {other}")


def test_bare_digits_are_taken_for_what_the_turn_before_asked_for() -> None:
    assert find("it is 4158675309", "what is your phone number?")[0].kind == "phone"
    assert find("03/04/1985", "Could you provide your date of birth?")[0].kind == "birth_date"
    assert find("42 Maple Road", "What is your home address?")[0].kind == "address"
    assert find("03/04/2019", "on which day do you travel?") == []


def talk() -> Example:
    asked = {"mails": ["jane@gmail.com"], "n": 2, "none": None}
    result = json.dumps({"email": "jane@gmail.com", "phone_number": 4158675309, "total": 3, "ok": True})
    return Example(
        name="x",
        task="t",
        turns=(
            Said(role="user", text="I am jane@gmail.com, call (415) 867-5309 or 212-736-5000"),
            Said(role="assistant", call=Called(name="f", arguments=asked)),
            Said(role="tool", text=result),
            Said(role="assistant", text="done"),
        ),
    )


def test_masking_leaves_nothing_to_find_and_json_stays_json() -> None:
    hidden = masked(talk())
    assert screen([hidden]).found == 0
    assert hidden.turns[0].text == "I am [EMAIL], call [PHONE] or [PHONE]"
    call = hidden.turns[1].call
    assert call is not None
    assert call.arguments == {"mails": ["[EMAIL]"], "n": 2, "none": None}
    assert json.loads(hidden.turns[2].text) == {"email": "[EMAIL]", "phone_number": "[PHONE]", "total": 3, "ok": True}
    assert masked(hidden) is hidden
    assert masked_text("nothing here 12") == "nothing here 12"


def test_a_report_counts_values_and_conversations_and_never_shows_a_value() -> None:
    quiet = Example(name="quiet", task="t", turns=(Said(role="user", text="hello, account 84318931431"),))
    found = screen([talk(), quiet])
    assert (found.conversations, found.touched, found.found) == (2, 1, 6)
    assert found.kinds["phone"].roles == {"tool": 1, "user": 2}
    assert found.told == "3 email, 3 phone in 1 of 2 conversations"
    shown = " ".join(one.excerpt for one in found.examples)
    assert shown
    assert not any(part in shown for part in ("jane@", "415", "5309", "736"))


def test_a_long_text_without_sense_is_screened_in_a_moment() -> None:
    for part in ("1 ", "a@", "http://a?", "12 a ", "1:", "+1(", "my address 1 a-"):
        find(part * 20_000)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the reference data in ../shared/data")
def test_made_up_data_of_known_corpora_is_found_where_its_annotation_says() -> None:
    """MultiDoGO's annotators marked card and phone numbers; most are made up and no checksum confirms them.

    The phone numbers in results of SGD's services, and the birth dates told in STAR, are made up as well: a screen
    cannot know that. Chats that were filtered for personal data have none.
    """
    assert screen(read_examples(DATA / "chitchat.jsonl")).found == 0
    assert screen(read_examples(DATA / "casino.jsonl")).found == 0
    star = screen(read_examples(DATA / "star" / "train.jsonl"))
    assert set(star.kinds) == {"birth_date"}
    rows = [json.loads(line) for line in (DATA / "sgd_single.jsonl").read_text().splitlines()]
    told = [turn["text"] for row in rows for turn in row["turns"] if turn["role"] == "tool"]
    fields = sum(str(one.get("phone_number", "")).strip() != "" for text in told for one in json.loads(text))
    found = screen(read_examples(DATA / "sgd_single.jsonl")).kinds["phone"].roles["tool"]
    assert found >= 0.95 * fields > 0
