"""A licence is a file that notices damage, and that holds only for what was examined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from turnwright.errors import InputError
from turnwright.records import ClassLicence, Licence
from turnwright.records.licence import Correlation
from turnwright.verify.licensing import read_licence, rubric_hash, void, write_licence
from turnwright.verify.rubric import RUBRIC, CriterionSpec

NOW: dict[str, Any] = {
    "arbiters": ["big@1", "other@2"],
    "tie": "found",
    "prompts": {"criterion": "prompt:1", "arbiter_system": "prompt:2"},
    "rubric_hash": rubric_hash(RUBRIC),
    "domain": "bank@1",
}
LICENCE = Licence(
    arbiters=("big@1", "other@2"),
    tie="found",
    prompts={"arbiter_system": "prompt:2", "criterion": "prompt:1"},
    rubric=rubric_hash(RUBRIC),
    domain="bank@1",
    spec="sp_1",
    examined="2026-06-15",
    classes=(
        ClassLicence(
            defect="rudeness", criterion="rudeness", planted=59, missed=0, miss_bound=0.0495, controls=59, alarms=1,
            alarm_bound=0.078, licensed=True,
        ),
    ),
    correlations=(Correlation(one="big@1", other="other@2", phi=None, count=118),),
    logprobs={"big@1": True, "other@2": False},
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "arbiter.licence.json"
    write_licence(path, LICENCE)
    return path


def test_a_licence_comes_back_as_it_was_written(file: Path) -> None:
    licence = read_licence(file)
    assert licence == LICENCE
    assert licence.id == LICENCE.id
    assert licence.licensed == {"rudeness"}


def test_the_file_can_be_read_by_people_and_by_any_program(file: Path) -> None:
    document = json.loads(file.read_text())
    assert document["id"] == LICENCE.id
    assert document["licence"]["classes"][0]["missed"] == 0
    assert len(file.read_text().splitlines()) > 20


def test_limits_other_than_the_usual_ones_come_back_too(tmp_path: Path) -> None:
    path = tmp_path / "strict.json"
    strict = msgspec.structs.replace(LICENCE, miss_limit=0.01, alarm_limit=0.1, confidence=0.99)
    write_licence(path, strict)
    assert read_licence(path) == strict
    assert read_licence(path).id == strict.id


def test_a_licence_that_was_changed_by_hand_is_refused(file: Path) -> None:
    file.write_text(file.read_text().replace('"missed": 0', '"missed": 3'))
    with pytest.raises(InputError, match="changed after the exam") as caught:
        read_licence(file)
    assert caught.value.where == str(file)
    assert "turnwright examine" in caught.value.fix


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"id": "li_1", "licence": {}}', '{"id": 3}', "\xff\xfe"])
def test_a_damaged_licence_is_one_clear_line(file: Path, text: str) -> None:
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="not a whole licence") as caught:
        read_licence(file)
    assert "\n" not in str(caught.value)


def test_every_truncation_of_a_licence_is_noticed(file: Path) -> None:
    whole = file.read_bytes().rstrip()
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_licence(file)


def test_a_licence_of_a_later_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "later.json"
    write_licence(path, msgspec.structs.replace(LICENCE, version=2))
    with pytest.raises(InputError, match="version 2"):
        read_licence(path)


def test_a_missing_licence_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no licence") as caught:
        read_licence(tmp_path / "none.json")
    assert "turnwright examine" in caught.value.fix
    with pytest.raises(InputError, match="cannot be read"):
        read_licence(tmp_path)


def test_a_licence_holds_for_what_was_examined() -> None:
    assert void(LICENCE, **NOW) == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"arbiters": ["big@1", "new@3"]}, "the arbiter new@3 was not examined"),
        ({"arbiters": ["other@2", "big@1"]}, "the panel was big@1, other@2 in the exam and is other@2, big@1 now"),
        ({"arbiters": ["big@1"]}, "and is big@1 now"),
        ({"arbiters": []}, "and is empty now"),
        ({"tie": "clean"}, "the tie rule was 'found' in the exam and is 'clean' now"),
        ({"domain": "bank@2"}, "the exam was about the domain bank@1, this is bank@2"),
        ({"rubric_hash": rubric_hash(RUBRIC[1:])}, "the rubric changed since the exam"),
        (
            {"prompts": {"criterion": "prompt:9", "arbiter_system": "prompt:2"}},
            "the prompt 'criterion' changed since the exam",
        ),
        ({"prompts": {"criterion": "prompt:1"}}, "the prompt 'arbiter_system' changed since the exam"),
        ({"prompts": {**NOW["prompts"], "more": "prompt:3"}}, "the prompt 'more' changed since the exam"),
    ],
)
def test_any_change_of_model_prompt_rubric_domain_or_rule_voids_it(changed: dict[str, Any], why: str) -> None:
    said = void(LICENCE, **{**NOW, **changed})
    assert why in said
    assert "\n" not in said


def test_the_rubric_is_the_same_in_any_order_and_another_with_any_other_word() -> None:
    assert rubric_hash(RUBRIC) == rubric_hash(RUBRIC[::-1])
    first = RUBRIC[0]
    for changed in (
        {"asks": "Is a value wrong?"},
        {"says_yes": "fine"},
        {"name": "renamed"},
        {"defect": "missing_value"},
    ):
        other = CriterionSpec.model_validate({**first.model_dump(), **changed})
        assert rubric_hash((other, *RUBRIC[1:])) != rubric_hash(RUBRIC)
