"""Running a domain's tools in a world: declared effects, or functions of the domain's own `tools.py`.

A tool function takes the world and the call's arguments and returns JSON; it refuses with `ToolError`, and then the
world stays as it was. Anything else that it raises is a fault of the domain, reported as such with its line. Planted
failures are applied here, around the tool, so that no tool needs to know about them.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match

from turnwright.domains.declaration import Effect, ToolSpec
from turnwright.domains.expression import compile_expression
from turnwright.domains.world import Row, Tables, World
from turnwright.errors import DomainError, ToolError
from turnwright.records import Fault, Json, ToolCall, ToolResult, canonical

__all__ = ["Tool", "ToolFunction", "Toolbox", "declared"]

ToolFunction = Callable[..., Json]
LARGEST_RESULT = 20_000
_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, RecursionError,
    StopIteration, TypeError, ValueError,
)  # fmt: skip
"""What a tool function may raise by mistake."""


class Tool:
    """One tool: its declaration, a compiled check of its arguments, and the function that does it."""

    def __init__(self, spec: ToolSpec, function: ToolFunction) -> None:
        self.spec, self.name, self.writes = spec, spec.name, spec.effect == "write"
        _check_schema(spec)
        # an argument that the schema does not name would reach the function as an unknown keyword
        self._validator = Draft202012Validator({"additionalProperties": False, **spec.parameters, "type": "object"})
        self._function = function

    def complaint(self, arguments: Json) -> str:
        """Return what is wrong with the arguments, or an empty string."""
        fault = best_match(self._validator.iter_errors(arguments))
        if fault is None:
            return ""
        place = ".".join(str(part) for part in fault.absolute_path)
        return f"{place}: {fault.message}" if place else str(fault.message)

    def __call__(self, world: World, arguments: dict[str, Json]) -> Json:
        """Run the tool; the result must be JSON of at most 20,000 bytes, and shares nothing with the world.

        Raises:
            ToolError: the tool refuses; the world is as before.
            DomainError: the tool's own code is at fault.
        """
        before = world.snapshot() if self.writes else b""
        try:
            result = _copied(self._function(world, **_copied(arguments)))
        except ToolError:
            if self.writes:
                world.restore(before)
            raise
        except _FAULTS as fault:
            raise DomainError(
                f"tool '{self.name}' failed: {type(fault).__name__}: {fault}",
                where=_line_of(fault),
                fix="mend the function, or let it refuse with ToolError",
            ) from fault
        size = len(canonical(result))
        if size > LARGEST_RESULT:
            raise DomainError(
                f"tool '{self.name}' returned {size:,} bytes, more than {LARGEST_RESULT:,}",
                where=f"tool {self.name}",
                fix="return fewer rows or fields",
            )
        return result

    def as_openai(self) -> dict[str, Json]:
        """The tool as an OpenAI function tool."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.spec.description,
                "parameters": self.spec.parameters,
            },
        }


class Toolbox:
    """All tools of a domain, run in one world with one fault plan; counts calls, so make one a conversation."""

    def __init__(self, tools: dict[str, Tool], world: World, faults: Iterable[Fault] = ()) -> None:
        self.tools, self.world = tools, world
        self._faults = {(fault.tool, fault.nth): fault.kind for fault in faults}
        self._counts: dict[str, int] = {}
        stale = "stale" in self._faults.values()
        self._stale: Tables = World(world.tables, world.seed, world.now).tables if stale else {}

    def run(self, call: ToolCall) -> ToolResult:
        """Run one call; refusals, bad arguments and planted failures come back as results."""
        nth = self._counts[call.name] = self._counts.get(call.name, 0) + 1
        fault = self._faults.get((call.name, nth), "")
        tool = self.tools.get(call.name)
        if tool is None:
            return self._result(call, error=f"unknown tool '{call.name}'")
        complaint = tool.complaint(call.arguments)
        if complaint:
            return self._result(call, error=f"invalid arguments: {complaint}")
        if fault == "error":
            return self._result(call, error="service temporarily unavailable", fault=fault)
        if fault == "empty":
            return self._result(call, content={}, fault=fault)
        # only reading can be stale: a write into an old copy would be lost
        stale = fault == "stale" and not tool.writes
        world = World(self._stale, self.world.seed, self.world.now) if stale else self.world
        try:
            return self._result(call, content=tool(world, call.arguments), fault=fault)
        except ToolError as refusal:
            return self._result(call, error=refusal.what, fault=fault)

    def _result(self, call: ToolCall, content: Json = None, error: str = "", fault: str = "") -> ToolResult:
        return ToolResult(call_id=call.id, name=call.name, content=content, error=error, fault=fault)


def _check_schema(spec: ToolSpec) -> None:
    where = f"tool {spec.name}"
    try:
        Draft202012Validator.check_schema(spec.parameters)
    except SchemaError as fault:
        raise DomainError(
            f"the parameters of '{spec.name}' are not a JSON Schema: {fault.message}",
            where=where,
            fix="see json-schema.org, draft 2020-12",
        ) from None
    if spec.parameters.get("type", "object") != "object":
        raise DomainError(f"the parameters of '{spec.name}' are not of type object", where=where, fix="type: object")
    if "$ref" in str(spec.parameters):
        # a reference could point to a file or a server
        raise DomainError(f"the parameters of '{spec.name}' use $ref", where=where, fix="write the schema out")


def _copied(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _line_of(fault: BaseException) -> str:
    """`file:line` of the innermost frame outside this package: the line of the domain's own code."""
    here = Path(__file__).parent
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if Path(frame.filename).parent != here]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "the tool's result"


def declared(effect: Effect, key: str = "id") -> ToolFunction:
    """Make the function of a declared effect; `key` names the id field of its table."""
    if effect.insert:
        return lambda world, **args: _insert(effect, key, world, args)
    return lambda world, **args: _find(effect, world, args)


def _find(effect: Effect, world: World, args: dict[str, Json]) -> Json:
    table = effect.find or effect.update
    wanted = {field: args[parameter] for parameter, field in effect.by.items() if parameter in args}
    if effect.by and not wanted:
        raise ToolError(f"give at least one of {', '.join(effect.by)}")
    rows = [row for row in world.find(table) if all(row.get(field) == value for field, value in wanted.items())]
    if not rows and not effect.many:
        said = ", ".join(f"{field} {value}" for field, value in wanted.items())
        raise ToolError(f"no {table.removesuffix('s').replace('_', ' ')} found for {said or 'this request'}")
    if effect.update:
        for field, value in _values(effect.set, world, args, rows[0]).items():
            rows[0][field] = value
    if effect.many:
        return {"items": [_given(effect, world, args, row) for row in rows[:10]], "total": len(rows)}
    return _given(effect, world, args, rows[0])


def _insert(effect: Effect, key: str, world: World, args: dict[str, Json]) -> Json:
    new = world.next_id(effect.insert, effect.stem)
    row: Row = {key: new, **_values(effect.set, world, args, {})}
    return _given(effect, world, args, world.put(effect.insert, new, {**row, key: new}))


def _values(wanted: dict[str, str], world: World, args: dict[str, Json], row: Row) -> Row:
    names: dict[str, Any] = {"args": args, "row": row, "now": world.now}
    return {field: compile_expression(text)(names) for field, text in wanted.items()}


def _given(effect: Effect, world: World, args: dict[str, Json], row: Row) -> Row:
    given = {field: row.get(field) for field in effect.give} if effect.give else dict(row)
    told = _values(effect.tell, world, args, row) if effect.tell else {}
    return {**given, **{field: value for field, value in told.items() if value is not None}}
