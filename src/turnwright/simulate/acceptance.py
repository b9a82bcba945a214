"""Whether a model's words may stand for a planned turn. The first objection is enough, and it has a name.

A small model keeps to a line only some of the time, so every rule here leans to the safe side: a refused text costs
another try, a wrong one costs a conversation. Values, acts and the role must be right; the rest is about drift,
told by words that neither the act's own phrasings nor plain English need.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from turnwright.domains.reader import Reader
from turnwright.simulate.lines import Line
from turnwright.simulate.plain_english import BINDING, PLAIN

__all__ = ["cleaned", "folded", "objection"]

LENGTH_SLACK = 1.5
CORE = 0.6
"""Share of an act's phrasings that must have a word for it to be one of the act's own."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SPEAKER = re.compile(r"^(?:customer|agent|user|assistant|support(?: agent)?|teacher)\s*:\s*", re.IGNORECASE)
_QUOTES = "\"“”«»"
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|unable|without|nothing|nobody|unfortunately|unsuccessful)\b|n't\b|\bno\b(?!\s+problem)"
)
_DANGLING = re.compile(
    r"\b(?:an?|the|and|or|but|of|to|for|from|with|by|is|are|was|my|your|our|its|if|because|that's|it's|i'm|about)\W*$",
    re.IGNORECASE,
)
_MARK = re.compile(r"[\d\[\]{}<>@#€$£%`_|*\\~^]")
_OPENERS = re.compile(r"^(?:no|nope|nah)\b[ ,.!]*")


def cleaned(reply: str) -> str:
    """Take the words out of a reply: one line, without speaker and quotes."""
    lines = [line.strip() for line in reply.strip().splitlines() if line.strip()]
    text = _SPEAKER.sub("", lines[0]).strip() if lines else ""
    if text[:1] in _QUOTES and text:
        # what stands behind the closing quote is talk about the line, not the line
        text = re.split(f"[{_QUOTES}]", text[1:], maxsplit=1)[0]
    return " ".join(re.sub(f"[{_QUOTES}]", "", text).split())


def folded(text: str) -> str:
    """The words alone, in lower case: what two texts are compared by."""
    return " ".join(_words(text))


def objection(line: Line, text: str, reader: Reader, new_words: int | None = None, asked: str = "") -> str:
    """Say what is wrong with a masked text for this line; empty when nothing is.

    Args:
        new_words: how many words may be new to the act; None: any, and other rules of drift are off too.
        asked: the phrasing that was to be reworded, if any; what it denies must be denied and nothing else.

    Returns one of: `empty`, `cut`, `value` (a mask is missing or doubled), `other_value`, `act`, `role`, `negation`,
    `question`, `loop`, `long`, `drift`.
    """
    if not _words(text) and not line.surfaces:
        return "empty"
    if _DANGLING.search(text):
        return "cut"
    if any(text.lower().count(mask.lower()) != 1 for mask in line.surfaces):
        return "value"
    bare, variants = _unmasked(line, text), [_unmasked(line, variant) for variant in line.variants]
    if set(_MARK.findall(bare)) - {mark for variant in variants for mark in variant}:
        return "other_value"
    fault = _shape(bare, variants, [_unmasked(line, asked)] if asked else variants, line.english)
    if not fault and new_words is not None and line.english:
        fault = _drift(line, bare, variants, new_words)
    return fault or _reading(line, text, bare, reader)


def _reading(line: Line, text: str, bare: str, reader: Reader) -> str:
    """Ask the reader, about the whole text and, where a turn does several things, about its sentences."""
    if _is_phrasing(line, bare):
        return ""
    said = line.unmasked(text)
    if not reader.fits(line.role, said, line.mentions):
        return "role"
    sentences = re.split(r"(?<=[.!?]) +", said) if len(line.acts) > 1 else []
    heard = [said, *sentences]
    for act in line.acts:
        if not any(reader.agrees(line.role, act, words, line.mentions) for words in heard):
            return "act"
    return ""


def _is_phrasing(line: Line, bare: str) -> bool:
    """Whether the text is a phrasing of the line with nothing but plain words around it."""
    words = f" {folded(bare)} "
    for variant in line.variants:
        known = f" {folded(_unmasked(line, variant))} "
        if known.strip() and known in words:
            return PLAIN.issuperset(words.replace(known, " ", 1).split())
    return False


def _shape(bare: str, variants: list[str], asked: list[str], english: bool) -> str:
    """Compare the form of the text with the forms of the phrasings."""
    if english and _denies(bare) not in {_denies(text) for text in asked}:
        return "negation"
    if ("?" in bare) not in {"?" in text for text in variants}:
        return "question"
    words = _words(bare)
    if _repeats(words) and not any(_repeats(_words(text)) for text in variants):
        return "loop"
    if len(words) > LENGTH_SLACK * max(len(_words(text)) for text in variants) + 2:
        return "long"
    return ""


def _repeats(words: list[str]) -> bool:
    """Whether a pair of words, or a word that means something, comes twice."""
    pairs = [pair for pair, count in Counter(pairwise(words)).items() if count > 1 and not PLAIN.issuperset(pair)]
    once = [word for word, count in Counter(_parts(words)).items() if count > 1 and word not in PLAIN | BINDING]
    return bool(pairs or once)


def _drift(line: Line, bare: str, variants: list[str], new_words: int) -> str:
    """Count words that are new to the act, and miss those that nearly all of its phrasings have."""
    stems = [_stems(_words(text)) for text in variants]
    own = set().union(*stems, *(_stems(_words(mask)) for mask in line.surfaces))
    parts = list(_parts(_words(bare)))
    if parts and not any(word in PLAIN or _stem(word) in own for word in parts):
        return "drift"
    if any(word in BINDING and word not in own for word in parts):
        return "drift"
    if len({_stem(word) for word in parts if word not in PLAIN and word not in BINDING} - own) > new_words:
        return "drift"
    often = Counter(stem for found in stems for stem in found)
    core = {stem for stem, count in often.items() if count >= CORE * len(stems)} - PLAIN - BINDING
    return "act" if core and not core & _stems(parts) else ""


def _unmasked(line: Line, text: str) -> str:
    """The text without its masks."""
    for mask in line.surfaces:
        text = re.sub(re.escape(mask), " ", text, flags=re.IGNORECASE)
    return text


def _denies(text: str) -> bool:
    return bool(_NEGATION.search(_OPENERS.sub("", text.replace("’", "'").lower().strip())))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").lower())


def _parts(words: Iterable[str]) -> Iterable[str]:
    """Split contractions: "i'll" is "i", for the rest is an auxiliary."""
    return (word if word.endswith("n't") else word.partition("'")[0] for word in words)


def _stems(words: Iterable[str]) -> set[str]:
    return {_stem(word) for word in _parts(words)}


def _stem(word: str) -> str:
    """Cut common endings, so that "delivered" and "delivery" stand close; crude, and only compared with itself."""
    if word in BINDING:
        return word
    for ending in ("ing", "ied", "ies", "ed", "es", "ly", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
