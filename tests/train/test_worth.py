"""What a set is worth: the ruler, the reading, the refusals, and agreement with the yardstick on STAR."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.metrics import f1_score

from reading_cases import REFERENCE, example, needs_star, population
from turnwright.errors import InputError
from turnwright.reading import Example, ExampleSet, Said, decisions, read_set
from turnwright.records import Usage
from turnwright.train import Plus, Worth, curve_of, equivalent, fit_linear, overlap, score_sets, worth
from turnwright.train.curve import grid_of

SIZES = (4, 8, 16)


@pytest.fixture(scope="module")
def pool() -> ExampleSet:
    return population(40, seed=1, name="real")


@pytest.fixture(scope="module")
def exam() -> ExampleSet:
    return population(60, seed=2, name="test")


def measure(
    made: ExampleSet, pool: ExampleSet, exam: ExampleSet, plus: int | Plus = 0, cache: Path | None = None
) -> Worth:
    return worth(made, pool, exam, plus=plus, seeds=2, rounds=100, sizes=SIZES, cache=cache)


# --- reading off the curve ----------------------------------------------------------------------------------------


def test_a_score_is_read_off_the_curve_over_the_logarithm_of_size() -> None:
    sizes, scores = (10, 100, 1000), (0.3, 0.5, 0.6)
    assert equivalent(0.5, sizes, scores) == pytest.approx(100)
    assert equivalent(0.4, sizes, scores) == pytest.approx(10**1.5)
    assert equivalent(0.15, sizes, scores) == pytest.approx(5)
    assert equivalent(0.9, sizes, scores) == pytest.approx(1000)
    assert equivalent(0.0, sizes, (0.0, 0.1, 0.2)) == 0.0


def test_a_dent_in_the_curve_is_made_level() -> None:
    assert equivalent(0.45, (10, 100, 1000), (0.4, 0.3, 0.5)) == pytest.approx(100 * 10**0.5)


def test_a_set_of_the_same_kind_is_worth_about_its_size_and_noise_nothing(pool: ExampleSet, exam: ExampleSet) -> None:
    same = measure(population(16, seed=3, name="set"), pool, exam)
    assert same.real.low <= 16 <= same.real.high
    assert 8 <= same.real.value <= 32
    assert same.rate.value == pytest.approx(same.real.value / 16)
    assert same.rate.low == pytest.approx(same.real.low / 16)
    noise = ExampleSet(examples=tuple(example(f"n/{n}", "sing", "dance") for n in range(16)))
    nothing = measure(noise, pool, exam)
    assert nothing.real.value == 0.0
    assert nothing.unseen_share == 1.0


def test_the_score_is_the_mean_over_seeds_of_students_of_the_set_and_the_added_ones(
    pool: ExampleSet, exam: ExampleSet
) -> None:
    made = population(8, seed=3, name="set")
    points = decisions(exam.examples)
    scores = []
    for seed in range(2):
        added = random.Random(seed).sample(pool.examples, 5)
        student = fit_linear([*made.examples, *added], seed=seed)
        said = [student.acts[n] for n in student.predict(points).chances.argmax(axis=1)]
        scores.append(f1_score([point.act for point in points], said, average="weighted", zero_division=0))
    assert scores[0] != scores[1]
    assert measure(made, pool, exam, plus=5).score.value == pytest.approx(np.mean(scores))


def test_the_interval_holds_the_value_and_the_curve_says_its_sizes(pool: ExampleSet, exam: ExampleSet) -> None:
    made = measure(population(8, seed=3, name="set"), pool, exam)
    assert [(point.size, point.seeds) for point in made.curve] == [(4, 2), (8, 2), (16, 2), (40, 1)]
    assert made.score.low <= made.score.value <= made.score.high
    assert made.real.low <= made.real.value <= made.real.high
    assert made.real.low < made.real.high
    assert (made.test_conversations, made.test_decisions) == (60, len(decisions(exam.examples)))


def test_equal_arguments_give_equal_figures(pool: ExampleSet, exam: ExampleSet) -> None:
    made = population(8, seed=3, name="set")
    one, other = measure(made, pool, exam), measure(made, pool, exam)
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


def test_a_set_as_good_as_the_whole_pool_is_worth_at_least_that(pool: ExampleSet, exam: ExampleSet) -> None:
    """One useless conversation with all real ones added is where the curve ends, and only a bound is known."""
    useless = ExampleSet(examples=(example("n", "sing", "dance"),))
    made = measure(useless, pool, exam, plus=len(pool))
    assert made.score.value == pytest.approx(made.curve[-1].score.value, abs=0.02)
    assert made.at_least
    assert made.real.value == pytest.approx(40)
    assert not measure(useless, pool, exam, plus=4).at_least


def test_cost_is_told_for_each_equivalent_conversation_where_it_is_known(pool: ExampleSet, exam: ExampleSet) -> None:
    made = population(8, seed=3, name="set")
    assert measure(made, pool, exam).money is None
    paid = Usage(calls=10, prompt_tokens=600, completion_tokens=400, money=2_000_000)
    known = measure(msgspec.structs.replace(made, usage=paid), pool, exam)
    assert known.money == pytest.approx(2.0 / known.real.value)
    assert known.tokens == pytest.approx(1000 / known.real.value)


def test_a_cost_has_no_upper_end_where_the_set_may_be_worth_nothing(pool: ExampleSet, exam: ExampleSet) -> None:
    made = measure(population(8, seed=3, name="set"), pool, exam)
    cost = made.each(10.0)
    assert cost.low == pytest.approx(10 / made.real.high)
    assert cost.low < cost.value < cost.high
    nothing = msgspec.structs.replace(made, real=msgspec.structs.replace(made.real, low=0.0))
    assert nothing.each(10.0).high == float("inf")


# --- real conversations that are added --------------------------------------------------------------------------------


def test_a_fixed_set_of_real_ones_is_added_to_every_seed_and_not_drawn(pool: ExampleSet, exam: ExampleSet) -> None:
    made, these = population(8, seed=3, name="set"), ExampleSet(examples=pool.examples[:5], sources=("dev.jsonl",))
    told = measure(made, pool, exam, plus=Plus(these=these))
    assert (told.plus, told.plus_from, told.plus_weight) == (5, "dev.jsonl", 1.0)
    points = decisions(exam.examples)
    scores = []
    for seed in range(2):
        student = fit_linear([*made.examples, *these.examples], seed=seed)
        said = [student.acts[n] for n in student.predict(points).chances.argmax(axis=1)]
        scores.append(f1_score([point.act for point in points], said, average="weighted", zero_division=0))
    assert told.score.value == pytest.approx(np.mean(scores))
    assert told.curve == measure(made, pool, exam).curve


def test_real_ones_of_more_weight_win_over_a_set_that_teaches_the_wrong_thing(
    pool: ExampleSet, exam: ExampleSet
) -> None:
    swapped = {"ask_name": "ask_pin", "ask_pin": "ask_name", "query": "goodbye", "goodbye": "query"}
    wrong = tuple(
        msgspec.structs.replace(
            one, turns=tuple(msgspec.structs.replace(turn, act=swapped.get(turn.act, "")) for turn in one.turns)
        )
        for one in population(30, seed=3, name="set").examples
    )
    light, heavy = (measure(ExampleSet(examples=wrong), pool, exam, plus=Plus(count=16, weight=w)) for w in (1, 20))
    assert heavy.plus_weight == 20
    assert heavy.score.value > light.score.value + 0.1


def test_many_sets_are_measured_as_each_of_them_alone(pool: ExampleSet, exam: ExampleSet) -> None:
    sets = [population(8, seed=3, name="set"), population(4, seed=4, name="other")]
    together = list(score_sets(sets, pool, exam, seeds=2, rounds=100, sizes=SIZES))
    assert [msgspec.json.encode(one) for one in together] == [
        msgspec.json.encode(measure(one, pool, exam)) for one in sets
    ]
    assert [one.of for one in together] == [one.hash for one in sets]


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_real_ones_need_a_weight_that_can_be(pool: ExampleSet, exam: ExampleSet, weight: float) -> None:
    with pytest.raises(InputError, match="cannot have a weight of"):
        measure(population(8, name="set"), pool, exam, plus=Plus(count=2, weight=weight))


def test_what_is_added_is_a_number_or_a_file_and_no_conversation_of_the_test(
    pool: ExampleSet, exam: ExampleSet
) -> None:
    made = population(8, seed=3, name="set")
    with pytest.raises(InputError, match="both to be added"):
        measure(made, pool, exam, plus=Plus(count=2, these=population(3, seed=9, name="h")))
    with pytest.raises(InputError, match="the added human set overlaps the test"):
        measure(made, pool, exam, plus=Plus(these=ExampleSet(examples=exam.examples[:2])))


# --- the curve that is kept -----------------------------------------------------------------------------------------


def test_a_curve_is_kept_and_used_again_until_anything_that_decides_it_changes(
    pool: ExampleSet, exam: ExampleSet, tmp_path: Path
) -> None:
    def curve(test: ExampleSet = exam, features: str = "yardstick") -> str:
        return curve_of(pool, test, sizes=SIZES, seeds=1, features=features, cache=tmp_path).key

    first = curve()
    (kept,) = tmp_path.iterdir()
    marked = kept.read_bytes().replace(b'"features":"yardstick"', b'"features":"from the file"')
    kept.write_bytes(marked)
    assert curve_of(pool, exam, sizes=SIZES, seeds=1, cache=tmp_path).features == "from the file"
    renamed = ExampleSet(examples=tuple(msgspec.structs.replace(one, name="x") for one in exam.examples))
    assert curve(renamed) == first
    assert curve(ExampleSet(examples=exam.examples[:-1])) != first
    assert curve(features="history") != first
    kept.write_bytes(b"{")
    assert curve_of(pool, exam, sizes=SIZES, seeds=1, cache=tmp_path).features == "yardstick"


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_pool_smaller_than_the_smallest_point_is_refused(exam: ExampleSet) -> None:
    with pytest.raises(InputError, match=r"has 3 conversations, fewer than the smallest point of the curve \(4\)"):
        measure(population(8, name="set"), population(3, seed=1, name="real"), exam)


def test_more_real_conversations_than_there_are_cannot_be_added(pool: ExampleSet, exam: ExampleSet) -> None:
    with pytest.raises(InputError, match="41 of the pool's 40"):
        measure(population(8, name="set"), pool, exam, plus=41)


def test_a_set_or_pool_that_holds_conversations_of_the_test_is_refused(pool: ExampleSet, exam: ExampleSet) -> None:
    leaked = ExampleSet(examples=(*population(8, seed=3, name="set").examples, exam.examples[0]))
    with pytest.raises(InputError, match="the set overlaps the test: of 9 conversations, 1 are copies"):
        measure(leaked, pool, exam)
    with pytest.raises(InputError, match="the real pool overlaps the test"):
        measure(population(8, seed=3, name="set"), ExampleSet(examples=(*pool.examples, exam.examples[0])), exam)


def say(name: str, *words: str) -> Example:
    turns = [turn for text in words for turn in (Said(role="user", text=text), Said(role="assistant", act="ok"))]
    return Example(name=name, task="t", turns=tuple(turns))


ONE = "my neighbour borrowed the blue bicycle and never brought it back to me"
TWO = "the invoice of last month lists a parcel that nobody ever sent me"


def test_most_of_a_conversations_words_must_come_from_the_test_to_count() -> None:
    test = [say("a", ONE), say("b", TWO)]
    own = "quite another thing happened to us on the way home from the long market last week I think"
    copied, touched, free = say("x", ONE.upper() + "!"), say("y", ONE, own, own + " and more"), say("z", own)
    found = overlap([copied, touched, free], test)
    assert (found.sharing, found.touching, found.copies, found.conversations) == (1, 2, 0, 3)
    assert found.names == ("x",)
    assert found.share == pytest.approx(1 / 3)


def test_words_that_the_pool_or_several_of_the_test_have_are_common_property() -> None:
    assert overlap([say("x", ONE)], [say("a", ONE)], [say("p", ONE)]).touching == 0
    assert overlap([say("x", ONE)], [say("a", ONE), say("b", ONE + " again")]).touching == 0
    assert overlap([say("x", "yes please")], [say("a", "yes please")]).sharing == 0


# --- agreement with the yardstick -----------------------------------------------------------------------------------


@needs_star
def test_the_curve_of_star_is_the_yardsticks() -> None:
    """24 real conversations reach 0.47 and 240 reach 0.62 weighted F1, within 0.03."""
    pool, exam = read_set([REFERENCE / "train.jsonl"]), read_set([REFERENCE / "test.jsonl"])
    curve = curve_of(pool, exam, sizes=(24, 240), seeds=1)
    grid = grid_of(decisions(exam.examples), curve.acts)
    whole = np.ones((1, grid.conversations))
    scores = {fit.size: grid.acts_of(fit.said).weighted_f1(whole)[0] for fit in curve.fits}
    assert scores[24] == pytest.approx(0.47, abs=0.03)
    assert scores[240] == pytest.approx(0.62, abs=0.03)
    assert scores == pytest.approx({24: 0.48391, 240: 0.63488, 1291: 0.69045}, abs=0.0005)


@needs_star
def test_halves_of_star_that_have_nothing_to_hide_pass_the_check_and_the_test_itself_does_not() -> None:
    real, exam = read_set([REFERENCE / "train.jsonl"]).examples, read_set([REFERENCE / "test.jsonl"]).examples
    assert overlap(real[:645], exam, real[645:]).share < 0.01
    reworded = [msgspec.structs.replace(one, turns=one.turns[1:]) for one in exam]
    assert overlap(reworded, exam, real).share > 0.2
