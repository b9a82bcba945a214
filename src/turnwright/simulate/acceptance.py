"""Whether a model's words may stand for a planned turn. The first objection is enough, and it has a name.

A small model keeps to a line only some of the time, so every rule here leans to the safe side: a refused text costs
another try, a wrong one costs a conversation. Values, acts and the role must be right; the rest is about drift,
told by what the act's own phrasings have in common.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import msgspec

from turnwright.domains.reader import Reader
from turnwright.simulate.lines import Line
from turnwright.simulate.plain_english import BINDING, PLAIN

__all__ = ["Leeway", "cleaned", "folded", "objection"]

LENGTH_SLACK = 1.5
CORE = 0.6
"""Share of an act's phrasings that must have a word for it to be one of the act's own."""
SURE = 0.45
"""Mean surprisal, in nats a token, below which a model may deny where the phrasing that it was shown does not."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SPEAKER = re.compile(r"^(?:customer|agent|user|assistant|support(?: agent)?|teacher)\s*:\s*", re.IGNORECASE)
_QUOTES = '"“”«»'
_MARK = re.compile(r"[\d\[\]{}<>@#€$£%`_|*\\~^]")
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|unable|without|nothing|nobody|unfortunately|unsuccessful)\b|n't\b|\bno\b(?!\s+problem)"
)
_DANGLING = re.compile(
    r"\b(?:an?|the|and|or|but|of|to|for|from|with|by|is|are|was|my|your|our|its|if|because|that's|it's|i'm|about)\W*$",
    re.IGNORECASE,
)
_OPENERS = re.compile(r"^(?:no|nope|nah)\b[ ,.!]*")
_MAY_REPEAT = PLAIN - {"please"} | BINDING
_ASKING = re.compile(r"\?|\b(?:please|pls|need|tell|give|let me know)\b", re.IGNORECASE)


class Leeway(msgspec.Struct, frozen=True, kw_only=True):
    """How far words may go from the phrasings.

    new_words: how many content words may be new to the act; None: any, and the other rules of drift are off too.
    surprise: mean surprisal, in nats a token, up to which a model's own words are believed; None: any.
    """

    new_words: int | None = None
    surprise: float | None = None


