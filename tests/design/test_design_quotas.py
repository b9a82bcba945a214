"""What a design promises about numbers: quotas, the order of rows, and what a small count still gives."""

from __future__ import annotations

import itertools

import pytest
from brute_force import Declared, allowed, declared_designs, factor, tuples
from hypothesis import given, settings
from hypothesis import strategies as st

from turnwright.design import DesignSettings, Group, cover, design
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.errors import DesignError


def with_quota(declared: Declared, quota: int) -> Declared:
    """Give the last level of every factor a quota."""
    factors = {}
    for name, one in declared.factors.items():
        last = list(one.levels)[-1]
        levels = one.levels | {last: Level(weight=one.levels[last].weight, rare=True, quota=quota)}
        factors[name] = Factor(levels=levels, when=one.when)
    return Declared(factors, declared.constraints)


@settings(max_examples=60, deadline=None)
@given(declared_designs(), st.integers(1, 8), st.integers(1, 60))
def test_quotas_are_met_or_the_least_count_that_meets_them_is_said(declared: Declared, quota: int, count: int) -> None:
    declared = with_quota(declared, quota)
    rows = list(allowed(declared))
    rare = {name: list(one.levels)[-1] for name, one in declared.factors.items()}
    if not all(any(row.get(name) == level for row in rows) for name, level in rare.items()):
        return
    try:
        made = declared.design(count)
    except DesignError as error:
        least = int(error.fix.split()[2].replace(",", ""))
        assert least > count
        made = declared.design(least)
        with pytest.raises(DesignError, match="need at least"):
            declared.design(least - 1)
    scenarios = list(made)
    assert len(scenarios) == len(made)
    for name, level in rare.items():
        assert sum(scenario.levels.get(name) == level for scenario in scenarios) >= quota


def test_an_impossible_quota_names_the_rule_that_forbids_it() -> None:
    declared = with_quota(Declared({"a": factor("x", "y"), "b": factor("x", "y")}, []), 3)
    declared.constraints.append(Constraint(forbid="a == 'y'", why="y is sold out"))
    with pytest.raises(DesignError) as caught:
        declared.design(100)
    assert str(caught.value).startswith("factor 'a': level 'y' has a quota of 3 but can never occur")
    assert "forbid a == 'y' (y is sold out)" in str(caught.value)


def test_covering_rows_come_first_then_quota_rows_then_free_draws() -> None:
    factors = {"a": factor(x=0.98, y=0.02), "b": factor("x", "y", "z"), "c": factor("x", "y")}
    made = with_quota(Declared(factors, []), 40).design(300)
    kinds = [scenario.drawn for scenario in made]
    assert [kind for kind, _ in itertools.groupby(kinds)] == ["cover", "quota", "free"]
    assert {kind: kinds.count(kind) for kind in ("cover", "quota", "free")} == made.drawn
    assert [scenario.ordinal for scenario in made] == list(range(300))


def test_quota_rows_take_turns_between_the_levels() -> None:
    factors = {"a": Factor(levels={"n": Level(weight=98), **{k: Level(quota=20, rare=True) for k in "xyz"}})}
    made = Declared(factors, []).design(70)
    drawn = [scenario.levels["a"] for scenario in made if scenario.drawn == "quota"]
    assert set(drawn[:3]) == set(drawn[3:6]) == {"x", "y", "z"}


def test_a_count_below_the_covering_array_keeps_the_rows_that_cover_most() -> None:
    factors = {f"f{i}": factor("p", "q", "r", "s") for i in range(6)}
    whole = Declared(factors, []).design(200)
    rows = [scenario.levels for scenario in whole if scenario.drawn == "cover"]
    gains = [len(tuples(rows[: n + 1], 2)) - len(tuples(rows[:n], 2)) for n in range(len(rows))]
    assert gains[0] == 15 and gains == sorted(gains, reverse=True) and gains[-1] > 0
    small = Declared(factors, []).design(10)
    assert [scenario.levels for scenario in small] == rows[:10]
    (group,) = small.coverage.groups
    assert group.covered == sum(gains[:10]) < group.possible == 240
    assert group.share == group.covered / 240
    assert group.missing and not any(one.items() <= row.items() for one in group.missing for row in rows[:10])


def test_quotas_come_before_coverage() -> None:
    factors = {f"f{i}": factor("p", "q", "r", "s") for i in range(5)}
    factors["rare"] = Factor(levels={"no": Level(weight=99), "yes": Level(weight=1, rare=True, quota=12)})
    made = Declared(factors, []).design(14)
    assert sum(scenario.levels["rare"] == "yes" for scenario in made) >= 12
    assert made.coverage.share < 1


def test_a_rare_share_scales_quotas_down_but_never_below_one() -> None:
    rare = {f"r{i}": Level(weight=1, rare=True, quota=quota) for i, quota in enumerate((30, 9, 1))}
    levels = {"no": Level(weight=90), **rare}
    made = Declared({"a": Factor(levels=levels)}, []).design(20, rare_share=0.5)
    assert {share.level: share.quota for share in made.shares} == {"no": 0, "r0": 7, "r1": 2, "r2": 1}
    assert len(list(made)) == 20
    with pytest.raises(DesignError, match="need at least 40"):
        Declared({"a": Factor(levels=levels)}, []).design(20)


def test_samples_repeat_the_covering_array_with_other_personas_and_seeds() -> None:
    factors = {name: factor("x", "y", "z") for name in "abc"}
    size = Declared(factors, []).design(100).drawn["cover"]
    made = list(Declared(factors, []).design(100, samples=2))
    first, again = made[:size], made[size : 2 * size]
    assert [one.levels for one in first] == [one.levels for one in again]
    assert not {one.seed for one in first} & {one.seed for one in again}


def test_coverage_of_some_scenarios_can_be_asked_for() -> None:
    made = Declared({name: factor("x", "y") for name in "abc"}, []).design(50)
    assert made.coverage_of([]).share == 0
    assert made.coverage_of([{"a": "x", "b": "x", "c": "x"}]).rows() == [("all factors", 2, 3, 12, 0.25, 0)]
    assert made.coverage_of([{"a": "x", "b": "x"}]).covered == 1
    with pytest.raises(DesignError, match="'z' is not a level of factor 'a'"):
        made.coverage_of([{"a": "z"}])


@pytest.mark.parametrize("limit", [{"EVALUATIONS": 0}, {"EVALUATIONS": 300}, {"TUPLES": 0}])
def test_coverage_is_full_however_little_covertable_may_do(
    limit: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(cover, name, value)
    factors = {f"f{i}": factor("p", "q", "r") for i in range(6)}
    factors["g"] = factor("p", "q", when="f0 == 'p'")
    rules = [Constraint(forbid=f"f{i} == 'p' and f{i + 1} == 'q'") for i in range(5)]
    made = Declared(factors, rules).design(200, groups=[Group(factors=["f0", "f1", "g"], strength=3)])
    assert made.coverage.share == 1.0


def test_a_group_may_ask_for_less_than_the_rest() -> None:
    factors = {name: factor("x", "y", "z") for name in "abcd"}
    made = design(
        DesignSettings(groups=[Group(factors=["a", "b"], strength=1)]), factors, [], domain="d@1", seed=1, count=60
    )
    rows = made.coverage.rows()
    assert [(row[0], row[1], row[3]) for row in rows] == [("all factors", 2, 45), ("a, b", 1, 6)]
    assert made.coverage.share == 1.0
