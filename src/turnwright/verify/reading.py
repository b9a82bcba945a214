"""Reading values out of words: amounts, dates, times, codes, addresses, long numbers, quoted names.

Only what can be recognised with confidence is read; a plain word is never a value. Numbers written with words are
not read as claims ("one moment"), they only count as a way to say a number (`surface.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import NamedTuple

__all__ = ["Said", "Value", "fold", "read", "said_of", "words_of"]


class Value(NamedTuple):
    """A value found in a text.

    kind: `email`, `url`, `date`, `time`, `code`, `digits`, `quote`, or numeric: `money`, `percent`, `size`, `span`,
    `number`. keys: normal forms that this may stand for. numbers: numeric readings ("1,234" has two).
    unit: `minute` or `month` for a span, whose `scaled` are its readings in that unit.
    """

    kind: str
    text: str
    start: int
    end: int
    keys: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    unit: str = ""
    scaled: tuple[float, ...] = ()


_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")


def fold(text: str) -> str:
    """Lower case, plain quotes and dashes; for comparing."""
    return text.translate(_TYPOGRAPHY).casefold()


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, folded, without punctuation."""
    return _split(fold(text))


def _split(folded: str) -> list[str]:
    """A possessive ending is a word of its own, so that a name is found in "Ada's"."""
    return _WORD.findall(folded.replace("'s", " s").replace("'", ""))


class Said:
    """One text with what has been read from it, worked out when first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        """The text as `fold` gives it."""
        return fold(self.text)

    @cached_property
    def words(self) -> list[str]:
        """The words as `words_of` gives them."""
        return _split(self.folded)

    @cached_property
    def spaced(self) -> str:
        """The words with single blanks between and around them, so that whole words can be searched."""
        return f" {' '.join(self.words)} "

    @cached_property
    def has_digits(self) -> bool:
        """Whether any digit is in it."""
        return _DIGIT.search(self.text) is not None

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """The values as `read` gives them."""
        return read(self.text)

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every numeric reading of every value."""
        return frozenset(number for value in self.values for number in value.numbers)


_KEPT = 2048
_LONGEST_KEPT = 400


def said_of(text: str) -> Said:
    """Return a text with its readings; short ones, which come again and again, are kept for a while."""
    return _kept(text) if len(text) <= _LONGEST_KEPT else Said(text)


