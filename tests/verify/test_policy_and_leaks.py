"""Policy rules hold over the trace, and what is secret or inner stays unsaid."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from bank_cases import BANK, Case, Make, conversation_of

from turnwright.domains import load_domain
from turnwright.errors import DomainError
from turnwright.plan import PlanSettings, plan
from turnwright.verify import VerifySettings, verify


def breaches(case: Case) -> set[str]:
    return {defect.evidence.split(":")[0] for defect in case.verdict().defects if defect.kind == "policy_breach"}


def test_a_call_before_its_precondition_breaks_the_rule(balance: Case) -> None:
    at = balance.at("assistant", "check_identity")
    assert breaches(balance.without(at, at + 1)) == {"identity_first"}


def test_a_call_after_a_failed_precondition_breaks_the_rule(balance: Case) -> None:
    turns, at = balance.turns, balance.at("assistant", "check_identity") + 1
    failed = msgspec.structs.replace(turns[at].result, content=None, error="no account found")
    turns[at] = msgspec.structs.replace(turns[at], result=failed)
    assert breaches(balance.having(turns)) == {"identity_first"}


def test_a_rule_sees_the_arguments(transfer: Case) -> None:
    turns, at = transfer.turns, transfer.at("assistant", "send_transfer")
    call = turns[at].call
    assert call is not None
    turns[at] = msgspec.structs.replace(
        turns[at], call=msgspec.structs.replace(call, arguments={**call.arguments, "amount": 501.0})
    )
    assert breaches(transfer.having(turns)) == {"small_amounts"}


def test_a_rule_sees_what_was_said_and_heard(transfer: Case) -> None:
    asked = transfer.at("assistant", "confirm_transfer")
    assert "ask_first" in breaches(transfer.without(asked, asked + 1))


def test_a_rule_at_the_end_sees_the_whole(transfer: Case) -> None:
    assert breaches(transfer.without(transfer.at("assistant", "inform_transfer"))) == {"tell_the_end"}


def test_a_rule_that_cannot_be_worked_out_names_itself(tmp_path: Path, transfer: Case) -> None:
    (tmp_path / "domain.yaml").write_text(BANK.replace("args.amount <= 500", "args.amount <= last"), encoding="utf-8")
    domain = load_domain(str(tmp_path))
    scenario = msgspec.structs.replace(transfer.scenario, domain=domain.fingerprint)
    blueprint = plan(scenario, domain, PlanSettings())
    with pytest.raises(DomainError, match="'small_amounts' cannot be worked out: '<=' not supported"):
        verify(conversation_of(blueprint, scenario, domain), blueprint, scenario, domain, VerifySettings())


@pytest.mark.parametrize("words", ["Your PIN is {}.", "So that was {}, thanks.", "{}", "I noted {spaced}."])
def test_a_secret_that_the_assistant_says_is_found(transfer: Case, words: str) -> None:
    pin = next(fact.value for fact in transfer.blueprint.facts if fact.slot == "pin")
    text = words.format(pin, spaced=" ".join(pin))
    for index in (transfer.at("assistant", "ask_pin"), transfer.last("assistant")):
        assert "unsafe_disclosure" in transfer.adding(index, text).kinds()


def test_the_user_may_say_their_own_secret(transfer: Case) -> None:
    pin = next(fact.value for fact in transfer.blueprint.facts if fact.slot == "pin")
    assert transfer.adding(0, f"My PIN is {pin}.").kinds() == set()


def test_a_number_that_only_contains_the_secret_is_no_disclosure(transfer: Case) -> None:
    pin = next(fact.value for fact in transfer.blueprint.facts if fact.slot == "pin")
    assert "unsafe_disclosure" not in transfer.adding(transfer.last("assistant"), f"Case 9{pin}9.").kinds()


@pytest.mark.parametrize("level", ["forgotten", "hidden", "refused"])
def test_a_fact_that_the_user_keeps_must_not_come_out(transfer: Case, level: str) -> None:
    facts = tuple(
        msgspec.structs.replace(fact, shared=level) if fact.slot == "payee" else fact
        for fact in transfer.blueprint.facts
    )
    steps = tuple(
        msgspec.structs.replace(step, mentions=tuple((slot, value) for slot, value in step.mentions if slot != "payee"))
        for step in transfer.blueprint.steps
    )
    blueprint = msgspec.structs.replace(transfer.blueprint, facts=facts, steps=steps)
    verdict = verify(
        transfer.conversation, blueprint, transfer.scenario, transfer.domain, VerifySettings(stop_early=False)
    )
    assert "leak" in {defect.kind for defect in verdict.defects}


def test_a_forgotten_detail_stays_unsaid_as_planned(make: Make) -> None:
    case = make(seed=2, memory="forgets")
    assert any(fact.shared == "forgotten" for fact in case.blueprint.facts)
    assert case.kinds() == set()


@pytest.mark.parametrize(
    "words", ["Please call send_transfer.", "request_transfer", "as my scenario says", "the blueprint"]
)
def test_inner_names_in_the_users_words_are_a_leak(transfer: Case, words: str) -> None:
    assert transfer.adding(0, words).kinds() == {"leak"}


def test_inner_names_in_the_assistants_words_are_a_leak(transfer: Case) -> None:
    asked = transfer.at("assistant", "ask_payee")
    assert transfer.adding(asked, "I will use check_identity now.").kinds() == {"leak"}
    assert transfer.adding(asked, "In the worst case scenario we try again.").kinds() == set()
    assert transfer.adding(0, "my handle is some_body_else").kinds() == set()
