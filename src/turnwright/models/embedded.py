"""A GGUF model inside this process: llama.cpp's server engine, without a server to look after.

Calls block, so they run on as many threads as the engine has slots; the engine batches what runs at the same
time. A finished prompt stays in its slot, and moves to main memory when another conversation takes the slot,
so a growing conversation pays only for what is new. Two equal calls give equal words only when the engine
batched them alike: floating-point sums depend on their company. The journal, not the model, makes runs repeat.

The engine opens a listener on the loopback interface by itself, which cannot be turned off. It is closed to
others by a random key that never leaves this object.

This module does not fetch weights (see `catalogue` and `download`) and does not choose how much is in flight.
"""

from __future__ import annotations

import asyncio
import importlib
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from turnwright.errors import CatalogueError, EndpointBusy, EndpointDown, EndpointFault, RequestRefused
from turnwright.models.catalogue import digest
from turnwright.models.client import Reply, Request
from turnwright.models.cores import own_cores, wait_politely
from turnwright.models.wire import Gathered, body_of, problem_of
from turnwright.records import Json

__all__ = ["EmbeddedClient"]

SAMPLING: dict[str, Json] = {"top_k": 40, "min_p": 0.05, "cache_prompt": True}
"""What the request leaves open, written out so that a new runtime version cannot change it silently."""

CACHE_MIB = 2048
"""Main memory, at most, for prompts whose slot was taken by another conversation.

Measured with eight conversations of two models each (user and teacher) over eight slots: 74 % of the prompt
tokens came from the cache with it, 7 % without.
"""


class EmbeddedClient:
    """One GGUF file, loaded when the client is made and freed by `close`.

    Args:
        path: the GGUF file.
        name: what people call the model; part of the fingerprint.
        sha256: hash of the file, hex; computed when empty (about a second per gigabyte).
        slots: how many calls run at the same time.
        context: tokens for prompt and reply together, per slot.
        threads: CPU threads; None for every core that this process may use.

    Raises:
        CatalogueError: the file is missing, is not GGUF, or cannot be loaded.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str = "",
        sha256: str = "",
        slots: int = 8,
        context: int = 2048,
        threads: int | None = None,
    ) -> None:
        _must_be_gguf(path)
        self._name = name or path.stem
        self._sha256 = sha256 or digest(path)
        self._server: Any = _loaded(path, slots=slots, context=context, threads=threads or own_cores())
        self._closing = False
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix=f"turnwright-{self._name}")

    @property
    def fingerprint(self) -> str:
        """The name and the first 32 hex digits of the file's SHA-256."""
        return f"{self._name}@{self._sha256[:32]}"

    async def complete(self, request: Request) -> Reply:
        """Send one request; a cancelled call frees its slot at the next token.

        Raises:
            RequestRefused: prompt too long, or a schema, grammar or message that the engine cannot use.
            EndpointFault: the engine failed, or was closed during the call.
            EndpointDown: the client is closed.
        """
        if self._closing:
            raise EndpointDown("the model is closed", where=self._name)
        call = _Call(self, _encoded(request, self._name))
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call.run)
        finally:
            call.stopped = True

    async def close(self) -> None:
        """Stop what is running, at its next token, and free the memory."""
        self._closing = True
        await asyncio.to_thread(self._unload)

    def _unload(self) -> None:
        self._pool.shutdown(wait=True)
        self._server = None


class _Call:
    """One blocking call; `stopped` may be set from another thread."""

    def __init__(self, client: EmbeddedClient, body: bytes) -> None:
        self.stopped = False
        self._client, self._body = client, body
        self._pieces: list[str] = []

    def run(self) -> Reply:
        started = time.perf_counter()
        if self._ended():
            raise EndpointFault("the model was closed before the call began", where=self._client._name)
        try:
            self._client._server.handle_chat_completions(self._body, self._take)
        except (ValueError, RuntimeError) as error:
            # raised while the request is read, before any token: the engine's failures come as error bodies
            raise RequestRefused(_one_line(str(error)), where=self._client._name) from error
        return self._reply(started)

    def _take(self, piece: bytes | str) -> bool:
        self._pieces.append(piece if isinstance(piece, str) else piece.decode("utf-8", "replace"))
        return self._ended()

    def _ended(self) -> bool:
        return self.stopped or self._client._closing

    def _reply(self, started: float) -> Reply:
        gathered = Gathered()
        for piece in self._pieces:
            if '"error"' in piece:
                _raise_problem(piece, self._client._name)
            gathered.add(piece)
        if self._ended():
            raise EndpointFault("the model was closed during the call", where=self._client._name)
        return gathered.reply(time.perf_counter() - started)


def _encoded(request: Request, where: str) -> bytes:
    body = body_of(request) | SAMPLING
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.grammar:
        body["grammar"] = request.grammar
    try:
        return msgspec.json.encode(body)
    except (UnicodeEncodeError, TypeError) as error:
        raise RequestRefused(f"the request cannot be written as JSON ({error})", where=where) from error


def _raise_problem(piece: str, where: str) -> None:
    problem = problem_of(piece)
    if problem is None:
        return
    code, message = problem
    if code is not None and 400 <= code < 500:
        raise RequestRefused(_one_line(message), where=where)
    kind = EndpointBusy if code == 503 else EndpointFault
    raise kind(_one_line(message), where=where)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")


def _must_be_gguf(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        fix = "check the path, or fetch a model of the catalogue: turnwright models pull"
        raise CatalogueError(f"the model file cannot be read ({error.strerror})", where=str(path), fix=fix) from error
    if magic != b"GGUF":
        raise CatalogueError("not a GGUF file", where=str(path), fix="give the path of a .gguf model file")


def _loaded(path: Path, *, slots: int, context: int, threads: int) -> Any:
    wait_politely()
    try:
        # native code without types, absent on platforms without a wheel: only those who use it load it
        xllamacpp: Any = importlib.import_module("xllamacpp")
    except ImportError as error:
        fix = f"pip install xllamacpp, or use an OpenAI-compatible endpoint ({error})"
        raise CatalogueError("the embedded runtime is not installed", where=str(path), fix=fix) from error
    try:
        server = xllamacpp.Server(_parameters(xllamacpp.CommonParams(), path, slots, context, threads))
    except RuntimeError as error:
        fix = "the file may be damaged, of an unknown architecture, or too large for the memory: pull it again"
        raise CatalogueError("the model cannot be loaded", where=str(path), fix=fix) from error
    # Answered by the engine's loop: a server that is freed before its loop has started never ends.
    server.handle_metrics()
    return server


def _parameters(parameters: Any, path: Path, slots: int, context: int, threads: int) -> Any:
    parameters.model.path = str(path)
    parameters.n_parallel = slots
    parameters.n_ctx = slots * context
    for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # idle threads sleep instead of spinning, which a busy machine needs and an idle one allows
    parameters.cache_ram_mib = CACHE_MIB
    parameters.fit_params = False
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.api_keys = [secrets.token_urlsafe(32)]
    parameters.endpoint_metrics = True
    parameters.endpoint_slots = False
    parameters.ui = False
    parameters.n_threads_http = 1
    return parameters
