"""What the assistant's words show: marks of politeness, of turning somebody away, and how hard they are to read.

Small word lists for English, made for comparing two versions of one conversation: what they miss they miss on both
sides. Nothing here judges meaning.
"""

from __future__ import annotations

import re

__all__ = ["grade", "polite_marks", "turns_away"]

_POLITE = re.compile(
    r"\b(?:please|thanks?|thank you|sorry|apologi[sz]e|apolog(?:y|ies)|welcome|happy to|glad to|pleasure|kindly"
    r"|of course|certainly|would you|could you|may i|appreciate|sir|ma'am|madam|dear|have a (?:nice|good|great))\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:(?:can(?:no|')t|can not|could not|couldn't|will not|won't|am not able to|are not able to|unable to"
    r"|am unable to|not allowed to|not permitted to)\s+(?:\w+\s+){0,2}?"
    r"(?:help|assist|do (?:that|this)|process|accept|continue|proceed|provide|offer|discuss|refund|issue|change|give)"
    r"|have to (?:decline|refuse)|must (?:decline|refuse)|(?:is|are) not eligible|request (?:is|was|has been) "
    r"(?:denied|declined|refused)|not something (?:i|we) can)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^aeiouydt]ed|[^laeiouy]e)$")


def polite_marks(text: str) -> int:
    """How many marks of politeness the words have."""
    return len(_POLITE.findall(_straight(text)))


def turns_away(text: str) -> bool:
    """Whether the words say that something cannot or will not be done."""
    return bool(_AWAY.search(_straight(text)))


def grade(text: str) -> float | None:
    """Flesch-Kincaid grade level (Kincaid et al. 1975): school years that reading it takes; None without a word.

    Syllables are groups of vowels, less a silent ending; at least one a word.
    """
    words = _WORD.findall(_straight(text))
    if not words:
        return None
    sentences = max(1, len(_SENTENCE.findall(text.strip())))
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    return max(1, groups - bool(_SILENT.search(word)))


def _straight(text: str) -> str:
    return text.replace("’", "'")
