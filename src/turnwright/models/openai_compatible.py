"""Any endpoint that speaks OpenAI's `/chat/completions`: vLLM, SGLang, Ollama, llama.cpp, hosted ones.

One session and one connection pool a client, so that a call costs a fraction of a millisecond of CPU. A status
becomes one of the errors of `turnwright.errors`; nothing is retried here. The key is read from the environment
and appears neither in the fingerprint nor in any message, and in no reply that echoes it (see `redaction`).
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from yarl import URL

from turnwright.errors import (
    EndpointBusy,
    EndpointDown,
    EndpointFault,
    ModelError,
    ReplyUnreadable,
    RequestRefused,
    SpecError,
)
from turnwright.models.client import Reply, Request
from turnwright.models.redaction import Secrets, secrets_of, without_secrets
from turnwright.models.wire import body_of, problem_of, reply_of
from turnwright.records import Json, content_id

__all__ = ["OpenAICompatibleClient"]

_CONNECT_SECONDS = 10.0
_LARGEST_REPLY = 32 * 1024 * 1024
_SHOWN = 300
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_FIXES = {
    401: "check the key in {key}",
    403: "check the key in {key} and what it may use",
    404: "check base_url (most end in /v1) and the model's name",
}


class OpenAICompatibleClient:
    """One model of one endpoint.

    Args:
        base_url: what comes before `/chat/completions`, e.g. `http://127.0.0.1:8000/v1`.
        model: the model's name there.
        api_key_env: name of the environment variable that holds the key; empty when none is needed.
        headers: sent with every call, e.g. an organisation; kept out of fingerprint and messages.
        timeout: seconds for one whole call.
        extra_body: fields that are added to every body; a None takes a field away (some endpoints refuse
            `seed`), and `grammar: true` passes a request's grammar on, as llama.cpp's server reads it.

    Raises:
        SpecError: not an http(s) URL, the key's variable is not set, or a header cannot be sent.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key_env: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        extra_body: Mapping[str, Json] | None = None,
    ) -> None:
        base = _checked(base_url)
        self._url = (base / "chat" / "completions").with_query(base.query)
        self._model, self._key_env, self._timeout = model, api_key_env, timeout
        self._extra = dict(extra_body or {})
        self._headers = {"Content-Type": "application/json", **_sendable(headers or {})}
        keys = [_key(api_key_env)] if api_key_env else []
        if keys:
            self._headers["Authorization"] = f"Bearer {keys[0]}"
        settings = {"base_url": base_url, "headers": headers or {}, "extra_body": self._extra}
        self._secrets = Secrets([*keys, *secrets_of(settings)])
        self._keys = Secrets([*keys, *secrets_of(settings, certain=True)])
        endpoint = self._secrets.redacted(str(base.with_query(None)))
        self._where, self._name = f"{model} at {endpoint}", f"{model}@{endpoint}"
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def fingerprint(self) -> str:
        """`model@endpoint`, and a hash of `extra_body` (whose secrets do not count) where there is one."""
        if not self._extra:
            return self._name
        shown = without_secrets({"extra_body": self._extra}, hashed=False)["extra_body"]
        return f"{self._name}#{content_id('extra', shown)[6:14]}"

    async def complete(self, request: Request) -> Reply:
        """Send one request; see the class of each error for what it means.

        Raises:
            EndpointDown, EndpointBusy, EndpointFault, ReplyUnreadable, RequestRefused.
        """
        if self._closed:
            raise EndpointDown("the client is closed", where=self._where)
        payload = self._encoded(request)
        started = time.perf_counter()
        try:
            status, headers, body = await self._exchange(payload)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._lost(error) from (None if self._secrets.in_trace(error) else error)
        if status != 200:
            raise self._problem(status, headers, body)
        return self._read(body, time.perf_counter() - started)

    async def close(self) -> None:
        """Close every connection; calls in flight end with EndpointFault."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _encoded(self, request: Request) -> bytes:
        body = {"model": self._model} | body_of(request)
        for name, value in self._extra.items():
            if name == "grammar" and value is True:
                value = request.grammar or None
            if value is None:
                body.pop(name, None)
            else:
                body[name] = value
        try:
            return msgspec.json.encode(body)
        except (UnicodeEncodeError, TypeError) as error:
            raise RequestRefused(f"the request cannot be written as JSON ({error})", where=self._where) from error

    def _open_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0, ttl_dns_cache=300),
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=_CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self._url.host not in _LOOPBACK,
            )
        return self._session

    async def _exchange(self, payload: bytes) -> tuple[int, Mapping[str, str], bytes]:
        post = self._open_session().post(self._url, data=payload, headers=self._headers, allow_redirects=False)
        async with post as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > _LARGEST_REPLY:
                    raise ReplyUnreadable(f"the reply is larger than {_LARGEST_REPLY:,} bytes", where=self._where)
            return response.status, response.headers, bytes(body)

    def _read(self, body: bytes, seconds: float) -> Reply:
        problem = problem_of(body)
        if problem is not None:
            raise self._problem(problem[0] or 502, {}, body)
        try:
            reply = reply_of(body, seconds)
        except ReplyUnreadable as error:
            cause = None if self._secrets.in_trace(error) else error
            raise ReplyUnreadable(self._redacted(error.what), where=self._where) from cause
        return without_keys(reply, self._keys)

    def _lost(self, error: Exception) -> ModelError:
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            what = f"no connection ({self._redacted(str(error) or type(error).__name__)})"
            return EndpointDown(what, where=self._where, fix="check that the endpoint is up and base_url is right")
        if isinstance(error, TimeoutError):
            return EndpointFault(f"no reply within {self._timeout:g} s", where=self._where)
        what = self._redacted(f"the connection broke ({type(error).__name__}: {error})")
        return EndpointFault(what, where=self._where)

    def _problem(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        problem = problem_of(body)
        text = problem[1] if problem else _plain(body)
        what = f"status {status}: {self._redacted(text) or 'no reason given'}"
        if status in (429, 503, 529):
            return EndpointBusy(what, where=self._where, retry_after=_retry_after(headers))
        if status >= 500 or status in (408, 425):
            return EndpointFault(what, where=self._where)
        if 300 <= status < 400:
            fix = "write the address that it leads to as base_url; calls do not follow redirects"
            return RequestRefused(what, where=self._where, fix=fix)
        fix = _FIXES.get(status, "").format(key=self._key_env or "api_key_env (none is set)")
        return RequestRefused(what, where=self._where, fix=fix)

    def _redacted(self, text: str) -> str:
        """One line, cut only after what is secret went out of it."""
        return " ".join(self._secrets.redacted(text).split())[:_SHOWN].rstrip(".")


def without_keys(reply: Reply, keys: Secrets) -> Reply:
    """The reply with no key in words or calls; probabilities of tokens are dropped where they would spell one."""
    spelt = keys.among("".join(token.token for token in reply.logprobs))
    written = msgspec.json.encode(msgspec.structs.replace(reply, logprobs=())).decode()
    if not spelt and not keys.among(written):
        return reply
    return msgspec.json.decode(keys.redacted(written), type=Reply)


def _plain(body: bytes) -> str:
    """A body as words; JSON without its escapes."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")


def _sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not (name.isascii() and name.isprintable() and value.isprintable()):
            raise SpecError(f"the header {name!a} has characters that no header can carry", fix="write it again")
    return headers


def _checked(base_url: str) -> URL:
    fix = "write it like http://127.0.0.1:8000/v1"
    try:
        url = URL(base_url.strip().rstrip("/"))
    except ValueError:
        raise SpecError("base_url is not a URL", fix=fix) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SpecError("base_url must begin with http:// or https:// and name a host", fix=fix)
    if url.user is not None or url.password is not None:
        raise SpecError("base_url holds a user or password", fix="put the key in a variable and name it in api_key_env")
    return url


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        raise SpecError(f"the environment variable {variable} is not set", fix=f"export {variable}=<your key>")
    if not key.isascii() or not key.isprintable():
        raise SpecError(f"the key in {variable} has characters that no header can carry", fix=f"set {variable} again")
    return key


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110 10.2.3: a number or an HTTP date)."""
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    then, now = _date(value), _date(headers.get("Date", "")) or datetime.now(UTC)
    return None if then is None else max(0.0, (then - now).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
