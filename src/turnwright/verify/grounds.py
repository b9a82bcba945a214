"""What a claim may rest on: the values of everything that was found, said or declared so far.

Values of one kind support values of the same kind; a plain number from a tool result supports any. "€25" does not
support "25 days".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from turnwright.records import Json
from turnwright.verify.reading import Value, fold, said_of

__all__ = ["Grounds"]

_ANY, _PLAIN = "any", "plain"
"""Numbers that support a number of any kind, and numbers that only support one without a unit."""
_SQUEEZE = re.compile(r"[\W_]+")
_NUMERALS = ("number", "digits")
"""Kinds of numbers that stand without a unit; written out, they are compared digit by digit too ("0042")."""
LONGEST_LIST = 2_000


class Grounds:
    """A growing body of known values. `parent` holds what is known from the start and is never changed here."""

    def __init__(self, parent: Grounds | None = None) -> None:
        self.parent = parent
        self._numbers: dict[str, set[float]] = {}
        self._keys: set[tuple[str, str]] = set()
        self._texts: list[str] = []
        self._unread: list[tuple[str, Json]] = []

    def learn(self, value: Json, name: str = "") -> None:
        """Take in a text, or every leaf of a JSON value that stands under the key `name`; read when first asked."""
        self._unread.append((name, value))

    def _settle(self) -> None:
        for name, value in self._unread:
            self._read(value, name)
        self._unread.clear()

    def _read(self, value: Json, name: str) -> None:
        if isinstance(value, str):
            said = said_of(value)
            self._texts.append(said.folded)
            for part in said.values:
                self._learn_value(part)
        elif isinstance(value, dict):
            for key, inner in value.items():
                self._read(inner, key)
        elif isinstance(value, list | tuple):
            self._number(_PLAIN, (float(len(value)),))
            for inner in value[:LONGEST_LIST]:
                self._read(inner, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._learn_number(float(value), name)

    def supports(self, value: Value) -> bool:
        """Whether some known value says the same."""
        here: Grounds | None = self
        while here is not None:
            here._settle()
            if here._supports(value):
                return True
            here = here.parent
        return False

    def _learn_value(self, value: Value) -> None:
        if value.numbers:
            self._number(value.kind, value.numbers)
            self._number(value.unit, value.scaled)
        for key in value.keys:
            if not value.numbers or value.kind in _NUMERALS:
                self._keys.add(("digits" if value.numbers else value.kind, key))
            if value.kind == "date":
                self._learn_date(key)
            elif value.kind == "code":
                self._learn_code(key)

    def _learn_date(self, key: str) -> None:
        """A date also supports its day and month, and its year and day as plain numbers."""
        year, month, day = key.rsplit("-", 2)
        self._keys.add(("day" if year else "yearless", f"-{month}-{day}"))
        self._number(_PLAIN, (float(day), *((float(year),) if year else ())))

    def _learn_code(self, key: str) -> None:
        """People say the digits of a code without its letters ("order 1234" of ORD-1234)."""
        for part in re.findall(r"\d{3,}", key):
            self._keys.add(("digits", part))
            self._number("number", (float(part),))

    def _learn_number(self, number: float, name: str) -> None:
        forms = [number] if number.is_integer() else [number, round(number, 2), round(number, 1), float(round(number))]
        if "cent" in name or "minor" in name:
            forms.append(number / 100)
        if number < 0:
            forms.append(-number)
        if 0 < number < 1:
            forms.append(round(number * 100, 6))
        self._number(_ANY, forms)
        if number.is_integer():
            self._keys.add(("digits", str(int(number))))

    def _number(self, kind: str, numbers: Iterable[float]) -> None:
        self._numbers.setdefault(kind, set()).update(numbers)

    def _supports(self, value: Value) -> bool:
        if value.numbers:
            return self._supports_number(value)
        if value.kind == "date":
            return any(self._supports_date(key) for key in value.keys)
        if any((value.kind, key) in self._keys for key in value.keys):
            return True
        return self._holds(value)

    def _supports_number(self, value: Value) -> bool:
        kinds = self._numbers if value.kind in _NUMERALS else (value.kind, *_NUMERALS, _ANY)
        if any(number in self._numbers.get(kind, ()) for kind in kinds for number in value.numbers):
            return True
        if value.unit and any(number in self._numbers.get(value.unit, ()) for number in value.scaled):
            return True
        if value.kind in _NUMERALS and any(("digits", key) in self._keys for key in value.keys):
            return True
        return self._holds(value)

    def _supports_date(self, key: str) -> bool:
        if ("date", key) in self._keys:
            return True
        year, month, day = key.rsplit("-", 2)
        return ("yearless" if year else "day", f"-{month}-{day}") in self._keys

    def _holds(self, value: Value) -> bool:
        """Look for longer values in the texts themselves, whatever blanks and dashes stand in between."""
        if value.kind == "quote":
            return any(value.keys[0] in said_of(text).spaced for text in self._texts)
        wanted = _SQUEEZE.sub("", fold(value.text))
        return len(wanted) >= 6 and any(wanted in _SQUEEZE.sub("", text) for text in self._texts)

    def holds_word(self, word: str) -> bool:
        """Whether a folded word stands in any text that was learned."""
        here: Grounds | None = self
        while here is not None:
            here._settle()
            if any(word in text for text in here._texts):
                return True
            here = here.parent
        return False

    def ends_with(self, digits: str) -> bool:
        """Whether some known longer number ends in these digits ("the card ending in 4242")."""
        here: Grounds | None = self
        while here is not None:
            here._settle()
            if any(kind in ("digits", "code") and key.endswith(digits) for kind, key in here._keys):
                return True
            here = here.parent
        return False
