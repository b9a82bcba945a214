"""Lexical diversity, repeated runs and near duplicates: worked examples, definitions, planted repetitions."""

from __future__ import annotations

import itertools
import random

import msgspec
import numpy as np
import pytest
from text_cases import WORDS, chatter, example, permutations, sample

from turnwright.monitor import LeftOut
from turnwright.monitor.measures.repetition import MONITORS, chances, mtld, stretches
from turnwright.monitor.measures.twins import twins
from turnwright.monitor.measures.words import words_in

pytest.importorskip("scipy", reason="needs the extra `measure`")
BY_NAME = {monitor.name: monitor for monitor in MONITORS}


def prepared(name, reference, synthetic):
    pool = sample(reference, synthetic)
    return BY_NAME[name].prepare(pool), pool


def levels(name, reference, synthetic):
    statistic, pool = prepared(name, reference, synthetic)
    return statistic.levels(*pool.sides)


# --- lexical diversity ----------------------------------------------------------------------------------------


def test_a_stretch_ends_where_the_paper_lets_it_end() -> None:
    """McCarthy and Jarvis 2010: `of the people by the people` falls to .667 at the sixth word; then it begins anew."""
    assert stretches(["of", "the", "people", "by", "the", "people"]) == 1
    assert stretches(["of", "the", "people", "by", "the", "people", "for", "the", "people"]) == 1
    assert stretches(["of", "the", "people", "by", "the"]) == pytest.approx((1 - 4 / 5) / (1 - 0.72))


def test_what_is_left_over_counts_in_part_as_in_the_paper() -> None:
    """A remainder with .887 different words is .404 of a stretch."""
    remainder = [str(n) for n in range(47)] + ["0"] * 6
    assert len(set(remainder)) / len(remainder) == pytest.approx(0.887, abs=0.0005)
    assert stretches(remainder) == pytest.approx(0.404, abs=0.001)


def test_a_text_is_read_forwards_and_backwards() -> None:
    text = ["a", "b", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "a"]
    forwards, backwards = len(text) / stretches(text), len(text) / stretches(text[::-1])
    assert forwards != backwards
    assert mtld(text) == pytest.approx((forwards + backwards) / 2)


def test_a_text_without_any_repetition_has_no_figure() -> None:
    assert np.isnan(mtld(["all", "are", "different"]))


def test_the_level_of_one_repeated_conversation_is_its_own_mtld() -> None:
    user = ["so it is so it was", "and so it will be and be and be"]
    one = [example(str(n), user) for n in range(10)]
    reference, synthetic = levels("user_mtld", one, chatter(10, 1))
    assert reference == pytest.approx(mtld(" ".join(user).split()))
    assert synthetic != pytest.approx(reference)


# --- repeated runs --------------------------------------------------------------------------------------------


def test_runs_that_stood_in_the_same_conversation_before_are_counted() -> None:
    again = [example(str(n), ["I want a refund now", "I want a refund now"]) for n in range(10)]
    never = [example(str(n), ["I want a refund now", "thank you very much indeed"]) for n in range(10)]
    assert levels("user_repeats", never, again) == pytest.approx((0, 0.5))


def test_runs_do_not_cross_the_end_of_a_turn() -> None:
    words = words_in([example("a", ["one two", "three four five", ""], ["six"])])
    assert [words.text(int(place), 3) for place in words.runs(3).places] == ["three four five"]
    assert len(words.runs(1, "assistant").rows) == 1


def naive(conversations: list[list[str]]) -> float:
    runs = [{tuple(c[i : i + 4]) for i in range(len(c) - 3)} for c in conversations]
    shared = [sum(any(run in other for other in runs if other is not one) for run in one) for one in runs]
    return sum(shared) / sum(map(len, runs))


def test_runs_that_another_conversation_of_the_set_has_are_counted() -> None:
    words = WORDS[:3]
    reference, synthetic = (chatter(12, seed, words=words, turns=1, length=7) for seed in (1, 2))
    said = [[c.turns[0].text.split() for c in side] for side in (reference, synthetic)]
    assert levels("user_self_repetition", reference, synthetic) == pytest.approx([naive(side) for side in said])
    assert 0.3 < naive(said[0]) < 1


def test_a_larger_set_is_read_as_if_it_were_as_small_as_the_other() -> None:
    """Otherwise the larger one always repeats itself more; the exact mean over all ways to leave some out."""
    many, few = (chatter(number, number, words=WORDS[:3], turns=1, length=7) for number in (11, 10))
    said = [one.turns[0].text.split() for one in many]
    runs = [{tuple(c[i : i + 4]) for i in range(4)} for c in said]
    tops = [
        sum(len(runs[i] & set().union(*(runs[j] for j in chosen if j != i))) for i in chosen)
        for chosen in itertools.combinations(range(11), 10)
    ]
    # every conversation is in 10 of the 11 choices
    expected = sum(tops) / (10 * sum(map(len, runs)))
    assert levels("user_self_repetition", few, many)[1] == pytest.approx(expected)


