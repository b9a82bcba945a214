"""The test double that ships."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from turnwright.errors import (
    EndpointBusy,
    EndpointDown,
    EndpointFault,
    ModelError,
    ReplyUnreadable,
    RequestRefused,
    SpecError,
)
from turnwright.models import SCRIPTS, FaultKind, Faults, Message, Reply, Request, ScriptedClient
from turnwright.models.scripts import fitting


def asking(text: str, **fields: Any) -> Request:
    return Request(messages=(Message(role="system", content="be brief"), Message(role="user", content=text)), **fields)


async def said(request: Request, script: str = "obliging") -> str:
    return (await ScriptedClient(script=script).complete(request)).text


@pytest.mark.parametrize("script", sorted(SCRIPTS))
async def test_a_reply_is_a_pure_function_of_the_request(script: str) -> None:
    requests = [asking(f"Say: order {number}", seed=number) for number in range(20)]
    one, other = ScriptedClient(script=script), ScriptedClient(script=script)
    first = [(await one.complete(request)).text for request in requests]
    second = [(await other.complete(request)).text for request in reversed(requests)]
    assert first == second[::-1]


async def test_obliging_says_what_it_is_asked_to_say_and_touches_no_value() -> None:
    line = "my order number is ORD-1042, I paid 39.90 euros"
    replies = {await said(asking(f"Act: inform\nSay: {line}\nMood: calm", seed=seed)) for seed in range(60)}
    assert len(replies) > 10
    assert all(line in reply for reply in replies)
    assert all(re.findall(r"\d+", reply) == ["1042", "39", "90"] for reply in replies)


async def test_obliging_takes_the_last_line_that_says_what_to_say() -> None:
    assert "second" in await said(asking("Say: first\nSay: second"))
    assert await said(asking("nothing to say here")) == "All right."


async def test_flip_speaks_like_an_assistant() -> None:
    assert re.search(r"assist|help you|contacting", await said(asking("You are the customer."), "flip"))


async def test_echo_repeats_and_silent_says_nothing() -> None:
    assert await said(asking("hello there"), "echo") == "hello there"
    assert await said(asking("hello there"), "silent") == ""


async def test_garbage_is_never_a_json_object() -> None:
    for seed in range(30):
        text = await said(asking("give me json", seed=seed), "garbage")
        try:
            assert not isinstance(json.loads(text), dict)
        except json.JSONDecodeError:
            continue


async def test_a_script_can_be_a_function_that_gives_words_or_a_whole_reply() -> None:
    words = ScriptedClient(script=lambda request: request.messages[-1].content.upper())
    whole = ScriptedClient(script=lambda request: Reply(text="done", finish="length"))
    assert (await words.complete(asking("hi"))).text == "HI"
    assert (await whole.complete(asking("hi"))).finish == "length"


def test_an_unknown_script_is_named_with_those_there_are() -> None:
    with pytest.raises(SpecError, match=r"no script 'polite'.*blind, echo, .*, obliging, .*suspicious"):
        ScriptedClient(script="polite")


async def test_usage_counts_words() -> None:
    reply = await ScriptedClient(script=lambda request: "three words here").complete(asking("two words"))
    assert (reply.usage.calls, reply.usage.prompt_tokens, reply.usage.completion_tokens) == (1, 4, 3)


SCHEMAS: list[dict[str, Any]] = [
    {
        "type": "object",
        "properties": {"text": {"type": "string"}, "n": {"type": "integer", "minimum": 3}, "free": {"type": "string"}},
        "required": ["text", "n"],
        "additionalProperties": False,
    },
    {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2},
    {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    {"oneOf": [{"const": 7}, {"type": "string"}]},
    {"type": ["null", "number"], "exclusiveMinimum": 1.5},
    {"type": "integer", "minimum": 7, "multipleOf": 5},
    {"type": "number", "maximum": -2},
    {"type": "string", "minLength": 40, "maxLength": 44},
    {"type": "string", "maxLength": 3},
    {"type": "null"},
    {
        "$defs": {"turn": {"type": "object", "properties": {"say": {"type": "string"}}, "required": ["say"]}},
        "type": "object",
        "properties": {"turns": {"type": "array", "items": {"$ref": "#/$defs/turn"}, "minItems": 1}},
        "required": ["turns"],
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
async def test_a_reply_under_a_schema_fits_it(schema: dict[str, Any]) -> None:
    text = await said(asking("Say: my code is 77", json_schema=schema))
    jsonschema.validate(json.loads(text), schema)


def test_strings_of_a_schema_are_filled_from_the_say_line() -> None:
    assert fitting(SCHEMAS[0], "my code is 77") == {"text": "my code is 77", "n": 3}


FAULT_KINDS: list[tuple[FaultKind, type[ModelError]]] = [
    ("busy", EndpointBusy),
    ("fault", EndpointFault),
    ("reset", EndpointFault),
    ("stall", EndpointFault),
    ("unreadable", ReplyUnreadable),
    ("down", EndpointDown),
    ("refused", RequestRefused),
]


@pytest.mark.parametrize(("kind", "error"), FAULT_KINDS)
async def test_a_planned_fault_strikes_the_call_of_that_number(kind: FaultKind, error: type[ModelError]) -> None:
    client = ScriptedClient(faults=Faults(arrivals={2: kind}, stall=0.0))
    await client.complete(asking("one"))
    with pytest.raises(error, match="planned"):
        await client.complete(asking("two"))
    await client.complete(asking("two"))
    assert client.arrived == 3
    assert len(client.requests) == 2


async def test_a_busy_double_says_how_long_to_wait() -> None:
    client = ScriptedClient(faults=Faults(arrivals={1: "busy"}, retry_after=2.5))
    with pytest.raises(EndpointBusy) as caught:
        await client.complete(asking("one"))
    assert caught.value.retry_after == 2.5


async def outcomes(client: ScriptedClient, requests: list[Request]) -> list[str]:
    found = await asyncio.gather(*(client.complete(request) for request in requests), return_exceptions=True)
    return [type(outcome).__name__ for outcome in found]


async def test_a_share_of_requests_fails_whatever_the_order_and_then_succeeds() -> None:
    requests = [asking(str(number)) for number in range(200)]
    faults = Faults(rate=0.3, times=2)
    forth = ScriptedClient(faults=faults)
    first = await outcomes(forth, requests)
    back = await outcomes(ScriptedClient(faults=faults), requests[::-1])
    assert first == back[::-1]
    assert 30 <= sum(name != "Reply" for name in first) <= 90
    assert len(set(first)) >= 4
    assert await outcomes(forth, requests) == first
    assert set(await outcomes(forth, requests)) == {"Reply"}


async def test_the_double_counts_what_was_answered_twice() -> None:
    client = ScriptedClient(faults=Faults(arrivals={1: "fault"}))
    with pytest.raises(EndpointFault):
        await client.complete(asking("a"))
    await client.complete(asking("a"))
    await client.complete(asking("b"))
    assert client.sent_twice == {}
    await client.complete(asking("b"))
    assert client.sent_twice == {client.request_id(asking("b")): 2}


async def test_without_a_log_nothing_is_kept_in_memory() -> None:
    client = ScriptedClient(log=False)
    await client.complete(asking("a"))
    assert not client.requests
    assert not client.calls
    assert client.arrived == 1


async def test_calls_with_latency_overlap_and_end_in_an_order_of_their_own() -> None:
    client, ended = ScriptedClient(latency=0.01), []

    async def call(number: int) -> None:
        await client.complete(asking(str(number)))
        ended.append(number)

    await asyncio.gather(*(call(number) for number in range(12)))
    assert client.most_in_flight == 12
    assert client.in_flight == 0
    assert ended != sorted(ended)


async def test_a_log_file_counts_across_processes(tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    program = (
        "import asyncio, pathlib, sys\n"
        "from turnwright.models import Message, Request, ScriptedClient\n"
        "client = ScriptedClient(log_file=pathlib.Path(sys.argv[1]))\n"
        "asyncio.run(client.complete(Request(messages=(Message(role='user', content=sys.argv[2]),))))\n"
    )
    for word in ("a", "b", "a"):
        subprocess.run([sys.executable, "-c", program, str(log), word], check=True)
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[2] != lines[1]
    assert lines[0] == ScriptedClient.request_id(Request(messages=(Message(role="user", content="a"),)))
