"""User and teacher talk turn by turn; tools run in the world, and the talk always ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from turnwright.domains import Domain
from turnwright.errors import ReplyUnreadable
from turnwright.models import Answer, Reply, Request
from turnwright.plan import PlanSettings, plan
from turnwright.records import Defect, Ending, Scenario, Turn
from turnwright.simulate import InterplaySettings
from turnwright.simulate.interplay import Guard, interplay

Make = Callable[..., Scenario]


class Reciting:
    """A speaker that recites its lines, the last one again and again; remembers what it was shown."""

    def __init__(self, *lines: dict[str, object] | str) -> None:
        self.lines = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Answer:
        self.requests.append(request)
        text = self.lines[min(len(self.requests), len(self.lines)) - 1]
        return Answer(reply=Reply(text=text), call_id=f"cl_{len(self.requests)}", model="reciting")


def says(act: str, text: str, **more: object) -> dict[str, object]:
    return {"act": act, "text": text, **more}


def nothing(turns: tuple[Turn, ...]) -> Defect | None:
    return None


@pytest.fixture
def talk(shop: Domain, shop_scenario: Make) -> Callable[..., object]:
    scenario = shop_scenario(3)
    blueprint = plan(scenario, shop, PlanSettings())

    async def run(
        user: Reciting, teacher: Reciting, *, guard: Guard = nothing, **settings: int
    ) -> tuple[tuple[Turn, ...], Ending]:
        speakers = {"user": user, "teacher": teacher}
        chosen = InterplaySettings(**settings)  # type: ignore[arg-type]
        return await interplay(blueprint, scenario, shop, speakers, chosen, attempt=0, guard=guard)

    return run


def order_of(shop: Domain, shop_scenario: Make) -> str:
    blueprint = plan(shop_scenario(3), shop, PlanSettings())
    return str(next(fact.value for fact in blueprint.facts if fact.slot == "order_id"))


async def test_tools_run_in_the_world_and_their_results_reach_the_teacher_only(
    talk: Callable[..., object], shop: Domain, shop_scenario: Make
) -> None:
    order = order_of(shop, shop_scenario)
    user = Reciting(says("request_refund", f"Money back for {order} please", done=False), says("bye", "bye", done=True))
    teacher = Reciting(
        {"tool": "get_order", "arguments": {"order_id": order}},
        says("confirm_refund", "Shall I refund it?"),
        says("goodbye", "Goodbye."),
    )
    turns, ending = await talk(user, teacher)  # type: ignore[misc]
    assert ending == "complete"
    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "assistant", "user", "assistant"]
    assert turns[2].result.content["id"] == order
    assert "[result of get_order]" in teacher.requests[1].messages[-1].content
    assert not any("[result of" in message.content for request in user.requests for message in request.messages)


async def test_the_user_never_sees_gold_calls_and_the_teacher_never_the_facts(
    talk: Callable[..., object], shop: Domain, shop_scenario: Make
) -> None:
    user = Reciting(says("greet", "Hello", done=False), says("bye", "bye", done=True))
    teacher = Reciting(says("greet", "Hello, how can I help?"), says("goodbye", "Goodbye."))
    await talk(user, teacher)  # type: ignore[misc]
    told_user, told_teacher = (side.requests[0].messages[0].content for side in (user, teacher))
    order = order_of(shop, shop_scenario)
    assert order in told_user
    assert "get_order" not in told_user
    assert order not in told_teacher
    assert "get_order" in told_teacher


async def test_each_prompt_only_grows_at_its_end(talk: Callable[..., object]) -> None:
    def lines() -> Iterator[dict[str, object]]:
        for number in range(4):
            yield says("inform", f"line {number}", done=False)
        yield says("bye", "bye", done=True)

    user, teacher = Reciting(*lines()), Reciting(*(says("ask_order_id", f"question {n}") for n in range(9)))
    await talk(user, teacher)  # type: ignore[misc]
    for side in (user, teacher):
        for first, second in zip(side.requests, side.requests[1:], strict=False):
            assert second.messages[: len(first.messages)] == first.messages


async def test_a_talk_without_end_stops_at_the_turn_cap(talk: Callable[..., object]) -> None:
    user = Reciting(*(says("inform", f"and another thing {n}", done=False) for n in range(99)))
    teacher = Reciting(*(says("ask_order_id", f"what is it {n}") for n in range(99)))
    turns, ending = await talk(user, teacher, turn_cap=12)  # type: ignore[misc]
    assert ending == "turn_cap"
    assert len(turns) <= 14


async def test_a_side_that_repeats_itself_is_a_loop(talk: Callable[..., object]) -> None:
    turns, ending = await talk(  # type: ignore[misc]
        Reciting(says("inform", "the same", done=False)), Reciting(says("ask_order_id", "the same question"))
    )
    assert ending == "loop"
    assert len(turns) < 10


async def test_a_teacher_that_only_calls_tools_is_a_loop(talk: Callable[..., object]) -> None:
    teacher = Reciting({"tool": "get_order", "arguments": {"order_id": "O-101"}})
    _, ending = await talk(Reciting(says("greet", "Hi", done=False)), teacher, calls_per_turn=3)  # type: ignore[misc]
    assert ending == "loop"
    assert len(teacher.requests) == 4


async def test_a_user_who_leaves_abandons_the_talk(talk: Callable[..., object]) -> None:
    user = Reciting(says("abandon", "I have to go", done=True))
    turns, ending = await talk(user, Reciting(says("goodbye", "Goodbye.")))  # type: ignore[misc]
    assert ending == "abandoned"
    assert len(turns) == 2


async def test_a_fatal_finding_ends_the_talk_before_more_is_paid(talk: Callable[..., object]) -> None:
    def strict(turns: tuple[Turn, ...]) -> Defect | None:
        found = Defect(kind="role_flip", severity="fatal", turns=(0,), evidence="How may I help", found_by="test")
        return found if "How may I help" in turns[-1].text else None

    user, teacher = Reciting(says("greet", "How may I help you?", done=False)), Reciting(says("greet", "Hello"))
    turns, ending = await talk(user, teacher, guard=strict)  # type: ignore[misc]
    assert ending == "stopped"
    assert len(turns) == 1
    assert teacher.requests == []


@pytest.mark.parametrize(
    "junk",
    ["", "not json", "[]", "7", '{"act": "fly", "text": "x"}', '{"act": "greet", "text": "  "}', '{"act": "greet"}',
     '{"tool": "rm", "arguments": {}}', '{"tool": "get_order", "arguments": []}'],
)  # fmt: skip
async def test_what_is_no_allowed_decision_is_asked_for_again_and_then_given_up(
    talk: Callable[..., object], junk: str
) -> None:
    user = Reciting(junk)
    with pytest.raises(ReplyUnreadable, match="3 tries"):
        await talk(user, Reciting(says("greet", "Hello")))  # type: ignore[misc]
    assert len(user.requests) == 3
    assert len({request.seed for request in user.requests}) == 3


async def test_a_second_try_that_can_be_read_is_taken_and_both_are_noted(talk: Callable[..., object]) -> None:
    user = Reciting("junk", says("abandon", "bye", done=True))
    turns, _ = await talk(user, Reciting(says("goodbye", "Goodbye.")))  # type: ignore[misc]
    assert turns[0].provenance.tries == 2
    assert turns[0].provenance.calls == ("cl_1", "cl_2")
    assert turns[0].provenance.origin == "model"
