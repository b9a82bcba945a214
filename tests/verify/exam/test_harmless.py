"""Harmless edits change spelling or politeness, and nothing that a verdict may rest on."""

from __future__ import annotations

import msgspec
import pytest
from exam_cases import Clean
from hypothesis import given, settings
from hypothesis import strategies as st

from turnwright.records import Conversation, seeded
from turnwright.verify.exam.harmless import harmless

Material = dict[str, tuple[Clean, ...]]
DOMAINS = ["mini_shop", "telecom_support"]


def edited(case: Clean, seed: int) -> Conversation:
    copy = harmless(case.conversation, case.blueprint, case.domain, seeded("edit", seed))
    assert copy is not None
    return copy


@pytest.mark.parametrize("name", DOMAINS)
@given(seed=st.integers(0, 2**32), index=st.integers(0, 29))
@settings(max_examples=60, deadline=None)
def test_a_harmless_edit_changes_the_words_of_one_turn_and_leaves_the_verdict_clean(
    material: Material, name: str, seed: int, index: int
) -> None:
    case = material[name][index]
    copy = edited(case, seed)
    pairs = zip(case.conversation.turns, copy.turns, strict=True)
    differ = [(old, new) for old, new in pairs if old != new]
    assert len(differ) == 1
    old, new = differ[0]
    assert msgspec.structs.replace(new, text=old.text) == old
    assert case.kinds(copy) == set()


@pytest.mark.parametrize("name", DOMAINS)
@given(seed=st.integers(0, 2**32), index=st.integers(0, 29))
@settings(max_examples=40, deadline=None)
def test_a_harmless_edit_keeps_every_value_letter_by_letter(
    material: Material, name: str, seed: int, index: int
) -> None:
    case = material[name][index]
    for old, new in zip(case.conversation.turns, edited(case, seed).turns, strict=True):
        for slot, value in old.mentions:
            surface = case.domain.say(slot, value)
            assert (surface in old.text) == (surface in new.text)


def test_the_same_seed_gives_the_same_edit_and_edits_vary(material: Material) -> None:
    case = material["telecom_support"][0]
    made = [edited(case, seed).id for seed in range(20)]
    assert made == [edited(case, seed).id for seed in range(20)]
    assert len(set(made)) >= 8


def test_a_conversation_without_words_has_no_harmless_edit(material: Material) -> None:
    case = material["mini_shop"][0]
    silent = msgspec.structs.replace(case.conversation, turns=())
    assert harmless(silent, case.blueprint, case.domain, seeded(1)) is None
