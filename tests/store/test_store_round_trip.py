"""Whatever records hold, the database gives it back, with the same ids."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import SPEC

from turnwright.records import (
    Admission,
    Blueprint,
    Change,
    Conversation,
    Defect,
    Fact,
    Failure,
    Persona,
    Provenance,
    Scenario,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
    Verdict,
)
from turnwright.store import Concluded, open_run

_text, _count = st.text(max_size=30), st.integers(0, 2**53)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_text, below, max_size=3),
    max_leaves=6,
)
_texts = st.lists(_text, max_size=3).map(tuple)
_usage = st.builds(Usage, calls=_count, prompt_tokens=_count, money=_count)
_calls = st.builds(ToolCall, id=_text, name=_text, arguments=st.dictionaries(_text, _json, max_size=3))
_results = st.builds(ToolResult, call_id=_text, name=_text, content=_json, error=_text)
_origins = st.builds(
    Provenance, origin=st.sampled_from(["human", "model", "tool"]), seed=st.none() | _count, calls=_texts
)
_turns = st.builds(
    Turn,
    role=st.sampled_from(["user", "assistant", "tool"]),
    text=st.text(max_size=900),
    acts=_texts,
    mentions=st.lists(st.tuples(_text, _json), max_size=2).map(tuple),
    call=st.none() | _calls,
    result=st.none() | _results,
    provenance=_origins,
    trainable=st.booleans(),
)
_scenarios = st.builds(
    Scenario,
    ordinal=st.just(0),
    domain=_text,
    levels=st.dictionaries(_text, _text, max_size=3),
    persona=st.builds(Persona, name=_text, traits=st.dictionaries(_text, _text, max_size=2)),
    seed=_count,
    weight=st.floats(0, 1e6),
)
_blueprints = st.builds(
    Blueprint,
    scenario_id=_text,
    domain=_text,
    intent=_text,
    goal=_text,
    outcome=st.sampled_from(["resolved", "refused"]),
    facts=st.lists(st.builds(Fact, slot=_text, value=_json, first_said=_json), max_size=2).map(tuple),
    cast=st.dictionaries(_text, st.tuples(_text, _text), max_size=2),
    changes=st.lists(st.builds(Change, table=_text, key=_text, field=_text, value=_json), max_size=2).map(tuple),
)
_conversations = st.builds(
    Conversation,
    scenario_id=_text,
    blueprint_id=_text,
    domain=_text,
    way=_text,
    turns=st.lists(_turns, max_size=4).map(tuple),
)
_defects = st.builds(
    Defect,
    kind=_text,
    severity=st.sampled_from(["fatal", "fault", "note"]),
    turns=st.lists(_count, max_size=2).map(tuple),
    evidence=_text,
    found_by=_text,
)
_verdicts = st.builds(Verdict, conversation_id=_text, checks=_texts, defects=st.lists(_defects, max_size=2).map(tuple))
_admissions = st.builds(
    Admission,
    ordinal=st.just(0),
    scenario_id=_text,
    admitted=st.booleans(),
    stage=st.sampled_from(["plan", "simulate", "verify", "admit"]),
    reason=_text,
    usage=_usage,
)
_failures = st.builds(Failure, scenario_id=_text, stage=_text, error=_text, message=_text)
_concluded = st.builds(
    Concluded,
    scenario=_scenarios,
    blueprint=st.none() | _blueprints,
    conversation=st.none() | _conversations,
    verdict=st.none() | _verdicts,
    admission=_admissions,
    failures=st.lists(_failures, max_size=2, unique_by=lambda failure: failure.id).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(wanted=_concluded)
def test_any_record_comes_back_from_the_database_as_it_was(wanted: Concluded) -> None:
    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder), spec=SPEC, durability="process") as run:
        asyncio.run(run.records.conclude(wanted))
        found = run.records.concluded_at(0)
        assert found == wanted
        assert found.admission.id == wanted.admission.id
        assert run.records.find(wanted.scenario.id).id == wanted.scenario.id
        assert run.records.usage_by_stage() == {wanted.admission.stage: wanted.admission.usage}


@settings(max_examples=40, deadline=None)
@given(replies=st.dictionaries(st.text(min_size=1, max_size=20), st.binary(max_size=2000), max_size=20))
def test_any_reply_comes_back_from_the_journal_as_it_was(replies: dict[str, bytes]) -> None:
    async def record_all() -> None:
        await asyncio.gather(
            *(
                run.journal.record(key, role="r", model="m", request=data, reply=data, usage=Usage(), seconds=0.0)
                for key, data in replies.items()
            )
        )

    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder), spec=SPEC, durability="process") as run:
        asyncio.run(record_all())
        assert {key: run.journal.get(key) for key in replies} == replies
        assert {key: run.journal.request_of(key) for key in replies} == replies
