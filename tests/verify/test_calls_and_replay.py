"""Calls: known, valid, those of the blueprint, with results and an end state that the world confirms."""

from __future__ import annotations

import msgspec
from bank_cases import Case, Make

from turnwright.records import Json, ToolCall, Turn


def recalled(case: Case, at: int, name: str = "", **arguments: Json) -> Case:
    """Another call in place of one, with the result that the world gives for it."""
    turns = case.turns
    old = turns[at].call
    assert old is not None
    call = ToolCall(id=old.id, name=name or old.name, arguments=arguments or old.arguments)
    turns[at] = msgspec.structs.replace(turns[at], call=call)
    world = case.domain.open_world(case.blueprint.world_seed, case.blueprint.setup)
    toolbox = case.domain.toolbox(world, case.blueprint.faults)
    for index, turn in enumerate(turns):
        if turn.call is not None:
            turns[index + 1] = msgspec.structs.replace(turns[index + 1], result=toolbox.run(turn.call))
    return case.having(turns)


def test_an_unknown_tool_is_found(transfer: Case) -> None:
    at = transfer.at("assistant", "check_identity")
    verdict = recalled(transfer, at, "check_identify", account="AC-1042", pin="4821").verdict()
    assert "unknown_tool" in {defect.kind for defect in verdict.defects}
    assert verdict.worst is not None
    assert verdict.worst.turns == (at,)


def test_arguments_that_the_schema_refuses_are_found(transfer: Case) -> None:
    at = transfer.at("assistant", "send_transfer")
    call = transfer.turns[at].call
    assert call is not None
    for wrong in ({**call.arguments, "amount": "much"}, {"account": "AC-1042"}, {**call.arguments, "to": "me"}):
        assert "invalid_arguments" in recalled(transfer, at, **wrong).kinds()


def test_another_tool_than_planned_is_found_though_the_world_agrees(transfer: Case, balance: Case) -> None:
    look_up = balance.at("assistant", "get_account")
    assert "wrong_tool" in recalled(balance, look_up, "list_transfers", account="AC-1042").kinds()
    change = transfer.at("assistant", "send_transfer")
    kinds = recalled(transfer, change, "close_account", account="AC-1042").kinds()
    assert {"wrong_tool", "wrong_end_state"} <= kinds


def test_another_argument_than_planned_is_found_and_named(transfer: Case) -> None:
    at = transfer.at("assistant", "send_transfer")
    call = transfer.turns[at].call
    assert call is not None
    verdict = recalled(transfer, at, **{**call.arguments, "amount": 1.5}).verdict()
    found = {defect.kind: defect for defect in verdict.defects}
    assert {"wrong_argument", "wrong_end_state"} <= set(found)
    assert "amount is 1.5, planned was" in found["wrong_argument"].evidence
    assert "transfers.TR-0001" in found["wrong_end_state"].evidence


def test_a_missing_call_is_found(transfer: Case) -> None:
    at = transfer.at("assistant", "send_transfer")
    assert {"missing_call", "wrong_end_state"} <= transfer.without(at, at + 1).kinds()


def test_a_change_made_twice_is_found(transfer: Case) -> None:
    at = transfer.at("assistant", "send_transfer")
    turns = transfer.turns
    call, result = turns[at].call, turns[at + 1].result
    again = msgspec.structs.replace(turns[at], call=msgspec.structs.replace(call, id="call_9"))
    answer = msgspec.structs.replace(turns[at + 1], result=msgspec.structs.replace(result, call_id="call_9"))
    assert {"wrong_tool", "wrong_end_state"} <= transfer.having(
        [*turns[: at + 2], again, answer, *turns[at + 2 :]]
    ).kinds()


def test_a_result_that_the_tool_does_not_give_is_found(transfer: Case, balance: Case) -> None:
    turns, at = balance.turns, balance.at("assistant", "get_account") + 1
    result = turns[at].result
    assert result is not None
    for changed in (
        msgspec.structs.replace(result, content={**result.content, "balance": 3.0}),
        msgspec.structs.replace(result, error="service temporarily unavailable", content=None),
    ):
        turns[at] = msgspec.structs.replace(turns[at], result=changed)
        assert "wrong_tool_result" in balance.having(turns).kinds()


def test_planted_failures_replay_as_planned(make: Make) -> None:
    for kind in ("error", "empty", "slow"):
        case = make(tool_fault=kind)
        assert any(turn.result and turn.result.fault == kind for turn in case.turns)
        assert case.kinds() == set()


def test_in_an_interplay_the_teacher_may_look_things_up_in_its_own_way(balance: Case) -> None:
    at = balance.at("assistant", "get_account")
    extra = ToolCall(id="call_9", name="list_transfers", arguments={"account": "AC-1042"})
    world = balance.domain.open_world(balance.blueprint.world_seed)
    result = balance.domain.toolbox(world).run(extra)
    turn = balance.turns[at]
    looked_up = [
        msgspec.structs.replace(turn, call=extra, acts=("list_transfers",)),
        Turn(role="tool", result=result, provenance=turn.provenance),
    ]
    case = balance.having([*balance.turns[:at], *looked_up, *balance.turns[at:]])
    assert case.free().kinds() == set()
    assert "wrong_tool" in case.kinds()


def test_in_an_interplay_running_text_may_be_worded_otherwise(transfer: Case) -> None:
    at = transfer.at("assistant", "send_transfer")
    call = transfer.turns[at].call
    assert call is not None
    reworded = recalled(transfer, at, **{**call.arguments, "purpose": "just a little present for a friend"})
    assert reworded.free().kinds() == set()
    assert {"wrong_argument", "wrong_end_state"} <= reworded.kinds()
    short = recalled(transfer, at, **{**call.arguments, "purpose": "rent"})
    assert "wrong_argument" in short.free().kinds()


def test_a_failed_change_may_be_tried_again_in_an_interplay(make: Make) -> None:
    case = next(
        case
        for seed in range(40)
        if (case := make(seed=seed, tool_fault="error")).blueprint.faults[0].tool == "send_transfer"
    )
    assert case.free().kinds() == set()
