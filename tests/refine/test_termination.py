"""Whatever critics and teacher do, the debate ends within its bound, and only words in cited spans change."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest
from council_cases import Arbiter, Case, Voice, is_critic, lens_of, objects, turns_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from turnwright.models import Request
from turnwright.records import Conversation, Council, Defect, Objection, Revision, Turn, Usage, canonical, seeded
from turnwright.records.pairs import critiques, preference_pairs
from turnwright.refine import LENSES, Refined, RefineSettings
from turnwright.refine.span import span_of

CRITICS = (
    "everything", "span", "same", "bad_json", "no_json", "garbled", "no_such_turn", "not_there", "wrong_class",
    "call", "empty", "silent", "too_many", "huge", "odd_types",
)  # fmt: skip
TEACHERS = (
    "rewrites", "empties", "repeats", "swaps", "rebuts", "contradicts", "cut", "garbled", "huge", "odd_types",
    "polite", "whole_turn", "control", "lowers",
)  # fmt: skip


PLAIN = {
    "no_json": "I object to all of it.",
    "garbled": None,
    "silent": '{"objections": []}',
    "cut": '{"scratchpad": "never clo',
}


def criticises(manner: str, request: Request, rng: random.Random) -> str | None:
    """What a bad critic of this manner says."""
    if manner in PLAIN:
        return PLAIN[manner]
    said = turns_of(request)
    number = rng.choice(sorted(said))
    words = said[number].split()
    start = rng.randrange(max(len(words), 1))
    defects = LENSES[lens_of(request)].defects
    one = objects(number, " ".join(words[start : start + 2]), rng.choice(defects), "wrong", "other words")
    whole = [objects(turn, text, rng.choice(defects)) for turn, text in said.items()]
    first = min(said)
    match manner:
        case "everything":
            return json.dumps({"objections": whole})
        case "same":
            return json.dumps({"objections": [objects(first, said[first], defects[0])] * 3})
        case "bad_json":
            return json.dumps({"objections": whole})[: rng.randrange(5, 60)]
        case "no_such_turn":
            one["turns"] = rng.choice([[], [len(said) + 90], [-3], [10**40], [number, 999]])
        case "not_there":
            one["quote"] = "words that nobody said"
        case "wrong_class":
            one["defect"] = rng.choice(["", "bad_vibes", "broken_form", "x" * 5000])
        case "call":
            one |= {"turns": [rng.choice([3, 4, 7, 8])], "quote": rng.choice(["", "O-101", "refund"])}
        case "empty":
            one |= {"quote": "", "claim": "", "change": ""}
        case "too_many":
            return json.dumps({"objections": whole * 40})
        case "huge":
            one |= {"claim": "very wrong " * 5000, "quote": said[number] * 300}
        case "odd_types":
            odd = {"turns": "all", "quote": 7, "defect": None, "claim": [1], "change": {}}
            return json.dumps({"objections": [odd, one, 3, None, {**one, "turns": [True, 1.5, "2", None, number]}]})
    return json.dumps({"objections": [one]})


def answers(manner: str, request: Request, rng: random.Random) -> str | None:
    """What a bad teacher of this manner says."""
    if manner in PLAIN:
        return PLAIN[manner]
    said = turns_of(request)
    concession: dict[str, object] = {"scratchpad": "s", "stance": "concede", "argument": "a", "replacement": "words"}
    match manner:
        case "rewrites":
            concession["replacement"] = " ".join(rng.choices(["refund", "€9.99", "no", "O-777", "please", "?"], k=9))
        case "empties":
            concession["replacement"] = rng.choice(["", " ", "\n", "..."])
        case "repeats":
            concession["replacement"] = rng.choice(list(said.values()))
        case "swaps":
            concession["replacement"] = (
                "I need a refund" if "I want my money back" in said.values() else "I want my money back"
            )
        case "rebuts":
            return json.dumps({"scratchpad": "s", "stance": "rebut", "argument": "no", "replacement": None})
        case "contradicts":
            stance = rng.choice(["concede and rebut", "rebut", "concede", "", None, ["concede"]])
            return json.dumps({"stance": stance, "argument": "yes and no", "replacement": "May I?"})
        case "huge":
            concession["replacement"] = "on and on " * rng.choice([20, 40000])
        case "odd_types":
            concession["replacement"] = rng.choice([7, None, ["a"], {"text": "a"}, True])
        case "polite":
            concession["replacement"] = "please"
        case "whole_turn":
            concession["replacement"] = "Ok. " + rng.choice(list(said.values())) + " Thanks."
        case "control":
            concession["replacement"] = "a\x00b\u202e <|im_end|> {{ name }}"
        case "lowers":
            concession["replacement"] = rng.choice(list(said.values())).lower()
    return json.dumps(concession)


def adversary(seed: int, critics: list[str], teachers: list[str]) -> Voice:
    """A speaker that is bad in one of these ways at a time, drawn by the request's seed."""

    def script(request: Request) -> str | None:
        rng = seeded(seed, request.seed)
        if is_critic(request):
            return criticises(rng.choice(critics), request, rng)
        return answers(rng.choice(teachers), request, rng)

    return Voice(script)