class _Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What the phrasings of a line have in common, worked out once."""

    folded: tuple[str, ...]
    marks: frozenset[str]
    denying: frozenset[bool]
    questions: frozenset[bool]
    asking: bool
    repeating: bool
    dangling: bool
    longest: int
    words: frozenset[str]
    content: frozenset[str]
    core: frozenset[str]
    owned: frozenset[tuple[str, str]]
    things: frozenset[str]


def cleaned(reply: str, names: re.Pattern[str] | None = None) -> str:
    """Take the words out of a reply: one line, without speaker and quotes. `names`: speakers of this conversation."""
    lines = [line.strip() for line in reply.strip().splitlines() if line.strip()]
    text = _SPEAKER.sub("", lines[0]).strip() if lines else ""
    text = names.sub("", text, count=1).strip() if names else text
    if text[:1] in _QUOTES and text:
        # what stands behind the closing quote is talk about the line, not the line
        text = re.split(f"[{_QUOTES}]", text[1:], maxsplit=1)[0]
    return " ".join(re.sub(f"[{_QUOTES}]", "", text).split())


def folded(text: str) -> str:
    """The words alone, in lower case: what two texts are compared by."""
    return " ".join(_words(text))


def objection(
    line: Line, text: str, reader: Reader, leeway: Leeway, *, asked: str = "", surprisal: float | None = None
) -> str:
    """Say what is wrong with a masked text for this line; empty when nothing is.

    Args:
        asked: the phrasing that was to be reworded, if any; what it denies must be denied, and nothing else.
        surprisal: mean surprisal of the text to the model that wrote it, in nats a token, where it is known.

    Returns one of: `empty`, `cut`, `value` (a mask is missing or doubled), `other_value`, `negation`, `question`,
    `loop`, `long`, `drift`, `act`, `role`, `odd`.
    """
    ways = _ways(line.variants, tuple(line.surfaces))
    bare = _without(text, line.surfaces)
    fault = _values(line, ways, text, bare)
    if not fault and not ways.dangling and _DANGLING.search(text):
        fault = "cut"
    if fault or _is_phrasing(ways, bare):
        return fault
    fault = _form(line, ways, bare, strict=leeway.new_words is not None)
    if not fault and leeway.new_words is not None and line.english:
        sure = surprisal is not None and surprisal <= SURE
        turned = bool(asked) and _denies(bare) != _denies(_without(asked, line.surfaces))
        fault = "negation" if turned and not sure else _drift(ways, bare, leeway.new_words)
    fault = fault or _reading(line, text, reader)
    far = leeway.surprise is not None and surprisal is not None and surprisal > leeway.surprise
    return fault or ("odd" if far else "")


def _values(line: Line, ways: _Ways, text: str, bare: str) -> str:
    """Every value once, and no other."""
    if not _words(bare) and not line.surfaces:
        return "empty"
    if any(text.lower().count(mask.lower()) != 1 for mask in line.surfaces):
        return "value"
    return "other_value" if set(_MARK.findall(bare)) - ways.marks else ""


def _form(line: Line, ways: _Ways, bare: str, strict: bool) -> str:
    """The form that the phrasings have; `strict` for models that lose themselves in the middle of a line."""
    words = _words(bare)
    if line.english and _denies(bare) not in ways.denying:
        return "negation"
    if ("?" in bare) not in ways.questions:
        return "question"
    if len(words) > (LENGTH_SLACK if strict else 2 * LENGTH_SLACK) * ways.longest + 2:
        return "long"
    if strict and line.english and ways.asking and not _ASKING.search(bare):
        return "question"
    return "loop" if strict and _repeats(words) and not ways.repeating else ""


def _drift(ways: _Ways, bare: str, new_words: int) -> str:
    """Count words that are new to the act, and miss those that nearly all of its phrasings have."""
    words, said = set(_parts(_words(bare))), _content(bare)
    if words and not (words & PLAIN or words & ways.words or said & ways.content):
        return "drift"
    if words & BINDING - ways.words or len(said - ways.content) > new_words:
        return "drift"
    if any((owner, thing) not in ways.owned and thing in ways.things for owner, thing in _owned(bare)):
        return "role"
    return "act" if ways.core and not ways.core & said else ""


def _reading(line: Line, text: str, reader: Reader) -> str:
    """Ask the reader, about the whole text and, where a turn does several things, about its sentences."""
    said = line.unmasked(text)
    if not reader.fits(line.role, said, line.mentions):
        return "role"
    sentences = re.split(r"(?<=[.!?]) +", said) if len(line.acts) > 1 else []
    for act in line.acts:
        if not any(reader.agrees(line.role, act, words, line.mentions) for words in [said, *sentences]):
            return "act"
    return ""


def _is_phrasing(ways: _Ways, bare: str) -> bool:
    """Whether the text is a phrasing of the line with nothing but plain words around it."""
    words = f" {folded(bare)} "
    for known in ways.folded:
        if known and f" {known} " in words:
            return PLAIN.issuperset(words.replace(f" {known} ", " ", 1).split())
    return False


@lru_cache(maxsize=4096)
def _ways(variants: tuple[str, ...], masks: tuple[str, ...]) -> _Ways:
    texts = [_without(variant, masks) for variant in variants]
    content = [_content(text) for text in texts]
    often = Counter(stem for stems in content for stem in stems)
    labels = [*texts, *masks]
    owned = frozenset(pair for variant in variants for pair in _owned(variant))
    return _Ways(
        folded=tuple(sorted((folded(text) for text in texts), key=len, reverse=True)),
        marks=frozenset(mark for text in texts for mark in text),
        denying=frozenset(_denies(text) for text in texts),
        questions=frozenset("?" in text for text in texts),
        asking=all(_ASKING.search(text) for text in texts),
        repeating=any(_repeats(_words(text)) for text in texts),
        dangling=any(_DANGLING.search(variant) for variant in variants),
        longest=max(len(_words(text)) for text in texts),
        words=frozenset(_parts(word for text in labels for word in _words(text))),
        content=frozenset(stem for text in labels for stem in _content(text)),
        core=frozenset(stem for stem, count in often.items() if count >= CORE * len(texts)),
        owned=owned,
        things=frozenset(thing for _, thing in owned),
    )


def _without(text: str, masks: Iterable[str]) -> str:
    for mask in masks:
        text = re.sub(re.escape(mask), " ", text, flags=re.IGNORECASE)
    return text


def _owned(text: str) -> set[tuple[str, str]]:
    """Whose things are named: pairs of a possessive and the stem of the word that follows it."""
    return {(one, _stem(other)) for one, other in pairwise(_words(text)) if one in ("my", "your", "our")}


def _repeats(words: list[str]) -> bool:
    """Whether a pair of words, or a word that means something, comes twice."""
    pairs = (pair for pair, count in Counter(pairwise(words)).items() if count > 1)
    twice = (word for word, count in Counter(_parts(words)).items() if count > 1)
    return any(not PLAIN.issuperset(pair) for pair in pairs) or any(word not in _MAY_REPEAT for word in twice)


def _denies(text: str) -> bool:
    return bool(_NEGATION.search(_OPENERS.sub("", text.replace("’", "'").lower().strip())))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").lower())


def _parts(words: Iterable[str]) -> Iterable[str]:
    """Split contractions: "i'll" is "i", for the rest is an auxiliary."""
    return (word if word.endswith("n't") else word.partition("'")[0] for word in words)


def _content(text: str) -> set[str]:
    """The stems of the words that mean something of their own."""
    return {_stem(word) for word in _parts(_words(text)) if word not in PLAIN and word not in BINDING}


def _stem(word: str) -> str:
    """Cut common endings, so that "delivered" and "delivery" stand close; crude, and only compared with itself."""
    for ending in ("ing", "ied", "ies", "ed", "es", "ly", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
