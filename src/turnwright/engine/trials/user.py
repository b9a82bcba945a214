"""A user without a model: says what the blueprint's user says, in the domain's own words, when it is asked for it.

It costs nothing, errs in nothing and is always the same, so that a student can be tried offline and what fails is the
student's. It is no person: it understands acts (by the domain's reader) and not arguments, and students that only do
well with it may fail with people. It reads the spoken turns of the outline and the facts, and never the gold calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from turnwright.domains import Domain
from turnwright.domains.phrasing import realise
from turnwright.domains.reader import Reader
from turnwright.models import Answer, Message, Reply, Request
from turnwright.records import Blueprint, Fact, Json, Step, canonical, content_id, seeded

__all__ = ["PLANNED", "PlannedUser"]

PLANNED = "planned"
"""What this user is called where models are named."""

LAST = ("thank", "no_more", "bye")
"""Acts after which a user has nothing left to say."""

TRIED = 8
"""Ways of saying a turn that are looked at for a new one."""

PATIENCE = 2
"""Turns without anything to answer, after which it leaves."""
_HEARD = re.compile(r"The agent writes: (.*)\nWrite what the customer answers\.$", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?]) +")


class PlannedUser:
    """The user of one talk. A pure function of what was said so far."""

    def __init__(self, blueprint: Blueprint, domain: Domain, reader: Reader) -> None:
        self._blueprint, self._domain, self._reader = blueprint, domain, reader

    async def ask(self, request: Request) -> Answer:
        """Say the next thing, as one JSON decision."""
        said = _Memory(self._blueprint, self._domain, self._reader).after(_heard(request.messages))
        words = self._words(said, request)
        done = said.acts[0] in LAST
        text = canonical({"act": said.acts[0], "text": words, "done": done}).decode()
        return Answer(reply=Reply(text=text), call_id=content_id("cl", (PLANNED, request)), model=PLANNED)

    def _words(self, step: Step, request: Request) -> str:
        """Words that were not said before, if there are any: who says the same thing three times is in a loop."""
        before = [message.content for message in request.messages if message.role == "assistant"]
        ways = [realise(self._domain, step, seeded(PLANNED, request.seed, number)) for number in range(TRIED)]
        return next((way for way in ways if not any(canonical(way).decode() in said for said in before)), ways[0])


def _heard(messages: Sequence[Message]) -> list[str]:
    """What the assistant has said so far."""
    found = [_HEARD.search(message.content) for message in messages[1:] if message.role == "user"]
    return [match[1] for match in found if match]


class _Memory:
    """Goes through the talk from its start and knows which planned turns were said already."""

    def __init__(self, blueprint: Blueprint, domain: Domain, reader: Reader) -> None:
        self.domain, self.reader = domain, reader
        self.facts = {fact.slot: fact for fact in blueprint.facts if fact.shared not in ("hidden", "forgotten")}
        self.unknown = {fact.slot for fact in blueprint.facts if fact.shared == "forgotten"}
        spoken = [step for step in blueprint.steps if step.call is None and step.result is None]
        self.left: list[tuple[tuple[str, ...], Step]] = []
        asked: tuple[str, ...] = ()
        for step in spoken:
            if step.role == "user":
                self.left.append((asked, step))
            asked = step.acts
        self.told: list[tuple[tuple[str, ...], Step]] = []
        self.idle = 0
        self.leaving = False

    def after(self, heard: Sequence[str]) -> Step:
        """The user's turn after these turns of the assistant."""
        said = self._next(self.left.pop(0))
        for text in heard:
            said = self._answer(text)
        return said

    def _next(self, pair: tuple[tuple[str, ...], Step]) -> Step:
        self.told.append(pair)
        self.idle = 0
        return pair[1]

    def _answer(self, text: str) -> Step:
        acts = {self.reader.act("assistant", part)[0] for part in [text, *_SENTENCE.split(text)]}
        if self.leaving:
            return self._says("bye")
        if self.left and [step.acts for _, step in self.told] == [("greet",)]:
            return self._next(self.left.pop(0))
        planned = next((pair for pair in self.left if acts & set(pair[0])), None)
        if planned is not None:
            self.left.remove(planned)
            self.leaving = planned[1].acts[0] in LAST
            return self._next(planned)
        return self._unplanned(text, acts)

    def _unplanned(self, text: str, acts: set[str]) -> Step:
        """What was not foreseen: a detail, the same again, or nothing to say."""
        slot = self._asked(text, acts)
        if slot in self.facts:
            self.idle = 0
            return self._tells(slot)
        again = next((step for asked, step in reversed(self.told) if acts & set(asked)), None)
        self.idle += 1
        if self.idle <= PATIENCE and (again is not None or slot):
            return again or self._tells(slot)
        behaviour = self.domain.spec.behaviour
        if self.idle > PATIENCE or behaviour.goodbye in acts:
            self.leaving = True
            return self._says("bye")
        return self._says("no_more" if behaviour.close in acts else "acknowledge")

    def _asked(self, text: str, acts: set[str]) -> str:
        """The slot that is asked for, if possible one that the user knows."""
        nodes = [node for flow in self.domain.spec.flows.values() for node in flow.nodes.values()]
        slots = [slot for node in nodes if node.say in acts for slot in node.slots]
        named = [slot for slot in [*self.facts, *sorted(self.unknown)] if self.domain.label(slot) in text.casefold()]
        wanted = slots or (named if "?" in text else [])
        return next((slot for slot in wanted if slot in self.facts), wanted[0] if wanted else "")

    def _tells(self, slot: str) -> Step:
        fact: Fact | None = self.facts.get(slot)
        if fact is None or fact.shared == "refused":
            return self._says("forget" if fact is None else "refuse", slot)
        return self._says("inform", slot, ((slot, fact.value),))

    def _says(self, act: str, slot: str = "", mentions: tuple[tuple[str, Json], ...] = ()) -> Step:
        """One of the standard acts; the domain's own one about this slot where there is one."""
        own = f"{act}_{slot}"
        act = own if slot and own in self.domain.user_acts else act
        return Step(role="user", acts=(act,), phrase=f"{act}:{slot}" if slot else act, mentions=mentions)