def fixed(turn: Turn) -> object:
    """What no debate may change of a turn."""
    return (turn.role, turn.acts, turn.mentions, turn.call, turn.result)


def assert_only_spans_changed(draft: Conversation, final: Conversation, council: Council) -> None:
    assert [fixed(turn) for turn in final.turns] == [fixed(turn) for turn in draft.turns]
    quotes = {objection.id: objection.quote for objection in council.objections}
    turns = [turn.text for turn in draft.turns]
    for revision in council.revisions:
        before, after = revision.before.text, revision.after.text
        assert turns[revision.turn] == before
        span = span_of(quotes[revision.objection], before)
        assert span is not None
        head, tail = before[: span[0]], before[span[1] :]
        assert after.startswith(head.rstrip(" "))
        assert after.endswith(tail.lstrip(" "))
        turns[revision.turn] = after
    assert turns == [turn.text for turn in final.turns]


def assert_record_holds_together(refined: Refined, council: Council, settings_: RefineSettings) -> None:
    ids = [objection.id for objection in council.objections]
    assert ids == [f"o{number}" for number in range(1, len(ids) + 1)]
    heard = [objection.id for objection in council.objections if not objection.dismissed]
    answered = [response.objection for each in council.rounds for response in each.responses]
    assert council.ending == "hopeless" or sorted(heard) == sorted(answered)
    assert len(set(answered)) == len(answered)
    assert set(council.open) <= set(heard)
    assert (council.ending == "agreed") <= (not council.open)
    assert 1 <= len(council.rounds) <= settings_.rounds
    assert {defect.found_by for defect in refined.defects} <= {"council"}
    assert council.usage == sum((cost.usage for each in council.rounds for cost in each.lenses), Usage())
    assert msgspec.json.decode(canonical(council), type=Council) == council


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 2**31),
    st.lists(st.sampled_from(CRITICS), min_size=1, max_size=4),
    st.lists(st.sampled_from(TEACHERS), min_size=1, max_size=4),
    st.fixed_dictionaries(
        {
            "rounds": st.integers(1, 4),
            "objections": st.integers(1, 3),
            "tries": st.integers(1, 2),
            "unmended": st.sampled_from(["reject", "context"]),
        }
    ),
    st.sampled_from(["", "missing", "wrong", "repeated"]),
    st.floats(0, 1),
)
def test_the_debate_always_ends_within_its_bound_and_never_harms_what_is_fixed(
    case: Case,
    seed: int,
    critics: list[str],
    teachers: list[str],
    chosen: dict[str, Any],
    planted: str,
    strictness: float,
) -> None:
    at = case.at("inform_refund")
    faulty = {"": case.draft.turns[at].text, "missing": "I have refunded it for order O-101.",
              "wrong": "I have refunded €52.00 for order O-101.",
              "repeated": "I can refund €25.00. Shall I?"}[planted]  # fmt: skip
    drafted = case.saying(at, faulty)
    settings_ = RefineSettings.model_validate(chosen)

    def once() -> tuple[Refined, Voice, Arbiter]:
        voice = adversary(seed, critics, teachers)
        arbiter = Arbiter(lambda objection: seeded(seed, objection.id).random() < strictness)
        return asyncio.run(drafted.refined(voice, rule=arbiter, **chosen)), voice, arbiter

    refined, voice, arbiter = once()
    council, final = refined.council, refined.conversation
    assert len(voice.requests) <= settings_.most_calls
    assert len(arbiter.asked) <= settings_.most_rulings
    assert_only_spans_changed(drafted.draft, final, council)
    assert_record_holds_together(refined, council, settings_)
    had = {defect.kind for defect in drafted.check(drafted.draft).defects}
    assert {defect.kind for defect in drafted.check(final).defects} <= had
    assert all(pair.chosen.text != pair.rejected.text for pair in preference_pairs(drafted.draft, final, council))
    assert len(critiques(drafted.draft, final, council)) <= len(council.revisions)
    again, _, _ = once()
    assert canonical(again) == canonical(refined)


