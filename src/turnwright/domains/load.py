"""Reading a domain: a folder with `domain.yaml`, its data files and, where needed, `tools.py`; or a built-in pack.

Everything that could fail later is checked here, once, with the place and the fix: flows that point nowhere, acts
without phrasings, tools without a function, facts of rows that are not cast.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import msgspec

from turnwright.domains.behaviour import STANDARD_FACTORS
from turnwright.domains.checking import check
from turnwright.domains.declaration import DomainSpec, TableSpec, ToolSpec
from turnwright.domains.domain import Domain
from turnwright.domains.source import Source, nearest, read_yaml, validated
from turnwright.domains.tools import Tool, ToolFunction, declared
from turnwright.domains.world import World
from turnwright.errors import DomainError, ToolError

__all__ = ["STANDARD_FACTORS", "load_domain", "packs"]

PACKS = Path(__file__).parent / "packs"
_CODE_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RecursionError,
    SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What a domain's own tools.py may raise by mistake."""


def packs() -> dict[str, Path]:
    """The built-in domains: name → folder."""
    if not PACKS.is_dir():
        return {}
    return {folder.name: folder for folder in sorted(PACKS.iterdir()) if (folder / "domain.yaml").exists()}


def load_domain(name: str, base: Path | None = None) -> Domain:
    """Load a built-in domain by name, or a folder by path (relative to `base`).

    Raises:
        DomainError: with file, line and fix.
    """
    folder = packs().get(name) or ((base or Path()) / name)
    if not (folder / "domain.yaml").is_file():
        known = sorted(packs())
        raise DomainError(
            f"there is no domain '{name}'{nearest(name, known)}",
            where=str(folder),
            fix=f"give a folder with a domain.yaml, or one of the built-in domains: {', '.join(known)}",
        )
    return _load_folder(folder)


def _load_folder(folder: Path) -> Domain:
    source = read_yaml(folder / "domain.yaml", DomainError)
    spec = validated(DomainSpec, source, DomainError)
    code = _code(folder)
    tools = _tools(spec, source, code)
    tables = {name: _rows(name, table, folder, source) for name, table in spec.world.items()}
    check(spec, source, tables)
    seeding: Callable[[World], None] | None = getattr(code, "seed_world", None)
    domain = Domain(spec, tools, tables, f"{spec.name}@{_hash(folder)}", seeding)
    try:
        domain.open_world(0)
    except _CODE_FAULTS as fault:
        raise _code_fault(folder / "tools.py", "seed_world fails: ", fault) from fault
    return domain


def _tools(spec: DomainSpec, source: Source, code: ModuleType | None) -> dict[str, Tool]:
    tools: dict[str, Tool] = {}
    for index, tool in enumerate(spec.tools):
        where = source.place(("tools", index))
        function = _function(spec, tool, code)
        if not callable(function):
            raise DomainError(
                f"tool '{tool.name}' has neither `does` nor a function",
                where=where,
                fix=f"write `def {tool.name}(world, ...)` in tools.py, or declare what it does",
            )
        if tool.does is None:
            _check_signature(tool, function, where)
        if tool.name in tools:
            raise DomainError(f"tool '{tool.name}' stands twice", where=where, fix="keep one of the two")
        try:
            tools[tool.name] = Tool(tool, function)
        except DomainError as fault:
            raise DomainError(fault.what, where=where, fix=fault.fix) from None
    return tools


def _function(spec: DomainSpec, tool: ToolSpec, code: ModuleType | None) -> ToolFunction | None:
    if tool.does is None:
        return getattr(code, tool.name, None)
    table = spec.world.get(tool.does.insert)
    return declared(tool.does, table.key if table else "id")


def _check_signature(tool: ToolSpec, function: ToolFunction, where: str) -> None:
    """The function must take the world and everything that the schema allows or requires."""
    properties = list(tool.parameters.get("properties", {}))
    required = list(tool.parameters.get("required", []))
    for names in (properties, required):
        try:
            inspect.signature(function).bind(None, **dict.fromkeys(names))
        except TypeError as fault:
            raise DomainError(
                f"the function of tool '{tool.name}' does not fit its parameters: {fault}",
                where=where,
                fix=f"write def {tool.name}(world, {', '.join(properties)}), with defaults for what is not required",
            ) from None


def _code(folder: Path) -> ModuleType | None:
    """Import the domain's own tools.py (trusted code of the domain's author), under a name of its own."""
    path = folder / "tools.py"
    if not path.exists():
        return None
    module_spec = importlib.util.spec_from_file_location(f"turnwright_domain_{folder.name}", path)
    if module_spec is None or module_spec.loader is None:
        raise DomainError("cannot be imported", where=str(path), fix="check that it is a Python file")
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except _CODE_FAULTS as fault:
        raise _code_fault(path, "", fault) from fault
    module.__dict__.setdefault("ToolError", ToolError)
    return module


def _code_fault(path: Path, what: str, fault: BaseException) -> DomainError:
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(path)]
    line = fault.lineno if isinstance(fault, SyntaxError) else next(reversed(lines), None)
    where = f"{path}:{line}" if line else str(path)
    return DomainError(f"{what}{type(fault).__name__}: {fault}", where=where, fix="mend the file")


def _rows(name: str, table: TableSpec, folder: Path, source: Source) -> dict[str, dict[str, object]]:
    rows = [*table.rows, *(_file_rows(name, folder, folder / table.file, source) if table.file else [])]
    keyed: dict[str, dict[str, object]] = {}
    for row in rows:
        key = "" if row.get(table.key) is None else str(row[table.key])
        if not key or key in keyed:
            what = f"has the {table.key} '{key}' twice" if key else f"has a row without '{table.key}'"
            raise DomainError(
                f"table '{name}' {what}", where=source.place(("world", name)), fix="give each row its own"
            )
        keyed[key] = row
    return keyed


def _file_rows(name: str, folder: Path, path: Path, source: Source) -> list[dict[str, object]]:
    where = source.place(("world", name, "file"))
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DomainError(f"the data file of table '{name}' is outside the domain", where=where, fix="move it inside")
    if not path.is_file():
        raise DomainError(f"the data file {path.name} of table '{name}' is missing", where=where, fix=f"create {path}")
    if path.suffix == ".json":
        try:
            value = msgspec.json.decode(path.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise DomainError(f"not valid JSON: {fault}", where=str(path), fix="check commas and quotes") from None
    else:
        value = read_yaml(path, DomainError).value.get("rows")
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise DomainError("must be a list of rows", where=str(path), fix='e.g. [{"id": "A1", ...}]')
    return value


def _hash(folder: Path) -> str:
    """Hash every file that the domain can depend on."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if (
            path.is_file()
            and path.suffix in {".yaml", ".yml", ".json", ".py", ".md", ".txt"}
            and "__pycache__" not in path.parts
        ):
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]
