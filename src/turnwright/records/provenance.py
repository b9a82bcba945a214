"""Where a turn came from: who or what wrote it, with which model, prompt, seed, sampling and calls, and out of what.

What a turn cost stands in the journal under its calls; which checks and rulings touched it stands in the verdict and
the council, which name the conversation and so come after it. Both are found when they are asked for, and kept once.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from turnwright.records.identity import content_id

__all__ = ["HumanSource", "Origin", "Provenance", "Sampled", "Sampling", "style_id", "word_distance"]

Origin = Literal["human", "model", "tool", "template", "human-edited", "model-edited"]


class Sampled(Protocol):
    """A request, as far as sampling is concerned."""

    @property
    def temperature(self) -> float: ...
    @property
    def top_p(self) -> float: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def json_schema(self) -> object: ...
    @property
    def grammar(self) -> str: ...


class Sampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How words were drawn from the model. constrained: whether a JSON Schema or a grammar bound the reply."""

    temperature: float
    top_p: float
    max_tokens: int
    constrained: bool = False

    @classmethod
    def of(cls, request: Sampled) -> Sampling:
        """The sampling of a request."""
        return cls(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            constrained=request.json_schema is not None or bool(request.grammar),
        )


class HumanSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where words of people were taken from.

    dataset: what the data set or file is called. licence: `unknown` where nothing says so.
    record: content id of the conversation as it was read. pii: what the screen for personal data found and what was
    done (`none found`, `allow: 1 email`, ...), empty where nobody looked. consent: a note on consent, empty for none.
    """

    dataset: str
    licence: str
    record: str
    pii: str = ""
    consent: str = ""


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The origin of one turn.

    origin: who wrote the text that stands there now.
    role: the model role that spoke (`user`, `teacher`); empty for tools and templates.
    model: fingerprint of the model (name and file hash or endpoint).
    prompt: hash of the prompt template.
    seed: sampling seed of the call whose words were taken.
    calls: journal ids of every call that was paid for this turn, the one whose words were taken last.
    tries: how many texts were sampled before one was taken; 0 where no model was asked.
    parents: what this one was derived from: first the turn whose words were edited (its hash), then the texts of
    people that its request showed as examples of style (see `style_id`).
    sampling: of the call whose words were taken. source: for words of people, where they were taken from.
    distance: to the words of the first parent, where that is a turn (see `word_distance`).
    """

    origin: Origin
    role: str = ""
    model: str = ""
    prompt: str = ""
    seed: int | None = None
    calls: tuple[str, ...] = ()
    tries: int = 0
    parents: tuple[str, ...] = ()
    sampling: Sampling | None = None
    source: HumanSource | None = None
    distance: float | None = None


def style_id(text: str) -> str:
    """Content id of a text of people that a model was shown as an example of style, with `{slot}` as in the spec."""
    return content_id("sy", text)


def word_distance(before: str, after: str) -> float:
    """Normalised Levenshtein distance between two texts, in words: 0.0 for the same words, 1.0 for all others.

    Words are what white space separates, compared as they stand. The number of insertions, deletions and replacements
    is divided by the number of words of the longer text; four digits are kept, so that every machine keeps the same.
    """
    old, new = before.split(), after.split()
    longest = max(len(old), len(new))
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    row = list(range(len(new) + 1))
    for number, word in enumerate(old, start=1):
        corner, row[0] = row[0], number
        for place, other in enumerate(new, start=1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (word != other))
    return round(row[-1] / longest, 4) if longest else 0.0
