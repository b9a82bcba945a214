"""The classifier two-sample test: known answers of its parts, and what it does and does not see."""

from __future__ import annotations

import numpy as np
import pytest
from text_cases import WORDS, chatter, example, permutations, sample

from turnwright.monitor import LeftOut
from turnwright.monitor.measures.classifier import MONITORS, LeaveOneOut, aucs, leave_one_out

pytest.importorskip("scipy", reason="needs the extra `measure`")
pytest.importorskip("sklearn", reason="needs the extra `measure`")
BY_NAME = {monitor.name: monitor for monitor in MONITORS}


def kernel(size: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(size, 6))
    return (points @ points.T).astype(np.float32)


def prepared(name, reference, synthetic):
    pool = sample(reference, synthetic)
    return BY_NAME[name].prepare(pool), pool


def test_the_auc_is_that_of_sklearn_with_ties_and_weights() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    scores = rng.integers(0, 9, (5, 60)).astype(np.float32)
    real = (rng.random((5, 60)) < 0.4).astype(np.float32)
    weights = rng.integers(1, 4, (5, 60)).astype(np.float32)
    found = aucs(scores, real * weights, (1 - real) * weights)
    expected = [roc_auc_score(1 - r, s, sample_weight=w) for r, s, w in zip(real, scores, weights, strict=True)]
    assert found == pytest.approx(expected)


def test_leave_one_out_predictions_are_those_of_fits_that_leave_one_out() -> None:
    """Each is refitted by hand on the others; then the prediction of their mean label alone is taken away."""
    size, labels = 12, np.array([1, -1] * 6, dtype=float)
    made = leave_one_out(kernel(size), penalty=0.5)
    middle = np.eye(size) - 1 / size
    centred = middle @ kernel(size).astype(float) @ middle
    ridge = 0.5 * np.trace(centred) / size * np.eye(size - 1)
    for one in range(size):
        rest = np.delete(np.arange(size), one)
        fit = centred[one, rest] @ np.linalg.inv(centred[np.ix_(rest, rest)] + ridge)
        expected = fit @ (labels[rest] - labels[rest].mean())
        assert made[one] @ labels == pytest.approx(expected, abs=1e-4)


def test_nothing_to_learn_gives_an_auc_of_a_half_on_average() -> None:
    """Plain leave-one-out lies far below it at such numbers."""
    statistic = LeaveOneOut(kernel=kernel(40) + 1, few=np.arange(40), n=(20, 20))
    found = statistic.values(*permutations(40, 20, 2000))
    assert abs(found.mean() - 0.5) < 0.015


def test_conversations_that_weigh_nothing_are_not_in_the_fit() -> None:
    whole = kernel(30)
    real, other = np.zeros((1, 30), dtype=np.float32), np.zeros((1, 30), dtype=np.float32)
    real[0, :8], other[0, 12:22] = 1, 1
    chosen = np.r_[0:8, 12:22]
    part = LeaveOneOut(kernel=whole[np.ix_(chosen, chosen)], few=np.arange(18), n=(8, 10))
    found = LeaveOneOut(kernel=whole, few=np.arange(30), n=(15, 15)).values(real, other)
    assert found == pytest.approx(part.values(real[:, chosen], other[:, chosen]))


def test_all_draws_at_once_are_what_each_draw_is_alone() -> None:
    statistic = LeaveOneOut(kernel=kernel(24), few=np.arange(24), n=(12, 12))
    real, other = permutations(24, 12, 6)
    real[3, :4], other[4, 10:] = 0, 0
    alone = [statistic.values(real[row : row + 1], other[row : row + 1])[0] for row in range(6)]
    assert statistic.values(real, other) == pytest.approx(alone)


def test_other_words_are_found_and_named() -> None:
    # one user in two says a word that human users never say
    synthetic = [
        example(one.name, [*(t.text for t in one.turns if t.role == "user"), "kindly"] if place % 2 else ["ban or"])
        for place, one in enumerate(chatter(60, 2))
    ]
    statistic, pool = prepared("user_auc", chatter(60, 1), synthetic)
    assert statistic.values(*pool.sides)[0] > 0.7
    named = {detail.name: detail for detail in statistic.details(*pool.sides)}
    assert named["kindly"].reference == 0
    assert named["kindly"].synthetic == 0.5
    assert named["kindly"].p < 0.001


def test_equal_sets_have_no_word_that_tells_them_apart() -> None:
    statistic, pool = prepared("user_auc", chatter(60, 1), chatter(60, 2))
    real, other = permutations(120, 60, 200)
    null = statistic.values(real, other)
    assert np.quantile(null, 0.01) < statistic.values(*pool.sides)[0] < np.quantile(null, 0.99)
    assert all(detail.p == 1 for detail in statistic.details(*pool.sides))


