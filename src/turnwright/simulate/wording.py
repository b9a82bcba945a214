"""Words for one turn at a time: ask, object, ask again with another seed, and at last use the domain's own phrasing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import msgspec

from turnwright.domains import Domain, joined, own_words
from turnwright.domains.reader import Reader
from turnwright.models import Answer, Message, Reply, Request, Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Blueprint, Origin, Provenance, derive_seed, seeded
from turnwright.records.provenance import Sampling
from turnwright.simulate.acceptance import Leeway, cleaned, folded, objection
from turnwright.simulate.copies import Copies, style_ids, style_of
from turnwright.simulate.lines import Line, spare_pairs
from turnwright.simulate.settings import FillSettings

__all__ = ["Worded", "Wording"]

FEW_VARIANTS = 4
SPARE_PAIRS = 3
SPEAKS = {"user": "user", "assistant": "teacher"}
WHO = {"user": "a customer", "assistant": "an agent"}


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """Words for a line or a turn.

    text: with the values in place; empty where nothing passed. objections: what was wrong with the tries before
    (`known` where the words were right and only a phrasing, `copy` where they repeat what a person wrote).
    known: whether these words are a phrasing.
    """

    text: str
    provenance: Provenance
    objections: tuple[str, ...] = ()
    known: bool = False


class Wording:
    """Words the turns of one conversation, in order."""

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
        self._prompt = prompt("simulate", "fill_turn")
        self._leeway = Leeway(new_words=settings.new_words, surprise=settings.surprise)
        self._copies = Copies(settings.style, own_words(domain) if settings.style else ())
        self._said: set[tuple[str, str]] = set()

    async def turn(self, index: int, lines: Sequence[Line], draft: Worded | None = None) -> Worded:
        """Return words for the turn of step `index`: those of the draft where they passed, else line by line."""
        if draft is not None and draft.text:
            self._said.add((lines[0].role, folded(draft.text)))
            return draft
        worded = [await self.line((index, number), line) for number, line in enumerate(lines)]
        return _together(worded, draft)

    async def line(self, place: tuple[int, int], line: Line) -> Worded:
        """Return words for one line; `place` (step, number of the line in it) decides the seeds."""
        worded = await self._asked(place, line) if self._is_worth_asking(place, line) else self._phrased(place, line)
        self._said.add((line.role, folded(worded.text)))
        return worded

    def _is_worth_asking(self, place: tuple[int, int], line: Line) -> bool:
        """Formulae are asked as often as the settings say; facts only of models that may choose their words."""
        if line.facts and self.settings.new_words is not None:
            return False
        return not line.is_formula or self._draw("formula", place).random() < self.settings.formulae

    async def _asked(self, place: tuple[int, int], line: Line) -> Worded:
        """Try until words pass that are not just a phrasing; those that are stand in for want of better ones.

        The prompt stays the same: another seed does as well as another phrasing to reword (measured), and only the
        first try pays for the prompt.
        """
        said = line.order(self._draw("say", place), self.settings.examples)[0]
        calls: list[str] = []
        objections: list[str] = []
        spare: Worded | None = None
        for number in range(self.settings.tries):
            seed = derive_seed(self.blueprint.id, self.attempt, *place, number)
            request = self._request(line, said, seed)
            answer = await self.speakers[SPEAKS[line.role]].ask(request)
            calls.append(answer.call_id)
            worded = self._judged(line, said, answer, request)
            if worded.text and (line.is_formula or not worded.known):
                return _paid(worded, calls, objections)
            objections.append(worded.objections[0] if worded.objections else "known")
            spare = spare or (worded if worded.text else None)
        return _paid(spare or self._phrased(place, line), calls, objections)

    def _judged(self, line: Line, asked: str, answer: Answer, request: Request) -> Worded:
        """Read one reply: words with their provenance, or no words and the objection."""
        text = cleaned(answer.reply.text)
        fault = "cut"
        if answer.reply.finish != "length":
            surprisal = _surprisal(answer.reply)
            fault = objection(line, text, self.reader, self._leeway, asked=asked, surprisal=surprisal)
            fault = fault or ("copy" if line.role == "user" and self._copies.caught(text) else "")
        made = Provenance(
            origin="model",
            role=SPEAKS[line.role],
            model=answer.model,
            prompt=self._prompt.hash,
            seed=request.seed,
            calls=(answer.call_id,),
            parents=style_ids(line, self.settings.style, self._style(line)),
            sampling=Sampling.of(request),
        )
        if fault:
            return Worded(text="", provenance=made, objections=(fault,))
        said = line.unmasked(text)
        known = folded(text) in {folded(way) for way in line.variants} or (line.role, folded(said)) in self._said
        return Worded(text=said, provenance=made, known=known)

    def _phrased(self, place: tuple[int, int], line: Line) -> Worded:
        """The domain's own words, if possible ones that this side has not used yet."""
        texts = [line.unmasked(way) for way in line.order(self._draw("phrase", place))]
        fresh = [text for text in texts if (line.role, folded(text)) not in self._said]
        return Worded(text=(fresh or texts)[0], provenance=Provenance(origin="template"), known=True)

    def _request(self, line: Line, said: str, seed: int) -> Request:
        """Examples first, the line to say last: the long part is the same wherever this is said."""
        style = style_of(line, self.settings.style, self._style(line))
        opening = self._prompt.render(part="system", who=WHO[line.role], style=style)
        messages = [Message(role="system", content=opening)]
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
        spare = spare_pairs(self.domain, line.role, SPARE_PAIRS) if len(line.variants) < FEW_VARIANTS else []
        return [*spare, *line.pairs(self.settings.examples)]

    def _style(self, line: Line) -> random.Random:
        return seeded("style", self.blueprint.id, self.attempt, line.acts[0])

    def _draw(self, what: str, place: tuple[int, int]) -> random.Random:
        return seeded(what, self.blueprint.id, self.attempt, *place)


def _paid(worded: Worded, calls: list[str], objections: list[str]) -> Worded:
    """Note what the words cost; the call that they come from stands last."""
    own = worded.provenance.calls
    others = [call for call in calls if call not in own]
    made = msgspec.structs.replace(worded.provenance, calls=(*others, *own), tries=len(calls))
    return msgspec.structs.replace(worded, provenance=made, objections=tuple(objections))


def _surprisal(reply: Reply) -> float | None:
    """Mean surprisal of a reply, in nats a token; None where the model does not tell."""
    if not reply.logprobs:
        return None
    return -sum(token.logprob for token in reply.logprobs) / len(reply.logprobs)


def _together(worded: Sequence[Worded], draft: Worded | None) -> Worded:
    """Make one turn of its lines. A turn that a model worded only in part is `model-edited`."""
    made = [line.provenance for line in worded]
    origins = {one.origin for one in made}
    origin: Origin = made[0].origin if len(origins) == 1 else "model-edited"
    last = next((one for one in reversed(made) if one.origin == "model"), made[0])
    drafted = draft.provenance if draft is not None else Provenance(origin="model")
    return Worded(
        text=joined([line.text for line in worded]),
        provenance=msgspec.structs.replace(
            last,
            origin=origin,
            calls=(*drafted.calls, *(call for one in made for call in one.calls)),
            tries=drafted.tries + max(one.tries for one in made),
            parents=tuple(dict.fromkeys(parent for one in made for parent in one.parents)),
        ),
        objections=tuple(fault for line in worded for fault in line.objections),
        known=all(line.known for line in worded),
    )
