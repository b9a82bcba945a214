"""What a spec may say about simulation: which way, and how each way asks its models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from turnwright.domains.declaration import Strict

__all__ = ["FillSettings", "InterplaySettings", "NaiveSettings", "SimulateSettings"]


class FillSettings(Strict):
    """How `fill` gets its words.

    by: `turn` asks for one turn at a time with a few examples (small models); `conversation` asks the teacher for
    all words at once, and asks again by turn for what did not pass (strong models).
    tries: texts sampled for a turn before the domain's own phrasing is taken.
    formulae: share of the short formula turns ("Yes, please.") that are put to a model; the others are phrasings.
    examples: pairs of phrasings that a request shows. max_tokens: for one turn.
    new_words: how many words a turn may have that neither its act's phrasings nor plain English need; None: any.
    surprise: mean surprisal, in nats a token, up to which the model's own words are believed; None: any (and
    no logprobs are asked for). Strong models deserve None twice, small ones drift; `conversation` counts neither.
    style: user act → texts as people wrote them, with `{slot}` for values; a few are shown as examples of style, and
    words that repeat any of them are refused.
    """

    by: Literal["turn", "conversation"] = "turn"
    tries: int = Field(default=3, ge=1, le=20)
    formulae: float = Field(default=1.0, ge=0, le=1)
    examples: int = Field(default=4, ge=1, le=12)
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=48, ge=8, le=400)
    new_words: int | None = Field(default=1, ge=0)
    surprise: float | None = Field(default=0.8, gt=0)
    style: dict[str, list[str]] = {}


class InterplaySettings(Strict):
    """How `interplay` lets the two sides talk.

    turn_cap: turns of a conversation, calls and results included. calls_per_turn: tool calls before the teacher
    must speak. tries: replies of a turn until one can be read.
    """

    turn_cap: int = Field(default=40, ge=2, le=400)
    calls_per_turn: int = Field(default=6, ge=0, le=40)
    tries: int = Field(default=3, ge=1, le=20)
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=300, ge=16, le=4000)


class NaiveSettings(Strict):
    """How `naive` asks for whole conversations, unchecked: the comparison arm, not a way to make a set.

    batch: conversations a prompt. tries: replies until one holds the wanted conversation.
    max_tokens: for the whole reply; None: `tokens_each` for each conversation.
    schema: whether the request carries a JSON Schema; the reply is read the same either way.
    """

    batch: int = Field(default=5, ge=1, le=100)
    tries: int = Field(default=1, ge=1, le=20)
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=64)
    tokens_each: int = Field(default=900, ge=64, le=20_000)
    schema_: bool = Field(default=True, alias="schema")


class SimulateSettings(Strict):
    """The way, and the settings of all ways (only those of the chosen one count)."""

    way: Literal["fill", "interplay", "naive"] = "fill"
    fill: FillSettings = FillSettings()
    interplay: InterplaySettings = InterplaySettings()
    naive: NaiveSettings = NaiveSettings()
