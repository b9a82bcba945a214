"""The words that several conversations share, and which other words are probably slips of one of them.

A slip is a word that hardly anybody writes, one letter (left out, put in, exchanged with its neighbour, or another
one) away from a shared word, with the same first letter, and no ending of one. It needs no dictionary, so it works in
any script with letters; it takes a rare word that happens to lie beside a common one for a slip.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["KNOWN_IN", "WORD", "Vocabulary"]

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
"""A word: letters, with apostrophes inside."""
KNOWN_IN = 3
"""Conversations that must hold a word for it to be shared."""
SHORTEST, SHORTEST_REPLACED = 4, 6
"""Letters from which on a word can be a slip; one with another letter in place of its own must be longer."""
_ENDING = re.compile(r"(?:'?s|es|ed|d|er|r|ers|rs|est|ing|ly|y|n|en|ish|less|ness|n't|'ll|'d|'ve|'re)$")


class Vocabulary:
    """Shared words of some texts, each text all that one conversation holds."""

    def __init__(self, texts: Iterable[str]) -> None:
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(WORD.findall(text.lower())))
        self.words = frozenset(word for word, conversations in seen.items() if conversations >= KNOWN_IN)
        long = [word for word in self.words if len(word) >= SHORTEST]
        self._shortened = {short for word in long for short in _shortened(word)}
        self._replaced = {mask for word in long if len(word) >= SHORTEST_REPLACED for mask in _masked(word)}
        self._judged: dict[str, bool] = {}

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def slip(self, word: str) -> bool:
        """Whether this word, in lower case, is probably a slip of a shared one."""
        if word not in self._judged:
            self._judged[word] = word not in self.words and not self._derived(word) and self._near(word)
        return self._judged[word]

    def _derived(self, word: str) -> bool:
        """Whether it is a shared word with another ending, or two shared words in one."""
        stem = _ENDING.sub("", word)
        stems = {stem, f"{stem}e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem, word[:-3] + "y", word[:-1]}
        return not stems.isdisjoint(self.words) or any(f"{stem}{end}" in self.words for end in ("s", "ed", "ing", "er"))

    def _near(self, word: str) -> bool:
        if len(word) < SHORTEST:
            return False
        if word in self._shortened or any(short in self.words and len(short) >= SHORTEST for short in _shortened(word)):
            return True
        swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1))
        if any(each in self.words for each in swapped):
            return True
        return len(word) >= SHORTEST_REPLACED and any(mask in self._replaced for mask in _masked(word))


def _shortened(word: str) -> list[str]:
    """The word without one of its letters, the first one kept."""
    return [word[:at] + word[at + 1 :] for at in range(1, len(word))]


def _masked(word: str) -> list[str]:
    """The word with a gap for one of its letters, the first one kept."""
    return [f"{word[:at]}_{word[at + 1 :]}" for at in range(1, len(word))]
