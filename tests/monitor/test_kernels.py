"""Maximum mean discrepancy and energy distance against their definitions and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from text_cases import chatter, example, permutations, sample

from turnwright.monitor import LeftOut
from turnwright.monitor.measures.embedding import embedded, vectors
from turnwright.monitor.measures.kernels import MONITORS, Pairs, gaussian

pytest.importorskip("scipy", reason="needs the extra `measure`")
BY_NAME = {monitor.name: monitor for monitor in MONITORS}


def line(numbers: np.ndarray) -> np.ndarray:
    return np.abs(numbers[:, None] - numbers).astype(np.float32)


def first(size: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    real = (np.arange(size) < number).astype(np.float32)[None, :]
    return real, 1 - real


def test_the_energy_distance_of_numbers_is_that_of_scipy() -> None:
    """scipy's has pairs of a number with itself, and is a square root."""
    from scipy.stats import energy_distance

    rng = np.random.default_rng(0)
    one, other = rng.normal(size=30), rng.normal(1, 2, 20)
    apart = line(np.concatenate([one, other]))
    found = Pairs.of(-apart, np.arange(50), (30, 20)).values(*first(50, 30))[0]
    own = apart[:30, :30].sum() * (1 / 30 / 29 - 1 / 30**2) + apart[30:, 30:].sum() * (1 / 20 / 19 - 1 / 20**2)
    assert found == pytest.approx(energy_distance(one, other) ** 2 - own, abs=1e-5)


def test_the_mmd_of_three_and_two_numbers_is_what_hand_computing_gives() -> None:
    likeness = np.array(
        [
            [1.0, 0.5, 0.4, 0.1, 0.2],
            [0.5, 1.0, 0.6, 0.3, 0.1],
            [0.4, 0.6, 1.0, 0.2, 0.1],
            [0.1, 0.3, 0.2, 1.0, 0.7],
            [0.2, 0.1, 0.1, 0.7, 1.0],
        ],
        dtype=np.float32,
    )
    found = Pairs.of(likeness, np.arange(5), (3, 2)).values(*first(5, 3))[0]
    assert found == pytest.approx((0.5 + 0.4 + 0.6) / 3 + 0.7 - 2 * (0.1 + 0.2 + 0.3 + 0.1 + 0.2 + 0.1) / 6)


def test_a_conversation_that_counts_twice_is_two_conversations_that_are_no_pair() -> None:
    rng = np.random.default_rng(3)
    likeness = gaussian(line(rng.normal(size=12)))
    real, other = np.zeros((1, 12), dtype=np.float32), np.zeros((1, 12), dtype=np.float32)
    real[0, :5], other[0, 6:] = [2, 0, 1, 3, 1], [1, 1, 0, 2, 1, 1]
    total = 0.0
    for a, b, factor in ((real[0], real[0], 1), (other[0], other[0], 1), (real[0], other[0], -2)):
        weight = np.outer(a, b) * (1 - np.eye(12))
        total += factor * (weight * likeness).sum() / weight.sum()
    assert Pairs.of(likeness, np.arange(12), (5, 6)).values(real, other)[0] == pytest.approx(total, abs=1e-5)


def test_all_draws_at_once_are_what_each_draw_is_alone() -> None:
    statistic = Pairs.of(gaussian(line(np.random.default_rng(1).normal(size=40))), np.arange(40), (20, 20))
    real, other = permutations(40, 20, 8)
    alone = [statistic.values(real[row : row + 1], other[row : row + 1])[0] for row in range(8)]
    assert statistic.values(real, other) == pytest.approx(alone, abs=1e-6)


def test_equal_sets_are_at_no_distance_on_average() -> None:
    statistic = Pairs.of(gaussian(line(np.random.default_rng(1).normal(size=60))), np.arange(60), (30, 30))
    found = statistic.values(*permutations(60, 30, 2000))
    assert abs(found.mean()) < 4 * found.std() / 2000**0.5 + 1e-4


def test_a_side_of_one_conversation_has_no_distance() -> None:
    statistic = Pairs.of(gaussian(line(np.arange(6.0))), np.arange(6), (1, 5))
    assert np.isnan(statistic.values(*first(6, 1))[0])


def test_a_text_is_the_mean_of_its_pieces_whatever_stands_beside_it() -> None:
    pytest.importorskip("wordllama", reason="needs the extra `measure`")
    alone, beside = vectors(["good morning"]), vectors(["", "good morning", "a much longer sentence than that one"])
    assert beside[1] == pytest.approx(alone[0])
    assert not beside[0].any()
    assert vectors(["good morning good morning"])[0] == pytest.approx(alone[0], abs=1e-6)


def test_an_embedding_is_the_mean_over_turns_of_length_one() -> None:
    pytest.importorskip("wordllama", reason="needs the extra `measure`")
    pool = sample(chatter(3, 1), chatter(3, 2))
    found = embedded(pool, "user")
    mean = vectors([turn.text for turn in pool.examples[4].turns if turn.role == "user"]).mean(axis=0)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert found[4] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_other_topics_are_at_a_distance_and_the_farthest_conversations_named(name: str) -> None:
    pytest.importorskip("wordllama", reason="needs the extra `measure`")
    banking, weather = ["money", "account", "card", "loan"], ["rain", "sun", "snow", "wind"]
    pool = sample(chatter(20, 1, words=banking), chatter(20, 2, words=weather))
    statistic = BY_NAME[name].prepare(pool)
    null = statistic.values(*permutations(40, 20, 300))
    assert statistic.values(*pool.sides)[0] > null.max()
    told = statistic.details(*pool.sides)
    assert told[0].name.startswith("2/")
    assert told[0].synthetic > told[0].reference


def test_a_side_without_words_is_left_out_with_the_reason() -> None:
    silent = [example(str(number), [""]) for number in range(20)]
    left_out = BY_NAME["user_mmd"].prepare(sample(silent, chatter(20, 1)))
    assert isinstance(left_out, LeftOut)
    assert "the reference" in left_out.why
