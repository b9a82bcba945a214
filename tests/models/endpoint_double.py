"""A tiny endpoint on 127.0.0.1 that answers with what a test lays out, and keeps what it was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def body(content: str | None = "hello", **message: Any) -> dict[str, Any]:
    """A chat completion as OpenAI sends it."""
    said = {"role": "assistant", "content": content, **message}
    return {
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5},
    }


class EndpointDouble:
    """Answers every POST; `answer` may be replaced by a test."""

    def __init__(self) -> None:
        self.base_url = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[tuple[str, int]] = set()
        self.answer: Answerer = self._hello

    def says(self, payload: Any, status: int = 200, **headers: str) -> None:
        """Answer every call with this JSON (or these raw bytes)."""

        async def answer(request: web.Request) -> web.StreamResponse:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            if isinstance(payload, bytes):
                return web.Response(body=payload, status=status, headers=names)
            return web.json_response(payload, status=status, headers=names)

        self.answer = answer

    async def _hello(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(body())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        if request.transport is not None:
            self.peers.add(request.transport.get_extra_info("peername"))
        return await self.answer(request)


@asynccontextmanager
async def serving(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on a free port (or this one); yields its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def endpoint(port: int = 0) -> AsyncIterator[EndpointDouble]:
    """A running endpoint double."""
    double, app = EndpointDouble(), web.Application()
    app.router.add_post("/v1/chat/completions", double.handle)
    async with serving(app, port) as address:
        double.base_url = f"{address}/v1"
        yield double
