"""Quotes and the spans that they cite: finding them, and putting other words in their place and nowhere else."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["exchanged", "folded", "quoted", "span_of"]

_ALIKE = {"'": "['’]", "’": "['’]", '"': '["“”]', "“": '["“”]', "”": '["“”]'}


def span_of(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text, white space and case folded, never within a word; None for nowhere.

    An empty quote stands for the whole text.
    """
    if not quote.strip():
        return (0, len(text)) if text.strip() else None
    found = _pattern(quote).search(text)
    return found.span() if found else None


def quoted(quote: str, text: str) -> str:
    """The exact words of the text that the quote means; empty when it does not stand there."""
    span = span_of(quote, text) if quote.strip() else None
    return text[slice(*span)] if span else ""


def exchanged(text: str, quote: str, words: str) -> str:
    """The text with these words in place of the quote, and every character outside of it as it was.

    Words that repeat the rest of the turn around the span are cut down to the span. Where the words are empty, the
    white space on one side of the span goes with it. A quote that does not stand there leaves the text as it is.
    """
    span = span_of(quote, text)
    if span is None:
        return text
    before, after = text[: span[0]], text[span[1] :]
    words = _own_part(" ".join(words.split()), before, after)
    if not words and before.endswith(" "):
        before = before[:-1]
    elif not words and after.startswith(" "):
        after = after[1:]
    return f"{before}{words}{after}"


def _own_part(words: str, before: str, after: str) -> str:
    """Many models give the whole turn where a part of it was asked for."""
    around = len(before) + len(after)
    if around and len(words) >= around and words.startswith(before) and words.endswith(after):
        return words[len(before) : len(words) - len(after)]
    return words


def folded(text: str) -> str:
    """A text without the differences that do not count when quotes are compared."""
    return " ".join(text.split()).casefold().replace("’", "'").replace("“", '"').replace("”", '"')


@lru_cache(maxsize=4096)
def _pattern(quote: str) -> re.Pattern[str]:
    parts = ["".join(_ALIKE.get(sign, re.escape(sign)) for sign in part) for part in quote.split()]
    body = r"\s+".join(parts)
    start = r"(?<!\w)" if re.match(r"\s*\w", quote) else ""
    end = r"(?!\w)" if re.search(r"\w\s*$", quote) else ""
    return re.compile(f"{start}{body}{end}", re.IGNORECASE)
