"""The fill way: a whole skeleton gets words; values, acts and roles are right whatever the model says."""

from __future__ import annotations

import re

import pytest
from fill_cases import Speaking, blueprint_of, filled, planned, said

from turnwright.domains import Domain, load_domain
from turnwright.domains.reader import Reader
from turnwright.errors import DomainError, EndpointDown
from turnwright.models import Reply, Request, TokenLogprob
from turnwright.records import Step, ToolCall, ToolResult, Turn

ORDER = Step(role="user", acts=("inform",), phrase="inform:order_id", mentions=(("order_id", "O-101"),))


@pytest.fixture(scope="module")
def telecom() -> Domain:
    return load_domain("telecom_support")


@pytest.fixture(scope="module")
def reader(telecom: Domain) -> Reader:
    return Reader(telecom)


@pytest.fixture(scope="module")
def shop_reader(shop: Domain) -> Reader:
    return Reader(shop)


def texts(turns: tuple[Turn, ...]) -> list[Turn]:
    return [turn for turn in turns if turn.text]


@pytest.mark.parametrize("script", ["obliging", "garbage", "flip", "silent", "echo"])
def test_every_planned_value_is_in_the_words_whatever_the_model_says(
    telecom: Domain, reader: Reader, script: str
) -> None:
    for scenario, blueprint in planned(telecom, 12):
        turns = filled(telecom, blueprint, Speaking(script), scenario=scenario, reader=reader)
        assert len(turns) == len(blueprint.steps)
        for turn, step in zip(turns, blueprint.steps, strict=True):
            assert (turn.role, turn.acts, turn.call, turn.result) == (step.role, step.acts, step.call, step.result)
            assert turn.mentions == step.mentions
            assert all(telecom.say(slot, value) in turn.text for slot, value in step.mentions)
            assert not re.search(r"[\[\]{}\"]", turn.text)
            assert bool(turn.text) == (step.call is None and step.result is None)


def test_an_obliging_model_is_believed_at_the_first_try(telecom: Domain, reader: Reader) -> None:
    made = []
    for scenario, blueprint in planned(telecom, 25):
        made += texts(filled(telecom, blueprint, Speaking("obliging"), scenario=scenario, reader=reader))
    asked = [turn.provenance for turn in made if turn.provenance.tries]
    # the rest of the time the double repeats a phrasing word for word, and new words are preferred
    assert sum(one.tries == 1 for one in asked) >= 0.85 * len(asked)
    # answers from the documents are facts: a model that may drift is not asked to reword them
    assert {one.origin for one in asked} <= {"model", "model-edited"}
    assert sum(one.origin == "model" for one in asked) >= 0.95 * len(asked)


@pytest.mark.parametrize("script", ["garbage", "flip", "silent"])
def test_words_of_a_useless_model_are_never_taken(telecom: Domain, reader: Reader, script: str) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    turns = filled(telecom, blueprint, Speaking(script), scenario=scenario, reader=reader, tries=2)
    made = [turn.provenance for turn in texts(turns)]
    assert all(one.origin == "template" for one in made)
    assert all(one.tries == 2 and len(one.calls) >= 2 for one in made if one.calls)
    assert sum(bool(one.calls) for one in made) > len(made) / 2


def test_provenance_names_model_role_prompt_seed_and_call(shop: Domain, shop_reader: Reader) -> None:
    speaker = Speaking("obliging")
    turn = filled(shop, blueprint_of(ORDER), speaker, reader=shop_reader)[0]
    made = turn.provenance
    assert (made.origin, made.model, made.role) == ("model", "double", "user")
    assert re.fullmatch(r"prompt:[0-9a-f]{12}", made.prompt)
    assert made.seed == speaker.asked[-1].seed
    assert made.calls[-1].startswith("cl_")


def test_the_call_whose_words_were_taken_stands_last(shop: Domain, shop_reader: Reader) -> None:
    replies = iter(["junk [", "Well it is [order number].", "never asked"])
    speaker = Speaking(lambda request: next(replies))
    made = filled(shop, blueprint_of(ORDER), speaker, reader=shop_reader)[0].provenance
    assert (made.tries, len(made.calls)) == (2, 2)
    assert made.seed == speaker.asked[1].seed


def test_models_see_masks_and_never_a_value(telecom: Domain, reader: Reader) -> None:
    for scenario, blueprint in planned(telecom, 8):
        speaker = Speaking("obliging")
        filled(telecom, blueprint, speaker, scenario=scenario, reader=reader)
        shown = "\n".join(message.content for request in speaker.asked for message in request.messages)
        hidden = [telecom.say(fact.slot, fact.value) for fact in blueprint.facts if fact.slot in ("pin", "account_id")]
        assert hidden
        assert not any(value in shown for value in hidden)


