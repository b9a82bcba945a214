"""What a design promises about its scenarios: the same from the same seed, whichever way they are reached."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from brute_force import Declared, declared_designs, factor
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import turnwright
from turnwright.design import DesignSettings, PersonaSettings, design
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.errors import DesignError

PERSONAS = PersonaSettings(
    traits={"age": {"young": 0.25, "old": 0.75}, "tone": ["plain", "rude"]}, locales={"en_US": 3, "de_DE": 1}
)


def shop(count: int, seed: int = 5) -> turnwright.design.Design:
    factors = {
        "intent": factor("buy", "ask", "leave"),
        "fraud": Factor(levels={"no": Level(weight=50), "yes": Level(rare=True, quota=4)}),
        "mood": factor(calm=0.7, angry=0.3),
        "delay": factor("none", "long", when="intent == 'ask'"),
    }
    rules = [Constraint(forbid="fraud == 'yes' and intent == 'ask'")]
    return design(DesignSettings(personas=PERSONAS), factors, rules, domain="shop@1", seed=seed, count=count)


def test_the_same_seed_gives_the_same_scenarios_and_another_seed_others() -> None:
    first = [scenario.id for scenario in shop(200)]
    assert [scenario.id for scenario in shop(200)] == first
    assert len(set(first)) == 200
    assert not set(first) & {scenario.id for scenario in shop(200, seed=6)}


def test_scenarios_do_not_depend_on_the_process() -> None:
    code = "import test_design_scenarios as t; print([s.id for s in t.shop(60)])"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(turnwright.__file__).parents[1])])
    out = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert out == {f"{[scenario.id for scenario in shop(60)]}\n"}


@settings(max_examples=25, deadline=None)
@given(declared_designs(), st.lists(st.integers(0, 1499), min_size=1, max_size=6))
def test_a_scenario_is_the_same_by_ordinal_and_by_iteration(declared: Declared, ordinals: list[int]) -> None:
    try:
        made, other = declared.design(1500), declared.design(1500)
    except DesignError:
        return
    listed = list(made)
    assert [other.scenario(k) for k in ordinals] == [listed[k] for k in ordinals]


def test_free_draws_go_on_without_repeating_themselves() -> None:
    free = [scenario.levels for scenario in shop(3500) if scenario.drawn == "free"]
    assert free[:1024] != free[1024:2048] != free[2048:3072]
    assert free[:1024] != free[2048:3072]


def test_an_ordinal_outside_the_design_is_refused() -> None:
    made = shop(20)
    for ordinal in (-1, 20):
        with pytest.raises(IndexError):
            made.scenario(ordinal)


def test_a_larger_count_goes_on_where_a_smaller_one_stopped() -> None:
    for one, two in zip(shop(100), shop(3000), strict=False):
        assert (one.levels, one.persona, one.seed, one.drawn) == (two.levels, two.persona, two.seed, two.drawn)


def test_a_million_scenarios_take_no_more_memory_than_a_hundred_thousand() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        made = shop(count)
        assert made.scenario(count - 1).ordinal == count - 1
        assert next(iter(made)).ordinal == 0
        assert made.effective_sample_size > 0.9 * count
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(1000)
    assert peak(1_000_000) < 1.2 * peak(100_000)


def test_personas_follow_the_declared_tables() -> None:
    made = list(shop(2000))
    ages = Counter(scenario.persona.traits["age"] for scenario in made)
    tones = Counter(scenario.persona.traits["tone"] for scenario in made)
    assert ages["old"] / 2000 == pytest.approx(0.75, abs=0.04)
    assert tones["rude"] / 2000 == pytest.approx(0.5, abs=0.05)
    assert len({scenario.persona.name for scenario in made}) > 1000
    assert all(len(scenario.persona.name.split()) >= 2 for scenario in made)


def test_declared_names_are_used_instead_of_fakers() -> None:
    spec = DesignSettings(personas=PersonaSettings(names=["Ada", "Grace"]))
    made = design(spec, {"a": factor("x")}, [], domain="d@1", seed=1, count=40)
    assert {scenario.persona.name for scenario in made} == {"Ada", "Grace"}


def test_an_unknown_locale_is_refused_with_the_nearest() -> None:
    spec = DesignSettings(personas=PersonaSettings(locales=["en_UX"]))
    with pytest.raises(DesignError, match=r"'en_UX' is not a locale of faker .did you mean 'en_U"):
        design(spec, {"a": factor("x")}, [], domain="d@1", seed=1, count=4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strenght": 2},
        {"strength": 0},
        {"groups": [{"factors": ["a"], "strength": 2}]},
        {"groups": [{"factors": ["a", "a"], "strength": 2}]},
        {"rare_share": 1.5},
        {"samples": 0},
        {"personas": {"traits": {"age": {"old": 0}}}},
        {"personas": {"traits": {"age": {"old": -1, "young": 2}}}},
        {"personas": {"locales": []}},
        {"constraints": [{"forbid": "[a for a in b]"}]},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DesignSettings.model_validate(wrong)
