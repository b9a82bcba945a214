"""What a design promises about weights: read by them, a designed set is the target again."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from brute_force import Declared, Levels, allowed, declared_designs, factor
from hypothesis import given, settings

from turnwright.design import Design
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.errors import DesignError


def shares(made: Design) -> dict[tuple[str, str], tuple[float, float, float]]:
    """(factor, level) → declared, target and weighted share."""
    return {(one.factor, one.level): (one.declared, one.target, one.weighted) for one in made.shares}


def stressed() -> Declared:
    """Skewed factors, a rule that ties them, a factor that applies sometimes, and quotas far above the shares."""
    factors = {
        "intent": factor(buy=5, ask=3, leave=2),
        "account": Factor(
            levels={
                "normal": Level(weight=0.95),
                "closed": Level(weight=0.03, rare=True, quota=200),
                "fraud": Level(weight=0.02, rare=True, quota=150),
            }
        ),
        "outage": factor("none", none=0.9, partial=0.1, when="intent == 'ask'"),
        "mood": factor(calm=0.8, angry=0.2),
        "memory": factor(sure=0.7, wrong=0.2, none=0.1),
    }
    return Declared(
        factors,
        [
            Constraint(require="account != 'closed' or intent == 'leave'"),
            Constraint(forbid="memory == 'none' and mood == 'angry'"),
        ],
    )


@settings(max_examples=40, deadline=None)
@given(declared_designs())
def test_weighted_shares_equal_the_targets(declared: Declared) -> None:
    if next(allowed(declared), None) is None:
        return
    made = declared.design(1500)
    for _, target, weighted in shares(made).values():
        assert weighted == pytest.approx(target, abs=0.002)
    assert made.weights.mean() == pytest.approx(1, abs=1e-5)
    assert made.weights.tolist() == [scenario.weight for scenario in made]


@settings(max_examples=40, deadline=None)
@given(declared_designs())
def test_free_draws_follow_the_target(declared: Declared) -> None:
    if next(allowed(declared), None) is None:
        return
    free = [scenario.levels for scenario in declared.design(2500) if scenario.drawn == "free"]
    for one in declared.design(2500).shares:
        active = sum(one.factor in row for row in free)
        seen = sum(row.get(one.factor) == one.level for row in free)
        spread = 5 * math.sqrt(max(active, 1) * one.target * (1 - one.target)) + 1e-9
        assert abs(seen - active * one.target) <= spread + 1


def test_quotas_that_overstate_rare_levels_are_weighed_back() -> None:
    made = stressed().design(1000)
    assert sum(scenario.levels["account"] == "fraud" for scenario in made) >= 150
    for declared, target, weighted in shares(made).values():
        assert target == pytest.approx(declared, abs=1e-6)
        assert weighted == pytest.approx(target, abs=1e-4)


def test_weights_restore_pairs_too_and_not_only_margins() -> None:
    rows = Counter[tuple[str, str]]()
    made = stressed().design(6000)
    for scenario in made:
        rows[scenario.levels["account"], scenario.levels["mood"]] += scenario.weight  # type: ignore[assignment]
    for account, one in (("normal", 0.95), ("closed", 0.03), ("fraud", 0.02)):
        for mood, two in (("calm", 0.8), ("angry", 0.2)):
            assert rows[account, mood] / 6000 == pytest.approx(one * two, abs=0.006)
    together = sum(s.weight for s in made if s.levels["account"] == "closed" and s.levels["intent"] == "leave")
    assert together / 6000 == pytest.approx(0.03, abs=0.002)


def test_scenarios_with_two_rare_levels_are_weighed_by_both_quotas() -> None:
    rare = Factor(levels={"no": Level(weight=0.9), "yes": Level(weight=0.1, rare=True, quota=2000)})
    made = Declared({"a": rare, "b": rare, "c": factor("p", "q")}, []).design(6000)
    both = [scenario.weight for scenario in made if {scenario.levels["a"], scenario.levels["b"]} == {"yes"}]
    assert len(both) > 300
    assert sum(both) / 6000 == pytest.approx(0.01, abs=0.002)


def test_the_target_keeps_declared_shares_where_rules_allow() -> None:
    factors = {"intent": factor(a=1, b=1, c=1, d=1), "account": factor(normal=0.9, deceased=0.1)}
    made = Declared(factors, [Constraint(require="account != 'deceased' or intent == 'a'")]).design(4000)
    for declared, target, _ in shares(made).values():
        assert target == pytest.approx(declared, abs=1e-6)
    rows = [scenario.levels for scenario in made if scenario.drawn == "free"]
    share = sum(row["account"] == "deceased" for row in rows) / len(rows)
    assert share == pytest.approx(0.1, abs=0.03)


def test_where_rules_make_shares_unattainable_declared_weights_are_cut_to_what_is_allowed() -> None:
    factors = {"a": factor(x=0.7, y=0.3), "b": factor(x=0.7, y=0.3), "free": factor(p=0.6, q=0.4)}
    declared = Declared(factors, [Constraint(forbid="a == 'x' and b == 'x'")])
    made = declared.design(500)
    target = _conditioned(declared)
    for (name, level), (_, share, _) in shares(made).items():
        assert share == pytest.approx(sum(p for row, p in target if row[name] == level), abs=1e-9)
    assert shares(made)["a", "x"][1] == pytest.approx(0.21 / 0.51)
    assert shares(made)["free", "p"][1] == pytest.approx(0.6)


def _conditioned(declared: Declared) -> list[tuple[Levels, float]]:
    rows = list(allowed(declared))
    masses = [math.prod(declared.factors[n].levels[level].weight for n, level in row.items()) for row in rows]
    return [(row, mass / sum(masses)) for row, mass in zip(rows, masses, strict=True)]


def test_shares_of_a_factor_that_applies_sometimes_are_among_those_where_it_applies() -> None:
    made = stressed().design(1000)
    declared, target, weighted = shares(made)["outage", "partial"]
    assert (declared, target) == (pytest.approx(0.1), pytest.approx(0.1))
    active = [scenario for scenario in made if "outage" in scenario.levels]
    partial = sum(scenario.weight for scenario in active if scenario.levels["outage"] == "partial")
    assert weighted == pytest.approx(partial / sum(scenario.weight for scenario in active), abs=1e-4)


def test_the_effective_sample_size_is_kishs_and_falls_with_stress() -> None:
    made = stressed().design(1000)
    weights = [scenario.weight for scenario in made]
    kish = sum(weights) ** 2 / sum(weight * weight for weight in weights)
    assert made.effective_sample_size == pytest.approx(kish, rel=1e-4)
    even = Declared({"a": factor("x", "y"), "b": factor("x", "y")}, []).design(1000)
    assert made.effective_sample_size < 800 < 990 < even.effective_sample_size <= 1000


def test_levels_of_weight_0_are_covered_but_never_drawn_and_weigh_nothing() -> None:
    factors = {"a": factor(x=1, never=0), "b": factor("p", "q", "r")}
    made = list(Declared(factors, []).design(300))
    stress = [scenario for scenario in made if scenario.levels["a"] == "never"]
    assert {scenario.levels["b"] for scenario in stress} == {"p", "q", "r"}
    assert {scenario.drawn for scenario in stress} == {"cover"}
    assert {scenario.weight for scenario in stress} == {0.0}


def test_a_level_of_weight_0_may_have_a_quota() -> None:
    factors = {"a": Factor(levels={"x": Level(), "y": Level(weight=0, quota=9, rare=True)}), "b": factor("p", "q")}
    made = list(Declared(factors, []).design(100))
    assert sum(scenario.levels["a"] == "y" for scenario in made) == 9


def test_a_design_in_which_only_weight_0_is_left_is_refused() -> None:
    factors = {"a": factor(x=1, y=0), "b": factor("p", "q")}
    with pytest.raises(DesignError, match="every allowed combination has a level of weight 0"):
        Declared(factors, [Constraint(forbid="a == 'x'")]).design(10)


def test_very_large_designs_are_weighed_by_a_part_of_their_rows() -> None:
    made = stressed().design(60_000)
    weights = made.weights
    assert weights.mean() == pytest.approx(1, abs=0.01)
    fraud = [k for k in range(60_000) if k < 400 or k % 50 == 0]
    assert weights[fraud].tolist() == [made.scenario(k).weight for k in fraud]