_kept = lru_cache(maxsize=_KEPT)(Said)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:(?i:january|february|march|april|june|july|august|september|october|november|december|jan|feb|apr|jun|jul"
    r"|aug|sept|sep|oct|nov|dec)|May|Mar)\b\.?"
)
_NUM = r"\d{1,3}(?:[,.']\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_SPAN = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?|yrs?"
_READ = re.compile(
    rf"""
    (?P<url>https?://[^\s<>"]+|www\.[^\s<>"]+)
  | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<quote>["“«][^"“”«»\n]{{2,60}}["”»])
  | (?<![\w.])(?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})(?!\d)
  | (?<![\w.])(?P<slashed>\d{{1,2}}([./])\d{{1,2}}\6(?:\d{{4}}|\d{{2}}))(?![\d/])
  | \b(?P<monthday>{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:,?\s\d{{4}}\b)?)
  | \b(?P<daymonth>\d{{1,2}}(?:st|nd|rd|th)?(?:\sof)?\s{_MONTH}(?:,?\s\d{{4}}\b)?)
  | (?<![\d:])(?P<time>\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\b\.?)?|\d{{1,2}}\s?[ap]\.?m\b\.?)(?![\d:])
  | (?P<ignore>(?<!\w)(?:24/7|24x7|100\s?%|[2-6][gG]|4[kK]|[23][dD]|2FA|\d{{1,3}}(?:st|nd|rd|th))(?!\w)
      |(?:(?<=\n)\d{{1,2}}[.)](?=\s)|\A\d{{1,2}}[.)](?=\s[^\n]*\n)))
  | (?<![\w.,])(?P<money>(?:[€$£¥₹]|\b(?:USD|EUR|GBP|CHF))\s?(?P<money1>{_NUM})(?!\w)
      |(?P<money2>{_NUM})\s?(?:[€£¥₹$]|(?i:euros?|eur|dollars?|usd|pounds?|gbp|chf|bucks|cents?|pence)\b))
  | (?<![\w.,])(?P<percent>(?P<percent1>{_NUM})\s?(?:%|(?i:percent|per\scent)\b))
  | (?<![\w.,])(?P<size>(?P<size1>{_NUM})[\s-]?(?i:[kmgt]b|gigs?|gigabytes?|megabytes?|[kmg]bps|[mg]bits?(?:/s)?)\b)
  | (?<![\w.,])(?P<span>(?P<span1>{_NUM})[\s-]?(?i:business[\s-]|working[\s-]|calendar[\s-])?(?P<unit>(?i:{_SPAN}))\b)
  | \b(?P<iban>[A-Z]{{2}}\d{{2}}(?:\s[A-Z0-9]{{4}}){{2,7}}(?:\s[A-Z0-9]{{1,3}})?)\b
  | (?<![\w.])(?P<digits>(?=\+?(?:[\s./()-]{{0,2}}\d){{7}})\+?\(?\d{{1,5}}\)?(?:[\s./-]\(?\d{{2,}}\)?)+)(?!\w)
  | (?<![\w@-])(?P<code>(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*)(?!\w)
  | (?<![\w.,])(?P<number>(?:(?<![\w)])-)?(?:{_NUM}))(?!\w)
    """,
    re.VERBOSE,
)
_MAYBE = re.compile(r"""\d|@|["“«]|www\.|://""")
_PLAIN_CODE = re.compile(r"(?i)\d+-[a-z]+|mp[34]|ipv[46]|covid-?19|[bc]2[bc]|q[1-4]|h26[45]|\d+x")
_GLUED = re.compile(r"[a-z]+\d")
"""A word and a stray digit ("day1"): a slip rather than a code."""
_SCALE = {"s": ("minute", 1 / 60), "m": ("minute", 1.0), "h": ("minute", 60.0), "d": ("minute", 1440.0)}
_SCALE |= {"w": ("minute", 10080.0), "mo": ("month", 1.0), "y": ("month", 12.0)}


def read(text: str) -> tuple[Value, ...]:
    """Return the values in a text, in order of place."""
    if not _MAYBE.search(text):
        return ()
    found = (_value(match) for match in _READ.finditer(text))
    return tuple(value for value in found if value is not None)


def _value(match: re.Match[str]) -> Value | None:
    kind = match.lastgroup or ""
    whole = match.group()
    # lastgroup names the last group that closed, which for an amount is the amount around its number
    if kind == "ignore":
        return None
    make = _MAKERS.get(kind)
    return make(match, whole) if make else _numeric(kind, match, whole)


def _plain(kind: str, match: re.Match[str], *keys: str, numbers: tuple[float, ...] = ()) -> Value:
    return Value(kind, match.group(), match.start(), match.end(), keys, numbers)


def _url(match: re.Match[str], whole: str) -> Value:
    key = re.sub(r"^(?:https?://)?(?:www\.)?", "", whole.rstrip(".,;:!?)'\"")).rstrip("/").casefold()
    return _plain("url", match, key)


def _quote(match: re.Match[str], whole: str) -> Value | None:
    """A quoted name: some word of it is capitalised (a quoted "yes" is no claim)."""
    inner = whole[1:-1]
    if len(inner.split()) > 6 or not re.search(r"[A-Z]", inner):
        return None
    return _plain("quote", match, " ".join(words_of(inner)))


def _iso(match: re.Match[str], whole: str) -> Value:
    year, month, day = whole.split("-")
    return _plain("date", match, _date(int(day), int(month), int(year)))


