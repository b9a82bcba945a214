"""What a revision may not do, and where words go that are put in place of a quote."""

from __future__ import annotations

import pytest
from council_cases import Case, Voice, concedes, critic, objects
from hypothesis import given, settings
from hypothesis import strategies as st

from turnwright.models import Request
from turnwright.records import Revision
from turnwright.records.pairs import critiques, preference_pairs
from turnwright.refine.span import exchanged, quoted, span_of

ASKS = "policy_and_facts"


async def tried(case: Case, act: str, quote: str, replacement: str) -> Revision:
    """The first revision that comes of one objection."""
    critics = critic({ASKS: [objects(case.at(act), quote, "false_promise")]})
    refined = await case.refined(concedes(replacement), critics)
    revision = refined.council.rounds[0].revisions[0]
    assert (refined.conversation == case.draft) is bool(revision.refused)
    return revision


async def test_a_revision_that_drops_a_value_is_refused_with_the_class_that_the_check_found(case: Case) -> None:
    revision = await tried(case, "inform_refund", "€25.00", "your money")
    assert revision.refused == "missing_value"
    assert "25" in revision.detail
    assert revision.after.text == "I have refunded your money for order O-101."


async def test_a_revision_that_changes_a_value_is_refused(case: Case) -> None:
    assert (await tried(case, "inform_refund", "€25.00", "€26.00")).refused in ("wrong_value", "missing_value")


async def test_a_revision_that_no_longer_does_what_its_label_says_is_refused(case: Case) -> None:
    revision = await tried(case, "ask_order_id", "What is your order number?", "Ok, nothing was changed.")
    assert revision.refused == "act"
    assert "ask_order_id" in revision.detail


async def test_a_revision_in_the_words_of_the_other_side_is_refused(case: Case) -> None:
    revision = await tried(case, "ask_order_id", "What is your order number?", "I want my money back")
    assert revision.refused in ("role", "act")


@pytest.mark.parametrize("nothing", ["", "   ", "...", "-"])
async def test_a_revision_that_leaves_no_words_is_refused(case: Case, nothing: str) -> None:
    assert (await tried(case, "ask_order_id", "What is your order number?", nothing)).refused == "empty"


async def test_the_same_words_again_are_no_revision(case: Case) -> None:
    assert (await tried(case, "confirm_refund", "shall i?", "Shall  I?")).refused == "no_change"


async def test_a_repeated_or_needless_part_may_simply_go(case: Case) -> None:
    at = case.at("confirm_refund")
    long = case.saying(at, "I can refund €25.00. It is really true. Shall I?")
    critics = critic({ASKS: [objects(at, "It is really true.", "false_promise")]})
    refined = await long.refined(concedes(""), critics, check=lambda c: case.check(case.draft))
    assert refined.conversation.turns[at].text == "I can refund €25.00. Shall I?"


async def test_a_turn_never_goes_back_to_words_that_an_objection_was_upheld_against(case: Case) -> None:
    at = case.at("confirm_refund")
    turns_out = {"Shall I?": "May I?", "May I?": "Shall I?"}

    def now(request: Request) -> str:
        told = request.messages[-1].content
        return "May I?" if "I can refund €25.00. May I?" in told else "Shall I?"

    critics = critic(lambda request: [objects(at, now(request), "false_promise")])
    teacher = Voice(lambda request: f'{{"stance": "concede", "replacement": "{turns_out[now(request)]}"}}')
    refined = await case.refined(teacher, critics, lenses=[ASKS], rounds=9)
    assert [revision.refused for each in refined.council.rounds for revision in each.revisions] == ["", "no_change"]
    assert refined.council.ending == "nothing_changed"
    assert refined.council.open == ("o2",)
    assert [defect.kind for defect in refined.defects] == ["false_promise"]


