"""Mending one span of one turn, and refusing every revision that breaks more than it mends.

Calls, results, roles, acts, mentions, the number and the order of turns are out of reach here: only words change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import msgspec

from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.records import Conversation, Defect, Objection, Provenance, Revision, Turn, Verdict
from turnwright.records.provenance import word_distance
from turnwright.refine.settings import CHECKS
from turnwright.refine.span import exchanged, folded

__all__ = ["Check", "Draft", "Reviser"]

_ABOUT = re.compile(
    r"\b(?:the|this) (?:customer|user|client|assistant|agent|turn|chat|conversation|replacement|critic|objection)\b",
    re.IGNORECASE,
)
"""Talk about the draft instead of words for it: weak teachers put the critic's advice where the words should stand."""

Check = Callable[[Conversation], Verdict]
"""The deterministic checks of one conversation, the tools run again in the world among them."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as it stands in the debate, with what the checks say about it."""

    conversation: Conversation
    verdict: Verdict

    @property
    def findings(self) -> tuple[Defect, ...]:
        """What is worse than a note."""
        return tuple(defect for defect in self.verdict.defects if defect.severity != "note")


class Reviser:
    """Tries revisions on the drafts of one debate, and remembers what each turn said before."""

    def __init__(self, domain: Domain, reader: Reader, check: Check) -> None:
        self.domain, self.reader, self.check = domain, reader, check
        self._former: dict[int, set[str]] = {}

    def tried(self, draft: Draft, objection: Objection, words: str, made: Provenance) -> tuple[Revision, Draft]:
        """Put words in place of the quote; the draft comes back as it was where the revision is refused."""
        index = objection.turns[0]
        before = draft.conversation.turns[index]
        text = exchanged(before.text, objection.quote, words)
        origin = msgspec.structs.replace(
            made,
            origin="model-edited",
            role="teacher",
            parents=(before.id,),
            source=before.provenance.source,
            distance=word_distance(before.text, text),
        )
        after = msgspec.structs.replace(before, text=text, provenance=origin)
        revision = Revision(objection=objection.id, turn=index, before=before, after=after)
        refused, detail = self._of_words(index, before, after)
        if refused:
            return msgspec.structs.replace(revision, refused=refused, detail=detail), draft
        changed = _with(draft.conversation, index, after)
        checked = Draft(conversation=changed, verdict=self.check(changed))
        refused, detail = _of_checks(draft, checked, objection)
        if refused:
            return msgspec.structs.replace(revision, refused=refused, detail=detail), draft
        self._former.setdefault(index, set()).add(folded(before.text))
        return revision, checked

    def _of_words(self, index: int, before: Turn, after: Turn) -> tuple[str, str]:
        """The code and the evidence of what is wrong with the words alone; empty for nothing."""
        if not re.search(r"\w", after.text):
            return "empty", "no words would be left"
        if after.text == before.text:
            return "no_change", "the same words again"
        if folded(after.text) in self._former.get(index, ()):
            return "no_change", "an objection was upheld against these words before"
        about = _ABOUT.search(after.text)
        if about and not _ABOUT.search(before.text):
            return "about_the_chat", f"this is talk about the chat, not a turn of it: '{about.group()}'"
        if self._fits(before) and not self._fits(after):
            return "role", f"these are no words of the {before.role}: '{after.text}'"
        lost = next((act for act in before.acts if self._does(before, act) and not self._does(after, act)), "")
        return ("act", f"no longer does '{lost}': '{after.text}'") if lost else ("", "")

    def _fits(self, turn: Turn) -> bool:
        return self.reader.fits(turn.role, turn.text, self._surfaces(turn))

    def _does(self, turn: Turn, act: str) -> bool:
        """Whether the turn, or one of its sentences where it does several things, may well do this."""
        sentences = re.split(r"(?<=[.!?])\s+", turn.text) if len(turn.acts) > 1 else []
        said = self._surfaces(turn)
        return any(self.reader.agrees(turn.role, act, words, said) for words in [turn.text, *sentences])

    def _surfaces(self, turn: Turn) -> list[tuple[str, str]]:
        return [(slot, self.domain.say(slot, value)) for slot, value in turn.mentions]


def _with(conversation: Conversation, index: int, turn: Turn) -> Conversation:
    turns = (*conversation.turns[:index], turn, *conversation.turns[index + 1 :])
    return msgspec.structs.replace(conversation, turns=turns)


def _of_checks(before: Draft, after: Draft, objection: Objection) -> tuple[str, str]:
    """The class of which the checks find more than before; for a finding of theirs, its own when it still stands."""
    had = Counter(defect.kind for defect in before.findings)
    has = Counter(defect.kind for defect in after.findings)
    for defect in after.findings:
        if has[defect.kind] > had[defect.kind]:
            return defect.kind, defect.evidence
    if objection.lens == CHECKS and has[objection.defect] >= had[objection.defect] > 0:
        evidence = next(defect.evidence for defect in after.findings if defect.kind == objection.defect)
        return objection.defect, f"still there: {evidence}"
    return "", ""
