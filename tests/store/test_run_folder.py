"""Run folders: one spec, one process, and nothing of another's is touched."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_samples import SPEC, environment, record, small_disk

from turnwright.errors import RunCorrupt, RunFolderError
from turnwright.store import open_run, read_run

_HOLDER = """
import sys
from pathlib import Path
from store_samples import SPEC
from turnwright.store import open_run
run = open_run(Path(sys.argv[1]), spec=SPEC)
print("open", flush=True)
sys.stdin.read()
"""


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_new_folder_gets_a_run_database_and_a_place_for_exports(tmp_path: Path) -> None:
    with open_run(tmp_path / "deep" / "run", spec=SPEC) as run:
        assert not run.resumed
        assert run.folder.database.is_file()
        assert run.folder.exports.is_dir()
    with read_run(tmp_path / "deep" / "run") as run:
        assert run.spec == SPEC


def test_an_empty_folder_can_be_used(tmp_path: Path) -> None:
    open_run(tmp_path, spec=SPEC).close()
    with open_run(tmp_path, spec=SPEC) as run:
        assert run.resumed


def test_another_spec_is_refused_with_the_keys_that_differ(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec=SPEC).close()
    other = {"seed": 8, "models": {"user": {"name": "large", "parallel": 8}}, "factors": [{"name": "tone"}, {}]}
    with pytest.raises(RunFolderError) as refused:
        open_run(tmp_path / "run", spec=other)
    assert "seed: 7 → 8" in str(refused.value)
    assert 'models.user.name: "small" → "large"' in str(refused.value)
    assert "factors[1]: (absent) → {}" in str(refused.value)
    assert "parallel" not in str(refused.value)


def test_of_many_differences_five_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec={f"k{n}": 1 for n in range(8)}).close()
    with pytest.raises(RunFolderError, match="k4: 1 → 2; and 3 more"):
        open_run(tmp_path / "run", spec={f"k{n}": 2 for n in range(8)})


def test_a_key_that_may_change_does_not_make_it_another_spec(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec=SPEC).close()
    other = {**SPEC, "models": {"user": {"name": "small", "parallel": 64}}}
    with open_run(tmp_path / "run", spec=other, may_change={"models.*.parallel"}) as run:
        assert run.resumed
    with pytest.raises(RunFolderError, match="parallel: 8 → 64"):
        open_run(tmp_path / "run", spec=other)


def test_a_folder_with_foreign_files_and_no_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    (tmp_path / "factory.yaml").write_text("seed: 7")
    before = _files(tmp_path)
    with pytest.raises(RunFolderError, match=r"other files \(thesis.tex\)"):
        open_run(tmp_path, spec=SPEC)
    assert _files(tmp_path) == before
    (tmp_path / "thesis.tex").unlink()
    open_run(tmp_path, spec=SPEC).close()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunFolderError, match=r"not a folder|cannot be written"):
            open_run(path, spec=SPEC)


def test_a_missing_run_is_said_to_be_missing_and_nothing_is_created(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no such folder"):
        read_run(tmp_path / "run")
    with pytest.raises(RunFolderError, match="no run in this folder"):
        open_run(tmp_path, spec=SPEC, create=False)
    assert not list(tmp_path.iterdir())


def test_a_log_without_its_database_is_damage_and_not_a_new_run(tmp_path: Path) -> None:
    (tmp_path / "run.db-wal").write_bytes(b"log")
    with pytest.raises(RunCorrupt, match=r"run\.db is gone"):
        open_run(tmp_path, spec=SPEC)
    assert _files(tmp_path) == {"run.db-wal": b"log"}


def test_a_second_process_is_refused_with_the_pid_of_the_first_until_that_is_killed(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        env=environment(),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent,
    )
    assert child.stdin is not None and child.stdout is not None
    assert child.stdout.readline() == b"open\n"
    with pytest.raises(RunFolderError, match=f"process {child.pid} is running in this folder"):
        open_run(tmp_path / "run", spec=SPEC)
    with read_run(tmp_path / "run") as run:
        assert len(run.journal) == 0
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    open_run(tmp_path / "run", spec=SPEC).close()


def test_the_same_process_cannot_open_a_run_twice(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", spec=SPEC), pytest.raises(RunFolderError, match="this process is running"):
        open_run(tmp_path / "run", spec=SPEC)
    open_run(tmp_path / "run", spec=SPEC).close()


def test_a_refused_spec_gives_the_lock_back(tmp_path: Path) -> None:
    open_run(tmp_path / "run", spec=SPEC).close()
    with pytest.raises(RunFolderError):
        open_run(tmp_path / "run", spec={})
    open_run(tmp_path / "run", spec=SPEC).close()


def test_a_file_system_that_cannot_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot_lock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", cannot_lock)
    with pytest.raises(RunFolderError, match="the file system cannot lock"):
        open_run(tmp_path / "run", spec=SPEC)
    assert not (tmp_path / "run").exists()


async def test_a_folder_that_cannot_be_written_is_refused_but_can_be_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096) as disk:
        with open_run(disk / "run", spec=SPEC) as run:
            await record(run, 1)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for name in ("run", "new"):
            with pytest.raises(RunFolderError, match="cannot be written"):
                open_run(disk / name, spec=SPEC)
        with read_run(disk / "run") as run:
            assert len(run.journal) == 1
