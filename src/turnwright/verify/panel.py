"""A panel of arbiters: asked one after the other, each word kept as a vote, and the vote counted.

Knows neither conversations nor criteria. Nobody is convicted by what cannot be read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from turnwright.errors import RequestRefused
from turnwright.models import Answer, Reply, Request, Speaker, TokenLogprob
from turnwright.records import Vote

__all__ = ["Panel", "Tie", "Words", "counted", "read"]

Tie = Literal["found", "clean", "first"]
Words = tuple[str, str]
"""The two words that may answer a question, folded."""

ALTERNATIVES = 10
LEAST_MASS = 0.01
"""Below this share of the first word's probability, two words are not what the model meant to say."""
_THOUGHT = re.compile(r".*</think>", re.DOTALL)
_LETTERS = re.compile(r"[^a-z0-9]")


class Panel:
    """Arbiters in their order.

    Attributes:
        gave_logprobs: arbiter → whether all its answers came with probabilities; only those that were asked.
    """

    def __init__(self, speakers: Mapping[str, Speaker]) -> None:
        self.speakers = dict(speakers)
        self.gave_logprobs: dict[str, bool] = {}
        self._refusing: set[str] = set()

    def through(self, speakers: Mapping[str, Speaker]) -> Panel:
        """The same arbiters behind other speakers; what is known of their endpoints is shared."""
        other = Panel(speakers)
        other.gave_logprobs, other._refusing = self.gave_logprobs, self._refusing
        return other

    async def votes(self, request: Request, words: Words, *, found: str) -> tuple[Vote, ...]:
        """Ask every arbiter; `found` is the word that means that the defect is there.

        Raises:
            ModelError: an arbiter cannot be reached, or refuses the request also without logprobs.
        """
        return tuple([await self._vote(name, request, words, found) for name in self.speakers])

    async def _vote(self, name: str, request: Request, words: Words, found: str) -> Vote:
        answer = await self._asked(name, request)
        said, share = read(answer.reply, words)
        probability = share if share is None or found == words[0] else 1.0 - share
        defect_found = None if said is None else said == found
        return Vote(arbiter=answer.model, defect_found=defect_found, probability=probability, call=answer.call_id)

    async def _asked(self, name: str, request: Request) -> Answer:
        plain = msgspec.structs.replace(request, logprobs=0)
        if name in self._refusing:
            return await self.speakers[name].ask(plain)
        try:
            answer = await self.speakers[name].ask(msgspec.structs.replace(request, logprobs=ALTERNATIVES))
        except RequestRefused:
            # refused for something else, this is refused too, and nothing is learned about logprobs
            answer = await self.speakers[name].ask(plain)
            self._refusing.add(name)
        self.gave_logprobs[name] = self.gave_logprobs.get(name, True) and bool(answer.reply.logprobs)
        return answer


def counted(votes: Sequence[Vote], tie: Tie) -> tuple[bool, Literal["vote", "tie", "unreadable"]]:
    """Return whether the panel finds the defect, and how it was decided."""
    readable = [vote.defect_found for vote in votes if vote.defect_found is not None]
    if not readable:
        return False, "unreadable"
    yes, no = readable.count(True), readable.count(False)
    if yes != no:
        return yes > no, "vote"
    return (readable[0] if tie == "first" else tie == "found"), "tie"


def read(reply: Reply, words: Words) -> tuple[str | None, float | None]:
    """Return the word that a reply means (None: neither), and the probability of the first of the two words.

    By the probabilities of the reply's first word where they are given, else by that word itself; a thought that
    comes before the answer is passed over.
    """
    share = _share(_first_word(reply.logprobs), words)
    if share is not None and share != 0.5:
        return words[0] if share > 0.5 else words[1], share
    said = _THOUGHT.sub("", reply.text).casefold()
    first = re.match(rf"\W*(?:answer\W+)?({'|'.join(words)})\b", said)
    return (first.group(1) if first else None), share


def _first_word(tokens: Sequence[TokenLogprob]) -> TokenLogprob | None:
    ends = [index for index, token in enumerate(tokens) if "</think>" in token.token]
    answer = tokens[ends[-1] + 1 :] if ends else tokens
    return next((token for token in answer if _fold(token.token)), None)


def _share(token: TokenLogprob | None, words: Words) -> float | None:
    """The first word's part of the probability of both; None where both are improbable."""
    if token is None:
        return None
    masses = [0.0, 0.0]
    for said, logprob in dict((*token.top, (token.token, token.logprob))).items():
        if _fold(said) in words:
            masses[words.index(_fold(said))] += math.exp(min(logprob, 0.0))
    whole = sum(masses)
    return masses[0] / whole if whole >= LEAST_MASS else None


def _fold(token: str) -> str:
    return _LETTERS.sub("", token.casefold())
