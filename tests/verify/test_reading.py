"""Reading values: what stands in a text, what supports it, and whether it says a given value."""

from __future__ import annotations

import pytest
from bank_cases import Case
from hypothesis import given
from hypothesis import strategies as st

from turnwright.domains import Domain
from turnwright.verify.grounds import Grounds
from turnwright.verify.reading import Said, read, words_of
from turnwright.verify.surface import carries


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("€1,234.50 or 12 euros", [("money", (1234.5,)), ("money", (12.0,))]),
        ("19,99 EUR", [("money", (19.99,))]),
        ("1.234,56 €", [("money", (1234.56,))]),
        ("about 1,234 items", [("number", (1234.0, 1.234))]),
        ("12.5% off", [("percent", (12.5,))]),
        ("3-5 business days", [("number", (3.0,)), ("span", (5.0,))]),
        ("a 30-day return", [("span", (30.0,))]),
        ("20GB of data", [("size", (20.0,))]),
        ("it is -4 degrees", [("number", (-4.0,))]),
        ("from 10-12", [("number", (10.0,)), ("number", (12.0,))]),
        ("call +49 170 1234567 now", [("digits", (491701234567.0,))]),
        ("(555) 123-4567", [("digits", (5551234567.0,))]),
        ("our 5G, 24/7, 100% yours, the 1st", []),
        ("1. first\n2. second", []),
        ("12. Oh no, I meant 19.", [("number", (12.0,)), ("number", (19.0,))]),
        ("one moment, twice", []),
        ("", []),
    ],
)
def test_numbers_are_read_by_kind(text: str, found: list[tuple[str, tuple[float, ...]]]) -> None:
    assert [(value.kind, value.numbers) for value in read(text)] == found


@pytest.mark.parametrize(
    ("text", "kind", "keys"),
    [
        ("on 2026-06-15.", "date", ("2026-06-15",)),
        ("June 15th, 2026", "date", ("2026-06-15",)),
        ("the 15th of June", "date", ("-06-15",)),
        ("15 Sept. 2026", "date", ("2026-09-15",)),
        ("5/6/2026", "date", ("2026-06-05", "2026-05-06")),
        ("15.06.26", "date", ("2026-06-15",)),
        ("at 17:30", "time", ("17:30",)),
        ("at 5:30 pm", "time", ("17:30",)),
        ("at 12 am", "time", ("00:00",)),
        ("around 9:05", "time", ("09:05", "21:05")),
        ("order ORD-0001's", "code", ("ord0001",)),
        ("write to Jo.Doe@x.example.org.", "email", ("jo.doe@x.example.org",)),
        ("https://www.x.org/a?b=1.", "url", ("x.org/a?b=1",)),
        ('the "Gold Plan" is', "quote", ("gold plan",)),
    ],
)  # fmt: skip
def test_dates_times_codes_and_addresses_are_read_in_one_form(text: str, kind: str, keys: tuple[str, ...]) -> None:
    assert [(value.kind, value.keys) for value in read(text)] == [(kind, keys)]


@pytest.mark.parametrize("text", ["you may 5 times", 'say "yes"', "the MP3 and the B2C team", "a day1 slip", "e.g. v"])
def test_plain_words_are_no_dates_codes_or_names(text: str) -> None:
    assert {value.kind for value in read(text)} <= {"number"}


@given(st.text(max_size=200))
def test_reading_never_fails_and_finds_what_it_says_where_it_says(text: str) -> None:
    for value in read(text):
        assert text[value.start : value.end] == value.text


@given(st.integers(0, 10**9), st.sampled_from(["{}", "{:,}", "€{}", "{} euros", "{} days"]))
def test_a_number_is_read_however_it_is_written(number: int, form: str) -> None:
    assert float(number) in Said(f"It is {form.format(number)}, really.").numbers


