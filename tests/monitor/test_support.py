"""Precision, recall, density and coverage on constructed points, and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from text_cases import chatter, permutations, sample

from turnwright.monitor import LeftOut
from turnwright.monitor.measures.support import MONITORS, Neighbours

BY_NAME = {monitor.name: monitor for monitor in MONITORS}


def apart(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points, axis=2).astype(np.float32)


def defined(distances: np.ndarray, real: np.ndarray, other: np.ndarray, k: int) -> dict[str, float]:
    """The four figures as the papers write them."""
    within = np.sort(distances[np.ix_(real, real)], axis=1)[:, k]
    within_other = np.sort(distances[np.ix_(other, other)], axis=1)[:, k]
    between = distances[np.ix_(real, other)]
    return {
        "precision": float((between < within[:, None]).any(axis=0).mean()),
        "recall": float((between < within_other).any(axis=1).mean()),
        "density": float((between < within[:, None]).sum() / (k * len(other))),
        "coverage": float((between < within[:, None]).any(axis=1).mean()),
    }


@pytest.mark.parametrize("reference", [40, 15, 68])
def test_the_figures_are_as_the_papers_define_them_in_every_draw(reference: int) -> None:
    rng = np.random.default_rng(0)
    distances = apart(rng.normal(size=(80, 4)))
    real, other = permutations(80, reference, 5)
    # not everybody takes part in every draw
    real[2, ::3], other[2, ::3], other[3, :20] = 0, 0, 0
    found = Neighbours.of(distances).figures(real > 0, other > 0)
    for row in range(5):
        expected = defined(distances, np.flatnonzero(real[row]), np.flatnonzero(other[row]), 5)
        assert {name: values[row] for name, values in found.items()} == pytest.approx(expected)


def test_a_cloud_that_lies_elsewhere_covers_nothing() -> None:
    rng = np.random.default_rng(1)
    points = np.vstack([rng.normal(size=(30, 2)), rng.normal(size=(30, 2)) + 50])
    real = np.arange(60)[None, :] < 30
    found = Neighbours.of(apart(points)).figures(real, ~real)
    assert {name: values[0] for name, values in found.items()} == dict.fromkeys(found, 0)


def test_a_cloud_that_crowds_in_one_place_is_precise_and_covers_little() -> None:
    rng = np.random.default_rng(2)
    points = np.vstack([rng.normal(size=(100, 2)), 0.01 * rng.normal(size=(100, 2))])
    real = np.arange(200)[None, :] < 100
    found = Neighbours.of(apart(points)).figures(real, ~real)
    assert found["precision"][0] == 1
    assert found["coverage"][0] < 0.5
    assert found["recall"][0] < 0.1


def test_equal_sets_have_a_density_of_one_and_a_coverage_of_one_less_half_to_the_power_of_k() -> None:
    distances = apart(np.random.default_rng(3).normal(size=(120, 3)))
    real, other = permutations(120, 60, 400)
    found = Neighbours.of(distances).figures(real > 0, other > 0)
    assert found["density"].mean() == pytest.approx(1, abs=0.02)
    assert found["coverage"].mean() == pytest.approx(1 - 0.5**5, abs=0.01)


def test_equal_conversations_are_no_nearer_to_their_own_side() -> None:
    """Were ties taken in the order of the pool, the reference would always come first."""
    real = np.arange(200)[None, :] < 100
    found = Neighbours.of(np.zeros((200, 200), dtype=np.float32)).figures(real, ~real)
    assert found["density"][0] == pytest.approx(1, abs=0.3)
    assert found["coverage"][0] > 0.9


def test_a_side_with_no_more_than_five_conversations_has_no_figure() -> None:
    real = np.arange(20)[None, :] < 5
    found = Neighbours.of(apart(np.random.default_rng(0).normal(size=(20, 2)))).figures(real, ~real)
    assert all(np.isnan(values[0]) for values in found.values())


def test_the_four_monitors_sort_the_pool_once() -> None:
    pytest.importorskip("wordllama", reason="needs the extra `measure`")
    pool = sample(chatter(20, 1), chatter(20, 2))
    prepared = [monitor.prepare(pool) for monitor in MONITORS]
    assert len({id(one.neighbours) for one in prepared}) == 1
    assert all(0 <= one.values(*pool.sides)[0] <= 2 for one in prepared)


def test_an_empty_side_is_left_out_with_the_reason() -> None:
    left_out = BY_NAME["coverage"].prepare(sample(chatter(20, 1), chatter(3, 2)))
    assert isinstance(left_out, LeftOut)
    assert "at least 10" in left_out.why
