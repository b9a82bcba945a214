"""`show --council`: a whole debate as readable text, and nothing of it lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from turnwright.cli import debate
from turnwright.records import (
    Admission,
    Conversation,
    Council,
    LensCost,
    Objection,
    Persona,
    Provenance,
    Response,
    Revision,
    Round,
    Ruling,
    Scenario,
    ToolCall,
    Turn,
    Usage,
    Vote,
)
from turnwright.records.council import CouncilEnding
from turnwright.store import Concluded

Capture = pytest.CaptureFixture[str]

CLOSED = {"stance", "how", "ending", "role", "origin"}
"""Fields with a closed set of words; they are shown in words of their own."""


def said(text: str, origin: str = "model", **more: Any) -> Turn:
    where = Provenance(origin=origin, role="teacher", model="m@1", prompt="prompt:0", calls=("call_0",))  # type: ignore[arg-type]
    return Turn(role="assistant", text=text, acts=("inform",), provenance=where, **more)


def conversation(*turns: Turn) -> Conversation:
    return Conversation(scenario_id="sc_1", blueprint_id="bp_1", domain="shop@1", way="fill", turns=turns)


def council_of(*rounds: Round, draft: Conversation, final: Conversation, **more: Any) -> Council:
    ending = more.pop("ending", "agreed")
    return Council(draft_id=draft.id, final_id=final.id, rounds=rounds, ending=ending, **more)


def concluded(draft: Conversation, final: Conversation, *councils: Council, **more: Any) -> Concluded:
    scenario = Scenario(ordinal=0, domain="shop@1", levels={}, persona=Persona(name="Ada"), seed=0)
    admission = Admission(ordinal=0, scenario_id=scenario.id, admitted=True, stage="admit", reason="admitted")
    kept = draft if draft.id != final.id else None
    return Concluded(scenario=scenario, conversation=final, admission=admission, draft=kept, councils=councils, **more)


def shown(capsys: Capture, one: Concluded, *, scratchpads: bool = False) -> str:
    debate.council(one, scratchpads=scratchpads)
    return capsys.readouterr().out


def whole() -> tuple[Concluded, Council]:
    """A debate in which every text field of every object is a word of its own."""
    before = said("wordbefore stays")
    after = said("wordafter stays", origin="model-edited")
    draft, final = conversation(said("worddraftturn"), before), conversation(said("worddraftturn"), after)
    vote = Vote(arbiter="wordarbiter", defect_found=True, probability=0.8125, call="wordvotecall")
    ruling = Ruling(
        question="wordobjection", defect="wordruleddefect", found=True, how="vote",
        votes=(vote, Vote(arbiter="wordother", defect_found=None)), turns=(1,), evidence="wordevidence",
    )  # fmt: skip
    objection = Objection(
        id="wordobjection", lens="wordlens", defect="worddefect", turns=(1,), quote="wordquote", claim="wordclaim",
        change="wordchange", model="wordcriticmodel", prompt="wordcriticprompt", call="wordcriticcall",
    )  # fmt: skip
    unheard = Objection(id="wordunheard", lens="wordlens", defect="d", turns=(7,), dismissed="worddismissed")
    response = Response(
        objection="wordobjection", stance="rebut", scratchpad="wordscratchpad", argument="wordargument",
        replacement="wordreplacement", model="wordteacher", prompt="wordteacherprompt",
        calls=("wordcall1", "wordcall2"),
    )  # fmt: skip
    taken = Revision(objection="wordobjection", turn=1, before=before, after=after)
    refused = Revision(
        objection="wordobjection", turn=1, before=before, after=said("wordrefusedwords"), refused="wordrefused",
        detail="worddetail",
    )  # fmt: skip
    usage = Usage(calls=11, prompt_tokens=1203, cached_tokens=402, completion_tokens=333, reasoning_tokens=44, money=77)
    one = Round(
        lenses=(LensCost(lens="wordlenscost", usage=usage, raised=5, upheld=3),),
        objections=(objection, unheard), responses=(response,), rulings=(ruling,), revisions=(refused, taken),
    )  # fmt: skip
    paid = Usage(calls=21, prompt_tokens=2203, cached_tokens=502, completion_tokens=433, reasoning_tokens=54, money=87)
    made = council_of(one, draft=draft, final=final, ending="cap", open=("wordopen",), usage=paid)
    return concluded(draft, final, made), made


def texts(value: Any) -> Iterator[str]:
    """Every text in a record, except words of closed sets."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field not in CLOSED:
                yield from texts(getattr(value, field))


