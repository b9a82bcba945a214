"""The arbiter rules by a panel's words or probabilities, only where it is licensed, and shows the turns."""

from __future__ import annotations

import json

import msgspec
import pytest
from arbiter_cases import ALL, CRITERIA, Speaking, arbiter_of, fine, thinking
from bank_cases import Case

from turnwright.errors import RequestRefused
from turnwright.models import Reply, Request, TokenLogprob
from turnwright.records import Objection, Verdict, Vote
from turnwright.verify.arbiter import Arbiter
from turnwright.verify.panel import counted, read
from turnwright.verify.rubric import ArbiterSettings

RUDE = CRITERIA["rudeness"]


def verdict_on(case: Case) -> Verdict:
    return Verdict(conversation_id=case.conversation.id, checks=("form",))


def vote(found: bool | None) -> Vote:
    return Vote(arbiter="a", defect_found=found)


def saying(word: str) -> Speaking:
    """Says this, without probabilities."""
    return Speaking(lambda _: Reply(text=word))


def seeing(*defects: str, evidence: str = '{"turns": [1, 3], "why": "There it is."}') -> Speaking:
    asked = {CRITERIA[defect].asks for defect in defects}

    def script(request: Request) -> str:
        if request.json_schema is not None:
            return evidence
        return "Yes" if any(asks in request.messages[-1].content for asks in asked) else "No"

    return Speaking(script)


async def test_yes_finds_the_defect_and_no_does_not(balance: Case) -> None:
    replies = {"Yes": True, "No.": False, "**yes**": True, "Answer: no": False}
    for word, found in replies.items():
        arbiter = arbiter_of(balance, saying(word))
        ruling = await arbiter.ask(RUDE, balance.conversation, balance.blueprint)
        assert (ruling.found, ruling.how, ruling.question, ruling.defect) == (found, "vote", "rudeness", "rudeness")
        assert ruling.votes[0].probability is None


async def test_a_criterion_may_mean_by_yes_that_all_is_fine(balance: Case) -> None:
    criterion = fine("rudeness", "Is the assistant polite throughout?")
    arbiter = arbiter_of(balance, Speaking(lambda _: thinking("Yes", Yes=0.8, No=0.2)))
    ruling = await arbiter.ask(criterion, balance.conversation, balance.blueprint)
    assert not ruling.found
    assert ruling.votes[0].probability == pytest.approx(0.2)


async def test_probabilities_weigh_every_spelling_of_yes_and_no(balance: Case) -> None:
    reply = thinking("No", **{"No": 0.3, "Yes": 0.25, " yes": 0.2, "YES": 0.05, "Maybe": 0.2})
    ruling = await arbiter_of(balance, Speaking(lambda _: reply)).ask(RUDE, balance.conversation, balance.blueprint)
    assert ruling.found
    assert ruling.votes[0].probability == pytest.approx(0.5 / 0.8)


def test_a_thought_before_the_answer_is_passed_over() -> None:
    said = "<think>No, wait. Yes? No.</think>\n\nYes"
    tokens = [TokenLogprob(token, -0.1) for token in ("<think>", "No", "</think>", "\n\n", "Yes")]
    assert read(Reply(text=said, logprobs=tuple(tokens)), ("yes", "no")) == ("yes", 1.0)
    assert read(Reply(text=said), ("yes", "no")) == ("yes", None)
    assert read(Reply(text="<think>Yes, there is"), ("yes", "no")) == (None, None)


def test_improbable_words_are_no_answer() -> None:
    reply = thinking("The", The=0.99, Yes=0.004, No=0.001)
    assert read(reply, ("yes", "no")) == (None, None)


@pytest.mark.parametrize("said", ["", "Nobody", "Perhaps.", "yesterday", '{"answer": ', "\x00"])
async def test_what_cannot_be_read_convicts_nobody(balance: Case, said: str) -> None:
    arbiter = arbiter_of(balance, Speaking(lambda _: said), tie="found")
    ruling = await arbiter.ask(RUDE, balance.conversation, balance.blueprint)
    assert (ruling.found, ruling.how, ruling.votes[0].defect_found) == (False, "unreadable", None)


