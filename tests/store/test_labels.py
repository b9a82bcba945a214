"""Labels are on disk when they are said to be, whatever happens to their writer."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from store_samples import environment, small_disk

from turnwright.errors import DiskFull, StoreError
from turnwright.records import Label
from turnwright.store.labels import LABELS, Labels, add_label, add_labels, read_labels

_WRITER = """
import sys
from pathlib import Path
from turnwright.records import Label
from turnwright.store.labels import add_label

for number in range(100000):
    add_label(Path(sys.argv[1]), Label(conversation_id=f"cv_{number}", reviewer="Ada", accepted=number % 3 > 0))
    print(number, flush=True)
"""


def label(number: int, *, reviewer: str = "Ada", accepted: bool = True, note: str = "") -> Label:
    return Label(conversation_id=f"cv_{number}", reviewer=reviewer, accepted=accepted, note=note)


def test_labels_come_back_as_they_were_given_in_the_same_order(tmp_path: Path) -> None:
    given = (
        label(1, note='a "quoted" note\nof two lines, für Zoë'),
        Label(conversation_id="cv_2", reviewer="B", accepted=False, defect="rudeness", probability=0.25),
    )
    for each in given:
        add_label(tmp_path, each)
    assert read_labels(tmp_path) == Labels(given=given)
    assert (tmp_path / LABELS).read_bytes().count(b"\n") == 2


def test_a_folder_without_labels_has_none(tmp_path: Path) -> None:
    assert read_labels(tmp_path) == Labels()


def test_the_latest_label_of_a_reviewer_counts_and_the_earlier_ones_stay_in_the_file(tmp_path: Path) -> None:
    add_labels(tmp_path, [label(1), label(1, reviewer="Bo"), label(2), label(1, accepted=False)])
    found = read_labels(tmp_path)
    assert len(found.given) == 4
    assert {(one.conversation_id, one.reviewer, one.accepted) for one in found.latest} == {
        ("cv_1", "Ada", False),
        ("cv_1", "Bo", True),
        ("cv_2", "Ada", True),
    }


def test_every_label_that_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    for acknowledgements in (1, 7, 60):
        folder = tmp_path / str(acknowledgements)
        folder.mkdir()
        command = [sys.executable, "-c", _WRITER, str(folder)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        lines += child.stdout.readlines()
        child.wait()
        child.stdout.close()
        last = int([line for line in lines if line.endswith("\n")][-1])
        found = read_labels(folder).given
        assert len(found) >= last + 1
        assert [one.conversation_id for one in found] == [f"cv_{number}" for number in range(len(found))]


def test_a_torn_last_line_is_reported_and_skipped_and_does_not_spoil_the_next_label(tmp_path: Path) -> None:
    add_labels(tmp_path, [label(1), label(2)])
    path = tmp_path / LABELS
    path.write_bytes(path.read_bytes()[:-12])
    torn = read_labels(tmp_path)
    assert torn.given == (label(1),)
    assert len(torn.torn) == 1
    assert f"{path}:2" in torn.torn[0]
    add_label(tmp_path, label(3))
    mended = read_labels(tmp_path)
    assert mended.given == (label(1), label(3))
    assert mended.torn == torn.torn


def test_a_last_line_that_only_lacks_its_line_end_is_not_torn(tmp_path: Path) -> None:
    add_labels(tmp_path, [label(1), label(2)])
    path = tmp_path / LABELS
    path.write_bytes(path.read_bytes()[:-1])
    add_label(tmp_path, label(3))
    assert read_labels(tmp_path) == Labels(given=(label(1), label(2), label(3)))


@pytest.mark.parametrize("line", [b'{"conversation_id": "cv_1"}', b"\xff\xfe", b"[]", b'"cv_1"'])
def test_a_line_that_is_no_label_is_named_and_the_others_are_read(tmp_path: Path, line: bytes) -> None:
    add_label(tmp_path, label(1))
    with (tmp_path / LABELS).open("ab") as file:
        file.write(line + b"\n")
    add_label(tmp_path, label(2))
    found = read_labels(tmp_path)
    assert found.given == (label(1), label(2))
    assert [f"{LABELS}:2: " in torn for torn in found.torn] == [True]


def test_two_writers_at_once_never_mix_their_lines(tmp_path: Path) -> None:
    def write(reviewer: str) -> None:
        for number in range(40):
            add_label(tmp_path, label(number, reviewer=reviewer, note="x" * 500))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, ("Ada", "Bo", "Cy")))
    found = read_labels(tmp_path)
    assert not found.torn
    assert len(found.latest) == 120


def test_a_full_disk_keeps_the_labels_that_were_there_and_no_half_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 64) as folder:
        add_label(folder, label(1))
        with pytest.raises(DiskFull):
            add_labels(folder, [label(number, note="x" * 1000) for number in range(2, 200)])
        assert read_labels(folder) == Labels(given=(label(1),))


def test_a_place_where_no_file_can_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / LABELS).mkdir()
    for attempt in (lambda: add_label(tmp_path, label(1)), lambda: read_labels(tmp_path)):
        with pytest.raises(StoreError, match=LABELS):
            attempt()
