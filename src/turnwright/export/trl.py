"""TRL lines: a `messages` and a `tools` column, and `trainable` for every message.

`messages` is the conversational format of TRL's SFT trainer. Arguments and tools are JSON text: as nested columns,
Arrow would give every call the arguments of every other tool, filled with null. TRL reads `tools` as text; a chat
template that wants arguments as a mapping gets them with `json.loads`.
"""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.domains import Domain
from turnwright.export.kept import Kept, LeftOut, Line
from turnwright.export.openai_chat import chat_lines, chat_messages, openai_tools
from turnwright.export.settings import ExportSettings
from turnwright.records import Json, Turn, canonical

__all__ = ["tools_column", "trl_lines", "trl_messages"]


def trl_lines(kept: Kept, domain: Domain, settings: ExportSettings) -> Iterator[Line | LeftOut]:
    """One line of `messages`, each with `trainable`, and `tools`."""
    return chat_lines(kept, domain, settings, _form)


def _form(turns: tuple[Turn, ...], domain: Domain, settings: ExportSettings) -> dict[str, Json]:
    messages = trl_messages(turns, domain, settings)
    learnt = [turn.role == "assistant" and turn.trainable for turn in turns]
    learnt = [False] * (len(messages) - len(turns)) + learnt
    marked = [{**message, "trainable": trainable} for message, trainable in zip(messages, learnt, strict=True)]
    return {"messages": marked, "tools": tools_column(domain)}


def trl_messages(turns: tuple[Turn, ...], domain: Domain, settings: ExportSettings) -> list[dict[str, Json]]:
    """The turns as messages after the policy; all have the same keys, as Arrow wants them."""
    return [
        {
            "role": message["role"],
            "content": message.get("content", ""),
            "tool_calls": message.get("tool_calls", []),
            "tool_call_id": message.get("tool_call_id", ""),
        }
        for message in chat_messages(turns, domain, settings)
    ]


def tools_column(domain: Domain) -> str:
    """The domain's tools as JSON text."""
    return canonical(openai_tools(domain)).decode() if domain.tools else "[]"
