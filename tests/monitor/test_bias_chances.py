"""The closed forms of the audit against scipy's."""

from __future__ import annotations

import pytest

from turnwright.monitor.bias.chances import chi_square_above, coin_two_sided, holm, t_above, t_quantile

stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: measure)")


@pytest.mark.parametrize("value", [0.01, 0.8, 3.0, 11.0, 60.0])
@pytest.mark.parametrize("freedom", [1, 2, 7, 40])
def test_chi_square_is_that_of_scipy(value: float, freedom: int) -> None:
    assert chi_square_above(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-9)


@pytest.mark.parametrize("value", [-4.0, -0.3, 0.0, 0.7, 2.1, 9.0])
@pytest.mark.parametrize("freedom", [1, 3, 29, 400])
def test_students_t_is_that_of_scipy(value: float, freedom: int) -> None:
    assert t_above(value, freedom) == pytest.approx(stats.t.sf(value, freedom), rel=1e-9)


@pytest.mark.parametrize("chance", [0.005, 0.4, 0.975])
def test_quantiles_of_t_are_those_of_scipy(chance: float) -> None:
    assert t_quantile(chance, 11) == pytest.approx(stats.t.ppf(chance, 11), abs=1e-9)


@pytest.mark.parametrize(("heads", "throws"), [(0, 0), (0, 5), (3, 20), (10, 20), (31, 45), (900, 2000)])
def test_mcnemars_exact_p_is_the_binomial_one_of_scipy(heads: int, throws: int) -> None:
    expected = stats.binomtest(heads, throws).pvalue if throws else 1.0
    assert coin_two_sided(heads, throws) == pytest.approx(expected, rel=1e-9)


def test_holm_steps_down_and_never_falls() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
