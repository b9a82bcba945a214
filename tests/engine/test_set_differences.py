"""Two sets are compared by scenario, and what differs is told with the reason where a run knows it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from turnwright.engine.differing import difference_of_sets
from turnwright.errors import InputError
from turnwright.records import Admission, Blueprint, Conversation, Persona, Provenance, Scenario, ToolCall, Turn
from turnwright.store import Concluded, Run, open_run

MADE = Provenance(origin="model", role="teacher", model="m@1")


def concluded(ordinal: int, reply: str = "Ok", *, reason: str = "admitted", act: str = "say", order: str = "1",
              outcome: str = "resolved") -> Concluded:  # fmt: skip
    scenario = Scenario(ordinal=ordinal, domain="shop@1", levels={"a": "b"}, persona=Persona(name="Ada"), seed=ordinal)
    blueprint = Blueprint(
        scenario_id=scenario.id, domain="shop@1", intent="refund", goal="money", outcome=outcome  # type: ignore[arg-type]
    )  # fmt: skip
    call = ToolCall(id="call_1", name="find", arguments={"order": order})
    turns = (
        Turn(role="user", text=f"Order {ordinal} is late", acts=("inform",), provenance=MADE),
        Turn(role="assistant", acts=("find",), call=call, provenance=Provenance(origin="template")),
        Turn(role="assistant", text=reply, acts=(act,), provenance=MADE),
        Turn(role="user", text="Bye", acts=("bye",), provenance=MADE),
    )
    conversation = Conversation(
        scenario_id=scenario.id, blueprint_id=blueprint.id, domain="shop@1", way="fill", turns=turns
    )
    admission = Admission(
        ordinal=ordinal, scenario_id=scenario.id, admitted=reason == "admitted", conversation_id=conversation.id,
        stage="admit" if reason == "admitted" else "verify", reason=reason,
        detail="" if reason == "admitted" else "seen",
    )  # fmt: skip
    return Concluded(scenario=scenario, blueprint=blueprint, conversation=conversation, admission=admission)


def run_of(folder: Path, *all_of_it: Concluded, seed: int = 1) -> Path:
    async def write(run: Run) -> None:
        for each in all_of_it:
            await run.records.conclude(each)

    with open_run(folder, spec={"seed": seed, "models": {"m": {"kind": "scripted"}}}) as run:
        asyncio.run(write(run))
    return folder


def export_of(path: Path, *some: Concluded, cut: bool = True) -> Path:
    """Lines as the format `trl` has them, up to the assistant's last words."""
    lines = []
    for one in some:
        assert one.conversation is not None
        assert one.blueprint is not None
        turns = one.conversation.turns[:-1] if cut else one.conversation.turns
        messages = [
            {"role": t.role, "content": t.text}
            | ({"tool_calls": [{"function": {"name": t.call.name, "arguments": t.call.arguments}}]} if t.call else {})
            for t in turns
        ]
        told = [{"message": n, "acts": list(t.acts), "origin": t.provenance.origin} for n, t in enumerate(turns)]
        about = {"id": one.conversation.id, "scenario_id": one.scenario.id, "outcome": one.blueprint.outcome,
                 "domain": "shop@1", "levels": '{"a":"b"}', "turns": told}  # fmt: skip
        lines.append(json.dumps({"messages": messages, "metadata": about}))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_two_equal_runs_do_not_differ(tmp_path: Path) -> None:
    a, b = (run_of(tmp_path / name, concluded(0), concluded(1)) for name in "ab")
    found = difference_of_sets(a, b)
    assert (found.sizes, found.same, found.changed, found.added, found.removed, found.spec) == (
        (2, 2),
        2,
        (),
        (),
        (),
        (),
    )