def _slashed(match: re.Match[str], whole: str) -> Value:
    """Day and month may stand either way round; both are kept where both are possible."""
    first, second, last = (int(part) for part in re.split(r"[./]", whole))
    year = last + 2000 if last < 100 else last
    keys = [_date(day, month, year) for day, month in ((first, second), (second, first)) if month <= 12 and day <= 31]
    return _plain("date", match, *keys)


def _month_day(match: re.Match[str], whole: str) -> Value:
    name = re.search(r"[A-Za-z]{3,}", whole)
    month = _MONTHS.index(name.group()[:3].lower()) + 1 if name else 0
    numbers = [int(number) for number in re.findall(r"\d+", whole)]
    return _plain("date", match, _date(numbers[0], month, numbers[1] if len(numbers) > 1 else 0))


def _date(day: int, month: int, year: int) -> str:
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"-{month:02d}-{day:02d}"


def _time(match: re.Match[str], whole: str) -> Value:
    numbers = [int(number) for number in re.findall(r"\d+", whole)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    half = re.search(r"[apAP]", whole)
    hours = [hour, hour + 12] if hour < 12 else [hour]
    if half:
        hours = [hour % 12 + (12 if half.group() in "pP" else 0)]
    return _plain("time", match, *(f"{h:02d}:{minute:02d}" for h in hours))


def _code(match: re.Match[str], whole: str) -> Value | None:
    if _PLAIN_CODE.fullmatch(whole) or _GLUED.fullmatch(whole):
        return None
    return _plain("code", match, re.sub(r"[^A-Za-z0-9]", "", whole).casefold())


def _digits(match: re.Match[str], whole: str) -> Value | None:
    """A telephone or account number in groups; two groups of four are rather a range of years or prices."""
    key = re.sub(r"\D", "", whole)
    if re.fullmatch(r"\d{4}\s?[-/]\s?\d{4}", whole):
        return None
    return _plain("digits", match, key, numbers=(float(key),))


_MAKERS: dict[str, Callable[[re.Match[str], str], Value | None]] = {
    "url": _url,
    "email": lambda match, whole: _plain("email", match, whole.rstrip(".").casefold()),
    "quote": _quote,
    "iso": _iso,
    "slashed": _slashed,
    "monthday": _month_day,
    "daymonth": _month_day,
    "time": _time,
    "code": _code,
    "digits": _digits,
    "iban": lambda match, whole: _plain("code", match, re.sub(r"\s", "", whole).casefold()),
}


def _numeric(kind: str, match: re.Match[str], whole: str) -> Value:
    number = next(match.group(name) for name in _NUMBER_OF[kind] if match.group(name))
    numbers = readings(number)
    value = Value(kind, whole, match.start(), match.end(), (number,) if number.isdigit() else (), numbers)
    if kind != "span":
        return value
    name = match.group("unit").lower()
    unit, factor = _SCALE["mo" if name.startswith("mo") else name[0]]
    return value._replace(unit=unit, scaled=tuple(round(number * factor, 6) for number in numbers))


_NUMBER_OF = {
    "money": ("money1", "money2"),
    "percent": ("percent1",),
    "size": ("size1",),
    "span": ("span1",),
    "number": ("number",),
}


def readings(number: str) -> tuple[float, ...]:
    """What a written number may mean: `1,234.5` one thing, `1,234` a thousand or a fraction."""
    marks = [mark for mark in number if mark in ",.'"]
    if number.startswith("-"):
        return tuple(-reading for reading in readings(number[1:]))
    if not marks:
        return (float(number),)
    plain = re.sub(r"[,.']", "", number)
    if len(set(marks)) > 1 or "'" in marks:
        whole, _, part = number.rpartition(marks[-1])
        last = re.sub(r"[,.']", "", whole) + ("." + part if marks[-1] != "'" else part)
        return (float(last),)
    if len(marks) > 1:
        return (float(plain),)
    fraction = float(number.replace(marks[0], "."))
    if len(number) - number.index(marks[0]) - 1 == 3:
        return (float(plain), fraction) if marks[0] == "," else (fraction, float(plain))
    return (fraction,)
