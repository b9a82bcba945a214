import numpy as np
import pytest

from turnwright.errors import InputError
from turnwright.monitor.spending import reach, spent

ALPHA, LOOKS, RUNS, BATCH, HUMAN = 0.05, 50, 2_000, 100, 2_000


def accumulating_null() -> np.ndarray:
    """runs x looks: how many standard errors the figure lies above its true value, for means of skewed numbers that
    accumulate batch by batch beside one reference whose own error all looks share."""
    rng = np.random.default_rng(5)
    human = rng.exponential(size=(RUNS, HUMAN)).mean(axis=1, keepdims=True) - 1
    sums = np.cumsum(rng.gamma(BATCH, size=(RUNS, LOOKS)) - BATCH, axis=1)
    sizes = BATCH * np.arange(1, LOOKS + 1)
    return (sums / sizes - human) / np.sqrt(1 / sizes + 1 / HUMAN)


def test_over_fifty_looks_at_null_data_gates_that_spend_are_breached_in_at_most_alpha_of_runs():
    away = accumulating_null()
    bounds = np.array([reach(ALPHA, look) for look in range(1, LOOKS + 1)])
    for side in (away, -away):
        assert (side > bounds).any(axis=1).mean() <= ALPHA


def test_the_same_data_breach_far_more_often_where_every_look_takes_the_whole_error_rate():
    naive = (np.abs(accumulating_null()) > 1.96).any(axis=1).mean()
    assert naive > 4 * ALPHA


def test_all_looks_together_never_spend_more_than_alpha():
    parts = [spent(ALPHA, look) for look in range(1, 10_001)]
    assert 0.9999 * ALPHA < sum(parts) < ALPHA
    assert parts == sorted(parts, reverse=True)


def test_independent_batches_breach_in_at_most_alpha_of_runs_too():
    away = np.random.default_rng(6).normal(size=(RUNS, LOOKS))
    bounds = np.array([reach(ALPHA, look) for look in range(1, LOOKS + 1)])
    assert 0.5 * ALPHA < (away > bounds).any(axis=1).mean() <= ALPHA * 1.2  # the bound is nearly met: 2,000 runs


@pytest.mark.parametrize(("alpha", "look"), [(0.05, 0), (0.0, 1), (1.0, 1)])
def test_looks_are_counted_from_one_and_an_error_rate_lies_between_nought_and_one(alpha, look):
    with pytest.raises(InputError):
        spent(alpha, look)


def test_a_bound_can_be_told_after_a_million_looks():
    assert 7 < reach(ALPHA, 1_000_000) < 9
