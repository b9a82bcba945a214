"""Blueprint first: what a blueprint promises, it has done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from turnwright.domains import STANDARD_FACTORS, Domain
from turnwright.errors import Impossible
from turnwright.plan import PlanSettings, plan
from turnwright.records import Blueprint, Scenario

Make = Callable[..., Scenario]
SETTINGS = PlanSettings()
LEVELS = [(factor, level) for factor, spec in STANDARD_FACTORS.items() for level in spec.levels]


def blueprint(shop: Domain, scenario: Scenario, settings: PlanSettings = SETTINGS) -> Blueprint:
    return plan(scenario, shop, settings)


def acts(made: Blueprint) -> list[str]:
    return [act for step in made.steps for act in step.acts]


def test_replaying_the_gold_calls_reaches_the_recorded_end_state(shop: Domain, shop_scenario: Make) -> None:
    for seed in range(40):
        made = blueprint(shop, shop_scenario(seed))
        world = shop.open_world(made.world_seed, made.setup)
        assert world.hash() == made.start_hash
        before = world.tables | {}
        toolbox = shop.toolbox(world, made.faults)
        results = [toolbox.run(call) for call in made.calls]
        assert results == [step.result for step in made.steps if step.result is not None]
        assert world.hash() == made.end_hash
        assert before


def test_the_same_scenario_gives_the_same_blueprint(shop: Domain, shop_scenario: Make) -> None:
    assert blueprint(shop, shop_scenario(3)).id == blueprint(shop, shop_scenario(3)).id
    assert blueprint(shop, shop_scenario(3)).id != blueprint(shop, shop_scenario(4)).id


@pytest.mark.parametrize(("factor", "level"), LEVELS, ids=[f"{f}={v}" for f, v in LEVELS])
def test_every_standard_level_shows_in_the_blueprint(
    shop: Domain, shop_scenario: Make, factor: str, level: str
) -> None:
    shows: dict[tuple[str, str], Callable[[Blueprint], bool]] = {
        ("memory", "corrects"): lambda b: "correct" in acts(b) and any(f.shared == "corrected" for f in b.facts),
        ("memory", "forgets"): lambda b: "forget" in acts(b) and any(f.shared == "forgotten" for f in b.facts),
        ("mood", "angry"): lambda b: "complain" in acts(b) and "apologise" in acts(b),
        ("detour", "digression"): lambda b: "ask" in acts(b) and "answer_question" in acts(b),
        ("detour", "repair"): lambda b: "unclear" in acts(b) and "ask_repeat" in acts(b),
        ("detour", "change_of_mind"): lambda b: b.outcome == "refused" and not b.changes,
        ("detour", "refusal"): lambda b: "refuse" in acts(b) and "explain_need" in acts(b),
        ("detour", "abandon"): lambda b: (b.outcome == "abandoned" and not b.changes) or "abandon" in acts(b),
        ("disclosure", "eager"): lambda b: "volunteer" in acts(b),
        ("disclosure", "some"): lambda b: "volunteer" in acts(b),
        ("tool_fault", "error"): lambda b: any(s.result and s.result.fault == "error" for s in b.steps),
        ("tool_fault", "empty"): lambda b: any(s.result and s.result.fault == "empty" for s in b.steps),
        ("tool_fault", "slow"): lambda b: "ask_wait" in acts(b),
    }
    show = shows.get((factor, level), lambda b: b.outcome == "resolved")
    for seed in range(12):
        made = blueprint(shop, shop_scenario(seed, **{factor: level}))
        assert show(made), (seed, [step.phrase for step in made.steps])


def test_after_a_planted_failure_the_call_is_made_again_and_works(shop: Domain, shop_scenario: Make) -> None:
    made = blueprint(shop, shop_scenario(1, tool_fault="error"))
    failed = next(index for index, step in enumerate(made.steps) if step.result and step.result.fault)
    retried = [step for step in made.steps[failed:] if step.result and not step.result.error]
    assert retried
    assert made.outcome == "resolved"


def test_a_wrong_first_value_is_never_used_in_a_call(shop: Domain, shop_scenario: Make) -> None:
    for seed in range(20):
        made = blueprint(shop, shop_scenario(seed, memory="corrects"))
        wrong = next(fact.first_said for fact in made.facts if fact.shared == "corrected")
        assert wrong is not None
        assert all(wrong not in call.arguments.values() for call in made.calls)


def test_user_and_assistant_take_turns(shop: Domain, shop_scenario: Make) -> None:
    for seed in range(60):
        made = blueprint(shop, shop_scenario(seed, mood="angry", tool_fault="error"))
        spoken = [step.role for step in made.steps if step.phrase or step.call]
        assert spoken[0] == "user"
        for first, second in zip(made.steps, made.steps[1:], strict=False):
            assert not (first.role == second.role == "user")
            assert not (first.role == second.role == "assistant" and first.phrase and second.phrase)


def test_an_abandoned_conversation_changes_nothing_after_the_user_left(shop: Domain, shop_scenario: Make) -> None:
    made = blueprint(shop, shop_scenario(5, detour="abandon"))
    left = next(index for index, step in enumerate(made.steps) if "abandon" in step.acts)
    assert all(step.call is None for step in made.steps[left:])


def test_a_scenario_without_an_intent_of_the_domain_is_impossible_with_the_reason(
    shop: Domain, shop_scenario: Make
) -> None:
    with pytest.raises(Impossible) as caught:
        blueprint(shop, shop_scenario(0, intent="fly_to_the_moon"))
    assert caught.value.code == "no_intent"
    assert "fly_to_the_moon" in caught.value.what


def test_an_outline_that_grows_too_long_is_impossible(shop: Domain, shop_scenario: Make) -> None:
    with pytest.raises(Impossible, match="more than 4 steps"):
        blueprint(shop, shop_scenario(0), PlanSettings(longest=4))
