"""The test double that ships: a client whose replies are a pure function of the request.

It fails on plan, takes as long as it is told, and counts. With a log file several processes, one after the
other or killed between, count together. It does not try to be a language model.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.errors import (
    EndpointBusy,
    EndpointDown,
    EndpointFault,
    ModelError,
    ReplyUnreadable,
    RequestRefused,
    SpecError,
)
from turnwright.models.client import Reply, Request, TokenLogprob
from turnwright.models.scripts import SCRIPTS, Script
from turnwright.records import Usage, content_id, derive_seed

__all__ = ["FaultKind", "Faults", "ScriptedClient"]

FaultKind = Literal["busy", "fault", "reset", "unreadable", "stall", "down", "refused"]

_WORDS = re.compile(r"\s*\S+")
_HASH_RANGE = 2**31


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls fail, and how.

    arrivals: number of the call, from 1 in order of arrival, to the kind of its failure.
    rate: share of requests, chosen by their hash, that fail the first `times` times that they arrive.
    kinds: what those fail with, chosen by their hash too.
    retry_after: seconds that a `busy` asks for; None when it does not say.
    stall: seconds until a `stall` gives up.
    """

    arrivals: dict[int, FaultKind] = {}
    rate: float = 0.0
    times: int = 1
    kinds: tuple[FaultKind, ...] = ("busy", "fault", "reset", "unreadable")
    retry_after: float | None = 0.0
    stall: float = 0.05


class ScriptedClient:
    """A client like any other, played from a script.

    Args:
        name: part of the fingerprint.
        script: a name of `SCRIPTS`, or a function from the request to words or a whole reply.
        latency: mean seconds of a call; a single one takes between half and one and a half of it, by its hash,
            so that calls end in another order than they began.
        faults: which calls fail.
        log: keep every request that was answered in `requests`; turn it off for very long runs.
        log_file: a line with the request's id is appended for every answered call.

    Raises:
        SpecError: there is no script of this name.
    """

    def __init__(
        self,
        name: str = "scripted",
        script: str | Script = "obliging",
        latency: float = 0.0,
        faults: Faults | None = None,
        log: bool = True,
        log_file: Path | None = None,
    ) -> None:
        self._name = f"scripted:{name}:{script}" if isinstance(script, str) else f"scripted:{name}"
        self._script = _script(script)
        self._latency, self._faults = latency, faults or Faults()
        self._log, self._log_file = log, log_file
        self._failed: Counter[str] = Counter()
        self._closed = False
        self.arrived = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.requests: list[Request] = []
        self.calls: Counter[str] = Counter()

    @property
    def fingerprint(self) -> str:
        """`scripted:`, the name, and the script's name where it has one."""
        return self._name

    @property
    def sent_twice(self) -> dict[str, int]:
        """Ids of requests that were answered more than once, with how often."""
        return {request: count for request, count in self.calls.items() if count > 1}

    async def complete(self, request: Request) -> Reply:
        """Answer by the script, or fail by the plan.

        Raises:
            ModelError: the planned failure, or EndpointDown after `close`.
        """
        if self._closed:
            raise EndpointDown("the client is closed", where=self._name)
        self.arrived += 1
        arrival, request_id = self.arrived, self.request_id(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(request, request_id, arrival)
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        """Refuse every later call."""
        self._closed = True

    @staticmethod
    def request_id(request: Request) -> str:
        """Return the id under which `calls`, `sent_twice` and the log file count a request."""
        return content_id("rq", request)

    async def _answer(self, request: Request, request_id: str, arrival: int) -> Reply:
        started = time.perf_counter()
        share = derive_seed("latency", request_id) / _HASH_RANGE if self._latency else 0.0
        await asyncio.sleep(self._latency * (0.5 + share))
        kind = self._fault(request_id, arrival)
        if kind is not None:
            if kind == "stall":
                await asyncio.sleep(self._faults.stall)
            raise _failure(kind, self._name, self._faults.retry_after)
        said = self._script(request)
        reply = said if isinstance(said, Reply) else _reply(request, said)
        self._finished(request, request_id)
        return msgspec.structs.replace(reply, seconds=time.perf_counter() - started)

    def _fault(self, request_id: str, arrival: int) -> FaultKind | None:
        planned = self._faults.arrivals.get(arrival)
        if planned is not None:
            return planned
        if not self._faults.rate or derive_seed("fault", request_id) >= self._faults.rate * _HASH_RANGE:
            return None
        if self._failed[request_id] >= self._faults.times:
            return None
        self._failed[request_id] += 1
        return self._faults.kinds[derive_seed("kind", request_id) % len(self._faults.kinds)]

    def _finished(self, request: Request, request_id: str) -> None:
        if self._log:
            self.requests.append(request)
            self.calls[request_id] += 1
        if self._log_file is not None:
            # one write in append mode: lines of several processes never mix, and a kill leaves whole lines
            handle = os.open(self._log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, f"{request_id}\n".encode())
            finally:
                os.close(handle)


def _script(script: str | Script) -> Script:
    if not isinstance(script, str):
        return script
    if script not in SCRIPTS:
        raise SpecError(f"there is no script {script!r}", fix=f"use one of: {', '.join(sorted(SCRIPTS))}")
    return SCRIPTS[script]


def _failure(kind: FaultKind, where: str, retry_after: float | None) -> ModelError:
    match kind:
        case "busy":
            return EndpointBusy("status 429: planned", where=where, retry_after=retry_after)
        case "fault":
            return EndpointFault("status 500: planned", where=where)
        case "reset":
            return EndpointFault("the connection broke: planned", where=where)
        case "stall":
            return EndpointFault("no reply in time: planned", where=where)
        case "unreadable":
            return ReplyUnreadable("the reply cannot be read: planned", where=where)
        case "down":
            return EndpointDown("no connection: planned", where=where)
        case "refused":
            return RequestRefused("status 400: planned", where=where)


def _reply(request: Request, said: str) -> Reply:
    text = min((said.split(stop, 1)[0] for stop in request.stop if stop), key=len, default=said)
    words = _WORDS.findall(text)
    finish = "length" if len(words) > request.max_tokens else "stop"
    if finish == "length":
        words = words[: request.max_tokens]
        text = "".join(words)
    heard = sum(len(_WORDS.findall(message.content)) for message in request.messages)
    usage = Usage(calls=1, prompt_tokens=heard, completion_tokens=len(words))
    logprobs = tuple(_logprob(word, request.logprobs) for word in words) if request.logprobs else ()
    return Reply(text=text, finish=finish, usage=usage, logprobs=logprobs)


def _logprob(word: str, alternatives: int) -> TokenLogprob:
    others = tuple((f" other{place}", -3.0 - place) for place in range(alternatives - 1))
    return TokenLogprob(token=word, logprob=-0.1, top=((word, -0.1), *others))
