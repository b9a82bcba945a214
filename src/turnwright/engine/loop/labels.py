"""Who is right where a sure student contradicts a label: the blueprint first, then the domain's flow, then an arbiter.

A label that the blueprint planned and the world ran stands, however sure the student is. Nothing is changed in silence:
every case is a record with both acts, the evidence and who decided, and undecided ones change nothing. These are words
of the machinery, not of people, so they are never mixed with what `turnwright label` collects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from turnwright.domains import Domain
from turnwright.domains.declaration import FlowSpec, NodeSpec
from turnwright.reading import START, Example, counted_as
from turnwright.records import Blueprint, Conversation
from turnwright.train.disagreement import Disagreement

__all__ = ["Ask", "Settled", "corrected", "following", "settle"]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement and what became of it. act: the label from here on; "" takes the turn out of training."""

    conversation: str
    task: str
    turn: int
    label: str
    student: str
    p: float
    outcome: Literal["label", "student", "undecided"]
    decided_by: Literal["blueprint", "flow", "arbiter", "nobody"]
    act: str
    evidence: str


Ask = Callable[[Disagreement, Conversation, Blueprint], Awaitable[bool | None]]
"""Ask an arbiter whether the label is wrong; None where it holds no licence for that."""


async def settle(
    found: Disagreement,
    domain: Domain | None,
    conversation: Conversation | None,
    blueprint: Blueprint | None,
    rename: Mapping[str, str],
    ask: Ask | None = None,
) -> Settled:
    """Decide one disagreement. Human turns have no blueprint, and people may leave a flow: there, only an arbiter can.

    Args:
        conversation, blueprint: None for a human turn.
    """
    if domain is None or conversation is None or blueprint is None:
        return _settled(
            found, "undecided", "nobody", "a human turn: there is no blueprint, and people may leave a flow"
        )
    planned = _planned(found.turn, conversation, blueprint, rename)
    if found.label in planned:
        return _settled(found, "label", "blueprint", f"the blueprint plans '{found.label}' here, and the world ran it")
    if found.student in planned:
        return _settled(found, "student", "blueprint", f"the blueprint plans '{found.student}' here")
    legal = following(domain, found.previous, rename)
    if (found.label in legal) != (found.student in legal):
        right: Literal["label", "student"] = "label" if found.label in legal else "student"
        act, other = (found.label, found.student) if right == "label" else (found.student, found.label)
        return _settled(found, right, "flow", f"after '{found.previous}' the flow comes to '{act}', not to '{other}'")
    both = "both acts can" if found.label in legal else "neither act can"
    answer = await ask(found, conversation, blueprint) if ask else None
    if answer is None:
        return _settled(
            found, "undecided", "nobody", f"{both} follow '{found.previous}', and no arbiter may rule on it"
        )
    said = "wrong" if answer else "right"
    return _settled(found, "student" if answer else "label", "arbiter", f"the arbiter calls the label {said}")


def corrected(examples: Sequence[Example], settled: Iterable[Settled]) -> tuple[tuple[Example, ...], int]:
    """The conversations with the labels that were corrected, and how many turns that were."""
    changed: dict[str, dict[int, str]] = {}
    for one in settled:
        if one.outcome == "student":
            changed.setdefault(one.conversation, {})[one.turn] = one.act
    made, count = [], 0
    for example in examples:
        acts = changed.get(example.name)
        if acts:
            turns = tuple(
                msgspec.structs.replace(turn, act=acts[n]) if n in acts else turn
                for n, turn in enumerate(example.turns)
            )
            example, count = msgspec.structs.replace(example, turns=turns), count + len(acts)
        made.append(example)
    return tuple(made), count


def _settled(
    found: Disagreement,
    outcome: Literal["label", "student", "undecided"],
    by: Literal["blueprint", "flow", "arbiter", "nobody"],
    evidence: str,
) -> Settled:
    return Settled(
        conversation=found.conversation, task=found.task, turn=found.turn, label=found.label, student=found.student,
        p=found.p, outcome=outcome, decided_by=by, act=found.student if outcome == "student" else found.label,
        evidence=evidence,
    )  # fmt: skip


def _planned(turn: int, conversation: Conversation, blueprint: Blueprint, rename: Mapping[str, str]) -> set[str]:
    """The acts that the blueprint plans for this turn; none where the conversation left its outline before it."""
    steps, turns = blueprint.steps, conversation.turns
    roles = [step.role for step in steps[: turn + 1]] == [said.role for said in turns[: turn + 1]]
    return {counted_as(act, rename) for act in steps[turn].acts} if roles and turn < len(steps) else set()


def following(domain: Domain, previous: str, rename: Mapping[str, str]) -> set[str]:
    """Acts that a flow of the domain can come to after this one; the general parts of a conversation can always come.

    Questions may be left out where the user has answered already, so what follows them counts too.
    """
    general = {counted_as(act, rename) for act in domain.spec.behaviour.model_dump().values() if isinstance(act, str)}
    found = {act for act in general if act}
    for flow in domain.spec.flows.values():
        starts = [flow.start] if previous == START or previous in general else []
        starts += [
            after
            for node in flow.nodes.values()
            if any(counted_as(act, rename) == previous for act in _acts(node))
            for after in _next(node)
        ]
        found |= {counted_as(act, rename) for act in _reached(flow, starts)}
        if previous in general:  # an aside comes back to wherever the flow was
            found |= {counted_as(act, rename) for node in flow.nodes.values() for act in _acts(node)}
    return found | {previous}


def _reached(flow: FlowSpec, starts: Sequence[str]) -> set[str]:
    """The acts of these nodes, and of those behind nodes that may be passed over."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = deque(starts)
    while waiting:
        name = waiting.popleft()
        node = flow.nodes.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        found.update(_acts(node))
        if node.slots or not _acts(node):
            waiting.extend(_next(node))
    return found


def _acts(node: NodeSpec) -> list[str]:
    call = (node.act or node.call) if node.call else ""
    asks = [f"ask_{slot}" for slot in node.slots] if not node.say else []
    return [act for act in (node.say, call, *asks) if act]


def _next(node: NodeSpec) -> list[str]:
    ways = [edge.go for edge in node.edges] + list(node.choose.values())
    return [way for way in (*ways, node.missing, node.on_error, node.on_empty) if way]
