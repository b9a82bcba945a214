"""Roles, repetition and language: the words fit who says them, and say something new in the right language."""

from __future__ import annotations

import msgspec
import pytest
from bank_cases import Case

from turnwright.records import Provenance


class Oracle:
    """A reader that is certain of one text."""

    def __init__(self, text: str, assistant: float, act: str = "", certainty: float = 0.0) -> None:
        self._text, self._assistant, self._act, self._certainty = text, assistant, act, certainty

    def role(self, text: str) -> float:
        return self._assistant if text == self._text else 0.5

    def act(self, role: str, text: str) -> tuple[str, float]:
        return (self._act, self._certainty) if text == self._text else ("", 0.0)


@pytest.mark.parametrize(
    "words",
    [
        "How can I help you today?", "I'm sorry, I can't assist with that.", "I’m happy to help with your request.",
        "Is there anything else I can do for you?", "Thank you for contacting us.",
        "Please provide your account number.",
        "Let me check your account.", "I have cancelled your order.",
    ],
)  # fmt: skip
def test_a_user_who_talks_like_the_assistant_is_found(transfer: Case, words: str) -> None:
    assert "role_flip" in transfer.adding(0, words).kinds()


@pytest.mark.parametrize(
    "words",
    [
        "Can you help me please?",
        "I want to cancel my order.",
        "I forgot my password.",
        "My account is blocked.",
        "I need some help.",
    ],
)
def test_an_assistant_who_talks_like_the_user_is_found(transfer: Case, words: str) -> None:
    assert "role_flip" in transfer.adding(transfer.at("assistant", "ask_payee"), words).kinds()


@pytest.mark.parametrize(
    "words",
    [
        "As an AI language model, I have no account.",
        "I'm just an AI.",
        "Here is the next message:",
        "I cannot fulfill this.",
    ],
)
def test_the_boilerplate_of_language_models_is_found(transfer: Case, words: str) -> None:
    for index in (0, transfer.at("assistant", "ask_payee")):
        assert "boilerplate" in transfer.adding(index, words).kinds()


def test_a_reader_that_is_certain_is_believed_and_one_that_doubts_is_not(transfer: Case) -> None:
    text = transfer.turns[0].text
    written = transfer.saying(0, text, provenance=Provenance(origin="model"))
    for case, assistant, found in ((written, 0.999, True), (written, 0.9, False), (transfer, 0.999, False)):
        kinds = {defect.kind for defect in case.verdict(Oracle(text, assistant)).defects}
        assert ("role_flip" in kinds) is found


@pytest.mark.parametrize("words", ["What is your account number?", "Very well, nothing has been sent."])
def test_a_user_with_the_declared_words_of_the_assistant_is_found(transfer: Case, words: str) -> None:
    answer = transfer.at("user", "affirm")
    assert "role_flip" in transfer.saying(answer, words).kinds()
    assert "role_flip" in transfer.saying(transfer.at("assistant", "ask_pin"), "How much money do I have?").kinds()


def test_thanks_and_goodbyes_belong_to_both_sides(transfer: Case) -> None:
    assert transfer.saying(transfer.last("user"), "Have a good day!").kinds() == set()


def test_a_reader_gives_unlabelled_turns_their_acts(transfer: Case) -> None:
    asked = transfer.at("assistant", "confirm_transfer")
    turns = [msgspec.structs.replace(turn, acts=()) if turn.text else turn for turn in transfer.turns]
    bare = transfer.having(turns).free()
    assert "policy_breach" in bare.kinds()
    both = {
        asked: "confirm_transfer",
        asked + 1: "affirm",
        transfer.at("assistant", "inform_transfer"): "inform_transfer",
    }

    class Labels:
        def role(self, text: str) -> float:
            return 0.5

        def act(self, role: str, text: str) -> tuple[str, float]:
            return next(((act, 0.99) for at, act in both.items() if turns[at].text == text), ("", 0.0))

    assert {defect.kind for defect in bare.verdict(Labels()).defects} == set()


def test_the_same_words_again_are_found(transfer: Case) -> None:
    first = transfer.at("assistant", "confirm_transfer")
    last = transfer.at("assistant", "inform_transfer")
    assert "repetition" in transfer.saying(last, transfer.turns[first].text).kinds()


def test_short_formulae_may_come_again(transfer: Case) -> None:
    case = transfer.saying(transfer.at("user", "affirm"), "Yes, please.")
    assert case.adding(case.last("user"), "Yes, please.").kinds() == set()


@pytest.mark.parametrize(
    "words",
    [
        "the money the money the money the money the money",
        "I want it back now please I want it back now please",
        "no no no no no no no no",
        "Where is my money gone to? Where is my money gone to?",
    ],
)
def test_loops_within_a_turn_are_found(transfer: Case, words: str) -> None:
    assert "repetition" in transfer.adding(0, words).kinds()


@pytest.mark.parametrize(
    "words", ["It is very, very urgent.", "Yes yes, thanks thanks.", "1 1 1 1 1 1 1", "I had had enough."]
)
def test_emphasis_is_no_loop(transfer: Case, words: str) -> None:
    assert transfer.adding(0, words).kinds() == set()


def test_an_echo_of_the_other_side_is_found(transfer: Case) -> None:
    asked = transfer.at("assistant", "ask_payee")
    said = transfer.turns[asked].text
    echo = transfer.saying(asked + 1, said, mentions=())
    assert "echo" in echo.kinds()


def test_another_script_or_language_is_found(transfer: Case) -> None:
    for words in (
        "Пожалуйста, переведите деньги как можно скорее",
        "我想转账给我的朋友，请尽快处理这件事情谢谢",
        "Ich möchte bitte mit dir über die Karte und das Konto sprechen, denn ich habe nicht viel Zeit.",
        "Je voudrais parler avec vous de la carte et du compte, parce que nous avons un problème.",
    ):
        assert transfer.saying(0, words).kinds() == {"wrong_language"}, words


def test_names_in_another_script_are_no_other_language(transfer: Case) -> None:
    answer = next(i for i, turn in enumerate(transfer.turns) if ("payee") in dict(turn.mentions))
    turn = transfer.turns[answer]
    assert "wrong_language" not in transfer.saying(answer, f"{turn.text} Ελένη").kinds()


@pytest.mark.parametrize(
    "words", ["Do I need to do that?", "ok k", "Señor Müller, por favor!", "C'est la vie, as they say."]
)
def test_short_texts_and_borrowed_words_are_no_other_language(transfer: Case, words: str) -> None:
    assert transfer.adding(0, words).kinds() == set()
