"""Ids are hashes of canonical content."""

from __future__ import annotations

import hashlib
import json

import msgspec
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from turnwright.records import Conversation, Persona, Provenance, Scenario, Turn, canonical, derive_seed, seeded

names = st.text(alphabet=st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20)
    | st.floats(min_value=0.0001, max_value=1e9).map(lambda x: round(x, 4)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_the_canonical_form_can_be_written_with_the_standard_library_alone(value: object) -> None:
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(value) == plain.encode()


@given(values.filter(lambda value: ".0" not in repr(value)))
def test_the_canonical_form_is_that_of_rfc_8785_but_for_whole_floats(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def turn(text: str) -> Turn:
    return Turn(role="user", text=text, provenance=Provenance(origin="template"))


@given(st.text(max_size=30), st.dictionaries(names, names, max_size=4))
def test_an_id_can_be_computed_again_from_the_encoded_record(text: str, levels: dict[str, str]) -> None:
    scenario = Scenario(ordinal=0, domain="d@1", levels=levels, persona=Persona(name=text), seed=1)
    body = canonical(scenario)
    assert scenario.id == f"sc_{hashlib.sha256(body).hexdigest()[:32]}"
    assert msgspec.json.decode(body, type=Scenario).id == scenario.id


def test_one_changed_letter_changes_the_id_of_turn_and_conversation() -> None:
    def talk(text: str) -> Conversation:
        return Conversation(scenario_id="s", blueprint_id="b", domain="d", way="fill", turns=(turn(text),))

    assert turn("a").id != turn("b").id
    assert talk("a").id != talk("b").id
    assert talk("a").id == talk("a").id


def test_the_order_in_which_levels_were_given_does_not_matter() -> None:
    def scenario(levels: dict[str, str]) -> str:
        return Scenario(ordinal=0, domain="d", levels=levels, persona=Persona(name="P"), seed=1).id

    assert scenario({"a": "1", "b": "2"}) == scenario({"b": "2", "a": "1"})


def test_seeds_are_the_same_on_every_machine() -> None:
    assert derive_seed("a", 1) == 162499538
    assert seeded("x").random() == seeded("x").random()
    assert derive_seed("a", 1) != derive_seed("a", 2)
