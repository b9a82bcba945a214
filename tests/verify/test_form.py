"""Form: what is no conversation is refused before anything is read."""

from __future__ import annotations

import msgspec
import pytest
from bank_cases import Case, Make

from turnwright.records import ToolCall, Turn


def test_a_call_without_its_result_is_found(transfer: Case) -> None:
    assert "broken_form" in transfer.without(transfer.at("assistant", "check_identity") + 1).kinds()


def test_a_result_of_another_call_is_found(transfer: Case) -> None:
    turns, at = transfer.turns, transfer.at("assistant", "check_identity") + 1
    result = msgspec.structs.replace(turns[at].result, call_id="call_9")
    turns[at] = msgspec.structs.replace(turns[at], result=result)
    assert "broken_form" in transfer.having(turns).kinds()


def test_two_user_turns_in_a_row_are_found(transfer: Case) -> None:
    assert "broken_form" in transfer.without(transfer.at("assistant", "ask_account")).kinds()


def test_an_assistant_turn_has_words_or_a_call_and_not_both(transfer: Case) -> None:
    at = transfer.at("assistant", "check_identity")
    assert "broken_form" in transfer.saying(at, "Let me see.").kinds()
    assert "broken_form" in transfer.saying(transfer.at("assistant", "ask_pin"), "  ").kinds()


def test_a_user_who_calls_a_tool_is_found(transfer: Case) -> None:
    turns = transfer.turns
    turns[0] = msgspec.structs.replace(turns[0], call=ToolCall(id="call_8", name="get_account", arguments={}))
    assert "broken_form" in transfer.having(turns).kinds()


def test_a_conversation_that_breaks_off_is_found(transfer: Case) -> None:
    on_result = transfer.having(transfer.turns[: transfer.at("assistant", "check_identity") + 2])
    on_question = transfer.having(transfer.turns[:1])
    assert "broken_form" in on_result.kinds() & on_question.kinds()


@pytest.mark.parametrize("ending", ["turn_cap", "loop", "stopped", "abandoned"])
def test_an_ending_that_the_blueprint_did_not_plan_is_found(transfer: Case, ending: str) -> None:
    assert "wrong_ending" in transfer.having(transfer.turns, ending=ending).kinds()


def test_a_user_who_leaves_as_planned_is_fine(make: Make) -> None:
    case = make(detour="abandon")
    assert case.conversation.ending == "abandoned"
    assert case.kinds() == set()


@pytest.mark.parametrize(
    "debris",
    [
        "{account}", "{{ name }}", "[Your Name]", "[name]", "<name>", "<|im_end|>", "</s>", "[/INST]", "```json",
        "<br>",
        "\nUser: yes please", "\nAssistant: done", '{"text": "hello"}', "\n## Reply", "<think>",
    ],
)  # fmt: skip
def test_debris_of_templates_and_models_is_found(transfer: Case, debris: str) -> None:
    assert transfer.adding(transfer.last("user"), debris).kinds() == {"debris"}


@pytest.mark.parametrize("fine", ["I <3 this bank", "Is 3 < 4?", "It is (really) urgent: today!", "50/50 - why not?"])
def test_ordinary_signs_are_no_debris(transfer: Case, fine: str) -> None:
    assert transfer.adding(0, fine).kinds() == set()


@pytest.mark.parametrize("bad", ["\x00", "\ufffd", "Ã©", "itâ€™s", "\u202e", "\x1b[31m"])
def test_control_characters_and_wrong_decoding_are_found(transfer: Case, bad: str) -> None:
    assert "bad_characters" in transfer.adding(0, f"caf{bad}").kinds()


def test_accents_and_emoji_are_no_bad_characters(transfer: Case) -> None:
    assert transfer.adding(0, "Für mich, s'il vous plaît 👩‍👧 — “danke”…").kinds() == set()


def test_a_turn_and_a_conversation_may_be_too_long(transfer: Case) -> None:
    words = " ".join(f"word{i}a" for i in range(300))
    assert "too_long" in transfer.adding(0, words).kinds()
    assert "too_long" not in transfer.adding(0, words).kinds(longest_turn=400)
    assert "too_long" in transfer.kinds(most_turns=5)


def test_a_broken_form_ends_the_verification(transfer: Case) -> None:
    broken = transfer.without(transfer.at("assistant", "ask_account"))
    assert broken.verdict(stop_early=True).checks == ("form",)
    assert len(broken.verdict(stop_early=False).checks) > 5


def test_nothing_that_a_turn_can_hold_makes_the_check_fail(transfer: Case) -> None:
    turn = transfer.turns[0]
    for odd in (Turn(role="tool", provenance=turn.provenance), Turn(role="assistant", provenance=turn.provenance)):
        assert "broken_form" in transfer.having([*transfer.turns, odd]).kinds()
    assert "broken_form" in transfer.having([]).kinds()


def test_a_speakers_name_before_the_words_is_debris(transfer: Case) -> None:
    at, name = transfer.last("assistant"), transfer.scenario.persona.name
    for speaker in (name, name.split()[0], transfer.domain.spec.title):
        assert transfer.saying(at, f"{speaker}: {transfer.turns[at].text}").kinds() == {"debris"}
    assert transfer.saying(at, f"Thank you, {name}: {transfer.turns[at].text}").kinds() == set()
