"""Conversations of people that join a set bring their source, licence, screen and consent with them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from traced_runs import made

from turnwright.engine.joining import joined, line_with_source, pii_told, provenance_lines, sources_of
from turnwright.engine.rollups import rollup_of_files
from turnwright.reading import Example, Said, Sourced, read_examples, read_sourced
from turnwright.records import Json
from turnwright.records.provenance import HumanSource
from turnwright.store import read_run, write_jsonl

SOURCED = Sourced(name="p1", source="talks", licence="CC-BY-SA-4.0", record="xm_1")


def talk(*turns: Said) -> Example:
    return Example(name="p1", task="shop", turns=turns)


def people(path: Path, count: int) -> Path:
    lines: list[Json] = [
        {
            "id": f"p{n}",
            "tasks": ["mini_shop"],
            "turns": [
                {"role": "user", "text": f"order {n} is late", "act": "inform", "origin": "human"},
                {"role": "assistant", "text": "we are sorry", "act": "say", "origin": "human"},
            ],
        }
        for n in range(count)
    ]
    write_jsonl(path, lines)
    return path


def test_every_turn_of_people_says_where_it_was_taken_from_and_with_what_consent() -> None:
    conversation = joined(
        talk(Said(role="user", text="Mail me: jo@mailbox.org", act="inform"), Said(role="tool", text='{"a":1}')),
        SOURCED,
        consent="asked in 2020",
    )
    spoken, result = conversation.turns
    assert spoken.provenance.origin == "human"
    assert spoken.provenance.source == HumanSource(
        dataset="talks", licence="CC-BY-SA-4.0", record="xm_1", pii="kept: 1 email", consent="asked in 2020"
    )
    assert (result.provenance.origin, result.provenance.source, result.trainable) == ("tool", None, False)


def test_a_clean_conversation_says_that_somebody_looked() -> None:
    assert pii_told(talk(Said(role="user", text="Where is my order?"))) == "none found"


def test_turns_of_a_model_in_it_are_not_taken_for_peoples() -> None:
    conversation = joined(talk(Said(role="assistant", text="Hello", origin="model-edited")), SOURCED)
    assert (conversation.turns[0].provenance.origin, conversation.turns[0].provenance.source) == ("model-edited", None)


def test_a_mix_tells_source_and_licence_of_each_conversation_and_the_roll_up_of_the_file_adds_them_up(
    tmp_path: Path,
) -> None:
    run, file = made(tmp_path / "a", script="obliging"), people(tmp_path / "people.jsonl", 7)
    human = list(read_sourced([file], source="talks", licence="CC-BY-SA-4.0"))
    sources = sources_of([run], human)
    mix = [*read_examples(run), *(example for example, _ in human)]
    write_jsonl(tmp_path / "mix.jsonl", [line_with_source(one, sources) for one in mix])
    found = rollup_of_files([tmp_path / "mix.jsonl"])
    with read_run(run) as opened:
        admitted = opened.records.admitted()
        turns = {turn.id: turn for one in opened.records.conversations(admitted=True) for turn in one.turns}
    assert [(one.dataset, one.licence, one.conversations) for one in found.sources] == [
        ("talks", "CC-BY-SA-4.0", 7),
        ("run run", "unknown", admitted),
    ]
    assert (found.human_only, found.origins["human"].turns) == (7, 14)
    assert (found.worst.licence, found.worst.strictest) == ("unknown", "CC-BY-SA-4.0")

    told = list(provenance_lines(mix, [run], sources, consent="asked"))
    assert [one["id"] for one in told] == [one.name for one in mix]
    spoken = [turn for one in told[:admitted] for turn in one["turns"]]
    assert {turn["id"] for turn in spoken} == set(turns)
    assert all(turn["calls"] == list(turns[turn["id"]].provenance.calls) for turn in spoken)
    assert all(json.loads(turn["source"])["consent"] == "asked" for one in told[admitted:] for turn in one["turns"])


def test_mixing_changes_weights_and_not_whose_words_they_are(tmp_path: Path) -> None:
    file = people(tmp_path / "people.jsonl", 2)
    human = list(read_sourced([file], source="talks", licence="MIT"))
    sources = sources_of([], human)
    heavier = msgspec.structs.replace(human[0][0], weight=3.0)
    assert line_with_source(heavier, sources)["licence"] == "MIT"


def test_conversations_of_a_file_of_models_name_no_source_and_make_the_licence_unknown(tmp_path: Path) -> None:
    turns = [{"role": "user", "text": "hi", "act": "greet", "origin": "model"}]
    write_jsonl(tmp_path / "a.jsonl", [{"id": "a", "tasks": ["t"], "turns": turns}])
    found = rollup_of_files([tmp_path / "a.jsonl"])
    assert (found.human_share, found.worst.licence) == (0.0, "unknown")
