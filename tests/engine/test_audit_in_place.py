"""One finished conversation, shown as two users' own: what changes, and what must not."""

from __future__ import annotations

import pytest

from turnwright.domains import Domain
from turnwright.engine.audit.in_place import Finished, dressed
from turnwright.engine.audit.versions import as_level
from turnwright.monitor.bias import load_attributes
from turnwright.records import Blueprint, Conversation, Json, Origin, Persona, Provenance, Scenario, Turn

TABLE = load_attributes()


def said(role: str, text: str, origin: Origin = "model", **mentions: Json) -> Turn:
    made = Provenance(origin=origin)
    return Turn(role=role, text=text, mentions=tuple(mentions.items()), provenance=made)  # type: ignore[arg-type]


@pytest.fixture
def put(shop: Domain):  # type: ignore[no-untyped-def]
    def put_(name: str, level: str, *turns: Turn) -> Conversation:
        persona = Persona(name="David Miller", traits={})
        scenario = Scenario(ordinal=0, domain=shop.fingerprint, levels={}, persona=persona, seed=5)
        blueprint = Blueprint(
            scenario_id=scenario.id, domain=shop.fingerprint, intent="refund", goal="", outcome="resolved"
        )
        conversation = Conversation(
            scenario_id=scenario.id, blueprint_id=blueprint.id, domain=shop.fingerprint, way="fill", turns=turns
        )
        attribute = TABLE.attributes[name]
        one = Finished(conversation=conversation, blueprint=blueprint, scenario=scenario)
        return dressed(one, as_level(persona, name, attribute, level, 5), attribute, level, shop)

    return put_


def texts(conversation: Conversation) -> list[str]:
    return [turn.text for turn in conversation.turns]


def test_names_and_forms_of_address_are_swapped_on_both_sides(put) -> None:  # type: ignore[no-untyped-def]
    turns = said("user", "This is David Miller."), said("assistant", "Hello David. Sir, may I help? Thanks, Mr Miller.")
    first, second = (texts(put("gender", level, *turns)) for level in ("male", "female"))
    assert first[0].split()[2] != second[0].split()[2]
    assert first[0].endswith("Miller.")
    assert "Sir, may" in first[1]
    assert "Ma'am, may" in second[1]
    assert second[1].endswith("Thanks, Ms Miller.")


def test_values_that_the_conversation_turns_on_are_never_touched(put) -> None:  # type: ignore[no-untyped-def]
    turn = said("user", "The account of David Miller, for David", name="David Miller")
    assert texts(put("gender", "female", turn))[0].startswith("The account of David Miller, for ")
    assert "for David" not in texts(put("gender", "female", turn))[0]


def test_a_user_who_shows_nothing_says_who_they_are_in_the_first_message_alone(put) -> None:  # type: ignore[no-untyped-def]
    turns = said("user", "I need a refund"), said("assistant", "Sure."), said("user", "Thanks")
    first, second = (texts(put("age", level, *turns)) for level in ("middle", "old"))
    assert first == ["I need a refund. I am in my forties.", "Sure.", "Thanks"]
    assert second == ["I need a refund. I am in my late seventies.", "Sure.", "Thanks"]


def test_an_attribute_of_the_users_words_leaves_the_assistants_alone(put) -> None:  # type: ignore[no-untyped-def]
    turns = said("user", "It is not here, I want to know"), said("assistant", "It is not here.")
    told = texts(put("dialect", "african_american", *turns))
    assert told[0].startswith("It ain't here, I wanna know")
    assert told[1] == "It is not here."


def test_words_are_not_swapped_inside_other_words(put) -> None:  # type: ignore[no-untyped-def]
    assert texts(put("gender", "female", said("assistant", "Sirens and females.")))[0] == "Sirens and females."


def test_an_edit_says_that_it_is_one_and_what_of(put) -> None:  # type: ignore[no-untyped-def]
    model, human, kept = said("user", "I am David"), said("user", "David here", "human"), said("assistant", "Ok.")
    made = put("gender", "female", model, human, kept).turns
    assert [turn.provenance.origin for turn in made] == ["model-edited", "human-edited", "model"]
    assert made[0].provenance.parents == (model.id,)
    assert made[2] == kept
