"""Human conversations become one file with sources, licences and hashes; personal data waits for a decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reading_cases import line, population, written
from turnwright.errors import InputError
from turnwright.reading import (
    Example,
    ReferenceSettings,
    card_path,
    read_conversations,
    read_sourced,
    set_hash,
    write_reference,
)
from turnwright.reading.example import SetHash

PRIVATE = {"id": "p", "turns": [{"role": "user", "text": "I am jane@gmail.com"}, {"role": "assistant", "text": "ok"}]}
MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy"


def people(count: int = 4) -> list[dict[str, Any]]:
    """Without a number that could be taken for anything."""
    lines = [line(one) for one in population(count).examples]
    for number, one in enumerate(lines):
        one["turns"][0]["text"] = f"hello {number}"
    return lines


def licences(path: Path, **more: str) -> list[tuple[str, str, str]]:
    return [(told.source, told.licence, told.found) for _, told in read_sourced([path], **more)]


def test_source_and_licence_come_from_the_line_the_card_the_readme_or_a_licence_file(tmp_path: Path) -> None:
    said = people(1)[0]
    for name in ("info", "readme", "beside", "named", "silent"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "a.jsonl", [said])
    (tmp_path / "info" / "dataset_info.json").write_text('{"license": "cc0-1.0", "dataset_name": "chat"}')
    (tmp_path / "info" / "README.md").write_text("---\nlicense: mit\n---\n")
    (tmp_path / "readme" / "README.md").write_text("---\nlicense: cc-by-4.0\ntags: [x]\n---\n# Data\n")
    (tmp_path / "beside" / "LICENSE").write_text(MIT)
    (tmp_path / "LICENSES").mkdir()
    (tmp_path / "LICENSES" / "named.txt").write_text("Attribution-ShareAlike 4.0 International\n\n====")
    (tmp_path / "LICENSES" / "odd.txt").write_text("Do as you like, but not on Sundays.")
    assert licences(tmp_path / "info") == [("chat", "cc0-1.0", "dataset_info.json")]
    assert licences(tmp_path / "readme" / "a.jsonl") == [("readme/a.jsonl", "cc-by-4.0", "README.md")]
    assert licences(tmp_path / "beside") == [("beside/a.jsonl", "MIT", "LICENSE")]
    assert licences(tmp_path / "named" / "a.jsonl") == [("named/a.jsonl", "CC-BY-SA-4.0", "LICENSES/named.txt")]
    assert licences(tmp_path / "silent") == [("silent/a.jsonl", "unknown", "")]
    odd = written(tmp_path / "b.jsonl", [{**said, "source": "odd"}, {**said, "licence": "ODbL-1.0", "source": "../x"}])
    assert licences(odd) == [("odd", "see LICENSES/odd.txt", "LICENSES/odd.txt"), ("../x", "ODbL-1.0", "the line")]
    assert licences(odd, source="mine", licence="MIT")[1] == ("mine", "MIT", "given")


def test_a_licence_that_was_given_against_what_the_data_says_is_remarked(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [{**one, "licence": "CC-BY-NC-4.0"} for one in people()])
    card = write_reference([path], tmp_path / "b.jsonl", ReferenceSettings(licence="MIT"))
    assert card.licences == {"MIT": 4}
    assert "the licence was given as MIT; the data of 4 says CC-BY-NC-4.0" in card.notes


def test_what_is_written_reads_back_with_its_sources_and_its_hash(tmp_path: Path) -> None:
    source = written(tmp_path / "a.jsonl", people())
    first, again = tmp_path / "out" / "b.jsonl", tmp_path / "out" / "c.jsonl"
    card = write_reference([source], first, ReferenceSettings(source="people", licence="MIT"))
    read = read_conversations([first])
    assert read.examples == read_conversations([source]).examples
    assert read.hash == card.hash
    assert (card.conversations, card.files[0].kind, card.files[0].conversations) == (4, "JSONL", 4)
    assert json.loads(card_path(first).read_text())["hash"] == card.hash
    told, was = ([one for _, one in read_sourced([path])] for path in (first, source))
    assert [one.record for one in told] == [one.record for one in was]
    assert {(one.source, one.licence) for one in told} == {("people", "MIT")}
    write_reference([first], again, ReferenceSettings())
    assert again.read_bytes() == first.read_bytes()


def test_a_set_has_the_same_hash_conversation_by_conversation() -> None:
    examples = population(5).examples
    counted = SetHash()
    for one in examples:
        counted.add(one)
    assert counted.hash == set_hash(examples)
    assert SetHash().hash == set_hash([])


def test_personal_data_is_refused_in_one_line_with_the_choice_and_nothing_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [*people(), PRIVATE])
    with pytest.raises(InputError, match="1 email in 1 of 5 conversations") as caught:
        write_reference([path], tmp_path / "out" / "b.jsonl", ReferenceSettings())
    assert "--pii mask" in caught.value.fix
    assert "jane" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_personal_data_is_masked_or_kept_as_was_decided_and_readers_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [PRIVATE])
    write_reference([path], tmp_path / "b.jsonl", ReferenceSettings(pii="mask"))
    write_reference([path], tmp_path / "c.jsonl", ReferenceSettings(pii="allow"))
    hidden, kept = (read_conversations([tmp_path / name]) for name in ("b.jsonl", "c.jsonl"))
    assert hidden.examples[0].turns[0].text == "I am [EMAIL]"
    assert kept.examples[0].turns[0].text == "I am jane@gmail.com"
    assert "personal data was masked: 1 email in 1 of 1 conversations" in hidden.notes
    assert "personal data was found and kept: 1 email in 1 of 1 conversations" in kept.notes
    assert "jane" not in card_path(tmp_path / "c.jsonl").read_text()
    (tmp_path / "folder").mkdir()
    for name in ("b.jsonl", "b.jsonl.reference.json"):
        (tmp_path / name).rename(tmp_path / "folder" / name)
    assert read_conversations([tmp_path / "folder"]).notes == hidden.notes


def test_empty_conversations_are_left_out_copies_are_kept_and_both_are_counted(tmp_path: Path) -> None:
    one = people(1)[0]
    path = written(tmp_path / "a.jsonl", [one, {**one, "id": "again"}, {"id": "e", "turns": []}])
    card = write_reference([path], tmp_path / "b.jsonl", ReferenceSettings())
    assert (card.conversations, card.copies, card.empty) == (2, 1, 1)
    only = written(tmp_path / "e.jsonl", [{"id": "e", "turns": []}])
    with pytest.raises(InputError, match="not one conversation"):
        write_reference([only], tmp_path / "f.jsonl", ReferenceSettings())
    assert not (tmp_path / "f.jsonl").exists()


def test_words_of_unknown_origin_are_marked_as_human_where_somebody_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [{"id": "x", "turns": [{"role": "user", "text": "hi"}]}])
    write_reference([path], tmp_path / "b.jsonl", ReferenceSettings(human=True))
    write_reference([path], tmp_path / "c.jsonl", ReferenceSettings())
    assert [one.human for name in "bc" for one in read_conversations([tmp_path / f"{name}.jsonl"]).examples] == [
        True,
        False,
    ]


def test_a_card_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", people())
    card_path(path).write_text("{")
    with pytest.raises(InputError, match="the card beside the conversations"):
        read_conversations([path])


def test_labels_are_asked_for_some_conversations_at_a_time(tmp_path: Path) -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked: list[int] = []

        def label(self, examples: Any) -> list[Example]:
            self.asked.append(len(examples))
            return list(examples)

        def told(self) -> tuple[Any, ...]:
            return ({"asked": self.asked},)

        def notes(self) -> tuple[str, ...]:
            return ("labels were counted",)

    path = written(tmp_path / "a.jsonl", people(3) * 200)
    card = write_reference([path], tmp_path / "b.jsonl", ReferenceSettings(), labels=Counting())
    assert card.labels == ({"asked": [512, 88]},)
    assert read_conversations([tmp_path / "b.jsonl"]).notes[0] == "labels were counted"
