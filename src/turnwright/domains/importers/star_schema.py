"""Reading a STAR task: its graph, replies and API as typed records, checked before anything is made of them.

Reads nothing but the schema: `tasks/<task>.json`, `tasks/<task>.responses.json` and `apis/<task>.json`. Names are
matched by their words (`plane_ask_departure_city` to `DepartureCity`), never by what people said in conversations.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from turnwright.domains.source import nearest
from turnwright.errors import DomainError

__all__ = ["Field", "StarTask", "best_match", "read_task", "readable", "task_names", "words"]

LARGEST = 1_000_000
ENOUGH = 0.3
"""Share of common words from which two names are taken to mean the same."""

_WORDS = {"dob": ("date", "birth"), "clazz": ("class",)}
_FILLER = {"of", "the", "a", "an", "your"}
CHOSEN = ("Categorical", "CategoricalList", "RequestType")
UNITS = ("hours", "minutes", "celsius")
MEANT = {
    "mothers_maiden_name": "SecurityAnswer1",
    "childhood_pets_name": "SecurityAnswer2",
    "location": "City",
    "restaurant": "Name",
}
"""What an ask node is about where its words share nothing with the API's."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One input or output of the API.

    kind: the schema's `Type`. label: how people call it. unit: what a number counts, kept out of the label.
    only_when: (input, value) that the field depends on.
    """

    name: str
    kind: str
    label: str
    categories: tuple[Any, ...] = ()
    low: int = 0
    high: int = 100
    unit: str = ""
    only_when: tuple[str, str] | None = None

    @property
    def slot(self) -> str:
        """The name as a slot: usable in expressions and phrasings."""
        name = re.sub(r"\W", "_", self.name)
        return f"{name}_" if keyword.iskeyword(name) else name


class StarTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task as its schema tells it. `replies` holds one or two wordings a node."""

    name: str
    title: str
    function: str
    replies: dict[str, tuple[str, ...]]
    graph: dict[str, str]
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    required: tuple[str, ...]
    counts: bool
    table: str


