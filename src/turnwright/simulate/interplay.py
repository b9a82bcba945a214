"""The `interplay` way: a user model and the teacher talk turn by turn, and tools run in the world as they are called.

The user model knows persona, goal and facts, and never the gold calls; the teacher knows policy and tools, and never
the facts. Each side's prompt only ever grows at its end, so that a prefix cache serves all but the last turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from turnwright.domains import Domain
from turnwright.errors import ReplyUnreadable
from turnwright.models import Request, Speaker
from turnwright.records import (
    Blueprint,
    Defect,
    Ending,
    Json,
    Provenance,
    Scenario,
    ToolCall,
    Turn,
    canonical,
    derive_seed,
)
from turnwright.records.provenance import Sampling
from turnwright.simulate.settings import InterplaySettings
from turnwright.simulate.sides import Side, heard_by_user, opening, teacher_side, user_side

__all__ = ["Guard", "interplay"]

Guard = Callable[[tuple[Turn, ...]], Defect | None]
LEAVING = ("bye", "abandon")


async def interplay(
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    speakers: Mapping[str, Speaker],
    settings: InterplaySettings,
    *,
    attempt: int,
    guard: Guard,
) -> tuple[tuple[Turn, ...], Ending]:
    """Let user and teacher talk until the goal is reached, the user leaves, they loop, or the turn cap is met.

    Raises:
        ReplyUnreadable: a model gave no readable turn in all its tries.
    """
    talk = _Talk(blueprint, scenario, domain, speakers, settings, attempt, guard)
    ending = await talk.run()
    return tuple(talk.turns), ending


class _Talk:
    def __init__(
        self,
        blueprint: Blueprint,
        scenario: Scenario,
        domain: Domain,
        speakers: Mapping[str, Speaker],
        settings: InterplaySettings,
        attempt: int,
        guard: Guard,
    ) -> None:
        self.blueprint, self.domain, self.settings, self.guard = blueprint, domain, settings, guard
        self.attempt = attempt
        self.world = domain.open_world(blueprint.world_seed, blueprint.setup)
        self.toolbox = domain.toolbox(self.world, blueprint.faults)
        self.turns: list[Turn] = []
        self.calls = 0
        self.user = user_side(blueprint, scenario, domain, speakers["user"])
        self.teacher = teacher_side(domain, speakers["teacher"])
        self.surfaces = [(fact.slot, fact.value) for fact in blueprint.facts]

    async def run(self) -> Ending:
        self.user.hears(opening())
        while len(self.turns) < self.settings.turn_cap:
            decision = await self.speak(self.user)
            self.teacher.hears(str(decision["text"]))
            if self.looping():
                return "loop"
            act, done = decision["act"], bool(decision.get("done"))
            if self.fatal():
                return "stopped"
            answer = await self.assistant_turn()
            if answer is None or self.fatal():
                return "stopped" if answer is not None else "loop"
            if act == "abandon":
                return "abandoned"
            if act == "bye" or (done and answer == self.domain.spec.behaviour.goodbye):
                return "complete"
            if self.looping():
                return "loop"
        return "turn_cap"

    async def assistant_turn(self) -> str | None:
        """Tool calls, then words. Returns the act of the words, None when only calls came (a loop)."""
        for _ in range(self.settings.calls_per_turn + 1):
            decision = await self.speak(self.teacher)
            if "tool" not in decision:
                self.user.hears(heard_by_user(str(decision["text"])))
                return str(decision["act"])
            self.run_tool(decision)
            if self.fatal():
                return ""
        return None

    def run_tool(self, decision: Mapping[str, Json]) -> None:
        call = self.turns[-1].call
        assert call is not None
        result = self.toolbox.run(call)
        self.turns.append(Turn(role="tool", result=result, provenance=Provenance(origin="tool"), trainable=False))
        content: Json = {"error": result.error} if result.error else result.content
        self.teacher.hears(f"[result of {decision['tool']}] {canonical(content).decode()}")

    async def speak(self, side: Side) -> dict[str, Json]:
        """Get one readable decision from a side, note it, and append the turn."""
        paid: list[str] = []
        for number in range(self.settings.tries):
            seed = derive_seed(self.blueprint.id, self.attempt, len(self.turns), number)
            request = Request(
                messages=tuple(side.messages),
                max_tokens=self.settings.max_tokens,
                temperature=self.settings.temperature,
                top_p=self.settings.top_p,
                seed=seed,
                json_schema=side.schema,
            )
            answer = await side.speaker.ask(request)
            paid.append(answer.call_id)
            decision = side.read(answer.reply.text)
            if decision is not None:
                side.said(decision)
                made = Provenance(
                    origin="model", role=side.role, model=answer.model, prompt=side.hash, seed=seed,
                    calls=tuple(paid), tries=number + 1, sampling=Sampling.of(request),
                )  # fmt: skip
                self.turns.append(self.turn(side, decision, made))
                return decision
        raise ReplyUnreadable(
            f"no readable turn of the {side.role} in {self.settings.tries} tries",
            where=f"turn {len(self.turns)}",
            fix="use a stronger model for this role, or simulate.way: fill",
        )

    def turn(self, side: Side, decision: Mapping[str, Json], made: Provenance) -> Turn:
        if "tool" in decision:
            self.calls += 1
            call = ToolCall(id=f"call_{self.calls}", name=str(decision["tool"]), arguments=decision["arguments"])
            return Turn(role="assistant", acts=(call.name,), call=call, provenance=made)
        text = " ".join(str(decision["text"]).split())
        said = tuple((slot, value) for slot, value in self.surfaces if self.domain.say(slot, value) in text)
        role: Any = "user" if side is self.user else "assistant"
        return Turn(role=role, text=text, acts=(str(decision["act"]),), mentions=said, provenance=made)

    def fatal(self) -> bool:
        defect = self.guard(tuple(self.turns))
        return defect is not None and defect.severity == "fatal"

    def looping(self) -> bool:
        """The same side said or called the same thing twice before."""
        last = self.turns[-1]
        mark = (last.role, last.text, last.call and (last.call.name, canonical(last.call.arguments)))
        same = [t for t in self.turns if (t.role, t.text) == mark[:2] and t.call is None] if last.text else []
        return len(same) > 2
