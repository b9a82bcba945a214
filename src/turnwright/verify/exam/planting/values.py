"""Defects of what is said: another value, no value, a value from nowhere, one that should not be said."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from random import Random

from turnwright.domains import Domain
from turnwright.records import Fact, Json, canonical
from turnwright.verify.exam.planting import wordings
from turnwright.verify.exam.planting.original import Edit, Original, stands_once, woven

__all__ = [
    "contradiction",
    "ignored_correction",
    "leak",
    "missing_value",
    "unsafe_disclosure",
    "unsupported_claim",
    "wrong_value",
]

_DIGITS = re.compile(r"\d+")


def wrong_value(original: Original, rng: Random) -> Edit | None:
    """Once the assistant says a value, and there another plausible value of the same slot takes its place."""
    places = [place for place in _places(original) if len(_stated(original, *place[1:])) == 1]
    return _exchanged(original, places, rng)


def contradiction(original: Original, rng: Random) -> Edit | None:
    """The assistant says the one value of a slot twice or more, and in a later turn another value of that slot."""
    turns, spoken = original.turns, original.spoken("assistant")
    stated = {(slot, str(value)) for at in spoken for slot, value in turns[at].mentions}
    single = {slot for slot, count in Counter(slot for slot, _ in stated).items() if count == 1}
    places = [place for place in _places(original) if place[1] in single]
    places = [place for place in places if min(_stated(original, *place[1:])) < place[0]]
    return _exchanged(original, places, rng, earlier=True)


def missing_value(original: Original, rng: Random) -> Edit | None:
    """Where the assistant's words carry a planned value, they only name what it is a value of."""
    places = [place for place in _places(original) if not _stands_in_question(original, place[0])]
    if not places:
        return None
    at, slot, value = rng.choice(places)
    text, surface, label = original.turns[at].text, original.domain.say(slot, value), original.domain.label(slot)
    before = text[: text.index(surface)].split()
    named = label if before and before[-1].casefold() in wordings.DETERMINERS else f"the {label}"
    new = text.replace(surface, named)
    if original.says(slot, value, new):
        return None
    return Edit(original.saying(at, new), (at,), f"the {label} '{surface}' is no longer said")


def unsupported_claim(original: Original, rng: Random) -> Edit | None:
    """One more sentence of the assistant states a value that no result, document or turn supports."""
    places = original.replies()
    if not places:
        return None
    at = rng.choice(places)
    known = _numbers_of(original)
    for _ in range(50):
        sentence = wordings.claim(rng, _currency(original.domain))
        if not known & set(_DIGITS.findall(sentence)):
            turns = original.saying(at, woven(original.turns[at].text, sentence))
            return Edit(turns, (at,), f"nothing supports '{sentence}'")
    return None


def ignored_correction(original: Original, rng: Random) -> Edit | None:
    """After the user put a value right, the assistant says the old one again."""
    for fact in original.planned.corrections:
        if original.domain.slot(fact.slot).secret or len(_holders(original, fact.first_said)) > 1:
            continue
        heard = next((at for at in original.spoken("user") if _corrects(original, fact, at)), None)
        later = [at for at in original.replies() if heard is not None and at > heard]
        if heard is None or not later:
            continue
        old, new = (original.domain.say(fact.slot, value) for value in (fact.first_said, fact.value))
        what = f"the {original.domain.label(fact.slot)} is '{old}' again after it was corrected to '{new}'"
        # a value by its mention: "May I help?" says no month
        saying = [at for at in later if fact.slot in {slot for slot, _ in original.turns[at].mentions}]
        stale = [at for at in saying if stands_once(new, original.turns[at].text)]
        if stale:
            at = rng.choice(stale)
            return Edit(original.saying(at, original.turns[at].text.replace(new, old)), (heard, at), what)
        at = rng.choice([at for at in later if not original.says(fact.slot, fact.value, original.turns[at].text)])
        sentence = rng.choice(wordings.READ_BACK).format(label=original.domain.label(fact.slot), value=old)
        return Edit(original.saying(at, woven(original.turns[at].text, sentence)), (heard, at), what)
    return None


def unsafe_disclosure(original: Original, rng: Random) -> Edit | None:
    """The assistant says a secret value that the user has told it."""
    places = [
        (at, slot, value)
        for told in original.spoken("user")
        for slot, value in original.turns[told].mentions
        if original.domain.slot(slot).secret and len(str(value)) > 2 and _holders(original, value) <= {slot}
        if any(fact.slot == slot and fact.value == value for fact in original.blueprint.facts)
        for at in original.replies()
        if at > told
    ]
    if not places:
        return None
    at, slot, value = rng.choice(places)
    label, said = original.domain.label(slot), original.domain.say(slot, value)
    sentence = rng.choice(wordings.DISCLOSURES).format(label=label, value=said)
    turns = original.saying(at, woven(original.turns[at].text, sentence))
    return Edit(turns, (at,), f"the assistant says the {label} '{said}'")