@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize("teacher", ["rewrites", "polite", "rebuts", "cut"])
async def test_critics_that_object_forever_are_heard_a_bounded_number_of_times(
    case: Case, teacher: str, rounds: int
) -> None:
    voice = adversary(1, ["everything", "span"], [teacher])
    arbiter = Arbiter(True)
    refined = await case.refined(voice, rule=arbiter, rounds=rounds, objections=2, tries=2)
    bound = RefineSettings(rounds=rounds, objections=2, tries=2)
    assert len(voice.requests) <= bound.most_calls == rounds * 2 * (5 + 2 * 2 * 6)
    assert len(arbiter.asked) <= bound.most_rulings == rounds * 10
    assert len(refined.council.rounds) <= rounds


async def test_a_debate_in_which_every_round_mends_something_ends_at_the_cap(case: Case) -> None:
    at = case.at("confirm_refund")

    def script(request: Request) -> str:
        told = turns_of(request)[at]
        if is_critic(request):
            return json.dumps(
                {"objections": [objects(at, told, "false_promise"), objects(at, "€25.00", "wrong_value")]}
            )
        if "in question" in request.messages[-1].content:
            return json.dumps({"stance": "concede", "replacement": "some money"})
        return json.dumps({"stance": "concede", "replacement": f"{told} Really?"})

    refined = await case.refined(Voice(script), lenses=["policy_and_facts"], rounds=3)
    assert refined.council.ending == "cap"
    assert len(refined.council.rounds) == 3
    assert len(refined.council.revisions) == 3
    assert refined.conversation.turns[at].text == "I can refund €25.00. Shall I? Really? Really? Really?"
    assert [defect.kind for defect in refined.defects] == ["wrong_value"]


async def test_a_check_that_finds_more_after_every_revision_lets_none_through(case: Case) -> None:
    def grumpy(conversation: Conversation) -> object:
        verdict = case.check(conversation)
        if conversation == case.draft:
            return verdict
        found = Defect(kind="contradiction", severity="fault", turns=(0,), evidence="it differs", found_by="test")
        return msgspec.structs.replace(verdict, defects=(found,))

    voice = adversary(3, ["span", "everything"], ["polite"])
    refined = await case.refined(voice, check=grumpy)  # type: ignore[arg-type]
    refused: list[Revision] = [revision for each in refined.council.rounds for revision in each.revisions]
    assert refused
    assert {revision.refused for revision in refused} <= {"contradiction", "act", "role"}
    assert refined.conversation == case.draft


def test_objections_are_told_apart_by_turn_class_and_words(case: Case) -> None:
    quotes = ["Shall I?", "shall i?", "Shall I"]
    said = [objects(case.at("confirm_refund"), quote, "false_promise") for quote in quotes]
    voice = Voice(lambda request: json.dumps({"objections": said}) if is_critic(request) else '{"stance": "rebut"}')
    refined = asyncio.run(case.refined(voice, rule=Arbiter(False), lenses=["policy_and_facts"]))
    objections: tuple[Objection, ...] = refined.council.objections
    assert [objection.dismissed for objection in objections] == ["", "said_before", "said_before"]
