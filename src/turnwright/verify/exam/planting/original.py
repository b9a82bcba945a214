"""The clean conversation that a defect is planted in: what stands where, other plausible values, calls run again.

It never changes the conversation that it was given, and knows no defect class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from random import Random
from typing import NamedTuple

import msgspec

from turnwright.domains import Domain
from turnwright.domains.world import Tables
from turnwright.errors import DomainError
from turnwright.records import Blueprint, Conversation, Json, Scenario, Turn, canonical
from turnwright.verify.check import Context
from turnwright.verify.checks import Policy
from turnwright.verify.planned import Planned
from turnwright.verify.reading import said_of
from turnwright.verify.settings import VerifySettings
from turnwright.verify.surface import carries

__all__ = ["Edit", "Original", "Planted", "other_digit", "stands_once", "woven"]

LONGEST_VALUE = 80
_MADE = 8
"""How many other numbers or codes are made up where the world has none."""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """A copy with one known defect.

    defect: its class. turns: indices, in the copy, of the turns that show it; every other turn is that of the
    original. what: in words, what was changed.
    """

    conversation: Conversation
    defect: str
    turns: tuple[int, ...]
    what: str


class Edit(NamedTuple):
    """What a planting makes: all turns of the copy, the indices of those that show the defect, what was done."""

    turns: Sequence[Turn]
    shown: tuple[int, ...]
    what: str


class Original:
    """A clean conversation with everything that it was made from."""

    def __init__(self, conversation: Conversation, blueprint: Blueprint, scenario: Scenario, domain: Domain) -> None:
        self.conversation, self.blueprint, self.scenario, self.domain = conversation, blueprint, scenario, domain
        self.turns: tuple[Turn, ...] = conversation.turns

    @cached_property
    def context(self) -> Context:
        """The surroundings as checks see them."""
        return Context(self.domain, self.blueprint, self.scenario, VerifySettings(), self.conversation.way)

    @cached_property
    def planned(self) -> Planned:
        """The blueprint, read."""
        return self.context.planned

    # --- where things stand ---------------------------------------------------------------------------------------

    def spoken(self, role: str) -> list[int]:
        """Indices of the turns of this side that have words."""
        return [at for at, turn in enumerate(self.turns) if turn.role == role and turn.text]

    def replies(self) -> list[int]:
        """Indices of what the assistant says after the user has spoken."""
        first = next(iter(self.spoken("user")), len(self.turns))
        return [at for at in self.spoken("assistant") if at > first]

    def calls(self) -> list[int]:
        """Indices of calls that are followed by their result."""
        pairs = zip(self.turns, self.turns[1:], strict=False)
        return [at for at, (turn, after) in enumerate(pairs) if turn.call is not None and after.result is not None]

    def says(self, slot: str, value: Json, text: str) -> bool:
        """Whether the text says this value of this slot, however it is written."""
        return carries(self.domain, slot, value, said_of(text))

    def consents(self) -> set[int]:
        """Indices of the user turns by which a change is agreed to."""
        answers = {consent.answer for consent in self.planned.consents if consent.answer}
        return {at for at in self.spoken("user") if answers & set(self.turns[at].acts)}

    # --- copies ---------------------------------------------------------------------------------------------------

    def saying(self, index: int, text: str, **changed: object) -> list[Turn]:
        """All turns, with other words in one of them."""
        turns = list(self.turns)
        turns[index] = msgspec.structs.replace(turns[index], text=text, **changed)
        return turns

    def without(self, indices: Iterable[int]) -> list[Turn]:
        """All turns but these, in order."""
        gone = set(indices)
        return [turn for at, turn in enumerate(self.turns) if at not in gone]

    def run_again(self, turns: Sequence[Turn]) -> list[Turn] | None:
        """The turns with the results that their calls give in this conversation's world; None where a tool breaks."""
        world = self.domain.open_world(self.blueprint.world_seed, self.blueprint.setup)
        toolbox = self.domain.toolbox(world, self.blueprint.faults)
        again = list(turns)
        for at, turn in enumerate(turns):
            if turn.call is None or at + 1 >= len(turns):
                continue
            try:
                result = toolbox.run(turn.call)
            except (DomainError, StopIteration):
                # a tool that was never written for such a call is no material for an exam; a bare `next` in its code
                # is not yet turned into a DomainError by the toolbox
                return None
            if result != turns[at + 1].result:
                again[at + 1] = msgspec.structs.replace(turns[at + 1], result=result)
        return again

    def breaches(self, turns: Sequence[Turn], *, at_end: bool = False) -> list[int] | None:
        """Indices at which a rule about calls (or, `at_end`, about the whole) does not hold.

        None where a rule cannot be worked out.
        """
        check = Policy(self.context)
        try:
            found = [defect for at, turn in enumerate(turns) for defect in check.turn(at, turn)]
            if at_end:
                found = list(check.end(msgspec.structs.replace(self.conversation, turns=tuple(turns))))
        except DomainError:
            return None
        return sorted({at for defect in found for at in defect.turns})

    # --- other values ---------------------------------------------------------------------------------------------

    def others(self, slot: str, value: Json, rng: Random) -> list[Json]:
        """Other plausible values of a slot, shuffled: declared mistakes, cells of the same column, else made up.

        None of them is a value that this conversation has for anything.
        """
        if value is None or isinstance(value, bool | list | dict):
            return []
        pool = [*self.domain.slot(slot).wrong, *self._column_of(value)]
        fitting = self._fitting(slot, value, pool)
        fitting = fitting or self._fitting(slot, value, [_made(value, rng) for _ in range(_MADE)])
        rng.shuffle(fitting)
        return fitting

    def _fitting(self, slot: str, value: Json, pool: Iterable[Json]) -> list[Json]:
        alike = [other for other in pool if type(other) is type(value) and self._is_other(slot, value, other)]
        return list({canonical(other): other for other in alike}.values())

    def _is_other(self, slot: str, value: Json, other: Json) -> bool:
        surface = self.domain.say(slot, other)
        if not surface or len(surface) > LONGEST_VALUE or self.planned.holders.get(str(other).casefold()):
            return False
        return not self.says(slot, value, surface) and not carries(
            self.domain, slot, other, said_of(self.domain.say(slot, value))
        )

    def _column_of(self, value: Json) -> list[Json]:
        """Cells of every column of the world that holds this value."""
        return [cell for cells in _columns(self.domain) if any(_same(cell, value) for cell in cells) for cell in cells]


