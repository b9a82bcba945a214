"""People's texts as examples of style, and the refusal of words that repeat them.

What a model is shown it may say again. So words for a user's turn are refused when they share a run of words with any
text of any person, or are one; what the domain's own phrasings say too belongs to nobody. Values are masked in both.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence

from turnwright.records.provenance import style_id
from turnwright.simulate.lines import Line

__all__ = ["Copies", "style_ids", "style_of"]

SHOWN = 3
"""Most texts of people that a request shows."""
RUN = 6
WHOLE = 4
"""Words of a text from which on being the same is copying."""

_TOKEN = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|[^\W_]+(?:['’][^\W_]+)*")
_SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")
_AGAIN = re.compile(r"_\d+$")

Words = tuple[str, ...]


class Copies:
    """All texts of people, ready to be compared with.

    Args:
        style: user act → texts with `{slot}` for values.
        own: the domain's own words.
    """

    def __init__(self, style: Mapping[str, Iterable[str]], own: Iterable[str]) -> None:
        texts = [_words(text) for each in style.values() for text in each]
        theirs = [_words(text) for text in own] if texts else []
        self._whole = {words for words in texts if len(words) >= WHOLE} - set(theirs)
        self._runs = {run for words in texts for run in _runs(words)} - {run for each in theirs for run in _runs(each)}

    def caught(self, text: str) -> bool:
        """Whether these words of a user (values masked) repeat what somebody wrote, and no phrasing says it too."""
        words = _words(text)
        return words in self._whole or any(run in self._runs for run in _runs(words))


def style_of(line: Line, style: Mapping[str, Sequence[str]], rng: random.Random) -> list[str]:
    """At most `SHOWN` texts for a user's line, drawn by `rng`; only such whose values the line says too, as its masks.

    A slot that is asked again (`City_2`) takes the texts of the first time.
    """
    masks = _masks(line)
    return [_SLOT.sub(lambda found: masks[found.group(1)], text) for text in _drawn(line, style, rng)]


def style_ids(line: Line, style: Mapping[str, Sequence[str]], rng: random.Random) -> tuple[str, ...]:
    """Ids of the texts that `style_of` gives for the same line and generator, as parents of what is said."""
    return tuple(map(style_id, _drawn(line, style, rng)))


def _drawn(line: Line, style: Mapping[str, Sequence[str]], rng: random.Random) -> list[str]:
    if line.role != "user":
        return []
    act = line.acts[0]
    texts = style.get(act) or style.get(_AGAIN.sub("", act), ())
    slots = set(_masks(line))
    fitting = [text for text in texts if set(_SLOT.findall(text)) == slots]
    return rng.sample(fitting, min(SHOWN, len(fitting)))


def _masks(line: Line) -> dict[str, str]:
    return {_AGAIN.sub("", slot): mask for (slot, _), mask in zip(line.mentions, line.surfaces, strict=True)}


def _words(text: str) -> Words:
    """Lower-case words; every mask is the same word."""
    return tuple("*" if word[0] in "{[" else word.replace("’", "'").lower() for word in _TOKEN.findall(text))


def _runs(words: Words) -> Iterable[Words]:
    return (words[start : start + RUN] for start in range(len(words) - RUN + 1))
