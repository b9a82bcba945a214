"""Letting a student that predicts acts and speaks no words sit a trial: it chooses the act, the domain has the words.

The student ranks the acts; the first that can be done here is done. A call can be done when the flow's declared
arguments can be filled from what the user said and what tools gave back; a question, when something of it is still
unknown. Words are the domain's own phrasings. What the user said is read by comparing with the scenario's facts, so
a trial of this kind judges the choice of acts and not the understanding of words; the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from turnwright.domains import Domain, ExpressionFault, compile_expression
from turnwright.domains.declaration import NodeSpec
from turnwright.domains.phrasing import realise
from turnwright.errors import DomainError
from turnwright.models import Answer, Message, Reply, Request
from turnwright.reading import Called, Decision, Example, Said
from turnwright.records import Fact, Json, Step, canonical, content_id, seeded
from turnwright.train import Student

__all__ = ["ActPolicy", "PolicySpeaker", "calling_acts"]

Names = dict[str, Json]

TRIED = 8
"""Ways of saying a turn that are looked at for one that was not said before."""


def calling_acts(domain: Domain) -> dict[str, str]:
    """Tool → the act of calling it, as the domain's flows label it."""
    nodes = (node for flow in domain.spec.flows.values() for node in flow.nodes.values())
    return {node.call: node.act or node.call for node in nodes if node.call}


class Spot(NamedTuple):
    """A place in a flow."""

    flow: str
    name: str


class ActPolicy:
    """A student of acts, ready to act in a domain."""

    def __init__(self, student: Student, domain: Domain, fingerprint: str) -> None:
        self.student, self.domain, self.fingerprint = student, domain, fingerprint
        self.places = [Spot(flow, name) for flow, spec in domain.spec.flows.items() for name in spec.nodes]
        self.labels = calling_acts(domain)
        self.ahead = {spot: self._ahead(spot) for spot in self.places}
        self.asked: dict[Spot, list[list[str]]] = {}
        for spot in self.places:
            for target in self.ahead[spot] if self.node(spot).slots else ():
                self.asked.setdefault(target, []).append(self.node(spot).slots)

    def node(self, spot: Spot) -> NodeSpec:
        """The node at this place."""
        return self.domain.spec.flows[spot.flow].nodes[spot.name]

    def act(self, spot: Spot) -> str:
        """The act that is done at this place."""
        node = self.node(spot)
        return (node.act or node.call) if node.call else node.say

    def nearest(self, act: str, last: str) -> list[Spot]:
        """The places of an act, those first that the flows reach soonest from where the last act is done."""
        steps = {spot: 0 for spot in self.places if last and last == self.act(spot)}
        waiting = list(steps)
        for spot in waiting:  # grows while it is walked
            for target in self.ahead[spot]:
                if target not in steps:
                    steps[target] = steps[spot] + 1
                    waiting.append(target)
        found = [spot for spot in self.places if self.act(spot) == act]
        return sorted(found, key=lambda spot: steps.get(spot, len(self.places)))

    def _ahead(self, spot: Spot) -> list[Spot]:
        """Where the flow may go from here."""
        node = self.node(spot)
        names = [*(edge.go for edge in node.edges), *node.choose.values(), node.missing, node.on_error, node.on_empty]
        known = self.domain.spec.flows[spot.flow].nodes
        return [Spot(spot.flow, name) for name in names if name in known]

    @property
    def usable(self) -> bool:
        """Whether the student knows any act of this domain."""
        return bool(set(self.student.acts) & {*self.domain.assistant_acts, *self.labels.values()})

    def speaker(self, facts: Sequence[Fact]) -> PolicySpeaker:
        """One side of one talk with a user who knows these facts."""
        return PolicySpeaker(self, facts)


class PolicySpeaker:
    """Plays the assistant of one talk. A pure function of what was said so far: nothing is paid or remembered."""

    def __init__(self, policy: ActPolicy, facts: Sequence[Fact]) -> None:
        self._policy, self._facts = policy, facts

    async def ask(self, request: Request) -> Answer:
        """Choose the next act and do it, as one JSON decision."""
        policy = self._policy
        talk = _Talk(policy, self._facts, request.messages)
        chances = policy.student.predict([talk.point()]).chances[0]
        ranked = sorted(zip(chances.tolist(), policy.student.acts, strict=True), key=lambda pair: (-pair[0], pair[1]))
        done = next((made for _, act in ranked if (made := talk.does(act)) is not None), None)
        text = canonical(done).decode() if done else ""
        call_id = content_id("cl", (policy.fingerprint, request))
        return Answer(reply=Reply(text=text), call_id=call_id, model=policy.fingerprint)


