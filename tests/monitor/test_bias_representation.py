"""Who is in a set, against who was declared to be; and which way rounds drift."""

from __future__ import annotations

import numpy as np
import pytest

from turnwright.errors import InputError
from turnwright.monitor.bias import Member, amplification, representation

stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: measure)")


def members(*groups: tuple[str, int], attribute: str = "gender") -> list[Member]:
    return [Member(levels={attribute: level}) for level, count in groups for _ in range(count)]


def test_representation_is_tested_by_chi_square_against_the_declared_shares() -> None:
    one = representation(members(("a", 60), ("b", 25), ("c", 15)), {"gender": {"a": 5, "b": 3, "c": 2}})[0]
    expected = stats.chisquare([60, 25, 15], [50, 30, 20])
    assert (one.how, one.statistic, one.p) == (
        "chi-square",
        pytest.approx(expected.statistic),
        pytest.approx(expected.pvalue),
    )
    assert one.ratio == pytest.approx(20.5 / 15.5)


def test_small_cells_are_tested_by_drawing_sets_from_the_targets() -> None:
    one = representation(members(("a", 9), ("b", 3)), {"gender": {"a": 0.9, "b": 0.1}})[0]
    # with two levels Pearson's statistic orders the tables as the distance from the expected count does
    exact = sum(stats.binom.pmf(k, 12, 0.1) for k in range(13) if abs(k - 1.2) >= 1.8)
    assert one.how == "Monte Carlo"
    assert one.p == pytest.approx(exact, abs=0.01)


def test_the_p_of_representation_is_uniform_when_the_targets_hold() -> None:
    rng = np.random.default_rng(3)
    ps = []
    for _ in range(200):
        drawn = rng.multinomial(300, [0.5, 0.3, 0.2])
        one = representation(members(*zip("abc", drawn.tolist(), strict=True)), {"gender": {"a": 5, "b": 3, "c": 2}})[0]
        ps.append(one.p)
    assert stats.kstest(ps, "uniform").pvalue > 0.01


def test_the_largest_ratio_is_shown_beside_what_chance_alone_reaches() -> None:
    fair = representation(members(("a", 52), ("b", 48)), {"gender": {"a": 1, "b": 1}})[0]
    skewed = representation(members(("a", 80), ("b", 20)), {"gender": {"a": 1, "b": 1}})[0]
    assert fair.ratio < fair.by_chance < skewed.ratio
    assert skewed.low < skewed.ratio < skewed.high


def test_weights_count_and_make_the_set_worth_fewer_conversations() -> None:
    plain = members(("a", 80), ("b", 20))
    weighted = [Member(levels=one.levels, weight=0.25 if one.levels["gender"] == "a" else 1.0) for one in plain]
    one = representation(weighted, {"gender": {"a": 1, "b": 1}})[0]
    assert [row.share for row in one.rows] == pytest.approx([0.5, 0.5])
    assert one.p == pytest.approx(1.0)
    assert one.effective == pytest.approx(40**2 / (80 / 16 + 20))


def test_cells_of_two_attributes_below_the_minimum_are_named_and_put_together() -> None:
    rng = np.random.default_rng(4)
    set_ = [
        Member(levels={"g": "ab"[int(rng.random() < 0.5)], "h": "xy"[int(rng.random() < 0.05)]}) for _ in range(400)
    ]
    cells = representation(set_, {"g": {"a": 1, "b": 1}, "h": {"x": 0.95, "y": 0.05}}, least=30)[-1]
    assert cells.attribute == "g & h"
    assert cells.few == ("a & y", "b & y")
    assert cells.freedom == 2


def test_a_group_missing_where_two_attributes_meet_is_found_though_neither_shows_it() -> None:
    set_ = [Member(levels={"g": g, "h": h}) for g, h in ("ax", "by") for _ in range(100)]
    *single, cells = representation(set_, {"g": {"a": 1, "b": 1}, "h": {"x": 1, "y": 1}})
    assert [one.p for one in single] == [1.0, 1.0]
    assert cells.p is not None
    assert cells.p < 1e-6


def test_levels_that_nobody_declared_are_named() -> None:
    one = representation(members(("a", 40), ("b", 40), ("z", 7)), {"gender": {"a": 1, "b": 1}})[0]
    assert one.unknown == {"z": 7}
    assert one.n == 80


def test_a_set_that_does_not_tell_an_attribute_has_no_row_for_it() -> None:
    assert representation(members(("a", 10)), {"age": {"old": 1.0}}) == ()


def test_rounds_that_drift_to_the_teachers_own_level_are_told_from_steady_ones() -> None:
    drifting = [{"a": 500 - 40 * k, "b": 500 + 40 * k} for k in range(5)]
    one = amplification("gender", drifting, {"a": 1, "b": 1}, {"a": 1, "b": 9})[1]
    assert (one.to_target, one.to_teacher) == ("away", "towards")
    assert one.slope == pytest.approx(0.04, abs=0.001)
    rng = np.random.default_rng(5)
    steady = [dict(zip("ab", rng.multinomial(1000, [0.5, 0.5]).tolist(), strict=True)) for _ in range(5)]
    assert {each.to_target for each in amplification("gender", steady, {"a": 1, "b": 1})} == {"steady"}


def test_the_slopes_interval_covers_the_true_slope_as_often_as_it_says() -> None:
    rng, covered = np.random.default_rng(6), 0
    for _ in range(400):
        rounds = [{"a": k, "b": 300 - k} for k in (int(rng.binomial(300, 0.3 + 0.03 * r)) for r in range(6))]
        one = amplification("g", rounds)[0]
        covered += one.low <= 0.03 <= one.high
    assert 0.92 <= covered / 400 <= 0.98


def test_one_round_has_no_slope_and_an_empty_one_no_shares() -> None:
    with pytest.raises(InputError, match="has no slope"):
        amplification("gender", [{"a": 1.0}])
    with pytest.raises(InputError, match="without a conversation"):
        amplification("gender", [{"a": 1.0}, {}])
