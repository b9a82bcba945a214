"""Steering: failures become quotas, bounded, with the target left as it was; and nothing moves without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from loop_cases import example_of, shop_named, site_of, spec_in

from turnwright.design import Design
from turnwright.engine import design_of, load_spec
from turnwright.engine.lifts import lifts
from turnwright.engine.loop.generating import write_spec
from turnwright.engine.loop.steering import Site, steer, steered
from turnwright.engine.quotas import Bounds
from turnwright.reading import Decision, decisions
from turnwright.train.failures import Failures, mined


def failures(*wrong: str, task: str = "mini_shop", count: int = 40, levels: bool = False) -> Failures:
    """What is found on a dev set full of detours by a student that knows all acts but these."""
    points = dev(task, count, levels=levels)
    return mined(points, ["?" if point.act in wrong else point.act for point in points])


def dev(task: str, count: int, *, levels: bool = False) -> list[Decision]:
    made = []
    for n in range(count):
        rare = {"detour": ("none", "repair")[n % 2], "memory": ("sure", "forgets")[n % 3 == 0]}
        one = example_of(f"dev/{task}/{n}", task, rare)
        made.append(one if levels else type(one)(name=one.name, task=one.task, turns=one.turns))
    return decisions(made)


def share(design: Design, factor: str, level: str) -> float:
    return next(one.scenarios for one in design.shares if (one.factor, one.level) == (factor, level)) / len(design)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(spec_in(tmp_path, scenarios=100, repair=0.06, forgets=0.06))


def test_a_failing_act_is_led_back_to_the_level_whose_conversations_show_it(site: Site) -> None:
    steering = steer(2, [site], failures("ask_repeat"), {})
    assert {(one.factor, one.level) for one in steering.pushes} == {("detour", "repair")}
    assert "ask_repeat" in steering.pushes[0].because


def test_a_level_grows_to_three_times_its_share_and_no_further(site: Site) -> None:
    steering = steer(2, [site], failures("ask_repeat"), {})
    before = share(site.sampled, "detour", "repair")
    after = share(design_of(steered(site.spec, site.domain, steering), site.domain), "detour", "repair")
    push = steering.pushes[0]
    assert push.before == pytest.approx(before)
    assert push.after == pytest.approx(after)
    assert 2.5 * before <= after <= 3 * before + 0.01


def test_only_the_sampling_is_steered_and_weights_still_read_the_set_as_natural(site: Site) -> None:
    steering = steer(2, [site], failures("ask_repeat"), {})
    design = design_of(steered(site.spec, site.domain, steering), site.domain)
    was = {(one.factor, one.level): one.target for one in site.sampled.shares}
    assert {(one.factor, one.level): one.target for one in design.shares} == was
    repair = next(one for one in design.shares if one.level == "repair")
    assert repair.sampled > 1.5 * repair.target
    assert repair.weighted == pytest.approx(repair.target, abs=0.005)


def test_every_other_level_keeps_the_share_that_the_bounds_promise(tmp_path: Path) -> None:
    site = site_of(spec_in(tmp_path, scenarios=100, repair=0.3, forgets=0.3))
    steering = steer(2, [site], failures("ask_repeat", "ask_email"), {}, bounds=Bounds(room=0.4))
    assert len(steering.pushes) == 2
    design = design_of(steered(site.spec, site.domain, steering), site.domain)
    for factor, level in (("detour", "none"), ("memory", "sure")):
        assert share(design, factor, level) >= 0.6 * 0.7 - 0.05


def test_half_the_strength_is_half_the_step(tmp_path: Path) -> None:
    site = site_of(spec_in(tmp_path, scenarios=400, repair=0.05))
    whole = steer(2, [site], failures("ask_repeat"), {}).pushes[0]
    half = steer(2, [site], failures("ask_repeat"), {}, strength=0.5).pushes[0]
    assert half.after - half.before == pytest.approx((whole.after - whole.before) / 2, abs=0.01)


def test_without_a_significant_failure_nothing_is_steered_and_that_is_said(site: Site) -> None:
    steering = steer(2, [site], failures(), {})
    assert steering.strength == 0
    assert not steering.pushes
    assert "nothing is steered" in steering.notes[0]
    assert steered(site.spec, site.domain, steering).design == site.spec.design


def test_explore_acts_on_estimates_that_are_not_significant_and_says_so(site: Site) -> None:
    points = dev("mini_shop", 12)
    some = [n for n, point in enumerate(points) if point.act == "ask_repeat"][:4]
    others = [n for n, point in enumerate(points) if point.act == "get_order"][:4]
    few = mined(points, ["?" if n in (*some, *others) else point.act for n, point in enumerate(points)])
    assert not few.significant
    assert not steer(2, [site], few, {}).pushes
    explored = steer(2, [site], few, {}, explore=True)
    assert explored.explored
    assert ("detour", "repair") in {(one.factor, one.level) for one in explored.pushes}


def test_a_level_that_itself_fails_needs_no_detour_over_acts(site: Site) -> None:
    steering = steer(2, [site], failures("ask_repeat", levels=True), {})
    push = next(one for one in steering.pushes if one.level == "repair")
    assert "detour=repair" in push.because


def test_what_no_conversation_shows_is_told_and_not_steered(site: Site) -> None:
    points = dev("mini_shop", 40)
    strange = [point for point in points if point.act == "goodbye"]
    found = mined(
        [Decision(conversation=p.conversation, example=p.example, place=p.place, previous=p.previous, last=p.last,
                  act="sing" if p in strange else p.act) for p in points],
        ["?" if p in strange else p.act for p in points],
    )  # fmt: skip
    steering = steer(2, [site], found, {})
    assert not steering.pushes
    missed = next(one for one in steering.unreached if one.cell == "sing")
    assert missed.shown == 0
    assert "no generated conversation shows it" in missed.why


def test_an_act_that_every_level_shows_alike_moves_no_level(site: Site) -> None:
    steering = steer(2, [site], failures("confirm_refund"), {})
    assert not steering.pushes
    assert any("no level's conversations" in one.why for one in steering.unreached)


def test_a_level_still_failing_may_grow_again_from_where_it_is(site: Site) -> None:
    first = steer(2, [site], failures("ask_repeat"), {})
    sampled = design_of(steered(site.spec, site.domain, first), site.domain)
    again = Site(spec=site.spec, domain=site.domain, sampled=sampled, generated=site.generated)
    second = steer(3, [again], failures("ask_repeat"), {})
    assert second.pushes[0].before == pytest.approx(first.pushes[0].after)
    assert second.pushes[0].after > first.pushes[0].after


def test_one_conversation_of_a_level_that_alone_shows_an_act_is_enough_and_chance_is_not() -> None:
    examples = [example_of(str(n), "t", {"detour": "repair" if n == 0 else "none"}) for n in range(40)]
    ahead = {one.level: one.low > 0 for one in lifts(examples, [n == 0 for n in range(40)])}
    assert ahead == {"repair": True, "none": False}
    examples = [example_of(str(n), "t", {"mood": ("calm", "angry")[n % 2]}) for n in range(40)]
    assert not [one for one in lifts(examples, [n % 5 == 0 for n in range(40)]) if one.low > 0]


def test_scenarios_go_to_the_domain_that_loses_most_within_bounds(tmp_path: Path) -> None:
    shops = [shop_named(tmp_path / name, name) for name in ("shop_a", "shop_b")]
    sites = [site_of(spec_in(tmp_path / f"spec_{shop.name}", domain=shop, scenarios=40)) for shop in shops]
    points = [*dev("shop_a", 40), *(with_place(p, 40) for p in dev("shop_b", 40))]
    said = ["?" if p.example.task == "shop_b" and p.act != "goodbye" else p.act for p in points]
    steering = steer(2, sites, mined(points, said), {"shop_a": 1.0, "shop_b": 99.0})
    after = {one.domain: one.after for one in steering.shares}
    assert sum(after.values()) == 80
    assert after["shop_b"] == pytest.approx(2 * after["shop_a"], abs=2)
    assert [steered(site.spec, site.domain, steering).scenarios for site in sites] == list(after.values())


def with_place(point: Decision, offset: int) -> Decision:
    return Decision(
        conversation=point.conversation + offset, example=point.example, place=point.place, previous=point.previous,
        last=point.last, act=point.act,
    )  # fmt: skip


def test_domains_without_a_failing_cell_of_their_own_share_as_they_were_given(tmp_path: Path) -> None:
    shops = [shop_named(tmp_path / name, name) for name in ("shop_a", "shop_b")]
    sites = [site_of(spec_in(tmp_path / f"spec_{shop.name}", domain=shop, scenarios=40)) for shop in shops]
    points = [*dev("shop_a", 40), *(with_place(p, 40) for p in dev("shop_b", 40))]
    said = ["?" if p.act == "ask_repeat" else p.act for p in points]
    steering = steer(2, sites, mined(points, said), {"shop_a": 10.0, "shop_b": 30.0})
    assert [one.after for one in steering.shares] == [40, 40]
    assert {one.domain for one in steering.pushes} == {"shop_a", "shop_b"}


def test_the_spec_of_a_round_can_be_read_again_and_is_the_same(site: Site, tmp_path: Path) -> None:
    spec = steered(site.spec, site.domain, steer(2, [site], failures("ask_repeat"), {}))
    write_spec(spec, tmp_path / "round.yaml")
    assert load_spec(tmp_path / "round.yaml").id == spec.id
    assert yaml.safe_load((tmp_path / "round.yaml").read_text())["seed"] != site.spec.seed
