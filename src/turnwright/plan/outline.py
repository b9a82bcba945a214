"""The outline under construction: appends planned turns and keeps the two sides in turn.

Two assistant texts never follow each other: either they become one turn that does two things, or the user takes
note in between.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from turnwright.domains import Domain
from turnwright.records import Json, Step, ToolCall, ToolResult

__all__ = ["Outline"]

Mentions = Iterable[tuple[str, Json]]


class Outline:
    """Steps so far. `join` is the share of places where the assistant does two things in one turn."""

    def __init__(self, domain: Domain, rng: random.Random, join: float) -> None:
        self.domain, self.rng = domain, rng
        self.join = join if domain.spec.behaviour.joins else 0.0
        self.steps: list[Step] = []
        self._calls = 0
        self._prefix: list[tuple[str, str, tuple[tuple[str, Json], ...], str]] = []

    def user(self, *parts: tuple[str, str], mentions: Mentions = (), detour: str = "", node: str = "") -> None:
        """Add a user turn of one or more (act, slot) parts."""
        if self.steps and self.steps[-1].role == "user":
            self._merge(self._step("user", parts, mentions, detour, node))
        else:
            self.steps.append(self._step("user", parts, mentions, detour, node))

    def assistant(self, act: str, slot: str = "", mentions: Mentions = (), detour: str = "", node: str = "") -> None:
        """Add an assistant turn, joined to the one before or after a user's acknowledgement where needed."""
        step = self._step("assistant", [(act, slot)], mentions, detour, node)
        if self._prefix:
            step = self._prefixed(step)
        if self.steps and self.steps[-1].role == "assistant" and self.steps[-1].call is None:
            if self._may_join(self.steps[-1], step):
                self._merge(step)
                return
            self.user((self.known_user("acknowledge"), ""))
        self.steps.append(step)

    def lead_in(self, act: str, slot: str = "", mentions: Mentions = (), detour: str = "") -> None:
        """Let the next assistant turn open with this act (an apology, an answer), if the domain has it."""
        if not act:
            return
        if self.domain.spec.behaviour.joins:
            self._prefix.append((act, slot, tuple(mentions), detour))
        else:
            self.assistant(act, slot, mentions, detour)
            self.user((self.known_user("acknowledge"), ""), detour=detour)

    def call(self, name: str, arguments: dict[str, Json], act: str, node: str) -> ToolCall:
        """Add a call turn and return the call."""
        self._flush()
        self._calls += 1
        call = ToolCall(id=f"call_{self._calls}", name=name, arguments=arguments)
        self.steps.append(Step(role="assistant", acts=(act or name,), call=call, node=node))
        return call

    def result(self, result: ToolResult, node: str) -> None:
        """Add a tool turn."""
        self.steps.append(Step(role="tool", result=result, node=node))

    def known_user(self, act: str) -> str:
        """The act, provided the domain has it."""
        return act if act in self.domain.user_acts else "acknowledge"

    def _flush(self) -> None:
        """Say a pending lead-in on its own, because a call comes next."""
        for act, slot, mentions, detour in self._prefix:
            step = self._step("assistant", [(act, slot)], mentions, detour, "")
            if self.steps and self.steps[-1].role == "assistant" and self.steps[-1].call is None:
                self._merge(step)
            else:
                self.steps.append(step)
        self._prefix = []

    def _prefixed(self, step: Step) -> Step:
        before = [self._step("assistant", [(a, s)], m, d, "") for a, s, m, d in self._prefix]
        self._prefix = []
        for first in reversed(before):
            step = _joined(first, step)
        return step

    def _may_join(self, last: Step, step: Step) -> bool:
        return len(last.acts) + len(step.acts) <= 3 and self.rng.random() < self.join

    def _merge(self, step: Step) -> None:
        self.steps[-1] = _joined(self.steps[-1], step)

    def _step(self, role: str, parts: Iterable[tuple[str, str]], mentions: Mentions, detour: str, node: str) -> Step:
        named = list(parts)
        return Step(
            role=role,  # type: ignore[arg-type]
            acts=tuple(act for act, _ in named),
            phrase="+".join(f"{act}:{slot}" if slot else act for act, slot in named),
            mentions=tuple(mentions),
            detour=detour,
            node=node,
        )


def _joined(first: Step, second: Step) -> Step:
    return Step(
        role=first.role,
        acts=first.acts + second.acts,
        phrase=f"{first.phrase}+{second.phrase}",
        mentions=_distinct(first.mentions + second.mentions),
        detour=first.detour or second.detour,
        node=second.node or first.node,
    )


def _distinct(mentions: tuple[tuple[str, Json], ...]) -> tuple[tuple[str, Json], ...]:
    """Keep each (slot, value) once; values may be lists, so they are compared, not hashed."""
    kept: list[tuple[str, Json]] = []
    for mention in mentions:
        if mention not in kept:
            kept.append(mention)
    return tuple(kept)
