"""Exact intervals against their definition, against SciPy, and against every total that there could be."""

from __future__ import annotations

from statistics import NormalDist

import pytest
from scipy.stats import beta, hypergeom

from turnwright.verify.calibration import exact, wilson


@pytest.mark.parametrize(("accepted", "labels"), [(0, 20), (20, 20), (19, 20), (7, 31), (150, 200)])
def test_in_a_large_set_the_exact_interval_is_that_of_clopper_and_pearson(accepted: int, labels: int) -> None:
    low, high = exact(accepted, labels, 3_000_000)
    expected_low = beta.ppf(0.025, accepted, labels - accepted + 1) if accepted else 0.0
    expected_high = beta.ppf(0.975, accepted + 1, labels - accepted) if accepted < labels else 1.0
    assert low == pytest.approx(expected_low, abs=2e-5)
    assert high == pytest.approx(expected_high, abs=2e-5)


@pytest.mark.parametrize(("labels", "size"), [(10, 30), (12, 50), (25, 40)])
def test_it_holds_exactly_the_totals_under_which_what_was_seen_is_not_too_rare(labels: int, size: int) -> None:
    for accepted in range(labels + 1):
        possible = [
            total
            for total in range(accepted, size - (labels - accepted) + 1)
            if hypergeom.sf(accepted - 1, size, total, labels) > 0.025
            and hypergeom.cdf(accepted, size, total, labels) > 0.025
        ]
        assert exact(accepted, labels, size) == (possible[0] / size, possible[-1] / size)


@pytest.mark.parametrize("size", [40, 97])
def test_it_covers_every_true_share_at_least_as_often_as_it_says(size: int) -> None:
    labels = 15
    for total in range(size + 1):
        covered = 0.0
        for accepted in range(max(0, labels - size + total), min(labels, total) + 1):
            low, high = exact(accepted, labels, size)
            covered += float(hypergeom.pmf(accepted, size, total, labels)) * (low <= total / size <= high)
        assert covered >= 0.95 - 1e-9


def test_when_everything_is_labelled_the_share_is_known() -> None:
    assert exact(30, 40, 40) == (0.75, 0.75)


def test_labels_that_are_all_alike_do_not_make_the_interval_a_point() -> None:
    low, high = exact(20, 20, 1000)
    assert high == 1
    assert 0.8 < low < 0.87


@pytest.mark.parametrize(("accepted", "labels", "size"), [(3, 2, 10), (1, 0, 10), (-1, 5, 10), (5, 11, 10), (0, 0, 9)])
def test_counts_that_do_not_fit_each_other_are_refused(accepted: int, labels: int, size: int) -> None:
    with pytest.raises(ValueError, match="labels"):
        exact(accepted, labels, size)


@pytest.mark.parametrize(("share", "labels"), [(0.1, 20.0), (0.5, 7.5), (0.97, 300.0)])
def test_the_ends_of_wilsons_interval_are_shares_whose_score_is_the_quantile(share: float, labels: float) -> None:
    z = NormalDist().inv_cdf(0.975)
    for end in wilson(share, labels):
        assert abs(share - end) / (end * (1 - end) / labels) ** 0.5 == pytest.approx(z)
