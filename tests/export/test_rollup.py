"""The roll-up of a set says who wrote how much, and under which licences the whole stands."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from turnwright.export.licences import LICENCES, Duties, duties_of, worst_case
from turnwright.export.rollup import ModelFacts, SourceShare, rolled_up, tokens_of
from turnwright.records import Conversation, Origin, Provenance, ToolCall, ToolResult, Turn, seeded
from turnwright.records.provenance import HumanSource, style_id

TALKS = HumanSource(dataset="talks", licence="CC-BY-SA-4.0", record="xm_1")
CALLS = HumanSource(dataset="calls", licence="MIT", record="xm_2")
ORIGINS: tuple[Origin, ...] = ("human", "model", "template", "human-edited", "model-edited")


def said(text: str, origin: Origin = "model", **more: object) -> Turn:
    model = {"model": "m@1"} if origin in ("model", "model-edited") else {}
    return Turn(role="user", text=text, provenance=Provenance(origin=origin, **model, **more))  # type: ignore[arg-type]


def of(*turns: Turn) -> Conversation:
    return Conversation(scenario_id="sc_1", blueprint_id="bp_1", domain="shop@1", way="fill", turns=turns)


def used() -> tuple[Turn, Turn]:
    """A call and its result; their words are nobody's."""
    call = ToolCall(id="call_1", name="find", arguments={"words": "many words"})
    result = ToolResult(call_id="call_1", name="find", content="many words here")
    return (
        Turn(role="assistant", call=call, provenance=Provenance(origin="template")),
        Turn(role="tool", text="many words here", result=result, provenance=Provenance(origin="tool")),
    )


def test_a_set_of_500_mixed_conversations_has_the_shares_that_counting_by_hand_gives() -> None:
    rng = seeded("mixed set")
    conversations, turns, tokens, kinds = [], Counter[str](), Counter[str](), Counter[str]()
    sources: dict[str, set[int]] = {"talks": set(), "calls": set()}
    for number in range(500):
        allowed = ORIGINS if number % 3 == 0 else ORIGINS[:1] if number % 3 == 1 else ORIGINS[1:3]
        made = []
        for _ in range(rng.randint(1, 9)):
            origin = rng.choice(allowed)
            words = [rng.choice(["order", "late", "O-12", "don't", "€5.00"]) for _ in range(rng.randint(1, 20))]
            text = " ".join(words) + "."
            source = rng.choice((TALKS, CALLS)) if origin == "human" else None
            made.append(said(text, origin, source=source))
            turns[origin] += 1
            # a word of letters, digits or '_' is a token, and so is every other mark
            tokens[origin] += len([piece for piece in re.split(r"(\W)|\s+", text) if piece and not piece.isspace()])
            if source:
                sources[source.dataset].add(number)
        people = sum(turn.provenance.origin in ("human", "human-edited") for turn in made)
        kinds["all" if people == len(made) else "some" if people else "none"] += 1
        conversations.append(of(*made, *used()))
    found = rolled_up(conversations)
    assert found.conversations == 500
    assert {name: (one.turns, one.tokens) for name, one in found.origins.items()} == {
        name: (turns[name], tokens[name]) for name in turns
    }
    assert found.human_share == tokens["human"] / tokens.total()
    assert found.human_or_edited_share == (tokens["human"] + tokens["human-edited"]) / tokens.total()
    assert (found.human_only, found.mixed) == (kinds["all"], kinds["some"])
    assert {one.dataset: one.conversations for one in found.sources} == {k: len(v) for k, v in sources.items()}
    assert sum(one.turns for one in found.sources) == turns["human"]
    assert (found.worst.licence, found.worst.duties.share_alike) == ("CC-BY-SA-4.0", True)


def test_tokens_are_words_and_marks_and_no_models_business() -> None:
    assert tokens_of("Don't pay €25.00, O-101!") == 13
    assert tokens_of("  \n ") == 0


def test_a_set_without_words_has_no_share_rather_than_none_of_people() -> None:
    empty = rolled_up([of(*used())])
    assert (empty.human_share, empty.human_or_edited_share, empty.origins) == (None, None, {})


