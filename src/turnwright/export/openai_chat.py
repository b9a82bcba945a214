"""OpenAI chat lines for fine-tuning: `messages`, `tools`, `parallel_tool_calls`.

The fine-tuning service refuses keys that it does not know, in a line and in a message. What turns came from
therefore stands in a file beside (`train.provenance.jsonl`), whose n-th line belongs to the n-th line here.
Format: https://platform.openai.com/docs/guides/fine-tuning (chat format with function calling, `weight` 0 or 1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from turnwright.domains import Domain
from turnwright.export.kept import Kept, LeftOut, Line, origins, said_last, said_of
from turnwright.export.settings import ExportSettings
from turnwright.records import Json, Turn, canonical

__all__ = ["chat_lines", "chat_messages", "check_openai", "openai_lines", "openai_name", "openai_tools", "opening"]

Form = Callable[[tuple[Turn, ...], Domain, ExportSettings], dict[str, Json]]
"""How a chat format writes turns."""

ROLES = ("system", "user", "assistant", "tool")
LINE_KEYS = {"messages", "tools", "parallel_tool_calls"}
MESSAGE_KEYS = {"role", "content", "tool_calls", "tool_call_id", "name", "weight"}


def chat_lines(kept: Kept, domain: Domain, settings: ExportSettings, form: Form) -> Iterator[Line | LeftOut]:
    """What every chat format gives of a conversation: one line, unless no assistant turn is left to learn from."""
    turns = said_last(kept.conversation)
    if any(turn.role == "assistant" and turn.trainable for turn in turns):
        told = {"turns": origins(turns, len(opening(domain, settings)))}
        yield Line(content=form(turns, domain, settings), told=told)
    else:
        yield LeftOut("no_assistant_turn_to_learn")


def openai_lines(kept: Kept, domain: Domain, settings: ExportSettings) -> Iterator[Line | LeftOut]:
    """One line of `messages`, with `tools` where the domain has any."""
    return chat_lines(kept, domain, settings, _form)


def _form(turns: tuple[Turn, ...], domain: Domain, settings: ExportSettings) -> dict[str, Json]:
    line: dict[str, Json] = {"messages": chat_messages(turns, domain, settings)}
    if domain.tools:
        line |= {"tools": openai_tools(domain), "parallel_tool_calls": False}
    return line


def openai_tools(domain: Domain) -> list[dict[str, Json]]:
    """The domain's tools, under names that OpenAI takes."""
    tools = [tool.as_openai() for tool in domain.tools.values()]
    return [{**tool, "function": {**tool["function"], "name": openai_name(tool["function"]["name"])}} for tool in tools]


def openai_name(name: str) -> str:
    """The tool's name with `_` for what OpenAI does not take in a name, at most 64 letters."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]


def chat_messages(turns: tuple[Turn, ...], domain: Domain, settings: ExportSettings) -> list[dict[str, Json]]:
    """The turns as messages, after the policy as system message."""
    return opening(domain, settings) + [_message(turn) for turn in turns]


def opening(domain: Domain, settings: ExportSettings) -> list[dict[str, Json]]:
    """The system message, where there is a policy and the settings want it."""
    policy = domain.spec.policy.strip() if settings.system else ""
    return [{"role": "system", "content": policy}] if policy else []


def _message(turn: Turn) -> dict[str, Json]:
    if turn.result is not None:
        return {"role": "tool", "tool_call_id": turn.result.call_id, "content": said_of(turn.result)}
    out: dict[str, Json] = {"role": turn.role}
    if turn.text or turn.call is None:
        out["content"] = turn.text
    if turn.call is not None:
        arguments = canonical(turn.call.arguments).decode()
        function = {"name": openai_name(turn.call.name), "arguments": arguments}
        out["tool_calls"] = [{"id": turn.call.id, "type": "function", "function": function}]
    if turn.role == "assistant" and not turn.trainable:
        out["weight"] = 0
    return out


def check_openai(line: str | bytes) -> str:
    """Return what the fine-tuning service would refuse in a line, "" when it is sound."""
    try:
        value = json.loads(line)
    except ValueError as fault:
        return f"not JSON: {fault}"
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list) or not value["messages"]:
        return "no messages"
    if set(value) - LINE_KEYS:
        return f"unknown key {sorted(set(value) - LINE_KEYS)[0]}"
    messages = value["messages"]
    names = {tool.get("function", {}).get("name") for tool in value.get("tools", [])}
    complaints = [_wrong_message(message, names) for message in messages]
    found = next((f"message {n}: {text}" for n, text in enumerate(complaints) if text), "")
    return found or _wrong_tools(value.get("tools", [])) or _wrong_order(messages)


def _wrong_message(message: Any, tools: set[str]) -> str:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        return "the role is none of system, user, assistant, tool"
    if set(message) - MESSAGE_KEYS:
        return f"unknown key {sorted(set(message) - MESSAGE_KEYS)[0]}"
    calls, content = message.get("tool_calls", []), message.get("content")
    if not calls and not (isinstance(content, str) and content):
        return "empty content"
    if "weight" in message and (message["role"] != "assistant" or message["weight"] not in (0, 1)):
        return "weight must be 0 or 1, on an assistant message"
    if calls and message["role"] != "assistant":
        return "only the assistant calls tools"
    return next((text for text in (_wrong_call(call, tools) for call in calls) if text), "")


def _wrong_call(call: Any, tools: set[str]) -> str:
    function = call.get("function", {})
    if call.get("type") != "function" or not call.get("id"):
        return "a call needs an id and the type 'function'"
    if function.get("name") not in tools:
        return f"the tool {function.get('name')!r} is not in `tools`"
    try:
        arguments = json.loads(function["arguments"])
    except (KeyError, TypeError, ValueError):
        return "arguments must be a JSON string"
    return "" if isinstance(arguments, dict) else "arguments must be a JSON object"


def _wrong_tools(tools: list[Any]) -> str:
    names = [tool.get("function", {}).get("name", "") for tool in tools]
    bad = [name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)]
    if bad:
        return f"tool name {bad[0]!r} is not 1 to 64 letters, digits, '_', '-'"
    return "two tools have one name" if len(set(names)) < len(names) else ""


def _wrong_order(messages: list[Any]) -> str:
    """Every call is answered before anyone else speaks, nothing else is answered, and the assistant ends."""
    waiting: list[str] = []
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                return f"message {number}: answers no open call"
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return f"message {number}: the call {waiting[0]} is not answered"
        elif message["role"] == "system" and number:
            return f"message {number}: the system message must come first"
        waiting += [call["id"] for call in message.get("tool_calls", [])]
    if waiting:
        return f"the call {waiting[0]} is not answered"
    if messages[-1]["role"] != "assistant":
        return "the last message is not the assistant's"
    if not any(m["role"] == "assistant" and m.get("weight", 1) for m in messages):
        return "no assistant message has weight 1"
    return ""
