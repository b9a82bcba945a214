"""Precision first: what is right is never called wrong."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from bank_cases import Case

from turnwright.domains.reader import Reader
from turnwright.records import Provenance, Turn
from turnwright.verify.checks import Language, Roles

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def findings(cases: list[Case]) -> list[str]:
    return [f"{d.kind}: {d.evidence}" for case in cases for d in case.verdict().defects]


def test_clean_conversations_of_every_standard_level_pass_all_checks(clean: list[Case]) -> None:
    assert len(clean) > 100
    levels = {level for case in clean for level in case.scenario.levels.items()}
    assert {("memory", "corrects"), ("detour", "abandon"), ("detour", "refusal"), ("tool_fault", "error")} <= levels
    assert findings(clean) == []


def test_the_same_conversations_pass_as_an_interplay(clean: list[Case]) -> None:
    assert findings([case.free() for case in clean]) == []


def test_a_reader_of_the_domain_raises_no_false_alarm(clean: list[Case]) -> None:
    reader = Reader(clean[0].domain)
    assert [d for case in clean for d in case.verdict(reader).defects] == []


def test_other_ways_to_say_a_value_are_accepted(transfer: Case, balance: Case) -> None:
    done = transfer.at("assistant", "inform_transfer")
    amount = dict(transfer.turns[done].mentions)["amount"]
    payee = dict(transfer.turns[done].mentions)["payee"]
    for text in (
        f"All set: {amount:.2f} euros will reach {payee} on June 17, 2026, reference TR 0001.",
        f"Your payment of EUR {amount:.2f} to {payee.upper()} (ref. tr-0001) arrives on 17 June.",
        f"{payee}'s {amount:.2f} € arrive 17.06.2026; quote TR0001.",
    ):
        assert transfer.saying(done, text).kinds() == set(), text
    told = balance.at("assistant", "inform_balance")
    values = dict(balance.turns[told].mentions)
    text = (
        f"Hello {values['holder']}, there is {values['balance']:,.2f} euros on {values['account']}, "
        f"a {values['plan']} account."
    )
    assert balance.saying(told, text).kinds() == set()


def test_small_talk_of_the_assistant_is_no_claim(transfer: Case) -> None:
    asked = transfer.at("assistant", "ask_payee")
    for words in (
        "One moment please, this takes 2 minutes at most.",
        "We are here 24/7 and 100% happy to help.",
        "There are 2 ways to do this, both work on 5G.",
        "Replacement cards take 7 days, by the way.",
        "It is 15 June 2026 today.",
        'Just say "yes" or "no".',
        "Thanks, Pat.",
    ):
        assert transfer.adding(asked, words).kinds() == set(), words


def test_what_a_user_says_in_passing_is_no_invented_value(transfer: Case) -> None:
    for words in ("I have been waiting for 3 weeks!", "It is the 2nd time, at 5 pm even.", "I am 34 years old."):
        assert transfer.adding(0, words).kinds() == set(), words


@pytest.mark.parametrize("name", ["star/train.jsonl", "sgd_single.jsonl", "multiwoz_val.jsonl"])
def test_people_are_hardly_ever_taken_for_the_other_side_or_another_language(name: str, transfer: Case) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip("reference data is not here (../shared/data)")
    context, turns, found = transfer.context(), 0, Counter[str]()
    for line in path.read_text(encoding="utf-8").splitlines()[:400]:
        for turn in json.loads(line)["turns"]:
            if turn.get("text") and turn["role"] in ("user", "assistant"):
                said = Turn(role=turn["role"], text=turn["text"], provenance=Provenance(origin="human"))
                turns += 1
                found.update(d.kind for check in (Roles, Language) for d in check(context).turn(0, said))
    assert turns > 1000
    assert sum(found.values()) <= turns // 1000, found
