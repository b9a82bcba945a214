"""The OpenAI chat wire format, which hosted endpoints and llama.cpp share.

Turns a `Request` into the fields of a `/chat/completions` body, and what comes back into a `Reply`. It knows
neither sockets nor runtimes; each client adds what is its own (model name, grammar, slots).
"""

from __future__ import annotations

import msgspec

from turnwright.errors import ReplyUnreadable
from turnwright.models.client import Message, ModelCall, Reply, Request, TokenLogprob
from turnwright.records import Json, Usage

__all__ = ["Gathered", "body_of", "problem_of", "reply_of"]

_FINISHES = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Json] | None = None


class _Call(msgspec.Struct):
    function: _Function = msgspec.field(default_factory=_Function)
    id: str | None = None
    index: int | None = None


class _Said(msgspec.Struct):
    content: str | list[dict[str, Json]] | None = None
    tool_calls: list[_Call] | None = None


class _Alternative(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Alternative] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Body)


def body_of(request: Request) -> dict[str, Json]:
    """Return the fields of a chat completion that follow from the request alone (no model, no grammar)."""
    body: dict[str, Json] = {
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = list(request.tools)
    if request.logprobs:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    if request.json_schema is not None:
        schema = {"name": "reply", "strict": True, "schema": request.json_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _message(message: Message) -> dict[str, Json]:
    fields: dict[str, Json] = {"role": message.role, "content": message.content}
    if message.calls:
        fields["content"] = message.content or None
        fields["tool_calls"] = [_call(call) for call in message.calls]
    if message.call_id:
        fields["tool_call_id"] = message.call_id
    return fields


def _call(call: ModelCall) -> dict[str, Json]:
    arguments = msgspec.json.encode(call.arguments or {}).decode()
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


class Gathered:
    """A reply that is put together from its pieces: the chunks of a stream, or one whole body."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._logprobs: list[TokenLogprob] = []
        self._finish: str | None = None
        self._usage = Usage(calls=1)

    def add(self, piece: bytes | str) -> None:
        """Take in a chunk or a body; raises ReplyUnreadable when it is neither."""
        try:
            body = _decoder.decode(piece)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ReplyUnreadable(f"the reply cannot be read ({error})") from error
        if body.usage is not None:
            self._usage = _usage(body.usage)
        for choice in body.choices[:1]:
            self._add_choice(choice)

    def _add_choice(self, choice: _Choice) -> None:
        said = choice.message or choice.delta
        if said is None:
            raise ReplyUnreadable("the reply has a choice without a message")
        self._text.append(_text(said.content))
        for place, call in enumerate(said.tool_calls or ()):
            self._add_call(place if call.index is None else call.index, call)
        if choice.logprobs is not None:
            self._logprobs += [_logprob(token) for token in choice.logprobs.content or ()]
        self._finish = choice.finish_reason or self._finish

    def _add_call(self, place: int, piece: _Call) -> None:
        call = self._calls.setdefault(place, _Call(function=_Function(arguments="")))
        call.id = call.id or piece.id
        call.function.name = call.function.name or piece.function.name
        if isinstance(piece.function.arguments, str) and isinstance(call.function.arguments, str):
            call.function.arguments += piece.function.arguments
        elif piece.function.arguments is not None:
            call.function.arguments = piece.function.arguments

    def reply(self, seconds: float) -> Reply:
        """Return what was gathered; raises ReplyUnreadable when no choice came."""
        if not self._text:
            raise ReplyUnreadable("the reply has no choices")
        calls = tuple(
            ModelCall(
                id=call.id or f"call_{place + 1}",
                name=call.function.name or "",
                arguments=_arguments(call.function.arguments),
            )
            for place, call in sorted(self._calls.items())
        )
        return Reply(
            text="".join(self._text),
            calls=calls,
            finish="tool_calls" if calls else _FINISHES.get(self._finish or "", "stop"),
            usage=self._usage,
            logprobs=tuple(self._logprobs),
            seconds=seconds,
        )


def reply_of(body: bytes, seconds: float) -> Reply:
    """Return the reply in a whole body; raises ReplyUnreadable."""
    gathered = Gathered()
    gathered.add(body)
    return gathered.reply(seconds)


def problem_of(body: bytes | str) -> tuple[int | None, str] | None:
    """Return (code, message) of an error body, None for a body that tells of no error.

    The shapes in use: `{"error": {"message", "code"}}`, `{"error": "text"}`, `{"message"}`, `{"detail"}`.
    """
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(fields, dict):
        return None
    error = fields.get("error") or fields.get("detail") or (fields if "choices" not in fields else None)
    if isinstance(error, str):
        return None, error
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    code = error.get("code")
    return (code if isinstance(code, int) else None), error["message"]


def _text(content: str | list[dict[str, Json]] | None) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return content or ""


def _arguments(arguments: str | dict[str, Json] | None) -> dict[str, Json] | None:
    if isinstance(arguments, dict):
        return arguments
    try:
        parsed = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _logprob(token: _Token) -> TokenLogprob:
    top = tuple((other.token, other.logprob) for other in token.top_logprobs or ())
    return TokenLogprob(token=token.token, logprob=token.logprob, top=top)


def _usage(usage: _Usage) -> Usage:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        calls=1,
        prompt_tokens=usage.prompt_tokens or 0,
        cached_tokens=(prompt.cached_tokens if prompt else 0) or 0,
        completion_tokens=usage.completion_tokens or 0,
        reasoning_tokens=(completion.reasoning_tokens if completion else 0) or 0,
    )
