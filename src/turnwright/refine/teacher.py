"""The teacher's answer to one objection: it concedes and mends, or rebuts; its reasoning stays in the scratchpad.

An answer that cannot be read counts as conceded without a change. The scratchpad goes into the record and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from turnwright.models import Speaker
from turnwright.models.prompting import prompt
from turnwright.records import Conversation, Json, Objection, Response, Turn, Usage, derive_seed
from turnwright.records.provenance import Sampling
from turnwright.refine.asking import Asked, ask, document, words
from turnwright.refine.briefing import WHO, Briefing, shown
from turnwright.refine.settings import CHECKS, RefineSettings

__all__ = ["Answered", "Part", "Teacher"]

Part = Literal["answer", "call", "mend"]
LONGEST_REASONING = 600
LONGEST_ARGUMENT = 300
LEAST_ROOM = 300
"""Characters that a replacement may always have; beyond it, twice what it replaces."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A response, seed and sampling of the reply that it comes from, its cost, and whether it gives words to put in."""

    response: Response
    seed: int
    usage: Usage
    has_words: bool
    sampling: Sampling | None = None


class Teacher:
    """Answers objections to conversations of one blueprint, at most `settings.tries` calls for an answer."""

    def __init__(self, speaker: Speaker, briefing: Briefing, settings: RefineSettings) -> None:
        self.speaker, self.briefing, self.settings = speaker, briefing, settings

    async def answer(
        self, conversation: Conversation, objection: Objection, part: Part, *, place: Sequence[Json], refused: str = ""
    ) -> Answered:
        """Answer an objection.

        Args:
            part: `answer` (concede or rebut), `call` (the same about what has no words), or `mend` (it is settled;
                only other words are wanted).
            place: decides the seeds. refused: why the last revision for this objection was not taken.

        Raises:
            ModelError, CapReached: from the speaker, save an unreadable reply.
        """
        turn = conversation.turns[objection.turns[0]]
        room = max(LEAST_ROOM, 2 * len(objection.quote or turn.text))
        asked: Asked[dict[str, str]] = await ask(
            self.speaker,
            self.briefing.messages(conversation, self._asked(turn, objection, part, refused)),
            _schema(part, room),
            lambda text: _read(text, part, room),
            seeds=(derive_seed(*place, objection.id, part, number) for number in range(self.settings.tries)),
            settings=self.settings,
        )
        said = asked.read or {}
        response = Response(
            objection=objection.id,
            stance=_stance(asked.read),
            scratchpad=said.get("scratchpad", ""),
            argument=said.get("argument", ""),
            replacement=said.get("replacement", ""),
            model=asked.model,
            prompt=self.briefing.prompts("teacher"),
            calls=asked.calls,
        )
        return Answered(
            response=response,
            seed=asked.seed,
            usage=asked.usage,
            has_words=response.stance == "concede",
            sampling=asked.sampling,
        )

    def _asked(self, turn: Turn, objection: Objection, part: Part, refused: str) -> str:
        domain, about = self.briefing.domain, objection.quote or turn.text
        surfaces = [domain.say(slot, value) for slot, value in turn.mentions]
        acts = domain.acts(turn.role)
        return prompt("refine", "teacher").render(
            part=part,
            turn=objection.turns[0],
            who=WHO.get(turn.role, turn.role),
            role=WHO.get(turn.role, turn.role),
            text=" ".join(turn.text.split()) or shown(turn),
            quote=objection.quote,
            whole=objection.quote in ("", turn.text),
            found_by_check=objection.lens == CHECKS,
            defect=objection.defect.replace("_", " "),
            claim=objection.claim,
            change=objection.change,
            refused=refused,
            does=", ".join(act_words(acts, act) for act in turn.acts),
            keep=[value for value in surfaces if value and value.casefold() in about.casefold()],
        )


def act_words(acts: Any, act: str) -> str:
    """What an act means, in the domain's words where it says so."""
    means = acts[act].means if act in acts else ""
    return means or act.replace("_", " ")


def _stance(read: dict[str, str] | None) -> Literal["concede", "rebut", "unreadable"]:
    if read is None:
        return "unreadable"
    return "rebut" if read["stance"] == "rebut" else "concede"


def _schema(part: Part, room: int) -> dict[str, Json]:
    """Reasoning first, so that it comes before the stance that it leads to."""
    fields: dict[str, Json] = {"scratchpad": {"type": "string", "maxLength": LONGEST_REASONING}}
    if part != "mend":
        fields["stance"] = {"enum": ["concede", "rebut"]}
        fields["argument"] = {"type": "string", "maxLength": LONGEST_ARGUMENT}
    if part != "call":
        fields["replacement"] = {"type": "string", "maxLength": room}
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _read(text: str, part: Part, room: int) -> dict[str, str] | None:
    """Read an answer; None where the stance is none, or words are wanted and missing or far too many."""
    found = document(text)
    stance = "concede" if part == "mend" else found.get("stance")
    if stance not in ("concede", "rebut"):
        return None
    replacement = found.get("replacement") if stance == "concede" and part != "call" else ""
    if not isinstance(replacement, str) or len(replacement) > room:
        return None
    scratchpad = found.get("scratchpad")
    return {
        "stance": stance,
        "scratchpad": scratchpad.strip()[: 4 * LONGEST_REASONING] if isinstance(scratchpad, str) else "",
        "argument": words(found.get("argument"), LONGEST_ARGUMENT),
        "replacement": " ".join(replacement.split()),
    }
