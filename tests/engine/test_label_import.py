"""Labels from a file: the good ones are kept whatever the others are, and each kind of fault is one clear line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from calibration_runs import concluded, ids_of, run_of

from turnwright.engine.labels import import_labels
from turnwright.errors import InputError
from turnwright.store import Run
from turnwright.store.labels import LABELS, read_labels


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with run_of(tmp_path / "run", *(concluded(n) for n in range(12))) as opened:
        yield opened


@pytest.fixture
def ids(run: Run) -> list[str]:
    return ids_of(run)


def written(run: Run, text: str | bytes, name: str = "labels.csv") -> Path:
    path = run.folder.path.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def kept(run: Run) -> list[tuple[str, str, bool, str, str]]:
    found = read_labels(run.folder.path).latest
    return [(one.conversation_id, one.reviewer, one.accepted, one.defect, one.note) for one in found]


def test_a_csv_file_is_taken_with_every_way_of_saying_yes_and_no(run: Run, ids: list[str]) -> None:
    words = ["yes", "No", "TRUE", "false", "1", "0", "accept", "reject"]
    rows = "".join(f"{id_},{word}\n" for id_, word in zip(ids, words, strict=False))
    imported = import_labels(run, written(run, "conversation,accepted\n" + rows), "Ada")
    assert (imported.added, imported.unchanged, imported.refused) == (8, 0, ())
    assert [accepted for _, _, accepted, _, _ in kept(run)] == [True, False] * 4


def test_defect_note_and_reviewer_come_along_and_ids_may_be_short(run: Run, ids: list[str]) -> None:
    text = (
        "\ufeffReviewer;Conversation;Accepted;Defect;Note\r\n"
        f'Bo;{ids[0][:14]};no;rudeness;"says ""well""\r\nand more"\r\n'
        f";{ids[1].removeprefix('cv_')[:12]};yes;;\r\n"
    )
    assert import_labels(run, written(run, text), "Ada").refused == ()
    assert kept(run) == [
        (ids[0], "Bo", False, "rudeness", 'says "well"\r\nand more'),
        (ids[1], "Ada", True, "", ""),
    ]


def test_json_lines_are_taken_and_so_is_the_labels_file_of_another_copy_of_the_run(run: Run, ids: list[str]) -> None:
    lines = [
        {"conversation": ids[0], "accepted": True},
        {"conversation_id": ids[1], "reviewer": "Bo", "accepted": False, "note": "no", "probability": 0.5},
        {"conversation": ids[2], "accepted": 0},
    ]
    text = "\n".join(map(json.dumps, lines))
    assert import_labels(run, written(run, text, "a.jsonl"), "Ada").added == 3
    assert [(one[0], one[1], one[2]) for one in kept(run)] == [
        (ids[0], "Ada", True), (ids[1], "Bo", False), (ids[2], "Ada", False),
    ]  # fmt: skip


def test_importing_again_adds_nothing_and_a_mended_line_only_itself(run: Run, ids: list[str]) -> None:
    path = written(run, f"conversation,accepted\n{ids[0]},yes\n{ids[1]},maybe\n")
    assert import_labels(run, path, "Ada").added == 1
    before = (run.folder.path / LABELS).read_bytes()
    assert import_labels(run, path, "Ada").unchanged == 1
    assert (run.folder.path / LABELS).read_bytes() == before
    mended = import_labels(run, written(run, f"conversation,accepted\n{ids[0]},yes\n{ids[1]},no\n"), "Ada")
    assert (mended.added, mended.unchanged, mended.refused) == (1, 1, ())


def test_labels_for_conversations_that_do_not_exist_are_named_in_one_line_and_the_good_ones_kept(
    run: Run, ids: list[str]
) -> None:
    strangers = "".join(f"cv_none{n},yes\n" for n in range(7))
    path = written(run, f"conversation,accepted\n{ids[0]},yes\n{strangers}{ids[1]},no\n")
    imported = import_labels(run, path, "Ada")
    assert imported.added == 2
    (fault,) = imported.refused
    line = str(fault)
    assert "\n" not in line
    assert line.startswith(f"{path}:3: 7 label(s) for conversations that this run does not have")
    assert all(f"cv_none{n} (line {n + 3})" in line for n in range(5))
    assert "cv_none5" not in line
    assert "and 2 more" in line
    assert "2 good label(s)" in line


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("{id},perhaps", "neither yes nor no: perhaps (line 3)"),
        ("{id},yes,rudness", "unknown defect class: rudness (line 3)"),
        ("{id}", "cannot be read: line 3"),
        ("{id},yes,,,Ada,more", "cannot be read: line 3"),
        ("cv_,yes", "fits several conversations: cv_ (line 3)"),
        (",yes", "this run does not have: line 3"),
        ("{id},yes,,,", "without a reviewer: line 3"),
    ],
)
def test_a_line_that_cannot_be_used_is_one_clear_line_and_the_others_are_kept(
    run: Run, ids: list[str], row: str, what: str
) -> None:
    head = "conversation,accepted,defect,note,reviewer"
    path = written(run, f"{head}\n{ids[1]},yes,,,Bo\n{row.format(id=ids[0])}\n{ids[2]},no,,,Bo\n")
    imported = import_labels(run, path, "" if "reviewer" in what else "Ada")
    assert imported.added == 2
    assert [str(fault).startswith(f"{path}:3: 1 ") and what in str(fault) for fault in imported.refused] == [True]


@pytest.mark.parametrize("line", ["{broken", "[1, 2]", '{"accepted": true}', '{"conversation": 7.5, "accepted": true}'])
def test_a_line_of_json_that_is_no_label_is_named(run: Run, ids: list[str], line: str) -> None:
    good = json.dumps({"conversation": ids[0], "accepted": True})
    imported = import_labels(run, written(run, f"{good}\n{line}\n\n{good}\n", "x.jsonl"), "Ada")
    assert imported.added == 1
    assert ["cannot be read: line 2" in str(fault) for fault in imported.refused] == [True]


def test_a_reviewer_who_contradicts_themselves_in_one_file_is_told(run: Run, ids: list[str]) -> None:
    path = written(run, f"conversation,accepted\n{ids[0]},yes\n{ids[0]},no\n{ids[1]},no\n{ids[1]},no\n")
    imported = import_labels(run, path, "Ada")
    assert [one[2] for one in kept(run)] == [False, False]
    assert [f"contradicts further down: {ids[0]} (line 2)" in str(fault) for fault in imported.refused] == [True]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "there is no label"),
        (b"\n\n  \n", "there is no label"),
        (b"conversation,accepted\n", "there is no label"),
        (b"conversation,verdict\ncv_1,yes\n", "no column 'accepted'"),
        (b"cv_1,yes\n", "no column 'conversation'"),
        (b"conversation,accepted,accepted\ncv_1,yes,no\n", "two columns have one name"),
        (b"conversation,accepted\ncv_1,\xff\n", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_error_and_nothing_is_written(run: Run, text: bytes, what: str) -> None:
    path = written(run, text)
    with pytest.raises(InputError, match=what) as caught:
        import_labels(run, path, "Ada")
    assert str(caught.value).startswith(str(path))
    assert "Fix: " in str(caught.value)
    assert not (run.folder.path / LABELS).exists()


def test_a_file_that_is_not_there_is_one_clear_error(run: Run) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        import_labels(run, run.folder.path / "none.csv", "Ada")
