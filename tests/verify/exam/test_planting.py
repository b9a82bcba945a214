"""Planted defects really change the conversation in the way that their class states, and in no other."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from exam_cases import Clean
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import PROMISES

from turnwright.errors import InputError
from turnwright.records import Conversation, seeded
from turnwright.verify import DEFECTS
from turnwright.verify.exam.planting import PLANTINGS, Planted, plant, wordings

Material = dict[str, tuple[Clean, ...]]
SHORTENING = {"policy_breach", "skipped_confirmation", "premature_closing"}
NO_PLACE = {"mini_shop": {"unsafe_disclosure", "policy_breach"}, "telecom_support": set()}
SEEDS = st.integers(0, 2**32)


def first(cases: tuple[Clean, ...], defect: str, seed: int) -> tuple[Clean, Planted] | None:
    """A copy of the first conversation, from a drawn one on, that has a place for this defect."""
    start = seeded("start", seed, defect).randrange(len(cases))
    for case in (*cases[start:], *cases[:start]):
        copy = case.planted(defect, seeded("plant", seed, defect))
        if copy is not None:
            return case, copy
    return None


def copies(material: Material, defect: str, seed: int) -> list[tuple[Clean, Planted]]:
    found = {name: first(cases, defect, seed) for name, cases in material.items()}
    assert {name for name, copy in found.items() if copy is None} == {n for n in found if defect in NO_PLACE[n]}
    return [copy for copy in found.values() if copy is not None]


@pytest.mark.parametrize("defect", PLANTINGS)
@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_every_copy_is_changed_in_the_way_that_its_class_states(material: Material, defect: str, seed: int) -> None:
    for case, copy in copies(material, defect, seed):
        assert copy.defect == defect
        assert copy.conversation != case.conversation
        assert PROMISES[defect](case, copy), copy.what


@pytest.mark.parametrize("defect", PLANTINGS)
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_no_copy_is_changed_in_the_way_of_another_class(material: Material, defect: str, seed: int) -> None:
    for case, copy in copies(material, defect, seed):
        held = {name for name, promise in PROMISES.items() if promise(case, copy)}
        assert held == {defect}, copy.what


@pytest.mark.parametrize("defect", PLANTINGS)
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_every_turn_that_is_not_named_is_that_of_the_original(material: Material, defect: str, seed: int) -> None:
    for case, copy in copies(material, defect, seed):
        turns = copy.conversation.turns
        assert copy.turns == tuple(sorted(set(copy.turns)))
        assert all(0 <= at < len(turns) for at in copy.turns)
        kept = [turn for at, turn in enumerate(turns) if at not in copy.turns]
        left = iter(case.conversation.turns)
        assert all(any(turn == other for other in left) for turn in kept)
        if defect not in SHORTENING:
            assert len(turns) == len(case.conversation.turns)
        changed = Counter(turn.acts for turn in turns) - Counter(turn.acts for turn in case.conversation.turns)
        assert not changed, "the labels stay as they are"


@pytest.mark.parametrize("defect", PLANTINGS)
def test_the_same_seed_gives_the_same_copy(material: Material, defect: str) -> None:
    for seed in range(3):
        assert [c.conversation.id for _, c in copies(material, defect, seed)] == [
            c.conversation.id for _, c in copies(material, defect, seed)
        ]


@pytest.mark.parametrize("defect", PLANTINGS)
def test_the_words_of_a_class_vary(material: Material, defect: str) -> None:
    """What is new in the copies is not the same from copy to copy."""
    new: list[str] = []
    for seed in range(12):
        for case, copy in copies(material, defect, seed):
            old = {turn.text for turn in case.conversation.turns} | {str(t.call) for t in case.conversation.turns}
            old |= {str(turn.result) for turn in case.conversation.turns}
            texts = [t.text or str(t.call or t.result) for t in copy.conversation.turns]
            new += [text for text in texts if text not in old] or [copy.what + str(len(texts))]
    assert len(set(new)) >= 8


@pytest.mark.parametrize("defect", PLANTINGS)
def test_a_copy_holds_no_debris_of_its_making(material: Material, defect: str) -> None:
    for seed in range(6):
        for case, copy in copies(material, defect, seed):
            for at in copy.turns:
                text = copy.conversation.turns[at].text
                assert not re.search(r"[{}<>\[\]]|None|  |\.\.", text.replace("...", "")), text
            assert not {"broken_form", "bad_characters", "debris"} & case.kinds(copy.conversation)


def test_plantings_are_known_defect_classes_and_say_in_one_line_what_they_do() -> None:
    assert set(PLANTINGS) <= set(DEFECTS)
    assert len(PLANTINGS) >= 15
    for planting in PLANTINGS.values():
        assert planting.__doc__
        assert "\n" not in planting.__doc__.strip()


def test_a_class_that_nothing_is_planted_for_is_refused_by_name(material: Material) -> None:
    case = material["mini_shop"][0]
    with pytest.raises(InputError, match="too_long"):
        plant("too_long", case.conversation, case.blueprint, case.scenario, case.domain, seeded(1))


@pytest.mark.parametrize("defect", PLANTINGS)
def test_a_conversation_without_turns_has_no_place_for_anything(material: Material, defect: str) -> None:
    case = material["mini_shop"][0]
    empty = Conversation(scenario_id="sc", blueprint_id="bp", domain=case.domain.fingerprint, way="interplay", turns=())
    assert plant(defect, empty, case.blueprint, case.scenario, case.domain, seeded(1)) is None


def test_sentences_that_only_a_reader_of_meaning_finds_hold_no_number_and_stand_in_no_domain(
    material: Material,
) -> None:
    pools = (wordings.PROMISES, wordings.RUDE, wordings.UNFAIR, wordings.UNNATURAL, wordings.QUESTIONS, wordings.DODGES)
    said = "\n".join(case.conversation.text for cases in material.values() for case in cases)
    for sentence in (text for pool in pools for text in pool):
        assert not re.search(r"\d", sentence)
        assert sentence not in said


@pytest.mark.parametrize("defect", ["false_promise", "unanswered", "rudeness", "unfairness", "unnatural_user"])
def test_checks_are_silent_about_what_only_a_reader_of_meaning_finds(material: Material, defect: str) -> None:
    for seed in range(15):
        for case, copy in copies(material, defect, seed):
            assert case.kinds(copy.conversation) == set(), copy.what