def test_each_request_says_what_to_say_in_one_line(telecom: Domain, reader: Reader) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    speaker = Speaking("obliging")
    filled(telecom, blueprint, speaker, scenario=scenario, reader=reader)
    for request in speaker.asked:
        assert re.fullmatch(r'Say: "[^"\n]+"', request.messages[-1].content)


def test_the_long_part_of_a_prompt_is_the_same_in_every_conversation(telecom: Domain, reader: Reader) -> None:
    shown: dict[tuple[str, ...], set[str]] = {}
    for scenario, blueprint in planned(telecom, 20):
        speaker = Speaking("obliging")
        filled(telecom, blueprint, speaker, scenario=scenario, reader=reader, formulae=0.0)
        for request in speaker.asked:
            if said(request).startswith(("It's [account", "my account no", "The account number is [")):
                shown.setdefault(tuple(m.content for m in request.messages[:-1]), set()).add(blueprint.id)
    assert max(len(conversations) for conversations in shown.values()) > 1


def test_the_same_blueprint_gets_the_same_words_and_another_attempt_others(telecom: Domain, reader: Reader) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    first, again, other = (
        filled(telecom, blueprint, Speaking("obliging"), scenario=scenario, reader=reader, attempt=attempt)
        for attempt in (0, 0, 1)
    )
    assert first == again
    assert [turn.text for turn in first] != [turn.text for turn in other]


def test_calls_and_results_come_from_the_blueprint(shop: Domain, shop_reader: Reader) -> None:
    call = ToolCall(id="call_1", name="get_order", arguments={"order_id": "O-101"})
    result = ToolResult(call_id="call_1", name="get_order", content={"total": 25.0})
    steps = (Step(role="assistant", acts=("get_order",), call=call), Step(role="tool", result=result))
    speaker = Speaking("obliging")
    asked, answered = filled(shop, blueprint_of(*steps), speaker, reader=shop_reader)
    assert (asked.call, asked.text, asked.provenance.origin, asked.trainable) == (call, "", "template", True)
    assert (answered.result, answered.provenance.origin, answered.trainable) == (result, "tool", False)
    assert speaker.asked == []


def test_a_turn_that_does_two_things_is_worded_thing_by_thing(shop: Domain, shop_reader: Reader) -> None:
    steps = Step(
        role="user",
        acts=("request_refund", "volunteer"),
        phrase="request_refund+volunteer:order_id",
        mentions=(("order_id", "O-102"),),
    )
    speaker = Speaking(lambda request: "" if "[order number]" in said(request) else "Please, I want my money back.")
    turn = filled(shop, blueprint_of(steps), speaker, reader=shop_reader)[0]
    assert turn.text.startswith("Please, I want my money back. ")
    assert "O-102" in turn.text
    assert turn.provenance.origin == "model-edited"  # the second thing is the domain's own phrasing
    assert turn.provenance.tries == 3
    assert len(turn.provenance.calls) == 4


def test_a_value_that_no_phrasing_has_a_place_for_is_said_all_the_same(shop: Domain, shop_reader: Reader) -> None:
    step = Step(role="user", acts=("request_refund",), phrase="request_refund", mentions=(("email", "a@x.org"),))
    turn = filled(shop, blueprint_of(step), Speaking("silent"), reader=shop_reader)[0]
    assert turn.text.endswith("E-mail address: a@x.org.")


def test_a_correction_says_the_right_value_and_the_answer_before_it_the_wrong_one(
    shop: Domain, shop_reader: Reader
) -> None:
    step = Step(
        role="user",
        acts=("inform", "correct"),
        phrase="inform:order_id+correct:order_id",
        mentions=(("order_id", "O-999"), ("order_id", "O-101")),
    )
    for attempt in range(5):
        turn = filled(shop, blueprint_of(step), Speaking("silent"), reader=shop_reader, attempt=attempt)[0]
        assert turn.text.index("O-999") < turn.text.index("O-101")
        assert turn.text.count("O-") == 2


def test_values_with_special_characters_are_put_in_as_they_are(shop: Domain, shop_reader: Reader) -> None:
    odd = r"a\1{b}[c]$x.*"
    step = Step(role="user", acts=("inform",), phrase="inform:order_id", mentions=(("order_id", odd),))
    for script in ("silent", "obliging"):
        assert odd in filled(shop, blueprint_of(step), Speaking(script), reader=shop_reader)[0].text


def test_words_of_a_model_are_never_a_template(shop: Domain, shop_reader: Reader) -> None:
    evil = "It's [order number] {{ 7 * 7 }} {% raw %}"
    turn = filled(shop, blueprint_of(ORDER), Speaking(lambda _: evil), reader=shop_reader)[0]
    assert turn.provenance.origin == "template"
    free = filled(shop, blueprint_of(ORDER), Speaking(lambda _: evil), reader=shop_reader, new_words=None)[0]
    assert "49" not in free.text


