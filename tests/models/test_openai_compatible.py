"""Endpoints that speak OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from endpoint_double import EndpointDouble, body, endpoint

from turnwright.errors import (
    EndpointBusy,
    EndpointDown,
    EndpointFault,
    ModelError,
    ReplyUnreadable,
    RequestRefused,
    SpecError,
    TurnwrightError,
)
from turnwright.models import Message, ModelCall, OpenAICompatibleClient, Reply, Request, TokenLogprob
from turnwright.records import Usage

KEY = "sk-planted-7f3a9c21d4"
HELLO = Request(messages=(Message(role="user", content="hello"),), seed=7)


@pytest.fixture
async def double() -> AsyncIterator[EndpointDouble]:
    async with endpoint() as running:
        yield running


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def ask(double: EndpointDouble, request: Request = HELLO, **options: Any) -> Reply:
    client = OpenAICompatibleClient(double.base_url, "mini", **options)
    try:
        return await client.complete(request)
    finally:
        await client.close()


async def refusal(double: EndpointDouble, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(double, **options)
    return caught.value


async def test_a_request_travels_whole(double: EndpointDouble) -> None:
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    call = ModelCall(id="call_1", name="find", arguments={"id": 3})
    messages = (
        Message(role="user", content="where is it?"),
        Message(role="assistant", calls=(call,)),
        Message(role="tool", content='{"at": "sea"}', call_id="call_1"),
    )
    schema = {"type": "object", "properties": {}}
    request = Request(
        messages=messages,
        max_tokens=9,
        temperature=0.1,
        top_p=0.5,
        seed=3,
        stop=("\n",),
        json_schema=schema,
        grammar='root ::= "x"',
        tools=(tool,),
        logprobs=2,
    )
    await ask(double, request)
    assert double.bodies == [
        {
            "model": "mini",
            "messages": [
                {"role": "user", "content": "where is it?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"id":3}'}}
                    ],
                },
                {"role": "tool", "content": '{"at": "sea"}', "tool_call_id": "call_1"},
            ],
            "max_tokens": 9,
            "temperature": 0.1,
            "top_p": 0.5,
            "seed": 3,
            "stop": ["\n"],
            "tools": [tool],
            "logprobs": True,
            "top_logprobs": 2,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": schema},
            },
        }
    ]


async def test_extra_body_adds_takes_away_and_lets_a_grammar_through(double: EndpointDouble) -> None:
    request = Request(messages=HELLO.messages, grammar='root ::= "x"')
    extra = {"grammar": True, "seed": None, "reasoning": {"effort": "low"}}
    await ask(double, request, extra_body=extra)
    await ask(double, HELLO, extra_body=extra)
    assert double.bodies[0]["grammar"] == 'root ::= "x"'
    assert double.bodies[0]["reasoning"] == {"effort": "low"}
    assert "seed" not in double.bodies[0]
    assert "grammar" not in double.bodies[1]


async def test_a_reply_comes_back_whole(double: EndpointDouble) -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"id": 3}'}},
        {"id": "b", "type": "function", "function": {"name": "find", "arguments": '{"id": '}},
        {"id": None, "type": "function", "function": {"name": "ping", "arguments": ""}},
    ]
    said = body(None, tool_calls=calls)
    said["choices"][0]["finish_reason"] = "tool_calls"
    said["choices"][0]["logprobs"] = {
        "content": [{"token": "hi", "logprob": -0.5, "top_logprobs": [{"token": "hi", "logprob": -0.5}]}]
    }
    said["usage"] = {
        "prompt_tokens": 90,
        "completion_tokens": 40,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    double.says(said)
    reply = await ask(double)
    assert reply.calls == (
        ModelCall(id="a", name="find", arguments={"id": 3}),
        ModelCall(id="b", name="find", arguments=None),
        ModelCall(id="call_3", name="ping", arguments={}),
    )
    assert (reply.text, reply.finish) == ("", "tool_calls")
    assert reply.logprobs == (TokenLogprob("hi", -0.5, (("hi", -0.5),)),)
    assert reply.usage == Usage(calls=1, prompt_tokens=90, cached_tokens=64, completion_tokens=40, reasoning_tokens=30)
    assert reply.seconds > 0


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("eos", "stop"), (None, "stop")],
)
async def test_every_way_to_finish_has_one_word(double: EndpointDouble, finish: str | None, expected: str) -> None:
    said = body()
    said["choices"][0]["finish_reason"] = finish
    double.says(said)
    assert (await ask(double)).finish == expected


async def test_words_in_parts_are_put_together(double: EndpointDouble) -> None:
    said = body()
    said["choices"][0]["message"]["content"] = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    double.says(said)
    assert (await ask(double)).text == "one two"


STATUSES: list[tuple[int, type[ModelError]]] = [
    (400, RequestRefused),
    (401, RequestRefused),
    (403, RequestRefused),
    (404, RequestRefused),
    (422, RequestRefused),
    (302, RequestRefused),
    (408, EndpointFault),
    (429, EndpointBusy),
    (500, EndpointFault),
    (502, EndpointFault),
    (503, EndpointBusy),
    (529, EndpointBusy),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_every_status_becomes_the_error_of_its_kind(
    double: EndpointDouble, status: int, kind: type[ModelError]
) -> None:
    double.says({"error": {"message": "the reason"}}, status=status)
    error = await refusal(double)
    assert type(error) is kind
    assert f"status {status}: the reason" in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "payload",
    [{"message": "the reason"}, {"detail": "the reason"}, {"error": "the reason"}, b"the reason\n"],
    ids=["message", "detail", "error text", "plain"],
)
async def test_the_reason_is_found_in_every_shape_of_error_body(double: EndpointDouble, payload: Any) -> None:
    double.says(payload, status=400)
    assert "the reason" in str(await refusal(double))


async def test_an_error_inside_a_200_is_an_error(double: EndpointDouble) -> None:
    double.says({"error": {"message": "upstream is full", "code": 429}})
    assert isinstance(await refusal(double), EndpointBusy)
    double.says({"error": {"message": "upstream broke"}})
    assert isinstance(await refusal(double), EndpointFault)


async def test_retry_after_in_seconds_is_read(double: EndpointDouble) -> None:
    double.says({}, status=429, Retry_After="2.5")
    error = await refusal(double)
    assert isinstance(error, EndpointBusy)
    assert error.retry_after == 2.5


async def test_retry_after_as_a_date_counts_from_the_endpoints_own_clock(double: EndpointDouble) -> None:
    then = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    date, later = (format_datetime(when, usegmt=True) for when in (then, then + timedelta(seconds=90)))
    double.says({}, status=503, Retry_After=later, Date=date)
    error = await refusal(double)
    assert isinstance(error, EndpointBusy)
    assert error.retry_after == 90.0


@pytest.mark.parametrize("value", ["soon", "nan", "", "inf"])
async def test_a_retry_after_that_cannot_be_read_is_no_wait(double: EndpointDouble, value: str) -> None:
    double.says({}, status=429, Retry_After=value)
    error = await refusal(double)
    assert isinstance(error, EndpointBusy)
    assert error.retry_after is None


@pytest.mark.parametrize(
    "payload",
    [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": "x"}', b"\xff\xfe"],
    ids=repr,
)
async def test_a_body_that_is_no_completion_is_unreadable(double: EndpointDouble, payload: bytes) -> None:
    double.says(payload)
    assert isinstance(await refusal(double), ReplyUnreadable)


async def test_a_reply_without_end_is_cut_off(double: EndpointDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnwright.models.openai_compatible._LARGEST_REPLY", 1000)
    double.says(body("x" * 2000))
    assert isinstance(await refusal(double), ReplyUnreadable)


async def test_a_slow_endpoint_is_a_fault(double: EndpointDouble) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        raise AssertionError

    double.answer = slow
    error = await refusal(double, timeout=0.1)
    assert isinstance(error, EndpointFault)
    assert "0.1 s" in str(error)


async def test_a_broken_connection_is_a_fault(double: EndpointDouble) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    double.answer = broken
    assert isinstance(await refusal(double), EndpointFault)


async def test_nobody_there_is_down() -> None:
    port = free_port()
    client = OpenAICompatibleClient(f"http://127.0.0.1:{port}/v1", "mini")
    with pytest.raises(EndpointDown, match=rf"mini at http://127.0.0.1:{port}/v1.*Fix: check that"):
        await client.complete(HELLO)
    await client.close()


async def test_a_name_that_does_not_resolve_is_down() -> None:
    client = OpenAICompatibleClient("http://no-such-host.invalid/v1", "mini")
    with pytest.raises(EndpointDown):
        await client.complete(HELLO)
    await client.close()


async def test_connections_are_kept_and_shared(double: EndpointDouble) -> None:
    client = OpenAICompatibleClient(double.base_url, "mini")
    for _ in range(5):
        await client.complete(HELLO)
    assert len(double.peers) == 1
    await asyncio.gather(*(client.complete(HELLO) for _ in range(20)))
    assert len(double.peers) <= 20
    await client.close()


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "localhost:8000/v1", "http://", "", "/v1", "file:///etc/passwd", "http://[::1"]
)
def test_only_http_urls_are_taken(url: str) -> None:
    with pytest.raises(SpecError, match="base_url"):
        OpenAICompatibleClient(url, "mini")


def test_credentials_in_the_url_are_refused_without_being_shown() -> None:
    with pytest.raises(SpecError, match="user or password") as caught:
        OpenAICompatibleClient(f"https://me:{KEY}@host/v1", "mini")
    assert KEY not in str(caught.value)


def test_a_key_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(SpecError, match=r"MY_KEY is not set.*export MY_KEY="):
        OpenAICompatibleClient("http://host/v1", "mini", api_key_env="MY_KEY")


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f"{KEY}\r\nX-Other: 1")
    with pytest.raises(SpecError, match="MY_KEY") as caught:
        OpenAICompatibleClient("http://host/v1", "mini", api_key_env="MY_KEY")
    assert KEY not in str(caught.value)


async def test_the_key_is_sent_and_nothing_else_shows_it(
    double: EndpointDouble, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    caplog.set_level("DEBUG")
    header = "Token tenant-secret-55"
    shown: list[str] = []
    for status in (200, 302, 400, 401, 429, 500):
        double.says({"error": {"message": f"bad key {KEY} of tenant-secret-55 ({header})"}}, status=status)
        client = OpenAICompatibleClient(
            f"{double.base_url}?key=query-secret-66", "mini", api_key_env="MY_KEY", headers={"X-Tenant": header}
        )
        with pytest.raises(TurnwrightError) as caught:
            await client.complete(HELLO)
        shown += [client.fingerprint, repr(client), *traceback.format_exception(caught.value)]
        await client.close()
    assert double.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert double.headers[0]["X-Tenant"] == header
    for secret in (KEY, "tenant-secret-55", "query-secret-66"):
        assert secret not in "\n".join(shown) + caplog.text
    assert any("[REDACTED]" in line for line in shown)


async def test_a_refused_key_says_which_variable_to_check(
    double: EndpointDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    double.says({"error": {"message": "who are you?"}}, status=401)
    assert "check the key in MY_KEY" in str(await refusal(double, api_key_env="MY_KEY"))


def test_a_fingerprint_tells_models_endpoints_and_extra_fields_apart() -> None:
    def fingerprint(url: str = "http://host/v1", model: str = "mini", **options: Any) -> str:
        return OpenAICompatibleClient(url, model, **options).fingerprint

    assert fingerprint() == "mini@http://host/v1" == fingerprint("http://host/v1/")
    others = {fingerprint("http://other/v1"), fingerprint(model="maxi"), fingerprint(extra_body={"a": 1})}
    assert len(others | {fingerprint()}) == 4


async def test_a_redirect_is_not_followed(double: EndpointDouble) -> None:
    double.says({}, status=307, Location="http://127.0.0.1:9/v1/chat/completions")
    assert "do not follow redirects" in str(await refusal(double))


async def test_text_that_is_not_unicode_is_refused_before_it_is_sent(double: EndpointDouble) -> None:
    with pytest.raises(RequestRefused, match="cannot be written as JSON"):
        await ask(double, Request(messages=(Message(role="user", content="\ud800"),)))
    assert double.bodies == []


def test_a_client_serves_one_event_loop_after_the_other() -> None:
    port = free_port()
    client = OpenAICompatibleClient(f"http://127.0.0.1:{port}/v1", "mini")

    async def once(close: bool) -> str:
        async with endpoint(port):
            reply = await client.complete(HELLO)
            if close:
                await client.close()
            return reply.text

    assert [asyncio.run(once(close)) for close in (False, True)] == ["hello", "hello"]
