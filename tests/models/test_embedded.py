"""The embedded model: what can be promised about any GGUF, shown on the small one of the catalogue."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from turnwright.errors import CatalogueError, EndpointFault, RequestRefused
from turnwright.models import EmbeddedClient, Message, Request, located

NAME = "smollm2-135m-instruct"


def weights() -> Path:
    try:
        return located(NAME)
    except CatalogueError as error:
        pytest.skip(f"the embedded model is not on this machine ({error})")


@pytest.fixture(scope="module")
def model() -> Iterator[EmbeddedClient]:
    client = EmbeddedClient(weights(), name=NAME, slots=4, context=512)
    yield client
    asyncio.run(client.close())


ENDLESS = "root ::= [a-z ] root"


def asking(text: str, system: str = "You are a customer.", **fields: Any) -> Request:
    fields = {"max_tokens": 12, "temperature": 0.0} | fields
    return Request(messages=(Message(role="system", content=system), Message(role="user", content=text)), **fields)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"none\.gguf.*turnwright models pull"):
        EmbeddedClient(tmp_path / "none.gguf")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "photo.gguf"
    file.write_bytes(b"\x89PNG and more")
    with pytest.raises(CatalogueError, match="not a GGUF file"):
        EmbeddedClient(file)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "half.gguf"
    file.write_bytes(b"GGUF" + bytes(2000))
    with pytest.raises(CatalogueError, match="cannot be loaded"):
        EmbeddedClient(file)


@pytest.mark.model
def test_the_fingerprint_is_the_name_and_the_hash_of_the_file(model: EmbeddedClient) -> None:
    assert model.fingerprint == f"{NAME}@b179c9523d0e6a0f98a330c7562b6827"


@pytest.mark.model
async def test_a_grammar_binds_every_reply(model: EmbeddedClient) -> None:
    grammar = 'root ::= "My order is ORD-1042" [a-z ]{0,20} "."'
    requests = [asking("Say it.", temperature=1.0, seed=seed, grammar=grammar, max_tokens=40) for seed in range(8)]
    for reply in await asyncio.gather(*(model.complete(request) for request in requests)):
        assert re.fullmatch(r"My order is ORD-1042[a-z ]{0,20}\.", reply.text)
        assert reply.finish == "stop"


@pytest.mark.model
async def test_a_schema_binds_every_reply(model: EmbeddedClient) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["calm", "angry"]}, "said": {"type": "string", "maxLength": 30}},
        "required": ["mood", "said"],
        "additionalProperties": False,
    }
    reply = await model.complete(asking("How do you feel?", json_schema=schema, max_tokens=80))
    found = json.loads(reply.text)
    assert found["mood"] in ("calm", "angry")
    assert set(found) == {"mood", "said"}


@pytest.mark.model
async def test_log_probabilities_come_with_their_alternatives(model: EmbeddedClient) -> None:
    reply = await model.complete(asking("Yes or no?", logprobs=3, max_tokens=4))
    assert 1 <= len(reply.logprobs) == reply.usage.completion_tokens - (reply.finish == "stop")
    assert "".join(token.token for token in reply.logprobs) == reply.text
    assert all(len(token.top) == 3 and token.logprob <= 0.0 for token in reply.logprobs)


@pytest.mark.model
async def test_seeds_lead_to_different_words_and_equal_seeds_to_equal_ones(model: EmbeddedClient) -> None:
    async def said(seed: int) -> str:
        return (await model.complete(asking("Tell me a story.", temperature=1.0, seed=seed))).text

    await said(0)  # the prompt is in the cache from here on, so that both calls of a seed compute alike
    first, again = [await said(seed) for seed in range(6)], [await said(seed) for seed in range(6)]
    assert first == again
    assert len(set(first)) >= 4


@pytest.mark.model
async def test_a_growing_conversation_pays_only_for_what_is_new(model: EmbeddedClient) -> None:
    messages: tuple[Message, ...] = (Message(role="system", content="You are an agent. " + "Be kind. " * 25),)
    shares = []
    for number in range(4):
        messages += (Message(role="user", content=f"Question {number}: where is my parcel?"),)
        reply = await model.complete(Request(messages=messages, max_tokens=12))
        messages += (Message(role="assistant", content=reply.text),)
        shares.append(reply.usage.cached_tokens / reply.usage.prompt_tokens)
    assert all(share > 0.6 for share in shares[1:])


@pytest.mark.model
async def test_conversations_that_take_each_others_slots_keep_their_prefix(model: EmbeddedClient) -> None:
    systems = [f"You are agent {number}. " + f"Rule {number}. " * 15 for number in range(8)]  # twice the slots

    async def share(system: str, text: str) -> float:
        usage = (await model.complete(asking(text, system=system))).usage
        return usage.cached_tokens / usage.prompt_tokens

    await asyncio.gather(*(share(system, "hello") for system in systems))
    shares = await asyncio.gather(*(share(system, "hello again") for system in systems))
    assert sum(shares) / len(shares) > 0.6


@pytest.mark.model
@pytest.mark.parametrize(
    "request_",
    [
        asking("word " * 2000),
        asking("x", json_schema={"type": "no such type"}),
        asking("x", tools=({"type": "function"},)),
        asking("\ud800"),
    ],
    ids=["too long", "schema", "tools", "not unicode"],
)
async def test_a_request_that_the_engine_cannot_use_is_refused_in_one_line(
    model: EmbeddedClient, request_: Request
) -> None:
    with pytest.raises(RequestRefused) as caught:
        await model.complete(request_)
    assert "\n" not in str(caught.value)
    assert (await model.complete(asking("still there?"))).text


@pytest.mark.model
async def test_a_cancelled_call_frees_its_slot(model: EmbeddedClient) -> None:
    calls = [asyncio.ensure_future(model.complete(asking("Count.", max_tokens=400, grammar=ENDLESS))) for _ in range(8)]
    await asyncio.sleep(0.5)
    for call in calls:
        call.cancel()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    replies = await asyncio.gather(*(model.complete(asking("hi", seed=seed)) for seed in range(8)))
    assert len(replies) == 8


@pytest.mark.model
async def test_closing_ends_the_calls_under_way() -> None:
    client = EmbeddedClient(weights(), slots=2, context=512)
    calls = [
        asyncio.ensure_future(client.complete(asking("Count.", max_tokens=400, grammar=ENDLESS))) for _ in range(4)
    ]
    await asyncio.sleep(0.3)
    await client.close()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(end, EndpointFault) for end in ends)


@pytest.mark.model
async def test_a_model_can_be_closed_right_after_it_was_loaded() -> None:
    for _ in range(5):
        client = EmbeddedClient(weights(), slots=1, context=256)
        await asyncio.wait_for(client.close(), 60)


@pytest.mark.model
def test_the_listener_that_the_engine_opens_is_closed_to_others(model: EmbeddedClient) -> None:
    address = model._server.listening_address
    for path in ("/v1/models", "/props", "/metrics", "/slots"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address + path, timeout=10)
        assert caught.value.code == 401


PROGRAM = """
import asyncio, sys
from turnwright.models import EmbeddedClient, Message, Request, located
async def main():
    client = EmbeddedClient(located("smollm2-135m-instruct"), slots=4, context=512)
    endless = "root ::= [a-z ] root"
    request = Request(messages=(Message(role="user", content="Count."),), max_tokens=400, grammar=endless)
    calls = [asyncio.ensure_future(client.complete(request)) for _ in range(8)]
    await asyncio.sleep(0.5)
    if sys.argv[1] == "interrupt":
        raise KeyboardInterrupt
    if sys.argv[1] == "exit":
        sys.exit(7)
    if sys.argv[1] == "close":
        await client.close()
        await asyncio.gather(*calls, return_exceptions=True)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.model
@pytest.mark.parametrize(("way", "code"), [("interrupt", 130), ("exit", 7), ("return", 0), ("close", 0)])
def test_a_process_with_calls_in_flight_ends_in_order_and_the_engine_says_nothing(way: str, code: int) -> None:
    weights()  # skips where they are not
    ran = subprocess.run([sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, "", "")
