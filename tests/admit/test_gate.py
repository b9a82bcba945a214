"""The gate: every refusal has a reason, and an interrupted run gets the same answers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence

import pytest
from admit_cases import considered, conversation, weighed, words
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from turnwright.admit import AdmitSettings, Gate
from turnwright.records import Admission, Conversation, Defect, seeded

BAD = Defect(kind="wrong_value", severity="fault", turns=(2, 5), evidence="the total is '€5'", found_by="values")


def fresh(number: int, acts: Sequence[str] = ()) -> Conversation:
    rng = seeded("fresh", number)
    turns = [("user" if at % 2 == 0 else "assistant", " ".join(words(rng, 12))) for at in range(6)]
    return conversation(turns, acts=acts)


def test_what_was_admitted_carries_its_ids_cost_and_signature() -> None:
    gate, made = Gate(AdmitSettings()), fresh(1)
    admission, signature = weighed(gate, made, 4)
    assert (admission.admitted, admission.stage, admission.reason, admission.detail) == (True, "admit", "admitted", "")
    assert (admission.ordinal, admission.attempts, admission.usage.calls) == (4, 2, 3)
    assert admission.conversation_id == made.id
    assert admission.blueprint_id
    assert admission.verdict_id
    assert signature is not None
    assert len(signature.skeleton) == 16


def test_a_defect_is_the_reason_of_a_rejection_at_verification() -> None:
    gate = Gate(AdmitSettings())
    note = Defect(kind="echo", severity="note", turns=(), evidence="", found_by="repetition")
    admission, signature = weighed(gate, fresh(1), 0, [note, BAD])
    assert (admission.admitted, admission.stage, admission.reason) == (False, "verify", "wrong_value")
    assert admission.detail == "values (turn 2, 5): the total is '€5'"
    assert signature is None
    assert considered(gate, fresh(2), 1, [note]).admitted


def test_a_rejected_conversation_is_not_remembered() -> None:
    gate = Gate(AdmitSettings())
    considered(gate, fresh(1), 0, [BAD])
    assert considered(gate, fresh(1), 1).admitted
    assert considered(gate, fresh(1), 2).reason == "exact_duplicate"


def test_a_level_has_its_limit() -> None:
    gate = Gate(AdmitSettings(limit={"intent": {"refund": 2, "closed": 0}}))
    reasons = [
        considered(gate, fresh(n), n, intent=intent).reason for n, intent in enumerate(["refund"] * 3 + ["other"] * 3)
    ]
    assert reasons == ["admitted", "admitted", "quota_full", "admitted", "admitted", "admitted"]
    refused = considered(gate, fresh(9), 9, intent="refund")
    assert refused.detail == "the set has its 2 conversations with intent refund"
    assert considered(gate, fresh(10), 10, intent="closed").reason == "quota_full"


def test_a_skeleton_has_its_limit() -> None:
    gate = Gate(AdmitSettings(skeleton_limit=3))
    acts = ["ask", "tell"]
    assert [considered(gate, fresh(n, acts), n).reason for n in range(4)] == ["admitted"] * 3 + ["same_skeleton"]
    assert considered(gate, fresh(9, ["ask", "bye"]), 9).admitted


def test_a_skeleton_keeps_its_share_of_the_set() -> None:
    gate = Gate(AdmitSettings(skeleton_share=0.25))
    taken = [considered(gate, fresh(n, ["same"] if n % 2 else [f"act{n}"]), n) for n in range(120)]
    same = [admission for n, admission in enumerate(taken) if n % 2 and admission.admitted]
    assert len(same) >= 10
    assert len(same) <= 0.25 * gate.admitted + 1
    refused = next(admission for admission in taken if not admission.admitted)
    assert refused.reason == "same_skeleton"
    assert "the limit is 25%" in refused.detail


def test_without_a_limit_one_skeleton_may_fill_the_set() -> None:
    gate = Gate(AdmitSettings())
    assert all(considered(gate, fresh(n, ["same"]), n).admitted for n in range(50))


def mixed(count: int) -> list[tuple[Conversation, dict[str, str]]]:
    """New ones, copies, near copies, over two intents and three skeletons."""
    made = []
    for number in range(count):
        rng = seeded("mixed", number)
        source = fresh(
            rng.randrange(max(1, number // 2)) if rng.random() < 0.3 else 1000 + number, [f"act{number % 3}"]
        )
        made.append((source, {"intent": rng.choice(["a", "b"])}))
    return made


MIXED = AdmitSettings(limit={"intent": {"a": 20}}, skeleton_limit=15, near_duplicate=0.8)


def answers(
    gate: Gate, cases: Iterable[tuple[int, tuple[Conversation, dict[str, str]]]]
) -> list[tuple[Admission, bytes]]:
    said = []
    for ordinal, (made, levels) in cases:
        admission, signature = weighed(gate, made, ordinal, **levels)
        said.append((admission, signature.body if signature else b""))
    return said


def test_the_same_order_gives_the_same_answers() -> None:
    cases = list(enumerate(mixed(120)))
    first, again = (answers(Gate(MIXED), cases) for _ in range(2))
    assert first == again
    assert {"admitted", "exact_duplicate", "quota_full", "same_skeleton"} <= {
        admission.reason for admission, _ in first
    }


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 119))
def test_a_primed_gate_goes_on_as_the_one_before_would_have(cut: int) -> None:
    cases = list(enumerate(mixed(120)))
    whole = answers(Gate(MIXED), cases)
    before = answers(Gate(MIXED), cases[:cut])
    resumed = Gate(MIXED)
    resumed.prime(body for _, body in before if body)
    assert before + answers(resumed, cases[cut:]) == whole


def test_admission_out_of_order_is_refused() -> None:
    gate = Gate(AdmitSettings())
    considered(gate, fresh(1), 5)
    with pytest.raises(ValueError, match="ordinal 5 comes after 5"):
        considered(gate, fresh(2), 5)


def test_a_gate_may_keep_its_memory_elsewhere() -> None:
    class Table:
        """What a database would do."""

        def __init__(self) -> None:
            self.rows: list[tuple[set[tuple[int, int]], bytes]] = []

        def near(self, bands: Sequence[int]) -> list[bytes]:
            return [fixed for known, fixed in self.rows if known & set(enumerate(bands))]

        def keep(self, bands: Sequence[int], fixed: bytes) -> None:
            self.rows.append((set(enumerate(bands)), fixed))

    cases = list(enumerate(mixed(60)))
    elsewhere, here = Gate(MIXED, recall=Table()), Gate(MIXED)
    assert answers(elsewhere, cases) == answers(here, cases)
    signature = weighed(elsewhere, fresh(77), 99, intent="b")[1]
    assert signature is not None
    assert len(signature.bands) > 4


def test_a_gate_takes_less_than_a_kilobyte_for_an_admitted_conversation() -> None:
    gate = Gate(AdmitSettings())
    made = [fresh(n) for n in range(2000)]
    for ordinal, case in enumerate(made[:500]):
        considered(gate, case, ordinal)
    tracemalloc.start()
    for ordinal, case in enumerate(made[500:], start=500):
        considered(gate, case, ordinal)
        case.__dict__.clear()
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert gate.admitted == 2000
    assert grown < 1000 * 1500


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"near_duplicate": 0}, "greater than 0"),
        ({"near_duplicate": 1.2}, "less than or equal to 1"),
        ({"limit": {"intent": {"refund": -1}}}, "greater than or equal to 0"),
        ({"held_out_words": 2}, "greater than or equal to 3"),
        ({"skeleton": 3}, "Extra inputs"),
    ],
)
def test_bad_settings_are_refused(given_settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AdmitSettings.model_validate(given_settings)
