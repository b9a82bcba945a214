"""Screening conversations for personal data, and masking it.

Words, arguments of calls and results of tools are looked at; in JSON, each value on its own, so that it stays JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from turnwright.reading.example import Example, Said
from turnwright.reading.pii.finding import KINDS, find
from turnwright.reading.pii.report import PiiCount, PiiExample, PiiReport
from turnwright.records import Json, Role

__all__ = ["Screen", "masked", "masked_text", "screen"]

_AROUND, _EXAMPLES = 30, 3
_DIGIT = re.compile(r"\d")


class Screen:
    """Counts what is found, conversation by conversation; of each kind, the first few findings are examples."""

    def __init__(self) -> None:
        self._conversations = self._turns = self._touched = 0
        self._found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self._in: Counter[str] = Counter()
        self._examples: list[PiiExample] = []

    def add(self, example: Example) -> bool:
        """Look through one conversation; whether it holds anything."""
        self._conversations += 1
        self._turns += len(example.turns)
        kinds: set[str] = set()
        for number, turn, text, before in _texts(example):
            for hit in find(text, before):
                kinds.add(hit.kind)
                self._found[hit.kind][turn.role] += 1
                self._show(example, number, text, before, hit.kind)
        self._touched += bool(kinds)
        self._in.update(kinds)
        return bool(kinds)

    def report(self) -> PiiReport:
        """What was found so far."""
        counts = {kind: roles for kind, roles in self._found.items() if roles}
        order = sorted(counts, key=lambda kind: (-counts[kind].total(), kind))
        return PiiReport(
            conversations=self._conversations,
            turns=self._turns,
            touched=self._touched,
            kinds={
                kind: PiiCount(
                    found=counts[kind].total(),
                    conversations=self._in[kind],
                    roles=dict(sorted(counts[kind].items())),
                )
                for kind in order
            },
            examples=tuple(self._examples),
        )

    def _show(self, example: Example, number: int, text: str, before: str, kind: str) -> None:
        """An excerpt with the end of the words before it, cut after masking; other digits are hidden as well."""
        shown = [one for one in self._examples if one.kind == kind]
        if len(shown) < _EXAMPLES and all(one.conversation != example.name for one in shown):
            told = f"{masked_text(before)} / {masked_text(text, before)}"
            hidden = _DIGIT.sub("#", " ".join(told.split()))
            place = hidden.rfind(mask_of(kind))
            excerpt = hidden[max(0, place - _AROUND) : place + len(mask_of(kind)) + _AROUND]
            self._examples.append(PiiExample(conversation=example.name, turn=number, kind=kind, excerpt=excerpt))


def screen(examples: Iterable[Example]) -> PiiReport:
    """What personal data these conversations hold (see `finding` for what is looked for)."""
    found = Screen()
    for example in examples:
        found.add(example)
    return found.report()


def masked(example: Example) -> Example:
    """The conversation with every value that was found replaced by its kind, `[EMAIL]`; itself where there is none."""
    turns: list[Said] = []
    before = ""
    for turn in example.turns:
        turns.append(_masked_turn(turn, before))
        before = turn.text
    return example if tuple(turns) == example.turns else msgspec.structs.replace(example, turns=tuple(turns))


def masked_text(text: str, before: str = "") -> str:
    """The text with every value that was found replaced by its kind."""
    parts, at = [], 0
    for hit in find(text, before):
        parts += [text[at : hit.start], mask_of(hit.kind)]
        at = hit.end
    return "".join([*parts, text[at:]])


def mask_of(kind: str) -> str:
    """What stands in place of a value of this kind."""
    return f"[{kind.upper()}]"


def _masked_turn(turn: Said, before: str) -> Said:
    text, value = turn.text, _json(turn)
    if value is None:
        text = masked_text(text, before)
    elif (hidden := _masked_value(value)) != value:
        text = msgspec.json.encode(hidden).decode()
    call = turn.call
    if call is not None and call.arguments is not None:
        call = msgspec.structs.replace(call, arguments=_masked_value(call.arguments))
    return msgspec.structs.replace(turn, text=text, call=call)


def _json(turn: Said) -> Json:
    """The value of a tool's result; None where the turn is words."""
    if turn.role != "tool":
        return None
    try:
        return msgspec.json.decode(turn.text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _masked_value(value: Json, key: str = "") -> Json:
    if isinstance(value, dict):
        return {name: _masked_value(each, _words(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked_value(each, key) for each in value]
    if isinstance(value, str):
        return masked_text(value, key)
    return masked_text(str(value), key) if _number(value) and find(str(value), key) else value


def _texts(example: Example) -> Iterator[tuple[int, Said, str, str]]:
    """Every text to look through: number of the turn, the turn, the text, the words before it or its field's name."""
    before = ""
    for number, turn in enumerate(example.turns):
        value = _json(turn)
        if value is None:
            yield number, turn, turn.text, before
        arguments = turn.call.arguments if turn.call else None
        for part in (value, arguments):
            yield from ((number, turn, text, key) for text, key in _leaves(part))
        before = turn.text


def _leaves(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, _words(name))
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, key)
    elif isinstance(value, str) or _number(value):
        yield str(value), key


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache(maxsize=10_000)
def _words(name: Role | str) -> str:
    """A field's name as words, which may say what its value is: `phone_number`, `DateOfBirth`."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in str(name).replace("_", " "))
    return f"{name} {spaced} "
