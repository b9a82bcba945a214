"""Learning habits: what was planted is found again, what cannot be told is left out, names are matched by replies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from shop_people import people

from turnwright.domains import Domain
from turnwright.engine.seeding import PLAN_HABITS, learn_habits
from turnwright.errors import InputError
from turnwright.habits import Learnt, Planned, Subject, as_yaml, learn
from turnwright.habits.levels import teller_for
from turnwright.plan import PlanSettings
from turnwright.reading import Example, Said
from turnwright.records import Scenario

Make = Callable[..., Scenario]
SETTINGS = PlanSettings(join=0, user_opens=0.3, asks_for_more=0.6, farewell=0.5, farewell_returned=0.4, unfinished=0.2)
PRIORS = {name: getattr(PlanSettings(), name) for name in PLAN_HABITS}
LEVELS = {"memory": {"sure": 0.7, "forgets": 0.3}}


@pytest.fixture(scope="module")
def many(shop: Domain, shop_scenario: Make) -> list[Example]:
    return people(shop, shop_scenario, 240, LEVELS, SETTINGS)


@pytest.fixture(scope="module")
def learnt(shop: Domain, many: list[Example]) -> Learnt:
    return learn_habits(many, [shop], {})


def test_planted_manners_of_opening_and_closing_are_found_again_in_240(learnt: Learnt) -> None:
    for name in PLAN_HABITS:
        one = learnt.habits.everywhere.plan[name]
        assert one.low <= getattr(SETTINGS, name) <= one.high, (name, one)


def test_intervals_from_24_hold_the_planted_manners_nearly_always(shop: Domain, many: list[Example]) -> None:
    held = []
    for start in range(0, 240, 24):
        plan = learn(many[start : start + 24], [Subject(domain=shop)], PRIORS).habits.everywhere.plan
        held += [plan[name].low <= getattr(SETTINGS, name) <= plan[name].high for name in PLAN_HABITS]
    assert sum(held) >= 0.88 * len(held)


@pytest.mark.parametrize("n", [24, 240])
def test_a_planted_share_of_forgetful_users_is_found_again(shop: Domain, many: list[Example], n: int) -> None:
    levels = learn_habits(many[:n], [shop], {}).habits.domains["mini_shop"].factors["memory"]
    assert levels["forgets"].low <= 0.3 <= levels["forgets"].high
    assert sum(one.value for one in levels.values()) == pytest.approx(1, abs=0.01)


def test_more_conversations_make_narrower_intervals(shop: Domain, many: list[Example], learnt: Learnt) -> None:
    few = learn_habits(many[:24], [shop], {}).habits.everywhere.plan["user_opens"]
    more = learnt.habits.everywhere.plan["user_opens"]
    assert (few.n, more.n) == (24, 240)
    assert few.high - few.low > 2 * (more.high - more.low)


def test_a_factor_whose_levels_lead_to_the_same_acts_is_left_out_and_named(shop: Domain, many: list[Example]) -> None:
    planned = [Planned(levels={"mood": mood}, acts=("ask", "query")) for mood in ("calm", "angry") for _ in range(20)]
    assert teller_for("mood", planned, frozenset()) is None
    found = learn(many[:24], [Subject(domain=shop, planned=tuple(planned))], PRIORS)
    assert found.habits.domains["mini_shop"].factors == {}
    assert "not told by acts, so left as declared: mood" in as_yaml(found)


def test_levels_that_lead_to_the_same_acts_keep_their_declared_shares_among_them(learnt: Learnt) -> None:
    assert "calm = hurried" in learnt.alike["mini_shop"]["mood"]
    mood = learnt.habits.domains["mini_shop"].factors["mood"]
    assert mood["hurried"].value / mood["calm"].value == pytest.approx(0.15 / 0.7, rel=0.05)


def test_what_tools_do_is_no_habit_of_people(learnt: Learnt) -> None:
    assert "tool_fault" not in learnt.habits.domains["mini_shop"].factors


def test_slots_that_users_tell_unasked_are_learnt_from_their_words(shop: Domain, shop_scenario: Make) -> None:
    eager = people(shop, shop_scenario, 30, {"disclosure": {"eager": 1.0}})
    seen = learn_habits(eager, [shop], {}).habits.domains["mini_shop"]
    assert seen.volunteered["order_id"].value > 0.8
    asked = people(shop, shop_scenario, 30)
    assert learn_habits(asked, [shop], {}).habits.domains["mini_shop"].volunteered == {}


def test_acts_of_the_data_are_matched_by_what_the_agent_says_and_by_nothing_else(
    shop: Domain, many: list[Example]
) -> None:
    other = {"goodbye": "farewell_2", "confirm_refund": "offer", "ask_order_id": "q17"}

    def renamed(turn: Said) -> Said:
        text = "What number?" if turn.act == "ask_order_id" else turn.text
        return msgspec.structs.replace(turn, act=other.get(turn.act, turn.act), text=text)

    theirs = [msgspec.structs.replace(one, turns=tuple(map(renamed, one.turns))) for one in many[:60]]
    habits = learn_habits(theirs, [shop], {}).habits
    assert habits.renaming("mini_shop") == {"confirm_refund": "offer", "goodbye": "farewell_2"}
    assert habits.everywhere.plan["asks_for_more"].n > 30


def test_a_domain_without_conversations_takes_what_all_share(shop: Domain, many: list[Example], tmp_path: Path) -> None:
    other = Domain(shop.spec.model_copy(update={"name": "other"}), shop.tools, shop.tables, "other@0")
    found = learn_habits(many[:24], [shop, other], {})
    assert found.habits.domains["other"].conversations == 0
    assert found.habits.domains["other"].factors == {}
    assert any("no conversation is about other" in note for note in found.notes)


def test_conversations_about_nothing_that_was_named_are_refused_with_their_tasks(
    shop: Domain, many: list[Example]
) -> None:
    theirs = [msgspec.structs.replace(one, task="bakery") for one in many[:3]]
    with pytest.raises(InputError, match="no conversation is about mini_shop") as refused:
        learn_habits(theirs, [shop], {})
    assert "bakery" in str(refused.value)


def test_leaving_one_out_moves_a_share_of_24_by_less_than_its_interval(shop: Domain, many: list[Example]) -> None:
    found = learn_habits(many[:24], [shop], {})
    for (*_, kind, name), (low, high) in found.ranges.items():
        if kind == "plan":
            one = found.habits.everywhere.plan[name]
            assert one.low < low <= high < one.high
