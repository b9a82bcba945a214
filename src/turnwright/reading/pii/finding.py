"""Where personal data stands in a text.

A shape alone is taken only where a checksum or a range can confirm it; digits that may be anything (a birth date, an
address, a number without separators) count only where the words before ask for them. Names of people, handles, account
numbers and passports are not looked for: their shapes tell too little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from turnwright.reading.pii.checksums import is_card, is_email, is_iban, is_ip, is_mac, is_phone, is_ssn

__all__ = ["KINDS", "Hit", "find"]


class Hit(NamedTuple):
    """A value: text[start:end] is of this kind."""

    start: int
    end: int
    kind: str


class _Shape(NamedTuple):
    """What a kind looks like. needs: what stands in every text with it; digits: how many of them do at least.

    asked: what must stand in the 80 letters before, or in the turn before; None where the shape is enough.
    """

    kind: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool]
    needs: str = ""
    digits: int = 0
    asked: re.Pattern[str] | None = None


def _yes(text: str) -> bool:
    return bool(text)


_ALONE, _END = r"(?<![\w.@/+-])", r"(?![\w@]|[.-]\w)"
_BEFORE = 80
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:19|20)\d\d"
_DATE = (
    rf"{_YEAR}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:{_YEAR}|\d\d)|"
    rf"{_MONTH} \d\d?(?:st|nd|rd|th)?,? {_YEAR}|\d\d?(?:st|nd|rd|th)?(?: of)? {_MONTH},? {_YEAR}"
)
_STREET = (
    r"\d{1,5}[a-z]?,? (?:[\w'.-]+ ){1,4}(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way|"
    r"place|pl|terrace|ter|highway|hwy|parkway|pkwy|circle|cir|close|square|sq)\b\.?"
    r"(?:,? (?:apt|apartment|unit|suite|flat|#) ?\w{1,6})?"
)
_HOME = re.compile(
    r"\b(?:(?:my|your|home|mailing|billing|shipping|postal|residential|current) address|i live|i'?m living|live at|"
    r"(?:ship|deliver|send|mail)(?:ed)? (?:it|this|that|them) to|"
    r"where (?:do|should) (?:you|i|we) (?:live|ship|send|deliver))",
    re.IGNORECASE,
)
_BIRTH = re.compile(r"\b(?:birth|born|b-?day|d\.?o\.?b\b)", re.IGNORECASE)
_SECURITY = re.compile(r"\b(?:ssn|social(?: security)?)\b", re.IGNORECASE)
_CALLED = re.compile(
    r"\b(?:phone|cell|mobile|telephone|tel|fax|call|text|whatsapp|reach|contact|number is)\b", re.IGNORECASE
)
_ACCOUNT = re.compile(
    r"\b(?:account|card|order|booking|confirmation|reference|tracking|member|policy|ticket|pin|id)\b", re.IGNORECASE
)

_SECRET_URL = (
    r"\b[a-z][a-z0-9+.-]{1,15}://(?:[^\s/:@]{1,64}:[^\s/@]{1,64}@\S+|"
    r"\S{1,500}[?&](?:access_?token|api_?key|token|password|secret|auth)=[^\s&]{6,}\S*)"
)
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}\b"
_IBAN = _ALONE + r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Za-z0-9])"
_CARD = r"(?<![\w.+-])\d(?:[ -]?\d){12,18}" + _END
_SSN = _ALONE + r"\d{3}([- ])\d{2}\1\d{4}" + _END
_NINE = _ALONE + r"\d{9}" + _END
_E164 = r"(?<![\w.@/])\+\d{1,3}(?:[ .()-]{0,2}\d){6,13}" + _END
_US_PHONE = r"(?<![\w.@/$+-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}([ .-]))\d{3}[ .-]\d{4}" + _END
_PLAIN_PHONE = _ALONE + r"(?:0\d{4} ?\d{6}|0\d{2} ?\d{4} ?\d{4}|\d{10})" + _END
_MAC = _ALONE + r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])"
_IP4 = r"(?<![\w.:/-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d|\w)"
_IP6 = r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}:?(?:[0-9a-f]{1,4}:?){0,6}(?<!:)(?![\w:])"


def _shape(kind: str, pattern: str, check: Callable[[str], bool] = _yes, **more: Any) -> _Shape:
    return _Shape(kind, re.compile(pattern, re.IGNORECASE | re.ASCII), check, **more)


SHAPES = (
    _shape("url_with_secret", _SECRET_URL, needs="://"),
    _shape("email", _EMAIL, is_email, needs="@"),
    _shape("iban", _IBAN, is_iban, digits=6),
    _shape("card", _CARD, is_card, digits=13),
    _shape("ssn", _SSN, is_ssn, digits=9),
    _shape("ssn", _NINE, is_ssn, digits=9, asked=_SECURITY),
    _shape("phone", _E164, is_phone, needs="+", digits=7),
    _shape("phone", _US_PHONE, is_phone, digits=10),
    _shape("phone", _PLAIN_PHONE, is_phone, digits=10, asked=_CALLED),
    _shape("mac", _MAC, is_mac, digits=1),
    _shape("ip", _IP4, is_ip, needs=".", digits=4),
    _shape("ip", _IP6, is_ip, needs=":"),
    _shape("birth_date", rf"(?<![\w/.-])(?:{_DATE})(?![\w/])", digits=4, asked=_BIRTH),
    _shape("address", rf"(?<![\w.#-]){_STREET}", digits=1, asked=_HOME),
)
"""In the order in which they go before one another where they overlap."""
KINDS = tuple(dict.fromkeys(shape.kind for shape in SHAPES))
_VERSION = re.compile(r"\b(?:v|ver|version|release|firmware)\.? ?$", re.IGNORECASE)


def find(text: str, before: str = "") -> list[Hit]:
    """All personal data in a text, in its order; no two overlap.

    Args:
        before: the words of the turn before, which may have asked for it.
    """
    digits = sum(map(text.count, "0123456789"))
    if not digits and "@" not in text and "://" not in text:
        return []
    found: list[Hit] = []
    for shape in SHAPES:
        if digits >= shape.digits and shape.needs in text:
            found += [hit for hit in _hits(shape, text, before) if all(_apart(hit, other) for other in found)]
    return sorted(found)


def _apart(one: Hit, other: Hit) -> bool:
    return one.end <= other.start or other.end <= one.start


def _hits(shape: _Shape, text: str, before: str) -> Iterator[Hit]:
    for match in shape.pattern.finditer(text):
        if shape.check(match[0]) and _in_context(shape, text[: match.start()], before):
            yield Hit(match.start(), match.end(), shape.kind)


def _in_context(shape: _Shape, head: str, before: str) -> bool:
    near = head[-_BEFORE:]
    if shape.kind == "ip":
        return not _VERSION.search(near)
    if shape.asked is None:
        return True
    if shape.kind == "phone" and _ACCOUNT.search(near):
        return False
    return bool(shape.asked.search(near) or shape.asked.search(before[-2 * _BEFORE :]))
