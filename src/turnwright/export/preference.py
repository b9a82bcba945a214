"""Preference lines: what a council made better, beside what stood there before, after the same conversation.

TRL's preference type in conversational form with an explicit prompt (https://huggingface.co/docs/trl/dataset_formats):
`prompt` is the conversation up to the turn, `chosen` and `rejected` one message each, `tools` JSON text. A turn that
must not be learnt is no example of how to do it: it may stand in the prompt, and is never `chosen`.
"""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.domains import Domain
from turnwright.export.kept import Kept, LeftOut, Line, origin, origins
from turnwright.export.openai_chat import opening
from turnwright.export.settings import ExportSettings
from turnwright.export.trl import tools_column, trl_messages
from turnwright.records import Council, Json, Turn
from turnwright.records.pairs import Pair, preference_pairs

__all__ = ["preference_lines"]


def preference_lines(kept: Kept, domain: Domain, settings: ExportSettings) -> Iterator[Line | LeftOut]:
    """One line for every assistant turn that the council changed; none where there was no council."""
    if kept.draft is None or kept.council is None:
        return
    for pair in preference_pairs(kept.draft, kept.conversation, kept.council):
        prompt = kept.conversation.turns[: pair.turn]
        if kept.council.preferred not in ("", "second"):
            yield LeftOut("not_preferred")  # the arbiters, asked in both orders, do not like it better
        elif pair.chosen.role != "assistant" or not pair.chosen.trainable:
            yield LeftOut("not_to_be_learnt")
        elif not prompt and not opening(domain, settings):
            yield LeftOut("nothing_before_it")  # TRL cannot read an empty prompt
        else:
            content: dict[str, Json] = {
                "prompt": trl_messages(prompt, domain, settings),
                "chosen": [_message(pair.chosen)],
                "rejected": [_message(pair.rejected)],
                "tools": tools_column(domain),
            }
            yield Line(content=content, told=_told(pair, prompt, kept.council, len(opening(domain, settings))))


def _message(turn: Turn) -> dict[str, Json]:
    return {"role": turn.role, "content": turn.text}


def _told(pair: Pair, prompt: tuple[Turn, ...], council: Council, first: int) -> dict[str, Json]:
    classes = {objection.id: objection.defect for objection in council.objections}
    return {
        "turn": pair.turn,
        "objections": list(pair.objections),
        "defects": sorted({classes[each] for each in pair.objections if each in classes}),
        "council_id": council.id,
        "turns": origins(prompt, first),
        "chosen": origin(pair.chosen),
        "rejected": origin(pair.rejected),
    }
