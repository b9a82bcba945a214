"""Gold: the calls that were made are the calls that the blueprint executed, with the same arguments.

In `interplay` the teacher may look things up in its own way; what it changes must be what was planned.
"""

from __future__ import annotations

from collections.abc import Iterable

from turnwright.records import Conversation, Defect, Json, ToolCall, Turn
from turnwright.verify.check import Check, Context

__all__ = ["Gold"]


class Gold(Check):
    """Wrong tools, wrong arguments, missing calls."""

    name = "gold"
    kinds = ("wrong_tool", "wrong_argument", "missing_call")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._strict = context.way == "fill"
        self._left = list(context.blueprint.calls)
        self._done: list[ToolCall] = []
        self._failed: set[str] = set()
        self._other: list[tuple[int, ToolCall]] = []

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if turn.result is not None and (turn.result.error or turn.result.fault == "empty"):
            self._failed.add(turn.result.call_id)
        if turn.call is None:
            return
        match = next((gold for gold in self._left if self._equal(gold, turn.call)), None)
        if match is not None:
            self._left.remove(match)
            self._done.append(turn.call)
        elif (self._strict or self._writes(turn.call)) and not self._again(turn.call):
            # an extra look-up of the teacher's own is no fault
            self._other.append((index, turn.call))
            if self._writes(turn.call):
                yield self._judge(index, turn.call)

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        for index, call in self._other:
            if not self._writes(call):
                yield self._judge(index, call)
        for gold in self._left:
            if self._strict or self._writes(gold):
                evidence = f"{gold.name} {gold.arguments} was not made"
                yield self.defect("missing_call", len(conversation.turns) - 1, evidence)

    def _judge(self, index: int, call: ToolCall) -> Defect:
        """Say what is wrong with a call that is no gold call, and take the gold call that it stands for as made."""
        same = next((gold for gold in self._left if gold.name == call.name), None)
        if same is not None:
            self._left.remove(same)
            return self.defect("wrong_argument", index, f"{call.name}: {_difference(same.arguments, call.arguments)}")
        instead = next((gold for gold in self._left if self._writes(gold) == self._writes(call)), None)
        if instead is None:
            return self.defect("wrong_tool", index, f"{call.name} {call.arguments} is not among the gold calls")
        self._left.remove(instead)
        return self.defect("wrong_tool", index, f"{call.name} is called, planned was {instead.name}")

    def _again(self, call: ToolCall) -> bool:
        """The same call once more, after it failed."""
        return any(done.id in self._failed and self._equal(done, call) for done in self._done) and not self._strict

    def _writes(self, call: ToolCall) -> bool:
        return call.name in self.context.lexicon.writes

    def _equal(self, gold: ToolCall, call: ToolCall) -> bool:
        if gold.name != call.name or gold.arguments.keys() != call.arguments.keys():
            return False
        return all(self._same(gold.arguments[name], value) for name, value in call.arguments.items())

    def _same(self, gold: Json, value: Json) -> bool:
        if gold == value:
            return True
        fewest = self.context.settings.free_text
        return not self._strict and is_free_text(gold, fewest) and is_free_text(value, fewest)


def is_free_text(text: Json, fewest: int) -> bool:
    """Whether this is running text, which a teacher may word in its own way."""
    return isinstance(text, str) and len(text.split()) >= fewest


def _difference(gold: dict[str, Json], given: dict[str, Json]) -> str:
    names = [name for name in sorted(gold.keys() | given.keys()) if gold.get(name) != given.get(name)]
    return "; ".join(f"{name} is {given.get(name)!r}, planned was {gold.get(name)!r}" for name in names)
