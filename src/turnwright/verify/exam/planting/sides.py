"""Defects of who talks to whom: one side in the other's words, a question passed over, a user like no person."""

from __future__ import annotations

from random import Random

from turnwright.domains import Domain
from turnwright.verify.exam.planting import wordings
from turnwright.verify.exam.planting.original import Edit, Original, woven
from turnwright.verify.reading import words_of

__all__ = ["role_flip", "unanswered", "unnatural_user"]

_FEWEST_WORDS = 4
_PARTING = frozenset(["bye", "no_more", "thank", "abandon", "unclear", "ask"])
"""User turns after which a further question would be odd, or would hide another one."""


def role_flip(original: Original, rng: Random) -> Edit | None:
    """All words of one turn, which carries no value and agrees to nothing, are those of the other side."""
    consents = original.consents()
    places = [
        (role, at)
        for role in ("user", "assistant")
        for at in original.spoken(role)
        if not original.turns[at].mentions and at not in consents
    ]
    if not places:
        return None
    role, at = rng.choice(places)
    said = {turn.text for turn in original.turns}
    pool = _assistants(original.domain) if role == "user" else _users(original.domain)
    text = rng.choice([words for words in pool if words not in said])
    other = "assistant" if role == "user" else "user"
    return Edit(original.saying(at, text), (at,), f"the {role} says words of the {other}: '{text}'")


def _assistants(domain: Domain) -> list[str]:
    """What only an assistant says: offers of help, and the domain's own questions for details."""
    nodes = [node for flow in domain.spec.flows.values() for node in flow.nodes.values()]
    return [*wordings.ASSISTANTS, *_plain(domain, "assistant", {node.say for node in nodes if node.slots})]


def _users(domain: Domain) -> list[str]:
    """What only a user says: requests and complaints."""
    opens = {intent.opens_with for intent in domain.spec.intents.values()}
    return [*wordings.USERS, *_plain(domain, "user", opens | {"complain"})]


def _plain(domain: Domain, role: str, acts: set[str]) -> list[str]:
    """The phrasings of these acts that carry no value."""
    declared = domain.acts(role)
    texts = [text for act in sorted(acts) if act in declared for text in declared[act].phrasings]
    return sorted({text for text in texts if "{" not in text and len(words_of(text)) >= _FEWEST_WORDS})


def unanswered(original: Original, rng: Random) -> Edit | None:
    """The user's side question is not answered: its answer is gone, or it is one that the assistant never takes up."""
    edits = [edit for edit in (_dodged(original, rng), _passed_over(original, rng)) if edit is not None]
    return rng.choice(edits or [None])


def _dodged(original: Original, rng: Random) -> Edit | None:
    answer = original.domain.spec.behaviour.answer
    places = [
        at
        for at in original.replies()
        if answer and original.turns[at].acts == (answer,) and not original.turns[at].mentions
        if original.turns[at - 1].role == "user"
    ]
    if not places:
        return None
    at = rng.choice(places)
    text = rng.choice(wordings.DODGES)
    return Edit(original.saying(at, text), (at - 1, at), f"'{original.turns[at - 1].text}' gets '{text}' for an answer")


def _passed_over(original: Original, rng: Random) -> Edit | None:
    last = max(original.spoken("assistant"), default=-1)
    places = [at for at in original.spoken("user") if at < last and not _PARTING & set(original.turns[at].acts)]
    if not places:
        return None
    at, question = rng.choice(places), rng.choice(wordings.QUESTIONS)
    text = original.turns[at].text.rstrip()
    joined = f"{text if text[-1:] in '.!?' else text.rstrip(',;:') + '.'} {question}"
    after = next(index for index in original.spoken("assistant") if index > at)
    return Edit(original.saying(at, joined), (at, after), f"nobody takes up '{question}'")


def unnatural_user(original: Original, rng: Random) -> Edit | None:
    """One more sentence of the user is one that no person would say."""
    places = original.spoken("user")
    if not places:
        return None
    at, sentence = rng.choice(places), rng.choice(wordings.UNNATURAL)
    turns = original.saying(at, woven(original.turns[at].text, sentence))
    return Edit(turns, (at,), f"the user says '{sentence}'")