def test_a_model_that_only_repeats_a_phrasing_is_asked_again_and_then_taken_at_its_word(
    shop: Domain, shop_reader: Reader
) -> None:
    speaker = Speaking(lambda _: '"That would be [order number]."')
    turn = filled(shop, blueprint_of(ORDER), speaker, reader=shop_reader)[0]
    assert turn.text == "That would be O-101."
    assert (turn.provenance.origin, turn.provenance.tries) == ("model", 3)


def test_a_formula_that_everyone_says_is_taken_at_once(shop: Domain, shop_reader: Reader) -> None:
    step = Step(role="user", acts=("affirm",), phrase="affirm")
    turn = filled(shop, blueprint_of(step), Speaking(lambda _: '"Yes, please."'), reader=shop_reader)[0]
    assert (turn.provenance.origin, turn.provenance.tries) == ("model", 1)


def test_formulae_can_be_left_to_the_phrasings(shop: Domain, shop_reader: Reader) -> None:
    steps = [Step(role="user", acts=("affirm",), phrase="affirm"), ORDER]
    speaker = Speaking("obliging")
    formula, other = filled(shop, blueprint_of(*steps), speaker, reader=shop_reader, formulae=0.0)
    assert (formula.provenance.origin, formula.provenance.tries) == ("template", 0)
    assert other.provenance.origin == "model"


def test_a_side_does_not_use_the_same_phrasing_twice_while_it_has_others(shop: Domain, shop_reader: Reader) -> None:
    steps = [Step(role="user", acts=("complain",), phrase="complain")] * 4
    turns = filled(shop, blueprint_of(*steps), Speaking("silent"), reader=shop_reader)
    assert len({turn.text for turn in turns}) == 4


def test_words_that_the_model_itself_finds_unlikely_are_not_taken(shop: Domain, shop_reader: Reader) -> None:
    def muttering(request: Request) -> Reply:
        tokens = (TokenLogprob(token="x", logprob=-3.0),) if request.logprobs else ()
        return Reply(text='"Well it is [order number]."', logprobs=tokens)

    unsure = filled(shop, blueprint_of(ORDER), Speaking(muttering), reader=shop_reader)[0]
    believed = filled(shop, blueprint_of(ORDER), Speaking(muttering), reader=shop_reader, surprise=None)[0]
    assert unsure.provenance.origin == "template"
    assert believed.text == "Well it is O-101."


def test_a_reply_that_was_cut_off_is_not_taken(shop: Domain, shop_reader: Reader) -> None:
    cut = Speaking(lambda _: Reply(text='"Well it is [order number] and', finish="length"))
    assert filled(shop, blueprint_of(ORDER), cut, reader=shop_reader)[0].provenance.origin == "template"


def test_an_act_without_phrasings_is_a_fault_of_the_domain(shop: Domain, shop_reader: Reader) -> None:
    step = Step(role="user", acts=("unheard_of",), phrase="unheard_of")
    with pytest.raises(DomainError, match="phrasings"):
        filled(shop, blueprint_of(step), Speaking("obliging"), reader=shop_reader)


def test_a_model_that_is_down_stops_the_simulation(shop: Domain, shop_reader: Reader) -> None:
    def down(request: Request) -> str:
        raise EndpointDown("no connection")

    with pytest.raises(EndpointDown):
        filled(shop, blueprint_of(ORDER), Speaking(down), reader=shop_reader)


def test_another_try_sends_the_same_prompt_with_another_seed(shop: Domain, shop_reader: Reader) -> None:
    speaker = Speaking("silent")
    filled(shop, blueprint_of(ORDER), speaker, reader=shop_reader, tries=4)
    assert len({request.messages for request in speaker.asked}) == 1
    assert len({request.seed for request in speaker.asked}) == 4


def test_an_act_with_a_single_phrasing_is_shown_examples_of_other_acts(shop: Domain, shop_reader: Reader) -> None:
    step = Step(role="assistant", acts=("ask_email",), phrase="ask_email")
    speaker = Speaking("obliging")
    turn = filled(shop, blueprint_of(step), speaker, reader=shop_reader)[0]
    assert len(speaker.asked[0].messages) > 3
    assert "e-mail address" in turn.text


def test_facts_of_the_documents_are_only_reworded_by_models_that_may_choose_their_words(
    shop: Domain, shop_reader: Reader
) -> None:
    step = Step(role="assistant", acts=("answer_question",), phrase="answer_question:hours")
    small = filled(shop, blueprint_of(step), Speaking("obliging"), reader=shop_reader)[0]
    strong = filled(shop, blueprint_of(step), Speaking("obliging"), reader=shop_reader, new_words=None)[0]
    assert (small.text, small.provenance.origin, small.provenance.tries) == ("We are open 9 to 5.", "template", 0)
    assert strong.provenance.origin == "model"
