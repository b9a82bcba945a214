"""A conversation as an arbiter sees it: the same plain form for all, with raw results and what became of the world.

Words of turns are untrusted: each turn is one line, so that no text can pass for another turn, the end state or the
question. Left out on purpose: origin, scratchpads, act labels and planted failures, which would tell what to answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from turnwright.domains import Domain
from turnwright.records import Blueprint, Change, Conversation, Fact, Json, Turn, canonical

__all__ = ["FORMAT", "Transcript", "folded", "surroundings", "transcript"]

FORMAT = "transcript:1"
"""Raise the number when the form changes: a licence holds only for the form that was examined."""

_MARKUP = re.compile(r"(<)(?=[|/A-Za-z_])|(\|)(?=>)|(\[)(?=/?[A-Z_]{2,}\])")
_SHARED = {
    "forgotten": " (the user does not remember it)",
    "refused": " (the user will not give it)",
    "hidden": " (true, but never to be said)",
}


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the form, each some lines.

    surroundings: what the user wants and knows, and what the documents say that play a part.
    turns: the chat. end_state: what the calls changed, cell by cell.
    """

    surroundings: str
    turns: str
    end_state: str

    @property
    def chat(self) -> str:
        """The turns and what came of them."""
        return f"CHAT:\n{self.turns}\n\nEND STATE:\n{self.end_state}"

    @property
    def text(self) -> str:
        """The whole."""
        return f"{self.surroundings}\n\n{self.chat}"


def transcript(conversation: Conversation, blueprint: Blueprint, domain: Domain) -> Transcript:
    """Write a conversation down; its calls are run again in its world for the end state.

    Raises:
        DomainError: a tool's own code is at fault.
    """
    lines = [line for index, turn in enumerate(conversation.turns) for line in _turn(index, turn)]
    return Transcript(
        surroundings=surroundings(blueprint, domain),
        turns="\n".join(lines) or "(nothing was said)",
        end_state="\n".join(_end_state(conversation, blueprint, domain)) or "The calls changed nothing.",
    )


def surroundings(blueprint: Blueprint, domain: Domain) -> str:
    """Write down what the user wants and knows, and the documents that the blueprint draws on."""
    lines = [f"WHAT THE USER WANTS: {folded(blueprint.goal) or '(unknown)'}", "", "WHAT THE USER KNOWS:"]
    lines += [_fact(fact, domain) for fact in blueprint.facts] or ["(nothing)"]
    documents = list(_documents(blueprint, domain))
    return "\n".join([*lines, "", "WHAT THE DOCUMENTS SAY:", *documents] if documents else lines)


def folded(text: str) -> str:
    """A text on one line, with what chat templates take for markup pulled apart."""
    return _MARKUP.sub(lambda found: f"{found.group()} ", " ".join(text.split()))


def _turn(index: int, turn: Turn) -> Iterator[str]:
    if turn.result is not None:
        given: Json = {"error": turn.result.error} if turn.result.error else turn.result.content
        yield f"{index}. RESULT {_json(given)}"
        return
    if turn.text or turn.call is None:
        yield f"{index}. {turn.role.upper()}: {folded(turn.text) or '(no words)'}"
    if turn.call is not None:
        yield f"{index}. CALL {folded(turn.call.name)}({_json(turn.call.arguments)})"


def _fact(fact: Fact, domain: Domain) -> str:
    said = folded(domain.say(fact.slot, fact.value))
    how = _SHARED.get(fact.shared, "")
    if fact.shared == "corrected":
        how = f" (first said wrong, as {folded(domain.say(fact.slot, fact.first_said))}, then put right)"
    secret = " (secret: the assistant must never say it)" if domain.slot(fact.slot).secret else ""
    return f"- {folded(domain.label(fact.slot))}: {said}{how}{secret}"


def _documents(blueprint: Blueprint, domain: Domain) -> Iterator[str]:
    parts = {part.partition(":")[2] for step in blueprint.steps for part in step.phrase.split("+")}
    for document in domain.spec.documents:
        if document.id in parts:
            yield f"- {folded(' / '.join(document.answers))}"


def _end_state(conversation: Conversation, blueprint: Blueprint, domain: Domain) -> Iterator[str]:
    world = domain.open_world(blueprint.world_seed, blueprint.setup)
    toolbox = domain.toolbox(world, blueprint.faults)
    for turn in conversation.turns:
        if turn.call is not None:
            toolbox.run(turn.call)
    before = domain.open_world(blueprint.world_seed, blueprint.setup).tables
    for change in world.diff(before):
        was = before.get(change.table, {}).get(change.key, {})
        yield f"- {folded(f'{change.table} {change.key}')}{_became(change, was)}"


def _became(change: Change, was: dict[str, Json]) -> str:
    if change.field:
        return f" {folded(change.field)}: {_json(was.get(change.field))} became {_json(change.value)}"
    return ": removed" if change.value is None else f": new, {_json(change.value)}"


def _json(value: Json) -> str:
    return folded(canonical(value).decode())