async def test_an_objection_that_stayed_open_is_mended_when_it_is_raised_again_and_the_teacher_hears_why_it_failed(
    case: Case,
) -> None:
    at, other = case.at("confirm_refund"), case.at("ask_order_id")
    critics = critic({ASKS: [objects(at, "€25.00", "false_promise"), objects(other, "What", "wrong_value")]})

    def script(request: Request) -> str:
        told = request.messages[-1].content.split("You wrote this chat")[1]
        if "Your last try was refused" in told:
            return '{"replacement": "exactly €25.00"}'
        return '{"stance": "concede", "replacement": "%s"}' % ("some money" if "€25.00" in told else "Which")

    refined = await case.refined(Voice(script), critics, lenses=[ASKS])
    assert refined.conversation.turns[at].text == "I can refund exactly €25.00. Shall I?"
    assert refined.council.open == ()
    assert [each.refused for each in refined.council.rounds[0].revisions] == ["missing_value", ""]


async def test_pairs_hold_every_assistant_turn_whose_words_changed_once(case: Case) -> None:
    at, user = case.at("confirm_refund"), case.at("no_more")
    critics = critic(
        {
            ASKS: [objects(at, "Shall I?", "false_promise")],
            "realism": [objects(user, "Nothing else, thanks.", "unnatural_user")],
        }
    )

    def script(request: Request) -> str:
        told = request.messages[-1].content.split("You wrote this chat")[1]
        words = "May I?" if "Shall I?" in told else "No, nothing else, thanks."
        return f'{{"scratchpad": "s", "argument": "a", "stance": "concede", "replacement": "{words}"}}'

    refined = await case.refined(Voice(script), critics)
    final, council = refined.conversation, refined.council
    (pair,) = preference_pairs(case.draft, final, council)
    assert (pair.turn, pair.objections) == (at, ("o1",))
    assert pair.rejected == case.draft.turns[at]
    assert pair.chosen == final.turns[at]
    told = critiques(case.draft, final, council)
    assert [(each.turn, each.objection.id) for each in told] == [(at, "o1"), (user, "o2")]
    assert (told[0].before, told[0].after) == ("I can refund €25.00. Shall I?", "I can refund €25.00. May I?")
    assert (told[0].scratchpad, told[0].argument) == ("s", "a")


def test_a_council_that_changed_nothing_leaves_no_pairs(case: Case) -> None:
    from turnwright.records import Council

    council = Council(draft_id=case.draft.id, final_id=case.draft.id, rounds=(), ending="agreed")
    assert preference_pairs(case.draft, case.draft, council) == ()
    assert critiques(case.draft, case.draft, council) == ()


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("shall i", "So, Shall\n I?", "Shall\n I"),
        ("cat", "concatenate the cat", "cat"),
        ("cat", "concatenate", ""),
        ("I'll", "Then I’ll go", "I’ll"),
        ('"yes"', "he said “yes”", "“yes”"),
        ("(a+b)", "take (a+b) twice", "(a+b)"),
        ("", "anything", ""),
        ("  ", "anything", ""),
    ],
)
def test_a_quote_is_found_whatever_its_case_and_white_space_and_never_within_a_word(
    quote: str, text: str, found: str
) -> None:
    assert quoted(quote, text) == found


def test_words_that_repeat_the_rest_of_the_turn_are_cut_to_the_span() -> None:
    assert exchanged("I can. Shall I?", "Shall I", "I can. May I?") == "I can. May I?"
    assert exchanged("the cat in concat", "cat", "dog") == "the dog in concat"
    assert exchanged("concat the cat", "cat", "dog") == "concat the dog"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=12), st.text(max_size=20))
def test_whatever_stands_outside_of_the_span_stays(text: str, quote: str, words: str) -> None:
    span = span_of(quote, text)
    after = exchanged(text, quote, words)
    if span is None:
        assert after == text
    else:
        head, tail = text[: span[0]], text[span[1] :]
        gone = not words.split()
        assert after.startswith(head[:-1] if gone and head.endswith(" ") else head) or gone
        assert len(after) <= len(head) + len(" ".join(words.split())) + len(tail)
        assert after.endswith(tail) or gone


async def test_the_critics_advice_in_place_of_words_is_refused(case: Case) -> None:
    """What a small teacher really did: it put the advice where the user's words stood."""
    at = case.at("affirm")
    critics = critic({"realism": [objects(at, case.draft.turns[at].text, "unnatural_user")]})
    refined = await case.refined(concedes("The customer should say yes, that is right, go ahead."), critics)
    revision = refined.council.rounds[0].revisions[0]
    assert revision.refused == "about_the_chat"
    assert refined.conversation == case.draft
