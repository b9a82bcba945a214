"""Novelty: nothing comes twice, and what is near is found among many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from admit_cases import considered, conversation, words
from hypothesis import given
from hypothesis import strategies as st

from turnwright.admit import AdmitSettings, Gate, MemoryRecall
from turnwright.admit.signature import (
    ENTRIES,
    FIXED,
    bands_of,
    exact_jaccard,
    rows_for,
    shingles,
    sign,
    similarities,
    unpacked,
)
from turnwright.errors import RunCorrupt
from turnwright.records import seeded

TEMPLATE = (
    ("user", "I'd like to know my balance please"),
    ("assistant", "Could I get your full name, please?"),
    ("user", "{name}"),
    ("assistant", "Can you tell me your account number, please?"),
    ("user", "{account}"),
    ("assistant", "Your balance is {balance} dollars, is there anything else that I can do for you?"),
    ("user", "no thanks"),
    ("assistant", "Thank you and goodbye."),
)


def filled(name: str, account: int, balance: int) -> list[tuple[str, str]]:
    return [(role, text.format(name=name, account=account, balance=balance)) for role, text in TEMPLATE]


def test_the_estimate_is_near_the_exact_similarity() -> None:
    errors = []
    for seed in range(150):
        rng = seeded("pair", seed)
        first = words(rng, rng.randint(40, 300))
        second = [word if rng.random() > rng.choice((0.0, 0.02, 0.1)) else "other" for word in first]
        one, other = (sign(conversation([("user", " ".join(part))])).fixed for part in (first, second))
        errors.append(similarities(one, [other])[0] - exact_jaccard(first, second))
    assert abs(float(np.mean(errors))) < 0.01
    assert float(np.std(errors)) < 0.045
    assert max(map(abs, errors)) < 0.15


def test_known_similarities() -> None:
    assert exact_jaccard(["a", "b", "c", "d"], ["a", "b", "c", "d"]) == 1.0
    assert exact_jaccard(["a", "b", "c", "d"], ["a", "b", "c", "e"]) == pytest.approx(1 / 3)
    assert exact_jaccard(["a", "b", "c"], ["d", "e", "f"]) == 0.0
    assert shingles(["a", "b"]) == ["a b"]
    assert shingles([]) == [""]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_a_pair_at_the_threshold_almost_surely_shares_a_band(threshold: float) -> None:
    rows = rows_for(threshold)
    rng = np.random.default_rng(int(100 * threshold))
    met = 0
    for _ in range(400):
        one = rng.integers(0, 1 << 16, ENTRIES, dtype=np.uint16)
        other = np.where(rng.random(ENTRIES) < threshold, one, rng.integers(0, 1 << 16, ENTRIES, dtype=np.uint16))
        bands = [set(enumerate(bands_of(bytes(40) + part.astype("<u2").tobytes(), rows))) for part in (one, other)]
        met += bool(bands[0] & bands[1])
    assert met >= 0.98 * 400


def test_the_same_words_are_an_exact_duplicate_whatever_case_and_punctuation() -> None:
    gate = Gate(AdmitSettings())
    first = considered(gate, conversation([("user", "Hello there"), ("assistant", "How can I help?")]), 0)
    again = considered(gate, conversation([("user", "hello, there!"), ("assistant", "How can I help")], seed=1), 1)
    assert (first.admitted, first.reason, first.stage) == (True, "admitted", "admit")
    assert (again.admitted, again.reason) == (False, "exact_duplicate")
    assert again.nearest_id == first.conversation_id


def test_the_same_words_by_other_sides_are_no_exact_duplicate() -> None:
    gate = Gate(AdmitSettings())
    considered(gate, conversation([("user", "yes"), ("assistant", "no")]), 0)
    other = considered(gate, conversation([("assistant", "yes"), ("user", "no")]), 1)
    assert other.reason == "near_duplicate"


def test_a_few_changed_words_are_a_near_duplicate_and_the_nearest_is_named() -> None:
    gate = Gate(AdmitSettings())
    text = words(seeded("text"), 200)
    first = considered(gate, conversation([("user", " ".join(text))]), 0)
    for other in range(1, 20):
        assert considered(gate, conversation([("user", " ".join(words(seeded(other), 200)))]), other).admitted
    changed = [*text[:60], "surely", *text[61:]]
    near = considered(gate, conversation([("user", " ".join(changed))]), 20)
    assert (near.reason, near.nearest_id) == ("near_duplicate", first.conversation_id)
    assert "alike to" in near.detail
    assert "90%" in near.detail


def test_conversations_of_one_template_that_differ_in_values_are_new() -> None:
    gate = Gate(AdmitSettings())
    names = ["Jane Doe", "John Smith", "Ada Lovelace", "Alan Turing", "Mary Somerville"]
    made = [filled(name, 84_318_931_431 + n, 500 + 37 * n) for n, name in enumerate(names)]
    assert all(considered(gate, conversation(turns), n).admitted for n, turns in enumerate(made))


def test_with_masked_values_they_are_near_duplicates() -> None:
    gate = Gate(AdmitSettings(mask_values=True))
    one, other = filled("Jane Doe", 84_318_931_431, 500), filled("John Smith", 84_318_931_999, 777)
    assert considered(gate, conversation(one, mentions={2: ("name", "Jane Doe")}), 0).admitted
    near = considered(gate, conversation(other, mentions={2: ("name", "John Smith")}), 1)
    assert near.reason == "near_duplicate"


def test_a_candidate_is_found_among_thousands(shelf: Callable[[int], MemoryRecall]) -> None:
    recall = shelf(3000)
    text = words(seeded("text", 1234), 120)
    signature = sign(conversation([("user", " ".join(text))]))
    near = recall.near(bands_of(signature.fixed, rows_for(0.9)))
    assert signature.fixed[:16] in {fixed[:16] for fixed in near}
    assert len(near) < 10


def test_memory_stays_under_a_kilobyte_a_conversation(shelf: Callable[[int], MemoryRecall]) -> None:
    for count in (500, 3000):
        recall = shelf(count)
        assert recall.count == count
        assert recall.size < 1000 * count


@given(
    st.lists(st.text(max_size=40), min_size=1, max_size=6),
    st.lists(st.sampled_from(["intent=x", "mood=ß"]), max_size=2),
)
def test_a_signature_survives_being_stored(texts: list[str], levels: list[str]) -> None:
    made = sign(conversation([("user", text) for text in texts]), levels)
    again, carried = unpacked(made.body)
    assert (again.body, again.skeleton, list(carried)) == (made.body, made.skeleton, levels)
    assert len(made.fixed) == FIXED


def test_a_signature_of_another_version_is_refused() -> None:
    body = sign(conversation([("user", "hello")])).body
    for damaged in (bytes([body[0] + 1]) + body[1:], body[:100], b""):
        with pytest.raises(RunCorrupt, match="signature of the run cannot be read"):
            unpacked(damaged)
