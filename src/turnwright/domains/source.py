"""Reading YAML so that every complaint can name its line.

Only plain YAML is read: anchors, aliases, tags and duplicate keys are refused (an alias bomb of a few hundred bytes
would otherwise unfold to gigabytes), and so are deep nesting and files of more than one megabyte. Words mean what
they mean in YAML 1.2: `yes`, `no`, `12:30` and `2026-06-15` are text; a number such as 0042 is refused, not read as 34.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from turnwright.errors import InputError
from turnwright.records import Json

__all__ = ["Source", "nearest", "parse_yaml", "read_yaml", "validated"]

LARGEST = 1_000_000
DEEPEST = 40
LARGEST_NUMBER = 2**63
_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
# libyaml reads a domain of 100 KB in 0.1 s, the pure Python loader in 2 s
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Source:
    """A parsed YAML file: its value, and the line (from 1) of every path in it."""

    def __init__(self, name: str, value: Json, lines: dict[Path_, int]) -> None:
        self.name, self.value, self.lines = name, value, lines

    def place(self, path: Iterable[str | int] = ()) -> str:
        """Return `file:line` of the longest known part of the path."""
        known = tuple(path)
        while known and known not in self.lines:
            known = known[:-1]
        return f"{self.name}:{self.lines.get(known, 1)}"


class _Reader:
    """Builds plain values from YAML nodes and notes where each one stands."""

    def __init__(self, name: str, error: type[InputError]) -> None:
        self.name, self.error = name, error
        self.lines: dict[Path_, int] = {}
        self.scalars = yaml.SafeLoader("")

    def refuse(self, node: yaml.Node, what: str, fix: str) -> InputError:
        return self.error(what, where=f"{self.name}:{node.start_mark.line + 1}", fix=fix)

    def build(self, node: yaml.Node, path: Path_) -> Json:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        if not isinstance(node, yaml.ScalarNode):
            raise self.refuse(node, f"the tag {node.tag} is not read", "write a plain value")
        return self.scalar(node)

    def scalar(self, node: yaml.ScalarNode) -> Json:
        kind, text = node.tag.removeprefix(_CORE), str(node.value)
        if kind in ("str", "timestamp") or (kind in ("int", "float") and ":" in text):
            return text
        if kind == "bool" and text.lower() not in ("true", "false"):
            return text
        if kind == "int" and not _INTEGER.fullmatch(text):
            raise self.refuse(node, f"the number {text} can be read in two ways", "quote it, or write it plainly")
        if kind not in ("int", "float", "bool", "null"):
            raise self.refuse(node, f"the tag {node.tag} is not read", "write a plain value, or quote it")
        try:
            value = self.scalars.construct_object(node)
        except (ValueError, KeyError):
            raise self.refuse(node, f"'{text}' is not a value of the kind {kind}", "quote it") from None
        if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) < LARGEST_NUMBER):
            raise self.refuse(node, f"the number {text} is too large", "write a smaller one, or quote it as text")
        return value

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.removeprefix(_CORE) in ("null", "merge"):
                raise self.refuse(key_node, "a key must be a plain word", "quote it")
            key = str(key_node.value)
            if key in out:
                raise self.refuse(key_node, f"the key '{key}' stands twice", "keep one of the two")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            out[key] = self.build(value_node, (*path, key))
        return out


def read_yaml(path: Path, error: type[InputError]) -> Source:
    """Read a YAML file into a `Source`; every fault is raised as `error` with file, line and fix."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise error(f"the file has {size:,} bytes, more than {LARGEST:,}", where=str(path), fix="split it")
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise error(f"cannot be read ({fault.strerror})", where=str(path), fix="check the path") from fault
    except UnicodeDecodeError as fault:
        raise error("is not UTF-8 text", where=str(path), fix="save it as UTF-8") from fault
    return parse_yaml(text, str(path), error)