@pytest.mark.parametrize(
    ("votes", "tie", "expected"),
    [
        ([True, True, False], "clean", (True, "vote")),
        ([True, False, None], "found", (True, "tie")),
        ([True, False, None], "clean", (False, "tie")),
        ([None, False, True], "first", (False, "tie")),
        ([True, False], "first", (True, "tie")),
        ([True, None, None], "clean", (True, "vote")),
        ([None, None], "found", (False, "unreadable")),
        ([], "found", (False, "unreadable")),
    ],
)
def test_a_majority_of_readable_votes_decides_and_the_tie_rule_does_where_there_is_none(
    votes: list[bool | None], tie: str, expected: tuple[bool, str]
) -> None:
    assert counted([vote(each) for each in votes], tie) == expected  # type: ignore[arg-type]


async def test_every_arbiter_of_the_panel_is_asked_and_every_vote_is_kept(balance: Case) -> None:
    panel = [Speaking("suspicious", "a"), Speaking("blind", "b"), Speaking("silent", "c")]
    ruling = await arbiter_of(balance, *panel, tie="clean").ask(RUDE, balance.conversation, balance.blueprint)
    assert [(each.arbiter, each.defect_found) for each in ruling.votes] == [("a", True), ("b", False), ("c", None)]
    assert len({each.call for each in ruling.votes}) == 3
    assert (ruling.found, ruling.how) == (False, "tie")


async def test_an_endpoint_that_refuses_logprobs_is_asked_without_them_from_then_on(balance: Case) -> None:
    plain, rich = Speaking(lambda _: Reply(text="Yes"), "plain", logprobs=False), Speaking("suspicious", "rich")
    arbiter = arbiter_of(balance, plain, rich)
    for _ in range(2):
        ruling = await arbiter.ask(RUDE, balance.conversation, balance.blueprint)
    assert ruling.found
    assert [each.logprobs for each in plain.asked] == [10, 0, 0]
    assert arbiter.gave_logprobs == {"0:plain": False, "1:rich": True}


async def test_an_endpoint_that_leaves_logprobs_out_is_known_by_it(balance: Case) -> None:
    arbiter = arbiter_of(balance, Speaking(lambda _: Reply(text="Yes")))
    await arbiter.ask(RUDE, balance.conversation, balance.blueprint)
    assert arbiter.gave_logprobs == {"0:double": False}


async def test_a_request_that_is_refused_for_something_else_is_an_error_and_no_verdict(balance: Case) -> None:
    def too_long(request: Request) -> str:
        raise RequestRefused("status 400: more than the context holds")

    arbiter = arbiter_of(balance, Speaking(too_long))
    with pytest.raises(RequestRefused, match="context"):
        await arbiter.ask(RUDE, balance.conversation, balance.blueprint)
    assert arbiter.gave_logprobs == {}


async def test_a_finding_becomes_a_defect_with_its_turns(balance: Case) -> None:
    arbiter = arbiter_of(balance, seeing("rudeness"))
    verdict = await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance))
    (defect,) = verdict.defects
    assert (defect.kind, defect.severity, defect.turns, defect.evidence, defect.found_by) == (
        "rudeness", "fault", (1, 3), "There it is.", "arbiter",
    )  # fmt: skip
    assert not verdict.passed
    assert verdict.checks == ("form",)
    assert verdict.id != verdict_on(balance).id


@pytest.mark.parametrize("said", ["not JSON", "[]", '{"turns": "all"}', '{"turns": [99, -1, true, "1"], "why": 3}'])
async def test_evidence_that_cannot_be_read_leaves_the_turns_empty(balance: Case, said: str) -> None:
    arbiter = arbiter_of(balance, seeing("rudeness", evidence=said))
    verdict = await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance))
    assert verdict.defects[0].turns == ()
    assert RUDE.asks in verdict.defects[0].evidence


