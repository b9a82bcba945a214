"""The verbs: verdicts that say what ran and what was found, and a guard that sees a fatal turn as it comes."""

from __future__ import annotations

import msgspec
import pytest
from bank_cases import Case, Make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from turnwright.errors import InputError
from turnwright.records import Defect, Turn
from turnwright.verify import CHECKS, DEFECTS, VerifySettings, guard, verify


def test_every_class_of_defects_has_a_check_that_claims_it_and_no_check_finds_others() -> None:
    claimed = {(kind, check.name) for check in CHECKS for kind in check.kinds}
    assert claimed == {(kind, defect.check) for kind, defect in DEFECTS.items() if defect.check != "arbiter"}
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(defect.means and defect.means[0].islower() for defect in DEFECTS.values())


def test_a_clean_verdict_names_every_check_that_ran(transfer: Case) -> None:
    verdict = transfer.verdict()
    assert verdict.passed
    assert verdict.checks == tuple(check.name for check in CHECKS)
    assert verdict.conversation_id == transfer.conversation.id


def test_the_same_conversation_gets_the_same_verdict(transfer: Case) -> None:
    wrong = transfer.adding(2, "Your fee is €99.")
    assert wrong.verdict().id == wrong.verdict().id


def test_a_fatal_finding_ends_the_verification(transfer: Case) -> None:
    flipped = transfer.adding(0, "How can I help you today? I paid €77.")
    assert flipped.verdict(stop_early=True).checks[-1] == "roles"
    assert {"role_flip", "invented_value"} <= flipped.kinds(stop_early=False)


