"""One STAR task as the content of a domain folder: the document of `domain.yaml`, and the rows beside it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from turnwright.domains.importers import star_words as say
from turnwright.domains.importers.star_factors import constraints, factors
from turnwright.domains.importers.star_flow import Flow
from turnwright.domains.importers.star_graph import CONDITIONS, MESSAGE, Shape
from turnwright.domains.importers.star_schema import Field, StarTask, words
from turnwright.domains.importers.star_world import DETAILS, PASSES, WRONG, StarWorld, slot_of

__all__ = ["StarDomain"]

RECORDS_FILE, USERS_FILE = "records.json", "users.json"
SECRET = {"pin", "password", "maiden", "pet", "security"}
WRONGS = 4
"""How many wrong values a slot declares, for users who say one by mistake."""

Json = Any


class StarDomain:
    """Everything that is derived from one task."""

    def __init__(self, task: StarTask) -> None:
        self.task = task
        self.shape = Shape(task)
        self.world = StarWorld(self.shape)
        self.flow = Flow(self.shape, self.world)
        self.factors = factors(self.shape, self.world, self.flow)

    def heading(self) -> str:
        """The comment on top of the file."""
        return (
            f"# Made by `turnwright import star` from the schema, the API and the graph of the STAR task"
            f" '{self.task.name}'.\n# Everything may be changed; see the guide to domains for what each part means.\n"
        )

    def tables(self) -> dict[str, list[dict[str, Json]]]:
        """File name → rows."""
        return {RECORDS_FILE: self.world.records, USERS_FILE: self.world.users}

    def document(self) -> dict[str, Json]:
        """The content of `domain.yaml`, in reading order."""
        shape = self.shape
        return {
            "name": self.task.name,
            "title": self.task.title.capitalize(),
            "summary": f"Imported from the STAR task '{self.task.name}' (schema, API and graph only).",
            "policy": self._policy(),
            "behaviour": self._behaviour(),
            "slots": {name: self._slot(name, field) for name, field in self.slots.items()},
            "acts": {"assistant": self._assistant(), "user": self._user()},
            "tools": [self._tool()],
            "world": {
                shape.task.table: {"key": "ref", "file": RECORDS_FILE},
                "users": {"key": "ref", "file": USERS_FILE},
            },
            "intents": {self.task.name: self._intent()},
            "flows": {self.task.name: {"start": self.flow.start, "nodes": self.flow.nodes}},
            "rules": self._rules(),
            "factors": self.factors,
            "constraints": constraints(shape, self.flow, self.factors),
            "source": f"STAR task {self.task.name}",
        }

    @property
    def request(self) -> str:
        """The user's act that opens."""
        return f"request_{self.task.name}"[:64]

    # --- slots and facts --------------------------------------------------------------------------------------

    @cached_property
    def slots(self) -> dict[str, Field]:
        """Slot → field: what is asked, what is offered, what another try asks anew, the replies to a quiz."""
        shape = self.shape
        used = [shape.asks[node] for node in shape.order if node in shape.asks]
        out = {field.slot: field for field in [*used, *shape.varying]}
        tries = range(2, PASSES + 1) if any("." in name for name in self.flow.nodes) else ()
        out |= {slot_of(field, turn): field for turn in tries for field in shape.varying}
        if shape.question:
            reply = Field(name="Reply", kind="ShortString", label="answer")
            out |= {slot_of(reply, turn): reply for turn in range(1, PASSES + 1)}
        return out

    @cached_property
    def known(self) -> set[str]:
        """Names of fields that people know (not wish): plain texts, and what the question calls theirs."""
        out = {"Reply"}
        for node, field in self.shape.asks.items():
            text = field.kind in ("ShortString", "LongString") and "location" not in words(field.name)
            if text or f"your {field.label}" in self.shape.said(node).lower():
                out.add(field.name)
        return out

    def _slot(self, slot: str, field: Field) -> dict[str, Json]:
        out: dict[str, Json] = {"label": field.label}
        if slot != field.slot or field.name == "Reply":
            out["early"] = (
                False  # what a later try needs is not told before the first, nor an answer before its question
            )
        elif (ready := self._ready(field)) != 1:
            out["ready"] = ready
        if set(words(field.label)) & SECRET:
            out["secret"] = True
        wrong = field.categories[: WRONGS + 1] if field.kind == "Categorical" else ()
        return {**out, "wrong": list(wrong)} if wrong else out

    def _ready(self, field: Field) -> float:
        """People come with a problem, seldom with their name, and hardly ever with what proves who they are."""
        if field.kind == "LongString":
            return 3.0
        if "name" in words(field.name) and field.name in self.known:
            return 0.5
        return 0.3 if field.name in self.known and self.shape.fallbacks else 1.0

    def _facts(self) -> dict[str, str]:
        """Slot → where the user knows it from; wrong credentials and forgotten ones are decided by factors."""
        out = {slot: f"user.{slot}" for slot in self.slots}
        if any(node in self.shape.order for node in self.shape.fallbacks):
            main, other = self._last_keys()
            for field in (main, other):
                right = f"user.{field.slot}"
                out[field.slot] = f"{right} if levels.credentials != 'wrong' else {right}{WRONG}"
            out[other.slot] = f"null if levels.fallback == 'forgets' else ({out[other.slot]})"
        return out

    def _last_keys(self) -> tuple[Field, Field]:
        """The last credential on the way to the call, with and without the missing details."""
        missing = {node: end for node, end in self.shape.fallbacks.items() if node in self.shape.order}
        second = set(missing.values())
        first = [n for n in missing if missing[n] in self.shape.asks and n not in second]
        first = first or list(missing)
        later = [n for n in self.shape.order if n in missing and n not in first]
        return self.shape.asks[first[-1]], self.shape.asks[(later or first)[-1]]

    # --- acts -------------------------------------------------------------------------------------------------

    def _behaviour(self) -> dict[str, Json]:
        shape = self.shape
        parts = {"greet": shape.greet, "close": shape.close, "goodbye": shape.bye, "repeat": shape.repeat}
        off = dict.fromkeys(("apologise", "trouble", "wait", "check", "corrected", "answer", "need", "cannot"), "")
        return {**parts, **off, "joins": False}

    def _assistant(self) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for node, texts in self.task.replies.items():
            if node in CONDITIONS or node in self.shape.calls or node.startswith("info_missing"):
                continue
            slots = {name: slot for name, slot, _ in self.flow.mentions(node, 1)}
            out[node] = {"phrasings": [say.templated(text, slots) for text in texts]}
        return out

    def _user(self) -> dict[str, Json]:
        out: dict[str, list[str]] = {self.request: say.requests(self.shape)}
        for slot, field in self.slots.items():
            known = field.name in self.known
            out[f"inform_{slot}"] = say.informing(field, slot, known)
            if field.name != "Reply":
                out[f"volunteer_{slot}"] = say.volunteering(field, slot, known)
            if known:
                out[f"forget_{slot}"] = say.forgetting(field)
        for act in dict.fromkeys(act for node in self.flow.nodes.values() for act in node.get("choose", ())):
            kind, _, node = act.partition("_")
            if kind in ("yes", "no", "done", "none", "unsure"):
                out[act] = say.answering(self.shape.said(node), kind)
        out |= say.manners(self.shape)
        return {act: {"phrasings": phrasings} for act, phrasings in out.items()}

    # --- tool, intent, rules ----------------------------------------------------------------------------------

    def _tool(self) -> dict[str, Json]:
        shape, task = self.shape, self.task
        writes = bool(shape.report or shape.status)
        used = [f for f in task.inputs if f in shape.keys or f.name in self._asked_names() or f == shape.request]
        schema: dict[str, Json] = {"type": "object", "properties": {f.name: _schema(f) for f in used}}
        required = [n for n in task.required if n in self._asked_names() or (shape.request and n == shape.request.name)]
        schema |= {"required": required} if required else {}
        schema |= {"anyOf": self._ways()} if shape.fallbacks else {}
        effect: dict[str, Json] = {"update" if writes else "find": task.table}
        effect["by"] = {f.name: f.name for f in shape.keys}
        if writes:
            effect["set"] = self._changes()
        effect["give"] = self._given()
        if shape.status:
            effect["tell"] = self._told()
        if task.counts or shape.question:
            effect["many"] = True
        return {
            "name": task.function,
            "description": self._described(),
            "parameters": {**schema, "additionalProperties": False},
            "effect": "write" if writes else "read",
            "does": effect,
        }

    def _described(self) -> str:
        """What the model reads about the tool, the way of a request and the ranges of numbers with it."""
        text = f"The API of '{self.task.title}'."
        if self.shape.request:
            text += f" {self.shape.request.label.capitalize()}: {' or '.join(map(str, self.shape.request.categories))}."
        return text

    def _asked_names(self) -> set[str]:
        return {self.shape.asks[node].name for node in self.shape.order if node in self.shape.asks}

    def _ways(self) -> list[dict[str, Json]]:
        """The sets of details with which a user can be recognised: one for each way to the call."""
        asks, order = self.shape.asks, self.shape.order
        missing = {node: end for node, end in self.shape.fallbacks.items() if node in order}
        second = {n for n in missing if missing[n] not in asks}
        first = {n for n in missing if n not in second}
        common = [self.shape.person.name] if self.shape.person else []
        return [{"required": [*common, *(asks[n].name for n in asks if n in way)]} for way in (first, second) if way]

    def _changes(self) -> dict[str, str]:
        shape = self.shape
        if shape.report:
            said = {name: f"'{text}'" for name, text in shape.confirmed.items()}
            return {shape.report.name: f"args.{shape.report.name}", **said}
        assert shape.status and shape.request
        good, bad = shape.status.categories
        book = str(shape.request.categories[-1])
        out = {
            shape.status.name: f"('{good}' if row.Bookable else '{bad}') if args.{shape.request.name} == '{book}'"
            f" else row.{shape.status.name}"
        }
        for field in self.task.inputs:
            if field not in shape.keys and field != shape.request:
                out[field.name] = (
                    f"args.{field.name} if args.{shape.request.name} == '{book}' and row.Bookable else row.{field.name}"
                )
        return out

    def _told(self) -> dict[str, str]:
        """A check tells whether it can be had, in the words of the graph's condition; a booking its status."""
        shape = self.shape
        assert shape.status and shape.request
        book = f"args.{shape.request.name} == '{shape.request.categories[-1]}'"
        good, bad = shape.checked
        can = f"row.{shape.status.name} == '{shape.status.categories[0]}'"
        return {
            MESSAGE: f"null if {book} else ('{good}' if {can} else '{bad}')",
            shape.status.name: f"row.{shape.status.name} if {book} else null",
        }

    def _given(self) -> list[str]:
        shape = self.shape
        if shape.question:
            return [shape.keys[0].name, "Question", "Answer"]
        kinds = {f.name: f.kind for f in self.task.inputs}
        outputs = [f.name for f in self.task.outputs if kinds.get(f.name, f.kind) == f.kind and f != shape.status]
        outputs = outputs or [f.name for f in shape.keys if shape.status]
        return outputs + ([DETAILS] if shape.lists else [])

    def _intent(self) -> dict[str, Json]:
        names = self.factors
        parts = []
        if "search" in names:
            parts.append("row.Found == (levels.search != 'nothing')")
        if "answers" in names:
            parts.append("row.Answers == levels.answers")
        if "outcome" in names:
            parts.append("row.Granted == (levels.outcome != 'refused')")
        if any("Correctable" in user for user in self.world.users):
            parts.append("(levels.memory != 'corrects' or row.Correctable)")
        cast: dict[str, Json] = {"user": {"table": "users", "where": " and ".join(parts) or "true"}}
        if self.shape.status:
            keys = " and ".join(f"row.{f.name} == user.{f.slot}" for f in self.shape.keys)
            cast["record"] = {"table": self.task.table, "where": f"not user.Found or {keys}"}
        return {
            "goal": f"The user wants to {say.purpose(self.shape)}.",
            "cast": cast,
            "facts": self._facts(),
            "opens_with": self.request,
        }

    def _rules(self) -> list[dict[str, Json]]:
        """A booking needs the user's yes."""
        shape = self.shape
        first = {name: node for name, node in self.flow.nodes.items() if name in shape.order}
        offers = [name for name, node in first.items() if "levels.decision" in node.get("answer", "")]
        if not (shape.request and offers):
            return []
        book = str(shape.request.categories[-1])
        heard = " or ".join(f"heard('yes_{node}')" for node in offers)
        return [
            {
                "name": "book_only_what_was_accepted",
                "tools": [self.task.function],
                "when": f"args.{shape.request.name} == '{book}'",
                "require": heard,
                "says": "book only after the user said yes to the offer",
            }
        ]

    def _policy(self) -> str:
        asked = [self.shape.asks[n].label for n in self.shape.order if n in self.shape.asks]
        lines = [f"You help users who want to {say.purpose(self.shape)}, and with nothing else."]
        if asked:
            lines.append(f"Ask for what you do not know yet, one thing at a time: {', '.join(dict.fromkeys(asked))}.")
        if self.shape.fallbacks:
            lines.append("Tell nothing and change nothing before the user is recognised by these details.")
        if self.shape.status:
            lines.append("Check first; book only after the user has said yes.")
        lines.append(f"Use {self.task.function} for every fact that you state, and say only what it returned.")
        return "\n".join(lines)


def _schema(field: Field) -> dict[str, Json]:
    kinds = {"Integer": "integer", "Boolean": "boolean"}
    out: dict[str, Json] = {"type": kinds.get(field.kind, "string"), "description": field.label}
    if field.categories and field.kind in ("Categorical", "RequestType"):
        out["enum"] = list(field.categories)
    return out
