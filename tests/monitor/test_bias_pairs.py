"""Two versions of one conversation: what is shown, what is ruled out, and what cannot be told."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from bias_cases import counts, refusals

from turnwright.monitor.bias import Group, paired
from turnwright.monitor.bias.equal import share_equal
from turnwright.monitor.bias.paired import flipped

stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: measure)")
AUDITS = 40


def rng(*parts: int) -> np.random.Generator:
    return np.random.default_rng(parts)


def found(groups: list[Group]) -> bool:
    return any(one.answer in ("different", "small") for one in paired(groups, measures=("refused",)))


def test_a_teacher_that_refuses_one_group_15_percent_more_often_is_found_at_200_pairs() -> None:
    audits = [found([refusals(200, rng(1, k), base=0.05, more=0.15)]) for k in range(AUDITS)]
    apart = [found([refusals(200, rng(2, k), base=0.05, more=0.15, apart=True)]) for k in range(AUDITS)]
    assert sum(audits) >= 0.9 * AUDITS
    assert sum(apart) >= 0.9 * AUDITS


def test_a_fair_teacher_is_accused_no_more_often_than_the_error_rate_whatever_the_number_of_swaps() -> None:
    groups = [
        [refusals(200, rng(3, audit, swap), base=0.2, apart=True) for swap in range(6)] for audit in range(2 * AUDITS)
    ]
    assert sum(map(found, groups)) <= 0.1 * 2 * AUDITS


def test_no_difference_shown_and_shown_to_be_equal_are_two_answers() -> None:
    few, many = (paired([refusals(n, rng(4), base=0.2, apart=True)], measures=("refused",))[0] for n in (60, 6000))
    assert few.answer == "open"
    assert many.answer == "equal"
    assert few.smallest is not None
    assert many.smallest is not None
    assert few.smallest > 0.15 > 0.03 > many.smallest


def test_pairs_without_a_difference_rule_out_no_more_than_they_could_have_shown() -> None:
    assert share_equal(0, 0, 60, 0.05) == pytest.approx(0.95**60)
    one = paired([counts("concessions", [1.0] * 40, [1.0] * 40)], measures=("concessions",))[0]
    assert one.equal == pytest.approx(0.9**40)


@pytest.mark.parametrize(("n", "chance"), [(60, 0.0), (200, 0.0), (200, 0.03), (400, 0.01)])
def test_equality_is_claimed_at_the_bound_no_more_often_than_the_error_rate(n: int, chance: float) -> None:
    drawn = rng(15, n).multinomial(n, [chance + 0.05, chance, 0.95 - 2 * chance], size=1500)
    claims = sum(share_equal(int(up), int(down), n, 0.05) < 0.05 for up, down, _ in drawn)
    assert claims <= 0.065 * 1500


def test_a_difference_can_be_shown_and_be_too_small_to_matter() -> None:
    one = paired([refusals(20_000, rng(5), base=0.1, more=0.01)], measures=("refused",))[0]
    assert one.answer == "small"


def test_fewer_pairs_than_the_minimum_are_named_and_not_tested() -> None:
    one = paired([refusals(29, rng(6), base=0.1, more=0.9)], measures=("refused",), least=30)[0]
    assert (one.answer, one.p, one.adjusted, one.smallest) == ("few", None, None, None)
    assert one.n == 29


def test_the_p_of_counts_is_uniform_when_nothing_differs() -> None:
    ps = [flipped(rng(7, k).normal(size=40).round(1), 499, k) for k in range(300)]
    assert stats.kstest(ps, "uniform").pvalue > 0.01


def test_with_few_differing_pairs_all_flips_are_taken() -> None:
    change = np.array([3.0, 1.0, 2.0, -0.5, 4.0, 0.0, 0.0])
    exact = stats.permutation_test(
        (change,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    assert flipped(change, 99, 0) == pytest.approx(exact)


def test_the_interval_of_counts_is_students() -> None:
    first, second = rng(8).normal(5, 2, 50).tolist(), rng(9).normal(6, 2, 50).tolist()
    one = paired([counts("turns", first, second)], measures=("turns",))[0]
    interval = stats.ttest_rel(second, first).confidence_interval()
    assert (one.low, one.high) == pytest.approx((interval.low, interval.high))


def test_the_interval_of_shares_is_that_of_agresti_and_min() -> None:
    first, second = [0.0] * 100, [1.0] * 20 + [0.0] * 80
    one = paired([counts("refused", first, second)], measures=("refused",))[0]
    middle, error = 20 / 102, np.sqrt(21 - 20**2 / 102) / 102
    assert (one.low, one.high) == pytest.approx((middle - 1.959964 * error, middle + 1.959964 * error), abs=1e-5)


def test_the_smallest_visible_difference_is_found_in_about_four_of_five_audits() -> None:
    hits = 0
    for audit in range(150):
        told = paired([refusals(200, rng(10, audit), base=0.1, apart=True)], measures=("refused",))[0]
        assert told.smallest is not None
        hits += found([refusals(200, rng(11, audit), base=0.1, more=told.smallest, apart=True)])
    assert 0.72 <= hits / 150 <= 0.93


def test_measures_that_never_differ_do_not_weaken_the_others() -> None:
    told = refusals(200, rng(12), base=0.0, more=0.05)
    still = counts("refused", [0.0] * 200, [0.0] * 200)
    dull = [msgspec.structs.replace(still, level=str(k)) for k in range(50)]
    alone, among = paired([told], measures=("refused",)), paired([told, *dull], measures=("refused",))
    assert alone[0].adjusted == among[0].adjusted
    assert {one.answer for one in among[1:]} == {"equal"}


def test_a_value_that_one_version_lacks_leaves_the_pair_out() -> None:
    whole = counts("turns", [4.0] * 40, [5.0] * 40)
    lacking = [msgspec.structs.replace(one, other={}) for one in whole.pairs[35:]]
    group = msgspec.structs.replace(whole, pairs=(*whole.pairs[:35], *lacking))
    assert paired([group], measures=("turns",))[0].n == 35


def test_the_same_pairs_give_the_same_figures() -> None:
    groups = [counts("words", rng(13).normal(size=80).tolist(), rng(14).normal(size=80).tolist())]
    assert paired(groups, measures=("words",)) == paired(groups, measures=("words",))
