"""Harmless edits: other spelling or politeness, the same values, acts and meaning.

Whoever finds a defect in such a copy raises a false alarm.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import msgspec

from turnwright.domains import Domain
from turnwright.records import Blueprint, Conversation, Turn
from turnwright.verify.reading import said_of
from turnwright.verify.surface import carries

__all__ = ["harmless"]

_SHORTER = (
    ("I am", "I'm"), ("I have", "I've"), ("I would", "I'd"), ("It is", "It's"), ("it is", "it's"), ("is not", "isn't"),
    ("do not", "don't"), ("cannot", "can't"), ("did not", "didn't"), ("That is", "That's"), ("I will", "I'll"),
    ("could not", "couldn't"), ("What is", "What's"),
)  # fmt: skip
_ALIKE = (
    ("one moment", "just a moment"), ("One moment", "Just a moment"), ("Alright", "All right"), ("Okay", "Ok"),
    ("right away", "straight away"), ("a bit", "a little"), ("Hello", "Hi"), ("Could you", "Can you"),
    ("Thank you", "Thanks"), ("get in touch", "be in touch"), ("I'm afraid", "Unfortunately"),
)  # fmt: skip
_THANKS = ("Thanks.", "Thank you.", "Many thanks.", "Thanks a lot.")
_GREETINGS = ("Hi,", "Hello,", "Hi there,", "Good day,")
_PARTING = frozenset(["bye", "thank", "abandon", "no_more", "complain", "deny", "refuse"])

_Change = Callable[[Turn, Random], str]


def harmless(conversation: Conversation, blueprint: Blueprint, domain: Domain, rng: Random) -> Conversation | None:
    """Return a copy with one harmless edit of one turn; None where none fits.

    Labels, mentions, calls and all other turns stay as they are, and the edited words still carry every mention.
    """
    known = [domain.say(fact.slot, fact.value) for fact in blueprint.facts]
    first = next((at for at, turn in enumerate(conversation.turns) if turn.role == "user" and turn.text), -1)
    places = [
        (at, change)
        for at, turn in enumerate(conversation.turns)
        if turn.text
        for change in _changes(turn, at == first)
    ]
    rng.shuffle(places)
    for at, change in places:
        turn = conversation.turns[at]
        text = change(turn, rng)
        if text == turn.text or not _carried(domain, turn, text) or _stands(conversation, turn, text):
            continue
        if any((value in turn.text) != (value in text) for value in known):
            continue
        edited = msgspec.structs.replace(turn, text=text)
        turns = (*conversation.turns[:at], edited, *conversation.turns[at + 1 :])
        return msgspec.structs.replace(conversation, turns=turns)
    return None


def _changes(turn: Turn, first: bool) -> list[_Change]:
    if turn.role != "user":
        return [_shortened, _lengthened, _reworded]
    return [_shortened, _lengthened, _reworded, _thanking, _unstopped, _recased, *([_greeting] if first else [])]


def _carried(domain: Domain, turn: Turn, text: str) -> bool:
    """Whether every value still stands there letter by letter, or at least is said where it was so before."""
    said = said_of(text)
    for slot, value in turn.mentions:
        surface = domain.say(slot, value)
        if (surface in turn.text) != (surface in text) or not carries(domain, slot, value, said):
            return False
    return True


def _stands(conversation: Conversation, turn: Turn, text: str) -> bool:
    """Whether a side has these words already: an edit should repeat nothing."""
    return any(text.casefold() == other.text.casefold() for other in conversation.turns if other is not turn)


def _replaced(text: str, pairs: tuple[tuple[str, str], ...], rng: Random) -> str:
    fitting = [(old, new) for old, new in pairs if re.search(rf"\b{re.escape(old)}\b(?!')", text)]
    if not fitting:
        return text
    old, new = rng.choice(fitting)
    return re.sub(rf"\b{re.escape(old)}\b(?!')", new, text, count=1)


def _shortened(turn: Turn, rng: Random) -> str:
    """'I am' becomes 'I'm'; not at the end, where English has no short form ("yes, I am")."""
    pairs = tuple((old, new) for old, new in _SHORTER if re.search(rf"\b{re.escape(old)}\b(?= [a-z])", turn.text))
    return _replaced(turn.text, pairs, rng)


def _lengthened(turn: Turn, rng: Random) -> str:
    """Only forms with one meaning: "I'd" and "it's" may stand for two."""
    plain = tuple((new, old) for old, new in _SHORTER if new in ("I'm", "I've", "isn't", "don't", "can't", "didn't"))
    return turn.text if turn.text.rstrip().endswith("?") else _replaced(turn.text, plain, rng)


def _reworded(turn: Turn, rng: Random) -> str:
    return _replaced(turn.text, _ALIKE, rng)


def _thanking(turn: Turn, rng: Random) -> str:
    if _PARTING & set(turn.acts) or re.search(r"(?i)\b(?:thank|thanks|thx|cheers|bye)\b", turn.text):
        return turn.text
    text = turn.text.rstrip()
    return f"{text if text[-1:] in '.!?' else text.rstrip(',;:') + '.'} {rng.choice(_THANKS)}"


def _greeting(turn: Turn, rng: Random) -> str:
    """Before the first words of the user, unless they greet; the capital of a first word that is no name goes."""
    if "greet" in turn.acts or re.match(r"(?i)(?:hi|hello|hey|good|dear|ok|well|so|um|right)\b", turn.text):
        return turn.text
    return f"{rng.choice(_GREETINGS)} {_lowered(turn.text)}"


def _unstopped(turn: Turn, rng: Random) -> str:
    text = turn.text.rstrip()
    return text[:-1] if text.endswith(".") and not text.endswith("..") else turn.text


def _recased(turn: Turn, rng: Random) -> str:
    lowered = _lowered(turn.text)
    return lowered if lowered != turn.text else turn.text[:1].upper() + turn.text[1:]


def _lowered(text: str) -> str:
    """The first letter small where the first word is a plain one: no name, no code, not "I"."""
    word = re.match(r"[A-Z][a-z']+(?=[ ,.!?])", text)
    return text[:1].lower() + text[1:] if word and not word.group().startswith("I'") else text