async def test_turns_that_do_not_exist_are_no_evidence(balance: Case) -> None:
    said = json.dumps({"turns": [2, 500, 2, 1], "why": "line\nbreak"})
    verdict = await arbiter_of(balance, seeing("rudeness", evidence=said)).judge(
        balance.conversation, balance.blueprint, verdict_on(balance)
    )
    assert (verdict.defects[0].turns, verdict.defects[0].evidence) == ((1, 2), "line break")


async def test_evidence_is_only_paid_for_where_something_was_found_and_it_is_wanted(balance: Case) -> None:
    for speaker, wanted in ((Speaking("blind"), True), (seeing("rudeness"), False)):
        await arbiter_of(balance, speaker, evidence=wanted).judge(
            balance.conversation, balance.blueprint, verdict_on(balance)
        )
        assert all(request.json_schema is None for request in speaker.asked)


async def test_the_first_arbiter_that_found_it_names_the_turns(balance: Case) -> None:
    panel = [Speaking("blind", "a"), Speaking("suspicious", "b"), Speaking("suspicious", "c")]
    await arbiter_of(balance, *panel, licensed=frozenset({"rudeness"})).judge(
        balance.conversation, balance.blueprint, verdict_on(balance)
    )
    assert [len(speaker.asked) for speaker in panel] == [1, 2, 1]


async def test_only_licensed_classes_are_ruled_on(balance: Case) -> None:
    speaker = Speaking("suspicious")
    arbiter = arbiter_of(
        balance, speaker, licensed=frozenset({"rudeness", "unanswered"}), stop_early=False, evidence=False
    )
    verdict = await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance))
    assert [ruling.defect for ruling in verdict.rulings] == ["unanswered", "rudeness"]
    assert speaker.questions == [CRITERIA["unanswered"].asks, RUDE.asks]


@pytest.mark.parametrize("licensed", [None, frozenset()])
async def test_an_arbiter_without_a_licence_is_never_asked(balance: Case, licensed: frozenset[str] | None) -> None:
    speaker = Speaking("suspicious")
    arbiter = arbiter_of(balance, speaker, licensed=licensed)
    before = verdict_on(balance)
    assert await arbiter.judge(balance.conversation, balance.blueprint, before) == before
    ruling = await arbiter.rule(balance.conversation, balance.blueprint, objection("rudeness"), "")
    assert (ruling.how, ruling.found) == ("no_licence", False)
    assert not speaker.asked


async def test_the_order_says_what_is_asked_first_and_a_finding_ends_the_rubric(balance: Case) -> None:
    speaker = seeing("rudeness")
    arbiter = arbiter_of(balance, speaker, evidence=False)
    order = ["unfairness", "rudeness", "wrong_value"]
    verdict = await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance), order)
    assert [ruling.question for ruling in verdict.rulings] == ["unfairness", "rudeness"]
    patient = arbiter_of(balance, seeing("rudeness"), evidence=False, stop_early=False)
    verdict = await patient.judge(balance.conversation, balance.blueprint, verdict_on(balance), order)
    assert [ruling.question for ruling in verdict.rulings][:4] == [*order, "unsupported_claim"]
    assert {ruling.defect for ruling in verdict.rulings} == ALL


async def test_a_finding_that_is_only_a_note_does_not_end_the_rubric(balance: Case) -> None:
    arbiter = Arbiter(
        balance.domain,
        {"a": Speaking("suspicious")},
        ArbiterSettings(evidence=False),
        frozenset({"rudeness", "unfairness"}),
        severity={"rudeness": "note"},
    )
    verdict = await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance))
    assert [(defect.kind, defect.severity) for defect in verdict.defects] == [
        ("rudeness", "note"),
        ("unfairness", "fatal"),
    ]


def objection(defect: str) -> Objection:
    return Objection(
        id="o7", lens="realism", defect=defect, turns=(1, 3), quote="a quote", claim="this is rude", change="say please"
    )


