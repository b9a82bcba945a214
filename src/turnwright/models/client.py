"""The seam to every model: one request in, one reply out.

A client speaks to one model. It neither retries, counts nor remembers: limits, budget and journal are put
around it by the engine, so that a client is a page of code and the test double is a client like any other.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from turnwright.records import Json, Usage

__all__ = ["Answer", "Client", "Message", "ModelCall", "Reply", "Request", "Speaker", "TokenLogprob"]


class ModelCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool call that a model asks for; `arguments` is parsed JSON, or None when it was unreadable."""

    id: str
    name: str
    arguments: dict[str, Json] | None


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a chat: role is `system`, `user`, `assistant` or `tool`."""

    role: str
    content: str = ""
    calls: tuple[ModelCall, ...] = ()
    call_id: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that determines a reply, besides the model itself.

    json_schema: the reply must be JSON that fits it. grammar: the reply must fit this GBNF grammar
    (clients that cannot constrain by grammar ignore it; callers check the text anyway).
    tools: OpenAI-style function tools. logprobs: how many alternatives a token, 0 for none.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Json] | None = None
    grammar: str = ""
    tools: tuple[dict[str, Json], ...] = ()
    logprobs: int = 0


class TokenLogprob(msgspec.Struct, frozen=True, omit_defaults=True):
    """A generated token with its natural-log probability and the most probable alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the model said. finish: `stop`, `length`, `tool_calls` or `content_filter`.

    seconds is wall time of the call; it is kept in the journal and never enters an export.
    """

    text: str = ""
    calls: tuple[ModelCall, ...] = ()
    finish: str = "stop"
    usage: Usage = Usage()
    logprobs: tuple[TokenLogprob, ...] = ()
    seconds: float = 0.0


class Client(Protocol):
    """One model."""

    @property
    def fingerprint(self) -> str:
        """Which model this is, exactly: name and file hash, or endpoint and model name."""
        ...

    async def complete(self, request: Request) -> Reply:
        """Send one request.

        Raises:
            ModelError: one of its kinds, see `turnwright.errors`.
        """
        ...

    async def close(self) -> None:
        """Free what the client holds."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that is durable in the journal, with its call id and the fingerprint of the model."""

    reply: Reply
    call_id: str
    model: str


class Speaker(Protocol):
    """A model in a role, as the stages see it: journal, budget, limits and retries are behind it."""

    async def ask(self, request: Request) -> Answer:
        """Return the answer to this request, from the journal when it was paid for before."""
        ...
