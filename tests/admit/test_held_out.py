"""Held-out files: what students are examined with does not come into the set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from admit_cases import considered, conversation, words

from turnwright.admit import AdmitSettings, Gate, load_held_out
from turnwright.errors import InputError
from turnwright.records import seeded

FORMS = ("messages", "conversations", "turns")


def texts(number: int) -> list[tuple[str, str]]:
    rng = seeded("held", number)
    return [("user" if at % 2 == 0 else "assistant", " ".join(words(rng, 14))) for at in range(6)]


def line(number: int, form: str) -> str:
    role, text = {"messages": ("role", "content"), "conversations": ("from", "value"), "turns": ("role", "text")}[form]
    names = {"user": "human", "assistant": "gpt"} if form == "conversations" else {}
    return json.dumps({form: [{role: names.get(side, side), text: said} for side, said in texts(number)]})


def gate(folder: Path, lines: list[str], own_words: list[str] | None = None, **settings: object) -> Gate:
    (folder / "test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = AdmitSettings.model_validate({"held_out": ["test.jsonl"], **settings})
    return Gate(given, held_out=load_held_out(given, folder, own_words or ()))


@pytest.mark.parametrize("form", FORMS)
def test_a_held_out_conversation_is_contaminated_in_any_usual_format(tmp_path: Path, form: str) -> None:
    guarded = gate(tmp_path, [line(1, form), line(2, form)])
    refused = considered(guarded, conversation(texts(1)), 0)
    assert (refused.reason, refused.stage) == ("contaminated", "admit")
    assert refused.detail.startswith("42 of its 42 runs of 8 words (100%) stand in held-out files")
    assert considered(guarded, conversation(texts(3)), 1).admitted


def test_parts_of_messages_are_read_and_system_and_tool_texts_are_not(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": text} for _, text in texts(1)]
    messages = [
        {"role": "user", "content": parts},
        {"role": "system", "content": texts(2)[0][1]},
        {"role": "assistant"},
    ]
    guarded = gate(tmp_path, [json.dumps({"messages": messages})])
    assert considered(guarded, conversation(texts(1)), 0).reason == "contaminated"
    assert considered(guarded, conversation(texts(2)), 1).admitted


def test_a_small_overlap_is_none(tmp_path: Path) -> None:
    guarded = gate(tmp_path, [line(1, "turns")])
    mostly_new = [*texts(5)[:5], texts(1)[5]]
    assert considered(guarded, conversation(mostly_new), 0).admitted
    half = [*texts(6)[:3], *texts(1)[3:]]
    assert considered(guarded, conversation(half), 1).reason == "contaminated"
    assert considered(gate(tmp_path, [line(1, "turns")], held_out_share=0.6), conversation(half), 2).admitted


def test_what_several_held_out_conversations_say_tells_nothing(tmp_path: Path) -> None:
    common = texts(9)
    lines = [json.dumps({"turns": [{"role": r, "text": t} for r, t in [*common, *texts(n)]]}) for n in (1, 2)]
    assert considered(gate(tmp_path, lines), conversation(common), 0).admitted
    assert considered(gate(tmp_path, lines[:1] * 2), conversation(common), 0).reason == "contaminated"


def test_the_domains_own_words_and_its_templates_are_nobodys_secret(tmp_path: Path) -> None:
    own = [text for _, text in texts(1)]
    assert considered(gate(tmp_path, [line(1, "turns")], own), conversation(texts(1)), 0).admitted
    assert considered(gate(tmp_path, [line(1, "turns")]), conversation(texts(1), origin="template"), 0).admitted
    assert not considered(gate(tmp_path, [line(1, "turns")]), conversation(texts(1), origin="human"), 0).admitted


def test_a_set_without_held_out_files_checks_none(tmp_path: Path) -> None:
    assert load_held_out(AdmitSettings(), tmp_path) is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{not json", r"test.jsonl:2: not a line of JSON"),
        ("[1, 2]", r"test.jsonl:2: not a conversation"),
        ('{"text": "hello"}', r"test.jsonl:2: not a conversation"),
        ('{"messages": "hello"}', r"test.jsonl:2: not a conversation"),
        ('{"turns": ["hello"]}', r"test.jsonl:2: not a conversation"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, bad: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        gate(tmp_path, [line(1, "turns"), bad])
    assert message in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_a_missing_empty_or_binary_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_held_out(AdmitSettings(held_out=["nowhere.jsonl"]), tmp_path)
    (tmp_path / "empty.jsonl").write_text("\n\n")
    with pytest.raises(InputError, match="is empty"):
        load_held_out(AdmitSettings(held_out=["empty.jsonl"]), tmp_path)
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00\n")
    with pytest.raises(InputError, match="not a line of JSON"):
        load_held_out(AdmitSettings(held_out=["binary.jsonl"]), tmp_path)