def test_the_chance_of_meeting_another_is_hypergeometric() -> None:
    from scipy.stats import hypergeom

    others = np.arange(10)
    found = chances(others, np.array(30), np.array(12))
    assert found == pytest.approx(1 - hypergeom.pmf(0, 30, others, 12))
    assert chances(np.array([0, 1]), np.array(5), np.array(5)) == pytest.approx([0, 1])


def test_a_phrase_that_every_synthetic_assistant_says_is_named() -> None:
    synthetic = [example(str(n), ["hi"], ["I would be happy to help you"]) for n in range(15)]
    statistic, pool = prepared("assistant_self_repetition", chatter(15, 1), synthetic)
    told = statistic.details(*pool.sides)
    assert {detail.name for detail in told} >= {"i would be happy", "happy to help you"}
    assert {detail.synthetic for detail in told} == {1.0}
    assert statistic.levels(*pool.sides)[1] == 1


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_all_draws_at_once_are_what_each_draw_is_alone(name: str) -> None:
    copies = chatter(12, 5, words=WORDS[:9])
    statistic, _ = prepared(name, chatter(20, 1, words=WORDS[:9]), [*copies, *copies])
    real, other = permutations(44, 20, 5)
    real[1, :9], other[2] = 0, other[2] * 3
    alone = [statistic.values(real[row : row + 1], other[row : row + 1])[0] for row in range(5)]
    found = statistic.values(real, other)
    assert np.isfinite(found).all()
    assert found == pytest.approx(alone)


# --- near duplicates ------------------------------------------------------------------------------------------


def test_conversations_that_differ_in_a_word_are_twins_and_others_are_not() -> None:
    first, other = chatter(2, 1, turns=6)
    changed = [turn.text for turn in first.turns if turn.role == "user"]
    said = [turn.text for turn in first.turns if turn.role == "assistant"]
    near = example("near", [*changed[:-1], changed[-1] + " indeed"], [text.upper() + "!" for text in said])
    assert twins(words_in([first, other, near, first])).tolist() == [[0, 2], [0, 3], [2, 3]]


def test_conversations_too_short_for_a_run_of_three_words_have_no_twins() -> None:
    assert twins(words_in([example("a", ["hi", "ok"]), example("b", ["hi", "ok"])])).shape == (0, 2)


def test_ten_percent_of_planted_copies_are_found() -> None:
    reference, synthetic = chatter(100, 1), chatter(90, 2)
    rng = random.Random(0)
    copies = [msgspec.structs.replace(one, name=f"copy of {one.name}") for one in rng.sample(synthetic, 10)]
    statistic, pool = prepared("duplicates", reference, [*synthetic, *copies])
    assert statistic.levels(*pool.sides) == pytest.approx((0, 0.2))
    null = statistic.values(*permutations(200, 100, 400))
    assert np.mean(null >= statistic.values(*pool.sides)[0]) < 0.01
    assert len(statistic.details(*pool.sides)) == 8


def test_a_copy_on_the_other_side_is_no_duplicate() -> None:
    assert levels("duplicates", chatter(20, 1), chatter(20, 1)) == (0, 0)


def test_a_thousand_equal_conversations_are_all_duplicates_and_not_a_million_pairs() -> None:
    synthetic = [example(str(n), ["the very same words every time"]) for n in range(1000)]
    words = words_in(synthetic)
    pairs = twins(words)
    assert len(pairs) < 17_000
    # whoever comes first in the pool is paired with all others alike, so that no side is by itself
    assert abs(np.mean((pairs[:, 0] < 500) == (pairs[:, 1] < 500)) - 0.5) < 0.05
    statistic, pool = prepared("duplicates", chatter(1000, 1, turns=1), synthetic)
    assert statistic.values(*pool.sides)[0] == 1


def test_a_side_without_words_is_left_out_with_the_reason() -> None:
    silent = [example(str(n), [""]) for n in range(20)]
    for name in ("user_mtld", "user_repeats", "user_self_repetition", "duplicates"):
        left_out, _ = prepared(name, silent, chatter(20, 1))
        assert isinstance(left_out, LeftOut)
        assert "0 conversations of the reference" in left_out.why


def test_sets_without_duplicates_still_have_an_interval() -> None:
    statistic, pool = prepared("duplicates", chatter(50, 1), chatter(50, 2))
    low, high = statistic.interval(*pool.sides, 0.95)
    assert -0.2 < low < 0 < high < 0.2
    assert statistic.interval(*pool.sides, 0.5)[1] < high


def test_the_interval_of_independent_pairs_is_as_wide_as_they_vary() -> None:
    """Sets of 100 conversations in which 10 pairs are expected: the share varies by two conversations at a time."""
    rng = random.Random(0)
    shares, widths = [], []
    for seed in range(60):
        originals = chatter(100, seed, turns=1)
        pairs = sum(rng.random() < 0.1 for _ in range(100))
        synthetic = [*originals[: 100 - pairs], *originals[:pairs]]
        statistic, pool = prepared("duplicates", chatter(100, 99, turns=1), synthetic)
        low, high = statistic.interval(*pool.sides, 0.95)
        widths.append((high - low) / 3.92)
        shares.append(statistic.values(*pool.sides)[0])
    assert np.mean(widths) == pytest.approx(np.std(shares), rel=0.3)
