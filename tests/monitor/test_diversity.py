"""Vendi scores and topics: known answers, and sets that dwell on few things."""

from __future__ import annotations

import numpy as np
import pytest
from text_cases import chatter, permutations, sample

from turnwright.monitor.measures.diversity import FIXED, MONITORS, Topics, Vendi, clusters, vendi

BY_NAME = {monitor.name: monitor for monitor in MONITORS}


def prepared(points: np.ndarray, reference: int) -> Vendi:
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    squares = (points @ points.T) ** 2
    np.fill_diagonal(squares, 0)
    return Vendi(squares=squares, points=points, few=np.arange(len(points)), n=(reference, len(points) - reference))


@pytest.mark.parametrize("order", [1, 2])
def test_identical_conversations_score_one_and_orthogonal_ones_their_number(order: int) -> None:
    assert vendi(np.ones((7, 7)), order) == pytest.approx(1)
    assert vendi(np.eye(7), order) == pytest.approx(7)
    # two groups of equal ones are two
    assert vendi(np.kron(np.eye(2), np.ones((4, 4))), order) == pytest.approx(2)


def test_the_score_of_order_two_is_that_of_the_eigenvalues_at_two_hundred() -> None:
    points = np.random.default_rng(0).normal(size=(2 * FIXED, 16))
    statistic = prepared(points, FIXED)
    real = (np.arange(2 * FIXED) < FIXED).astype(np.float32)[None, :]
    one, other = statistic.points[:FIXED], statistic.points[FIXED:]
    assert statistic.levels(real, 1 - real) == pytest.approx(
        (vendi(one @ one.T, 2), vendi(other @ other.T, 2)), rel=1e-4
    )


def test_the_score_does_not_grow_with_the_number_of_conversations() -> None:
    points = np.random.default_rng(1).normal(size=(1200, 16))
    real = (np.arange(1200) < 200).astype(np.float32)[None, :]
    few, many = prepared(points, 200).levels(real, 1 - real)
    assert many == pytest.approx(few, rel=0.03)


def test_a_set_that_says_one_thing_has_a_ratio_far_under_one() -> None:
    pytest.importorskip("wordllama", reason="needs the extra `measure`")
    varied = chatter(40, 1, words=["money", "rain", "music", "doctor", "table", "flight", "movie", "dog"], length=2)
    pool = sample(varied, chatter(40, 2, words=["money"]))
    statistic = BY_NAME["vendi_2"].prepare(pool)
    reference, synthetic = statistic.levels(*pool.sides)
    assert synthetic == pytest.approx(1, abs=0.01)
    assert reference > 1.2
    assert statistic.values(*pool.sides)[0] == pytest.approx(synthetic / reference)
    assert statistic.values(*pool.sides)[0] < statistic.values(*permutations(80, 40, 200)).min()
    detail = statistic.details(*pool.sides)[0]
    assert detail.synthetic == pytest.approx(1, abs=0.01)
    assert detail.reference > 1.2


def test_the_effective_number_of_topics_is_the_exponential_of_their_entropy() -> None:
    belongs = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 0, 0, 1]]
    statistic = Topics(belongs=belongs, few=np.arange(8), n=(4, 4))
    real = (np.arange(8) < 4).astype(np.float32)[None, :]
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert statistic.levels(real, 1 - real) == pytest.approx((4, np.exp(entropy)))
    assert statistic.values(real, 1 - real)[0] == pytest.approx(np.exp(entropy) / 4)


def test_clusters_are_groups_that_lie_apart_and_the_same_for_the_same_seed() -> None:
    rng = np.random.default_rng(0)
    points = (np.repeat(np.eye(3) * 10, 20, axis=0) + 0.1 * rng.normal(size=(60, 3))).astype(np.float32)
    found = clusters(points, 3, seed=5)
    assert [len(set(found[start : start + 20])) for start in (0, 20, 40)] == [1, 1, 1]
    assert len(set(found)) == 3
    assert (found == clusters(points, 3, seed=5)).all()


def test_clusters_of_equal_points_are_still_found() -> None:
    assert len(clusters(np.ones((10, 3), dtype=np.float32), 4, seed=0)) == 10
