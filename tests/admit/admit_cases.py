"""Conversations for the tests of admission: made of given words, with everything else plain."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from turnwright.admit import Gate, Signature
from turnwright.records import (
    Admission,
    Blueprint,
    Conversation,
    Defect,
    Json,
    Persona,
    Provenance,
    Scenario,
    Turn,
    Usage,
    Verdict,
)

PLAIN = Blueprint(scenario_id="sc_0", domain="d@0", intent="i", goal="g", outcome="resolved")
VOCABULARY = [f"{a}{b}{c}" for a in "bdfgklmnprstvz" for b in "aeiou" for c in ("n", "r", "st", "l")]


def words(rng: random.Random, count: int) -> list[str]:
    return [rng.choice(VOCABULARY) for _ in range(count)]


def conversation(
    turns: Sequence[tuple[str, str]],
    *,
    acts: Sequence[str] = (),
    mentions: Mapping[int, tuple[str, Json]] | None = None,
    origin: Any = "model",
    seed: int = 0,
) -> Conversation:
    made = [
        Turn(
            role=role,  # type: ignore[arg-type]
            text=text,
            acts=(acts[at],) if at < len(acts) else (),
            mentions=(mentions[at],) if mentions and at in mentions else (),
            provenance=Provenance(origin=origin, seed=seed),
        )
        for at, (role, text) in enumerate(turns)
    ]
    return Conversation(scenario_id="sc_0", blueprint_id=PLAIN.id, domain="d@0", way="fill", turns=tuple(made))


def scenario(ordinal: int, **levels: str) -> Scenario:
    return Scenario(ordinal=ordinal, domain="d@0", levels=levels, persona=Persona(name="P"), seed=ordinal)


def weighed(
    gate: Gate, made: Conversation, ordinal: int, defects: Sequence[Defect] = (), **levels: str
) -> tuple[Admission, Signature | None]:
    verdict = Verdict(conversation_id=made.id, checks=("form",), defects=tuple(defects))
    usage = Usage(calls=3, prompt_tokens=100)
    return gate.consider(made, scenario(ordinal, **levels), verdict, PLAIN, usage=usage, attempts=2, ordinal=ordinal)


def considered(
    gate: Gate, made: Conversation, ordinal: int, defects: Sequence[Defect] = (), **levels: str
) -> Admission:
    return weighed(gate, made, ordinal, defects, **levels)[0]