def test_every_text_of_a_council_is_shown(capsys: Capture) -> None:
    one, made = whole()
    out = shown(capsys, one, scratchpads=True)
    words = {word for text in texts(made) for word in text.split()}
    assert len(words) > 30
    assert sorted(word for word in words if word not in out) == []
    assert "worddraftturn" in out


def test_every_figure_of_a_council_is_shown(capsys: Capture) -> None:
    one, made = whole()
    out = shown(capsys, one)
    for usage in (made.usage, made.rounds[0].lenses[0].usage):
        for figure in (usage.calls, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens):
            assert f"{figure:,}" in out
        assert f"{usage.reasoning_tokens:,} reasoning" in out
        assert f"{usage.money / 1e6:.6f}" in out
    for told in ("5 raised, 3 upheld", "probability 0.812", "found it", "no readable answer", "by vote", "turn 1"):
        assert told in out


@pytest.mark.parametrize("ending", get_args(CouncilEnding))
def test_every_way_to_end_is_told_in_words(ending: str, capsys: Capture) -> None:
    one = conversation(said("Hello"))
    out = shown(capsys, concluded(one, one, council_of(Round(), draft=one, final=one, ending=ending)))
    assert f"ended: {ending} (" in out
    assert "as it was" in out


def test_private_reasoning_is_shown_only_when_asked_for_and_says_that_it_is_private(capsys: Capture) -> None:
    one, _ = whole()
    out = shown(capsys, one)
    assert "wordscratchpad" not in out
    assert "--scratchpads" in out
    assert "private reasoning: wordscratchpad" in shown(capsys, one, scratchpads=True)


def test_a_revision_reads_as_a_difference_even_without_colour(capsys: Capture) -> None:
    one, _ = whole()
    out = shown(capsys, one)
    assert "[-wordbefore-] {+wordafter+} stays" in out
    assert "refused: wordrefused" in out
    assert "revision of turn 1 taken" in out


@pytest.mark.parametrize(
    ("before", "after", "reads"),
    [
        ("It costs 25 euros.", "It costs 30 euros.", "It costs [-25-] {+30+} euros."),
        ("Sure, I can do it.", "I can do it.", "[-Sure, -]I can do it."),
        ("Done.", "Done. Bye.", "Done.{+ Bye.+}"),
        ("a b c", "x y c", "[-a b-] {+x y+} c"),
        ("same words", "same words", "same words"),
        ("", "new", "{+new+}"),
    ],
)
def test_a_difference_is_told_word_by_word(before: str, after: str, reads: str) -> None:
    assert debate.difference(before, after).plain == reads


def test_removed_words_are_struck_through_in_red_and_added_ones_are_green() -> None:
    words = debate.difference("It is red.", "It is green.")
    styles = {words.plain[span.start : span.end]: str(span.style) for span in words.spans}
    assert styles == {"[-red.-]": "red strike", "{+green.+}": "green"}


def test_both_sides_can_be_read_back_from_a_difference() -> None:
    before, after = "one  two three\nfour five", "one two 3 four\nfive six"
    read = debate.difference(before, after).plain.replace("│ ", "")
    removed, added = r"\[-(.*?)-\]( (?=\{\+))?", r"\{\+(.*?)\+\}"
    assert re.sub(added, "", re.sub(removed, r"\1", read, flags=re.S), flags=re.S) == before
    assert re.sub(added, r"\1", re.sub(removed, "", read, flags=re.S), flags=re.S) == after


