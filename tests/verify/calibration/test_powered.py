"""Prediction-powered shares: closed forms, the paper's own formula, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from turnwright.verify.calibration import Side, exact, share


def constant(name: str, size: int, accepted: int, labels: int) -> Side:
    """A side on which the machine says the same of all."""
    word = float(name == "admitted")
    return Side(
        name=name,
        predicted=np.full(size, word),
        said=np.full(labels, word),
        accepted=np.arange(labels) < accepted,
    )


def drawn(
    rng: np.random.Generator, size: int, labels: int, true: float, tie: float, *, name: str = "admitted"
) -> tuple[Side, float]:
    """A side whose predictions are tied to what people would say; labels drawn plainly. Also its true share."""
    people = np.arange(size) < round(true * size)
    predicted = np.clip(true + tie * (people - true) + rng.normal(0, 0.15, size), 0, 1)
    taken = rng.choice(size, labels, replace=False)
    return Side(name=name, predicted=predicted, said=predicted[taken], accepted=people[taken]), float(people.mean())


def test_where_the_machine_says_the_same_of_all_the_labels_alone_count() -> None:
    found = share("admitted", [constant("admitted", 970, 45, 50)])
    assert found.share == pytest.approx(0.9)
    assert (found.low, found.high) == pytest.approx(exact(45, 50, 970))
    assert found.how == "exact"
    assert found.powers == {"admitted": 0.0}
    assert found.worth == pytest.approx(50)


def test_over_sampling_of_rejected_ones_is_undone_by_the_chance_of_each_label() -> None:
    found = share("all", [constant("admitted", 970, 9, 10), constant("rejected", 30, 2, 10)])
    weights = np.repeat([970 / 10, 30 / 10], 10)
    people = np.array([1.0] * 9 + [0.0] + [1.0] * 2 + [0.0] * 8)
    assert found.share == pytest.approx((weights * people).sum() / weights.sum())
    assert found.labels == 20
    assert found.size == 1000


def test_it_is_the_estimate_of_ppi_plus_plus_with_its_own_power_tuning() -> None:
    rng = np.random.default_rng(5)
    people = np.arange(400) < 280
    predicted = np.where(rng.uniform(0, 1, 400) < 0.8, people, ~people).astype(float)  # right four times in five
    taken = rng.choice(400, 80, replace=False)
    rest = np.setdiff1d(np.arange(400), taken)
    y, f, unlabelled = people[taken].astype(float), predicted[taken], predicted[rest]
    tuned = np.cov(y, f)[0, 1] / ((1 + len(f) / len(unlabelled)) * f.var(ddof=1))
    paper = tuned * unlabelled.mean() + (y - tuned * f).mean()
    found = share("admitted", [Side(name="admitted", predicted=predicted, said=f, accepted=people[taken])])
    assert found.how == "powered"
    assert found.share == pytest.approx(paper)
    assert found.powers["admitted"] * (1 - 80 / 400) == pytest.approx(tuned)


def test_good_predictions_make_labels_worth_more_and_useless_ones_do_no_harm() -> None:
    rng = np.random.default_rng(8)
    worth = {
        tie: np.mean([share("x", [drawn(rng, 1000, 80, 0.8, tie)[0]]).worth or 0 for _ in range(150)])
        for tie in (0.0, 0.6)
    }
    assert worth[0.6] > 160
    assert 78 < worth[0.0] < 86


def test_labels_that_are_all_alike_fall_back_to_exact_bounds_and_it_says_so() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.5, 1, 500)
    side = Side(name="admitted", predicted=predicted, said=predicted[:60], accepted=np.ones(60, bool))
    found = share("admitted", [side])
    assert (found.share, found.low, found.high) == (1.0, *exact(60, 60, 500))
    assert found.low is not None
    assert found.low < 0.96
    assert "alike" in found.note
    assert "admitted" in found.note


def test_one_label_that_alone_says_what_a_prediction_is_worth_gives_it_no_weight() -> None:
    predicted = np.zeros(200)
    predicted[:20] = 1.0
    said = np.zeros(40)
    said[0] = 1.0
    found = share("rejected", [Side(name="rejected", predicted=predicted, said=said, accepted=np.arange(40) < 12)])
    assert found.how == "exact"


def test_a_side_without_a_label_leaves_the_whole_unknown_and_says_why() -> None:
    found = share("all", [constant("admitted", 90, 9, 10), constant("rejected", 10, 0, 0)])
    assert found.share is None
    assert found.low is None
    assert "rejected" in found.note
    assert share("rejected", [constant("rejected", 0, 0, 0)]).note == "there are no such conversations"


def test_a_side_without_conversations_plays_no_part() -> None:
    alone = share("all", [constant("admitted", 90, 9, 10)])
    assert share("all", [constant("admitted", 90, 9, 10), constant("rejected", 0, 0, 0)]) == alone


def test_when_all_are_labelled_the_share_is_exact() -> None:
    found = share("all", [constant("admitted", 10, 9, 10), constant("rejected", 5, 1, 5)])
    assert (found.share, found.low, found.high) == pytest.approx((10 / 15,) * 3)
    assert found.worth is None


@pytest.mark.parametrize(
    ("size", "labels", "true", "tie"),
    [(1000, 30, 0.8, 0.5), (1000, 60, 0.9, 0.5), (1000, 200, 0.95, 0.6), (300, 60, 0.5, 0.8), (500, 40, 0.8, 0.0)],
)
def test_95_percent_intervals_of_one_side_cover_the_truth(size: int, labels: int, true: float, tie: float) -> None:
    rng = np.random.default_rng([size, labels])
    hits = 0
    for _ in range(800):
        side, truth = drawn(rng, size, labels, true, tie)
        found = share("admitted", [side])
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert hits / 800 >= 0.928  # 0.95 less the error of 800 rounds (3 standard errors)


@pytest.mark.parametrize(
    ("admitted", "rejected"),
    [((970, 10, 0.95), (30, 10, 0.2)), ((900, 20, 0.97), (100, 20, 0.1)), ((500, 50, 0.9), (500, 50, 0.2))],
)
def test_95_percent_intervals_over_both_sides_cover_the_truth(
    admitted: tuple[int, int, float], rejected: tuple[int, int, float]
) -> None:
    rng = np.random.default_rng(admitted[:2])
    hits = 0
    for _ in range(800):
        sides, truth = [], 0.0
        for name, (size, labels, true) in (("admitted", admitted), ("rejected", rejected)):
            all_accepted = round(size * true)
            sides.append(
                constant(name, size, int(rng.hypergeometric(all_accepted, size - all_accepted, labels)), labels)
            )
            truth += all_accepted
        found = share("all", sides)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth / (admitted[0] + rejected[0]) <= found.high
    assert hits / 800 >= 0.935


def test_the_interval_is_not_so_wide_that_it_says_nothing() -> None:
    found = share("all", [constant("admitted", 970, 48, 50), constant("rejected", 30, 2, 20)])
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low < 0.14