class _Talk:
    """What was said and found so far.

    known: slot → value, as the user told it last. saved: name → result, as flows call it. failed: whether the last
    call came to nothing.
    """

    def __init__(self, policy: ActPolicy, facts: Sequence[Fact], messages: Sequence[Message]) -> None:
        self.policy, self.domain, self.facts = policy, policy.domain, facts
        self.turns: list[Said] = []
        self.known: Names = {}
        self.saved: Names = {}
        self.made: list[tuple[str, Json]] = []
        self.failed = False
        for message in messages[1:]:
            self._hear(message)

    def point(self) -> Decision:
        """The decision that is now to be made, as students see it."""
        example = Example(name="talk", task=self.domain.name, turns=(*self.turns, Said(role="assistant")))
        others = [place for place, turn in enumerate(self.turns) if turn.role != "assistant"]
        previous = tuple(turn.act for turn in self.turns if turn.role == "assistant" and turn.act)
        last = others[-1] if others else -1
        return Decision(conversation=0, example=example, place=len(self.turns), previous=previous, last=last, act="")

    def does(self, act: str) -> dict[str, Json] | None:
        """The decision that does this act; None where it cannot be done here."""
        last = next((turn.act for turn in reversed(self.turns) if turn.role == "assistant"), "")
        spots = self.policy.nearest(act, last)
        if any(self.policy.node(spot).call for spot in spots):
            return next((made for spot in spots if (made := self._call(spot)) is not None), None)
        if act not in self.domain.assistant_acts:
            return None
        try:
            return self._words(act, [self.policy.node(spot) for spot in spots])
        except DomainError:  # the domain has no words for it
            return None

    # --- hearing ------------------------------------------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        pending = self.turns[-1].call if self.turns else None
        if message.role == "assistant":
            self._own(msgspec.json.decode(message.content))
        elif pending is not None:
            self._result(pending.name, message.content.partition("] ")[2])
        else:
            self.turns.append(Said(role="user", text=message.content))
            for fact in self.facts:
                for value in (fact.first_said, fact.value):
                    if value is not None and self.domain.say(fact.slot, value) in message.content:
                        self.known[fact.slot] = value

    def _own(self, decision: dict[str, Json]) -> None:
        if "tool" not in decision:
            self.turns.append(Said(role="assistant", text=decision["text"], act=decision["act"]))
            return
        name, arguments = str(decision["tool"]), decision["arguments"]
        self.made.append((name, arguments))
        act = self.policy.labels.get(name, name)
        self.turns.append(Said(role="assistant", act=act, call=Called(name=name, arguments=arguments)))

    def _result(self, tool: str, text: str) -> None:
        content = msgspec.json.decode(text)
        self.failed = not content or (isinstance(content, dict) and set(content) == {"error"})
        self.turns.append(Said(role="tool", text=text))
        if self.failed:
            self.made.pop()  # it may be tried again
        for node in map(self.policy.node, self.policy.places):
            if node.call == tool:
                self.saved[node.save or node.call] = content

    # --- doing --------------------------------------------------------------------------------------------------

    def _names(self) -> Names:
        return {**dict.fromkeys(self.domain.spec.slots), **self.saved, **self.known}

    def _call(self, spot: Spot) -> dict[str, Json] | None:
        """The call of a place, where what is asked before it is known and it was not made already."""
        node, asked = self.policy.node(spot), self.policy.asked.get(spot)
        if asked and not any(set(slots) <= self.known.keys() for slots in asked):
            return None
        try:
            names = self._names()
            given = {key: compile_expression(text)(names) for key, text in node.arguments.items()}
        except ExpressionFault:
            return None
        arguments = {key: value for key, value in given.items() if value is not None}
        tool = self.domain.tools[node.call]
        empty = bool(node.arguments) and not arguments
        if empty or tool.complaint(arguments) or (node.call, arguments) in self.made:
            return None
        return {"tool": node.call, "arguments": arguments}

    def _words(self, act: str, nodes: Sequence[NodeSpec]) -> dict[str, Json] | None:
        """The domain's own words for this act, in the first of its places that fits."""
        for node in nodes:
            wanted = [slot for slot in node.slots if slot not in self.known]
            mentions = self._mentions(node)
            if mentions is not None and (wanted or not node.slots):
                return self._said(act, wanted[0] if wanted else "", mentions)
        return None if nodes else next(self._general(act), None)

    def _mentions(self, node: NodeSpec) -> tuple[tuple[str, Json], ...] | None:
        """What the words carry; None where a value is not known yet."""
        try:
            names = self._names()
            said = tuple((slot, compile_expression(text)(names)) for slot, text in node.mention.items())
        except ExpressionFault:
            return None
        return None if any(value is None for _, value in said) else said

    def _general(self, act: str) -> Iterator[dict[str, Json]]:
        """An act of behaviour, which stands at no node of a flow: about the document asked for, or the last detail."""
        behaviour = self.domain.spec.behaviour
        if act == behaviour.answer:
            heard = next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "").casefold()
            for document in self.domain.spec.documents:
                if any(ask.casefold() in heard for ask in document.asks):
                    yield self._said(act, document.id, ())
            return
        slot = next((slot for slot in reversed(self.known) if not self.domain.slot(slot).secret), "")
        if slot and act in (behaviour.check, behaviour.corrected):
            yield self._said(act, slot, ((slot, self.known[slot]),))
        elif act not in (behaviour.check, behaviour.corrected):
            yield self._said(act, "", ())

    def _said(self, act: str, about: str, mentions: tuple[tuple[str, Json], ...]) -> dict[str, Json]:
        step = Step(role="assistant", acts=(act,), phrase=f"{act}:{about}" if about else act, mentions=mentions)
        before = [turn.text for turn in self.turns]
        ways = [realise(self.domain, step, seeded("policy", before, act, number)) for number in range(TRIED)]
        return {"act": act, "text": next((way for way in ways if way not in before), ways[0])}
