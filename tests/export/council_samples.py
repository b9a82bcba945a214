"""Conversations with a debate behind them, made by hand."""

from __future__ import annotations

import msgspec
from export_samples import assistant, kept, plain, user

from turnwright.export import Kept
from turnwright.records import (
    Conversation,
    Council,
    Objection,
    Provenance,
    Response,
    Revision,
    Round,
    Turn,
)

DRAFT_WORDS = "It was 99.00. Shall I refund it?"
FIRST_WORDS = "It was 25.00. Shall I refund it?"
FINAL_WORDS = "It was 25.50. Shall I refund it?"
SECRET = "zebrascratchpadword"
"""What only the teacher thought."""

PLACE, USERS_PLACE = 3, 4


def reworded(turn: Turn, text: str, **more: object) -> Turn:
    """The turn as a council leaves it."""
    made = Provenance(
        origin="model-edited", role="teacher", model="teacher@1", prompt="p9", calls=("call_9",), parents=(turn.id,)
    )
    return msgspec.structs.replace(turn, text=text, provenance=made, **more)


def with_turn(conversation: Conversation, turn: Turn, place: int) -> Conversation:
    turns = conversation.turns
    return msgspec.structs.replace(conversation, turns=(*turns[:place], turn, *turns[place + 1 :]))


def objection(number: int, place: int, defect: str = "wrong_value", **more: str) -> Objection:
    told = {"claim": f"claim {number}", "change": f"change {number}", "model": "critic@1"} | more
    return Objection(id=f"o{number}", lens="policy_and_facts", defect=defect, turns=(place,), **told)


def debated(number: int = 1, final_trainable: bool = True) -> Kept:
    """Turn 3 of the assistant was mended twice, turn 4 of the user once."""
    final = kept(number, plain())
    draft = with_turn(final.conversation, assistant(DRAFT_WORDS), PLACE)
    draft = with_turn(draft, user("OK so yes."), USERS_PLACE)
    steps = [draft.turns[PLACE]]
    steps.append(reworded(steps[0], FIRST_WORDS))
    steps.append(reworded(steps[1], FINAL_WORDS, trainable=final_trainable))
    answered = reworded(draft.turns[USERS_PLACE], "Yes.")
    after = with_turn(with_turn(draft, steps[2], PLACE), answered, USERS_PLACE)
    one = Round(
        objections=(objection(1, PLACE), objection(2, USERS_PLACE, "unnatural_user")),
        responses=(
            Response(objection="o1", stance="concede", scratchpad=f"{SECRET} one", argument="argued", replacement="x"),
            Response(objection="o2", stance="concede", scratchpad=f"{SECRET} two"),
        ),
        revisions=(
            Revision(objection="o1", turn=PLACE, before=steps[0], after=reworded(steps[0], "Refused words."),
                     refused="missing_value"),
            Revision(objection="o1", turn=PLACE, before=steps[0], after=steps[1]),
            Revision(objection="o2", turn=USERS_PLACE, before=draft.turns[USERS_PLACE], after=answered),
        ),
    )  # fmt: skip
    two = Round(
        objections=(objection(3, PLACE, "contradiction", quote="25.00"),),
        responses=(Response(objection="o3", stance="concede", scratchpad=f"{SECRET} three"),),
        revisions=(Revision(objection="o3", turn=PLACE, before=steps[1], after=steps[2]),),
    )
    council = Council(draft_id=draft.id, final_id=after.id, rounds=(one, two), ending="agreed")
    return msgspec.structs.replace(final, conversation=after, draft=draft, council=council)


def greeted() -> Kept:
    """The assistant speaks first, and its greeting was mended."""
    greeting = assistant("What do you want?")
    final = kept(1, (greeting, *plain()))
    mended = reworded(greeting, "How can I help?")
    after = with_turn(final.conversation, mended, 0)
    one = Round(
        objections=(objection(1, 0, "rudeness"),),
        revisions=(Revision(objection="o1", turn=0, before=greeting, after=mended),),
    )
    council = Council(draft_id=final.conversation.id, final_id=after.id, rounds=(one,), ending="agreed")
    return msgspec.structs.replace(final, conversation=after, draft=final.conversation, council=council)
