"""Which scenario comes when in a run with gates, and how cells that are missing become levels that come more often."""

from __future__ import annotations

from pathlib import Path

import pytest
from loop_cases import example_of, placed, spec_in

from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.engine.batches.course import Course
from turnwright.engine.batches.missing import led_back
from turnwright.engine.batches.words import quarantine_reasons, said, stop_reasons
from turnwright.engine.designing import design_of, domain_of
from turnwright.engine.quotas import Bounds, raised
from turnwright.engine.spec import Spec
from turnwright.errors import DesignError
from turnwright.monitor.measures.cells import Missing
from turnwright.reading import Example
from turnwright.records.fidelity import BatchVerdict, GateOutcome

Case = tuple[Spec, Domain, Design]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    one = placed(spec_in(tmp_path, scenarios=200))
    domain = domain_of(one.spec, one.base)
    return one.spec, domain, design_of(one.spec, domain)


def made_of(course: Course) -> list[Example]:
    """A conversation for every scenario, whose acts show its levels."""
    return [example_of(str(n), "mini_shop", course.scenario(n).levels) for n in range(len(course))]


def lacking(kind: str, name: str) -> Missing:
    return Missing(kind=kind, name=name, reference=0.4, synthetic=0.02, counts=(40, 2), p=0.001)


def share(course: Course, level: str, ordinals: range) -> float:
    return sum(course.scenario(n).levels["detour"] == level for n in ordinals) / len(ordinals)


def test_a_course_without_gates_is_the_design_as_it_stands(case: Case) -> None:
    spec, domain, whole = case
    assert [Course(spec, domain, whole, spread=False).scenario(n) for n in range(200)] == list(whole)


def test_a_course_with_gates_takes_every_scenario_once_and_the_same_ones_every_time(case: Case) -> None:
    spec, domain, whole = case
    course, again = (Course(spec, domain, whole, spread=True) for _ in range(2))
    scenarios = [course.scenario(n) for n in range(200)]
    assert [again.scenario(n) for n in reversed(range(200))] == scenarios[::-1]
    assert sorted(one.seed for one in scenarios) == sorted(one.seed for one in whole)
    assert [one.ordinal for one in scenarios] == list(range(200))
    free = [one.seed for one in scenarios if one.drawn == "free"]
    assert free == [one.seed for one in whole if one.drawn == "free"]


def test_what_comes_after_a_rebalance_is_drawn_anew_and_what_came_before_stays(case: Case) -> None:
    spec, domain, whole = case
    course = Course(spec, domain, whole, spread=True)
    before = [course.scenario(n) for n in range(80)]
    course.redraw(80, {("detour", "repair"): 40})
    assert [course.scenario(n) for n in range(80)] == before
    assert share(course, "repair", range(80, 200)) > 0.3
    after = [course.scenario(n) for n in range(80, 200)]
    assert sum(one.weight for one in after) == pytest.approx(120, rel=1e-3)
    weighed = sum(one.weight for one in after if one.levels["detour"] == "repair") / 120
    assert weighed == pytest.approx(0.03, abs=0.005)
    assert not {one.seed for one in after} & {one.seed for one in before}


def test_quotas_of_the_spec_ask_only_for_what_has_not_come_yet(tmp_path: Path) -> None:
    more = "      memory: {sure: {}, forgets: {quota: 30}}"
    path = spec_in(tmp_path, scenarios=100)
    lines = [more if "memory:" in line else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines).replace("      memory", "    memory"))
    one = placed(path)
    domain = domain_of(one.spec, one.base)
    course = Course(one.spec, domain, design_of(one.spec, domain), spread=True)
    come = sum(course.scenario(n).levels["memory"] == "forgets" for n in range(60))
    left = {level.level: level.quota for level in course.tried(60, {}).shares if level.factor == "memory"}
    assert left["forgets"] == max(0, 30 - come)


def test_more_quotas_than_scenarios_are_left_is_a_design_error(case: Case) -> None:
    spec, domain, whole = case
    course = Course(spec, domain, whole, spread=True)
    with pytest.raises(DesignError, match="need at least"):
        course.tried(195, {("detour", "repair"): 40})


def test_a_missing_act_is_led_back_to_the_level_whose_conversations_show_it(case: Case) -> None:
    spec, domain, whole = case
    course = Course(spec, domain, whole, spread=True)
    led = led_back([lacking("act", "ask_repeat")], made_of(course), whole.factors, Bounds())
    assert list(led.wanted) == [("detour", "repair")]
    assert led.wanted["detour", "repair"] == (3.0, ("act: ask_repeat",))
    pushes = raised("mini_shop", whole, lambda quotas: course.tried(50, quotas), led.wanted, Bounds())
    assert [(one.factor, one.level) for one in pushes] == [("detour", "repair")]
    assert pushes[0].after <= 3 * pushes[0].before + 0.01


def test_a_missing_level_is_raised_itself_and_an_unknown_one_is_told(case: Case) -> None:
    _, _, whole = case
    cells = [lacking("level", "memory = forgets"), lacking("level", "mood = furious"), lacking("level", "moon = full")]
    led = led_back(cells, [], whole.factors, Bounds())
    assert list(led.wanted) == [("memory", "forgets")]
    assert len(led.notes) == 2
    assert all("no level of this design" in note for note in led.notes)


def test_what_no_conversation_shows_is_told_and_raises_nothing(case: Case) -> None:
    spec, domain, whole = case
    made = made_of(Course(spec, domain, whole, spread=True))
    led = led_back([lacking("act", "apologise"), lacking("act", "goodbye")], made, whole.factors, Bounds())
    assert led.wanted == {}
    assert "no conversation shows it yet" in led.notes[0]
    assert "no level's conversations" in led.notes[1]


def outcome(state: str, action: str = "stop") -> GateOutcome:
    return GateOutcome(
        gate="tail_retention >= 0.8", monitor="tail_retention", look=1, state=state, action=action, value=0.61,
        low=0.48, high=0.74, why="no acts" if state == "unread" else "",
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_gate_is_told_with_figure_interval_and_bound() -> None:
    assert said(outcome("breached")) == "tail_retention >= 0.8: 0.610 (0.480…0.740), breached"
    assert said(outcome("unread")) == "tail_retention >= 0.8: not read (no acts)"


def test_reasons_name_the_gate_and_the_batch() -> None:
    stop = BatchVerdict(
        look=2, number=2, first=50, last=99, batch=48, so_far=95, outcomes=(outcome("breached"),), action="stop"
    )
    assert "after batch 2 (scenarios 50 to 99)" in stop_reasons([stop])[0]
    assert stop_reasons([]) == ()
    away = BatchVerdict(
        look=1, number=1, first=0, last=49, batch=48, so_far=0, outcomes=(outcome("breached", "quarantine"),),
        action="quarantine", quarantined=48,
    )  # fmt: skip
    assert quarantine_reasons([away, stop]) == {"batch 1: tail_retention >= 0.8: 0.610 (0.480…0.740), breached": 48}
