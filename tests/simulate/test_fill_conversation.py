"""All words in one call: a strong model gets the outline, its lines are checked one by one, the rest is asked again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from fill_cases import Speaking, filled, planned, scenario_of

from turnwright.domains import Domain, load_domain
from turnwright.domains.reader import Reader
from turnwright.models import Request
from turnwright.records import Blueprint, Turn
from turnwright.simulate.lines import lines_of, whole


@pytest.fixture(scope="module")
def telecom() -> Domain:
    return load_domain("telecom_support")


@pytest.fixture(scope="module")
def reader(telecom: Domain) -> Reader:
    return Reader(telecom)


def good_lines(domain: Domain, blueprint: Blueprint) -> list[str]:
    """What a strong model might write: phrasings with their values, in words around them."""
    steps = (step for step in blueprint.steps if step.call is None and step.result is None)
    lines = (whole(lines_of(domain, step)) for step in steps)
    return [f"Well, {line.unmasked(line.variants[-1])}" for line in lines]


def strong(lines: list[str] | str) -> Callable[[Request], str]:
    """Answers the one big request; single turns get nothing usable."""

    def script(request: Request) -> str:
        if request.json_schema is None:
            return ""
        return lines if isinstance(lines, str) else json.dumps({"lines": lines})

    return script


def spoken(turns: tuple[Turn, ...]) -> list[Turn]:
    return [turn for turn in turns if turn.text]


def test_one_call_words_a_whole_conversation(telecom: Domain, reader: Reader) -> None:
    for scenario, blueprint in planned(telecom, 6):
        lines = good_lines(telecom, blueprint)
        speaker = Speaking(strong(lines))
        turns = filled(telecom, blueprint, speaker, scenario=scenario, reader=reader, by="conversation")
        assert [turn.text for turn in spoken(turns)] == lines
        assert len(speaker.asked) == 1
        made = [turn.provenance for turn in spoken(turns)]
        assert {(one.origin, one.role, one.tries) for one in made} == {("model", "teacher", 1)}
        assert len({one.calls for one in made}) == 1


def test_the_outline_names_speaker_meaning_and_required_values(telecom: Domain, reader: Reader) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    speaker = Speaking(strong(good_lines(telecom, blueprint)))
    filled(telecom, blueprint, speaker, scenario=scenario, reader=reader, by="conversation")
    shown = speaker.asked[0].messages[-1].content
    assert blueprint.goal in shown
    assert scenario.persona.name in shown
    for step in blueprint.steps:
        if step.call is None and step.result is None:
            assert all(telecom.say(slot, value) in shown for slot, value in step.mentions)
    assert re.search(r"^1\. (customer|agent): ", shown, re.MULTILINE)
    schema = speaker.asked[0].json_schema
    assert schema is not None
    assert schema["properties"]["lines"]["minItems"] == len(good_lines(telecom, blueprint))


def test_lines_that_do_not_pass_are_asked_again_one_by_one(telecom: Domain, reader: Reader) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    lines = good_lines(telecom, blueprint)
    lines[1] = "As an AI assistant, I cannot 12345 help you with that."
    speaker = Speaking(strong(lines))
    turns = spoken(filled(telecom, blueprint, speaker, scenario=scenario, reader=reader, by="conversation", tries=2))
    assert "AI assistant" not in turns[1].text
    assert (turns[1].provenance.origin, turns[1].provenance.tries) == ("template", 3)
    assert turns[1].provenance.calls[0] == turns[0].provenance.calls[0]
    others = [turn.provenance.origin for turn in turns[:1] + turns[2:]]
    assert set(others) == {"model"}


@pytest.mark.parametrize(
    "reply",
    [
        "no json at all",
        '{"lines": ["too few"]}',
        '{"lines": "a text"}',
        '{"lines": [1, 2, 3]}',
        "[]",
        '{"other": []}',
        '{"lines": [',
        "",
    ],
)
def test_a_reply_that_is_not_what_was_asked_for_costs_one_try(telecom: Domain, reader: Reader, reply: str) -> None:
    scenario, blueprint = planned(telecom, 1)[0]
    speaker = Speaking(strong(reply))
    turns = spoken(filled(telecom, blueprint, speaker, scenario=scenario, reader=reader, by="conversation", tries=1))
    assert {turn.provenance.origin for turn in turns} == {"template"}
    assert all(turn.provenance.calls for turn in turns)


def test_a_wrong_value_is_never_taken(shop: Domain) -> None:
    scenario, blueprint = planned(shop, 1)[0]
    lines = [re.sub(r"\d", "7", text) for text in good_lines(shop, blueprint)]
    turns = filled(shop, blueprint, Speaking(strong(lines)), scenario=scenario, by="conversation", tries=1)
    for turn in spoken(turns):
        assert all(shop.say(slot, value) in turn.text for slot, value in turn.mentions)


def test_persona_and_mood_are_told(telecom: Domain, reader: Reader) -> None:
    _, blueprint = planned(telecom, 1)[0]
    angry = next(case for case in (scenario_of(telecom, n) for n in range(200)) if case.levels["mood"] == "angry")
    speaker = Speaking(strong(""))
    filled(telecom, blueprint, speaker, scenario=angry, reader=reader, by="conversation", tries=1)
    assert "angry" in speaker.asked[0].messages[-1].content
