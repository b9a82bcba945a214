"""Checking a declared domain before anything runs: every name leads somewhere, every act has words.

One function per part; each raises `DomainError` with the line of the part and what is known there. Whether a flow
can be walked with the rows of the world is not decided here: that is for planning.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from turnwright.domains.behaviour import STANDARD_ASSISTANT_ACTS, STANDARD_FACTORS, STANDARD_USER_ACTS
from turnwright.domains.declaration import DomainSpec, Effect, IntentSpec, NodeSpec, RuleSpec
from turnwright.domains.expression import PLAIN_FUNCTIONS, compile_expression
from turnwright.domains.source import Source, nearest
from turnwright.domains.world import Row
from turnwright.errors import DomainError

__all__ = ["RULE_FUNCTIONS", "check", "placeholders"]

RULE_FUNCTIONS = frozenset({"called", "succeeded", "said", "heard", "count"})
"""What a rule may ask about the trace, beside the functions that every expression has."""
Path = tuple[str | int, ...]


def placeholders(text: str) -> list[str]:
    """Return the `{slot}` names in a phrasing, in order.

    Raises:
        ValueError: braces that do not match, or more than a plain name between them.
    """
    names = []
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise ValueError(f"'{{{name}}}' is not a plain slot name")
        names.append(name)
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

    def fail(self, path: Path, what: str, fix: str) -> DomainError:
        return DomainError(what, where=self.source.place(path), fix=fix)

    def known(self, path: Path, what: str, name: str, names: Iterable[str]) -> None:
        choice = sorted(names)
        if name not in choice:
            shown = ", ".join(choice[:12]) + (", ..." if len(choice) > 12 else "")
            raise self.fail(path, f"unknown {what} '{name}'{nearest(name, choice)}", f"known: {shown or 'none'}")

    def expression(self, path: Path, text: str | None, names: Iterable[str], functions: Iterable[str] = ()) -> None:
        """Every name and function of the expression must be known where it stands."""
        if text is None:
            return
        parsed = compile_expression(text)
        for name in sorted(parsed.names):
            self.known(path, "name", name, names)
        for function in sorted(parsed.functions):
            self.known(path, "function", function, {*PLAIN_FUNCTIONS, *functions})

    def words(self, path: Path, text: str, fix: str = "write {slot_name}, or {{ for a brace") -> list[str]:
        try:
            return placeholders(text)
        except ValueError as fault:
            raise self.fail(path, f"'{text[:60]}': {fault}", fix) from None

    def all(self) -> None:
        self.slots()
        self.phrasings()
        self.documents()
        for name, intent in self.spec.intents.items():
            self.intent(name, intent)
        for name, flow in self.spec.flows.items():
            for part in flow.include:
                self.known(("flows", name, "include"), "part", part, self.spec.parts)
            self.known(("flows", name, "start"), "node", flow.start, flow.nodes)
            names = self.names_in(name)
            for node_name, node in flow.nodes.items():
                self.node(self.node_path(name, node_name), node, flow.nodes, names)
            self.reaches_an_end(name)
        for index, tool in enumerate(self.spec.tools):
            if tool.does is not None:
                self.declared(("tools", index, "does"), tool.name, tool.does)
        for index, rule in enumerate(self.spec.rules):
            self.rule(("rules", index), rule)
        self.factors()
        self.constraints()

    def node_path(self, flow: str, node: str) -> Path:
        """Where a node is written: in the flow, or in a part that the flow includes."""
        own: Path = ("flows", flow, "nodes", node)
        places: list[Path] = [own, *(("parts", part, node) for part in reversed(self.spec.flows[flow].include))]
        return next((place for place in places if place in self.source.lines), own)

    def names_in(self, flow: str) -> set[str]:
        """What the expressions of a flow may use: slots, saved results, the cast of its intents, levels."""
        saved = {node.save or node.call for node in self.spec.flows[flow].nodes.values() if node.call}
        intents = [intent for name, intent in self.spec.intents.items() if (intent.flow or name) == flow]
        cast = {alias for intent in intents for alias in intent.cast}
        return {"levels", *self.spec.slots, *saved, *cast}

    def slots(self) -> None:
        for name, slot in self.spec.slots.items():
            fields = [field for _, field, _, _ in string.Formatter().parse(slot.format) if field is not None]
            if fields != ["value"]:
                raise self.fail(
                    ("slots", name, "format"),
                    f"the format '{slot.format}' must say {{value}} once and nothing else",
                    "e.g. '€{value:.2f}'",
                )

    def phrasings(self) -> None:
        wordless = {self.spec.behaviour.answer, "ask"}
        for side, acts in (("assistant", self.spec.acts.assistant), ("user", self.spec.acts.user)):
            for name, act in acts.items():
                path: Path = ("acts", side, name)
                if not act.phrasings and name not in wordless:
                    raise self.fail(path, f"the {side}'s act '{name}' has no phrasings", "add at least one")
                for index, phrasing in enumerate(act.phrasings):
                    self.words((*path, "phrasings", index), phrasing)
        for part, name in self.spec.behaviour.model_dump().items():
            if isinstance(name, str) and name:
                self.known(("behaviour", part), "assistant act", name, self.assistant)

    def documents(self) -> None:
        for index, document in enumerate(self.spec.documents):
            path = ("documents", index)
            if not document.asks or not document.answers:
                raise self.fail(path, f"document '{document.id}' lacks asks or answers", "give at least one of each")
            for part in ("asks", "answers"):
                for place, text in enumerate(getattr(document, part)):
                    if self.words((*path, part, place), text, "write the value out: a document has no slots"):
                        raise self.fail(
                            (*path, part, place), "a document has no slots to fill in", "write the value out"
                        )

    def intent(self, name: str, intent: IntentSpec) -> None:
        path = ("intents", name)
        self.known((*path, "flow"), "flow", intent.flow or name, self.spec.flows)
        earlier = {"row", "levels"}
        for alias, part in intent.cast.items():
            self.known((*path, "cast", alias, "table"), "table", part.table, self.tables)
            self.expression((*path, "cast", alias, "where"), part.where, earlier)
            earlier.add(alias)
        for slot, text in intent.facts.items():
            self.known((*path, "facts", slot), "slot", slot, self.spec.slots)
            self.expression((*path, "facts", slot), text, earlier - {"row"})
        if intent.opens_with:
            self.known((*path, "opens_with"), "user act", intent.opens_with, self.user)
        for slot in self.words((*path, "goal"), intent.goal):
            self.known((*path, "goal"), "slot", slot, intent.facts)

    def node(self, path: Path, node: NodeSpec, nodes: dict[str, NodeSpec], names: set[str]) -> None:
        self.shape(path, node)
        targets = [edge.go for edge in node.edges] + list(node.choose.values())
        for target in [*targets, node.missing, node.on_error, node.on_empty]:
            if target:
                self.known(path, "node", target, nodes)
        acts = [node.say] if node.say else [f"ask_{slot}" for slot in node.slots]
        for act in acts:
            self.known((*path, "say"), "assistant act", act, self.assistant)
        for slot in node.slots:
            self.known((*path, "ask"), "slot", slot, self.spec.slots)
        for act in node.choose:
            self.known((*path, "choose"), "user act", act, self.user)
        if node.call:
            self.known((*path, "call"), "tool", node.call, self.tools)
            self.arguments(path, node)
        self.expressions(path, node, names)

    def shape(self, path: Path, node: NodeSpec) -> None:
        """A node does one thing and leads somewhere, or ends."""
        does = [part for part in ("ask", "choose", "call") if getattr(node, part)]
        if len(does) > 1:
            raise self.fail(path, f"node '{path[-1]}' has {' and '.join(does)}", "make one node of each")
        leads = bool(node.edges or node.choose)
        if node.end is None and not leads:
            raise self.fail(path, f"node '{path[-1]}' leads nowhere", "give it next, choose or end")
        if node.end is not None and leads:
            raise self.fail(path, f"node '{path[-1]}' ends and leads on", "keep `end`, or next or choose")

    def expressions(self, path: Path, node: NodeSpec, names: set[str]) -> None:
        for slot, text in node.mention.items():
            self.expression((*path, "mention", slot), text, names)
        for argument, text in node.arguments.items():
            self.expression((*path, "with", argument), text, names)
        for index, edge in enumerate(node.edges):
            self.expression((*path, "next", index, "if"), edge.when, names)
        self.expression((*path, "answer"), node.answer, names)

    def arguments(self, path: Path, node: NodeSpec) -> None:
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

    def declared(self, path: Path, name: str, does: Effect) -> None:
        tool = self.tools[name]
        properties = tool.parameters.get("properties", {})
        self.known(path, "table", does.find or does.update or does.insert, self.tables)
        for parameter in does.by:
            self.known((*path, "by"), f"parameter of {name}", parameter, properties)
        for field, text in does.set.items():
            self.expression((*path, "set", field), text, ("args", "row", "now"))
            for root, part in compile_expression(text).fields:
                if root == "args":
                    self.known((*path, "set", field), f"parameter of {name}", part, properties)
        if does.update and not does.by:
            raise self.fail(path, f"'{name}' does not say which row it updates", "add by: {parameter: field}")
        if does.find and does.set:
            raise self.fail((*path, "set"), f"'{name}' only finds and cannot set", "write update instead of find")
        effect = "read" if does.find else "write"
        if tool.effect != effect:
            fix = f"add effect: {effect}" if effect == "write" else "write effect: read, or leave it out"
            raise self.fail((*path[:-1], "effect"), f"'{name}' is declared to {tool.effect}, but does {effect}", fix)

    def rule(self, path: Path, rule: RuleSpec) -> None:
        for tool in rule.tools:
            self.known((*path, "tools"), "tool", tool, self.tools)
        heard = {"said": set(self.assistant), "heard": set(self.user)}
        names = ("call", "args", "levels", "last") if rule.at == "call" else ("levels", "last")
        for part in ("require", "when"):
            text = getattr(rule, part)
            self.expression((*path, part), text, names, RULE_FUNCTIONS)
            for function, about in compile_expression(text).calls:
                if function in RULE_FUNCTIONS:
                    what = "act" if function in heard else "tool"
                    self.known((*path, part), what, str(about), heard.get(function, set(self.tools)))
            for root, field in compile_expression(text).fields:
                if root == "last":
                    self.known((*path, part), "tool", field, self.tools)
                for tool in rule.tools if root == "args" else ():
                    properties = self.tools[tool].parameters.get("properties", {})
                    self.known((*path, part), f"argument of {tool}", field, properties)

    def factors(self) -> None:
        aliases = {alias for intent in self.spec.intents.values() for alias in intent.cast}
        known = {**STANDARD_FACTORS, **self.spec.factors}
        for name, factor in self.spec.factors.items():
            self.levels_named(("factors", name, "when"), factor.when)
            for level_name, level in factor.levels.items():
                for cell in level.set:
                    alias, _, field = cell.partition(".")
                    path: Path = ("factors", name, "levels", level_name, "set", cell)
                    self.known(path, "cast alias", alias, aliases)
                    if not field:
                        raise self.fail(path, f"'{cell}' names no field", f"write {alias}.field")
        if "intent" in known:
            for level_name in known["intent"].levels:
                self.known(("factors", "intent", "levels", level_name), "intent", level_name, self.spec.intents)

    def constraints(self) -> None:
        for index, constraint in enumerate(self.spec.constraints):
            part = "forbid" if constraint.forbid else "require"
            self.levels_named(("constraints", index, part), constraint.forbid or constraint.require)

    def levels_named(self, path: Path, text: str | None) -> None:
        """Factors and levels that an expression compares must exist."""
        known = {**STANDARD_FACTORS, **self.spec.factors}
        factors = {**{name: set(factor.levels) for name, factor in known.items()}}
        factors.setdefault("intent", set(self.spec.intents))
        self.expression(path, text, factors)
        for name, level in compile_expression(text).comparisons if text else ():
            if level is not None:  # a factor that does not apply is null
                self.known(path, f"level of {name}", str(level), factors[name])
