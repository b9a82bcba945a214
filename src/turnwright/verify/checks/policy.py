"""Policy: the domain's rules, as predicates over what was called, found, said and heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from turnwright.domains import STANDARD_FACTORS, ExpressionFault, compile_expression
from turnwright.domains.declaration import RuleSpec
from turnwright.errors import DomainError
from turnwright.records import Conversation, Defect, Json, ToolCall, ToolResult, Turn
from turnwright.verify.check import Check, Context

__all__ = ["Policy"]


class Policy(Check):
    """Rules before each call that they name (or each writing call), and at the end."""

    name = "policy"
    kinds = ("policy_breach",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        spec = context.domain.spec
        self._before = [rule for rule in spec.rules if rule.at == "call"]
        self._after = [rule for rule in spec.rules if rule.at == "end"]
        self._idle = not spec.rules
        self._calls: list[str] = []
        self._succeeded: set[str] = set()
        self._said: set[str] = set()
        self._heard: set[str] = set()
        self._last: dict[str, Json] = {}
        blank = dict.fromkeys([*STANDARD_FACTORS, *spec.factors], "")
        self._levels = {**blank, **context.scenario.levels}
        self._functions: Mapping[str, Callable[..., Any]] = {
            "called": lambda tool: tool in self._calls,
            "succeeded": lambda tool: tool in self._succeeded,
            "said": lambda act: act in self._said,
            "heard": lambda act: act in self._heard,
            "count": lambda tool: self._calls.count(tool),
        }

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if self._idle:
            return
        if turn.call is not None:
            for rule in self._before:
                if self._concerns(rule, turn.call.name) and not self._holds(rule, turn.call):
                    yield self._breach(rule, index, f"{turn.call.name} {turn.call.arguments}")
            self._calls.append(turn.call.name)
        elif turn.result is not None:
            self._learn(turn.result)
        elif turn.role == "assistant":
            self._said.update(self.context.acts(turn))
        else:
            self._heard.update(self.context.acts(turn))

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        for rule in self._after:
            if not self._holds(rule, None):
                yield self._breach(rule, len(conversation.turns) - 1, "at the end")

    def _concerns(self, rule: RuleSpec, tool: str) -> bool:
        return tool in rule.tools if rule.tools else tool in self.context.lexicon.writes

    def _holds(self, rule: RuleSpec, call: ToolCall | None) -> bool:
        names = {
            "call": {"name": call.name, "arguments": call.arguments} if call else {},
            "args": call.arguments if call else {},
            "levels": self._levels,
            "last": self._last,
        }
        try:
            if not compile_expression(rule.when)(names, self._functions):
                return True
            return bool(compile_expression(rule.require)(names, self._functions))
        except ExpressionFault as fault:
            tool = self.context.domain.tools.get(call.name) if call else None
            if call is not None and (tool is None or tool.complaint(call.arguments)):
                # arguments that no rule was written for are a defect of their own, found by `calls`
                return True
            raise DomainError(
                f"the rule '{rule.name}' cannot be worked out: {fault.what}",
                where=f"domain {self.context.domain.name}, {fault.where}",
                fix=fault.fix or "use call, args, levels, last; called, succeeded, said, heard, count",
            ) from fault

    def _learn(self, result: ToolResult) -> None:
        """A failed call leaves `{error: ...}` as the last result, as it does while planning."""
        self._last[result.name] = {"error": result.error} if result.error else result.content
        if not result.error and result.fault != "empty":
            self._succeeded.add(result.name)

    def _breach(self, rule: RuleSpec, index: int, where: str) -> Defect:
        return self.defect(rule.defect, index, f"{rule.name}: {rule.says or rule.require}; {where}")
