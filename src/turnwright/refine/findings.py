"""Findings of the deterministic checks, heard as objections: facts, which the teacher can mend but not dispute."""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.records import Defect, Objection, Turn
from turnwright.refine.lenses import WORDLESS
from turnwright.refine.revision import Draft
from turnwright.refine.settings import CHECKS

__all__ = ["findings", "is_beyond_words"]


def findings(draft: Draft) -> Iterator[tuple[Defect, Objection]]:
    """What is worse than a note, each with the objection (still without an id) that it makes.

    The turn to mend is the last one cited that has words: what repeats or contradicts stands behind what it repeats.
    """
    turns = draft.conversation.turns
    for defect in draft.findings:
        worded = [turn for turn in defect.turns if _has_words(turn, turns)]
        last = worded[-1:]
        cited = (*last, *(turn for turn in defect.turns if turn not in last))
        yield defect, Objection(id="", lens=CHECKS, defect=defect.kind, turns=cited, claim=defect.evidence)


def is_beyond_words(defect: Defect, turns: tuple[Turn, ...]) -> bool:
    """Whether no other words can mend it: it is fatal, about the course of things, or cites only calls and results."""
    worded = any(_has_words(turn, turns) for turn in defect.turns)
    return defect.severity == "fatal" or defect.kind in WORDLESS or not worded


def _has_words(turn: int, turns: tuple[Turn, ...]) -> bool:
    return 0 <= turn < len(turns) and bool(turns[turn].text.strip())
