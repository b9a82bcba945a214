"""What is drawn for labelling."""

from __future__ import annotations

from collections import Counter

import pytest

from turnwright.records import Admission
from turnwright.verify.calibration import Drawn, draw


def admissions(admitted: int, rejected: int, *, unplanned: int = 0) -> list[Admission]:
    sides = [True] * admitted + [False] * rejected
    with_words = [
        Admission(ordinal=n, scenario_id=f"sc_{n}", admitted=side, stage="admit", reason="", conversation_id=f"cv_{n}")
        for n, side in enumerate(sides)
    ]
    without = [
        Admission(ordinal=len(sides) + n, scenario_id=f"sc_x{n}", admitted=False, stage="plan", reason="impossible")
        for n in range(unplanned)
    ]
    return with_words + without


def sides_of(drawn: tuple[Drawn, ...], admitted: int) -> Counter[bool]:
    return Counter(one.ordinal < admitted for one in drawn)


def test_a_set_with_97_percent_admitted_gets_half_of_its_labels_from_rejected_ones() -> None:
    drawn = draw(admissions(970, 30), 20, seed=1)
    assert sides_of(drawn, 970) == {True: 10, False: 10}
    assert {one.probability for one in drawn if one.ordinal < 970} == {10 / 970}
    assert {one.probability for one in drawn if one.ordinal >= 970} == {10 / 30}


def test_the_same_seed_draws_the_same_conversations_and_another_seed_others() -> None:
    pool = admissions(200, 50)
    assert draw(pool, 30, seed=4) == draw(list(reversed(pool)), 30, seed=4)
    assert draw(pool, 30, seed=4) != draw(pool, 30, seed=5)


def test_what_was_labelled_is_left_out_and_two_draws_together_are_one_larger_draw() -> None:
    pool = admissions(300, 100)
    first = draw(pool, 20, seed=2)
    second = draw(pool, 20, seed=2, labelled={one.conversation_id for one in first})
    both = {one.conversation_id for one in first + second}
    assert len(both) == 40
    assert both == {one.conversation_id for one in draw(pool, 40, seed=2)}
    assert {one.probability for one in second if one.ordinal >= 300} == {10 / 90}


def test_scenarios_without_a_conversation_are_never_drawn() -> None:
    drawn = draw(admissions(5, 2, unplanned=50), 30, seed=0)
    assert len(drawn) == 7
    assert all(one.probability == 1 for one in drawn)


@pytest.mark.parametrize(("admitted", "rejected", "expected"), [(50, 3, (17, 3)), (4, 50, (4, 16)), (50, 0, (20, 0))])
def test_where_a_side_has_too_few_the_other_makes_up_for_it(
    admitted: int, rejected: int, expected: tuple[int, int]
) -> None:
    found = sides_of(draw(admissions(admitted, rejected), 20, seed=3), admitted)
    assert (found[True], found[False]) == expected


def test_every_conversation_of_a_side_has_the_chance_that_is_written_beside_it() -> None:
    pool = admissions(40, 10)
    seen = Counter(one.ordinal for seed in range(2000) for one in draw(pool, 10, seed))
    for ordinal in range(50):
        chance = 5 / 40 if ordinal < 40 else 5 / 10
        spread = (2000 * chance * (1 - chance)) ** 0.5
        assert abs(seen[ordinal] - 2000 * chance) < 4.5 * spread


def test_the_order_shown_does_not_tell_the_sides_apart() -> None:
    firsts = Counter(draw(admissions(500, 500), 20, seed)[0].ordinal < 500 for seed in range(400))
    assert 150 < firsts[True] < 250


@pytest.mark.parametrize(("n", "share"), [(-1, 0.5), (5, 1.5), (5, -0.1)])
def test_a_draw_that_makes_no_sense_is_refused(n: int, share: float) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        draw(admissions(5, 5), n, 0, share)