def test_share_alike_follows_words_that_were_derived_through_every_turn_in_between() -> None:
    first = said("My order is late", "human", source=TALKS)
    second = said("My order is very late", "model-edited", parents=(first.id,))
    third = said("My parcel is very late", "model-edited", parents=(second.id,))
    apart = said("Hello")
    found = rolled_up([of(third), of(apart), of(second), of(first)])
    assert found.sources == (SourceShare(dataset="talks", licence="CC-BY-SA-4.0", conversations=3, turns=1, derived=2),)
    assert found.worst.duties.share_alike
    assert not rolled_up([of(apart)]).worst.duties.share_alike


def test_an_edited_turn_keeps_the_source_of_what_stood_there_before() -> None:
    edited = said("My order is late, please", "human-edited", source=TALKS, parents=("tn_gone",))
    assert rolled_up([of(edited)]).sources[0].derived == 1


def test_words_that_models_were_shown_as_examples_of_style_count_as_their_source() -> None:
    turn = said("right, it is late", parents=(style_id("it is late"),))
    known = rolled_up([of(turn)], style={style_id("it is late"): CALLS})
    assert (known.sources[0].dataset, known.sources[0].derived, known.worst.licence) == ("calls", 1, "MIT")
    unknown = rolled_up([of(turn)])
    assert (unknown.sources[0].licence, unknown.worst.licence) == ("unknown", "unknown")


def test_people_of_whom_nobody_says_where_they_spoke_make_the_licence_unknown() -> None:
    found = rolled_up([of(said("Hi", "human", source=CALLS)), of(said("Hello", "human"))])
    assert found.worst.licence == "unknown"
    assert len(found.worst.unknown) == 1
    assert "nobody says" in found.worst.unknown[0]
    assert found.worst.strictest == "MIT"


def test_a_model_that_nobody_knows_stays_unknown_and_one_that_is_known_is_told() -> None:
    other = msgspec.structs.replace(said("Bye"), provenance=Provenance(origin="model", model="m@2"))
    known = ModelFacts(licence="Apache-2.0", terms="allowed", watermark="none")
    first, second = rolled_up([of(said("Hello there"), other)], models={"m@1": known}).teachers
    assert (first.model, first.turns, first.tokens, first.facts) == ("m@1", 1, 2, known)
    assert second.facts == ModelFacts(licence="unknown", terms="unknown", watermark="unknown")


def test_the_domain_counts_as_a_source_of_the_whole_set() -> None:
    found = rolled_up([of(said("Hello"))], others=[("domain shop", "CC-BY-NC-4.0")])
    assert (found.worst.licence, found.worst.duties.non_commercial) == ("CC-BY-NC-4.0", True)


@pytest.mark.parametrize(
    ("licences", "worst"),
    [
        (["MIT", "Apache-2.0"], "MIT"),
        (["MIT", "CC BY-SA 4.0"], "CC BY-SA 4.0"),
        (["cc-by-nc-4.0", "cc-by-sa-4.0"], "cc-by-nc-4.0"),
        (["CC-BY-ND-4.0", "CC-BY-NC-SA-4.0"], "CC-BY-ND-4.0"),
        (["CC0-1.0"], "CC0-1.0"),
        (["MIT", "see LICENSE"], "unknown"),
        (["MIT", ""], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_worst_case_is_the_strictest_licence_or_unknown(licences: list[str], worst: str) -> None:
    assert worst_case((f"source {n}", licence) for n, licence in enumerate(licences)).licence == worst


def test_two_share_alike_licences_cannot_be_joined_and_the_roll_up_says_so() -> None:
    found = worst_case([("a", "CC-BY-SA-4.0"), ("b", "CDLA-Sharing-1.0"), ("c", "MIT")])
    assert found.conflicts == ("cc-by-sa-4.0", "cdla-sharing-1.0")
    assert worst_case([("a", "CC-BY-SA-4.0"), ("b", "cc-by-sa-4.0")]).conflicts == ()


def test_duties_of_joined_licences_add_up_and_a_choice_takes_the_freer_one() -> None:
    assert duties_of("CC-BY-SA-4.0 AND CC-BY-NC-4.0") == Duties(attribution=True, share_alike=True, non_commercial=True)
    assert duties_of("GPL-3.0 OR MIT") == LICENCES["mit"]
    assert duties_of("MIT OR own words") is None
    assert duties_of("unknown") is None
