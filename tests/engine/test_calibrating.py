"""What a run's labels say about its verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest
from calibration_runs import concluded, ids_of, run_of, says

from turnwright.engine.calibrating import Calibration, calibrate, defect_classes
from turnwright.records import Label
from turnwright.verify.calibration import Agreement, Share


def share_over(figures: Calibration, over: str) -> Share:
    return next(one for one in figures.shares if one.over == over)


def between(figures: Calibration, names: str) -> Agreement:
    return next(one for one in figures.agreements if one.between == names)


def test_shares_are_given_over_all_the_admitted_and_the_rejected(tmp_path: Path) -> None:
    reasons = ["admitted"] * 30 + ["wrong_value"] * 10 + ["impossible"] * 5
    with run_of(tmp_path, *(concluded(n, reason) for n, reason in enumerate(reasons))) as run:
        ids = ids_of(run)
        labels = [says(id_, n != 0) for n, id_ in enumerate(ids[:10])]
        labels += [says(id_, n == 0) for n, id_ in enumerate(ids[30:35])]
        figures = calibrate(run, labels)
    assert figures.labels == 15
    assert [one.over for one in figures.shares] == ["all", "admitted", "rejected"]
    assert share_over(figures, "admitted").share == pytest.approx(0.9)
    assert share_over(figures, "rejected").share == pytest.approx(0.2)
    whole = share_over(figures, "all")
    assert whole.share == pytest.approx((30 * 0.9 + 10 * 0.2) / 40)
    assert (whole.size, whole.labels) == (40, 15)
    assert figures.reviewers == {"Ada": 15}


def test_conversations_that_were_only_duplicates_are_told_from_those_with_a_defect(tmp_path: Path) -> None:
    reasons = ["admitted"] * 10 + ["wrong_value"] * 6 + ["near_duplicate"] * 4
    with run_of(tmp_path, *(concluded(n, reason) for n, reason in enumerate(reasons))) as run:
        figures = calibrate(run, [says(id_, n < 10 or n >= 16) for n, id_ in enumerate(ids_of(run))])
    assert share_over(figures, "rejected").share == pytest.approx(0.4)
    assert share_over(figures, "rejected for a defect").share == 0
    assert between(figures, "verdict and people").kappa == 1
    admission = between(figures, "admission and people").kappa
    assert admission is not None
    assert admission < 1


def test_the_latest_word_of_a_reviewer_counts(tmp_path: Path) -> None:
    with run_of(tmp_path, *(concluded(n) for n in range(3))) as run:
        ids = ids_of(run)
        figures = calibrate(run, [says(ids[0], False), says(ids[1], True), says(ids[0], True)])
    assert share_over(figures, "admitted").share == 1
    assert figures.labels == 2


def test_reviewers_who_contradict_each_other_count_for_neither_until_one_gives_in(tmp_path: Path) -> None:
    reasons = ["admitted"] * 8 + ["wrong_value"] * 8
    with run_of(tmp_path, *(concluded(n, reason) for n, reason in enumerate(reasons))) as run:
        ids = ids_of(run)
        labels = [says(id_, n < 8) for n, id_ in enumerate(ids)]
        labels += [says(ids[0], False, "Bo"), says(ids[1], True, "Bo"), says(ids[9], False, "Bo")]
        figures = calibrate(run, labels)
        settled = calibrate(run, [*labels, says(ids[0], True, "Bo")])
    assert [(one.conversation_id, one.accepted_by, one.rejected_by) for one in figures.contradictions] == [
        (ids[0], ("Ada",), ("Bo",))
    ]
    assert figures.labels == 15
    assert share_over(figures, "admitted").labels == 7
    assert between(figures, "Ada and Bo").labels == 3
    assert settled.contradictions == ()
    assert settled.labels == 16


def test_an_arbiters_probabilities_make_labels_worth_more(tmp_path: Path) -> None:
    def chance(n: int) -> float:
        return 0.4 if n % 5 == 0 else 0.05 + 0.02 * (n % 4)

    with run_of(tmp_path, *(concluded(n, "admitted", chance(n)) for n in range(300))) as run:
        figures = calibrate(run, [says(id_, n % 5 != 0) for n, id_ in enumerate(ids_of(run)[:60])])
    admitted = share_over(figures, "admitted")
    assert admitted.how == "powered"
    assert admitted.worth is not None
    assert admitted.worth > 120
    assert admitted.low is not None
    assert admitted.high is not None
    assert admitted.low < 0.8 < admitted.high
    assert between(figures, "arbiter and people").labels == 60


def test_labels_of_conversations_that_are_not_in_the_run_are_named_and_count_for_nothing(tmp_path: Path) -> None:
    with run_of(tmp_path, concluded(0)) as run:
        figures = calibrate(run, [says(ids_of(run)[0], True), says("cv_gone", False)])
    assert figures.unknown == ("cv_gone",)
    assert figures.labels == 1


def test_defects_that_people_saw_are_counted_once_a_conversation_and_the_missed_ones_apart(tmp_path: Path) -> None:
    with run_of(tmp_path, concluded(0), concluded(1, "wrong_value"), concluded(2)) as run:
        first, second, third = ids_of(run)
        figures = calibrate(
            run,
            [
                says(first, False, defect="rudeness"),
                says(first, False, "Bo", defect="rudeness"),
                says(second, False, defect="rudeness"),
                says(third, True, defect="leak"),
            ],
        )
    assert figures.defects == {"rudeness": 2}
    assert figures.missed == {"rudeness": 1}


def test_no_label_at_all_leaves_every_figure_unknown(tmp_path: Path) -> None:
    with run_of(tmp_path, concluded(0), concluded(1, "wrong_value")) as run:
        figures = calibrate(run, [])
    assert all(one.share is None and one.note for one in figures.shares)
    assert all(one.kappa is None and one.note for one in figures.agreements)


def test_a_class_that_only_a_rule_of_the_domain_knows_may_be_named(tmp_path: Path) -> None:
    with run_of(tmp_path, concluded(0, "refund_without_proof")) as run:
        classes = defect_classes(run)
    assert {"refund_without_proof", "rudeness", "wrong_value"} <= set(classes)
    assert "admitted" not in classes


def test_the_same_labels_give_the_same_figures(tmp_path: Path) -> None:
    reasons = ["admitted", "wrong_value"] * 20
    with run_of(tmp_path, *(concluded(n, reason) for n, reason in enumerate(reasons))) as run:
        labels: list[Label] = [says(id_, n % 2 == 0 or n % 7 == 0) for n, id_ in enumerate(ids_of(run))]
        assert calibrate(run, labels) == calibrate(run, list(reversed(labels)))
