"""The engine under the panel: draws, p-values, corrections, floors, intervals; against closed forms and scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from turnwright.monitor import LeftOut, Monitor, Sample, Statistic
from turnwright.monitor.correcting import (
    corrected,
    critical,
    distances,
    holm,
    p_value,
    scores,
    smallest,
    westfall_young,
)
from turnwright.monitor.permuting import (
    figure,
    floors,
    half_sampled,
    halved,
    interval,
    nulls,
    percentile,
    permuted,
    resampled,
)
from turnwright.monitor.sampling import effective, sample_of, thinned
from turnwright.monitor.statistic import Floats, Weights
from turnwright.reading import Example, Said
from turnwright.records.fidelity import Detail


@dataclass(frozen=True)
class Mean:
    """Difference of the mean of one number a conversation."""

    numbers: Floats
    n: tuple[int, int] = (0, 0)
    weighs: bool = True

    def values(self, real: Weights, other: Weights) -> Floats:
        sides = [(side @ self.numbers) / side.sum(axis=1) for side in (real, other)]
        return np.asarray(sides[1] - sides[0], np.float64)

    def levels(self, real: Weights, other: Weights) -> tuple[float, float] | None:
        return None

    def details(self, real: Weights, other: Weights) -> Sequence[Detail]:
        return ()


def examples(count: int, weights: Sequence[float] | None = None, name: str = "x") -> list[Example]:
    turns = (Said(role="user", text="hello"),)
    natural = weights or [None] * count
    return [Example(name=f"{name}{n}", task="t", turns=turns, natural=natural[n]) for n in range(count)]


def pool(real: int, other: int, most: int = 1000, seed: int = 0) -> Sample:
    return sample_of(examples(real), examples(other), most=most, seed=seed)


def prepared(_: Sample) -> Statistic | LeftOut:
    return LeftOut("made by the test")


HIGHER = Monitor(name="mean", family="f", title="t", means="m", prepare=prepared)
EITHER = Monitor(name="mean", family="f", title="t", means="m", prepare=prepared, worse="either")


# --- draws ----------------------------------------------------------------------------------------------------


def test_the_first_draw_is_the_observed_one_and_every_other_keeps_the_numbers() -> None:
    sample = pool(30, 20)
    chunks = list(permuted(sample, 50, 1))
    real, other = (np.concatenate(side) for side in zip(*chunks, strict=True))
    assert real.shape == (51, 50)
    assert (real[0] == (np.arange(50) < 30)).all()
    assert (real.sum(axis=1) == 30).all()
    assert (real + other == 1).all()
    assert len({row.tobytes() for row in real}) > 45


def test_permutations_keep_the_numbers_within_the_few_that_costly_monitors_see() -> None:
    sample = pool(40, 60, most=10)
    for real, other in permuted(sample, 30, 2):
        assert (real[:, sample.few].sum(axis=1) == 10).all()
        assert (other[:, sample.few].sum(axis=1) == 10).all()


def test_halves_are_of_the_reference_only_and_equally_large() -> None:
    sample = pool(21, 30)
    for first, second in halved(sample, 20, 3):
        assert (first.sum(axis=1) == 10).all()
        assert (second.sum(axis=1) == 10).all()
        assert not (first * second).any()
        assert not first[:, 21:].any()
        assert not second[:, 21:].any()


def test_resamples_draw_as_many_conversations_as_a_side_has() -> None:
    sample = pool(15, 25)
    for real, other in resampled(sample, 20, 4):
        assert (real.sum(axis=1) == 15).all()
        assert (other.sum(axis=1) == 25).all()
        assert real.max() > 1
    for real, other in half_sampled(sample, 20, 4):
        assert set(np.unique(real)) == {0, 1}
        assert (real.sum(axis=1) == 7).all()
        assert (other.sum(axis=1) == 12).all()


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    draws = [np.concatenate([real for real, _ in permuted(pool(20, 20), 10, seed)]) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


# --- p-values -------------------------------------------------------------------------------------------------


def test_p_counts_the_observed_draw_among_all_draws() -> None:
    assert p_value(np.array([3.0, 1, 2, 3, 4])) == pytest.approx(3 / 5)
    assert p_value(np.array([9.0] + [0.0] * 99)) == pytest.approx(1 / 100)


def test_p_is_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    found = []
    for repetition in range(200):
        sample = pool(12, 12, seed=repetition)
        tested = nulls({"mean": Mean(rng.gamma(0.5, size=24))}, sample, 99, repetition)["mean"]
        found.append(p_value(distances(tested, EITHER)))
    assert stats.kstest(found, stats.uniform(0.005, 1).cdf).pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) <= 0.09


def test_p_agrees_with_the_permutation_test_of_scipy() -> None:
    rng = np.random.default_rng(6)
    numbers = np.concatenate([rng.normal(0, 1, 40), rng.normal(0.4, 1, 40)])
    tested = nulls({"mean": Mean(numbers)}, pool(40, 40), 9999, 0)["mean"]
    theirs = stats.permutation_test(
        (numbers[40:], numbers[:40]), lambda a, b: a.mean() - b.mean(), alternative="greater", n_resamples=9999, rng=1
    )
    assert tested[0] == pytest.approx(theirs.statistic)
    assert p_value(distances(tested, HIGHER)) == pytest.approx(theirs.pvalue, abs=0.015)


# --- corrections ----------------------------------------------------------------------------------------------


def test_holm_is_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_one_figure_needs_no_correction() -> None:
    away = np.random.default_rng(7).normal(size=200)
    away[0] = 1.5
    assert westfall_young(scores(away)[:, None])[0] == pytest.approx(p_value(away))


def test_the_same_figure_many_times_costs_no_more_than_once() -> None:
    away = np.random.default_rng(8).normal(size=500)
    away[0] = 2.2
    alone = westfall_young(scores(away)[:, None])[0]
    assert westfall_young(np.repeat(scores(away)[:, None], 20, axis=1)) == pytest.approx([alone] * 20)


def test_independent_figures_cost_what_sidak_says() -> None:
    rng = np.random.default_rng(9)
    table = rng.normal(size=(20_000, 10))
    table[0] = [2.8] + [0.0] * 9
    expected = 1 - stats.norm.cdf(2.8) ** 10
    assert westfall_young(table)[0] == pytest.approx(expected, abs=0.004)


def test_step_down_is_never_above_single_step_and_never_out_of_order() -> None:
    rng = np.random.default_rng(10)
    table = rng.normal(size=(400, 6))
    table[0] = [3.0, 2.5, 2.0, 1.5, 1.0, 0.5]
    found = westfall_young(table)
    single = (table.max(axis=1)[:, None] >= table[0]).mean(axis=0)
    assert (np.diff(found) >= 0).all()
    assert (found <= single + 1e-12).all()
    assert found[1] < single[1]


def test_scores_are_normal_for_skewed_figures_too() -> None:
    rng = np.random.default_rng(11)
    for away in (rng.normal(size=4000), rng.gamma(2.0, size=4000), np.abs(rng.normal(size=4000))):
        found = scores(away)
        assert np.mean(found > stats.norm.ppf(0.99)) == pytest.approx(0.01, abs=0.006)
        assert np.mean(found > stats.norm.ppf(0.95)) == pytest.approx(0.05, abs=0.012)


def test_a_far_figure_is_found_among_many_with_few_draws() -> None:
    rng = np.random.default_rng(12)
    away = [rng.normal(size=200) for _ in range(40)]
    away[3][0] = 9.0
    adjusted = corrected(away, [False] * 39 + [True])
    assert adjusted[3] <= 0.02


def test_headlines_share_one_half_of_the_error_and_all_others_the_other() -> None:
    away = np.random.default_rng(13).normal(size=1000)
    away[0] = 2.6
    alone = corrected([away], [False])[0]
    halves = corrected([away, away.copy()], [True, False])
    assert halves == pytest.approx([2 * alone, 2 * alone])


def test_the_panel_gives_false_alarms_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(14)
    alarms = 0
    for repetition in range(300):
        numbers = rng.gamma(0.7, size=(30, 8)) + rng.normal(size=(30, 1))
        table = nulls({str(n): Mean(numbers[:, n]) for n in range(8)}, pool(15, 15), 99, repetition)
        away = [distances(one, EITHER) for one in table.values()]
        alarms += min(corrected(away, [True, True] + [False] * 6)) <= 0.05
    assert stats.binomtest(alarms, 300, 0.05, alternative="greater").pvalue > 0.01


def test_a_figure_that_never_varies_is_never_shown() -> None:
    still, other = np.zeros(100), np.random.default_rng(15).normal(size=100)
    assert corrected([still, other], [False, False])[0] == 1.0
    assert p_value(still) == 1.0


def test_draws_without_a_figure_count_as_least_far() -> None:
    values = np.array([1.0, np.nan, 2.0, 0.5])
    assert distances(values, HIGHER).tolist() == [1.0, 0.5, 2.0, 0.5]


# --- floors, intervals, smallest effects ------------------------------------------------------------------------


def test_the_floor_is_what_two_halves_of_the_reference_show() -> None:
    rng = np.random.default_rng(16)
    numbers = np.concatenate([rng.normal(0, 1, 200), rng.normal(5, 1, 50)])
    floor = floors({"mean": Mean(numbers, n=(200, 50))}, pool(200, 50), 400, 0)["mean"]
    assert floor.median == pytest.approx(0, abs=0.05)
    assert floor.high == pytest.approx(1.96 * np.sqrt(2 / 100) * numbers[:200].std(), rel=0.15)
    assert (floor.halves, floor.size) == (400, 100)


@pytest.mark.parametrize("weighs", [True, False])
def test_the_interval_is_the_textbook_one_for_a_difference_of_means(weighs: bool) -> None:
    rng = np.random.default_rng(17)
    numbers = np.concatenate([rng.normal(0, 1, 200), rng.normal(1, 2, 100)])
    found = interval(EITHER, Mean(numbers, weighs=weighs), pool(200, 100), level=0.99)
    assert found is not None
    error = np.sqrt(numbers[:200].var() / 200 + numbers[200:].var() / 100)
    assert found.error == pytest.approx(error, rel=0.15)
    assert found.high - found.value == pytest.approx(2.576 * found.error, rel=1e-3)


def test_the_normal_interval_agrees_with_the_percentile_one() -> None:
    rng = np.random.default_rng(18)
    statistic, sample = Mean(rng.gamma(3, size=400)), pool(200, 200)
    found = interval(EITHER, statistic, sample, level=0.9)
    assert found is not None
    low, high = percentile(statistic, sample, level=0.9, draws=2000, seed=1)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.06)


def test_a_figure_without_spread_has_no_interval() -> None:
    assert interval(EITHER, Mean(np.ones(20)), pool(10, 10)) is None


def test_the_smallest_effect_is_found_four_times_out_of_five() -> None:
    rng = np.random.default_rng(19)
    found, reach = 0, []
    for repetition in range(150):
        numbers = rng.normal(size=100)
        sample = pool(50, 50, seed=repetition)
        null = nulls({"mean": Mean(numbers)}, sample, 199, repetition)["mean"]
        bound = critical([distances(null, HIGHER)], [False], 0.05)[0]
        effect = smallest(null, HIGHER, bound=bound)
        assert effect is not None
        reach.append(effect)
        shifted = Mean(numbers + np.where(np.arange(100) < 50, 0, 2.4865 / 5))
        found += p_value(distances(nulls({"mean": shifted}, sample, 199, repetition)["mean"], HIGHER)) <= 0.05
    assert np.mean(reach) == pytest.approx((1.645 + 0.842) * np.sqrt(2 / 50), rel=0.08)
    assert found / 150 == pytest.approx(0.8, abs=0.09)


# --- the natural view -------------------------------------------------------------------------------------------


def test_the_natural_view_weighs_each_conversation_as_its_scenario() -> None:
    sample = sample_of(examples(3), examples(4, [0.5, 0.5, 1.0, 2.0]), view="natural")
    numbers = np.array([1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 40.0])
    expected = (0.5 * 10 + 0.5 * 20 + 30 + 2 * 40) / 4 - 2
    assert figure(Mean(numbers), sample) == pytest.approx(expected)
    stress = sample_of(examples(3), examples(4, [0.5, 0.5, 1.0, 2.0]), view="stress")
    assert figure(Mean(numbers), stress) == pytest.approx(25 - 2)


def test_tests_of_the_natural_view_look_at_a_draw_by_weight() -> None:
    synthetic = examples(4000, [1.0, 0.25] * 2000)
    inside = thinned(sample_of(examples(10), synthetic, view="natural", seed=3))
    assert inside[:10].all()
    assert inside[10::2].all()
    assert inside[11::2].mean() == pytest.approx(0.25, abs=0.03)


def test_p_is_uniform_in_the_natural_view_of_a_set_that_was_designed_unevenly() -> None:
    rng = np.random.default_rng(21)
    found = []
    for repetition in range(150):
        rare = rng.random(60) < 0.5  # people show it 1 time in 10, the design half of the time
        weights = np.where(rare, 0.1 / 0.5, 0.9 / 0.5).tolist()
        sample = sample_of(examples(40), examples(60, weights), view="natural", seed=repetition)
        numbers = np.concatenate([rng.random(40) < 0.1, rare]) + rng.normal(0, 0.1, 100)
        found.append(p_value(distances(nulls({"m": Mean(numbers)}, sample, 99, repetition)["m"], EITHER)))
    assert stats.kstest(found, stats.uniform(0.005, 1).cdf).pvalue > 0.01


def test_the_effective_number_is_that_of_kish() -> None:
    assert effective(np.ones(8)) == pytest.approx(8)
    assert effective(np.array([1.0, 0, 0])) == pytest.approx(1)
    assert effective(np.array([2.0, 1, 1])) == pytest.approx(16 / 6)
