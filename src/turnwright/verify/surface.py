"""Whether the words of a turn carry a value, however people say it: "€25.00", "25 euros", "twenty-five" is not.

Numbers up to twelve may be written as words; dates in any usual form; long numbers in groups; codes without dashes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from turnwright.domains import Domain
from turnwright.records import Json
from turnwright.verify.reading import Said, said_of

__all__ = ["carries"]

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

_AMBIGUOUS = frozenset(["may", "march", "will", "bill", "mark", "rose", "grace", "hope", "joy", "faith", "frank"])
"""Months and names that are also plain words; they must be written as the value is."""
_BELOW = {"minus", "negative", "below"}


def carries(domain: Domain, slot: str, value: Json, said: Said, *, loosely: bool = True) -> bool:
    """True when the words say this value of this slot; always for what has no words (null, booleans, rows).

    loosely: a date may be said without its year.
    """
    if value is None or isinstance(value, bool | dict):
        return True
    if isinstance(value, list | tuple):
        return all(carries(domain, slot, item, said, loosely=loosely) for item in value)
    if isinstance(value, int | float):
        return _number(float(value), said) or bool(said_of(domain.say(slot, value)).numbers & said.numbers)
    surface = domain.say(slot, value)
    return _text(str(value), said, loosely) or (surface != value and _text(surface, said, loosely))


def _number(number: float, said: Said) -> bool:
    if number in said.numbers or round(number, 2) in said.numbers:
        return True
    if number < 0:
        return -number in said.numbers and bool(_BELOW & set(said.words))
    return number.is_integer() and 0 <= number <= 12 and _SMALL[int(number)] in said.words


def _text(text: str, said: Said, loosely: bool) -> bool:
    wanted = said_of(text)
    if not wanted.words:
        return text.strip() in said.text
    if wanted.has_digits and not said.has_digits:
        return len(text.strip()) < 3 and text.strip().isdigit() and _number(float(text), said)
    if re.fullmatch(r"\d+", text.strip()):
        return _grouped(text.strip(), said) or (len(text.strip()) < 3 and _number(float(text), said))
    if wanted.folded in _AMBIGUOUS:
        return bool(re.search(rf"\b{re.escape(text)}\b", said.text))
    if wanted.spaced in said.spaced:
        return not wanted.words[-1].isdigit() or bool(_run(wanted.spaced).search(said.folded))
    return _same_value(wanted, said, loosely)


@lru_cache(maxsize=4096)
def _run(spaced: str) -> re.Pattern[str]:
    """These words in a row, the last of them a number that does not go on."""
    return re.compile(r"\W+".join(map(re.escape, spaced.split())) + r"(?!\d|[.,]\d)")


def _same_value(wanted: Said, said: Said, loosely: bool) -> bool:
    """A text that is one value as a whole (a date, a code, an amount) may be said in another form."""
    if len(wanted.values) != 1:
        return False
    value = wanted.values[0]
    if len(value.text) < len(wanted.text.strip(" .")):
        return False
    if value.numbers and value.kind != "digits":
        return any(number in said.numbers for number in value.numbers)
    if any(value.kind == other.kind and set(value.keys) & set(other.keys) for other in said.values):
        return True
    if value.kind == "date" and loosely:
        days = {key.split("-", 1)[1] if key[0] != "-" else key[1:] for key in value.keys}
        shorter = (key for other in said.values if other.kind == "date" for key in other.keys if key[0] == "-")
        return any(key[1:] in days for key in shorter)
    if value.kind in ("code", "digits"):
        return _grouped(value.keys[0], said)
    return False


def _grouped(key: str, said: Said) -> bool:
    """The letters and digits in this order, in any groups, not within a longer word or number."""
    return len(key) < 64 and bool(_pattern(key).search(said.folded))


@lru_cache(maxsize=4096)
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w])(?<!\d[.,])" + r"[\s./_()-]{0,2}".join(map(re.escape, key)) + r"(?!\w|[.,]\d)")