@pytest.mark.parametrize(
    ("known", "claim", "supported"),
    [
        ({"total": 25.0}, "€25.00", True),
        ({"total": 25.0}, "25 days", True),
        ("It was €25", "25 days", False),
        ("It was €25", "25 in all", True),
        ({"total": 12.499}, "€12.50", True),
        ({"share": 0.2}, "20%", True),
        ({"total_cents": 2599}, "€25.99", True),
        ({"items": ["a", "b", "c", "d"]}, "4 orders", True),
        ({"items": ["a", "b", "c", "d"]}, "4 days", False),
        ({"eta": "2026-06-17"}, "17 June", True),
        ({"eta": "2026-06-17"}, "June 18", False),
        ({"eta": "17 June"}, "2026-06-17", True),
        ("in 2 weeks", "14 days", True),
        ("in 2 weeks", "15 days", False),
        ({"id": "ORD-0042"}, "order 0042", True),
        ({"id": "ORD-0042"}, "ord 0043", False),
        ({"phone": "01701234567"}, "0170 1234567", True),
        ({"temperature": -4}, "4 degrees below zero", True),
        ({"plan": "Gold Plus"}, 'the "Gold Plus" plan', True),
        ({"plan": "Gold Plus"}, 'the "Silver" plan', False),
        ({"open": True}, "1,500 places", False),
        ({"iban": "DE89370400440532013000"}, "DE89 3704 0044 0532 0130 00", True),
    ],
)
def test_what_is_known_supports_its_own_kind(known: object, claim: str, supported: bool) -> None:
    grounds = Grounds(Grounds())
    grounds.learn(known)
    claims = read(claim)
    assert claims
    assert all(grounds.supports(value) for value in claims) is supported


@pytest.mark.parametrize(
    ("slot", "value", "text", "said"),
    [
        ("amount", 25.0, "That is €25.00.", True),
        ("amount", 25.0, "25 euros then", True),
        ("amount", 25.0, "€25.50", False),
        ("amount", 25.0, "€125.00", False),
        ("count", 2, "I need two of them", True),
        ("count", 2, "I need twelve", False),
        ("count", 12, "a dozen, I mean twelve", True),
        ("count", 1234, "1,234 pieces", True),
        ("code", "AC-1042", "it is ac 1042", True),
        ("code", "AC-1042", "AC-10421", False),
        ("pin", "0042", "0 0 4 2", True),
        ("pin", "0042", "10042", False),
        ("date", "2026-06-17", "June 17", True),
        ("date", "2026-06-17", "17/06/2026", True),
        ("date", "2026-06-17", "June 18", False),
        ("name", "Ada Lovelace", "ADA LOVELACE here", True),
        ("name", "Ada", "Ada's account", True),
        ("name", "Ada", "adamant", False),
        ("status", "in_transit", "It is in transit.", True),
        ("month", "May", "may I ask", False),
        ("month", "May", "in May", True),
        ("list", ["red", "blue"], "blue and red", True),
        ("list", ["red", "blue"], "blue and green", False),
        ("street", "12 Main St", "12, Main St.", True),
        ("room", "Room 5", "Room 51", False),
        ("open", True, "we are closed", True),
        ("nothing", None, "", True),
        ("mark", "C++", "in C++ please", True),
        ("degrees", -4, "minus 4 degrees", True),
        ("degrees", -4, "4 degrees", False),
    ],
)
def test_a_value_is_said_in_any_usual_form(bank: Domain, slot: str, value: object, text: str, said: bool) -> None:
    assert carries(bank, slot, value, Said(text)) is said


def test_a_full_date_can_be_asked_for(bank: Domain) -> None:
    assert not carries(bank, "birth", "1980-04-11", Said("on 11 April"), loosely=False)
    assert carries(bank, "birth", "1980-04-11", Said("on 11 April 1980"), loosely=False)


def test_words_are_folded_without_signs() -> None:
    assert words_of("Ada’s “Gold” plan – don't_touch") == ["ada", "s", "gold", "plan", "dont", "touch"]


def test_what_the_domain_declares_is_known_from_the_start(transfer: Case) -> None:
    lexicon = transfer.context().lexicon
    assert lexicon.writes == {"send_transfer", "close_account"}
    assert "check_identity" in lexicon.inner_names
    assert all(lexicon.assistant.supports(value) for value in read("more than 500 euros, 7 days, from 9 to 17"))
    assert not any(lexicon.assistant.supports(value) for value in read("€7.00 and 499 euros"))