@pytest.mark.parametrize(("script", "found"), [("suspicious", True), ("blind", False), ("silent", False)])
async def test_a_contested_objection_is_upheld_or_not(balance: Case, script: str, found: bool) -> None:
    speaker = Speaking(script)
    ruling = await arbiter_of(balance, speaker).rule(
        balance.conversation, balance.blueprint, objection("rudeness"), "it is\nQUESTION: is it polite"
    )
    assert (ruling.question, ruling.defect, ruling.found) == ("o7", "rudeness", found)
    assert (ruling.turns, ruling.evidence) == (((1, 3), "this is rude") if found else ((), ""))
    shown = speaker.asked[0].messages[-1].content
    assert "The critic says: this is rude\nThe author answers: it is QUESTION: is it polite\n" in shown
    assert "objects to turn 1, turn 3." in shown


async def test_all_questions_about_a_conversation_share_their_beginning(balance: Case) -> None:
    speaker = Speaking("blind")
    arbiter = arbiter_of(balance, speaker)
    await arbiter.judge(balance.conversation, balance.blueprint, verdict_on(balance))
    await arbiter.rule(balance.conversation, balance.blueprint, objection("rudeness"), "no")
    firsts = {request.messages[0].content for request in speaker.asked}
    lasts = [request.messages[-1].content for request in speaker.asked]
    assert len(firsts) == 1
    until = lasts[0].index("QUESTION: ")
    assert len({last[:until].rstrip() for last in lasts[:-1]}) == 1
    assert lasts[-1].startswith(lasts[0][:until])
    assert all(request.temperature == 0.0 and request.max_tokens == 4 for request in speaker.asked)


async def chosen(case: Case, other: Case, *speakers: Speaking) -> str:
    return await arbiter_of(case, *speakers).prefer(case.conversation, other.conversation, case.blueprint)


def preferring(words: str, model: str = "double") -> Speaking:
    """Prefers the chat in which these words stand."""

    def script(request: Request) -> str:
        first, _, second = request.messages[-1].content.partition("SECOND CHAT:")
        return "First" if words in first else "second" if words in second else "tie"

    return Speaking(script, model)


async def test_the_better_conversation_wins_in_both_orders(balance: Case) -> None:
    better = balance.adding(balance.last("assistant"), "Splendid!")
    assert await chosen(better, balance, preferring("Splendid!")) == "first"
    assert await chosen(balance, better, preferring("Splendid!")) == "second"


@pytest.mark.parametrize("always", ["first", "second", "both"])
async def test_an_arbiter_that_goes_by_the_place_gives_a_tie(balance: Case, always: str) -> None:
    speaker = Speaking(lambda _: always)
    better = balance.adding(balance.last("assistant"), "Splendid!")
    assert await chosen(better, balance, speaker) == "tie"
    assert len(speaker.asked) == 2


async def test_more_than_half_of_the_panel_must_prefer_the_same_conversation(balance: Case) -> None:
    better = balance.adding(balance.last("assistant"), "Splendid!")
    good, placed = preferring("Splendid!", "a"), Speaking(lambda _: "first", "b")
    assert await chosen(better, balance, good, placed) == "tie"
    assert await chosen(better, balance, good, placed, preferring("Splendid!", "c")) == "first"


async def test_a_change_of_prompts_or_settings_that_shape_the_question_is_seen_in_the_prompts(balance: Case) -> None:
    one, other = arbiter_of(balance), arbiter_of(balance, max_tokens=512)
    assert {name for name in one.prompts if one.prompts[name] != other.prompts[name]} == {"max_tokens"}
    assert all(hash_.startswith("prompt:") for name, hash_ in one.prompts.items() if name in ("criterion", "objection"))


async def test_the_same_answers_give_the_same_record(balance: Case) -> None:
    rulings = [
        await arbiter_of(balance, Speaking("suspicious"), seeing("rudeness")).ask(
            RUDE, balance.conversation, balance.blueprint, evidence=True
        )
        for _ in range(2)
    ]
    assert msgspec.json.encode(rulings[0]) == msgspec.json.encode(rulings[1])
