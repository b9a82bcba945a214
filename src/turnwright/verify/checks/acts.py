"""Acts: labels are declared, and a filled-in skeleton has the acts that its blueprint planned."""

from __future__ import annotations

from collections.abc import Iterable

from turnwright.records import Conversation, Defect, Step, Turn
from turnwright.verify.check import Check, Context

__all__ = ["Acts"]


class Acts(Check):
    """Declared labels; for `fill`, the planned outline. In `interplay` a turn may have no label."""

    name = "acts"
    kinds = ("unknown_act", "wrong_outline")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        lexicon, domain = context.lexicon, context.domain
        planned = {(step.role, act) for step in context.blueprint.steps for act in step.acts}
        self._planned = planned
        assistant = domain.assistant_acts.keys() | lexicon.call_acts
        self._declared = {"user": domain.user_acts.keys(), "assistant": assistant}

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        declared = self._declared.get(turn.role)
        if declared is None:
            return
        for act in turn.acts:
            if act not in declared and (turn.role, act) not in self._planned:
                yield self.defect("unknown_act", index, f"the domain has no act '{act}' of the {turn.role}")

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        if conversation.way != "fill":
            return
        planned = _outline(self.context.blueprint.steps)
        actual = _outline(conversation.turns)
        if planned == actual:
            return
        pairs = enumerate(zip(planned, actual, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), min(len(planned), len(actual)))
        here = actual[at] if at < len(actual) else "the end"
        there = planned[at] if at < len(planned) else "the end"
        evidence = f"turn {at} is '{here}', planned was '{there}' ({len(actual)} turns, {len(planned)} planned)"
        yield self.defect("wrong_outline", min(at, len(actual) - 1), evidence)


def _outline(turns: Iterable[Turn | Step]) -> list[str]:
    """Who does what, in order; what a tool turn is called does not matter."""
    return [turn.role if turn.role == "tool" else f"{turn.role}:{'+'.join(turn.acts)}" for turn in turns]
