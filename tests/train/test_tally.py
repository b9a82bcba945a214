"""Scores and intervals against scikit-learn, scipy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score

from turnwright.train.tally import acts_of, calibration_of, drawn, estimate, p_value, ratio

KINDS = 7


@pytest.fixture
def answered() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Conversation, true and said act of 300 decisions; one act is only ever said, one only ever true."""
    random = np.random.default_rng(1)
    where = np.sort(random.integers(0, 40, 300))
    gold = random.integers(0, KINDS - 1, 300)
    said = np.where(random.random(300) < 0.6, gold, random.integers(1, KINDS, 300))
    return where, gold, np.where(said == 3, 4, said)


@pytest.mark.parametrize("average", ["weighted", "macro"])
def test_f1_is_scikit_learns(answered: tuple[np.ndarray, ...], average: str) -> None:
    where, gold, said = answered
    acts = acts_of(where, gold, said, 40, KINDS)
    whole = np.ones((1, 40))
    mine = acts.weighted_f1(whole) if average == "weighted" else acts.macro_f1(whole)
    assert mine[0] == pytest.approx(f1_score(gold, said, average=average, zero_division=0))
    assert acts.accuracy(whole)[0] == pytest.approx(accuracy_score(gold, said))


def test_f1_of_some_acts_is_scikit_learns(answered: tuple[np.ndarray, ...]) -> None:
    where, gold, said = answered
    only = np.isin(np.arange(KINDS), [1, 3, 5])
    mine = acts_of(where, gold, said, 40, KINDS).weighted_f1(np.ones((1, 40)), only)
    expected = f1_score(gold, said, labels=[1, 3, 5], average="weighted", zero_division=0)
    assert mine[0] == pytest.approx(expected)


def test_a_round_scores_what_scikit_learn_scores_on_the_conversations_that_were_drawn(
    answered: tuple[np.ndarray, ...],
) -> None:
    where, gold, said = answered
    weights = drawn(40, 5)
    acts = acts_of(where, gold, said, 40, KINDS)
    for each, weighted, macro in zip(weights, acts.weighted_f1(weights), acts.macro_f1(weights), strict=True):
        again = np.repeat(np.arange(300), each[where].astype(int))
        expected = f1_score(gold[again], said[again], average="weighted", zero_division=0)
        assert weighted == pytest.approx(expected)
        assert macro == pytest.approx(f1_score(gold[again], said[again], average="macro", zero_division=0))


def test_calibration_error_is_the_mean_gap_of_confidence_and_accuracy() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.5, 0.5])
    right = np.array([1, 1, 1, 0, 1, 0])
    error = calibration_of(np.zeros(6, dtype=int), confidence, right, 1).error(np.ones((1, 1)))
    assert error[0] == pytest.approx(4 / 6 * abs(0.95 - 0.75) + 2 / 6 * 0)


def test_every_draw_has_as_many_conversations_as_there_are() -> None:
    weights = drawn(33, 200)
    assert (weights.sum(axis=1) == 33).all()
    assert np.array_equal(weights, drawn(33, 200))
    assert not np.array_equal(weights, drawn(33, 200, seed=1))


def test_the_interval_of_a_mean_is_that_of_the_closed_form() -> None:
    """A share over conversations of one decision each: standard error sqrt(p (1 - p) / n)."""
    hits = np.repeat([1.0, 0.0], [120, 80])
    found = estimate(ratio(hits, np.ones(200)), 200, drawn(200, 4_000))
    half = stats.norm.ppf(0.975) * math.sqrt(0.6 * 0.4 / 200)
    assert found.value == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - half, abs=0.01)
    assert found.high == pytest.approx(0.6 + half, abs=0.01)


def test_turns_that_are_alike_widen_the_interval() -> None:
    """Ten equal decisions a conversation know no more than one."""
    hits = np.repeat([1.0, 0.0], [30, 20])
    weights = drawn(50, 2_000)
    one = estimate(ratio(hits, np.ones(50)), 50, weights)
    ten = estimate(ratio(10 * hits, np.full(50, 10.0)), 50, weights)
    assert (ten.low, ten.high) == (one.low, one.high)
    apart = estimate(ratio(np.repeat(hits, 10), np.ones(500)), 500, drawn(500, 2_000))
    assert ten.high - ten.low > 2.5 * (apart.high - apart.low)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        rate = random.beta(6, 4, 80)  # conversations differ; their mean is 0.6
        sizes = random.integers(3, 12, 80)
        found = estimate(ratio(random.binomial(sizes, rate), sizes), 80, drawn(80, 400))
        covered += found.low <= 0.6 <= found.high
    low, high = stats.binom.interval(0.999, 300, 0.95)
    assert low - 6 <= covered <= high


def test_p_values_are_uniform_where_two_students_are_equally_good() -> None:
    random = np.random.default_rng(3)
    weights = drawn(100, 500)
    found = []
    for _ in range(400):
        hits = random.binomial(8, random.beta(3, 2, 100)[:, None] * np.ones(2))
        found.append(p_value(ratio(hits[:, 0] - hits[:, 1], np.full(100, 8.0))(weights)))
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.09


def test_a_real_difference_has_a_small_p_value() -> None:
    random = np.random.default_rng(3)
    better, worse = random.binomial(8, 0.7, 200), random.binomial(8, 0.55, 200)
    assert p_value(ratio(better - worse, np.full(200, 8.0))(drawn(200, 1_000))) < 0.01


def test_nothing_to_score_is_not_a_number() -> None:
    acts = acts_of(np.array([], dtype=int), np.array([], dtype=int), np.array([], dtype=int), 3, 2)
    assert np.isnan(acts.weighted_f1(np.ones((1, 3)))[0])
    assert np.isnan(estimate(acts.accuracy, 0, drawn(3, 4)).value)
