"""What is exported, and the parts that every format shares: where to cut, how results read, where turns came from."""

from __future__ import annotations

import msgspec

from turnwright.export.settings import ExportSettings
from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Council,
    Json,
    Scenario,
    ToolResult,
    Turn,
    Verdict,
    canonical,
)

__all__ = ["Kept", "LeftOut", "Line", "about", "origin", "origins", "said_last", "said_of"]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An admitted conversation with everything that it was made from.

    draft, council: the conversation before its debate, and the debate; None where there was none.
    verdict: what verification said of the conversation, where it is known.
    """

    conversation: Conversation
    scenario: Scenario
    blueprint: Blueprint
    admission: Admission
    draft: Conversation | None = None
    council: Council | None = None
    verdict: Verdict | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a format: what a trainer reads, and what metadata tells of this line beside `about` it."""

    content: dict[str, Json]
    told: dict[str, Json]


class LeftOut(msgspec.Struct, frozen=True):
    """A line that a format could not give, and why, as a short code that the manifest counts."""

    reason: str


def said_last(conversation: Conversation) -> tuple[Turn, ...]:
    """The turns up to the last one in which the assistant says something; empty when it never does.

    Chat formats learn from assistant turns, and OpenAI refuses a conversation that ends otherwise: a user's
    farewell, the last words of a user who left, and a call that nobody used any more are cut off.
    """
    turns = conversation.turns
    spoken = [n for n, turn in enumerate(turns) if turn.role == "assistant" and turn.text and not turn.call]
    return turns[: spoken[-1] + 1] if spoken else ()


def said_of(result: ToolResult) -> str:
    """A tool's result as the student reads it: JSON; a refusal as `{"error": ...}`. Planted faults are not told."""
    return canonical({"error": result.error} if result.error else result.content).decode()


def about(kept: Kept, split: str, settings: ExportSettings) -> dict[str, Json]:
    """Facts about the conversation; levels are JSON text, since every line may have other factors."""
    conversation = kept.conversation
    return {
        "id": conversation.id,
        "scenario_id": conversation.scenario_id,
        "blueprint_id": conversation.blueprint_id,
        "domain": conversation.domain,
        "intent": kept.blueprint.intent,
        "outcome": kept.blueprint.outcome,
        "way": conversation.way,
        "ending": conversation.ending,
        "levels": canonical(kept.scenario.levels).decode(),
        "split": split,
        "weight": kept.scenario.weight if settings.view == "natural" else 1.0,
    }


def origins(turns: tuple[Turn, ...], first: int = 0) -> list[dict[str, Json]]:
    """Where each turn came from; `first` is the number of the first turn's message (1 after a system message)."""
    return [{"message": first + number, **origin(turn)} for number, turn in enumerate(turns)]


def origin(turn: Turn) -> dict[str, Json]:
    """Where a turn came from: who wrote it, with which model, prompt, seed, sampling, calls, parents and source.

    Every value has one type wherever it stands, so that loaders find the same columns in every file: sampling and
    source are JSON text, empty where there is none, and the distance to no parent is 0.
    """
    source = turn.provenance
    return {
        "id": turn.id,
        "role": turn.role,
        "acts": list(turn.acts),
        "origin": source.origin,
        "model": source.model,
        "prompt": source.prompt,
        "seed": source.seed,
        "tries": source.tries,
        "calls": list(source.calls),
        "parents": list(source.parents),
        "sampling": canonical(source.sampling).decode() if source.sampling else "",
        "distance": source.distance or 0.0,
        "source": canonical(source.source).decode() if source.source else "",
        "trainable": turn.trainable,
    }
