"""What a design promises about its rules: they hold, and what they forbid is said."""

from __future__ import annotations

import itertools

import pytest
from brute_force import Declared, Levels, allowed, declared_designs, factor, holds, tuples
from hypothesis import given, settings

from turnwright.design import DesignSettings, Group, design
from turnwright.design import diagram as diagram_module
from turnwright.domains.declaration import Constraint, Factor, Level
from turnwright.errors import DesignError

QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(declared_designs())
def test_no_scenario_breaks_a_constraint_or_has_a_factor_that_does_not_apply(declared: Declared) -> None:
    possible = list(allowed(declared))
    if not possible:
        return
    for scenario in declared.design(60):
        assert scenario.levels in possible


@QUICK
@given(declared_designs())
def test_a_design_is_refused_exactly_when_no_combination_is_possible(declared: Declared) -> None:
    if next(allowed(declared), None) is not None:
        declared.design(1)
        return
    with pytest.raises(DesignError, match="no combination of levels is possible"):
        declared.design(1)


@QUICK
@given(declared_designs())
def test_every_possible_pair_is_covered_and_every_impossible_one_counted(declared: Declared) -> None:
    possible = tuples(list(allowed(declared)), 2)
    if not possible:
        return
    made = declared.design(400)
    assert tuples([scenario.levels for scenario in made], 2) == possible
    every = {
        frozenset([(one, a), (two, b)])
        for one, two in itertools.combinations(declared.factors, 2)
        for a in declared.factors[one].levels
        for b in declared.factors[two].levels
    }
    (group,) = made.coverage.groups
    assert (group.covered, group.possible, group.impossible) == (len(possible), len(possible), len(every - possible))


@QUICK
@given(declared_designs())
def test_groups_are_covered_at_their_own_strength(declared: Declared) -> None:
    rows = list(allowed(declared))
    if not rows or len(declared.factors) < 3:
        return
    group = list(declared.factors)[:3]
    made = declared.design(600, groups=[Group(factors=group, strength=3)])
    shown = [{name: scenario.levels[name] for name in group if name in scenario.levels} for scenario in made]
    assert tuples(shown, 3) == tuples([{n: row[n] for n in group if n in row} for row in rows], 3)
    assert made.coverage.share == 1.0


@QUICK
@given(declared_designs())
def test_the_rules_named_for_an_impossible_combination_are_enough_and_all_needed(declared: Declared) -> None:
    declared = Declared({n: Factor(levels=f.levels) for n, f in declared.factors.items()}, declared.constraints)
    if next(allowed(declared), None) is None:
        return
    by_text = {rule.text: rule for rule in declared.constraints}
    for one in declared.design(1).coverage.impossible:
        rules = [by_text[reason] for reason in one.reasons]
        assert not _occurs(declared, rules, one.levels)
        for rule in rules:
            assert _occurs(declared, [other for other in rules if other is not rule], one.levels)


def _occurs(declared: Declared, rules: list[Constraint], levels: Levels) -> bool:
    return any(levels.items() <= row.items() for row in allowed(declared, rules))


def test_an_unsatisfiable_design_names_a_minimal_set_of_rules() -> None:
    rules = [
        Constraint(forbid="a == 'x' and b == 'x'"),
        Constraint(require="a == 'x'", why="only x is sold"),
        Constraint(forbid="c == 'x'"),
        Constraint(require="b == 'x' or c == 'x'"),
    ]
    declared = Declared({name: factor("x", "y") for name in "abc"}, rules)
    with pytest.raises(DesignError) as caught:
        declared.design(10)
    message = str(caught.value)
    assert "these 4 rules cannot hold together" in message and "only x is sold" in message
    for rule in rules:
        fewer = [other for other in rules if other is not rule]
        assert len(Declared(declared.factors, fewer).design(10)) == 10


def test_a_rule_that_can_never_hold_is_named_alone() -> None:
    declared = Declared({"a": factor("x", "y"), "b": factor("x", "y")}, [Constraint(forbid="a in ['x', 'y']")])
    with pytest.raises(DesignError, match="one rule can never hold"):
        declared.design(10)


