"""What a STAR graph means: which node asks for what, what follows a result or an answer, and where a loop closes.

The graph of STAR leaves edges out (a result, a `yes` or a forgotten PIN starts a branch without saying where it
hangs). They are completed here by rules that know no task: a result hangs on the last call, an answer on a question
without a successor, a missing detail on the asks that its note names.
"""

from __future__ import annotations

import re
from functools import cached_property
from string import Formatter

import msgspec

from turnwright.domains.importers.star_schema import MEANT, Field, StarTask, best_match, readable, words
from turnwright.errors import DomainError

__all__ = ["END", "MESSAGE", "Shape", "placeholders"]

END = "end"
"""Stands for the close of a conversation, wherever the graph leads to `anything_else` or a goodbye."""

RESULTS = (("available", "unavailable"), ("query_success", "query_failure"))
ANSWERS = ("yes", "no", "done")
MESSAGE = "Message"
"""The field in which a check says what came of it."""
MARKS = ("correct", "incorrect", "noanswer")
CONDITIONS = {*ANSWERS, *MARKS, *(name for pair in RESULTS for name in pair)}


def placeholders(text: str) -> list[str]:
    """The `{name:d}` names of a reply, in order."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


class Shape:
    """A task's graph, understood. Nodes that start a branch are no longer nodes but attached to what they follow."""

    def __init__(self, task: StarTask) -> None:
        self.task = task
        self.greet = "hello" if "hello" in task.replies else ""
        self.bye = next((n for n in task.replies if n.startswith("goodbye") or n.endswith("_bye")), "")
        leaves = self.bye in task.graph.values() and "anything_else" not in task.graph.values()
        self.close = "anything_else" if "anything_else" in task.replies and not leaves else ""
        self.repeat = "out_of_scope" if "out_of_scope" in task.replies else ""
        self.nothing = next((n for n in task.replies if n.endswith("nothing_found")), "")
        self.start = task.graph.get(self.greet) or next(iter(task.graph))
        if not self.calls:
            raise self._refuse("the graph has no query node", "name the call of the API `query`")
        for start, end in task.graph.items():
            if end in CONDITIONS or end.startswith("info_missing"):
                raise self._refuse(f"the edge '{start}: {end}' leads to a condition", "lead it to an act")
        if self.question and not self.keys:
            raise self._refuse("the quiz asks for nothing that finds a question", "ask for an input of the API")

    def _refuse(self, what: str, fix: str) -> DomainError:
        return DomainError(what, where=f"task {self.task.name}", fix=fix)

    def said(self, node: str) -> str:
        """The first wording of a node."""
        return self.task.replies[node][0]

    def is_question(self, node: str) -> bool:
        """Whether a node's words end in a question."""
        return self.said(node).rstrip().endswith("?")

    # --- fields -----------------------------------------------------------------------------------------------

    @cached_property
    def request(self) -> Field | None:
        """The input that tells a check from a booking."""
        return next((f for f in self.task.inputs if f.kind == "RequestType"), None)

    @cached_property
    def status(self) -> Field | None:
        """The output that says whether a check or booking went well (first category: it did)."""
        choices = [f for f in self.task.outputs if f.kind == "Categorical" and len(f.categories) == 2]
        return choices[0] if self.request and choices else None

    @property
    def checked(self) -> tuple[str, str]:
        """What a check says when it can be had, and when it cannot: the words of the graph's conditions."""
        good, bad = RESULTS[0]
        return self.task.replies.get(good, (good,))[0], self.task.replies.get(bad, (bad,))[0]

    @cached_property
    def report(self) -> Field | None:
        """The long text that a call files with the record, where there is one."""
        return next((f for f in self.task.inputs if f.kind == "LongString"), None)

    @cached_property
    def confirmed(self) -> dict[str, str]:
        """Output → what it says once the report is filed (its first category)."""
        given = {f.name for f in self.task.inputs}
        outputs = [f for f in self.task.outputs if f.name not in given and f.categories] if self.report else []
        return {f.name: str(f.categories[0]) for f in outputs}

    @cached_property
    def person(self) -> Field | None:
        """The input that holds the user's own name."""
        named = (f for f in self.task.inputs if "name" in words(f.name))
        return next((f for f in named if {"full", "customer", "user"} & set(words(f.name))), None)

    @cached_property
    def lists(self) -> tuple[Field, ...]:
        """Outputs that are lists of steps."""
        return tuple(f for f in self.task.outputs if f.kind == "CategoricalList")

    @cached_property
    def asks(self) -> dict[str, Field]:
        """Node → the field that it asks for (one of our own where the API has none for the user's name)."""
        found: dict[str, Field] = {}
        for node, texts in self.task.replies.items():
            about = re.fullmatch(r"(?:[a-z]+_)?ask_(\w+)", node)
            if about is None or any(placeholders(text) for text in texts):
                continue
            field = self._asked(about[1])
            if field is not None:
                found[node] = field
        return {node: _labelled(field, node) for node, field in found.items()}

    def _asked(self, about: str) -> Field | None:
        if about == "name":
            own = Field(name="CustomerName", kind="ShortString", label="name")
            return self.person or own
        by_name = {field.name: field for field in self.task.inputs}
        if MEANT.get(about) in by_name:
            return by_name[MEANT[about]]
        return best_match(about, (f for f in self.task.inputs if f is not self.person))

    @cached_property
    def criteria(self) -> dict[str, tuple[Field, ...]]:
        """Node → the optional inputs that it offers ("I can filter by airline, class, ...")."""
        asked = {self.asks[node].name for node in self.task.graph if node in self.asks}
        free = [f for f in self.task.inputs if f.name not in asked and f.kind != "RequestType"]
        out = {}
        for node in self.task.graph:
            said = set(words(self.said(node)))
            plain = node not in self.asks and node not in CONDITIONS and not placeholders(self.said(node))
            offered = [f for f in free if 2 * len(set(words(f.name)) & said) >= len(set(words(f.name)))]
            if plain and len(offered) > 1 and not node.startswith("info_missing"):
                out[node] = tuple(offered)
        return out

    @cached_property
    def keys(self) -> tuple[Field, ...]:
        """Inputs that find a record of the world."""
        kinds = {f.name: f.kind for f in self.task.outputs}
        named = {f.name for f in (*self.asks.values(), *(f for fs in self.criteria.values() for f in fs))} | set(kinds)
        out = []
        for field in self.task.inputs:
            apart = field.kind in ("RequestType", "LongString") or kinds.get(field.name, field.kind) != field.kind
            amount = self.request is not None and field.kind == "Integer" and "id" not in words(field.name)
            foreign = field == self.person and not self.fallbacks
            if (field.name in named or self.fallbacks) and not (apart or amount or foreign):
                out.append(field)
        return tuple(out)

    @cached_property
    def varying(self) -> tuple[Field, ...]:
        """Inputs that another try gives anew."""
        if self.criteria:
            return next(iter(self.criteria.values()))
        if self.returns:
            return tuple(
                dict.fromkeys(self.asks[n] for n in self.order if n in self.asks and self.asks[n] in self.keys)
            )
        return (self.asks[self.again],) if self.again else ()

    @cached_property
    def returns(self) -> bool:
        """Whether a user who has the answer may ask the same of something else: one look-up, no login, no loop."""
        looks_up = not (self.report or self.status or self.lists or self.fallbacks or self.criteria or self.question)
        return looks_up and len(self.calls) == 1 and bool(self.close)

    @cached_property
    def stepping(self) -> Field | None:
        """The number that goes up by one where a loop leads straight back to the call (the next quiz question)."""
        loops = any(t in self.calls for n in self.order if self.asked_choice(n) for t in self.answers(n).values())
        numbers = [f for f in self.asks.values() if f.kind == "Integer" and f in self.keys]
        return numbers[-1] if loops and numbers and len(self.calls) == 1 else None

    @cached_property
    def prompts(self) -> dict[str, Field]:
        """Ask nodes that no edge reaches, for inputs that are only offered: asked where the user left them out."""
        offered = {f.name for fields in self.criteria.values() for f in fields}
        return {n: f for n, f in self.asks.items() if n not in self.task.graph and f.name in offered}

    # --- branches ---------------------------------------------------------------------------------------------

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The call nodes, in the order of the replies."""
        used = {*self.task.graph, *self.task.graph.values()}
        return tuple(
            sorted(
                (n for n in used if re.fullmatch(r"query(_\w+)?", n) and n not in CONDITIONS),
                key=lambda n: ("check" not in n, n),
            )
        )

    @cached_property
    def fallbacks(self) -> dict[str, str]:
        """Ask node → where to go when the user cannot tell, from the notes `info_missing...`."""
        out: dict[str, str] = {}
        for note in sorted(n for n in self.task.graph if n.startswith("info_missing")):
            told = set(words(self.said(note)))
            for node, field in self.asks.items():
                about = set(words(node.partition("ask_")[2]))
                if field != self.person and 2 * len(about & told) >= len(about) and node not in out:
                    out[node] = self.task.graph[note]
        return out

    @cached_property
    def question(self) -> str:
        """The node that asks a quiz question, empty for other tasks."""
        marked = [m for m in MARKS if m in self.task.graph]
        after = (self.task.graph[c] for c in self.calls if c in self.task.graph)
        return next((n for n in after if n not in self.task.graph), "") if len(marked) >= 2 else ""

    @cached_property
    def again(self) -> str:
        """Where another try starts: the ask that `no` leads to, the criteria, or the last ask for a key."""
        if self.task.graph.get("no") in self.asks:
            return self.task.graph["no"]
        if self.fallbacks or not (self.nothing and self.is_question(self.nothing)):
            return ""
        offered = [node for node in self.task.graph if node in self.criteria]
        path, keys = self._main_path(), {f.name for f in self.task.inputs if f != self.person}
        kinds = {f.name: f.kind for f in self.task.outputs}
        asks = [n for n in path if n in self.asks and self.asks[n].name in keys]
        fit = [n for n in asks if kinds.get(self.asks[n].name, self.asks[n].kind) == self.asks[n].kind]
        return (offered or fit[-1:] or [""])[0]

    def _main_path(self) -> list[str]:
        path, node = [], self.start
        while node and node not in path and node not in self.calls:
            path.append(node)
            node = self.task.graph.get(node, "")
        return path

    def outcomes(self, call: str) -> tuple[str, str]:
        """Where a call leads when it went well, and when it did not ("" where the graph does not say)."""
        graph = self.task.graph
        if call in graph:
            return graph[call], ""
        pairs = [(good, bad) for good, bad in RESULTS if good in graph or bad in graph]
        if not pairs:
            return END, ""
        good, bad = pairs[min(self.calls.index(call), len(pairs) - 1)]
        return graph.get(good, END), graph.get(bad, "")

    def answers(self, node: str) -> dict[str, str]:
        """The user's answers to a question without a successor → where they lead."""
        graph = self.task.graph
        if node == self.nothing:
            return {"yes": self.again, "no": END}
        done = graph.get("done", END)
        return {
            "yes": graph.get("yes") or self.calls[-1],
            "no": graph.get("no") or done,
            **({"done": done} if {"yes", "no", "done"} <= set(graph) else {}),
        }

    def asked_choice(self, node: str) -> bool:
        """Whether the node is a question whose answer the graph leaves to the user."""
        plain = node not in self.task.graph and node not in self.calls and node != self.question
        return plain and self.is_question(node) and (node != self.nothing or bool(self.again))

    def after(self, node: str) -> str:
        """Where a plain node leads, "" for one without a successor; closing nodes give END."""
        return self.real(self.task.graph.get(node, ""))

    def real(self, node: str) -> str:
        """The node, or END for `anything_else` and goodbyes."""
        return END if node in ("anything_else", self.bye) and node else node

    @cached_property
    def order(self) -> dict[str, int]:
        """Nodes in the order in which a walk from the start meets them."""
        order: dict[str, int] = {}
        waiting = [self.start]
        while waiting:
            node = waiting.pop(0)
            if node and node != END and node not in order:
                order[node] = len(order)
                waiting += self._follow(node)
        return order

    def _follow(self, node: str) -> list[str]:
        if node in self.calls:
            nothing = self.nothing if node == self.calls[0] else ""
            return [self.real(n) for n in (*self.outcomes(node), nothing)]
        if node == self.question:
            return [self.real(self.task.graph[mark]) for mark in MARKS if mark in self.task.graph]
        if node in self.task.graph:
            return [self.after(node), self.real(self.fallbacks.get(node, ""))]
        if self.asked_choice(node):
            return [self.real(target) for target in self.answers(node).values()]
        return []

    def closes_loop(self, start: str, end: str) -> bool:
        """Whether the edge goes back: its end comes no later than its start, and leads to it."""
        if end not in self.order or self.order[end] > self.order.get(start, len(self.order)):
            return False
        seen, waiting = set(), [end]
        while waiting:
            node = waiting.pop()
            if node == start:
                return True
            if node and node != END and node not in seen:
                seen.add(node)
                waiting += self._follow(node)
        return False


def _labelled(field: Field, node: str) -> Field:
    """The field under the name that people hear: `flight id` for `id`, `mother's maiden name` for an answer 1."""
    about = node.partition("ask_")[2]
    told, own = set(words(about)), set(words(field.label))
    if about == "name":
        return msgspec.structs.replace(field, label="full name" if "full" in own else "name")
    if own & {"user", "customer"}:
        return msgspec.structs.replace(field, label=readable(about))
    if any(word.isdigit() for word in own) or own < told:
        label = readable(about).replace("mothers ", "mother's ").replace("pets ", "pet's ")
        return msgspec.structs.replace(field, label=label)
    return field
