"""Labelled cells and their tails: known answers, exact tests against scipy, planted deletions found, none without."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from turnwright.monitor import LeftOut, Sample, Statistic
from turnwright.monitor.correcting import distances, p_value
from turnwright.monitor.measures.cells import MONITORS, jensen_shannon, missing
from turnwright.monitor.measures.exact import fewer, fisher, least
from turnwright.monitor.measures.shown import CellTable, cell_table, single_cells, tables
from turnwright.monitor.measures.tails import MONITORS as TAILS
from turnwright.monitor.permuting import figure, nulls
from turnwright.monitor.sampling import sample_of
from turnwright.reading import Called, Example, Said, read_examples

STAR = Path(__file__).parents[2].parent / "shared" / "data" / "star" / "train.jsonl"
KNOWN = {one.name: one for one in (*MONITORS, *TAILS)}


def example(*acts: str, users: str = "", task: str = "shop", natural: float | None = None, **levels: str) -> Example:
    """A conversation of these acts of the assistant; each letter of `users` is an act of the user."""
    turns = [Said(role="user", text="x", act=act) for act in users]
    turns += [Said(role="assistant", text="y", act=act) for act in acts]
    return Example(name="", task=task, turns=tuple(turns), levels=levels, natural=natural)


def prepared(name: str, sample: Sample) -> Statistic:
    made = KNOWN[name].prepare(sample)
    assert not isinstance(made, LeftOut), made
    return made


def p_of(name: str, sample: Sample, draws: int = 199) -> float:
    return p_value(distances(nulls({name: prepared(name, sample)}, sample, draws, sample.seed)[name], KNOWN[name]))


# --- known answers ----------------------------------------------------------------------------------------------


def test_divergence_is_that_of_scipy_and_in_bits() -> None:
    p, q = np.array([[0.5, 0.3, 0.2, 0.0]]), np.array([[1.0, 1.0, 0.0, 2.0]])
    assert jensen_shannon(p, q)[0] == pytest.approx(jensenshannon(p[0], q[0] / 4, base=2) ** 2)
    assert jensen_shannon(np.array([[1.0, 0]]), np.array([[0, 3.0]]))[0] == pytest.approx(1.0)
    assert jensen_shannon(p, p)[0] == pytest.approx(0.0, abs=1e-12)


def test_exact_tests_of_many_tables_agree_with_scipy() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 31, 60), rng.integers(0, 46, 60)
    ours, lower = fisher(first, second, 30, 45), fewer(first, second, 30, 45)
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        table = [[a, 30 - a], [b, 45 - b]]
        assert ours[number] == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)
        assert lower[number] == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-6)


def test_no_set_can_show_a_cell_missing_more_surely_than_when_it_lacks_it_altogether() -> None:
    assert least(np.array([5, 40]), 30, 45) == pytest.approx(
        [fewer(np.array([5]), np.array([0]), 30, 45)[0], fewer(np.array([30]), np.array([10]), 30, 45)[0]]
    )


def test_tail_retention_is_the_synthetic_share_of_the_tail_by_the_human_one() -> None:
    human = [example(*["common"] * 39, "rare")] * 10
    made = [example(*["common"] * 39, "rare")] * 5 + [example(*["common"] * 40)] * 5
    sample = sample_of(human, made)
    statistic = prepared("tail_retention", sample)
    assert figure(statistic, sample) == pytest.approx(0.5)
    assert statistic.levels(*sample.sides) == pytest.approx((1 / 40, 1 / 80))
    assert statistic.details(*sample.sides)[0].name == "shop: rare"


def test_a_new_act_of_the_synthetic_set_does_not_make_up_for_a_lost_one() -> None:
    human = [example(*["common"] * 39, "rare")] * 10
    made = [example(*["common"] * 39, "invented")] * 10
    sample = sample_of(human, made)
    assert figure(prepared("tail_retention", sample), sample) == 0


def test_in_the_natural_view_the_tail_weighs_as_its_scenarios_do() -> None:
    human = [example(*["common"] * 39, "rare")] * 10
    made = [example(*["common"] * 39, "rare", natural=0.2)] * 5 + [example(*["common"] * 40, natural=1.0)] * 5
    sample = sample_of(human, made, view="natural")
    assert figure(prepared("tail_retention", sample), sample) == pytest.approx(0.2 / 1.2, rel=1e-5)
    stress = sample_of(human, made, view="stress")
    assert figure(prepared("tail_retention", stress), stress) == pytest.approx(0.5)


def test_single_cells_are_explained_by_exact_tests_after_holm() -> None:
    sample = sample_of([example("a", "b")] * 20 + [example("a")] * 20, [example("a")] * 40 + [example("c")] * 2)
    details = prepared("cell_shift", sample).details(*sample.sides)
    assert details[0].name == "b"
    assert details[0].note == "20 and 0 conversations"
    alone = stats.fisher_exact([[20, 20], [0, 42]]).pvalue
    assert details[0].p == pytest.approx(3 * alone, rel=1e-6)


def test_act_mix_tells_both_entropies_and_what_differs_most() -> None:
    sample = sample_of([example("a", "b")] * 10, [example("a", "a")] * 10)
    statistic = prepared("act_mix", sample)
    assert statistic.levels(*sample.sides) == pytest.approx((1.0, 0.0))
    assert figure(statistic, sample) == pytest.approx(jensenshannon([0.5, 0.5], [1, 0], base=2) ** 2, abs=1e-6)
    assert statistic.details(*sample.sides)[0].name == "b"


def test_pairs_of_acts_see_an_order_that_the_mix_does_not() -> None:
    sample = sample_of([example("a", "b")] * 15, [example("b", "a")] * 15)
    assert figure(prepared("act_mix", sample), sample) == pytest.approx(0, abs=1e-9)
    assert p_of("act_bigrams", sample) == pytest.approx(1 / 200)


# --- what cannot be looked at -----------------------------------------------------------------------------------


def test_missing_labels_are_said_and_the_rest_goes_on() -> None:
    bare = Example(name="", task="shop", turns=(Said(role="assistant", text="y", call=Called(name="find")),))
    sample = sample_of([example("a", users="u")] * 10, [bare] * 10)
    left = KNOWN["tail_retention"].prepare(sample)
    assert left == LeftOut(
        "no assistant turn is labelled in the synthetic set; no user turn is labelled in the synthetic set"
    )
    assert KNOWN["act_mix"].prepare(sample) == LeftOut("no assistant turn is labelled in the synthetic set")
    assert missing(sample.examples[:10], sample.examples[10:]) == ()


def test_tools_are_compared_where_no_act_is_labelled() -> None:
    def called(tool: str) -> Example:
        return Example(name="", task="t", turns=(Said(role="assistant", call=Called(name=tool)),))

    sample = sample_of([called("find"), called("book")] * 10, [called("find")] * 20)
    assert prepared("cell_shift", sample).details(*sample.sides)[0].name == "book"


def test_acts_alone_are_compared_where_the_tasks_have_other_names() -> None:
    same = sample_of([example("a")] * 10, [example("a")] * 10)
    other = sample_of([example("a")] * 10, [example("a", task="store")] * 10)
    assert [table.kind for table in tables(same)] == ["act", "task act"]
    assert [table.kind for table in tables(other)] == ["act"]


def test_an_act_that_only_one_task_has_is_not_counted_twice() -> None:
    both = [example("a", "b"), example("a", task="store")] * 10
    cells = [(table.kind, [table.names[at] for at in places]) for table, places in single_cells(sample_of(both, both))]
    assert cells == [("act", ["a", "b"]), ("task act", ["shop: a", "store: a"])]


def test_cells_are_counted_once_for_all_monitors() -> None:
    sample = sample_of([example("a", "a", "b")] * 10, [example("b")] * 10)
    table = cell_table(sample, "act")
    assert isinstance(table, CellTable)
    assert table is cell_table(sample, "act")
    assert table.sums(sample.sides[0]).tolist() == [[20.0, 10.0]]


# --- missing cells ----------------------------------------------------------------------------------------------


def test_rare_cells_that_are_gone_are_named_with_their_counts() -> None:
    human = [example(*["common"] * 30, "rare", where="north")] * 30 + [example("common", where="south")] * 70
    made = [example("common", where="south")] * 100
    found = missing(human, made, alpha=0.05)
    assert {(one.kind, one.name, one.counts) for one in found} == {
        ("act", "rare", (30, 0)),
        ("level", "where = north", (30, 0)),
    }
    act = next(one for one in found if one.kind == "act")
    assert (act.task, act.act, act.reference, act.synthetic) == ("", "rare", 0.3, 0.0)


def test_a_cell_that_is_gone_in_one_task_only_is_named_with_its_task() -> None:
    human = [example(*["common"] * 30, "rare", task=task) for task in ("shop", "bank")] * 40
    made = [example(*["common"] * 30, "rare", task="bank"), example(*["common"] * 30, task="shop")] * 40
    found = {one.name: one for one in missing(human, made)}
    assert (found["shop: rare"].task, found["shop: rare"].act) == ("shop", "rare")
    assert "bank: rare" not in found


def test_every_label_of_a_turn_counts() -> None:
    two = Example(name="", task="t", turns=(Said(role="assistant", text="y", act="a", acts=("a", "b")),))
    table = cell_table(sample_of([two] * 10, [two] * 10), "act")
    assert isinstance(table, CellTable)
    assert table.names == ("a", "b")


def test_what_is_only_rare_by_chance_is_not_called_missing() -> None:
    human = [example(*["common"] * 30, "rare")] * 4 + [example("common")] * 96
    assert missing(human, [example("common")] * 100) == ()


def test_common_cells_that_are_shown_less_are_not_missing_from_the_tail() -> None:
    human = [example("a", "b")] * 50
    assert missing(human, [example("a")] * 50) == ()


# --- planted deletions ------------------------------------------------------------------------------------------


def star() -> list[Example]:
    if not STAR.is_file():
        pytest.skip("needs ../shared/data/star/train.jsonl, real conversations that are not part of the repository")
    return list(read_examples(STAR))


def tail_of(examples: list[Example], mass: float) -> set[tuple[str, str]]:
    """The rarest cells (task and act) that together hold this share of labelled turns."""
    counts: dict[tuple[str, str], int] = {}
    for one in examples:
        for turn in one.turns:
            if turn.act:
                counts[one.task, turn.act] = counts.get((one.task, turn.act), 0) + 1
    held, whole, tail = 0, sum(counts.values()), set()
    for cell in sorted(counts, key=lambda cell: (counts[cell], cell)):
        held += counts[cell]
        if held > mass * whole:
            break
        tail.add(cell)
    return tail


def test_a_deleted_tail_is_found_with_100_conversations_a_side() -> None:
    whole = star()
    tail = tail_of(whole, 0.1)
    found = 0
    for repetition in range(20):
        drawn = random.Random(repetition).sample(whole, len(whole))
        rest = [one for one in drawn[100:] if not any((one.task, turn.act) in tail for turn in one.turns)]
        found += p_of("tail_scan", sample_of(drawn[:100], rest[:100], seed=repetition)) <= 0.0125
    assert found >= 19


def test_no_deletion_is_seen_between_two_real_halves() -> None:
    whole, found = star(), []
    for repetition in range(60):
        drawn = random.Random(repetition).sample(whole, 200)
        found.append(p_of("tail_scan", sample_of(drawn[:100], drawn[100:], seed=repetition), draws=99))
    assert stats.kstest(found, stats.uniform(0.005, 1).cdf).pvalue > 0.01


def test_the_scan_sees_the_rarest_go_where_the_rest_is_the_same() -> None:
    rng = random.Random(1)
    rare = [example("hello", f"odd {number % 25}") for number in range(60)]
    plain = [example("hello", rng.choice(["ask", "inform", "offer"])) for _ in range(440)]
    sample = sample_of([*rare[:30], *plain[:220]], plain[220:])
    assert p_of("tail_scan", sample) == pytest.approx(1 / 200)
    assert p_of("tail_scan", sample_of([*rare[:30], *plain[:220]], [*rare[30:], *plain[220:]])) > 0.05
