"""Words of models say how they were drawn and what they were shown, in every way of simulation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from fill_cases import Speaking, filled, planned, said

from turnwright.domains import Domain
from turnwright.models import Request
from turnwright.plan import PlanSettings, plan
from turnwright.records import Provenance, Scenario, Turn, content_id
from turnwright.records.provenance import Sampling, style_id
from turnwright.simulate import InterplaySettings, NaiveSettings
from turnwright.simulate.interplay import interplay
from turnwright.simulate.lines import lines_of, whole
from turnwright.simulate.naive import naive

STYLE = {"request_refund": ["gimme my cash back pal"]}


def always(text: str) -> Callable[[Request], str]:
    return lambda _: text


def made_as_asked(speaker: Speaking, turns: Sequence[Turn]) -> list[Provenance]:
    """The provenance of the turns that a model worded, each checked against the request of its last call."""
    requests = {content_id("cl", request): request for request in speaker.asked}
    found = [turn.provenance for turn in turns if turn.provenance.origin == "model"]
    for came in found:
        request = requests[came.calls[-1]]
        assert came.sampling == Sampling.of(request)
        assert came.seed == request.seed
    return found


def test_words_asked_for_turn_by_turn_say_how_they_were_drawn(shop: Domain) -> None:
    _, blueprint = planned(shop, 1)[0]
    speaker = Speaking(lambda request: f"well {said(request)}")
    turns = filled(shop, blueprint, speaker, temperature=0.9, top_p=0.8, max_tokens=33, new_words=None, surprise=None)
    found = made_as_asked(speaker, turns)
    assert {one.sampling for one in found} == {Sampling(temperature=0.9, top_p=0.8, max_tokens=33)}


def test_the_domains_own_words_and_what_tools_give_back_were_not_drawn(shop: Domain) -> None:
    _, blueprint = planned(shop, 1)[0]
    turns = filled(shop, blueprint, Speaking(lambda _: ""), tries=1)
    assert {turn.provenance.origin for turn in turns} == {"template", "tool"}
    assert {turn.provenance.sampling for turn in turns} == {None}


@pytest.mark.parametrize("by", ["turn", "conversation"])
def test_texts_of_people_that_a_model_was_shown_are_parents_of_its_words_and_of_no_others(
    shop: Domain, by: str
) -> None:
    scenario, blueprint = planned(shop, 1)[0]
    steps = [step for step in blueprint.steps if step.call is None and step.result is None]
    lines = [f"Well, {line.unmasked(line.variants[-1])}" for line in (whole(lines_of(shop, step)) for step in steps)]

    def script(request: Request) -> str:
        return json.dumps({"lines": lines}) if request.json_schema else f"well {said(request)}"

    speaker = Speaking(script)
    turns = filled(shop, blueprint, speaker, scenario=scenario, by=by, style=STYLE, new_words=None, surprise=None)
    made_as_asked(speaker, turns)
    shown = {turn.acts[0]: turn.provenance.parents for turn in turns if turn.provenance.parents}
    assert shown == {"request_refund": (style_id(STYLE["request_refund"][0]),)}


async def test_words_of_an_interplay_say_how_they_were_drawn_and_that_a_schema_bound_them(
    shop: Domain, shop_scenario: Callable[..., Scenario]
) -> None:
    scenario = shop_scenario(3)
    user = Speaking(always(json.dumps({"act": "bye", "text": "bye", "done": True})))
    teacher = Speaking(always(json.dumps({"act": "goodbye", "text": "Goodbye."})))
    turns, _ = await interplay(
        plan(scenario, shop, PlanSettings()), scenario, shop, {"user": user, "teacher": teacher},
        InterplaySettings(temperature=0.2, max_tokens=77), attempt=0, guard=lambda turns: None,
    )  # fmt: skip
    user.asked += teacher.asked
    assert {one.sampling for one in made_as_asked(user, turns)} == {
        Sampling(temperature=0.2, top_p=0.95, max_tokens=77, constrained=True)
    }


async def test_words_of_the_naive_way_say_how_the_whole_reply_was_drawn(
    shop: Domain, shop_scenario: Callable[..., Scenario]
) -> None:
    group = [(one, plan(one, shop, PlanSettings())) for one in (shop_scenario(0), shop_scenario(1))]
    turns = [{"role": "user", "act": "inform", "text": "a"}, {"role": "assistant", "act": "ask_order_id", "text": "b"}]
    speaker = Speaking(always(json.dumps({"conversations": [{"turns": turns}, {"turns": turns}]})))
    settings = NaiveSettings.model_validate({"tokens_each": 100, "schema": False})
    found = made_as_asked(speaker, await naive(group, shop, speaker, settings, number=0, attempt=0))
    assert {one.sampling for one in found} == {Sampling(temperature=1.0, top_p=0.95, max_tokens=200)}
