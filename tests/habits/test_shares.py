"""Shares from few observations: exact bounds, honest coverage, a prior that gives way."""

from __future__ import annotations

import pytest

from turnwright.habits import Prior, share
from turnwright.habits.shares import bounds
from turnwright.records import seeded


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [  # closed forms: Beta(1, 1) is even, Beta(1, b) has the quantile 1 - (1 - p)^(1/b), Beta(a, 1) has p^(1/a)
        (1, 1, 0.025, 0.975),
        (1, 8, 1 - 0.975 ** (1 / 8), 1 - 0.025 ** (1 / 8)),
        (40, 1, 0.025 ** (1 / 40), 0.975 ** (1 / 40)),
        (0.5, 0.5, 0.0015413, 0.9984587),
    ],
)
def test_an_interval_has_the_bounds_of_its_beta_distribution(a: float, b: float, low: float, high: float) -> None:
    assert bounds(a, b) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("n", [24, 240])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6, 0.9])
def test_intervals_cover_the_planted_rate_as_often_as_they_say(n: int, rate: float) -> None:
    prior = Prior(mean=0.5, strength=2)
    covered = 0
    for number in range(300):
        rng = seeded("coverage", n, rate, number)
        found = share([float(rng.random() < rate) for _ in range(n)], prior)
        covered += found.low <= rate <= found.high
    assert covered >= 0.91 * 300


def test_a_prior_holds_few_observations_back_and_gives_way_to_many() -> None:
    prior = Prior(mean=0.2, strength=2)
    assert share([1.0], prior).value < 0.5
    assert share([1.0] * 200, prior).value > 0.98
    assert share([], prior).value == pytest.approx(0.2)


def test_a_share_is_never_certain_even_if_the_prior_is() -> None:
    found = share([0.0] * 24, Prior(mean=0.0, strength=2))
    assert 0 < found.value < 0.05
    assert found.high > found.value


def test_the_range_without_one_is_what_leaving_each_one_out_gives() -> None:
    seen, prior = [1.0, 0.0, 0.0, 0.5], Prior(mean=0.3, strength=2)
    values = [share(seen[:place] + seen[place + 1 :], prior).value for place in range(len(seen))]
    assert share(seen, prior).without_one == pytest.approx((min(values), max(values)))
