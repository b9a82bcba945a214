"""Walking a flow: asks, says, choices and calls become steps, and every call is executed in the world as it comes.

A walk is made twice: dry, with a plain user, to learn which places the path has; then for real, with the decisions
of `behaviour.py`. The path may differ the second time (a forgotten detail leads elsewhere), which is the point.
"""

from __future__ import annotations

import random
from typing import Any

from turnwright.domains import ExpressionFault, compile_expression
from turnwright.domains.declaration import Edge, NodeSpec
from turnwright.errors import Impossible
from turnwright.plan.behaviour import Behaviour, Places
from turnwright.plan.outline import Outline
from turnwright.plan.settings import PlanSettings
from turnwright.plan.situation import Situation
from turnwright.records import Json, Outcome, ToolResult, seeded

__all__ = ["Walk"]


NOWHERE = "(nowhere)"
"""Where a flow goes when it cannot go on; no node can be called so."""


class Left(Exception):
    """The user has left; the walk ends here."""


class Walk:
    """One walk through one flow.

    After `run`: `outline.steps`, `outcome`, `places` (what was met) and `world` (the end state).
    """

    def __init__(self, scene: Situation, behaviour: Behaviour, settings: PlanSettings) -> None:
        self.scene, self.how, self.settings = scene, behaviour, settings
        self.domain = scene.domain
        self.acts = scene.domain.spec.behaviour
        self.rng: random.Random = seeded("walk", scene.scenario.seed)
        self.world = scene.world()
        self.toolbox = self.domain.toolbox(self.world, behaviour.faults)
        self.outline = Outline(self.domain, self.rng, settings.join)
        self.places = Places()
        self.known: dict[str, Json] = {}
        self.saved: dict[str, Json] = {}
        self.outcome: Outcome = "resolved"

    def run(self) -> Walk:
        """Walk from the start to an end.

        Raises:
            Impossible: the flow leads nowhere, a gold call is refused, or the outline grows too long.
        """
        flow = self.domain.spec.flows[self.scene.flow]
        here: str | None = flow.start
        try:
            self._open(flow.nodes[flow.start])
            while here is not None:
                if len(self.outline.steps) > self.settings.longest:
                    raise Impossible("too_long", f"more than {self.settings.longest} steps (node '{here}')")
                here = self._node(here, flow.nodes[here])
            self._close()
        except Left:
            self.outcome = "abandoned"
            if self.acts.goodbye:
                self.outline.assistant(self.acts.goodbye, detour="abandon")
        except ExpressionFault as fault:
            raise Impossible("bad_expression", f"flow '{self.scene.flow}': {fault}") from None
        return self

    # --- opening and closing ------------------------------------------------------------------------------------

    def _open(self, first: NodeSpec) -> None:
        greets = bool(self.acts.greet) and first.say != self.acts.greet
        if greets and self.rng.random() >= self.settings.user_opens:
            self.outline.user(("greet", ""))
            self.outline.assistant(self.acts.greet)
        request = self.scene.intent.opens_with or "greet"
        parts, mentions = [(request, "")], []
        for slot in self.how.volunteered:
            parts.append(self._slot_act("volunteer", slot))
            mentions.append((slot, self.how.values[slot]))
            self.known[slot] = self.how.values[slot]
        if self.how.complains_at == 0:
            parts.append(("complain", ""))
        self.outline.user(*parts, mentions=mentions)
        if self.how.complains_at == 0:
            self.outline.lead_in(self.acts.apologise)

    def _close(self) -> None:
        """People leave in many ways: thanked or not, asked for more or not, with one goodbye, two or none."""
        how, chance = self.settings, seeded("closing", self.scene.scenario.seed)
        more, left, farewell, returned = (chance.random() for _ in range(4))
        if left < how.unfinished:
            self.outline.user(("thank", ""))
            return
        if self.acts.close and more < how.asks_for_more:
            self.outline.assistant(self.acts.close)
            self.outline.user(("no_more" if chance.random() < 0.75 else "thank", ""))
        else:
            leave = chance.choices(("thank", "no_more", "bye"), (0.4, 0.25, 0.35))[0]
            self.outline.user((leave if leave in self.domain.user_acts else "thank", ""))
        if self.acts.goodbye:
            self.outline.assistant(self.acts.goodbye)
            if farewell < how.farewell:
                self.outline.user(("bye", ""))
                if returned < how.farewell_returned:
                    self.outline.assistant(self.acts.goodbye)

    # --- nodes --------------------------------------------------------------------------------------------------

    def _node(self, name: str, node: NodeSpec) -> str | None:
        """Do one node and return the next one's name, None at an end."""
        if node.call:
            went = self._call(name, node)
            if went:
                return went
        elif node.choose:
            return self._choose(name, node)
        elif node.slots:
            went = self._ask(name, node)
            if went:
                return None if went == NOWHERE else went
        elif node.say:
            self.outline.assistant(node.say, mentions=self._mentions(node), node=name)
        if node.end is not None:
            self.outcome = node.end
            return None
        return self._next(name, node.edges)

    def _next(self, name: str, edges: list[Edge]) -> str:
        names = self._names()
        for edge in edges:
            if compile_expression(edge.when)(names):
                return edge.go
        raise Impossible("dead_end", f"no edge of node '{name}' fits (flow '{self.scene.flow}')")

    def _names(self) -> dict[str, Any]:
        slots = dict.fromkeys(self.domain.spec.slots)
        return {**slots, **self.scene.names(self.world), **self.saved, **self.known}

    def _mentions(self, node: NodeSpec) -> list[tuple[str, Json]]:
        names = self._names()
        said = [(slot, compile_expression(text)(names)) for slot, text in node.mention.items()]
        return [(slot, value) for slot, value in said if value is not None]

    # --- asking -------------------------------------------------------------------------------------------------

    def _ask(self, name: str, node: NodeSpec) -> str:
        """Ask for what is not known yet. Returns the `missing` node (or NOWHERE) when it cannot be had."""
        for slot in node.slots:
            self.places.asked.setdefault(slot, bool(node.missing))
        wanted = [slot for slot in node.slots if slot not in self.known]
        if not wanted:
            return ""
        act = node.say or f"ask_{wanted[0]}"
        self.outline.assistant(act, wanted[0], mentions=self._mentions(node), node=name)
        self._answering(act, wanted[0], name)
        lacking = [slot for slot in wanted if slot not in self.how.values or slot == self.how.forgotten]
        if lacking:
            return self._missing("forget", lacking[0], name, node)
        if self.how.refused in wanted and not self._persuaded(name, node):
            return self._missing("refuse", self.how.refused, name, node)
        if self.how.corrected in wanted:
            self._correcting(wanted, name)
        else:
            self._inform(wanted, {}, name)
        return ""

    def _inform(self, slots: list[str], instead: dict[str, Json], node: str) -> None:
        more = [slot for asked in slots for slot in self.how.along.get(asked, ()) if slot not in (*self.known, *slots)]
        said = [(slot, instead.get(slot, self.how.values[slot])) for slot in (*slots, *more)]
        parts = [self._slot_act("inform", slot) for slot in slots]
        parts += [self._slot_act("volunteer", slot) for slot in more]
        self.outline.user(*parts, mentions=said, node=node)
        self.known.update({slot: self.how.values[slot] for slot in (*slots, *more)})

    def _slot_act(self, act: str, slot: str) -> tuple[str, str]:
        """`inform_account_id` where the domain declares it, else the standard act about the slot."""
        own = f"{act}_{slot}"
        return (own, slot) if own in self.domain.user_acts else (act, slot)

    def _missing(self, act: str, slot: str, name: str, node: NodeSpec) -> str:
        self.outline.user(self._slot_act(act, slot), detour="missing", node=name)
        if node.missing:
            return node.missing
        if not self.acts.cannot:
            raise Impossible("no_place", f"'{slot}' is missing and node '{name}' has nowhere to go without it")
        self.outline.assistant(self.acts.cannot, slot, detour="missing", node=name)
        self.outcome = "refused"
        return NOWHERE

    def _persuaded(self, name: str, node: NodeSpec) -> bool:
        """The user refuses once; the assistant explains. True when the user then gives in."""
        slot = self.how.refused
        self.outline.user(self._slot_act("refuse", slot), detour="refusal", node=name)
        self.outline.assistant(self.acts.need, slot, detour="refusal", node=name)
        return self.how.gives_in

    def _correcting(self, wanted: list[str], name: str) -> None:
        slot, right = self.how.corrected, self.how.values[self.how.corrected]
        wrong = self.how.first_said
        self._inform(wanted, {slot: wrong}, name)
        aloud = not self.domain.slot(slot).secret
        if self.acts.check and aloud:
            self.outline.assistant(self.acts.check, slot, [(slot, wrong)], "correction", name)
        self.outline.user(self._slot_act("correct", slot), mentions=[(slot, right)], detour="correction", node=name)
        if aloud:
            self.outline.lead_in(self.acts.corrected, slot, [(slot, right)], "correction")

    # --- the user's other ways ----------------------------------------------------------------------------------

    def _answering(self, act: str, slot: str, node: str) -> None:
        """Whatever happens before the user answers: leaving, digressing, being unclear, complaining."""
        at = self.places.answers
        self.places.answers += 1
        if at == self.how.leaves_at:
            self.outline.user(("abandon", ""), detour="abandon", node=node)
            raise Left
        if at == self.how.digresses_at:
            document = self.rng.choice(self.domain.spec.documents)
            self.outline.user(("ask", document.id), detour="digression", node=node)
            self._back_to(self.acts.answer, document.id, act, slot, "digression", node)
        if at == self.how.unclear_at:
            self.outline.user(("unclear", ""), detour="repair", node=node)
            self.outline.assistant(self.acts.repeat, slot, detour="repair", node=node)
        if at == self.how.complains_at and at > 0:
            self.outline.user(("complain", ""), detour="anger", node=node)
            self._back_to(self.acts.apologise, "", act, slot, "anger", node)

    def _back_to(self, aside: str, about: str, act: str, slot: str, detour: str, node: str) -> None:
        """Answer the aside, then come back to the question that is still open."""
        asked = next((step for step in reversed(self.outline.steps) if act in step.acts), None)
        mentions = asked.mentions if asked else ()
        self.outline.lead_in(aside, about, detour=detour)
        self.outline.assistant(act, slot, mentions, detour, node)

    def _choose(self, name: str, node: NodeSpec) -> str:
        if len(node.choose) > 1:
            self.places.choices.append(name)
        if node.say:
            self.outline.assistant(node.say, mentions=self._mentions(node), node=name)
        self._answering(node.say, "", name)
        acts = list(node.choose)
        answer = compile_expression(node.answer)(self._names()) if node.answer else acts[0]
        if answer not in node.choose:
            raise Impossible("dead_end", f"'{answer}' is not an answer to node '{name}'")
        if name == self.how.changes_mind_at:
            answer = next((act for act in acts if act != answer), answer)
        detour = "change_of_mind" if name == self.how.changes_mind_at else ""
        self.outline.user((answer, ""), detour=detour, node=name)
        return node.choose[answer]

    # --- calling ------------------------------------------------------------------------------------------------

    def _call(self, name: str, node: NodeSpec) -> str:
        """Make the call, again after a planted failure. Returns where a refusal or an empty result leads."""
        if node.say:
            self.outline.assistant(node.say, mentions=self._mentions(node), node=name)
        result = self._called(name, node)
        if result.fault in ("error", "empty", "stale"):
            self.outline.lead_in(self.acts.trouble, detour="tool_fault")
            result = self._called(name, node)
        elif result.fault == "slow":
            self.outline.lead_in(self.acts.wait, detour="tool_fault")
        if result.error:
            if not node.on_error:
                raise Impossible("call_refused", f"{node.call} at node '{name}': {result.error}")
            self.saved[node.save or node.call] = {"error": result.error}
            return node.on_error
        self.saved[node.save or node.call] = result.content
        return node.on_empty if node.on_empty and _empty(result.content) else ""

    def _called(self, name: str, node: NodeSpec) -> ToolResult:
        names = self._names()
        given = {key: compile_expression(text)(names) for key, text in node.arguments.items()}
        arguments = {key: value for key, value in given.items() if value is not None}
        self.places.calls.append(node.call)
        call = self.outline.call(node.call, arguments, node.act, name)
        result = self.toolbox.run(call)
        self.outline.result(result, name)
        return result


def _empty(content: Json) -> bool:
    if isinstance(content, dict) and "items" in content:
        return not content["items"]
    return content in (None, {}, [], "")
