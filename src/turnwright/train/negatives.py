"""Hard negatives: turns that verification turned down, beside the turn that was admitted in the same place.

A rejected turn is worth learning from only where nothing else differs: both must follow the very same words, calls and
results, and stand in a conversation of the same blueprint. Attempts are worded anew from their first turn, so most
rejections give no pair; who asks for it gets those after other words for the same outline, too. What a council mended
is not here: the export `preference` has those. Pairs are records; how they are written for a trainer is not decided
here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.records import Conversation, Council, Defect, Json, Scenario, Turn, Verdict
from turnwright.store import Concluded, read_run

__all__ = ["Negative", "by_class", "negatives", "negatives_of"]

Origin = Literal["attempt", "revision"]
Same = Literal["words", "outline"]
"""What must be the same before both turns: every word, or the acts, values, calls and results that the words tell."""


class Negative(msgspec.Struct, frozen=True, kw_only=True):
    """Two assistant turns after the same `prompt`: `chosen` was admitted, `rejected` was turned down.

    turn: index of both in their conversations. defects: classes that were found there; found_by: who found them.
    same: what is the same before both of them; with `outline`, `prompt` has the words before the chosen one.
    origin: `attempt` (an earlier attempt at the same blueprint, turned down for this turn), `revision` (words that a
    council refused to take over).
    conversation_id, rejected_id: the admitted conversation, and the attempt or council that holds the rejected turn.
    """

    scenario: Scenario
    conversation_id: str
    rejected_id: str
    origin: Origin
    same: Same
    turn: int
    prompt: tuple[Turn, ...]
    chosen: Turn
    rejected: Turn
    defects: tuple[str, ...]
    found_by: tuple[str, ...]


def negatives(run_folder: Path, same: Same = "words") -> Iterator[Negative]:
    """Stream the pairs of a run, in order of ordinals; nothing is written.

    Args:
        same: `outline` also gives pairs after other words for the same outline, if both turns have the same acts.

    Raises:
        RunFolderError: there is no run in this folder.
    """
    with read_run(run_folder) as run:
        for concluded in run.records.concluded(admitted=True):
            yield from negatives_of(concluded, same)


def negatives_of(concluded: Concluded, same: Same = "words") -> Iterator[Negative]:
    """The pairs of one admitted scenario; none of one that was not admitted. A pair of the same words comes once."""
    if concluded.conversation is None or not concluded.admission.admitted:
        return
    seen: set[tuple[int, str]] = set()
    final, scenario = concluded.conversation, concluded.scenario
    places = (*_of_attempts(final, concluded.earlier, same), *_of_councils(final, concluded.councils))
    for pair in (pair for place in places for pair in _pair(final, scenario, place)):
        if (pair.turn, pair.rejected.text) not in seen:
            seen.add((pair.turn, pair.rejected.text))
            yield pair


def by_class(pairs: Iterable[Negative]) -> dict[str, int]:
    """How many pairs show each defect class, most first; a pair may show several."""
    counted = Counter(defect for pair in pairs for defect in pair.defects)
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


class _Rejected(msgspec.Struct, frozen=True):
    """A rejected turn and its place: who holds it, and why it was rejected."""

    held_by: str
    origin: Origin
    same: Same
    place: int
    turn: Turn
    defects: frozenset[str]
    found_by: frozenset[str]


def _of_attempts(
    final: Conversation, earlier: Sequence[tuple[Conversation, Verdict]], same: Same
) -> Iterator[_Rejected]:
    for attempt, verdict in earlier:
        if attempt.blueprint_id != final.blueprint_id:
            continue
        for place, defects in _shown(verdict).items():
            found = _alike(attempt, final, place)
            if found is not None and (found == "words" or same == "outline"):
                kinds = frozenset(defect.kind for defect in defects)
                finders = frozenset(defect.found_by for defect in defects)
                yield _Rejected(attempt.id, "attempt", found, place, attempt.turns[place], kinds, finders)


def _shown(verdict: Verdict) -> dict[int, list[Defect]]:
    """Turn → defects that it shows; what is only noted is none."""
    shown: dict[int, list[Defect]] = {}
    for defect in verdict.defects:
        for turn in defect.turns if defect.severity != "note" else ():
            shown.setdefault(turn, []).append(defect)
    return dict(sorted(shown.items()))


def _of_councils(final: Conversation, councils: Sequence[Council]) -> Iterator[_Rejected]:
    """Refused words of the council over the admitted conversation, where no turn before them was changed."""
    for council in councils:
        if council.final_id != final.id:
            continue
        lenses = {objection.id: objection.lens for objection in council.objections}
        changed = min((revision.turn for revision in council.revisions), default=len(final.turns))
        for one in (revision for each in council.rounds for revision in each.revisions):
            if one.turn <= changed and one.refused not in _NOT_ITS_WORDS:
                finders = frozenset([lenses.get(one.objection, "checks")])
                yield _Rejected(council.id, "revision", "words", one.turn, one.after, frozenset([one.refused]), finders)


_NOT_ITS_WORDS = ("", "no_change", "empty")
"""Why a revision was not taken, where its words are not to blame; "" is one that was taken."""


def _pair(final: Conversation, scenario: Scenario, rejected: _Rejected) -> Iterator[Negative]:
    """The pair, where both sides are words of the assistant that differ, and the chosen ones may be learnt."""
    chosen = final.turns[rejected.place]
    spoken = all(one.role == "assistant" and one.text and one.call is None for one in (chosen, rejected.turn))
    if spoken and chosen.trainable and _plain(chosen.text) != _plain(rejected.turn.text):
        yield Negative(
            scenario=scenario,
            conversation_id=final.id,
            rejected_id=rejected.held_by,
            origin=rejected.origin,
            same=rejected.same,
            turn=rejected.place,
            prompt=final.turns[: rejected.place],
            chosen=chosen,
            rejected=rejected.turn,
            defects=tuple(sorted(rejected.defects)),
            found_by=tuple(sorted(rejected.found_by)),
        )


def _alike(one: Conversation, other: Conversation, place: int) -> Same | None:
    """What is the same in both before this place; None where a place is missing or the outlines differ."""
    if place >= min(len(one.turns), len(other.turns)):
        return None
    turns = list(zip(one.turns[:place], other.turns[:place], strict=True))
    if all(_worked(a) == _worked(b) and _plain(a.text) == _plain(b.text) for a, b in turns):
        return "words"
    same = all(_worked(a) == _worked(b) and _outlined(a) == _outlined(b) for a, b in turns)
    return "outline" if same and one.turns[place].acts == other.turns[place].acts else None


def _worked(turn: Turn) -> Json:
    """Who acts, and what a student would read of calls and results."""
    call, result = turn.call, turn.result
    called = [call.name, call.arguments] if call else None
    told = [result.error, result.content] if result else None
    return [turn.role, called, told]


def _outlined(turn: Turn) -> Json:
    return turn.acts, turn.mentions


def _plain(text: str) -> str:
    return " ".join(text.split())
