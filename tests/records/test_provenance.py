"""What a turn says of where it comes from, and what the saying costs: nothing, where there is nothing to say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwright.models import Request
from turnwright.records import Provenance, Turn, canonical
from turnwright.records.provenance import HumanSource, Sampling, style_id, word_distance

WORDS = st.lists(st.sampled_from("abcd"), max_size=8)


def test_a_turn_that_says_nothing_new_keeps_the_id_that_it_had_before_there_was_more_to_say() -> None:
    turn = Turn(role="user", text="Hello", provenance=Provenance(origin="template"))
    assert canonical(turn) == b'{"provenance":{"origin":"template"},"role":"user","text":"Hello"}'


def test_another_source_sampling_or_distance_makes_another_turn() -> None:
    plain = Provenance(origin="human")
    source = HumanSource(dataset="talks", licence="MIT", record="xm_1")
    others = [
        msgspec.structs.replace(plain, source=source),
        msgspec.structs.replace(plain, sampling=Sampling(temperature=0.7, top_p=1.0, max_tokens=8)),
        msgspec.structs.replace(plain, distance=0.5),
    ]
    ids = {Turn(role="user", text="Hello", provenance=one).id for one in (plain, *others)}
    assert len(ids) == 4


def test_provenance_reads_back_as_it_was_written() -> None:
    whole = Provenance(
        origin="human-edited", role="teacher", model="m@1", prompt="prompt:1", seed=3, calls=("cl_1",), tries=2,
        parents=("tn_1", "sy_1"), distance=0.25,
        sampling=Sampling(temperature=0.0, top_p=0.9, max_tokens=40, constrained=True),
        source=HumanSource(dataset="talks", licence="unknown", record="xm_1", pii="none found", consent="asked"),
    )  # fmt: skip
    assert msgspec.json.decode(canonical(whole), type=Provenance) == whole


@pytest.mark.parametrize(
    ("more", "constrained"),
    [({}, False), ({"json_schema": {"type": "object"}}, True), ({"grammar": "root ::= x"}, True)],
)
def test_sampling_is_taken_from_the_request_as_it_was_sent(more: dict[str, object], constrained: bool) -> None:
    request = Request(messages=(), temperature=0.3, top_p=0.8, max_tokens=12, **more)  # type: ignore[arg-type]
    assert Sampling.of(request) == Sampling(temperature=0.3, top_p=0.8, max_tokens=12, constrained=constrained)


@pytest.mark.parametrize(
    ("before", "after", "far"),
    [
        ("", "", 0.0),
        ("the same words", "the  same\nwords", 0.0),
        ("one two three four", "one two three", 0.25),
        ("one two", "three four", 1.0),
        ("", "new words", 1.0),
        ("a b c", "b c d", 0.6667),
        ("I refund you €20.00 now", "I refund you €25.00 now", 0.2),
    ],
)
def test_the_distance_of_an_edit_is_the_share_of_words_that_it_changed(before: str, after: str, far: float) -> None:
    assert word_distance(before, after) == far


@given(WORDS, WORDS)
def test_the_distance_is_that_of_the_textbook(old: list[str], new: list[str]) -> None:
    table = [[max(i, j) if not (i and j) else 0 for j in range(len(new) + 1)] for i in range(len(old) + 1)]
    for i in range(1, len(old) + 1):
        for j in range(1, len(new) + 1):
            replaced = table[i - 1][j - 1] + (old[i - 1] != new[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced)
    longest = max(len(old), len(new), 1)
    assert word_distance(" ".join(old), " ".join(new)) == round(table[-1][-1] / longest, 4)
    assert word_distance(" ".join(old), " ".join(new)) == word_distance(" ".join(new), " ".join(old))


def test_a_text_shown_as_an_example_of_style_has_one_id_whatever_is_said_with_it() -> None:
    assert style_id("my order {order_id} is late") == style_id("my order {order_id} is late")
    assert style_id("my order {order_id} is late") != style_id("my order O-1 is late")
    assert style_id("x").startswith("sy_")
