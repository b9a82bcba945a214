"""One suite for every client: what the stages may rely on, whatever speaks behind the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from turnwright.errors import CatalogueError, EndpointDown, ModelError, RequestRefused
from turnwright.models import (
    Client,
    EmbeddedClient,
    Faults,
    Message,
    OpenAICompatibleClient,
    Reply,
    Request,
    ScriptedClient,
    located,
)

REFUSED = "word " * 3000
"""What every far side of this suite refuses: more than its context holds."""

SCHEMA = {
    "type": "object",
    "properties": {"said": {"type": "string", "maxLength": 40}, "mood": {"enum": ["calm", "angry"]}},
    "required": ["said", "mood"],
    "additionalProperties": False,
}


def asking(text: str, **fields: Any) -> Request:
    fields = {"max_tokens": 24, "temperature": 0.0} | fields
    return Request(messages=(Message(role="system", content="Be brief."), Message(role="user", content=text)), **fields)


def _said(request: Request) -> str:
    if request.json_schema is not None:
        return json.dumps({"said": "hello", "mood": "calm"})
    return "one two three four five six seven eight"


class Refusing(ScriptedClient):
    """A scripted client with a context, as a model has one."""

    async def complete(self, request: Request) -> Reply:
        if request.messages[-1].content == REFUSED:
            raise RequestRefused("status 400: planned: more than the context holds")
        return await super().complete(request)


class Endpoint:
    """An OpenAI-compatible endpoint in front of a scripted client."""

    def __init__(self) -> None:
        self.model = ScriptedClient(script=_said)

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["messages"][-1]["content"] == REFUSED:
            return web.json_response({"error": {"message": "context exceeded", "code": 400}}, status=400)
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        reply = await self.model.complete(
            Request(
                messages=tuple(Message(role=said["role"], content=said["content"]) for said in body["messages"]),
                max_tokens=body["max_tokens"],
                stop=tuple(body.get("stop", ())),
                json_schema=schema,
                logprobs=body.get("top_logprobs", 0),
            )
        )
        return web.json_response(_wire(reply))


def _wire(reply: Reply) -> dict[str, Any]:
    tokens = [
        {
            "token": token.token,
            "logprob": token.logprob,
            "top_logprobs": [{"token": other, "logprob": value} for other, value in token.top],
        }
        for token in reply.logprobs
    ]
    choice = {"message": {"role": "assistant", "content": reply.text}, "finish_reason": reply.finish}
    usage = {"prompt_tokens": reply.usage.prompt_tokens, "completion_tokens": reply.usage.completion_tokens}
    return {"choices": [choice | ({"logprobs": {"content": tokens}} if tokens else {})], "usage": usage}


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        return located("smollm2-135m-instruct")
    except CatalogueError as error:
        pytest.skip(f"the embedded model is not on this machine ({error})")


@pytest.fixture(scope="module")
def embedded(weights: Path) -> Iterator[EmbeddedClient]:
    client = EmbeddedClient(weights, name="smollm2-135m-instruct", slots=4, context=512)
    yield client
    asyncio.run(client.close())


@pytest.fixture
async def served() -> AsyncIterator[OpenAICompatibleClient]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", Endpoint().complete)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = OpenAICompatibleClient(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", "double")
    yield client
    await client.close()
    await runner.cleanup()


@pytest.fixture
async def plain() -> ScriptedClient:
    return Refusing(script=_said)


CLIENTS = ["plain", "served", pytest.param("embedded", marks=pytest.mark.model)]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.getfixturevalue(request.param)
    return found


async def test_a_fingerprint_is_a_line_that_stays_the_same(client: Client) -> None:
    before = client.fingerprint
    await client.complete(asking("hello"))
    assert before == client.fingerprint != ""
    assert before.isprintable()


async def test_a_reply_has_words_a_finish_and_a_count_of_one_call(client: Client) -> None:
    reply = await client.complete(asking("hello"))
    assert reply.text
    assert reply.finish in ("stop", "length")
    assert reply.usage.calls == 1
    assert reply.usage.prompt_tokens >= 3
    assert 0 <= reply.usage.cached_tokens <= reply.usage.prompt_tokens
    assert reply.usage.completion_tokens >= 1
    assert reply.usage.money == 0
    assert reply.seconds >= 0.0


async def test_a_reply_is_no_longer_than_asked_for(client: Client) -> None:
    reply = await client.complete(asking("Tell me a long story.", max_tokens=4))
    assert reply.finish == "length"
    assert reply.usage.completion_tokens <= 4


async def test_a_reply_ends_before_a_stop_string(client: Client) -> None:
    whole = (await client.complete(asking("Tell me a long story."))).text
    stop = whole.split()[2]
    assert stop not in (await client.complete(asking("Tell me a long story.", stop=(stop,)))).text


async def test_a_reply_under_a_schema_is_json_that_fits_it(client: Client) -> None:
    reply = await client.complete(asking("How are you? Answer in JSON.", json_schema=SCHEMA, max_tokens=100))
    jsonschema.validate(json.loads(reply.text), SCHEMA)


async def test_log_probabilities_are_given_when_asked_for(client: Client) -> None:
    reply = await client.complete(asking("hello", logprobs=2, max_tokens=3))
    assert "".join(token.token for token in reply.logprobs) == reply.text
    assert all(token.logprob <= 0.0 and 1 <= len(token.top) <= 2 for token in reply.logprobs)
    assert not (await client.complete(asking("hello", max_tokens=3))).logprobs


async def test_many_calls_are_answered_at_the_same_time(client: Client) -> None:
    replies = await asyncio.gather(*(client.complete(asking(f"hello {number}")) for number in range(12)))
    assert all(reply.text for reply in replies)


async def test_a_request_that_cannot_be_answered_is_refused_in_one_line(client: Client) -> None:
    with pytest.raises(RequestRefused) as caught:
        await client.complete(asking(REFUSED))
    assert "\n" not in str(caught.value)


async def test_a_cancelled_call_leaves_the_client_usable(client: Client) -> None:
    calls = [asyncio.ensure_future(client.complete(asking(f"story {number}"))) for number in range(12)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert (await client.complete(asking("hello"))).text


async def test_a_conversation_of_several_turns_and_a_tool_result_is_understood(client: Client) -> None:
    messages = (
        Message(role="user", content="where is my parcel?"),
        Message(role="assistant", content="Let me look."),
        Message(role="user", content="please do"),
    )
    assert (await client.complete(Request(messages=messages, max_tokens=8))).text


@pytest.fixture(params=CLIENTS)
def short_lived(request: pytest.FixtureRequest) -> Client:
    if request.param == "embedded":
        return EmbeddedClient(request.getfixturevalue("weights"), slots=1, context=256)
    found: Client = request.getfixturevalue(request.param)
    return found


async def test_a_closed_client_says_that_it_is_down(short_lived: Client) -> None:
    await short_lived.complete(asking("hello", max_tokens=2))
    await short_lived.close()
    await short_lived.close()
    with pytest.raises(EndpointDown):
        await short_lived.complete(asking("hello"))


async def test_every_error_of_a_call_is_a_model_error() -> None:
    client = ScriptedClient(faults=Faults(rate=1.0))
    for number in range(20):
        with pytest.raises(ModelError):
            await client.complete(asking(str(number)))
