"""Language: the words are in the domain's script and, where a text is long enough to tell, in its language.

A cheap test by script and by the commonest words; it acts only when it is confident, and knows ten languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from turnwright.records import Defect, Turn
from turnwright.verify.check import Check, Context
from turnwright.verify.reading import Said

__all__ = ["Language"]

_SCRIPTS = {
    "CYRILLIC": "ru uk bg sr be mk",
    "GREEK": "el",
    "ARABIC": "ar fa ur",
    "HEBREW": "he",
    "DEVANAGARI": "hi mr ne",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
    "GEORGIAN": "ka",
    "HANGUL": "ko",
    "CJK": "zh ja",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "LATIN": "en de fr es it pt nl pl sv da no nb nn fi cs sk ro hu tr id ms vi hr sl lt lv et",
}
_COMMON = {
    "en": "the and you your is are was have has can could would will please thanks it that this for with what my not",
    "de": "der die das und ist nicht ich sie wir mein meine ihr ihre haben hat kann bitte danke mit für auf ein eine",
    "fr": "le la les et est vous je votre mon ma pas de des un une pour avec avez bonjour merci que qui dans nous",
    "es": "el la los las y es usted su mi no de que un una por para con gracias hola está tengo puede quiero en",
    "it": "il lo la gli e è che di un una per con non mio mia grazie ciao sono ho può vorrei suo della",
    "pt": "o a os as e é você seu sua meu minha não de que um uma por para com obrigado olá está tenho pode",
    "nl": "de het een en is niet ik u uw mijn wij hebben heeft kan graag bedankt met voor op van dat wat",
    "pl": "i w nie na się jest to że z do mój moja proszę dziękuję czy pan pani ale jak tak",
    "sv": "och är det att jag du min mitt inte har kan en ett för med på tack hej som vi",
    "tr": "ve bir bu için ile ben siz lütfen teşekkürler değil mi ne var yok çok benim sizin merhaba evet hayır",
}
_SHARED = frozenset(["i", "a", "o", "e", "y", "u", "do", "to", "me", "on", "in", "is", "no", "an", "as", "die", "hat"])
"""Words that several languages write alike; they speak for none but the domain's own."""
_PROFILES = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_FEWEST_LETTERS, _FEWEST_WORDS, _FEWEST_HITS = 6, 8, 3
_FOREIGN_SHARE = 0.4


class Language(Check):
    """Another script, or another language by its commonest words."""

    name = "language"
    kinds = ("wrong_language",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        code = context.domain.spec.language.split("-")[0].lower()
        self._code = code
        self._scripts = tuple(script for script, codes in _SCRIPTS.items() if code in codes.split())

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        if not turn.text:
            return
        said = self.context.said(turn.text)
        if self._scripts and (self._scripts != ("LATIN",) or not turn.text.isascii()):
            letters = [letter for letter in self._own_words(turn) if letter.isalpha()]
            foreign = sum(_script(letter) not in self._scripts for letter in letters)
            if len(letters) >= _FEWEST_LETTERS and foreign > _FOREIGN_SHARE * len(letters):
                yield self.defect("wrong_language", index, f"another script than that of '{self._code}': '{turn.text}'")
                return
        other = self._other_language(said)
        if other:
            yield self.defect("wrong_language", index, f"reads as '{other}', not '{self._code}': '{turn.text}'")

    def _own_words(self, turn: Turn) -> str:
        """The text without its values, which may be names in any script."""
        text = turn.text
        for slot, value in turn.mentions:
            text = text.replace(self.context.domain.say(slot, value), " ")
        return text

    def _other_language(self, said: Said) -> str:
        own = _PROFILES.get(self._code)
        if own is None or len(said.words) < _FEWEST_WORDS:
            return ""
        words = set(said.words)
        mine = len(words & own)
        if mine >= _FEWEST_HITS:
            return ""
        others = [(len((words & common) - _SHARED), code) for code, common in _PROFILES.items() if code != self._code]
        hits, best = max(others)
        return best if hits >= _FEWEST_HITS and hits >= 3 * mine + 1 and 4 * hits >= len(words) else ""


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0]