def parse_yaml(text: str, name: str, error: type[InputError]) -> Source:
    """Parse YAML text; `name` stands for the file in messages."""
    try:
        _refuse_unfolding(text, name, error)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = (mark.line if mark else 0) + 1
        problem = getattr(fault, "problem", None) or str(fault).splitlines()[0]
        raise error(f"not valid YAML: {problem}", where=f"{name}:{line}", fix="check indentation and quotes") from fault
    if node is None:
        raise error("the file is empty", where=name, fix="start from `turnwright init`")
    reader = _Reader(name, error)
    value = reader.build(node, ())
    if not isinstance(value, dict):
        raise error("must be a mapping of keys to values", where=name, fix="start from `turnwright init`")
    return Source(name, value, reader.lines)


def _refuse_unfolding(text: str, name: str, error: type[InputError]) -> None:
    """Look at the events first: neither aliases nor deep nesting may reach the recursive composer."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        where = f"{name}:{getattr(event.start_mark, 'line', 0) + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise error("anchors and aliases are not read", where=where, fix="write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise error(f"nested more than {DEEPEST} levels deep", where=where, fix="flatten it")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` when a known word is near, else an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def validated(model: type[Model], source: Source, error: type[InputError]) -> Model:
    """Validate the source against a pydantic model; the first fault is raised as `error` with its line and fix."""
    try:
        return model.model_validate(source.value)
    except ValidationError as fault:
        places = [(_real(problem["loc"], source.value), problem) for problem in fault.errors(include_url=False)]
        path, first = _telling(places)
        others = len({place[:2] for place, _ in places}) - 1
        more = f" (and {others} more {'place' if others == 1 else 'places'})" if others else ""
        what, fix = _explain(model, first, path)
        raise error(what + more, where=source.place(path), fix=fix) from None


def _real(loc: Iterable[str | int], value: Json) -> Path_:
    """Drop the parts of pydantic's location that name a branch of a type and not a place in the file."""
    path: list[str | int] = []
    here = value
    for part in loc:
        in_row = isinstance(here, dict) and part in here
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if in_row or in_list:
            here = here[part]
        elif not (isinstance(part, str) and re.search(r"[^\w.-]|^(str|list|dict|int|float|bool|none)$", part)):
            path.append(part)
            break
        else:
            continue
        path.append(part)
    return tuple(path)


def _telling(places: list[tuple[Path_, Any]]) -> tuple[Path_, Any]:
    """The first fault; a misspelt key tells more than the key that it left missing, and where a value fits no branch
    of a type, the branch that got furthest tells most.
    """
    path, first = places[0]
    if first["type"] == "missing":
        misspelt = [one for one in places if one[1]["type"] == "extra_forbidden" and one[0][:-1] == path[:-1]]
        path, first = misspelt[0] if misspelt else (path, first)
    for other, problem in places[1:]:
        if len(other) > len(path) and other[: len(path)] == path:
            path, first = other, problem
    return path, first


def _explain(model: type[BaseModel], first: Any, path: Path_) -> tuple[str, str]:
    dotted = ".".join(str(part) for part in path) or "the file"
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return (
            f"unknown key '{dotted}'",
            f"known keys here: {', '.join(known)}{nearest(str(path[-1]), known)}",
        )
    if first["type"] == "missing":
        return f"'{dotted}' is missing", "add it"
    given = repr(first.get("input"))
    given = given if len(given) < 60 else given[:57] + "..."
    message = first["msg"].removeprefix("Value error, ")
    return f"'{dotted}' is {given}", message[:1].lower() + message[1:]


def _known_keys(model: type[BaseModel], path: Path_) -> list[str]:
    """Follow the path through nested models and return the keys that are allowed at its end."""
    here: Any = model
    for part in path:
        fields = getattr(here, "model_fields", None)
        annotation = _by_alias(fields, str(part)) if fields else None
        here = next(iter(_models_in(annotation if annotation is not None else here)), here)
    fields = getattr(here, "model_fields", {})
    return sorted(field.alias or name for name, field in fields.items())


def _by_alias(fields: dict[str, Any], part: str) -> Any:
    return next((field.annotation for name, field in fields.items() if part in (name, field.alias)), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
