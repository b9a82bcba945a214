"""What `turnwright show --council` prints: a whole debate as readable text, with every object that is kept of it.

It reads without colour: removed words stand in `[-...-]`, added ones in `{+...+}`. Words of models are never read as
markup, nor as commands to the terminal. Private reasoning is printed on demand only, and says that it is private.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from rich.text import Text

from turnwright.cli.console import out, said
from turnwright.records import (
    Conversation,
    Council,
    LensCost,
    Objection,
    Response,
    Revision,
    Round,
    Ruling,
    Usage,
    Vote,
)
from turnwright.store import Concluded

__all__ = ["council", "difference"]

Opcode = tuple[str, int, int, int, int]
"""As `difflib` gives them: kind, span of the old words, span of the new ones."""

REMOVED, ADDED = "red strike", "green"
ENDINGS = {
    "agreed": "nothing that was upheld is open",
    "nothing_changed": "a round changed nothing",
    "cap": "the cap on rounds was met",
    "hopeless": "an upheld objection is fatal, and words cannot mend it",
}
DIFF_LIMIT = 4_000_000
"""Pairs of words; turns beyond it are shown as a whole before and after."""


def council(concluded: Concluded, *, scratchpads: bool = False) -> None:
    """Print every debate of a scenario, that of the last attempt last.

    scratchpads: whether the teacher's private reasoning is printed, too.
    """
    for number, debate in enumerate(concluded.councils, start=1):
        count = f" {number} of {len(concluded.councils)}" if len(concluded.councils) > 1 else ""
        _heading(f"council{count} {debate.id}")
        _draft(debate, _by_id(concluded).get(debate.draft_id))
        for at, one in enumerate(debate.rounds, start=1):
            _round(at, one, scratchpads)
        _ending(debate)
    if not concluded.councils:
        _print("no council debated this conversation", "dim")


def _by_id(concluded: Concluded) -> dict[str, Conversation]:
    last = (concluded.conversation, concluded.draft)
    known = (*concluded.drafts, *(conversation for conversation, _ in concluded.earlier), *last)
    return {conversation.id: conversation for conversation in known if conversation is not None}


# --- lines ------------------------------------------------------------------------------------------------------------


def _heading(text: str) -> None:
    out.print()
    out.print(Text(text, style="bold"))


def _print(text: str | Text, style: str = "", indent: int = 2) -> None:
    out.print(Text(" " * indent) + (text if isinstance(text, Text) else Text(_plain(text, indent), style=style)))


def _field(name: str, value: str | Text, style: str = "", indent: int = 4) -> None:
    """One named value; an empty one is left out."""
    if value:
        words = value if isinstance(value, Text) else Text(_plain(value, indent), style=style)
        out.print(Text(" " * indent) + Text(f"{name}: ", style="dim") + words)


def _plain(text: str, indent: int) -> str:
    """Words as they are: further lines behind a bar, control characters and invisible ones by their number."""
    seen = (c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    return "".join(seen).replace("\n", f"\n{' ' * indent}│ ")


def _source(model: str, prompt: str, calls: Iterable[str]) -> str:
    parts = [("model", model), ("prompt", prompt), ("call", ", ".join(calls))]
    return "; ".join(f"{name} {value}" for name, value in parts if value)


def _turns(turns: tuple[int, ...]) -> str:
    return f"turn{'s' if len(turns) > 1 else ''} {', '.join(map(str, turns))}" if turns else "no turn"


def _cost(usage: Usage) -> str:
    details = [
        f"{usage.prompt_tokens:,} prompt ({usage.cached_tokens:,} from cache)",
        f"{usage.completion_tokens:,} reply ({usage.reasoning_tokens:,} reasoning)",
    ]
    return f"{usage.calls:,} calls, {' + '.join(details)} tokens, cost {usage.money / 1_000_000:.6f}"


# --- the draft, the rounds, the end -----------------------------------------------------------------------------------


def _draft(debate: Council, draft: Conversation | None) -> None:
    _print(f"draft {debate.draft_id}")
    if draft is None:
        _print("its turns are not kept", "dim", 4)
        return
    for index, turn in enumerate(draft.turns):
        _print(f"{index:>3} {turn.role:<9} {said(turn)}", indent=4)


def _round(number: int, one: Round, scratchpads: bool) -> None:
    _heading(f"round {number}")
    for cost in one.lenses:
        _lens(cost)
    for objection in one.objections:
        _objection(objection)
        _answers(one, objection.id, scratchpads)
    raised = {objection.id for objection in one.objections}
    for earlier in _named(one):
        if earlier not in raised:
            _print(Text(f"on {_plain(earlier, 2)}, raised before", style="bold"))
            _answers(one, earlier, scratchpads)
    if not one.objections:
        _print("nobody objected", "dim")


def _named(one: Round) -> Iterator[str]:
    """Objections that this round speaks about, each once, in order."""
    answered = [each.objection for each in one.responses]
    ruled = [each.question for each in one.rulings]
    revised = [each.objection for each in one.revisions]
    yield from dict.fromkeys([*answered, *ruled, *revised])


def _lens(cost: LensCost) -> None:
    _print(f"{cost.lens}: {cost.raised} raised, {cost.upheld} upheld; {_cost(cost.usage)}")


def _objection(objection: Objection) -> None:
    words = Text(f"{_plain(objection.id, 2)} ", style="bold")
    words.append(_plain(f"{objection.lens} objects: {objection.defect}, {_turns(objection.turns)}", 2))
    _print(words)
    _field("not heard", objection.dismissed, "yellow")
    _field("quote", f"“{objection.quote}”" if objection.quote else "")
    _field("claim", objection.claim)
    _field("proposes", objection.change)
    _field("from", _source(objection.model, objection.prompt, [objection.call] if objection.call else []), "dim")


def _answers(one: Round, objection: str, scratchpads: bool) -> None:
    """What came of an objection in this round."""
    for response in one.responses:
        if response.objection == objection:
            _response(response, scratchpads)
    for ruling in one.rulings:
        if ruling.question == objection:
            _ruling(ruling)
    for revision in one.revisions:
        if revision.objection == objection:
            _revision(revision)


def _response(response: Response, scratchpads: bool) -> None:
    stances = {"concede": "concedes", "rebut": "rebuts", "unreadable": "gave no answer that can be read"}
    _print(f"the teacher {stances[response.stance]}", "cyan", 4)
    if scratchpads:
        _field("private reasoning", response.scratchpad, "italic", 6)
    elif response.scratchpad:
        _print("private reasoning is kept (--scratchpads shows it)", "dim", 6)
    _field("argument", response.argument, indent=6)
    _field("puts in its place", response.replacement, indent=6)
    _field("from", _source(response.model, response.prompt, response.calls), "dim", 6)


def _ruling(ruling: Ruling) -> None:
    hows = {
        "vote": "by vote",
        "tie": "by the tie rule",
        "unreadable": "no arbiter gave an answer",
        "check": "by a deterministic check",
        "no_licence": "nobody is licensed to rule on this class, so it lapses",
    }
    word = "upheld" if ruling.found else "not upheld"
    _print(f"ruling: {word} ({hows[ruling.how]}): {ruling.defect}, {_turns(ruling.turns)}", "magenta", 4)
    _field("evidence", ruling.evidence, indent=6)
    for vote in ruling.votes:
        _print(_vote(vote), "dim", 6)


def _vote(vote: Vote) -> str:
    answer = {True: "found it", False: "did not find it", None: "no readable answer"}[vote.defect_found]
    sure = f", probability {vote.probability:.3f}" if vote.probability is not None else ""
    return f"arbiter {vote.arbiter}: {answer}{sure}{f' (call {vote.call})' if vote.call else ''}"


def _revision(revision: Revision) -> None:
    if revision.refused:
        _print(f"revision of turn {revision.turn} refused: {revision.refused}", "yellow", 4)
    else:
        _print(f"revision of turn {revision.turn} taken", "green", 4)
    _field("because", revision.detail, indent=6)
    _field("words", difference(said(revision.before), said(revision.after), indent=6), indent=6)
    for name, turn in (("before", revision.before), ("after", revision.after)):
        source = turn.provenance
        known = _source(source.model, source.prompt, source.calls)
        learnt = "" if turn.trainable else ", context only"
        _field(
            name,
            "; ".join(filter(None, [f"{turn.role}{learnt}", " + ".join(turn.acts), source.origin, known])),
            "dim",
            6,
        )


def _ending(debate: Council) -> None:
    _heading(f"ended: {debate.ending} ({ENDINGS[debate.ending]})")
    _print(f"open: {', '.join(debate.open) or 'nothing'}")
    same = debate.final_id == debate.draft_id
    _print("the conversation is as it was" if same else f"the conversation is now {debate.final_id}")
    _print(f"paid: {_cost(debate.usage)}")


# --- differences ------------------------------------------------------------------------------------------------------


def difference(before: str, after: str, indent: int = 0) -> Text:
    """Both texts in one, word by word: `[-removed-]`, `{+added+}`, the rest as it is."""
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    words = Text()
    for kind, left, right in _changes(old, new):
        if kind == "equal":
            words.append(_plain("".join(left), indent))
            continue
        if left:
            words.append(f"[-{_plain(''.join(left), indent)}-]", style=REMOVED)
        words.append(" " if left and right else "")
        if right:
            words.append(f"{{+{_plain(''.join(right), indent)}+}}", style=ADDED)
    return words


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    if len(old) * len(new) > DIFF_LIMIT:
        yield "replace", old, new
        return
    for kind, i, j, k, m in _joined(SequenceMatcher(None, old, new, autojunk=False).get_opcodes(), old):
        yield kind, old[i:j], new[k:m]


def _joined(opcodes: Iterable[Opcode], old: list[str]) -> list[Opcode]:
    """Join changes between which only white space stands, so that phrases change as phrases."""
    joined: list[Opcode] = []
    for number, opcode in enumerate(opcodes):
        kind, i, j, _, m = opcode
        blank = kind == "equal" and number and not "".join(old[i:j]).strip()
        if joined and joined[-1][0] != "equal" and (kind != "equal" or blank):
            _, first, _, start, _ = joined[-1]
            joined[-1] = ("replace", first, j, start, m)
        else:
            joined.append(opcode)
    return joined
