"""The domain's own words for a planned turn: which phrasings fit, and one of them with its values in place.

These words are what a small model is shown as examples, what the reader learns from, and what stands in a
conversation when no model found better ones. They are the domain author's; values are put in by name, never parsed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from turnwright.domains.checking import placeholders
from turnwright.domains.domain import Domain
from turnwright.errors import DomainError
from turnwright.records import Json, Step

__all__ = ["filled", "joined", "own_words", "phrasings", "realise", "speakers"]

GOES_ON = "…"
_SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


@lru_cache(maxsize=256)
def speakers(*names: str) -> re.Pattern[str]:
    """Match a speaker's name before its words ("Ana Lopez: ..."), as models write it: whole, or its first words."""
    known = {" ".join(words[:count]) for words in map(str.split, names) for count in range(1, len(words) + 1)}
    ways = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True)) or "(?!)"
    return re.compile(rf"^\s*(?:{ways})\s*:\s+", re.IGNORECASE)


def phrasings(domain: Domain, role: str, part: str) -> list[str]:
    """Return the phrasings of one part of `Step.phrase` (`act` or `act:slot`), with `{slot}` placeholders only.

    `ask:ID` and the answering act with `:ID` give the words of the document `ID`.
    """
    act, _, about = part.partition(":")
    document = next((document for document in domain.spec.documents if document.id == about), None)
    if document is not None and act == "ask":
        return list(document.asks)
    if document is not None and act == domain.spec.behaviour.answer:
        return list(document.answers)
    spec = domain.acts(role).get(act)
    if spec is None or not spec.phrasings:
        raise DomainError(
            f"the {role}'s act '{act}' has no phrasings",
            where=f"domain {domain.name}",
            fix=f"add acts.{role}.{act}.phrasings to its domain.yaml",
        )
    return [_about(domain, phrasing, about) for phrasing in spec.phrasings]


def own_words(domain: Domain) -> Iterator[str]:
    """Every text that the domain itself declares: phrasings of both sides, and documents."""
    for side in (domain.user_acts, domain.assistant_acts):
        for act in side.values():
            yield from act.phrasings
    for document in domain.spec.documents:
        yield from (*document.asks, *document.answers)


def filled(domain: Domain, template: str, mentions: dict[str, Json]) -> str:
    """Put the values in, said as the domain says them."""
    return _SLOT.sub(lambda found: _said(domain, found, mentions), template).replace("{{", "{").replace("}}", "}")


def realise(domain: Domain, step: Step, rng: random.Random) -> str:
    """Say a text step in the domain's own words, with every mention in it."""
    sentences: list[str] = []
    parts = step.phrase.split("+")
    carried: set[str] = set()
    for part in parts:
        values = _values_for(part, step)
        template = _best(phrasings(domain, step.role, part), set(values), carried, rng)
        carried |= set(placeholders(template))
        sentences.append(filled(domain, template, values))
    for slot, value in step.mentions:
        if slot not in carried:
            sentences.append(f"{domain.label(slot)}: {domain.say(slot, value)}.".capitalize())
    return joined(sentences)


def joined(sentences: Sequence[str]) -> str:
    """Make one text of several; only the last may go without an end mark.

    A phrasing that opens with "…" goes on with the sentence before it ("I need a flight." and "… from {city}").
    """
    whole: list[str] = []
    for sentence in sentences:
        if not sentence.startswith(GOES_ON):
            whole.append(sentence)
            continue
        rest = sentence.removeprefix(GOES_ON).strip()
        before = whole.pop() if whole else ""
        end = before[-1:] if before[-1:] in ".!?" else ""
        whole.append(f"{before.rstrip('.!?')} {rest.rstrip('.')}{end}".strip())
    ended = [text if text[-1:] in ".!?," else text + "." for text in whole[:-1]]
    return " ".join([*ended, *whole[-1:]])


def _values_for(part: str, step: Step) -> dict[str, Json]:
    """Slot → value; where a slot is said twice (wrong, then right), a correction takes the last, others the first."""
    pairs = step.mentions if part.startswith("correct") else tuple(reversed(step.mentions))
    return dict(pairs)


def _best(templates: list[str], known: set[str], carried: set[str], rng: random.Random) -> str:
    """Choose among the templates that need no unknown value and carry the most values that are still unsaid."""
    fitting = [t for t in templates if set(placeholders(t)) <= known] or templates
    most = max(len(set(placeholders(t)) - carried) for t in fitting)
    return rng.choice([t for t in fitting if len(set(placeholders(t)) - carried) == most])


def _said(domain: Domain, found: re.Match[str], mentions: dict[str, Json]) -> str:
    slot = found.group(1)
    return domain.say(slot, mentions[slot]) if slot in mentions else domain.label(slot)


def _about(domain: Domain, phrasing: str, slot: str) -> str:
    if not slot:
        return phrasing
    return phrasing.replace("{label}", domain.label(slot)).replace("{value}", "{" + slot + "}")
