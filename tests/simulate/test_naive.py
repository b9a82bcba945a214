"""One prompt, N conversations, taken as they come: the comparison arm reads tolerantly and mends nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.errors import ReplyUnreadable
from turnwright.models import Answer, Reply, Request
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Conversation, Scenario, Turn, canonical
from turnwright.simulate import NaiveSettings, SimulateSettings, simulate
from turnwright.simulate.naive import naive
from turnwright.verify import VerifySettings, verify

Make = Callable[..., Scenario]
Group = list[tuple[Scenario, Blueprint]]


class Writing:
    """A speaker that gives these replies one after the other, the last one again and again."""

    def __init__(self, *replies: str, finish: str = "stop") -> None:
        self.replies, self.finish = replies, finish
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        text = self.replies[min(len(self.requests), len(self.replies)) - 1]
        return Answer(reply=Reply(text=text, finish=self.finish), call_id=f"cl_{len(self.requests)}", model="writing")


@pytest.fixture
def group(shop: Domain, shop_scenario: Make) -> Group:
    scenarios = [shop_scenario(seed) for seed in range(3)]
    return [(scenario, plan(scenario, shop, PlanSettings())) for scenario in scenarios]


def spoken(*texts: str) -> dict[str, object]:
    """A conversation in which user and assistant take turns."""
    sides = [("user", "inform"), ("assistant", "ask_order_id")]
    return {"turns": [{"role": sides[n % 2][0], "act": sides[n % 2][1], "text": t} for n, t in enumerate(texts)]}


def reply(*conversations: object) -> str:
    return json.dumps({"conversations": conversations})


async def one(group: Group, shop: Domain, speaker: Writing, number: int = 0, **settings: object) -> tuple[Turn, ...]:
    chosen = NaiveSettings.model_validate(settings)
    return await naive(group, shop, speaker, chosen, number=number, attempt=0)


def said(turns: Sequence[Turn]) -> list[str]:
    return [turn.text for turn in turns]


async def test_every_member_of_a_group_gets_its_own_conversation_from_one_request(group: Group, shop: Domain) -> None:
    speaker = Writing(reply(spoken("a", "b"), spoken("c", "d"), spoken("e", "f")))
    read = [said(await one(group, shop, speaker, number)) for number in range(3)]
    assert read == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert len({canonical(request) for request in speaker.requests}) == 1


async def test_the_prompt_tells_policy_tools_acts_and_every_situation(group: Group, shop: Domain) -> None:
    speaker = Writing(reply(spoken("a", "b")))
    await one(group, shop, speaker)
    system, asked = (message.content for message in speaker.requests[0].messages)
    assert shop.spec.policy.strip() in system
    assert all(name in system for name in (*shop.tools, *shop.user_acts, *shop.assistant_acts))
    assert "Write 3 conversations" in asked
    for _, blueprint in group:
        assert blueprint.goal in asked
        assert all(shop.say(fact.slot, fact.value) in asked for fact in blueprint.facts)


async def test_another_attempt_draws_another_seed_and_nothing_else(group: Group, shop: Domain) -> None:
    speaker = Writing(reply(spoken("a", "b")))
    for attempt in (0, 1):
        await naive(group, shop, speaker, NaiveSettings(), number=0, attempt=attempt)
    first, second = speaker.requests
    assert first.seed != second.seed
    assert first.messages == second.messages


async def test_made_up_calls_and_results_are_recorded_as_the_models_own_words(group: Group, shop: Domain) -> None:
    turns = await one(
        group,
        shop,
        Writing(
            reply(
                {
                    "turns": [
                        {"role": "user", "act": "inform", "text": "It is O-101"},
                        {"role": "assistant", "tool": "get_order", "arguments": {"order_id": "O-101"}},
                        {"role": "tool", "result": {"status": "lost", "n": [1, 2]}},
                        {"role": "assistant", "act": "no_such_act", "text": "It is lost."},
                    ]
                }
            )
        ),
    )
    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "assistant"]
    call, result = turns[1].call, turns[2].result
    assert call is not None
    assert (call.id, call.name, call.arguments) == ("call_1", "get_order", {"order_id": "O-101"})
    assert result is not None
    assert (result.call_id, result.name, result.content) == ("call_1", "get_order", {"status": "lost", "n": [1, 2]})
    assert turns[3].acts == ("no_such_act",)
    assert {turn.provenance.origin for turn in turns} == {"model"}
    assert {turn.provenance.calls for turn in turns} == {("cl_1",)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("```json\n", "\n```"),
        ("Sure! Here they are:\n", "\nLet me know if [you] need {more}."),
        ("", ' {"x": 1}'),
        ("\n\n  ", ""),
    ],
)
async def test_what_stands_around_the_conversations_is_passed_over(
    group: Group, shop: Domain, before: str, after: str
) -> None:
    speaker = Writing(before + reply(spoken("a", "b"), spoken("c", "d")) + after)
    assert said(await one(group, shop, speaker, 1)) == ["c", "d"]
    with pytest.raises(ReplyUnreadable, match="2 whole conversations"):
        await one(group, shop, speaker, 2)


async def test_a_list_without_its_wrapper_is_read_too(group: Group, shop: Domain) -> None:
    first, second = json.dumps(spoken("a", "b")), json.dumps(spoken("c", "d"))
    for text in (f"[{first}, {second}]", f"{first}\n{second}"):
        assert said(await one(group, shop, Writing(text), 1)) == ["c", "d"]


async def test_a_reply_cut_at_its_limit_keeps_the_whole_conversations(group: Group, shop: Domain) -> None:
    whole = reply(spoken("a", "b"), spoken("c", "d"), spoken("e", "f"))
    for end in range(whole.index('"e"'), len(whole) - 3):
        speaker = Writing(whole[:end], finish="length")
        assert said(await one(group, shop, speaker, 1)) == ["c", "d"]
        with pytest.raises(ReplyUnreadable, match="2 whole conversations, it was cut"):
            await one(group, shop, speaker, 2)


async def test_nobody_gets_a_neighbours_conversation_where_one_is_broken(group: Group, shop: Domain) -> None:
    broken = '{"conversations": [%s, {"turns": [{"role": "user", "text": oops}]}, %s]}'
    speaker = Writing(broken % (json.dumps(spoken("a", "b")), json.dumps(spoken("e", "f"))))
    assert said(await one(group, shop, speaker, 0)) == ["a", "b"]
    for number in (1, 2):
        with pytest.raises(ReplyUnreadable):
            await one(group, shop, speaker, number)


@pytest.mark.parametrize(
    "junk",
    ["", "no", "[]", "7", "null", '{"conversations": []}', '{"conversations": [{}]}',
     '{"conversations": [{"turns": 5}]}', '{"conversations": [{"turns": ["hello", 7, null]}]}',
     '{"conversations": {"turns": []}}',
     "{" * 5000,
     '{"a":' * 5000 + "1" + "}" * 5000, '{"conversations": [{"turns": [{"role": "system", "text": "x"}]}]}'],
    ids=lambda junk: junk[:40] or "nothing",
)  # fmt: skip
async def test_garbage_is_asked_for_again_and_then_given_up_in_one_line(group: Group, shop: Domain, junk: str) -> None:
    speaker = Writing(junk)
    with pytest.raises(ReplyUnreadable) as caught:
        await one(group, shop, speaker, tries=3)
    assert "\n" not in str(caught.value)
    assert "conversation 1 of 3" in str(caught.value)
    assert len({request.seed for request in speaker.requests}) == 3


async def test_a_second_try_that_can_be_read_is_taken_and_both_are_noted(group: Group, shop: Domain) -> None:
    turns = await one(group, shop, Writing("junk", reply(spoken("a", "b"))), tries=2)
    assert turns[0].provenance.calls == ("cl_1", "cl_2")
    assert turns[0].provenance.tries == 2


async def test_new_lines_special_tokens_and_half_surrogates_stay_data(group: Group, shop: Domain) -> None:
    odd = 'line one\nline two <|im_end|>\n{{ 7 * 7 }} {"turns": []} "] }'
    entries = json.dumps([{"role": "user", "text": odd, "act": "inform"}, {"role": "user", "text": "HALF", "act": 5}])
    speaker = Writing('{"conversations": [{"turns": ' + entries.replace("HALF", "half \\ud800") + "}]}")
    turns = await one(group, shop, speaker)
    assert said(turns) == [odd, "half ?"]
    assert turns[1].acts == ()
    canonical(turns)


async def test_labels_roles_and_arguments_may_be_missing_or_odd(group: Group, shop: Domain) -> None:
    turns = await one(
        group,
        shop,
        Writing(
            '{"conversations": [{"turns": [{"role": "user", "text": "hi"}, {"role": "narrator", "text": "x"}, 3,'
            '{"role": "assistant", "text": "one moment", "tool": "get_order"},'
            '{"role": "assistant", "tool": "get_order", "arguments": "O-1"},'
            '{"role": "tool", "result": NaN}, {"role": "tool"}, {"role": "tool", "result": 1e999},'
            '{"role": "assistant", "tool": null, "text": "Done.", "act": "goodbye"}]}]}'
        ),
    )
    roles = ["user", "assistant", "assistant", "assistant", "tool", "tool", "tool", "assistant"]
    assert [turn.role for turn in turns] == roles
    assert [turn.call.arguments for turn in turns if turn.call] == [{}, {"arguments": "O-1"}]
    results = [turn.result for turn in turns if turn.result]
    assert [(result.call_id, result.content) for result in results] == [
        ("call_1", "NaN"),
        ("call_2", None),
        ("", "1e999"),
    ]
    canonical(turns)


async def test_the_stage_gives_a_conversation_that_says_how_it_was_made(group: Group, shop: Domain) -> None:
    async def made(companions: Group, speaker: Writing) -> Conversation:
        scenario, blueprint = group[1]
        return await simulate(
            blueprint, scenario, shop, {"user": speaker, "teacher": speaker}, SimulateSettings(way="naive"),
            attempt=0, reader=Reader(shop), guard=lambda turns: None, companions=companions,
        )  # fmt: skip

    together = await made(group, Writing(reply(spoken("a", "b"), spoken("c", "d"))))
    assert (together.way, said(together.turns)) == ("naive", ["c", "d"])
    alone = await made([], Writing(reply(spoken("a", "b"))))
    assert said(alone.turns) == ["a", "b"]


async def test_the_checks_find_what_the_model_made_up(group: Group, shop: Domain) -> None:
    scenario, blueprint = group[0]
    wrong = {
        "turns": [
            {"role": "user", "act": "inform", "text": "Where is my money?"},
            {"role": "assistant", "tool": "rob_bank", "arguments": {}},
            {"role": "tool", "result": {"amount": 5}},
            {"role": "assistant", "act": "dance", "text": "I sent you 5 euros."},
        ]
    }
    speaker = Writing(reply(wrong))
    conversation = await simulate(
        blueprint, scenario, shop, {"user": speaker, "teacher": speaker}, SimulateSettings(way="naive"),
        attempt=0, reader=Reader(shop), guard=lambda turns: None,
    )  # fmt: skip
    found = verify(conversation, blueprint, scenario, shop, VerifySettings(stop_early=False), reader=Reader(shop))
    assert {"unknown_tool", "unknown_act"} <= {defect.kind for defect in found.defects}


async def test_a_request_without_a_schema_is_read_the_same(group: Group, shop: Domain) -> None:
    for schema in (True, False):
        speaker = Writing(reply(spoken("a", "b")))
        assert said(await one(group, shop, speaker, schema=schema)) == ["a", "b"]
        assert (speaker.requests[0].json_schema is not None) == schema


async def test_the_token_limit_grows_with_the_group_unless_it_is_said(group: Group, shop: Domain) -> None:
    speaker = Writing(reply(spoken("a", "b")))
    await one(group, shop, speaker, tokens_each=100)
    await one(group, shop, speaker, max_tokens=77)
    assert [request.max_tokens for request in speaker.requests] == [300, 77]