def test_a_check_can_be_skipped_and_a_severity_changed(transfer: Case) -> None:
    wrong = transfer.adding(transfer.at("assistant", "ask_payee"), "That costs €99.")
    assert "values" not in wrong.verdict(skip=["values"]).checks
    assert wrong.verdict(skip=["values"]).passed
    noted = wrong.verdict(severity={"unsupported_claim": "note"})
    assert noted.passed
    assert [defect.severity for defect in noted.defects] == ["note"]
    assert not wrong.verdict(severity={"unsupported_claim": "fault"}).passed


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"skip": ["valeus"]}, "there is no check 'valeus'"),
        ({"severity": {"wrong": "note"}}, "there is no defect class 'wrong'"),
        ({"severity": {"leak": "bad"}}, "'fatal', 'fault' or 'note'"),
        ({"strict": True}, "Extra inputs"),
        ({"role_certainty": 0.2}, "greater than 0.5"),
    ],
)
def test_bad_settings_are_refused_with_what_is_known(given_settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        VerifySettings.model_validate(given_settings)


def test_a_blueprint_of_another_domain_version_is_refused(transfer: Case) -> None:
    blueprint = msgspec.structs.replace(transfer.blueprint, domain="bank@000000000000")
    with pytest.raises(InputError, match="made for bank@000000000000"):
        verify(transfer.conversation, blueprint, transfer.scenario, transfer.domain, VerifySettings())


def test_evidence_is_never_longer_than_200_characters(transfer: Case) -> None:
    words = " ".join(f"€{n}.5" for n in range(200, 300))
    verdict = transfer.adding(transfer.at("assistant", "ask_payee"), words).verdict()
    assert len(verdict.defects) > 50
    assert all(0 < len(defect.evidence) <= 200 for defect in verdict.defects)


def test_a_finding_names_the_turns_that_show_it(transfer: Case) -> None:
    for index in (0, transfer.last("user")):
        found = transfer.adding(index, "How can I help you today?").verdict().worst
        assert found is not None
        assert (found.kind, found.turns, found.found_by) == ("role_flip", (index,), "roles")


# --- guard ------------------------------------------------------------------------------------------------------


def watched(case: Case) -> tuple[int, Defect | None]:
    """Let the turns come one by one; how many came before the guard spoke."""
    watch = guard(case.domain, case.blueprint, case.scenario, VerifySettings())
    for length in range(1, len(case.turns) + 1):
        found = watch(tuple(case.turns[:length]))
        if found is not None:
            return length, found
    return len(case.turns), None


def test_the_guard_lets_clean_conversations_through(clean: list[Case]) -> None:
    assert [watched(case) for case in clean] == [(len(case.turns), None) for case in clean]


def test_the_guard_speaks_at_the_turn_that_is_wrong(transfer: Case, balance: Case) -> None:
    for index, words, kind in ((0, "How can I help you?", "role_flip"), (4, "as an AI language model", "boilerplate")):
        length, found = watched(transfer.adding(index, words))
        assert found is not None
        assert (length, found.kind, found.severity) == (index + 1, kind, "fatal")
    at = balance.at("assistant", "check_identity")
    length, found = watched(balance.without(at, at + 1))
    assert found is not None
    assert (length, found.kind) == (at + 1, "policy_breach")


def test_the_guard_stops_a_wrong_change_before_its_result(transfer: Case) -> None:
    turns, at = transfer.turns, transfer.at("assistant", "send_transfer")
    call = turns[at].call
    assert call is not None
    wrong = msgspec.structs.replace(call, arguments={**call.arguments, "payee": "Grace Hopper"})
    turns[at] = msgspec.structs.replace(turns[at], call=wrong)
    length, found = watched(transfer.having(turns))
    assert found is not None
    assert (length, found.kind) == (at + 1, "wrong_argument")


def test_the_guard_follows_the_severities_of_the_settings(transfer: Case) -> None:
    case = transfer.adding(transfer.at("assistant", "ask_payee"), "That costs €99.")
    strict = VerifySettings(severity={"unsupported_claim": "fatal"})
    assert guard(case.domain, case.blueprint, case.scenario, VerifySettings())(tuple(case.turns)) is None
    assert guard(case.domain, case.blueprint, case.scenario, strict)(tuple(case.turns)) is not None


def test_a_guard_that_is_given_another_conversation_starts_anew(transfer: Case) -> None:
    watch = guard(transfer.domain, transfer.blueprint, transfer.scenario, VerifySettings())
    wrong = transfer.adding(0, "How can I help you?")
    assert watch(tuple(wrong.turns[:3])) is not None
    assert watch(tuple(transfer.turns[:3])) is None
    assert watch(tuple(transfer.turns)) is None


def test_guard_and_verdict_agree_on_what_is_fatal(clean: list[Case]) -> None:
    for case in clean[:30]:
        wrong = case.free().adding(0, "I forgot to say, as an AI I cannot.")
        fatal = [defect for defect in wrong.verdict().defects if defect.severity == "fatal"]
        assert watched(wrong)[1] == fatal[0]


# --- whatever a model may write -----------------------------------------------------------------------------------

TEXTS = st.text(min_size=1, max_size=60) | st.sampled_from(
    [
        "{",
        "[[",
        "1,2,3",
        "--5",
        "€",
        "99/99/9999",
        "31.31.",
        "0:0",
        "((",
        "2026-13-45",
        "a@b",
        "\\",
        "%s",
        "'s's'",
        "Mr. X",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_words_stand_in_a_conversation_there_is_a_verdict(data: st.DataObject, make: Make) -> None:
    case = make(data.draw(st.sampled_from(["transfer", "balance"])), data.draw(st.integers(0, 5)))
    turns = case.turns
    for index in data.draw(st.lists(st.integers(0, len(turns) - 1), max_size=5)):
        if turns[index].text:
            turns[index] = msgspec.structs.replace(turns[index], text=data.draw(TEXTS))
    way = data.draw(st.sampled_from(["fill", "interplay"]))
    verdict = case.having(turns, way=way).verdict()
    assert all(0 <= at < len(turns) for defect in verdict.defects for at in defect.turns)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_order_the_turns_have_there_is_a_verdict(data: st.DataObject, make: Make) -> None:
    case = make(seed=data.draw(st.integers(0, 5)))
    turns: list[Turn] = data.draw(st.lists(st.sampled_from(case.turns), max_size=12))
    verdict = case.having(turns, way=data.draw(st.sampled_from(["fill", "interplay"]))).verdict()
    assert tuple(turns) == case.conversation.turns or not verdict.passed
    assert all(0 <= at < len(turns) for defect in verdict.defects for at in defect.turns)
