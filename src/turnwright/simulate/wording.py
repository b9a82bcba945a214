"""Words for one turn at a time: ask, object, ask again with another seed, and at last use the domain's own phrasing."""

from __future__ import annotations

import random
from collections.abc import Mapping

import msgspec

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.models import Answer, Message, Reply, Request, Speaker
from turnwright.records import Blueprint, Provenance, derive_seed, seeded
from turnwright.simulate.acceptance import cleaned, folded, objection
from turnwright.simulate.lines import Line, spare_pairs
from turnwright.simulate.prompting import prompt
from turnwright.simulate.settings import FillSettings

__all__ = ["Worded", "Wording"]

FEW_VARIANTS = 4
SPARE_PAIRS = 3
SPEAKS = {"user": "user", "assistant": "teacher"}
WHO = {"user": "a customer", "assistant": "an agent"}


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """Words for a turn.

    text: with the values in place; empty where nothing passed. objections: what was wrong with the tries before.
    known: whether the words are, but for case and punctuation, a phrasing of the domain.
    """

    text: str
    provenance: Provenance
    objections: tuple[str, ...] = ()
    known: bool = False


class Wording:
    """Words the turns of one conversation, in order; what one side has said it does not say again."""

    def __init__(
        self,
        blueprint: Blueprint,
        domain: Domain,
        speakers: Mapping[str, Speaker],
        settings: FillSettings,
        *,
        attempt: int,
        reader: Reader,
    ) -> None:
        self.blueprint, self.domain, self.speakers, self.settings = blueprint, domain, speakers, settings
        self.attempt, self.reader = attempt, reader
        self._prompt = prompt("fill_turn")
        self._said: set[tuple[str, str]] = set()

    async def word(self, line: Line, draft: Worded | None = None) -> Worded:
        """Return words for a line: those of the draft where they passed, else a model's, else a phrasing."""
        if draft is not None and draft.text:
            worded = draft
        elif line.is_formula and self._draw("formula", line).random() >= self.settings.formulae:
            worded = self._phrased(line)
        else:
            worded = await self._asked(line, draft)
        self._said.add((line.role, folded(worded.text)))
        return worded

    async def _asked(self, line: Line, draft: Worded | None) -> Worded:
        """Try until words pass that are not just a phrasing; those that are stand in for want of better ones."""
        role, order = SPEAKS[line.role], line.order(self._draw("say", line), self.settings.examples)
        calls = list(draft.provenance.calls) if draft else []
        objections = list(draft.objections) if draft else []
        before, spare = len(objections), None
        for number in range(self.settings.tries):
            seed = derive_seed(self.blueprint.id, self.attempt, line.index, number)
            said = order[number % len(order)]
            answer = await self.speakers[role].ask(self._request(line, said, seed))
            calls.append(answer.call_id)
            worded = self._judged(line, said, answer, seed)
            if worded.text and (line.is_formula or not worded.known):
                return _paid(worded, calls, before + number + 1, objections)
            objections.append(worded.objections[0] if worded.objections else "known")
            spare = spare or (worded if worded.text else None)
        tries = before + self.settings.tries
        if spare is not None:
            return _paid(spare, calls, tries, objections)
        return _paid(self._phrased(line), calls, tries, objections)

    def _judged(self, line: Line, asked: str, answer: Answer, seed: int) -> Worded:
        """Read one reply: words with their provenance, or no words and the objection."""
        text = cleaned(answer.reply.text)
        fault = objection(line, text, self.reader, self.settings.new_words, asked)
        if answer.reply.finish == "length":
            fault = "cut"
        elif not fault and self._odd(answer.reply):
            fault = "odd"
        made = Provenance(
            origin="model", role=SPEAKS[line.role], model=answer.model, prompt=self._prompt.hash, seed=seed
        )
        if fault:
            return Worded(text="", provenance=made, objections=(fault,))
        words = folded(text)
        said = line.unmasked(text)
        known = words in {folded(variant) for variant in line.variants} or (line.role, folded(said)) in self._said
        return Worded(text=said, provenance=made, known=known)

    def _odd(self, reply: Reply) -> bool:
        """Whether the model itself found its words unlikely, as it does when it wanders off."""
        most = self.settings.surprise
        if most is None or not reply.logprobs:
            return False
        return -sum(token.logprob for token in reply.logprobs) / len(reply.logprobs) > most

    def _phrased(self, line: Line) -> Worded:
        """The domain's own words, if possible ones that this side has not used yet."""
        texts = [line.unmasked(variant) for variant in line.order(self._draw("phrase", line), 0)]
        fresh = [text for text in texts if (line.role, folded(text)) not in self._said]
        return Worded(text=(fresh or texts)[0], provenance=Provenance(origin="template"), known=True)

    def _request(self, line: Line, said: str, seed: int) -> Request:
        """Examples first, the line to say last: the long part is the same for every turn of this phrase."""
        system = self._prompt.render(part="system", who=WHO[line.role])
        messages = [Message(role="system", content=system)]
        for one, other in self._examples(line):
            messages.append(Message(role="user", content=self._prompt.render(part="say", line=one)))
            messages.append(Message(role="assistant", content=self._prompt.render(part="answer", line=other)))
        messages.append(Message(role="user", content=self._prompt.render(part="say", line=said)))
        return Request(
            messages=tuple(messages),
            max_tokens=self.settings.max_tokens,
            temperature=self.settings.temperature,
            top_p=self.settings.top_p,
            seed=seed,
            stop=("\n",),
            logprobs=0 if self.settings.surprise is None else 1,
        )

    def _examples(self, line: Line) -> list[tuple[str, str]]:
        own = line.pairs(self.settings.examples)
        spare = spare_pairs(self.domain, line.role, SPARE_PAIRS) if len(line.variants) < FEW_VARIANTS else []
        return [*spare, *own]

    def _draw(self, what: str, line: Line) -> random.Random:
        return seeded(what, self.blueprint.id, self.attempt, line.index)


def _paid(worded: Worded, calls: list[str], tries: int, objections: list[str]) -> Worded:
    """Note what the words cost."""
    made = msgspec.structs.replace(worded.provenance, calls=tuple(calls), tries=tries)
    return msgspec.structs.replace(worded, provenance=made, objections=tuple(objections))
