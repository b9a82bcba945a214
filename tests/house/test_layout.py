"""The house rules that no linter knows: sizes, docstrings, front doors."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import turnwright

SOURCE = Path(turnwright.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
CODE = [path for path in MODULES if "packs" not in path.parts]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_opens_with_why_it_exists(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert len(docstring) > 20


@pytest.mark.parametrize("path", CODE, ids=name)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE


@pytest.mark.parametrize("path", CODE, ids=name)
def test_no_function_is_longer_than_60_lines(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f.name for f in functions if f.end_lineno and f.end_lineno - f.lineno >= LONGEST_FUNCTION]
    assert not long


def test_the_median_function_is_short() -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    )
    assert lengths[len(lengths) // 2] <= 11


def packages() -> list[str]:
    return ["turnwright"] + [
        f"turnwright.{module.name}" for module in pkgutil.iter_modules([str(SOURCE)]) if module.ispkg
    ]


@pytest.mark.parametrize("package", packages())
def test_a_package_exports_exactly_what_it_says(package: str) -> None:
    module = importlib.import_module(package)
    exported = module.__all__
    assert len(set(exported)) == len(exported)
    assert all(hasattr(module, exported_name) for exported_name in exported)
    assert len(exported) <= 40


def test_only_the_stage_boundary_catches_everything() -> None:
    broad = [
        f"{name(path)}:{node.lineno}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or getattr(node.type, "id", "") == "Exception")
    ]
    assert [place.split(":")[0] for place in broad] == ["errors.py"]


def test_no_test_uses_mocks() -> None:
    tests = Path(__file__).parents[1]
    word = "unittest" + ".mock"
    assert [path.name for path in tests.rglob("*.py") if word in path.read_text(encoding="utf-8")] == []


def test_no_two_files_of_the_tests_share_a_name() -> None:
    """pytest imports test modules by their bare names: of two with one name it can collect only one."""
    names = [path.name for path in Path(__file__).parents[1].rglob("*.py") if path.name != "conftest.py"]
    assert sorted(one for one in set(names) if names.count(one) > 1) == []