def test_a_difference_of_very_long_turns_is_told_as_a_whole() -> None:
    words = " ".join(f"w{number}" for number in range(3000))
    assert debate.difference(words, words + " end").plain == f"[-{words}-] {{+{words} end+}}"


def test_words_of_models_are_neither_markup_nor_commands_to_the_terminal(capsys: Capture) -> None:
    hostile = "[bold]x[/bold]\x1b[2J\x07\u202e\nround 9\nended: agreed"
    one = conversation(said(hostile))
    raised = Objection(id="o1", lens="l", defect="d", turns=(0,), claim=hostile, quote=hostile)
    answer = Response(objection="o1", stance="concede", scratchpad=hostile, argument=hostile)
    mended = Revision(objection="o1", turn=0, before=one.turns[0], after=said(hostile + " more"))
    made = Round(objections=(raised,), responses=(answer,), revisions=(mended,))
    out = shown(capsys, concluded(one, one, council_of(made, draft=one, final=one, ending="cap")), scratchpads=True)
    assert "[bold]x[/bold]" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "\\x1b[2J" in out
    assert not re.search(r"^ *(round 9|ended: agreed)", out, flags=re.M)


def test_what_comes_of_an_objection_of_an_earlier_round_is_shown_where_it_happened(capsys: Capture) -> None:
    before, after = conversation(said("old")), conversation(said("new", origin="model-edited"))
    first = Round(objections=(Objection(id="o1", lens="l", defect="d", turns=(0,)),))
    second = Round(
        responses=(Response(objection="o1", stance="concede", argument="later"),),
        rulings=(Ruling(question="o1", defect="d", found=False, how="no_licence"),),
        revisions=(Revision(objection="o1", turn=0, before=before.turns[0], after=after.turns[0]),),
    )
    out = shown(capsys, concluded(before, after, council_of(first, second, draft=before, final=after)))
    late = out[out.index("round 2") :]
    for told in ("on o1, raised before", "argument: later", "nobody is licensed", "[-old-] {+new+}"):
        assert told in late


def test_a_call_that_was_objected_to_is_shown_in_the_draft(capsys: Capture) -> None:
    asked = Turn(
        role="assistant", acts=("refund",), call=ToolCall(id="call_1", name="refund", arguments={"order_id": "A1"}),
        provenance=Provenance(origin="template"),
    )  # fmt: skip
    one = conversation(asked)
    out = shown(capsys, concluded(one, one, council_of(Round(), draft=one, final=one, ending="hopeless")))
    assert 'refund({"order_id":"A1"})' in out


def test_the_debates_of_earlier_attempts_are_shown_with_their_own_drafts(capsys: Capture) -> None:
    drafts = [conversation(said(f"draftwords{n}")) for n in range(3)]
    finals = [conversation(said(f"finalwords{n}")) for n in range(3)]
    councils = [council_of(Round(), draft=draft, final=final) for draft, final in zip(drafts, finals, strict=True)]
    out = shown(capsys, concluded(drafts[2], finals[2], *councils, drafts=tuple(drafts[:2])))
    assert [out.index(f"draftwords{n}") for n in range(3)] == sorted(out.index(f"draftwords{n}") for n in range(3))
    assert "council 1 of 3" in out
    assert "council 3 of 3" in out


def test_a_scenario_without_a_debate_says_so(capsys: Capture) -> None:
    one = conversation(said("Hello"))
    assert "no council debated" in shown(capsys, concluded(one, one))


def test_a_draft_that_is_not_kept_is_no_fault(capsys: Capture) -> None:
    draft, final = conversation(said("gone")), conversation(said("here"))
    made = council_of(Round(), draft=draft, final=final)
    out = shown(capsys, msgspec.structs.replace(concluded(draft, final, made), draft=None))
    assert draft.id in out
    assert "not kept" in out
