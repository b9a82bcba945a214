"""Bad input gets one clear line with the place and the fix, exit code 2, and nothing written."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from turnwright.cli.app import run_app

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
domain: ./shop
seed: 1
scenarios: 6
models:
  double: {kind: scripted}
roles: {user: double, teacher: double}
"""
Complaint = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a good spec and a domain of its own."""
    shutil.copytree(FIXTURES / "mini_shop", tmp_path / "shop")
    (tmp_path / "factory.yaml").write_text(SPEC)
    return tmp_path


@pytest.fixture
def complaint(place: Path, capsys: pytest.CaptureFixture[str]) -> Complaint:
    """Run a command that must fail; returns its one line."""

    def check(*arguments: str) -> str:
        before = files(place)
        given = arguments or ("run", str(place / "factory.yaml"), "--folder", str(place / "out"), "--quiet")
        assert run_app(list(given)) == 2
        said = capsys.readouterr()
        lines = said.err.strip().splitlines()
        assert len(lines) == 1, said.err
        assert lines[0].startswith("error: ")
        assert "Fix: " in lines[0]
        assert "Traceback" not in said.err
        assert files(place) == before, "something was written"
        return lines[0]

    return check


def files(place: Path) -> dict[str, bytes]:
    """Every file with its content, but for what SQLite lays beside a database that is merely looked at."""
    passing = ("-shm", "-wal", ".lock", ".pyc")
    found = [path for path in place.rglob("*") if path.is_file() and not path.name.endswith(passing)]
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in found}


def change(place: Path, old: str, new: str, file: str = "factory.yaml") -> None:
    text = (place / file).read_text()
    assert old in text
    (place / file).write_text(text.replace(old, new, 1))


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(place: Path, complaint: Complaint) -> None:
    change(place, "scenarios: 6", "scenarios: 6\nattemps: 3")
    line = complaint()
    assert "factory.yaml:5" in line
    assert "did you mean 'attempts'?" in line


def test_a_wrong_type_is_named_with_its_line(place: Path, complaint: Complaint) -> None:
    change(place, "scenarios: 6", "scenarios: many")
    line = complaint()
    assert "factory.yaml:4" in line
    assert "'many'" in line


def test_a_yaml_alias_bomb_is_refused_before_it_unfolds(place: Path, complaint: Complaint) -> None:
    levels = "\n".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]" for n in range(1, 12))
    (place / "factory.yaml").write_text(f"b0: &b0 [x]\n{levels}\n{SPEC}")
    assert "anchors and aliases" in complaint()


def test_factors_whose_conditions_form_a_cycle_are_named(place: Path, complaint: Complaint) -> None:
    cycle = "design: {factors: {a: {levels: [x, y], when: \"b == 'x'\"}, b: {levels: [x, y], when: \"a == 'x'\"}}}"
    (place / "factory.yaml").write_text(f"{SPEC}{cycle}\n")
    line = complaint()
    assert "a" in line
    assert "b" in line
    assert "cycl" in line.lower() or "circle" in line.lower() or "each other" in line.lower()


def test_a_design_that_cannot_be_satisfied_names_the_rules_that_clash(place: Path, complaint: Complaint) -> None:
    rules = "design: {constraints: [{require: \"mood == 'calm'\"}, {forbid: \"mood == 'calm'\"}]}"
    (place / "factory.yaml").write_text(f"{SPEC}{rules}\n")
    line = complaint()
    assert "require mood == 'calm'" in line
    assert "forbid mood == 'calm'" in line


def test_a_tool_without_a_function_is_named(place: Path, complaint: Complaint) -> None:
    change(place, ", does: {find: orders, by: {order_id: id, email: email}}", "", "shop/domain.yaml")
    line = complaint()
    assert "get_order" in line
    assert "def get_order(world" in line


def test_tool_parameters_that_are_no_json_schema_are_named(place: Path, complaint: Complaint) -> None:
    change(
        place,
        "properties: {order_id: {type: string}, email",
        "properties: {order_id: {type: strin}, email",
        "shop/domain.yaml",
    )
    line = complaint()
    assert "get_order" in line
    assert "JSON Schema" in line


def test_a_flow_that_calls_a_tool_with_an_unknown_argument_is_named(place: Path, complaint: Complaint) -> None:
    change(place, "with: {order_id: o.id}", "with: {order: o.id}", "shop/domain.yaml")
    assert "order" in complaint()


def test_an_endpoint_that_is_down_is_named_before_anything_is_written(place: Path, complaint: Complaint) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    change(place, "{kind: scripted}", f"{{kind: openai, base_url: 'http://127.0.0.1:{port}/v1', model: m}}")
    line = complaint()
    assert str(port) in line
    assert "models.double" in line


def test_a_missing_key_names_the_variable(place: Path, complaint: Complaint) -> None:
    os.environ.pop("TURNWRIGHT_TEST_KEY", None)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        key = f"{{kind: openai, base_url: 'http://127.0.0.1:{port}/v1', model: m, api_key_env: TURNWRIGHT_TEST_KEY}}"
        change(place, "{kind: scripted}", key)
        assert "TURNWRIGHT_TEST_KEY" in complaint()


def test_a_model_file_that_is_not_there_is_named(place: Path, complaint: Complaint) -> None:
    change(place, "{kind: scripted}", "{kind: embedded, model: ./no-such.gguf}")
    assert "no-such.gguf" in complaint()


def test_a_role_without_a_model_is_named(place: Path, complaint: Complaint) -> None:
    change(place, "teacher: double", "teacher: doubel")
    assert "doubel" in complaint()


def test_a_spec_that_is_not_there_is_named(place: Path, complaint: Complaint) -> None:
    assert "nowhere.yaml" in complaint("plan", str(place / "nowhere.yaml"))


def test_an_unknown_domain_lists_what_there_is(place: Path, complaint: Complaint) -> None:
    change(place, "domain: ./shop", "domain: telecom_suport")
    line = complaint()
    assert "did you mean 'telecom_support'?" in line


def run_once(place: Path) -> Path:
    assert run_app(["run", str(place / "factory.yaml"), "--folder", str(place / "out"), "--quiet"]) == 0
    return place / "out"


def test_a_run_folder_of_another_spec_says_what_differs(place: Path, complaint: Complaint, capsys: object) -> None:
    run_once(place)
    capsys.readouterr()  # type: ignore[attr-defined]
    change(place, "seed: 1", "seed: 2")
    line = complaint()
    assert "seed" in line
    assert "1" in line
    assert "2" in line


def test_a_domain_that_changed_since_the_run_began_is_noticed(
    place: Path, complaint: Complaint, capsys: object
) -> None:
    run_once(place)
    capsys.readouterr()  # type: ignore[attr-defined]
    change(place, "I want my money back", "I want all my money back", "shop/domain.yaml")
    assert "domain_files" in complaint()


def test_a_corrupt_database_is_left_as_it_is(place: Path, complaint: Complaint, capsys: object) -> None:
    database = run_once(place) / "run.db"
    capsys.readouterr()  # type: ignore[attr-defined]
    damaged = bytearray(database.read_bytes())
    for page in range(4096, len(damaged), 4 * 4096):
        damaged[page : page + 64] = b"\xff" * 64
    database.write_bytes(damaged)
    line = complaint()
    assert "run.db" in line
    assert database.read_bytes() == bytes(damaged)


def test_a_folder_with_other_peoples_files_is_not_used(place: Path, complaint: Complaint) -> None:
    (place / "out").mkdir()
    (place / "out" / "thesis.txt").write_text("precious")
    assert "thesis.txt" in complaint()


def test_init_refuses_a_folder_that_has_a_factory(place: Path, complaint: Complaint) -> None:
    assert "there already" in complaint("init", str(place))


def test_an_unknown_record_is_named(place: Path, complaint: Complaint, capsys: object) -> None:
    run_once(place)
    capsys.readouterr()  # type: ignore[attr-defined]
    assert "cv_nothing" in complaint("show", "cv_nothing", "--folder", str(place / "out"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_is_named_and_what_was_committed_is_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = place / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=400k tmpfs {small} 2>/dev/null"):
        pytest.skip("mounting is not allowed here")
    try:
        change(place, "scenarios: 6", "scenarios: 400")
        assert run_app(["run", str(place / "factory.yaml"), "--folder", str(small / "out"), "--quiet"]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert "full" in lines[0] or "space" in lines[0]
    finally:
        os.system(f"umount {small}")
