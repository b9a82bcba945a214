"""Defects of the course: a change that nobody agreed to, a goodbye too early, the same words again."""

from __future__ import annotations

import re
from random import Random

import msgspec

from turnwright.records import Turn
from turnwright.verify.exam.planting import wordings
from turnwright.verify.exam.planting.original import Edit, Original
from turnwright.verify.planned import Consent
from turnwright.verify.reading import words_of

__all__ = ["premature_closing", "repetition", "skipped_confirmation"]

_FEWEST_WORDS = 7
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def skipped_confirmation(original: Original, rng: Random) -> Edit | None:
    """The user's agreement to a change is gone, and with it, in half of the copies, the question before it."""
    places = [place for consent in original.planned.consents for place in _agreements(original, consent)]
    if not places:
        return None
    call, answer, question = rng.choice(places)
    gone = {answer, question} if question is not None and rng.random() < 0.5 else {answer}
    name = original.turns[call].call.name if original.turns[call].call else ""  # type: ignore[union-attr]
    what = f"{name} is called without the user's agreement" + (" and without a question" if len(gone) > 1 else "")
    return Edit(original.without(gone), (call - len(gone),), what)


def _agreements(original: Original, consent: Consent) -> list[tuple[int, int, int | None]]:
    """(call, answer, question) of a planned agreement where it stands in the conversation, the question if next to it.

    Only where the answer does nothing else, and no other turn agrees as well.
    """
    turns, call = original.turns, consent.call
    at = next((i for i in original.calls() if _is(turns[i], call.name, call.arguments)), None)
    if at is None or not consent.answer:
        return []
    writes = [i for i in original.calls() if i < at and original.domain.tools[turns[i].call.name].writes]  # type: ignore[union-attr]
    since = max(writes, default=-1)
    answers = [i for i in original.spoken("user") if since < i < at and consent.answer in turns[i].acts]
    if len(answers) != 1 or len(turns[answers[0]].acts) > 1 or turns[answers[0]].mentions:
        return []
    before = turns[answers[0] - 1]
    asks = before.role == "assistant" and bool(before.text) and before.acts == consent.question
    return [(at, answers[0], answers[0] - 1 if asks else None)]


def _is(turn: Turn, name: str, arguments: dict[str, object]) -> bool:
    return turn.call is not None and turn.call.name == name and turn.call.arguments == arguments


def premature_closing(original: Original, rng: Random) -> Edit | None:
    """The assistant says goodbye while a call that the goal needs is still to come; the conversation ends there."""
    last = max(original.calls(), default=-1)
    places = [at for at in original.replies() if at < last and original.turns[at - 1].role == "user"]
    if original.blueprint.outcome == "abandoned" or not places:
        return None
    at = rng.choice(places)
    own = original.domain.assistant_acts.get(original.domain.spec.behaviour.goodbye)
    declared = [text for text in (own.phrasings if own else ()) if "{" not in text]
    text = rng.choice([*wordings.GOODBYES, *declared])
    turns = [*original.turns[:at], msgspec.structs.replace(original.turns[at], text=text, mentions=())]
    left = original.turns[last].call
    what = f"the assistant ends the conversation before {left.name if left else 'its goal'}"
    return Edit(turns, (at,), what)


def repetition(original: Original, rng: Random) -> Edit | None:
    """The assistant says a sentence twice in one turn, or a whole turn again in the place of a later one."""
    edits = [edit for edit in (_twice(original, rng), _again(original, rng)) if edit is not None]
    return rng.choice(edits or [None])


def _twice(original: Original, rng: Random) -> Edit | None:
    places = [
        (at, sentence)
        for at in original.spoken("assistant")
        for sentence in _SENTENCE.split(original.turns[at].text)
        if len(words_of(sentence)) >= _FEWEST_WORDS and sentence[-1:] in ".!?"
    ]
    if not places:
        return None
    at, sentence = rng.choice(places)
    text = original.turns[at].text.replace(sentence, f"{sentence} {sentence}", 1)
    return Edit(original.saying(at, text), (at,), f"'{sentence}' stands twice")


def _again(original: Original, rng: Random) -> Edit | None:
    """Only turns that carry no value are replaced, so that none goes missing."""
    turns, spoken = original.turns, original.spoken("assistant")
    corrected = {fact.slot for fact in original.planned.corrections}
    pairs = [
        (first, again)
        for first in spoken
        for again in spoken
        if first < again and len(words_of(turns[first].text)) >= _FEWEST_WORDS
        if not corrected & {slot for slot, _ in turns[first].mentions}
        if not turns[again].mentions
        and turns[again].acts != turns[first].acts
        and turns[again].text != turns[first].text
    ]
    if not pairs:
        return None
    first, again = rng.choice(pairs)
    return Edit(original.saying(again, turns[first].text), (first, again), f"the assistant says turn {first} again")
