"""Calls: the tool exists and its JSON Schema accepts the arguments. What the call is for is not looked at."""

from __future__ import annotations

from collections.abc import Iterable

from turnwright.records import Defect, Turn
from turnwright.verify.check import Check

__all__ = ["Calls"]


class Calls(Check):
    """Known tools, valid arguments. A call that equals a gold call was executed at planning and is valid."""

    name = "calls"
    kinds = ("unknown_tool", "invalid_arguments")

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        call = turn.call
        if call is None:
            return
        tool = self.context.domain.tools.get(call.name)
        if tool is None:
            known = ", ".join(sorted(self.context.domain.tools))
            yield self.defect("unknown_tool", index, f"there is no tool '{call.name}' (there are: {known})")
            return
        gold = self.context.blueprint.calls
        if any(call.name == known.name and call.arguments == known.arguments for known in gold):
            return
        complaint = tool.complaint(call.arguments)
        if complaint:
            yield self.defect("invalid_arguments", index, f"{call.name}: {complaint}")
