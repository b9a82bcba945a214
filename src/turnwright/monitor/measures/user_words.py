"""What the words of one user turn show: answers or deviations, polite words, fragments, details. English, and visible.

Small lexicons on purpose: a reader can see in a minute what counts, and what does not. They see no irony, no polite
phrase that is not listed, and no deviation that hides in an ordinary sentence. Nothing here compares anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

__all__ = [
    "COMMON",
    "HEDGES",
    "MISSPELT",
    "POLITE",
    "asks",
    "details",
    "deviation",
    "fragment",
    "odd_letters",
    "spaceless",
]


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


POLITE = re.compile(
    r"\b(?:please|pls|plz|kindly|thank you|thankyou|thank u|thanks|thank|thx|cheers|appreciated?|grateful|sorry"
    r"|apologi[sz]e|apologies|excuse me|pardon|hello|hi|hey|greetings|good (?:morning|afternoon|evening|day)"
    r"|goodbye|good bye|bye|take care|you're welcome|youre welcome)\b"
)
"""Please, thanks, apologies, greetings; in lower-case text."""
HEDGES = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|i think|i guess|i suppose|i believe|i wonder|wondering|kind of|kinda"
    r"|sort of|not sure|unsure|might|i'd like|i would like|if possible|if you can|if you could|would it be possible"
    r"|would you mind|a bit)\b"
)
"""Words that make a statement or a wish softer; in lower-case text."""
MISSPELT = _words(
    "teh adn hte recieve recieved adress seperate definately wich untill tommorow tommorrow tomorow alot becuase "
    "thier wierd accomodate calender reccomend recomend resturant restaraunt resturaunt apointment appointement "
    "reservaton avaliable availible intrested trasnfer tranfer acount ballance balence plese pleae thnaks "
    "thansk"
)
"""Well-known misspellings, which count even where several people make them."""
COMMON = _words(
    "the be is are was am i'm im to of and a an in that have has had i it for not on with he as you your do does did "
    "at this but his by from they we say her she or will my one all would there their what so up out if about who get "
    "which go me when make can like time no just him know take into them see other than then now look only come its "
    "it's over think also back after use two how our first well way even new want because any these give most us yes "
    "ok okay please thanks thank could need help tell some more good great too here where find should let"
)
"""Words that make up a good third of any English text."""

_QUESTION = re.compile(
    r"^(?:and |but |so |ok |okay )?(?:what|which|when|where|who|whose|why|how|can you|could you|do you|does it"
    r"|is it|is there|are there|are you|may i|can i|will it|would it)\b"
)
_UNKNOWING = re.compile(
    r"\b(?:don'?t|do not|can'?t|cannot|can not) (?:know|remember|recall|have|find)\b"
    r"|\b(?:forgot|forgotten|not sure|no idea|no clue|unsure)\b"
)
_CORRECTING = re.compile(
    r"\b(?:actually|wait|instead|i mean|i meant|correction|wrong|mistake|mistaken|scratch that|never ?mind|my bad"
    r"|oops|hold on|on second thought|changed my mind|change (?:that|it|my|the)|not that one|that's not|thats not)\b"
)
_REFUSING = re.compile(
    r"\b(?:rather not|prefer not|won'?t (?:tell|give|say|share|do)|refuse|none of your business|not going to"
    r"|why should i|forget it|i give up)\b"
)
_DEVIATIONS = (
    ("asks back", _QUESTION),
    ("does not know", _UNKNOWING),
    ("corrects", _CORRECTING),
    ("refuses", _REFUSING),
)
_ACTS = (
    ("asks back", re.compile(r"^(?:request|ask|question|query|clarif)")),
    ("does not know", re.compile(r"^(?:forget|dont_know|unknown|unsure)")),
    ("corrects", re.compile(r"^(?:correct|change|update|revise|switch)")),
    ("refuses", re.compile(r"^(?:refuse|object|complain|reject|digress|off_topic|out_of_scope)")),
)
_ASKING = re.compile(r"\bplease (?:\w+ )?(?:provide|enter|specify|tell|give|choose|select|state|share|say|confirm)\b")
_VERBS = _words(
    "am is are was were be been being do does did have has had having can could will would shall should may might must "
    "i'm im i'd id i'll ill i've ive it's its that's thats you're he's she's we're they're there's what's don't dont "
    "doesn't didn't can't cant won't isn't want wants wanted need needs needed like likes liked love know knows knew "
    "think go goes going went gone get gets got give gave tell told say says said make makes made find found look "
    "looking help book reserve order pay paid send transfer check show see call come take try use work leave live "
    "prefer hope let's lets let guess forgot forget remember sounds sound thank works seems happened told stole stolen "
    "transferred arrive arrives start starts ask please keep put play works talk mean"
)
_DOUBLED = re.compile(r"([^\W\d_])\1\1")
_VOWEL = re.compile(r"[aeiouyáàâäéèêëíìîïóòôöúùûüœæøåãõ]")
_NUMBER = re.compile(r"\d[\d,.:/-]*")
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_NO_NAMES = _words("i i'm i'd i'll i've im ok okay am pm yes no thanks hi hello please")


def asks(text: str) -> bool:
    """Whether an assistant text asks for something: a question mark, or `please provide` and its like."""
    return "?" in text or bool(_ASKING.search(text.lower()))


def deviation(text: str, acts: Sequence[str] = ()) -> str:
    """How a user turn after a question is more or other than an answer; "" for an answer and nothing else.

    acts: its labels, where labels of both sides are used; words can tell a deviation that no label does.
    """
    folded = [act.lower() for act in acts]
    for name, pattern in _ACTS:
        if any(map(pattern.match, folded)):
            return name
    lower = text.lower().replace("’", "'").strip()
    if "?" in lower:
        return "asks back"
    return next((name for name, pattern in _DEVIATIONS if pattern.search(lower)), "")


def fragment(words: list[str]) -> bool:
    """Under three words, or none that is likely to be a verb; words in lower case."""
    return len(words) < 3 or _VERBS.isdisjoint(words)


@lru_cache(maxsize=50_000)
def odd_letters(word: str) -> bool:
    """A letter three times in a row, a well-known misspelling, or four and more letters without a vowel."""
    return bool(word in MISSPELT or _DOUBLED.search(word) or (len(word) > 3 and not _VOWEL.search(word)))


def details(text: str, values: Iterable[str]) -> tuple[int, int, int]:
    """Pieces of information in a text: numbers, words that look like names, values of the conversation's calls.

    A piece counts once, as what comes first in: value, number, name. Names are words with a capital that do not open
    a sentence, neighbours together; where people write no capitals there are none to see.
    """
    rest, lower, found = text, text.lower(), 0
    for value in values:
        place = lower.find(value)
        if place >= 0 and not (rest[place - 1 : place].isalnum() or rest[place + len(value) :][:1].isalnum()):
            rest, found = f"{rest[:place]} . {rest[place + len(value) :]}", found + 1
            lower = rest.lower()
    return len(_NUMBER.findall(rest)), _names(rest), found


def _names(text: str) -> int:
    """Runs of words with a capital that do not open a sentence."""
    count, within, opening = 0, False, True
    for word in text.split():
        bare = word.strip("\"'(),;:.!?")
        capital = bare[:1].isupper() and bare.lower() not in _NO_NAMES
        inside = capital and not opening
        count += inside and not within
        within = inside and word[-1:] not in ",;"
        opening = word[-1:] in ".!?:" if word else opening
    return count


def spaceless(text: str) -> int:
    """How many of its letters are of a script that is written without spaces between words."""
    return 0 if text.isascii() else len(_SPACELESS.findall(text))
