"""Redaction: what is a secret, and that nothing of it is left."""

from __future__ import annotations

import base64
import json
import traceback

import pytest
from aiohttp import web
from endpoint_double import body, endpoint

from turnwright.engine.spec import EndpointSpec, RolesSpec, Spec
from turnwright.errors import EndpointFault, RequestRefused
from turnwright.models import Message, OpenAICompatibleClient, Request
from turnwright.models.redaction import REDACTED, Secrets, names_a_secret, secrets_of, without_secrets

KEY = "planted-7f3a9c21d4"
HELLO = Request(messages=(Message(role="user", content="hello"),), seed=7)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "x-api-key", "api_key", "accessToken", "X-Auth-Token", "Cookie", "password", "sig", "apikey"],
)
def test_a_name_that_holds_a_secret_is_known(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["max_tokens", "top_k", "api_key_env", "model", "keyboard", "author", "monkey"])
def test_a_name_that_holds_none_is_left_alone(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {KEY}", f"BAD KEY {KEY.upper()}", f"http://h/v1?key={KEY}&a=1", json.dumps({"a": [KEY]}),
        f"cut in {KEY[:-3]}...", f"cut in {KEY[:9]}…",
    ],
)  # fmt: skip
def test_a_secret_goes_out_of_any_text(text: str) -> None:
    shown = Secrets([KEY]).redacted(text)
    assert REDACTED in shown
    assert KEY[:8].lower() not in shown.lower()


def test_a_secret_that_a_url_or_json_writes_otherwise_goes_out_too() -> None:
    key = 'a/b+c="7 9'
    for written in ("a%2Fb%2Bc%3D%227%209", r"a/b+c=\"7 9", r"a\/b+c=\"7 9"):
        assert Secrets([key]).redacted(f"<{written}>") == f"<{REDACTED}>"


def test_what_basic_authorization_stands_for_goes_out_too() -> None:
    value = base64.b64encode(b"ada:difference-engine").decode()
    found = Secrets(secrets_of({"headers": {"Authorization": f"Basic {value}"}}))
    assert found.redacted("no user ada with difference-engine") == f"no user ada with {REDACTED}"
    assert found.redacted("Basic authorization") == "Basic authorization"


def test_short_values_and_schemes_are_no_secrets() -> None:
    assert Secrets(["on", "Bearer", "1"]).redacted("Bearer: on 1") == "Bearer: on 1"


def test_secrets_are_not_shown_by_what_holds_them() -> None:
    assert KEY not in repr(Secrets([KEY]))
    spec = EndpointSpec(kind="openai", base_url=f"http://h/v1?key={KEY}", model="m", headers={"X-A": KEY})
    assert KEY not in repr(spec)
    assert KEY not in str(spec.model_dump())
    assert KEY not in spec.model_dump_json()
    assert spec.headers["X-A"] == KEY, "clients still have it"


def test_a_spec_knows_the_secrets_of_all_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "in-the-environment")
    one = EndpointSpec(kind="openai", base_url="http://h/v1", model="m", api_key_env="PLANTED")
    two = EndpointSpec(kind="openai", base_url="http://h/v1", model="m", headers={"X-A": KEY})
    roles = RolesSpec(user="one", teacher="two")
    secrets = Spec(domain="starter", scenarios=1, models={"one": one, "two": two}, roles=roles).secrets
    assert secrets.redacted(f"in-the-environment {KEY} m") == f"{REDACTED} {REDACTED} m"


def test_settings_are_shown_without_secrets_and_a_change_is_seen() -> None:
    def shown(key: str) -> dict[str, object]:
        return without_secrets(
            {
                "base_url": f"https://me:{key}@host:8000/v1?api-key={key}&empty=",
                "headers": {"Authorization": f"Bearer {key}", "X-Plain": key},
                "extra_body": {"api_key": key, "deep": [{"auth_token": {"is": key}}], "top_k": 5, "s": "plain"},
                "model": "mini",
            }
        )

    once, again, other = shown(KEY), shown(KEY), shown("planted-0000000000")
    assert KEY not in str(once)
    assert once == again
    assert [name for name in once if once[name] != other[name]] == ["base_url", "headers", "extra_body"]
    assert once["model"] == "mini"
    assert str(once["base_url"]).startswith("https://[REDACTED ")
    assert "@host:8000/v1?api-key=[REDACTED " in str(once["base_url"])
    extra = once["extra_body"]
    assert isinstance(extra, dict)
    assert (extra["top_k"], extra["s"]) == (5, "plain")


def test_settings_without_secrets_are_shown_as_they_are() -> None:
    plain = {"base_url": "http://127.0.0.1:8000/v1", "headers": {}, "extra_body": {"top_k": 5, "seed": None}}
    assert without_secrets(plain) == plain


async def test_a_reply_that_echoes_the_key_is_kept_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", KEY)
    spelt = [{"token": part, "logprob": -0.1} for part in ("use ", KEY[:5], KEY[5:])]
    call = {"id": "c1", "function": {"name": "find", "arguments": json.dumps({"with": KEY, "n": 3})}}
    async with endpoint() as double:
        answer = body(f"use {KEY}", tool_calls=[call])
        answer["choices"][0]["logprobs"] = {"content": spelt}
        double.says(answer)
        client = OpenAICompatibleClient(double.base_url, "mini", api_key_env="PLANTED")
        reply = await client.complete(HELLO)
        await client.close()
    assert reply.text == f"use {REDACTED}"
    assert reply.calls[0].arguments == {"with": REDACTED, "n": 3}
    assert reply.logprobs == ()


async def test_plain_words_of_a_header_may_stand_in_a_reply() -> None:
    async with endpoint() as double:
        double.says(body("our support is here"))
        client = OpenAICompatibleClient(double.base_url, "mini", headers={"X-Team": "support"})
        reply = await client.complete(HELLO)
        await client.close()
    assert reply.text == "our support is here"


async def test_a_key_at_the_end_of_a_long_error_is_not_cut_into_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", KEY)
    async with endpoint() as double:
        for room in range(180, 305):
            double.says(b"x" * room + KEY.encode(), status=400)
            client = OpenAICompatibleClient(double.base_url, "mini", api_key_env="PLANTED")
            with pytest.raises(RequestRefused) as caught:
                await client.complete(HELLO)
            await client.close()
            assert KEY[:4] not in str(caught.value)


async def test_a_broken_connection_shows_no_key_in_its_whole_trace() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(f"NOT-HTTP {KEY}\r\n\r\n".encode())
        request.transport.close()
        return web.Response()

    async with endpoint() as double:
        double.answer = broken
        client = OpenAICompatibleClient(f"{double.base_url}?key={KEY}", "mini")
        with pytest.raises(EndpointFault) as caught:
            await client.complete(HELLO)
        await client.close()
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_key_that_is_changed_asks_for_no_call_again() -> None:
    one, other = (
        OpenAICompatibleClient("http://h/v1", "m", extra_body={"api_key": key, "top_k": 5}).fingerprint
        for key in (KEY, "another-0123456789")
    )
    assert one == other
    assert one != OpenAICompatibleClient("http://h/v1", "m", extra_body={"api_key": KEY, "top_k": 6}).fingerprint
