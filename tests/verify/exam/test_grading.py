"""The exam is marked exactly: bounds, curtailment, correlation of errors; licences come out as they must."""

from __future__ import annotations

import asyncio

import pytest
from arbiter_cases import CRITERIA, Script, Speaking, arbiter_of, chat_of, marked, perfect, shown
from bank_cases import Case
from scipy.stats import beta

from turnwright.records import ClassLicence
from turnwright.verify.exam import Grading, correlations, needed, phi, shortfall, upper_bound

PLANTED, CONTROLS = 59, 59
LONG = 27
"""Lines of a transcript: between those of the two conversations that the copies are made of."""


@pytest.mark.parametrize("n", [1, 2, 10, 24, 59, 93, 1_000, 100_000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_the_bound_is_the_exact_one_of_clopper_and_pearson(n: int, confidence: float) -> None:
    for errors in sorted({0, 1, 2, n // 20, n // 3, n // 2, n - 1} & set(range(n))):
        exact = float(beta.ppf(confidence, errors + 1, n - errors))
        assert upper_bound(errors, n, confidence) == pytest.approx(exact, rel=1e-8)


def test_nothing_asked_or_nothing_but_errors_bounds_nothing() -> None:
    assert upper_bound(0, 0) == upper_bound(7, 7) == 1.0


def test_more_errors_give_a_higher_bound_and_more_questions_a_lower_one() -> None:
    bounds = [upper_bound(errors, 200) for errors in range(201)]
    assert bounds == sorted(bounds)
    assert len(set(bounds[:200])) == 200
    assert [upper_bound(2, n) for n in range(3, 300)] == sorted(
        (upper_bound(2, n) for n in range(3, 300)), reverse=True
    )


@pytest.mark.parametrize(("errors", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_counts_that_cannot_be_are_refused(errors: int, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        upper_bound(errors, n)


@pytest.mark.parametrize("confidence", [0.0, 0.49, 1.0, float("nan")])
def test_a_confidence_that_cannot_be_used_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        upper_bound(1, 5, confidence)


def test_59_questions_with_no_miss_93_with_one_and_124_with_two_bound_a_rate_by_5_percent() -> None:
    assert [needed(errors, 0.05) for errors in (0, 1, 2)] == [59, 93, 124]
    assert [needed(errors, 0.10) for errors in (0, 1)] == [29, 46]
    for errors in range(6):
        n = needed(errors, 0.05)
        assert upper_bound(errors, n) <= 0.05 < upper_bound(errors, n - 1)
    with pytest.raises(ValueError, match="limit"):
        needed(0, 0.0)


def test_too_few_conversations_are_told_how_many_are_needed() -> None:
    assert shortfall(24, "clean conversations", 0.05) == (
        "24 clean conversations; 59 are needed for a bound of 5 % with no error"
    )
    assert shortfall(58, "clean conversations", 0.05)
    assert shortfall(59, "clean conversations", 0.05) == ""


def graded(misses: int, alarms: int, planted: int = PLANTED, controls: int = CONTROLS) -> ClassLicence:
    """All errors come last, when nothing but them can close the class."""
    grading = Grading("rudeness", "rudeness", planted=planted, controls=controls)
    for number in range(planted):
        grading.planted(number < planted - misses)
    for number in range(controls):
        grading.control(number >= controls - alarms)
    return grading.licence()


@pytest.mark.parametrize(
    ("planted", "misses", "licensed"),
    [(58, 0, False), (59, 0, True), (59, 1, False), (92, 1, False), (93, 1, True), (123, 2, False), (124, 2, True)],
)
def test_a_class_is_licensed_by_its_bound_of_misses(planted: int, misses: int, licensed: bool) -> None:
    assert graded(misses, 0, planted).licensed is licensed


@pytest.mark.parametrize(
    ("controls", "alarms", "licensed"), [(28, 0, False), (29, 0, True), (29, 1, False), (46, 1, True), (59, 2, False)]
)
def test_a_class_is_licensed_by_its_bound_of_false_alarms(controls: int, alarms: int, licensed: bool) -> None:
    assert graded(0, alarms, controls=controls).licensed is licensed


def test_figures_of_a_licensed_class_are_those_of_all_answers() -> None:
    licence = graded(1, 1, 93, 59)
    assert (licence.planted, licence.missed, licence.controls, licence.alarms) == (93, 1, 59, 1)
    assert licence.miss_bound == upper_bound(1, 93)
    assert licence.alarm_bound == upper_bound(1, 59)
    assert not licence.stopped


def test_an_exam_that_was_broken_off_gives_no_licence() -> None:
    grading = Grading("rudeness", "rudeness", planted=100, controls=100)
    for _ in range(99):
        grading.planted(True)
        grading.control(False)
    assert not grading.complete
    assert not grading.licence().licensed
    grading.planted(True)
    grading.control(False)
    assert grading.licence().licensed


def test_a_class_that_cannot_be_passed_any_more_is_closed_and_later_answers_count_for_nothing() -> None:
    grading = Grading("rudeness", "rudeness", planted=93, controls=50)
    grading.planted(False)
    assert not grading.closed
    grading.planted(True)
    grading.planted(False)
    assert grading.closed
    at_closing = grading.licence()
    for _ in range(200):
        grading.planted(True)
        grading.control(True)
    assert grading.licence() == at_closing
    assert (at_closing.planted, at_closing.missed, at_closing.controls) == (3, 2, 0)
    assert at_closing.stopped
    assert not at_closing.licensed


def test_false_alarms_close_a_class_too() -> None:
    grading = Grading("rudeness", "rudeness", planted=59, controls=29)
    grading.control(True)
    assert grading.closed


def test_a_class_without_enough_copies_is_closed_before_anything_is_asked() -> None:
    assert Grading("rudeness", "rudeness", planted=24, controls=59).closed
    assert Grading("rudeness", "rudeness", planted=59, controls=28).closed
    open_ = Grading("rudeness", "rudeness", planted=24, controls=59, curtail=False)
    assert not open_.closed
    open_.planted(True)
    assert open_.licence().miss_bound == upper_bound(0, 1)


def test_more_answers_than_were_planned_are_a_mistake() -> None:
    grading = Grading("rudeness", "rudeness", planted=59, controls=29)
    for _ in range(59):
        grading.planted(True)
    with pytest.raises(ValueError, match="59 planned"):
        grading.planted(True)


def test_errors_that_come_together_correlate_and_those_that_exclude_each_other_do_so_negatively() -> None:
    assert phi([True, False, True, False], [True, False, True, False]) == pytest.approx(1.0)
    assert phi([True, False, True, False], [False, True, False, True]) == pytest.approx(-1.0)
    assert phi([True, True, False, False], [True, False, True, False]) == pytest.approx(0.0)
    assert phi([True] * 3 + [False] * 7, [True, True, False] + [True] + [False] * 6) == pytest.approx((10 * 2 - 9) / 21)


@pytest.mark.parametrize("constant", [[False] * 4, [True] * 4])
def test_an_arbiter_that_never_or_always_errs_has_no_correlation(constant: list[bool]) -> None:
    assert phi(constant, [True, False, True, False]) is None
    assert phi([], []) is None


def test_correlations_are_of_every_pair_in_the_order_of_the_panel() -> None:
    found = correlations({"a": [True, False], "b": [True, False], "c": [False, False]})
    assert [(each.one, each.other, each.count) for each in found] == [("a", "b", 2), ("a", "c", 2), ("b", "c", 2)]
    assert [each.phi for each in found] == [pytest.approx(1.0), None, None]
    with pytest.raises(ValueError, match="argument"):
        correlations({"a": [True], "b": [True, False]})


def examined(cases: list[Case], controls: list[Case], script: Script | str, defect: str) -> ClassLicence:
    """A small exam of one class: every planted copy and every control in turn."""

    async def run() -> ClassLicence:
        arbiter = arbiter_of(cases[0], Speaking(script), licensed=None)
        grading = Grading(defect, defect, planted=len(cases), controls=len(controls))
        for planted, control in zip(cases, controls, strict=True):
            found = await arbiter.ask(CRITERIA[defect], planted.conversation, planted.blueprint)
            grading.planted(found.found)
            found = await arbiter.ask(CRITERIA[defect], control.conversation, control.blueprint)
            grading.control(found.found)
            if grading.closed:
                break
        return grading.licence()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def controls(balance: Case, transfer: Case) -> list[Case]:
    return [marked(balance if number % 2 else transfer, number) for number in range(CONTROLS)]


@pytest.fixture(scope="module")
def planted(balance: Case, transfer: Case) -> dict[str, list[Case]]:
    """Copies whose defect is known by name."""
    return {
        defect: [marked(balance if number % 2 else transfer, number, defect) for number in range(PLANTED)]
        for defect in CRITERIA
    }


def test_a_perfect_arbiter_is_licensed_on_every_class(planted: dict[str, list[Case]], controls: list[Case]) -> None:
    script = perfect({shown(case): defect for defect, cases in planted.items() for case in cases})
    for defect, cases in planted.items():
        licence = examined(cases, controls, script, defect)
        assert licence.licensed, defect
        assert (licence.planted, licence.missed, licence.controls, licence.alarms) == (59, 0, 59, 0)
        assert licence.miss_bound <= 0.05


@pytest.mark.parametrize("script", ["blind", "silent", "garbage", "suspicious"])
def test_an_arbiter_that_does_not_look_is_never_licensed(
    planted: dict[str, list[Case]], controls: list[Case], script: str
) -> None:
    for defect, cases in planted.items():
        licence = examined(cases, controls, script, defect)
        assert not licence.licensed
        assert licence.stopped
        assert licence.planted <= 2
        assert (licence.alarms > 0) is (script == "suspicious")


def test_an_arbiter_that_goes_by_length_is_not_licensed(planted: dict[str, list[Case]], controls: list[Case]) -> None:
    def biased(request: object) -> str:
        return "Yes" if chat_of(request).count("\n") > LONG else "No"  # type: ignore[arg-type]

    lengths = {shown(case).count("\n") > LONG for case in controls}
    assert lengths == {True, False}
    for defect, cases in planted.items():
        assert not examined(cases, controls, biased, defect).licensed
