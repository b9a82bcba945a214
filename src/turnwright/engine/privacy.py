"""Personal data in what a set is about to take: refused, masked or let through, as the spec says.

Values that a scenario was given are made up and are nobody's: what blueprint, persona, tools, world and domain say may
stand in the words. Anything else of the shape of personal data came from outside (a model's memory, style examples) and
may be a real person's. What has no shape (names, handles) is not looked for, see `reading.pii`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from turnwright.domains import Domain
from turnwright.domains.declaration import Strict
from turnwright.reading.pii import PiiPolicy, find
from turnwright.records import Blueprint, Conversation, Json, Origin, Record, Scenario, Turn
from turnwright.records.provenance import word_distance
from turnwright.store import Run

if TYPE_CHECKING:  # the flow's and the spec's modules call this one
    from turnwright.engine.flow import Made

__all__ = ["Foreign", "PrivacySettings", "Screening", "kept_private", "notes_on_personal_data", "refusal"]


class PrivacySettings(Strict):
    """What becomes of personal data that a scenario was not given.

    personal_data: `refuse` (the conversation is rejected), `mask` (its kind stands in its place, `[EMAIL]`; where it
    stands in a tool call, which cannot be reworded, the conversation is rejected), or `allow` (it is only counted).
    """

    personal_data: PiiPolicy = "refuse"


class Foreign(NamedTuple):
    """A value that the scenario was not given: its kind and turn; in the words at start:end, else in the call."""

    turn: int
    kind: str
    start: int = -1
    end: int = -1


class _Known:
    """Texts in which a value may be found again, however it is written there."""

    def __init__(self, texts: Iterable[str]) -> None:
        given = [text for text in texts if text]
        self._squeezed = "\n".join(map(_squeezed, given))
        self._spaced = "\n".join(f" {' '.join(_WORD.findall(text.casefold()))} " for text in given)
        self._dates = [_numbers(text) for text in given if len(text) <= _LONGEST_DATE]

    def holds(self, kind: str, value: str) -> bool:
        """Whether this value stands in one of the texts."""
        if kind == "birth_date":
            return any(_numbers(value) <= numbers for numbers in self._dates)
        if kind == "address":
            return f" {' '.join(_WORD.findall(value.casefold())[:2])} " in self._spaced
        plain = _squeezed(value)
        return (plain[-_OWN_DIGITS:] if kind == "phone" else plain) in self._squeezed


_WORD = re.compile(r"[^\W_]+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(rf"\d+|{'|'.join(_MONTHS)}", re.IGNORECASE)
_LONGEST_DATE = 60
_OWN_DIGITS = 9
"""Last digits of a phone number that tell it; those before are written in many ways."""


def _squeezed(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _numbers(text: str) -> frozenset[int]:
    """Day, month and year of a date, in whatever order and form."""
    parts = _PART.findall(text.casefold())
    return frozenset(_MONTHS.index(part) + 1 if part in _MONTHS else int(part[:9]) for part in parts)


class Screening:
    """Looks through what was said in one scenario."""

    def __init__(self, blueprint: Blueprint, scenario: Scenario, domain: Domain) -> None:
        self._given, self._domain = (blueprint, scenario), domain
        self._known: _Known | None = None

    def found(self, conversation: Conversation) -> list[Foreign]:
        """Every value that is nobody's business here, in the order of the turns.

        What a tool gave may be said from there on; what it repeats of a call was in the call before.
        """
        found, before = [], ""
        results: list[str] = []
        for number, turn in enumerate(conversation.turns):
            for hit in find(turn.text, before) if turn.text else ():
                if not self._own(hit.kind, turn.text[hit.start : hit.end], results):
                    found.append(Foreign(number, hit.kind, hit.start, hit.end))
            for leaf in _leaves(turn.call.arguments) if turn.call else ():
                hits = find(leaf, turn.text or before)
                strange = (hit for hit in hits if not self._own(hit.kind, leaf[hit.start : hit.end], results))
                found += [Foreign(number, hit.kind) for hit in strange]
            results += _leaves(turn.result.content) if turn.result else ()
            before = turn.text
        return found

    def masked(self, conversation: Conversation) -> Conversation:
        """The conversation with the kind of each value in its place; itself where there is none in words."""
        turns = list(conversation.turns)
        for one in reversed(self.found(conversation)):
            if one.start >= 0:
                text = turns[one.turn].text
                hidden = f"{text[: one.start]}[{one.kind.upper()}]{text[one.end :]}"
                turns[one.turn] = msgspec.structs.replace(turns[one.turn], text=hidden)
        edited = [_edited(old, new) for old, new in zip(conversation.turns, turns, strict=True)]
        return conversation if tuple(turns) == conversation.turns else _with(conversation, tuple(edited))

    def text(self, text: str) -> str:
        """Words about a conversation (an objection, evidence) with its values masked."""
        for hit in reversed(find(text)):
            if not self._own(hit.kind, text[hit.start : hit.end], []):
                text = f"{text[: hit.start]}[{hit.kind.upper()}]{text[hit.end :]}"
        return text

    def _own(self, kind: str, value: str, results: list[str]) -> bool:
        if self._known is None:
            self._known = _Known(leaf for given in self._given for leaf in _leaves(msgspec.to_builtins(given)))
        if self._known.holds(kind, value) or _declared(self._domain).holds(kind, value):
            return True
        return bool(results) and _Known(results).holds(kind, value)


Kept = TypeVar("Kept", bound=Record)
_EDITED: dict[Origin, Origin] = {"human": "human-edited", "model": "model-edited"}


def _edited(old: Turn, new: Turn) -> Turn:
    """The turn that says what was masked: an edit of the one that it was."""
    if new.text == old.text:
        return old
    made = old.provenance
    provenance = msgspec.structs.replace(
        made,
        origin=_EDITED.get(made.origin, made.origin),
        parents=(old.id, *(parent for parent in made.parents if parent.startswith("sy_"))),
        distance=word_distance(old.text, new.text),
    )
    return msgspec.structs.replace(new, provenance=provenance)


def _with(conversation: Conversation, turns: tuple[Turn, ...]) -> Conversation:
    return msgspec.structs.replace(conversation, turns=turns)


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


@lru_cache(maxsize=4)
def _declared(domain: Domain) -> _Known:
    """What the domain says itself: policy, documents, phrasings, and the rows of its world before any seed."""
    return _Known([*_leaves(domain.spec.model_dump(mode="json")), *_leaves(domain.tables)])


# --- what the flow asks ------------------------------------------------------------------------------------------


def kept_private(made: Made, policy: PiiPolicy, domain: Domain) -> Made:
    """What became of a scenario, as it may be kept.

    `mask`: nothing is left unmasked. `refuse`: what stands beside a conversation that verification has passed (draft,
    earlier attempts, councils) is masked, since it gives pairs to train on; what is rejected stays whole.
    """
    if policy == "allow" or made.blueprint is None or (policy == "refuse" and not _passed(made)):
        return made
    screening = Screening(made.blueprint, made.scenario, domain)
    beside = [made.draft, *made.drafts, *(one for one, _ in made.earlier)]
    hidden = {one.id: screening.masked(one) for one in beside if one is not None}
    final, draft = made.conversation, hidden[made.draft.id] if made.draft else None
    if final is not None:
        hidden[final.id] = final = screening.masked(final) if policy == "mask" else final
    ids = {old: new.id for old, new in hidden.items()}
    return msgspec.structs.replace(
        made,
        conversation=final,
        draft=None if draft and final and draft.id == final.id else draft,
        verdict=_told(made.verdict, screening, ids) if made.verdict else None,
        councils=tuple(_told(one, screening, ids) for one in made.councils),
        drafts=tuple(hidden[one.id] for one in made.drafts),
        earlier=tuple((hidden[one.id], _told(verdict, screening, ids)) for one, verdict in made.earlier),
    )


def _passed(made: Made) -> bool:
    return made.conversation is not None and made.verdict is not None and made.verdict.passed


def _told(record: Kept, screening: Screening, ids: dict[str, str]) -> Kept:
    """A record about conversations: values in its words are masked, and it names the masked conversations."""

    def shown(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: shown(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(shown(each) for each in value)
        return ids.get(value) or screening.text(value) if isinstance(value, str) else value

    plain = msgspec.to_builtins(record)
    hidden = shown(plain)
    return record if hidden == plain else msgspec.convert(hidden, type(record))


def refusal(made: Made, policy: PiiPolicy, domain: Domain) -> str:
    """Why the set may not take a conversation that verification has passed: what was found, and where, never itself."""
    if policy == "allow" or made.blueprint is None or made.conversation is None or not _passed(made):
        return ""
    found = Screening(made.blueprint, made.scenario, domain).found(made.conversation)
    if not found:
        return ""
    turns = ", ".join(str(turn) for turn in sorted({one.turn for one in found}))
    return f"{_counted(one.kind for one in found)} (turn {turns}) that nothing in the scenario gave"


def _counted(kinds: Iterable[str]) -> str:
    counts = Counter(kinds)
    return ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(counts.items()))


def notes_on_personal_data(run: Run, policy: PiiPolicy, domain: Domain) -> tuple[str, ...]:
    """What is to be said of personal data that the policy lets through; nothing where there is none."""
    if policy != "allow":
        return ()
    kinds: list[str] = []
    touched = 0
    for one in run.records.concluded(admitted=True):
        if one.blueprint is not None and one.conversation is not None:
            found = Screening(one.blueprint, one.scenario, domain).found(one.conversation)
            kinds += [each.kind for each in found]
            touched += bool(found)
    if not kinds:
        return ()
    return (f"personal data that no scenario gave: {_counted(kinds)} in {touched:,} admitted conversations (allowed)",)
