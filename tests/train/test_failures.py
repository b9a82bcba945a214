"""Mining: which cells lose most, and that chance alone is not taken for a failure."""

from __future__ import annotations

import random

import msgspec
import pytest

from reading_cases import population
from turnwright.reading import START, Decision, Example, ExampleSet, Said, decisions
from turnwright.train import fit_linear
from turnwright.train.failures import Where, changes, mine, mined, named

ACTS = ("ask_name", "ask_pin", "query", "goodbye")


def conversations(count: int, seed: int = 0) -> list[Decision]:
    chance = random.Random(seed)
    made = []
    for n in range(count):
        turns = [Said(role="assistant", text="x", act=chance.choice(ACTS)) for _ in range(6)]
        levels = {"detour": chance.choice(("none", "repair"))}
        made.append(Example(name=f"c/{n}", task=("bank", "shop")[n % 2], levels=levels, turns=tuple(turns)))
    return decisions(made)


def wrongly(points: list[Decision], rate: dict[str, float], other: float, seed: int) -> list[str]:
    """Answers that are wrong at a rate by act, and at another rate for other acts."""
    chance = random.Random(seed)
    return ["?" if chance.random() < rate.get(point.act, other) else point.act for point in points]


def test_the_act_that_is_got_wrong_most_is_the_first_cell_and_significant() -> None:
    points = conversations(120)
    found = mined(points, wrongly(points, {"query": 0.7}, 0.2, seed=1))
    assert found.cells[0].name == "query"
    assert found.cells[0] in found.significant
    assert found.cells[0].excess.low > 0.3
    assert found.cells[0].instead == {"?": found.cells[0].errors}
    assert sum(found.cells[0].by_task.values()) == found.cells[0].errors
    named_wrong = {cell.name for cell in found.significant}
    assert all("query" in name for name in named_wrong)


def test_a_student_that_errs_the_same_everywhere_has_significant_cells_in_at_most_one_set_of_twenty() -> None:
    alarms = 0
    for seed in range(60):
        points = conversations(80, seed)
        alarms += bool(mined(points, wrongly(points, {}, 0.3, seed)).significant)
    assert alarms <= 6


def test_errors_that_cluster_in_conversations_raise_no_false_alarms() -> None:
    """Turns of one conversation fail together; a test over turns would take that for a finding."""
    alarms = 0
    for seed in range(40):
        points, chance = conversations(80, seed), random.Random(seed)
        hard = {point.conversation: chance.random() < 0.3 for point in points}
        alarms += bool(mined(points, ["?" if hard[point.conversation] else point.act for point in points]).significant)
    assert alarms <= 4


def test_with_two_dozen_conversations_intervals_are_wide_and_little_is_significant() -> None:
    points = conversations(24)
    found = mined(points, wrongly(points, {"query": 0.5}, 0.3, seed=2))
    cell = next(one for one in found.cells if one.name == "query")
    assert cell.excess.high - cell.excess.low > 0.2
    assert not found.significant
    assert cell.shrunk > 0
    assert cell in found.promising


def test_cells_of_few_conversations_are_counted_and_not_looked_at() -> None:
    points = conversations(60)
    rare = Example(name="r", task="rare", turns=(Said(role="assistant", text="x", act="odd"),))
    with_rare = [*points, msgspec.structs.replace(decisions([rare])[0], conversation=60)]
    found = mined(with_rare, ["?" if point.act == "odd" else point.act for point in with_rare])
    assert not any("odd" in cell.name or "rare" in cell.name for cell in found.cells)
    assert found.too_small >= 3
    assert found.errors == 1


def test_a_cell_says_where_it_lies_by_act_level_and_the_act_before() -> None:
    one = Example(
        name="c", task="bank", levels={"mood": "angry"},
        turns=(Said(role="assistant", text="x", act="a"), Said(role="assistant", text="y", act="b")),
    )  # fmt: skip
    points = decisions([one])
    wheres = named(points, ["task=bank", "b", "mood=angry, b", "a → b", f"{START} → a", "nothing like it"])
    assert [where.kind for where in wheres] == ["level", "act", "level x act", "step", "step"]
    assert [where.holds(points[1]) for where in wheres] == [True, True, True, True, False]


def test_the_same_decisions_under_two_names_are_looked_at_once() -> None:
    points = conversations(40)
    points = [point for point in points if point.example.task == "bank"]
    found = mined(points, wrongly(points, {}, 0.3, seed=4))
    assert not any(cell.where.factor == "task" for cell in found.cells)


def test_a_real_student_is_mined_and_the_same_seed_gives_the_same_intervals() -> None:
    student, test = fit_linear(population(30).examples), population(40, seed=9, name="t")
    assert mine(student, test) == mine(student, test)
    assert mine(student, test).decisions == len(decisions(test.examples))


def test_what_became_of_a_cell_is_compared_on_the_same_conversations() -> None:
    points = conversations(80)
    before = wrongly(points, {"query": 0.8}, 0.2, seed=5)
    after = [point.act if point.act == "query" else said for point, said in zip(points, before, strict=True)]
    better, same = changes(points, before, after, [Where(act="query"), Where(act="goodbye")])
    assert better.after == 0
    assert better.fewer.low > 0.5
    assert same.fewer.value == same.fewer.low == same.fewer.high == 0
    assert changes(points, before, after, [Where(act="never")]) == ()


def test_an_empty_dev_set_has_no_cells() -> None:
    assert mined([], []).cells == ()
    assert mine(fit_linear(population(12).examples), ExampleSet(examples=population(3).examples)).decisions > 0


def test_a_cell_that_is_all_there_is_has_no_rest_and_is_left_out() -> None:
    points = [point for point in conversations(30) if point.act == "query" and point.example.task == "bank"]
    assert not any(cell.name == "query" for cell in mined(points, ["?"] * len(points)).cells)


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_a_student_that_is_always_right_or_always_wrong_has_no_worse_cell(wrong: float) -> None:
    points = conversations(30)
    assert mined(points, ["?" if wrong else point.act for point in points]).significant == ()
