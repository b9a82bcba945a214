"""TRL lines: a `messages` and a `tools` column, and `trainable` for every message.

`messages` is the conversational format of TRL's SFT trainer. Arguments and tools are JSON text: as nested columns,
Arrow would give every call the arguments of every other tool, filled with null. TRL reads `tools` as text; a chat
template that wants arguments as a mapping gets them with `json.loads`.
"""

from __future__ import annotations

from turnwright.domains import Domain
from turnwright.export.kept import Kept, said_last
from turnwright.export.openai_chat import chat_messages, openai_tools
from turnwright.export.settings import ExportSettings
from turnwright.records import Json, canonical

__all__ = ["trl_line"]


def trl_line(kept: Kept, domain: Domain, settings: ExportSettings) -> dict[str, Json] | None:
    """One line; None when no assistant turn is left to learn from."""
    turns = said_last(kept.conversation)
    if not any(turn.role == "assistant" and turn.trainable for turn in turns):
        return None
    messages = chat_messages(turns, domain, settings)
    learnt = [turn.role == "assistant" and turn.trainable for turn in turns]
    learnt = [False] * (len(messages) - len(turns)) + learnt
    return {
        "messages": [
            {
                "role": message["role"],
                "content": message.get("content", ""),
                "tool_calls": message.get("tool_calls", []),
                "tool_call_id": message.get("tool_call_id", ""),
                "trainable": trainable,
            }
            for message, trainable in zip(messages, learnt, strict=True)
        ],
        "tools": canonical(openai_tools(domain)).decode() if domain.tools else "[]",
    }
