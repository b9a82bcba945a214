"""Checking a declared domain before anything runs: every name leads somewhere, every act has words.

One function per part; each raises `DomainError` with the line of the part and what is known there.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from turnwright.domains.behaviour import STANDARD_ASSISTANT_ACTS, STANDARD_FACTORS, STANDARD_USER_ACTS
from turnwright.domains.declaration import DomainSpec, IntentSpec, NodeSpec
from turnwright.domains.source import Source, nearest
from turnwright.domains.world import Row
from turnwright.errors import DomainError

__all__ = ["check", "placeholders"]


def placeholders(text: str) -> list[str]:
    """Return the `{slot}` names in a phrasing, in order.

    Raises:
        ValueError: braces that do not match, or more than a plain name between them.
    """
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    for name in names:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise ValueError(f"'{{{name}}}' is not a plain slot name")
    return names


def check(spec: DomainSpec, source: Source, tables: dict[str, dict[str, Row]]) -> None:
    """Check a whole domain."""
    _Check(spec, source, tables).all()


class _Check:
    def __init__(self, spec: DomainSpec, source: Source, tables: dict[str, dict[str, Row]]) -> None:
        self.spec, self.source, self.tables = spec, source, tables
        self.tools = {tool.name: tool for tool in spec.tools}
        self.assistant = {**STANDARD_ASSISTANT_ACTS, **spec.acts.assistant}
        self.user = {**STANDARD_USER_ACTS, **spec.acts.user}

    def fail(self, path: tuple[str | int, ...], what: str, fix: str) -> DomainError:
        return DomainError(what, where=self.source.place(path), fix=fix)

    def known(self, path: tuple[str | int, ...], what: str, name: str, names: Iterable[str]) -> None:
        choice = sorted(names)
        if name not in choice:
            shown = ", ".join(choice[:12]) + (", ..." if len(choice) > 12 else "")
            raise self.fail(path, f"unknown {what} '{name}'{nearest(name, choice)}", f"known: {shown or 'none'}")

    def all(self) -> None:
        self.phrasings()
        for name, intent in self.spec.intents.items():
            self.intent(name, intent)
        for name, flow in self.spec.flows.items():
            self.known(("flows", name, "start"), "node", flow.start, flow.nodes)
            for node_name, node in flow.nodes.items():
                self.node(("flows", name, "nodes", node_name), node, flow.nodes)
            self.reaches_an_end(name)
        for tool in self.spec.tools:
            self.tool_tables(tool.name)
        for index, rule in enumerate(self.spec.rules):
            for tool_name in rule.tools:
                self.known(("rules", index, "tools"), "tool", tool_name, self.tools)
        self.factors()

    def phrasings(self) -> None:
        for side, acts in (("assistant", self.spec.acts.assistant), ("user", self.spec.acts.user)):
            for name, act in acts.items():
                for index, phrasing in enumerate(act.phrasings):
                    try:
                        placeholders(phrasing)
                    except ValueError as fault:
                        path = ("acts", side, name, "phrasings", index)
                        raise self.fail(
                            path, f"phrasing of '{name}': {fault}", "write {slot_name}, or {{ for a brace"
                        ) from None
        for part, name in self.spec.behaviour.model_dump().items():
            if isinstance(name, str) and name:
                self.known(("behaviour", part), "assistant act", name, self.assistant)

    def intent(self, name: str, intent: IntentSpec) -> None:
        path = ("intents", name)
        self.known((*path, "flow"), "flow", intent.flow or name, self.spec.flows)
        for alias, part in intent.cast.items():
            self.known((*path, "cast", alias, "table"), "table", part.table, self.tables)
        for slot in intent.facts:
            self.known((*path, "facts", slot), "slot", slot, self.spec.slots)
        if intent.opens_with:
            self.known((*path, "opens_with"), "user act", intent.opens_with, self.user)
        for slot in placeholders(intent.goal):
            self.known((*path, "goal"), "slot", slot, intent.facts)

    def node(self, path: tuple[str | int, ...], node: NodeSpec, nodes: dict[str, NodeSpec]) -> None:
        targets = [edge.go for edge in node.edges] + list(node.choose.values())
        for target in [*targets, node.missing, node.on_error, node.on_empty]:
            if target:
                self.known(path, "node", target, nodes)
        if node.say:
            self.known((*path, "say"), "assistant act", node.say, self.assistant)
        for slot in node.slots:
            self.known((*path, "ask"), "slot", slot, self.spec.slots)
        for act in node.choose:
            self.known((*path, "choose"), "user act", act, self.user)
        if node.call:
            self.known((*path, "call"), "tool", node.call, self.tools)
            self.arguments(path, node)
        if node.end is None and not targets:
            raise self.fail(path, f"node '{path[-1]}' leads nowhere", "give it next, choose or end")

    def arguments(self, path: tuple[str | int, ...], node: NodeSpec) -> None:
        properties = self.tools[node.call].parameters.get("properties", {})
        for argument in node.arguments:
            self.known((*path, "with"), f"argument of {node.call}", argument, properties)
        for needed in self.tools[node.call].parameters.get("required", []):
            if needed not in node.arguments:
                raise self.fail(path, f"the call of {node.call} lacks '{needed}'", f"add with: {{{needed}: ...}}")

    def reaches_an_end(self, name: str) -> None:
        nodes = self.spec.flows[name].nodes
        seen, edge = set(), [self.spec.flows[name].start]
        while edge:
            here = edge.pop()
            if here in seen:
                continue
            seen.add(here)
            node = nodes[here]
            edge += [e.go for e in node.edges] + list(node.choose.values())
            edge += [target for target in (node.missing, node.on_error, node.on_empty) if target]
        if not any(nodes[node].end for node in seen):
            raise self.fail(("flows", name), f"flow '{name}' never reaches an end", "give a node `end: resolved`")

    def tool_tables(self, name: str) -> None:
        does = self.tools[name].does
        if does is None:
            return
        index = [tool.name for tool in self.spec.tools].index(name)
        table = does.find or does.update or does.insert
        self.known(("tools", index, "does"), "table", table, self.tables)
        for parameter in does.by:
            self.known(
                ("tools", index, "does", "by"),
                f"parameter of {name}",
                parameter,
                self.tools[name].parameters.get("properties", {}),
            )

    def factors(self) -> None:
        aliases = {alias for intent in self.spec.intents.values() for alias in intent.cast}
        known = {**STANDARD_FACTORS, **self.spec.factors}
        for name, factor in self.spec.factors.items():
            for level_name, level in factor.levels.items():
                for cell in level.set:
                    alias, _, field = cell.partition(".")
                    path = ("factors", name, "levels", level_name, "set", cell)
                    self.known(path, "cast alias", alias, aliases)
                    if not field:
                        raise self.fail(path, f"'{cell}' names no field", f"write {alias}.field")
        if "intent" in known:
            for level_name in known["intent"].levels:
                self.known(("factors", "intent", "levels", level_name), "intent", level_name, self.spec.intents)
