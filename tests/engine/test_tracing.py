"""A turn is traced back to everything that it was made from, by ids alone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from traced_runs import made

from turnwright.engine.deleting import delete_turns
from turnwright.engine.derivation import TurnTrace
from turnwright.engine.rollups import rollup_of
from turnwright.engine.tracing import prompt_names, trace
from turnwright.errors import InputError
from turnwright.records import Admission, Conversation, Persona, Provenance, Scenario, Turn, Usage
from turnwright.records.provenance import style_id, word_distance
from turnwright.store import Concluded, Run, open_run, read_run

STYLE = "gimme my cash back pal"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("traced") / "a")


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    with read_run(folder) as opened:
        yield opened


def revised(run: Run) -> TurnTrace:
    """The first admitted turn that a council revised."""
    for conversation in run.records.conversations(admitted=True):
        for number, turn in enumerate(conversation.turns):
            if turn.provenance.origin == "model-edited":
                return trace(run, conversation.id, turn=number).turns[0]
    raise AssertionError("the council revised nothing")


def test_a_trace_leads_from_the_conversation_to_everything_that_it_was_made_from(run: Run) -> None:
    concluded = next(run.records.concluded(admitted=True))
    found = trace(run, str(concluded.admission.ordinal), ledger=run.records.log.ledger.entries())
    assert concluded.conversation is not None
    assert concluded.blueprint is not None
    assert concluded.verdict is not None
    assert (found.scenario, found.blueprint) == (concluded.scenario.id, concluded.blueprint.id)
    assert (found.conversation, found.verdict) == (concluded.conversation.id, concluded.verdict.id)
    assert found.councils == tuple(council.id for council in concluded.councils)
    assert (found.levels, found.goal) == (concluded.scenario.levels, concluded.blueprint.goal)
    assert [turn.id for turn in found.turns] == [turn.id for turn in concluded.conversation.turns]
    assert found.ledger == concluded.admission.ordinal


def test_without_a_ledger_no_entry_is_claimed(run: Run) -> None:
    assert trace(run, "0").ledger is None


def test_every_call_is_told_with_its_price_and_the_cost_of_a_turn_is_their_sum(run: Run) -> None:
    turns = [turn for turn in trace(run, "0").turns if turn.turn.provenance.calls]
    assert turns
    for turn in turns:
        paid = list(run.journal.calls_of(turn.turn.provenance.calls))
        assert {call.id: call.usage for call in turn.calls} == {one.call_id: one.usage for one in paid}
        assert turn.cost == sum((one.usage for one in paid), Usage())
        assert turn.cost.completion_tokens > 0
        assert turn.turn.provenance.sampling is not None
        assert turn.prompt in ("simulate/fill_turn", "refine/draft + refine/teacher")


def test_a_revised_turn_leads_back_to_its_draft_with_the_objection_that_changed_it(run: Run) -> None:
    found = revised(run)
    parent, taken = found.parents[0], [one for each in found.debate for one in each.revisions if not one.refused]
    assert (parent.kind, parent.id) == ("turn", found.turn.provenance.parents[0])
    assert parent.turn is not None
    assert parent.turn.calls
    assert found.turn.provenance.distance == word_distance(parent.text, found.turn.text) > 0
    assert found.turn.id in {one.after.id for one in taken}
    assert any(one.objection.claim for one in found.debate)


def test_a_draft_can_be_traced_as_well_by_its_own_id_or_that_of_a_turn_in_it(run: Run) -> None:
    draft = next(one.draft for one in run.records.concluded(admitted=True) if one.draft)
    assert trace(run, draft.id).kind == "a draft"
    number = next(n for n, turn in enumerate(draft.turns) if turn.id not in _in_the_set(run))
    found = trace(run, draft.turns[number].id)
    assert (found.kind, found.turns[0].number) == ("a draft", number)


def _in_the_set(run: Run) -> set[str]:
    return {turn.id for conversation in run.records.conversations() for turn in conversation.turns}


def test_a_turn_is_found_by_the_beginning_of_its_id(run: Run) -> None:
    wanted = next(run.records.conversations(admitted=True)).turns[0]
    found = trace(run, wanted.id[:15])
    assert [turn.id for turn in found.turns] == [wanted.id]


def test_words_of_people_that_a_model_was_shown_are_parents_and_are_told(run: Run) -> None:
    parents = [parent for n in range(5) for turn in trace_or_none(run, n) for parent in turn.parents]
    shown = [parent for parent in parents if parent.kind == "style"]
    assert {(one.id, one.text) for one in shown} == {(style_id(STYLE), STYLE)}
    assert all(one.source and one.source.licence == "unknown" for one in shown)


def trace_or_none(run: Run, ordinal: int) -> tuple[TurnTrace, ...]:
    return trace(run, str(ordinal)).turns if run.records.concluded_at(ordinal).conversation else ()


def test_the_roll_up_of_a_run_names_the_examples_of_style_as_a_source_nobody_licensed(run: Run) -> None:
    found = rollup_of(run)
    assert [one.dataset for one in found.sources] == ["simulate.fill.style of the spec"]
    assert found.worst.licence == "unknown"
    assert [one.facts.watermark for one in found.teachers] == ["none"]
    assert found.turns == sum(
        bool(turn.text) and turn.role != "tool"
        for conversation in run.records.conversations(admitted=True)
        for turn in conversation.turns
    )


def test_the_spec_is_named_by_the_id_that_exports_have(run: Run, folder: Path) -> None:
    manifest = msgspec.json.decode((folder / "exports" / "manifest.json").read_bytes())
    assert trace(run, "0").spec == manifest["spec"]


@pytest.mark.parametrize("wanted", ["tn_ffffffffffff", "cv_ffffffffffff", "nothing", "4711"])
def test_what_is_not_there_is_said_in_one_line(run: Run, wanted: str) -> None:
    with pytest.raises(InputError) as fault:
        trace(run, wanted)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("number", [-1, 400])
def test_a_turn_that_the_conversation_does_not_have_is_refused(run: Run, number: int) -> None:
    with pytest.raises(InputError, match="no turn"):
        trace(run, "0", turn=number)


def test_an_id_that_fits_several_turns_is_not_guessed(run: Run) -> None:
    with pytest.raises(InputError, match="turns have an id"):
        trace(run, "tn_")


def test_a_call_that_the_journal_lacks_and_a_parent_that_nobody_keeps_are_told_as_missing(tmp_path: Path) -> None:
    scenario = Scenario(ordinal=0, domain="shop@1", levels={}, persona=Persona(name="Ada"), seed=0)
    came = Provenance(origin="model", prompt="prompt:0", calls=("cl_gone",), parents=("tn_gone", "sy_gone"))
    turn = Turn(role="user", text="Hi", provenance=came)
    conversation = Conversation(
        scenario_id=scenario.id, blueprint_id="", domain="shop@1", way="interplay", turns=(turn,)
    )
    admission = Admission(
        ordinal=0, scenario_id=scenario.id, admitted=True, stage="admit", reason="admitted",
        conversation_id=conversation.id,
    )  # fmt: skip
    with open_run(tmp_path / "run", spec={}) as opened:
        asyncio.run(
            opened.records.conclude(Concluded(scenario=scenario, conversation=conversation, admission=admission))
        )
    with read_run(tmp_path / "run") as opened:
        found = trace(opened, turn.id).turns[0]
    assert [(call.id, call.usage) for call in found.calls] == [("cl_gone", None)]
    assert [parent.kind for parent in found.parents] == ["missing", "missing"]
    assert (found.prompt, found.cost, found.step) == ("", Usage(), None)


def test_every_prompt_of_this_version_has_a_name(run: Run) -> None:
    names = prompt_names()
    assert "simulate/fill_turn" in names.values()
    assert all(hash_.startswith("prompt:") for hash_ in names)


def test_a_turn_whose_words_were_deleted_is_still_found_by_its_id_and_says_so(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "run"))
    with read_run(copy) as opened:
        conversation = next(opened.records.conversations(admitted=True))
        turn = conversation.turns[0]
    delete_turns(copy, [turn.id], "asked")
    with read_run(copy) as opened:
        found = trace(opened, turn.id, ledger=opened.records.log.ledger.entries())
        whole = trace(opened, conversation.id)
    assert [(one.id, one.deleted, one.turn.text) for one in found.turns] == [(turn.id, True, "")]
    assert found.deleted == (turn.id,)
    assert (found.conversation, found.ledger) == (conversation.id, found.ordinal)
    assert [one.deleted for one in whole.turns] == [True] + [False] * (len(whole.turns) - 1)
