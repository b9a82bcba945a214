"""The deterministic checks find what is planted in the classes that they claim."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from exam_cases import Clean, clean

from turnwright.domains import Domain, load_domain
from turnwright.records import seeded
from turnwright.verify import DEFECTS
from turnwright.verify.exam.planting import PLANTINGS

SHOP = Path(__file__).parents[2] / "fixtures" / "mini_shop" / "domain.yaml"
CLAIMED = [defect for defect in PLANTINGS if DEFECTS[defect].check != "arbiter"]


def found(cases: tuple[Clean, ...], defect: str) -> tuple[int, list[str]]:
    """How many copies could be made, and what was changed in those in which this class was not found."""
    copies = [(case, case.planted(defect, seeded("found", case.scenario.seed))) for case in cases]
    missed = [c.what for case, c in copies if c is not None and defect not in case.kinds(c.conversation)]
    return sum(copy is not None for _, copy in copies), missed


@pytest.mark.parametrize("defect", CLAIMED)
def test_checks_find_95_of_100_planted_defects_in_the_classes_that_they_claim(
    material: dict[str, tuple[Clean, ...]], defect: str
) -> None:
    made, missed = zip(*(found(cases, defect) for cases in material.values()), strict=True)
    assert sum(made) >= 12
    assert len([what for each in missed for what in each]) <= 0.05 * sum(made), missed


@pytest.fixture(scope="module")
def terse(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    """A shop that takes corrections without a word, so that the user says wrong and right in one turn."""
    folder = tmp_path_factory.mktemp("domains") / "mini_shop"
    folder.mkdir()
    spec = SHOP.read_text(encoding="utf-8") + "behaviour: {corrected: '', check: ''}\n"
    (folder / "domain.yaml").write_text(spec, encoding="utf-8")
    return load_domain(str(folder))


def test_a_correction_within_one_turn_is_heard(terse: Domain) -> None:
    cases = clean(terse, 150)
    both = [case for case in cases if any(turn.acts == ("inform", "correct") for turn in case.conversation.turns)]
    assert len(both) >= 8
    made, missed = found(tuple(both), "ignored_correction")
    assert made >= 5
    assert missed == []


def test_may_i_is_no_month(material: dict[str, tuple[Clean, ...]]) -> None:
    """A bill of May was corrected to April, and the assistant asks "May I ...": that says no month."""
    months = [
        (case, fact.first_said)
        for case in material["telecom_support"]
        for fact in case.blueprint.facts
        if fact.shared == "corrected" and fact.slot == "bill_month"
    ]
    assert months
    for case, month in months:
        turns = list(case.conversation.turns)
        at = max(index for index, turn in enumerate(turns) if {"anything_else", "goodbye"} & set(turn.acts))
        asked, told = f"um, {month} I ask for a moment?", f"It was in {month}."
        for words, kinds in ((asked, set()), (told, {"ignored_correction"})):
            said = msgspec.structs.replace(turns[at], text=f"{turns[at].text} {words}")
            changed = (*turns[:at], said, *turns[at + 1 :])
            conversation = msgspec.structs.replace(case.conversation, turns=changed)
            assert case.kinds(conversation) & {"ignored_correction"} == kinds
