"""ShareGPT lines: `conversations` of human, gpt, function_call and observation, with `system` and `tools`.

The dialect of LLaMA-Factory and Axolotl: calls, results and tools are JSON text; `train` says per turn whether a
student may learn to say it (Axolotl: `message_field_training: train`).
"""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.domains import Domain
from turnwright.export.kept import Kept, LeftOut, Line, said_of
from turnwright.export.openai_chat import chat_lines
from turnwright.export.settings import ExportSettings
from turnwright.records import Json, Turn, canonical

__all__ = ["sharegpt_lines"]


def sharegpt_lines(kept: Kept, domain: Domain, settings: ExportSettings) -> Iterator[Line | LeftOut]:
    """One line of `conversations`."""
    return chat_lines(kept, domain, settings, _form)


def _form(turns: tuple[Turn, ...], domain: Domain, settings: ExportSettings) -> dict[str, Json]:
    tools = [tool.as_openai()["function"] for tool in domain.tools.values()]
    return {
        "conversations": [_part(turn) | {"train": turn.role == "assistant" and turn.trainable} for turn in turns],
        "system": domain.spec.policy.strip() if settings.system else "",
        "tools": canonical(tools).decode() if tools else "",
    }


def _part(turn: Turn) -> dict[str, Json]:
    if turn.result is not None:
        return {"from": "observation", "value": said_of(turn.result)}
    if turn.call is not None:
        call = {"name": turn.call.name, "arguments": turn.call.arguments}
        return {"from": "function_call", "value": canonical(call).decode()}
    return {"from": "human" if turn.role == "user" else "gpt", "value": turn.text}