@pytest.mark.parametrize(("name", "seen"), [("user_auc", False), ("user_auc_raw", True)])
def test_only_the_raw_classifier_sees_case_punctuation_and_numbers(name: str, seen: bool) -> None:
    plain = [example(str(n), [f"{WORDS[n % 40]} at {n}, please", WORDS[n % 7]]) for n in range(40)]
    loud = [example(str(n), [f"{WORDS[n % 40].upper()} AT {n + 500}; PLEASE!", WORDS[n % 7]]) for n in range(40)]
    statistic, pool = prepared(name, plain, loud)
    assert bool(statistic.values(*pool.sides)[0] > 0.9) is seen


def test_only_the_raw_classifier_sees_that_everything_is_said_twice() -> None:
    once = chatter(50, 3)
    twice = [
        example(one.name, [f"{t.text}\n{t.text}" for t in one.turns if t.role == "user"]) for one in chatter(50, 4)
    ]
    plain, pool = prepared("user_auc", once, twice)
    raw, _ = prepared("user_auc_raw", once, twice)
    assert raw.values(*pool.sides)[0] > 0.95
    assert plain.values(*pool.sides)[0] < 0.65


def test_a_set_that_copies_the_reference_lies_far_under_a_half() -> None:
    statistic, pool = prepared("user_auc", chatter(40, 1), chatter(40, 1))
    assert statistic.values(*pool.sides)[0] < 0.1


def test_the_excess_is_what_the_auc_has_over_a_half_with_its_interval() -> None:
    other = chatter(40, 2, words=WORDS[5:])
    whole, pool = prepared("user_auc", chatter(40, 1), other)
    over, _ = prepared("user_auc_excess", chatter(40, 1), other)
    assert over.values(*pool.sides) == pytest.approx(whole.values(*pool.sides) - 0.5)
    assert over.interval(*pool.sides, 0.9) == pytest.approx([end - 0.5 for end in whole.interval(*pool.sides, 0.9)])


def test_the_interval_holds_the_figure_and_grows_with_its_level() -> None:
    statistic, pool = prepared("user_auc", chatter(40, 1), chatter(40, 2, words=WORDS[2:]))
    value = statistic.values(*pool.sides)[0]
    (low, high), (lower, higher) = (statistic.interval(*pool.sides, level) for level in (0.8, 0.99))
    assert 0 < lower < low < value < high < higher < 1


def test_the_interval_of_fixed_scores_is_as_wide_as_their_bootstrap() -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(size=150), rng.normal(0.8, 1, 150)]).astype(np.float32)
    real = np.repeat([1, 0], 150).astype(np.float32)[None, :]

    class Fixed(LeaveOneOut):
        def _scores(self, left, right):
            return np.broadcast_to(scores, left.shape)

    statistic = Fixed(kernel=np.eye(300, dtype=np.float32), few=np.arange(300), n=(150, 150))
    low, high = statistic.interval(real, 1 - real, 0.95)
    drawn = rng.multinomial(150, np.full(150, 1 / 150), (1500, 2)).astype(np.float32)
    left, right = np.zeros((1500, 300), dtype=np.float32), np.zeros((1500, 300), dtype=np.float32)
    left[:, :150], right[:, 150:] = drawn[:, 0], drawn[:, 1]
    spread = aucs(np.broadcast_to(scores, left.shape), left, right).std()
    assert (high - low) / (2 * 1.96) == pytest.approx(spread, rel=0.15)


def test_a_side_that_nobody_speaks_is_left_out_with_the_reason() -> None:
    silent = [example(str(n), ["hello there"]) for n in range(20)]
    left_out, _ = prepared("assistant_auc", chatter(20, 1), silent)
    assert isinstance(left_out, LeftOut)
    assert "0 conversations of the synthetic set have assistant turns with words" in left_out.why


def test_text_without_spaces_is_read_letter_by_letter() -> None:
    one = [example(str(n), ["\u4f60\u597d\u8bf7\u95ee", "\u8c22\u8c22"]) for n in range(20)]
    other = [example(str(n), ["\u4f60\u597d\u8bf7\u95ee", "\u518d\u89c1"]) for n in range(20)]
    statistic, pool = prepared("user_auc", one, other)
    assert statistic.values(*pool.sides)[0] == 1
    assert "\u8c22" in {detail.name for detail in statistic.details(*pool.sides)}


def test_where_nothing_can_be_learnt_the_interval_still_holds_a_half() -> None:
    """DeLong's alone, which takes the predictions as given, holds it four times in five."""
    statistic = LeaveOneOut(kernel=kernel(60), few=np.arange(60), n=(30, 30))
    real, other = permutations(60, 30, 200, seed=3)
    ends = [statistic.interval(real[row : row + 1], other[row : row + 1], 0.95) for row in range(200)]
    assert np.mean([low <= 0.5 <= high for low, high in ends]) > 0.93
