"""Hard negatives: which rejected turns stand beside an admitted one, and which do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from turnwright.errors import RunFolderError
from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Council,
    Defect,
    Objection,
    Persona,
    Provenance,
    Revision,
    Round,
    Scenario,
    Turn,
    Verdict,
)
from turnwright.store import Concluded, open_run
from turnwright.train import Negative, by_class, negatives
from turnwright.train.negatives import negatives_of

SCENARIO = Scenario(ordinal=0, domain="shop@1", levels={}, persona=Persona(name="Zoë"), seed=1)
BLUEPRINT = Blueprint(scenario_id=SCENARIO.id, domain="shop@1", intent="refund", goal="g", outcome="resolved", steps=())
GOOD = ("I want a refund", "Which order is it?", "Order 7", "Order 7 is refunded")


def said(text: str, place: int, *, seed: int = 0, trainable: bool = True) -> Turn:
    role = "assistant" if place % 2 else "user"
    return Turn(
        role=role, text=text, acts=("x",), provenance=Provenance(origin="model", seed=seed), trainable=trainable
    )


def conversation(*texts: str, attempt: int = 0, seed: int = 0, blueprint: str = BLUEPRINT.id) -> Conversation:
    turns = tuple(said(text, place, seed=seed) for place, text in enumerate(texts))
    return Conversation(
        scenario_id=SCENARIO.id, blueprint_id=blueprint, domain="shop@1", way="fill", turns=turns, attempt=attempt
    )


def verdict(of: Conversation, *turns: int, kind: str = "wrong_value", severity: str = "fault") -> Verdict:
    defect = Defect(kind=kind, severity=severity, turns=turns, evidence="'9'", found_by="values")  # type: ignore[arg-type]
    return Verdict(conversation_id=of.id, checks=("values",), defects=(defect,) if turns else ())


def concluded(final: Conversation, *earlier: tuple[Conversation, Verdict], admitted: bool = True) -> Concluded:
    return Concluded(
        scenario=SCENARIO,
        blueprint=BLUEPRINT,
        conversation=final,
        verdict=verdict(final),
        admission=Admission(
            ordinal=0, scenario_id=SCENARIO.id, admitted=admitted, stage="admit", reason="admitted" if admitted else "x"
        ),
        earlier=earlier,
    )


def found(*earlier: tuple[Conversation, Verdict], admitted: bool = True) -> list[Negative]:
    final = conversation(*GOOD, attempt=1, seed=5)
    return list(negatives_of(concluded(final, *earlier, admitted=admitted)))


def turned_down(*texts: str, turns: tuple[int, ...] = (3,), **more: str) -> tuple[Conversation, Verdict]:
    made = conversation(*texts)
    return made, verdict(made, *turns, **more)


BAD = (*GOOD[:3], "Order 9 is refunded")


def test_a_rejected_turn_stands_beside_the_admitted_one_after_the_same_words() -> None:
    earlier = turned_down(*BAD)
    (pair,) = found(earlier)
    assert (pair.chosen.text, pair.rejected.text) == (GOOD[3], BAD[3])
    assert [turn.text for turn in pair.prompt] == list(GOOD[:3])
    assert (pair.turn, pair.origin, pair.defects, pair.found_by) == (3, "attempt", ("wrong_value",), ("values",))
    assert pair.rejected_id == earlier[0].id


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        (turned_down("Hello", *BAD[1:]), "other words came before it"),
        (turned_down(*BAD, severity="note"), "it was only noted"),
        (turned_down(*GOOD), "its words are the admitted ones"),
        (turned_down(*GOOD[:3], "  Order 7 is   refunded"), "only white space differs"),
        (turned_down(*GOOD[:2], "Order 9", GOOD[3], turns=(2,)), "the turn is the user's"),
        (turned_down(*BAD, GOOD[0], "more", turns=(5,)), "the admitted one has no such place"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_there_is_no_pair_where(earlier: tuple[Conversation, Verdict], why: str) -> None:
    assert found(earlier) == []


def test_there_is_no_pair_of_a_rejected_scenario_or_of_another_blueprint() -> None:
    assert found(turned_down(*BAD), admitted=False) == []
    other = conversation(*BAD, blueprint="bp_other")
    assert found((other, verdict(other, 3))) == []


def test_other_words_for_the_same_outline_give_a_pair_to_who_asks_for_it() -> None:
    reworded = turned_down("I would like my money back", *BAD[1:])
    final = conversation(*GOOD, attempt=1)
    assert list(negatives_of(concluded(final, reworded))) == []
    (pair,) = negatives_of(concluded(final, reworded), "outline")
    assert (pair.same, pair.prompt[0].text) == ("outline", GOOD[0])
    (same,) = negatives_of(concluded(final, turned_down(*BAD)), "outline")
    assert same.same == "words"
    turns = reworded[0].turns
    told = msgspec.structs.replace(turns[0], mentions=(("order", "9"),))
    acted = msgspec.structs.replace(turns[3], acts=("y",))
    for other in ((told, *turns[1:]), (*turns[:3], acted)):
        attempt = msgspec.structs.replace(reworded[0], turns=other)
        assert list(negatives_of(concluded(final, (attempt, reworded[1])), "outline")) == []


def test_a_turn_that_must_not_be_learnt_is_never_chosen() -> None:
    final = conversation(*GOOD)
    turns = (*final.turns[:3], said(GOOD[3], 3, trainable=False))
    assert list(negatives_of(concluded(msgspec.structs.replace(final, turns=turns), turned_down(*BAD)))) == []


def test_the_same_words_rejected_twice_are_one_pair_and_classes_are_counted() -> None:
    rude = (*GOOD[:1], "What?!", *GOOD[2:])
    pairs = found(turned_down(*BAD), turned_down(*BAD, kind="leak"), turned_down(*rude, turns=(1,), kind="tone"))
    assert [(pair.turn, pair.defects) for pair in pairs] == [(3, ("wrong_value",)), (1, ("tone",))]
    assert by_class(pairs) == {"tone": 1, "wrong_value": 1}


def debated(final: Conversation, *revisions: Revision) -> Concluded:
    objection = Objection(id="o1", lens="truth", defect="wrong_value", turns=(3,))
    council = Council(
        draft_id="cv_d", final_id=final.id, rounds=(Round(objections=(objection,), revisions=revisions),), ending="cap"
    )
    return msgspec.structs.replace(concluded(final), councils=(council,))


def revision(turn: int, after: str, refused: str = "") -> Revision:
    return Revision(objection="o1", turn=turn, before=said("?", turn), after=said(after, turn), refused=refused)


def test_words_that_a_council_refused_are_a_pair_unless_something_before_them_was_changed() -> None:
    final = conversation(*GOOD)
    refused = revision(3, BAD[3], refused="wrong_value")
    (pair,) = negatives_of(debated(final, refused))
    assert (pair.origin, pair.defects, pair.found_by) == ("revision", ("wrong_value",), ("truth",))
    assert list(negatives_of(debated(final, revision(1, GOOD[1]), refused))) == []
    assert list(negatives_of(debated(final, revision(3, BAD[3], refused="no_change")))) == []


def test_pairs_are_read_from_a_run_folder_and_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    async def made() -> None:
        with open_run(tmp_path / "run", spec={}, durability="process") as run:
            await run.records.conclude(concluded(conversation(*GOOD, attempt=1), turned_down(*BAD)))

    asyncio.run(made())
    (pair,) = negatives(tmp_path / "run")
    assert pair.rejected.text == BAD[3]
    with pytest.raises(RunFolderError, match="no such folder"):
        list(negatives(tmp_path / "gone"))
