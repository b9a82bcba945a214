"""What the linear student sees: the fixed line of the yardstick, and the longer one."""

from __future__ import annotations

import pytest

from turnwright.reading import Example, Said, decisions
from turnwright.train import FEATURES


def lines(features: str, *turns: Said) -> list[str]:
    example = Example(name="x", task="bank", turns=turns)
    return [FEATURES[features](point) for point in decisions([example])]


def agent(act: str) -> Said:
    return Said(role="assistant", text="...", act=act)


def test_the_yardstick_sees_task_last_act_and_last_words() -> None:
    said = lines("yardstick", Said(role="user", text="Hi THERE"), agent("greet"), agent("ask"))
    assert said == ["T_bank P_START TP_bank_START hi there", "T_bank P_greet TP_bank_greet hi there"]


@pytest.mark.parametrize(
    ("result", "seen"),
    [
        ('{"item": {"Message": "Not AVAILABLE"}}', "kb not available"),
        ('{"item": {"Price": 3}}', "kb "),
        ('{"item": null}', "kb "),
        ('{"Message": "x"}', "kb x"),
        ('{"error": "No such id"}', "kb no such id"),
        ("[1]", "kb"),
        ("no JSON", "kb"),
    ],
)
def test_the_yardstick_sees_of_a_tool_result_its_message_only(result: str, seen: str) -> None:
    (said,) = lines("yardstick", Said(role="tool", text=result), agent("tell"))
    assert said == f"T_bank P_START TP_bank_START {seen}"


def test_the_message_of_a_tool_is_cut_at_sixty_letters() -> None:
    (said,) = lines("yardstick", Said(role="tool", text='{"item": {"Message": "' + "a" * 99 + '"}}'), agent("tell"))
    assert said.endswith("kb " + "a" * 60)


def test_history_adds_the_act_before_what_was_done_who_spoke_and_which_fields_came_back() -> None:
    turns = (agent("greet"), agent("ask:pin"), Said(role="tool", text='{"Price": 3, "in stock": true}'), agent("tell"))
    said = lines("history", *turns)[-1].split()
    for word in ("Q_ask_pin_greet", "TQ_bank_greet", "S_tool", "D_greet", "D_ask_pin", "K_Price", "K_in_stock"):
        assert word in said
    assert "S_assistant" in lines("history", *turns)[1]
    assert "K_none" in lines("history", Said(role="tool", text='{"item": null}'), agent("tell"))[0]


def test_history_contains_all_that_the_yardstick_sees() -> None:
    turns = (Said(role="user", text="my PIN is 3"), agent("ask"), agent("tell"))
    for short, long in zip(lines("yardstick", *turns), lines("history", *turns), strict=True):
        assert long.startswith(short)
