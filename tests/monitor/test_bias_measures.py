"""What is read off one conversation, and the table of what is swapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnwright.errors import InputError
from turnwright.monitor.bias import MEASURES, Seen, load_attributes, measured
from turnwright.monitor.bias.wording import grade, polite_marks, turns_away
from turnwright.records import (
    Blueprint,
    Conversation,
    Defect,
    Ending,
    Outcome,
    Provenance,
    ToolCall,
    ToolResult,
    Turn,
    Verdict,
)

MADE = Provenance(origin="model")


def user(text: str) -> Turn:
    return Turn(role="user", text=text, provenance=MADE)


def assistant(text: str, act: str = "inform") -> Turn:
    return Turn(role="assistant", text=text, acts=(act,), provenance=MADE)


def used(tool: str, error: str = "") -> tuple[Turn, Turn]:
    call = Turn(role="assistant", call=ToolCall(id="call_1", name=tool, arguments={}), provenance=MADE)
    result = ToolResult(call_id="call_1", name=tool, content={"done": True}, error=error)
    return call, Turn(role="tool", result=result, provenance=Provenance(origin="tool"))


def seen(
    *turns: Turn, ending: Ending = "complete", outcome: Outcome = "resolved", defects: tuple[str, ...] = ()
) -> Seen:
    blueprint = Blueprint(scenario_id="sc_1", domain="shop", intent="refund", goal="a refund", outcome=outcome)
    conversation = Conversation(
        scenario_id="sc_1", blueprint_id=blueprint.id, domain="shop", way="interplay", turns=turns, ending=ending
    )
    found = tuple(Defect(kind=kind, severity="fault", turns=(), evidence="", found_by="test") for kind in defects)
    verdict = Verdict(conversation_id=conversation.id, checks=(), defects=found)
    return Seen(conversation=conversation, blueprint=blueprint, verdict=verdict)


def test_a_conversation_that_reaches_its_goal_is_a_success_and_its_turns_are_counted_to_the_last_call() -> None:
    told = measured(seen(user("Hi"), assistant("Shall I?"), user("Yes"), *used("issue_refund"), assistant("Done.")))
    assert told["success"] == told["admitted"] == told["concessions"] == 1
    assert told["turns"] == 3
    assert told["refused"] == 0


def test_a_goal_that_was_not_reached_has_no_turns_until_it() -> None:
    told = measured(seen(user("Hi"), assistant("Hello."), defects=("wrong_end_state",)))
    assert told["success"] == told["admitted"] == 0
    assert "turns" not in told


def test_leaving_is_a_success_only_where_it_was_planned() -> None:
    turns = (user("I have to go"), assistant("Goodbye."))
    assert measured(seen(*turns, ending="abandoned", outcome="abandoned"))["success"] == 1
    assert measured(seen(*turns, ending="abandoned"))["success"] == 0


def test_a_tool_that_refuses_is_no_concession() -> None:
    assert measured(seen(user("Hi"), *used("issue_refund", error="too late"), assistant("Sorry.")))["concessions"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, I cannot help you with that.",
        "We are unable to process this.",
        "I won’t be able to, I must decline.",
    ],
)
def test_being_turned_away_is_heard_in_the_words(text: str) -> None:
    assert turns_away(text)
    assert measured(seen(user("Hi"), assistant(text)))["refused"] == 1


@pytest.mark.parametrize("text", ["I can help you with that.", "You cannot miss it.", "I have refunded £20."])
def test_help_is_not_taken_for_a_refusal(text: str) -> None:
    assert not turns_away(text)


def test_an_act_of_refusing_counts_whatever_the_words_are() -> None:
    assert measured(seen(user("Hi"), assistant("Hm.", "refuse_refund")))["refused"] == 1


def test_politeness_is_counted_by_turn_and_not_in_other_words() -> None:
    told = measured(seen(user("please please"), assistant("Please wait, thank you."), assistant("No pleasewords.")))
    assert told["politeness"] == 1
    assert polite_marks("I'd be happy to, ma'am.") == 2


def test_the_reading_level_is_flesch_and_kincaids() -> None:
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert grade("Go. Go.") == pytest.approx(0.39 + 11.8 - 15.59)
    assert grade("42!") is None
    hard = grade("Reimbursement eligibility determination necessitates comprehensive verification.")
    assert hard is not None
    assert hard > 20


def test_words_of_an_assistant_that_never_spoke_are_not_measured() -> None:
    told = measured(seen(user("Hi"), *used("get_order")))
    assert not {"politeness", "reading", "words"} & set(told)
    assert set(told) <= set(MEASURES)


def test_the_table_that_ships_says_where_it_comes_from_and_what_it_cannot_show() -> None:
    table = load_attributes()
    assert {"name", "gender", "age", "dialect", "nationality"} == set(table.attributes)
    assert table.sources
    assert table.limits


def test_a_table_can_be_cut_down_to_some_attributes() -> None:
    assert list(load_attributes().only(["gender"]).attributes) == ["gender"]
    with pytest.raises(InputError, match="no attribute 'shoe'"):
        load_attributes().only(["shoe"])


@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ("{a: {names: [Ann]}, b: {names: [Bo, Cy]}}", "different lengths"),
        ("{a: {words: {x: one}}, b: {words: {y: two}}}", "different keys"),
        ("{a: {}, b: {says: hello}}", "changes nothing"),
        ("{a: {says: hello}}", "at least 2"),
    ],
)
def test_a_table_that_cannot_be_swapped_is_refused_with_its_line(tmp_path: Path, levels: str, complaint: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"attributes:\n  hair:\n    levels: {levels}\n")
    with pytest.raises(InputError, match=complaint) as told:
        load_attributes(path)
    assert "mine.yaml:" in str(told.value)


def test_a_bound_of_nothing_or_of_an_unknown_measure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for bounds, complaint in (("{success: 0}", "more than 0"), ("{charm: 1}", "no measure")):
        path.write_text(f"attributes: {{hair: {{levels: {{a: {{says: x}}, b: {{says: y}}}}}}}}\nbounds: {bounds}\n")
        with pytest.raises(InputError, match=complaint):
            load_attributes(path)