def test_a_cycle_of_when_is_named() -> None:
    factors = {
        "a": factor("x", when="c == 'x'"),
        "b": factor("x", when="a == 'x'"),
        "c": factor("x", when="b == 'x'"),
        "d": factor("x", "y"),
    }
    with pytest.raises(DesignError, match="a → c → b → a"):
        Declared(factors, []).design(10)
    with pytest.raises(DesignError, match="a → a"):
        Declared({"a": factor("x", when="a == 'x'")}, []).design(10)


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ({"forbid": "moood == 'angry'"}, "'moood' is not a factor (did you mean 'mood'?)"),
        ({"forbid": "mood == 'angri'"}, "'angri' is not a level of factor 'mood' (did you mean 'angry'?)"),
        ({"require": "mood in ['calm', 'angri']"}, "'angri' is not a level of factor 'mood'"),
        ({"forbid": "mood == 5"}, "5 is not a level of factor 'mood'"),
        ({"forbid": "int(mood) > 5"}, "cannot be worked out"),
        ({"forbid": "rude(mood)"}, "unknown function 'rude'"),
    ],
)
def test_a_constraint_with_an_unknown_name_or_level_is_refused_with_the_nearest(
    constraint: dict[str, str], message: str
) -> None:
    factors = {"mood": factor("calm", "angry"), "tone": factor("x", "y")}
    with pytest.raises(DesignError) as caught:
        Declared(factors, []).design(10, constraints=[constraint])
    assert message in str(caught.value)
    assert next(iter(constraint.values())) in str(caught.value)


def test_a_when_with_an_unknown_name_is_refused() -> None:
    with pytest.raises(DesignError, match=r"factor 'tone', when 'mod == 'x'': 'mod' is not a factor \(did you mean"):
        Declared({"mood": factor("x"), "tone": factor("y", when="mod == 'x'")}, []).design(10)


def test_a_factor_that_does_not_apply_is_null_in_constraints() -> None:
    factors = {"a": factor("x", "y"), "b": factor("p", "q", when="a == 'x'")}
    made = Declared(factors, [Constraint(require="b == null or b == 'p'")]).design(50)
    assert {tuple(scenario.levels.items()) for scenario in made} == {(("a", "x"), ("b", "p")), (("a", "y"),)}


def test_what_applies_only_sometimes_is_explained_by_its_when() -> None:
    made = Declared({"a": factor("x", "y"), "b": factor("p", when="a == 'x'")}, []).design(50)
    (one,) = made.coverage.impossible
    assert one.levels == {"a": "y", "b": "p"}
    assert one.reasons == ("'b' applies only when a == 'x'",)
    assert made.coverage.impossible_rows() == [("'b' applies only when a == 'x'", 1, "a=y & b=p")]


def test_a_pair_forbidden_by_two_rules_together_names_both() -> None:
    rules = [Constraint(require="a != 'x' or b == 'x'"), Constraint(require="b != 'x' or c == 'x'")]
    made = Declared({name: factor("x", "y") for name in "abc"}, rules).design(50)
    reasons = {tuple(one.levels.items()): one.reasons for one in made.coverage.impossible}
    assert reasons[("a", "x"), ("c", "y")] == tuple(rule.text for rule in rules)
    assert reasons[("a", "x"), ("b", "y")] == (rules[0].text,)


def test_a_level_that_never_occurs_is_listed_once_and_not_with_every_partner() -> None:
    factors = {name: factor("x", "y", "z") for name in "abc"}
    made = Declared(factors, [Constraint(forbid="a == 'z'")]).design(50)
    assert [one.levels for one in made.coverage.impossible] == [{"a": "z"}]
    assert made.coverage.groups[0].impossible == 6


def test_a_constraint_over_too_many_combinations_is_refused() -> None:
    factors = {f"f{i}": factor(*"abcdefgh") for i in range(6)}
    rule = Constraint(forbid=" and ".join(f"{name} == 'a'" for name in factors))
    with pytest.raises(DesignError, match="ranges over 262,144 combinations of 6 factors"):
        Declared(factors, [rule]).design(10)


