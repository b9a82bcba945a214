"""What a domain's flows say about acts: which act asks for what, which call takes it, where a flow can go from an act.

A reduced view of the flows, in the act names of the data (`query_book` may count as `query` there). Conditions are not
worked out: where a flow may go, it can go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from turnwright.domains import Domain
from turnwright.domains.declaration import FlowSpec, NodeSpec
from turnwright.reading import counted_as

__all__ = ["Chart"]


class Chart:
    """The chart of one domain.

    greet, close, goodbye, repeat: acts of these parts, "" where the domain has none. asks: slot → the act that asks
    for it. calls: acts of the calls. takes: slot → name of the argument that carries it. opens: user act that states
    the goal. begins: whether a flow starts with the greeting.
    """

    def __init__(self, domain: Domain, counts: Mapping[str, str]) -> None:
        self.domain, self.counts = domain, counts
        parts = domain.spec.behaviour
        self.greet, self.close = self._as(parts.greet), self._as(parts.close)
        self.goodbye, self.repeat = self._as(parts.goodbye), self._as(parts.repeat)
        self.calls = frozenset(self._as(node.act or node.call) for _, node in self._nodes() if node.call)
        self.asks: dict[str, str] = {}
        self.takes: dict[str, str] = {}
        for _, node in self._nodes():
            for slot in node.slots:
                self.asks.setdefault(slot, self._act(node))
            for name, text in node.arguments.items():
                if text in domain.spec.slots:
                    self.takes.setdefault(text, name)
        opens = {intent.opens_with for intent in domain.spec.intents.values() if intent.opens_with}
        self.opens = opens.pop() if len(opens) == 1 else ""
        self.begins = any(self._as(flow.nodes[flow.start].say) == self.greet for flow in domain.spec.flows.values())

    @property
    def closing(self) -> frozenset[str]:
        """Acts that open and close, which the settings of planning decide and no factor does."""
        return frozenset({self.greet, self.close, self.goodbye} - {""})

    def after(self, act: str, following: str) -> list[str]:
        """The user acts by which a flow gets from the assistant's choice to this next act."""
        return list(dict.fromkeys(
            answer
            for flow, node in self._nodes()
            if node.choose and self._act(node) == act
            for answer, target in node.choose.items()
            if following in self._first(flow, target, frozenset())
        ))  # fmt: skip

    def misses(self, act: str, following: str) -> bool:
        """Whether the flow gets from this question to that act only when the user cannot tell what was asked."""
        asking = [(flow, node) for flow, node in self._nodes() if node.slots and self._act(node) == act]
        gone = [(flow, node.missing) for flow, node in asking if node.missing]
        missing = any(following in self._first(flow, name, frozenset()) for flow, name in gone)
        told = any(following in self._first(flow, edge.go, frozenset()) for flow, node in asking for edge in node.edges)
        return missing and not told

    def slots_of(self, act: str) -> list[str]:
        """The slots that this act asks for."""
        return [slot for slot, asks in self.asks.items() if asks == act]

    def _nodes(self) -> Iterator[tuple[FlowSpec, NodeSpec]]:
        for flow in self.domain.spec.flows.values():
            for node in flow.nodes.values():
                yield flow, node

    def _act(self, node: NodeSpec) -> str:
        return self._as(node.say or (f"ask_{node.slots[0]}" if node.slots else node.act or node.call))

    def _as(self, act: str) -> str:
        return counted_as(act, self.counts) if act else ""

    def _first(self, flow: FlowSpec, name: str, seen: frozenset[str]) -> set[str]:
        """The acts that can come first from this node on; a question may be skipped because its answer is known."""
        node = flow.nodes.get(name)
        if node is None or name in seen:
            return set()
        found = {act} if (act := self._act(node)) else set()
        if node.end is not None:
            found |= {self.close, self.goodbye} - {""}
        if found and not node.slots:
            return found
        return found.union(*(self._first(flow, edge.go, seen | {name}) for edge in node.edges))
