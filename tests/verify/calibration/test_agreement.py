"""Cohen's kappa: textbook figures, weights, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from turnwright.verify.calibration import Judged, agreement


def judged(cells: tuple[int, int, int, int], size: int | None = None, name: str = "all") -> Judged:
    """Conversations by (yes, yes), (yes, no), (no, yes), (no, no)."""
    one = np.repeat([True, True, False, False], cells)
    other = np.repeat([True, False, True, False], cells)
    return Judged(name=name, size=size if size is not None else len(one), one=one, other=other)


def test_kappa_is_cohens_on_a_plain_table() -> None:
    found = agreement("A and B", [judged((20, 5, 10, 15))], seed=1)  # a textbook example: 0.7 seen, 0.5 by chance
    assert found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)
    assert found.how == "bootstrap"
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high
    # The large-sample standard error (Fleiss, Cohen and Everitt 1969) of this table is 0.127.
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.127, rel=0.1)


def test_over_sampling_of_rejected_ones_does_not_distort_kappa() -> None:
    """Half of the labels come from a side that is a tenth of the set; repeating labels by weight gives the same."""
    uneven = [judged((45, 5, 0, 0), 900, "admitted"), judged((0, 0, 10, 40), 100, "rejected")]
    found = agreement("machine and people", uneven, seed=1)
    even = agreement("machine and people", [judged((45 * 18, 5 * 18, 10 * 2, 40 * 2))], seed=1)
    assert found.kappa == pytest.approx(even.kappa)
    assert found.observed == pytest.approx(even.observed)
    unweighted = agreement("machine and people", [judged((45, 5, 10, 40))], seed=1)
    assert abs((unweighted.kappa or 0) - (found.kappa or 0)) > 0.05


def test_perfect_agreement_of_few_does_not_pass_for_certainty() -> None:
    found = agreement("A and B", [judged((5, 0, 0, 0), 90, "admitted"), judged((0, 0, 0, 5), 10, "rejected")], seed=1)
    assert found.kappa == 1
    assert found.how == "posterior"
    assert found.low is not None
    assert found.low < 0.7


def test_no_agreement_beyond_chance_is_kappa_0() -> None:
    assert agreement("A and B", [judged((40, 10, 40, 10))], seed=1).kappa == pytest.approx(0)


@pytest.mark.parametrize("cells", [(30, 0, 0, 0), (25, 5, 0, 0), (25, 0, 5, 0), (0, 0, 3, 9)])
def test_where_one_gave_the_same_word_to_all_kappa_is_left_out_and_why(
    cells: tuple[int, int, int, int],
) -> None:
    found = agreement("A and B", [judged(cells)], seed=1)
    assert found.kappa is None
    assert found.low is None
    assert found.observed == pytest.approx((cells[0] + cells[3]) / sum(cells))
    assert "same word to all" in found.note


def test_a_side_that_nobody_judged_leaves_no_figure_and_is_named() -> None:
    found = agreement("A and B", [judged((3, 1, 0, 0), 90, "admitted"), judged((0, 0, 0, 0), 10, "rejected")], seed=1)
    assert found.kappa is None
    assert "rejected" in found.note
    assert agreement("A and B", [], seed=1).note == "nothing was judged by both"


def test_the_same_seed_gives_the_same_interval() -> None:
    table = [judged((20, 5, 10, 15))]
    assert agreement("A and B", table, seed=3) == agreement("A and B", table, seed=3)
    assert agreement("A and B", table, seed=3).low != agreement("A and B", table, seed=4).low


@pytest.mark.parametrize(
    ("admitted", "rejected"),
    [((9000, 15, 0.97), (1000, 15, 0.1)), ((9000, 100, 0.9), (1000, 100, 0.3)), ((5000, 50, 0.9), (5000, 50, 0.2))],
)
def test_95_percent_intervals_of_kappa_cover_the_truth(
    admitted: tuple[int, int, float], rejected: tuple[int, int, float]
) -> None:
    rng = np.random.default_rng(admitted[:2])
    yes = admitted[0] * admitted[2], rejected[0] * rejected[2]
    whole = admitted[0] + rejected[0]
    agree = (yes[0] + rejected[0] - yes[1]) / whole
    machine, people = admitted[0] / whole, sum(yes) / whole
    chance = machine * people + (1 - machine) * (1 - people)
    truth = (agree - chance) / (1 - chance)
    hits = 0
    for round_ in range(500):
        kept = int(rng.binomial(admitted[1], admitted[2])), int(rng.binomial(rejected[1], rejected[2]))
        sides = [
            judged((kept[0], admitted[1] - kept[0], 0, 0), admitted[0], "admitted"),
            judged((0, 0, kept[1], rejected[1] - kept[1]), rejected[0], "rejected"),
        ]
        found = agreement("machine and people", sides, seed=round_, rounds=600)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert hits / 500 >= 0.92