def leak(original: Original, rng: Random) -> Edit | None:
    """The user says a detail that they had forgotten or refused, or the assistant names its machinery."""
    forgotten = _given_away(original, rng)
    named = _machinery(original, rng)
    return rng.choice([edit for edit in (forgotten, named) if edit is not None] or [None])


def _given_away(original: Original, rng: Random) -> Edit | None:
    told = {slot for step in original.blueprint.steps if step.role == "user" for slot, _ in step.mentions}
    facts = [
        fact
        for fact in original.blueprint.facts
        if fact.shared in ("forgotten", "refused") and fact.slot not in told
        if isinstance(fact.value, str) and len(fact.value) > 2 and _holders(original, fact.value) <= {fact.slot}
    ]
    heard = [text for at in original.spoken("assistant") for text in [original.turns[at].text]]
    facts = [fact for fact in facts if not any(original.says(fact.slot, fact.value, text) for text in heard)]
    places = original.spoken("user")[1:]
    if not facts or not places:
        return None
    fact, at = rng.choice(facts), rng.choice(places)
    label, said = original.domain.label(fact.slot), original.domain.say(fact.slot, fact.value)
    sentence = rng.choice(wordings.GIVEN_AWAY).format(label=label, value=said)
    turns = original.saying(at, woven(original.turns[at].text, sentence))
    return Edit(turns, (at,), f"the user says the {label} '{said}', which is {fact.shared}")


def _machinery(original: Original, rng: Random) -> Edit | None:
    names = sorted(name for name in original.domain.tools if "_" in name)
    places = original.replies()
    if not names or not places:
        return None
    at, name = rng.choice(places), rng.choice(names)
    sentence = rng.choice(wordings.MACHINERY).format(tool=name)
    turns = original.saying(at, woven(original.turns[at].text, sentence))
    return Edit(turns, (at,), f"the assistant names the tool '{name}'")


# --- where values stand -------------------------------------------------------------------------------------------


def _places(original: Original) -> list[tuple[int, str, Json]]:
    """Turns of the assistant, each with a value that its words say exactly once and that is open to everyone."""
    corrected = {fact.slot for fact in original.planned.corrections}
    return [
        (at, slot, value)
        for at in original.spoken("assistant")
        for slot, value in original.turns[at].mentions
        if slot not in corrected and not original.domain.slot(slot).secret
        if value is not None and not isinstance(value, bool | list | dict)
        if stands_once(original.domain.say(slot, value), original.turns[at].text)
    ]


def _stated(original: Original, slot: str, value: Json) -> list[int]:
    """The turns in which the assistant says this value of this slot."""
    turns = original.turns
    return [at for at in original.spoken("assistant") if (slot, value) in turns[at].mentions]


def _exchanged(
    original: Original, places: list[tuple[int, str, Json]], rng: Random, *, earlier: bool = False
) -> Edit | None:
    rng.shuffle(places)
    for at, slot, value in places:
        text, surface, label = original.turns[at].text, original.domain.say(slot, value), original.domain.label(slot)
        for other in original.others(slot, value, rng):
            said = original.domain.say(slot, other)
            new = text.replace(surface, said)
            if said in text or original.says(slot, value, new):
                continue
            first = min(_stated(original, slot, value))
            what = f"the {label} is '{said}' instead of '{surface}'" + (f", as in turn {first}" if earlier else "")
            return Edit(original.saying(at, new), (first, at) if earlier else (at,), what)
    return None


def _stands_in_question(original: Original, at: int) -> bool:
    """A read-back without its value would be no sentence any more ("So it is the order number, correct?")."""
    return original.domain.spec.behaviour.check in original.turns[at].acts


def _corrects(original: Original, fact: Fact, at: int) -> bool:
    """Whether this user turn says the right value after the wrong one was said, in it or before."""
    before = [original.turns[i].text for i in original.spoken("user") if i <= at]
    right = original.says(fact.slot, fact.value, original.turns[at].text)
    return right and any(original.says(fact.slot, fact.first_said, text) for text in before)


def _holders(original: Original, value: Json) -> set[str]:
    return original.planned.holders.get(str(value).casefold(), set())


# --- what nothing supports ----------------------------------------------------------------------------------------


def _numbers_of(original: Original) -> set[str]:
    """Every run of digits that the domain, the blueprint or the conversation has anywhere."""
    own = canonical([original.blueprint, original.conversation.turns]).decode()
    return set(_DIGITS.findall(own)) | _numbers_declared(original.domain)


@lru_cache(maxsize=8)
def _numbers_declared(domain: Domain) -> frozenset[str]:
    return frozenset(_DIGITS.findall(domain.spec.model_dump_json(exclude={"world"})))


def _currency(domain: Domain) -> str:
    """The sign that the domain's amounts have."""
    formats = "".join(slot.format for slot in domain.spec.slots.values())
    return next((sign for sign in "€£$¥₹" if sign in formats), "€")