def _same(cell: Json, value: Json) -> bool:
    return type(cell) is type(value) and bool(cell == value)


@lru_cache(maxsize=8)
def _columns(domain: Domain) -> tuple[tuple[Json, ...], ...]:
    """The distinct cells of each column, keys included; nothing that is not plain text or a number."""
    tables: Tables = domain.tables
    columns: dict[tuple[str, str], dict[bytes, Json]] = {}
    for table, rows in tables.items():
        for row in rows.values():
            for field, cell in row.items():
                if isinstance(cell, str | int | float) and not isinstance(cell, bool):
                    columns.setdefault((table, field), {})[canonical(cell)] = cell
    return tuple(tuple(cells.values()) for cells in columns.values())


def _made(value: Json, rng: Random) -> Json:
    """Another number or code of the same make; the value itself where none can be made."""
    if isinstance(value, float):
        return round(max(value + rng.choice((-1, 1)) * rng.choice((3, 4.5, 7, 12, 20.25)), 0.5), 2)
    if isinstance(value, int):
        return max(value + rng.choice((-1, 1)) * rng.randint(2, 9), 3)
    return other_digit(str(value), rng)


def other_digit(text: str, rng: Random) -> str:
    """The text with one digit changed, never the first letter; the text itself where it has no digit."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    at = rng.choice(places[1:] or places)
    return f"{text[:at]}{(int(text[at]) + rng.randint(1, 9)) % 10}{text[at + 1 :]}"


def stands_once(surface: str, text: str) -> bool:
    """Whether these words stand in the text exactly once, and not within longer words or numbers."""
    whole = rf"(?<![\w.,])(?<!\w-){re.escape(surface)}(?!\w|[-.,]\w)"
    return bool(surface) and text.count(surface) == 1 and re.search(whole, text) is not None


_QUESTION_LAST = re.compile(r"(.*[.!?])\s+(\S.*\?)", re.DOTALL)


def woven(text: str, sentence: str) -> str:
    """The text with one more sentence: at its end, or before the question that it ends on."""
    text = text.rstrip()
    if not text.endswith("?"):
        return f"{text if text[-1:] in '.!' else text.rstrip(',;:') + '.'} {sentence}"
    question = _QUESTION_LAST.fullmatch(text)
    return f"{question.group(1)} {sentence} {question.group(2)}" if question else f"{sentence} {text}"