def test_words_acts_calls_and_outcome_are_told_apart_and_shown_turn_by_turn(tmp_path: Path) -> None:
    a = run_of(tmp_path / "a", *(concluded(n) for n in range(5)))
    b = run_of(
        tmp_path / "b", concluded(0), concluded(1, "Sorry"), concluded(2, act="deny"), concluded(3, order="9"),
        concluded(4, outcome="refused"),
    )  # fmt: skip
    found = difference_of_sets(a, b)
    assert [one.differs for one in found.changed] == [("words",), ("acts",), ("calls",), ("outcome",)]
    assert found.parts == {"words": 1, "acts": 1, "calls": 1, "outcome": 1}
    words, acts, calls, outcome = (one.turns for one in found.changed)
    assert [(one.number, one.before, one.after) for one in words] == [(2, "Ok", "Sorry")]
    assert acts[0].acts == (("say",), ("deny",))
    assert calls[0].after == '→ find({"order":"9"})'
    assert outcome == ()


def test_only_the_first_changes_are_told_turn_by_turn(tmp_path: Path) -> None:
    a = run_of(tmp_path / "a", *(concluded(n) for n in range(4)))
    b = run_of(tmp_path / "b", *(concluded(n, "Sorry") for n in range(4)))
    assert [bool(one.turns) for one in difference_of_sets(a, b, first=1).changed] == [True, False, False, False]


def test_why_a_conversation_is_not_in_the_other_set_is_told_by_the_run_that_lacks_it(tmp_path: Path) -> None:
    a = run_of(tmp_path / "a", concluded(0), concluded(1, reason="wrong_value"), concluded(2))
    b = run_of(tmp_path / "b", concluded(0, reason="role_flip"), concluded(1), seed=2)
    found = difference_of_sets(a, b)
    assert [one.why for one in found.removed] == [
        "rejected there at verify: role_flip (seen)",
        "not among its scenarios",
    ]
    assert [one.why for one in found.added] == ["rejected there at verify: wrong_value (seen)"]
    assert found.spec == ("seed: 1 → 2",)


def test_a_run_and_its_own_export_are_the_same_set(tmp_path: Path) -> None:
    some = [concluded(0), concluded(1)]
    found = difference_of_sets(run_of(tmp_path / "run", *some), export_of(tmp_path / "train.jsonl", *some))
    assert (found.same, found.changed, found.added, found.removed) == (2, (), (), ())


def test_conversations_of_files_are_matched_by_scenario_though_their_ids_differ(tmp_path: Path) -> None:
    a = export_of(tmp_path / "a.jsonl", concluded(0), concluded(1))
    b = export_of(tmp_path / "b.jsonl", concluded(0, "Sorry"))
    found = difference_of_sets(a, b)
    assert [(one.differs, one.before != one.after) for one in found.changed] == [(("words",), True)]
    assert [(one.before[:3], one.why) for one in found.removed] == [("cv_", "")]


def test_a_folder_of_files_is_one_set(tmp_path: Path) -> None:
    (tmp_path / "trl").mkdir()
    for n in range(3):
        export_of(tmp_path / "trl" / f"{n}.jsonl", concluded(n))
    assert difference_of_sets(tmp_path / "trl", tmp_path / "trl").same == 3


def test_sets_that_have_nothing_in_common_are_told_so(tmp_path: Path) -> None:
    a, b = (export_of(tmp_path / f"{n}.jsonl", concluded(n)) for n in range(2))
    found = difference_of_sets(a, b)
    assert (len(found.added), len(found.removed)) == (1, 1)
    assert "nothing" in found.notes[0] or "no scenario" in found.notes[0]


def test_a_scenario_that_stands_twice_in_a_set_is_refused(tmp_path: Path) -> None:
    twice = export_of(tmp_path / "a.jsonl", concluded(0), concluded(0, "Sorry"))
    with pytest.raises(InputError, match="two conversations"):
        difference_of_sets(twice, twice)


def test_a_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        difference_of_sets(tmp_path / "none.jsonl", tmp_path / "none.jsonl")


def test_the_difference_can_be_written_as_json(tmp_path: Path) -> None:
    a, b = run_of(tmp_path / "a", concluded(0)), run_of(tmp_path / "b", concluded(0, "Sorry"))
    told = msgspec.json.decode(msgspec.json.encode(difference_of_sets(a, b)))
    assert told["changed"][0]["turns"][0]["after"] == "Sorry"