def test_rules_that_are_too_tangled_to_work_out_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram_module, "WIDEST", 10)
    factors = {f"f{i}": factor(*"abcdef") for i in range(6)}
    rules = [Constraint(forbid=f"{a} == {b}") for a, b in itertools.combinations(factors, 2)]
    with pytest.raises(DesignError, match="the rules tie too many factors together"):
        Declared(factors, rules).design(10)


def test_a_strength_that_asks_for_too_much_is_refused() -> None:
    factors = {f"f{i}": factor(*"abcdefgh") for i in range(14)}
    with pytest.raises(DesignError, match=r"strength 5 over 14 factors asks for 65,601,536 combinations"):
        Declared(factors, []).design(10, strength=5)


def test_twenty_factors_of_eight_levels_with_forty_rules_can_be_designed() -> None:
    factors = {f"f{i}": factor(*"abcdefgh") for i in range(20)}
    pairs = list(itertools.combinations(factors, 2))[::5][:35]
    rules = [Constraint(forbid=f"{a} == '{'abcdefgh'[i % 8]}' and {b} in ['a', 'c']") for i, (a, b) in enumerate(pairs)]
    rules += [Constraint(forbid=f"f{i} == 'a' and f{i + 1} == 'b' and f{i + 2} == 'c'") for i in range(5)]
    made = Declared(factors, rules).design(300)
    assert made.coverage.share == 1.0
    assert all(holds(rule, scenario.levels) for scenario in made for rule in rules)


def test_the_intent_factor_is_made_from_the_domains_intents() -> None:
    made = design(
        DesignSettings(), {"mood": factor("calm")}, [], domain="d@1", seed=1, count=30, intents=["buy", "return"]
    )
    assert list(made.factors) == ["intent", "mood"]
    assert {scenario.levels["intent"] for scenario in made} == {"buy", "return"}


def test_a_declared_intent_that_the_domain_does_not_have_is_refused() -> None:
    spec = DesignSettings(factors={"intent": {"by": 1}})
    with pytest.raises(DesignError, match=r"level 'by' is not an intent of the domain \(did you mean 'buy'\?\)"):
        design(spec, {}, [], domain="d@1", seed=1, count=30, intents=["buy", "return"])


def test_the_spec_replaces_and_drops_factors_without_breaking_the_domains_rules() -> None:
    standard = {"mood": factor("calm", "angry"), "fault": factor("none", "slow")}
    domain = {"tone": factor("x", "y", when="fault == 'slow'")}
    rules = [
        Constraint(forbid="mood == 'angry' and tone == 'x'"),
        Constraint(require="fault == 'slow'"),
        Constraint(forbid="mood == 'calm'"),
    ]
    spec = DesignSettings(factors={"mood": {"calm": 1, "glad": 1}}, drop=["fault"])
    made = design(spec, domain, rules, domain="d@1", seed=1, count=20, standard_factors=standard)
    assert {tuple(scenario.levels.items()) for scenario in made} == {(("mood", "glad"),)}


def test_dropping_what_is_not_there_is_refused() -> None:
    with pytest.raises(DesignError, match=r"design.drop: 'modd' is not a factor \(did you mean 'mood'\?\)"):
        Declared({"mood": factor("x")}, []).design(10, drop=["modd"])


def test_a_group_of_an_unknown_factor_is_refused() -> None:
    with pytest.raises(DesignError, match=r"group 1: 'modd' is not a factor"):
        Declared({"mood": factor("x", "y")}, []).design(10, groups=[Group(factors=["modd"], strength=1)])


def test_a_design_without_factors_or_scenarios_is_refused() -> None:
    with pytest.raises(DesignError, match="no factor"):
        Declared({}, []).design(10)
    with pytest.raises(DesignError, match="at least 1"):
        Declared({"a": factor("x")}, []).design(0)


def test_a_rare_level_needs_a_quota() -> None:
    factors = {"a": Factor(levels={"x": Level(), "y": Level(rare=True)})}
    with pytest.raises(DesignError, match="level 'y' is rare but has no quota"):
        Declared(factors, []).design(10)
