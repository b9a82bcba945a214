"""Whether a student did what the user came for: the world's end state, and what the user was told.

The world decides first: the cells that the conversation changed must be those of the blueprint, compared as the
`replay` check does. A question leaves no trace in the world, so where the last gold call looks something up, what
the blueprint says after it must have been said, too. How the student got there (order, extra look-ups, words) is
not looked at; what the deterministic checks find on the way is counted apart.
"""

from __future__ import annotations

import msgspec

from turnwright.domains import Domain
from turnwright.records import Blueprint, Conversation, Defect, Json, Scenario, ToolCall, Turn, Verdict, canonical
from turnwright.verify import Context, VerifySettings
from turnwright.verify.checks.gold import Gold, is_free_text
from turnwright.verify.checks.replay import Replay

__all__ = ["Judgement", "Owed", "judged", "needs_nothing", "of_role", "owed"]

ENDED = ("complete", "abandoned")


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """What the end state does not show.

    values: slot and value pairs that the user must be told. look_up: the gold call that must have been made where
    there is nothing to tell; None where the end state says all.
    """

    values: tuple[tuple[str, Json], ...] = ()
    look_up: ToolCall | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a trial succeeded; else a short reason and the evidence in words.

    reason: `not_done` (planned changes are missing), `wrong_change` (something else was changed), `not_told`,
    `not_looked_up`, `user_left` (before it was done), `loop`, `turn_cap`; of talks that broke off `unreadable_student`,
    `unreadable_user`, `refused_...` and `fault_...` (see `talk`).
    """

    succeeded: bool
    reason: str = ""
    detail: str = ""


def owed(blueprint: Blueprint, domain: Domain) -> Owed:
    """What the user is to be told: the new values that are said after the last gold call, if that one looks up."""
    steps = blueprint.steps
    last = max((at for at, step in enumerate(steps) if step.call is not None), default=-1)
    call = steps[last].call if last >= 0 else None
    if call is None or domain.tools[call.name].writes:
        return Owed()
    known = [value for fact in blueprint.facts for value in (fact.value, fact.first_said)]
    said = [pair for step in steps[last + 1 :] if step.role == "assistant" for pair in step.mentions]
    new = [(slot, value) for slot, value in said if _is_told(slot, value, domain) and value not in known]
    values = tuple(pair for place, pair in enumerate(new) if pair not in new[:place])
    return Owed(values=values) if values else Owed(look_up=call)


def _is_told(slot: str, value: Json, domain: Domain) -> bool:
    """Whether words can carry it, and may."""
    return not (value is None or isinstance(value, bool | dict) or domain.slot(slot).secret)


def needs_nothing(blueprint: Blueprint, domain: Domain) -> bool:
    """Whether an assistant that calls no tool and tells nothing would succeed."""
    return not blueprint.changes and owed(blueprint, domain) == Owed()


def judged(
    conversation: Conversation, blueprint: Blueprint, scenario: Scenario, domain: Domain, settings: VerifySettings
) -> Judgement:
    """Judge a finished trial by what it did; the first thing that is wrong is the reason."""
    context = Context(domain, blueprint, scenario, settings, conversation.way)
    state = next((one for one in Replay(context).end(conversation) if one.kind == "wrong_end_state"), None)
    if state is not None:
        evidence = state.evidence + _argument(context, conversation)
        return _failed(conversation, _cause(conversation, blueprint, domain), evidence)
    wanted = owed(blueprint, domain)
    untold = _untold(conversation, wanted, context)
    if untold:
        return _failed(conversation, "not_told", f"never said: {untold}")
    if wanted.look_up is not None and not _was_made(wanted.look_up, conversation, settings.free_text):
        return _failed(conversation, "not_looked_up", f"{wanted.look_up.name} {wanted.look_up.arguments} was not made")
    if conversation.ending not in ENDED:
        return Judgement(succeeded=False, reason=conversation.ending, detail="all was done, and it came to no end")
    return Judgement(succeeded=True)


def _failed(conversation: Conversation, reason: str, detail: str) -> Judgement:
    """A talk that broke off, or a user who left, comes before what was therefore not done."""
    ending = "user_left" if conversation.ending == "abandoned" else conversation.ending
    return Judgement(succeeded=False, reason=reason if ending == "complete" else ending, detail=detail)


def _cause(conversation: Conversation, blueprint: Blueprint, domain: Domain) -> str:
    """Whether something was changed that was not planned, or planned changes are only missing."""
    before = domain.open_world(blueprint.world_seed, blueprint.setup)
    world = domain.open_world(blueprint.world_seed, blueprint.setup)
    toolbox = domain.toolbox(world, blueprint.faults)
    for turn in conversation.turns:
        if turn.call is not None:
            toolbox.run(turn.call)
    changed, planned = (set(map(canonical, each)) for each in (world.diff(before.tables), blueprint.changes))
    return "not_done" if changed <= planned else "wrong_change"


def _argument(context: Context, conversation: Conversation) -> str:
    """Which argument of a writing call was wrong, if one was: the likeliest cause of a wrong state."""
    gold = Gold(context)
    found = [one for at, turn in enumerate(conversation.turns) for one in gold.turn(at, turn)]
    wrong = next((one.evidence for one in found if one.kind == "wrong_argument"), "")
    return f" ({wrong})" if wrong else ""


def _untold(conversation: Conversation, wanted: Owed, context: Context) -> str:
    """What the assistant's words do not carry; words before the first tool result are guesses and do not count."""
    told: set[int] = set()
    looked_up = False
    for turn in conversation.turns:
        if turn.result is not None:
            looked_up = True
        elif turn.role == "assistant" and turn.text and looked_up:
            told |= {at for at, pair in enumerate(wanted.values) if context.carries(*pair, turn.text)}
    missing = [pair for at, pair in enumerate(wanted.values) if at not in told]
    return ", ".join(f"{slot} {context.say(slot, value)}" for slot, value in missing)


def _was_made(gold: ToolCall, conversation: Conversation, fewest: int) -> bool:
    return any(_equal(gold, turn.call, fewest) for turn in conversation.turns if turn.call is not None)


def _equal(gold: ToolCall, call: ToolCall, fewest: int) -> bool:
    if gold.name != call.name or gold.arguments.keys() != call.arguments.keys():
        return False
    pairs = [(gold.arguments[name], value) for name, value in call.arguments.items()]
    return all(one == other or (is_free_text(one, fewest) and is_free_text(other, fewest)) for one, other in pairs)


def of_role(verdict: Verdict, turns: tuple[Turn, ...], role: str) -> list[Defect]:
    """The defects, worse than a note, that lie in the turns of one side alone."""
    return [
        defect
        for defect in verdict.defects
        if defect.severity != "note" and defect.turns and all(_side(turns, at) == role for at in defect.turns)
    ]


def _side(turns: tuple[Turn, ...], at: int) -> str:
    role = turns[at].role if at < len(turns) else ""
    return "assistant" if role == "tool" else role
