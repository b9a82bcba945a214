"""Where a sure student contradicts a label: the world decides, then the flow, and nothing is changed in silence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from loop_cases import example_of, made_by, spec_in

from turnwright.domains import Domain
from turnwright.engine.loop.labels import Settled, corrected, following, settle
from turnwright.records import Blueprint, Conversation
from turnwright.store import read_run
from turnwright.train.disagreement import Disagreement


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Conversation, Blueprint]:
    """An admitted conversation with its blueprint."""
    folder: Path = tmp_path_factory.mktemp("labels")
    asyncio.run(made_by(spec_in(folder / "spec", scenarios=6, repair=0.0, forgets=0.0), folder / "run"))
    with read_run(folder / "run") as run:
        one = next(run.records.concluded(admitted=True))
    assert one.conversation
    assert one.blueprint
    return one.conversation, one.blueprint


def place_of(conversation: Conversation, act: str) -> int:
    return next(n for n, turn in enumerate(conversation.turns) if turn.role == "assistant" and act in turn.acts)


def contradiction(turn: int, label: str, student: str, previous: str = "ask_order_id") -> Disagreement:
    return Disagreement(
        conversation="cv_x", task="mini_shop", turn=turn, previous=previous, label=label, student=student, p=0.97,
        chance=0.01,
    )  # fmt: skip


async def test_a_label_that_the_blueprint_planned_stands_however_sure_the_student_is(
    shop: Domain, made: tuple[Conversation, Blueprint]
) -> None:
    turn = place_of(made[0], "confirm_refund")
    found = await settle(contradiction(turn, "confirm_refund", "goodbye"), shop, *made, {})
    assert (found.outcome, found.decided_by, found.act) == ("label", "blueprint", "confirm_refund")
    assert "the blueprint plans 'confirm_refund'" in found.evidence


async def test_a_wrong_label_gives_way_to_the_act_that_the_blueprint_planned(
    shop: Domain, made: tuple[Conversation, Blueprint]
) -> None:
    turn = place_of(made[0], "confirm_refund")
    found = await settle(contradiction(turn, "goodbye", "confirm_refund"), shop, *made, {})
    assert (found.outcome, found.decided_by, found.act) == ("student", "blueprint", "confirm_refund")
    assert found.label == "goodbye"


async def test_acts_are_compared_under_the_names_that_they_count_as(
    shop: Domain, made: tuple[Conversation, Blueprint]
) -> None:
    turn = place_of(made[0], "get_order")
    found = await settle(contradiction(turn, "query", "goodbye"), shop, *made, {"get_*": "query"})
    assert (found.outcome, found.decided_by) == ("label", "blueprint")


async def test_where_the_talk_left_its_outline_the_flow_decides(
    shop: Domain, made: tuple[Conversation, Blueprint]
) -> None:
    conversation, blueprint = made
    strayed = msgspec.structs.replace(blueprint, steps=blueprint.steps[:1])
    one = contradiction(5, "inform_refund", "get_order", previous="ask_order_id")
    found = await settle(one, shop, conversation, strayed, {})
    assert (found.outcome, found.decided_by) == ("student", "flow")
    assert "after 'ask_order_id' the flow comes to 'get_order'" in found.evidence


async def test_what_the_flow_leaves_open_is_undecided_unless_an_arbiter_may_rule(
    shop: Domain, made: tuple[Conversation, Blueprint]
) -> None:
    conversation, blueprint = made
    strayed = msgspec.structs.replace(blueprint, steps=blueprint.steps[:1])
    one = contradiction(5, "inform_kept", "refund", previous="confirm_refund")
    asked: list[str] = []

    async def rules(found: Disagreement, talk: Conversation, plan: Blueprint) -> bool | None:
        asked.append(found.label)
        return True

    async def unlicensed(found: Disagreement, talk: Conversation, plan: Blueprint) -> bool | None:
        return None

    open_case = await settle(one, shop, conversation, strayed, {})
    assert (open_case.outcome, open_case.decided_by, open_case.act) == ("undecided", "nobody", "inform_kept")
    assert (await settle(one, shop, conversation, strayed, {}, unlicensed)).outcome == "undecided"
    ruled = await settle(one, shop, conversation, strayed, {}, rules)
    assert (ruled.outcome, ruled.decided_by, ruled.act) == ("student", "arbiter", "refund")
    assert asked == ["inform_kept"]


async def test_human_turns_are_never_relabelled_by_a_flow(shop: Domain) -> None:
    found = await settle(contradiction(3, "goodbye", "get_order"), shop, None, None, {})
    assert (found.outcome, found.act) == ("undecided", "goodbye")


def test_only_corrected_labels_change_and_they_are_counted() -> None:
    one = example_of("c/1", "mini_shop", {})
    cases = [
        Settled(
            conversation="c/1", task="mini_shop", turn=turn, label="x", student="y", p=0.95, outcome=outcome,
            decided_by="flow", act=act, evidence="",
        )
        for turn, outcome, act in ((0, "student", "ask_email"), (1, "undecided", "y"), (2, "label", "y"))
    ]  # fmt: skip
    (changed,), count = corrected([one], cases)
    assert count == 1
    assert [turn.act for turn in changed.turns] == ["ask_email", *(turn.act for turn in one.turns[1:])]
    assert corrected([one], [])[0] == (one,)


def test_what_follows_an_act_passes_over_questions_that_may_be_answered_already(shop: Domain) -> None:
    after = following(shop, "ask_order_id", {})
    assert {"get_order", "ask_email"} <= after
    assert not {"refund", "inform_refund"} & after
    assert {"ask_order_id", "get_order"} <= following(shop, "START", {})
    assert {"refund", "inform_kept"} <= following(shop, "confirm_refund", {})
