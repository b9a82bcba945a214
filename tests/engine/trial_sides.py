"""Sides of a trial that play by rule: a customer who says all and leaves, and assistants, good and bad.

The customer's first words name the scenario, so that an assistant that is given the blueprints knows what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from turnwright.domains import Domain
from turnwright.domains.phrasing import realise
from turnwright.engine import Spec, domain_of, load_spec
from turnwright.engine.trials.run import cases_of
from turnwright.engine.trials.talk import Case
from turnwright.models import Answer, Message, Reply, Request
from turnwright.records import Blueprint, Fact, Step, seeded

Script = Callable[[Request], str]
FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
name: shop
domain: {domain}
seed: 11
scenarios: {scenarios}
models:
  customer: {{kind: scripted, script: customer, log: {log}}}
  student: {{kind: scripted, script: {script}, log: {log}, price: {{input: "1"}}}}
roles: {{user: customer, teacher: student}}
run: {{concurrency: {concurrency}, durability: process}}
"""


def written(
    folder: Path, script: str, *, scenarios: int = 8, concurrency: int = 4, log: str = "calls.log", more: str = ""
) -> Path:
    """Write a spec for these trials into a folder; returns its path."""
    path = folder / "factory.yaml"
    domain = FIXTURES / "mini_shop"
    text = SPEC.format(domain=domain, script=script, scenarios=scenarios, concurrency=concurrency, log=log)
    path.write_text(text + more)
    return path


def cases(path: Path) -> tuple[Spec, list[Case]]:
    """The spec, and what of it can be tried."""
    spec = load_spec(path)
    return spec, cases_of(spec, domain_of(spec, path.parent))[0]


def customer(request: Request) -> str:
    """Say who one is, what one wants and all one knows; then bid farewell."""
    system = request.messages[0].content
    if sum(message.role == "assistant" for message in request.messages):
        return json.dumps({"act": "bye", "text": "Thanks, goodbye", "done": True})
    who = re.search(r"^Who you are: (.*)\.$", system, re.MULTILINE)
    wants = re.search(r"^What you want: (.*)$", system, re.MULTILINE)
    assert who is not None
    assert wants is not None
    text = f"I am {who[1]}. {wants[1]}"
    return json.dumps({"act": "request_refund", "text": text, "done": False})


def leaving(request: Request) -> str:
    """Leave at once."""
    return json.dumps({"act": "abandon", "text": "I have to go", "done": True})


def following(known: Sequence[Case]) -> Script:
    """An assistant that makes the gold calls of the scenario that the customer names, and says what is to be said."""
    blueprints = {f"I am {each.scenario.persona.name}. {each.blueprint.goal}": each.blueprint for each in known}
    assert len(blueprints) == len(known)

    def answer(request: Request) -> str:
        words = next(message.content for message in request.messages if message.role == "user")
        return json.dumps(_next(blueprints[words], request.messages))

    return answer


def _next(blueprint: Blueprint, messages: Sequence[Message]) -> dict[str, object]:
    done = sum(message.role == "assistant" and '"tool"' in message.content for message in messages)
    if done < len(blueprint.calls):
        call = blueprint.calls[done]
        return {"tool": call.name, "arguments": call.arguments}
    values = [f"{value}" for step in blueprint.steps if step.role == "assistant" for _, value in step.mentions]
    return {"act": "inform_refund", "text": f"So it is: {', '.join(values)}. Goodbye."}


def lazy(request: Request) -> str:
    """Promise all and call nothing."""
    return json.dumps({"act": "goodbye", "text": "All done, goodbye."})


def rash(request: Request) -> str:
    """Refund whatever order is at hand, at once."""
    if any(message.role == "assistant" for message in request.messages):
        return json.dumps({"act": "goodbye", "text": "Refunded, goodbye."})
    words = request.messages[-1].content
    order = "O-102" if "O-101" in words else "O-101"
    return json.dumps({"tool": "refund", "arguments": {"order_id": order}})


def moody(good: Script) -> Script:
    """As good as another, but lazy on every third seed: some trials of a scenario pass, some do not."""

    def answer(request: Request) -> str:
        return lazy(request) if request.seed % 3 == 0 else good(request)

    return answer


class Perfect:
    """A chooser of acts that does what every blueprint says, one talk after the other."""

    fingerprint = "perfect"

    def __init__(self, domain: Domain, known: Sequence[Case]) -> None:
        self._domain, self._left = domain, iter(known)

    def speaker(self, facts: Sequence[Fact]) -> _Reading:
        blueprint = next(self._left).blueprint
        assert tuple(facts) == blueprint.facts
        return _Reading(self._domain, iter([step for step in blueprint.steps if step.role == "assistant"]))


class _Reading:
    def __init__(self, domain: Domain, left: Iterator[Step]) -> None:
        self._domain, self._left = domain, left

    async def ask(self, request: Request) -> Answer:
        step = next(self._left, None)
        decision: dict[str, object] = {"act": "goodbye", "text": "Goodbye."}
        if step is not None and step.call is not None:
            decision = {"tool": step.call.name, "arguments": step.call.arguments}
        elif step is not None:
            decision = {"act": step.acts[0], "text": realise(self._domain, step, seeded(1))}
        return Answer(reply=Reply(text=json.dumps(decision)), call_id="cl_0", model="perfect")
