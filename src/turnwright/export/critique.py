"""Critique-and-revise lines: a turn and an objection to it go in, the revised words come out.

They train a student to mend conversations, whoever said the turn. The teacher's private reasoning is told only when
the settings ask for it, and then apart from the words (`reasoning_content`), which templates that do not know it drop.
"""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.domains import Domain
from turnwright.export.kept import Kept, LeftOut, Line, origin, said_of
from turnwright.export.settings import ExportSettings
from turnwright.models.prompting import prompt
from turnwright.records import Council, Json, Turn, canonical
from turnwright.records.pairs import Critique, critiques

__all__ = ["critique_lines"]


def critique_lines(kept: Kept, domain: Domain, settings: ExportSettings) -> Iterator[Line | LeftOut]:
    """One line for every objection that led to a revision; none where there was no council."""
    if kept.draft is None or kept.council is None:
        return
    policy = domain.spec.policy.strip() if settings.system else ""
    for each in critiques(kept.draft, kept.conversation, kept.council):
        turn = kept.conversation.turns[each.turn]
        if not turn.trainable:
            yield LeftOut("not_to_be_learnt")
            continue
        answer: dict[str, Json] = {"role": "assistant", "content": each.after}
        if settings.scratchpad:
            answer["reasoning_content"] = each.scratchpad
        messages = [
            {"role": "system", "content": prompt("export", "critique").render(part="system", policy=policy)},
            {"role": "user", "content": _asked(each, kept.conversation.turns[: each.turn], turn.role)},
            answer,
        ]
        yield Line(content={"messages": messages}, told=_told(each, kept.council))


def _asked(critique: Critique, earlier: tuple[Turn, ...], role: str) -> str:
    objection = critique.objection
    return prompt("export", "critique").render(
        part="turn",
        earlier=[_spoken(turn) for turn in earlier],
        role=role,
        before=critique.before,
        defect=objection.defect.replace("_", " "),
        claim=objection.claim,
        quote=objection.quote,
        change=objection.change,
    )


def _spoken(turn: Turn) -> str:
    """One turn on one line: words of a turn cannot pass for another turn."""
    if turn.result is not None:
        return f"tool: {said_of(turn.result)}"
    if turn.call is not None:
        return f"assistant calls: {turn.call.name}({canonical(turn.call.arguments).decode()})"
    return f"{turn.role}: {' '.join(turn.text.split())}"


def _told(critique: Critique, council: Council) -> dict[str, Json]:
    objection = critique.objection
    revised = [each for each in council.revisions if each.objection == objection.id and each.turn == critique.turn]
    return {
        "turn": critique.turn,
        "objection": objection.id,
        "lens": objection.lens,
        "defect": objection.defect,
        "critic": {"model": objection.model, "prompt": objection.prompt, "call": objection.call},
        "council_id": council.id,
        "before": origin(revised[-1].before) if revised else None,
        "after": origin(revised[-1].after) if revised else None,
    }