def words(text: str) -> tuple[str, ...]:
    """Split `DateOfBirth`, `ask_dob` or a sentence into lower-case words without plural s and fillers."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text)
    out: list[str] = []
    for part in (p.lower() for p in parts):
        stem = part[:-1] if len(part) > 3 and part.endswith("s") and not part.endswith("ss") else part
        out += _WORDS.get(part, (stem,))
    return tuple(word for word in out if word not in _FILLER)


def best_match(name: str, fields: Iterable[Field]) -> Field | None:
    """Return the field whose words are nearest to those of `name`, None when no field comes near."""
    wanted = set(words(name))
    scored = [(max(_likeness(wanted, f.label), _likeness(wanted, f.name)), f) for f in fields]
    score, field = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return field if score > ENOUGH else None


def _likeness(wanted: set[str], name: str) -> float:
    other = set(words(name))
    return len(wanted & other) / max(1, len(wanted | other))


def task_names(source: Path) -> list[str]:
    """Return the tasks of a STAR folder.

    Raises:
        DomainError: it has no `tasks` folder, or no task in it.
    """
    folder = source / "tasks"
    names = sorted(p.stem for p in folder.glob("*.json") if not p.name.endswith(".responses.json"))
    if not names:
        what = "has no task in its folder tasks/" if folder.is_dir() else "has no folder tasks/"
        raise DomainError(what, where=str(source), fix="give the folder that holds tasks/ and apis/ of STAR")
    return names


def read_task(source: Path, task: str) -> StarTask:
    """Read and check one task.

    Raises:
        DomainError: a file is missing or unreadable, or the graph leads to a node that it does not have.
    """
    names = task_names(source)
    if task not in names:
        raise DomainError(
            f"there is no task '{task}'{nearest(task, names)}", where=str(source), fix=f"known: {', '.join(names)}"
        )
    place = source / "tasks" / f"{task}.json"
    body, api = _read(place), _read(source / "apis" / f"{task}.json")
    replies = _texts(body.get("replies"), place, "replies")
    graph = _texts(body.get("graph"), place, "graph")
    _check_graph(graph, replies, place)
    return StarTask(
        name=task,
        title=task.replace("_", " "),
        function=_function(api, task),
        replies=_wordings(source, task, replies),
        graph=graph,
        inputs=_fields(api, "input", source, task),
        outputs=_fields(api, "output", source, task),
        required=tuple(str(name) for name in api.get("required", ())),
        counts=bool(api.get("returns_count")),
        table=_table(api, task),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise DomainError(f"the file has more than {LARGEST:,} bytes", where=str(path), fix="give a task's schema")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise DomainError(
            f"cannot be read ({fault.strerror})", where=str(path), fix="a task needs tasks/NAME.json and apis/NAME.json"
        ) from fault
    except (ValueError, RecursionError) as fault:
        raise DomainError(f"not valid JSON: {fault}", where=str(path), fix="check commas and quotes") from None
    if not isinstance(value, dict):
        raise DomainError("must be a JSON object", where=str(path), fix="see the schema files of STAR")
    return value


def _texts(value: Any, place: Path, key: str) -> dict[str, str]:
    if not isinstance(value, dict) or not value or not all(isinstance(v, str) for v in value.values()):
        raise DomainError(f"'{key}' must map names to texts", where=str(place), fix=f"give the task its {key}")
    for name in value:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", name):
            raise DomainError(
                f"'{name[:60]}' in '{key}' is not a plain name", where=str(place), fix="use letters, digits and _"
            )
    return {str(name): str(text) for name, text in value.items()}


def _check_graph(graph: dict[str, str], replies: dict[str, str], place: Path) -> None:
    for start, end in graph.items():
        for node in (start, end):
            if node not in replies:
                raise DomainError(
                    f"the graph's edge '{start}: {end}' names the unknown node '{node}'{nearest(node, replies)}",
                    where=str(place),
                    fix="give the node a reply, or mend the edge",
                )
    for node, text in replies.items():
        try:
            list(Formatter().parse(text))
        except ValueError as fault:
            raise DomainError(
                f"the reply of '{node}' has bad braces ({fault})", where=str(place), fix="write {name:s} or {name:d}"
            ) from None


def _wordings(source: Path, task: str, replies: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """The replies, with the other wording that the responses file has for some of them."""
    path = source / "tasks" / f"{task}.responses.json"
    others = _texts(_read(path), path, "responses") if path.exists() else {}
    out = {}
    for node, text in replies.items():
        pair = (text, others.get(node, text))
        out[node] = tuple(dict.fromkeys(" ".join(wording.split()) for wording in pair))
    return out


def _function(api: dict[str, Any], task: str) -> str:
    name = str(api.get("function", ""))
    return task if name.startswith("generic") or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", name) else name


def _table(api: dict[str, Any], task: str) -> str:
    name = str(api.get("db") or "null")
    return f"{task}_records" if name == "null" or not name.isidentifier() else f"{name}_records"


def _fields(api: dict[str, Any], side: str, source: Path, task: str) -> tuple[Field, ...]:
    place, raw = str(source / "apis" / f"{task}.json"), api.get(side)
    if not isinstance(raw, list) or not all(isinstance(f, dict) and "Name" in f and "Type" in f for f in raw):
        raise DomainError(
            f"'{side}' must be a list of fields with Name and Type", where=place, fix="see the API files of STAR"
        )
    if side == "input" and not raw:
        raise DomainError("the API takes no input", where=place, fix="give it at least one input field")
    return tuple(_field(f, place) for f in raw)


def _field(raw: dict[str, Any], place: str) -> Field:
    name = str(raw["Name"])
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", name):
        raise DomainError(f"the field name '{name[:60]}' is not plain", where=place, fix="use letters, digits and _")
    label = readable(str(raw.get("ReadableName") or name))
    unit = label.split()[-1] if label.split()[-1] in UNITS and " " in label else ""
    condition = re.search(r'p\["(\w+)"\]\s*==\s*"(\w+)"', str(raw.get("Enabled", "")))
    try:
        low, high = int(raw.get("Min", 0)), int(raw.get("Max", 100))
    except (TypeError, ValueError):
        raise DomainError(f"Min and Max of '{name}' must be whole numbers", where=place, fix="mend them") from None
    kind, categories = str(raw["Type"]), raw.get("Categories") or ()
    if kind in CHOSEN and not (isinstance(categories, list) and categories):
        raise DomainError(f"'{name}' of type {kind} has no Categories", where=place, fix="list its values")
    return Field(
        name=name,
        kind=kind,
        label=label.removesuffix(f" {unit}") if unit else label,
        categories=tuple(categories),
        low=low,
        high=max(low, high),
        unit=unit,
        only_when=(condition[1], condition[2]) if condition else None,
    )


def readable(name: str) -> str:
    """`DateOfBirth` or `flight_id` as people write it; words in capitals (PIN) stay."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z']+|\d+", name)
    return " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts) or name
