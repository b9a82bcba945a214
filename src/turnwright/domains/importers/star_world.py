"""The world of an imported task: records that its tool finds, and users with what they know and want.

Everything is drawn from the API's categories and ranges with seeds made of the task's name, so that importing twice
gives the same bytes. Users are rows too: each knows one consistent story (which record, which criteria, what is
tried next), and the factors of the domain choose among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from turnwright.domains.importers import star_lists as lists
from turnwright.domains.importers.star_graph import Shape
from turnwright.domains.importers.star_schema import Field, words
from turnwright.records import seeded

__all__ = ["DETAILS", "PASSES", "WRONG", "StarWorld", "slot_of", "wanted"]

PASSES = 3
"""How often a loop of the graph can be gone through."""
USERS = 160
LARGEST_PRODUCT = 200
DIRECT = 0.6
"""Share of users who ask for the next thing before they are asked whether there is any."""
DETAILS = "Details"
WRONG = "_wrong"

Row = dict[str, Any]


def slot_of(field: Field, turn: int) -> str:
    """The slot of a field in the first, second, ... try."""
    return field.slot if turn == 1 else f"{field.slot}_{turn}"


def wanted(field: Field) -> str:
    """How a user names a yes-or-no criterion that must hold (`takes reservations`)."""
    return field.label


class StarWorld:
    """The rows of `records` and `users`, and the sets of criteria that users name at once (`told`)."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rng = seeded("star", shape.task.name)
        self.heard = {f.name: f for f in shape.asks.values()}
        self.fixed = [f for f in shape.keys if f not in shape.varying and self._asked(f)]
        self.told = self._told()
        self.records = [{"ref": f"R{n + 1:03d}", **row} for n, row in enumerate(self._records())]
        self.misses = bool(shape.nothing) and not shape.fallbacks
        self.users = [{"ref": f"U{n + 1:03d}", **self._user(n)} for n in range(USERS)]
        self.misses = any(not user["Found"] for user in self.users)

    def _asked(self, field: Field) -> bool:
        return any(field.name == other.name for other in self.shape.asks.values()) and not self.shape.criteria

    def _told(self) -> list[tuple[str, ...]]:
        """None, every single criterion, neighbouring pairs and one triple."""
        offered = [f.slot for fields in self.shape.criteria.values() for f in fields]
        pairs = list(itertools.pairwise([*offered, *offered[:1]])) if len(offered) > 2 else []
        return [(), *((slot,) for slot in offered), *pairs, tuple(offered[:3])] if offered else []

    # --- values -----------------------------------------------------------------------------------------------

    def draw(self, field: Field) -> Any:
        """Draw a value of a field."""
        if field.categories and field.kind != "CategoricalList":
            return self.rng.choice(field.categories)
        if field.kind == "Integer":
            return self.rng.randint(field.low, field.high)
        if field.kind == "Boolean":
            return self.rng.random() < 0.5
        return self._text(field)

    def _text(self, field: Field) -> str:
        rng, about = self.rng, set(words(self.heard.get(field.name, field).label)) | set(words(field.name))
        if field.kind == "LongString":
            return rng.choice(lists.MISHAPS)
        if "maiden" in about:
            return rng.choice(lists.SURNAMES)
        if "pet" in about:
            return rng.choice(lists.PETS)
        if "name" in about:
            return rng.choice(lists.PEOPLE)
        if {"date", "birth"} <= about:
            return f"{rng.choice(lists.MONTHS)} {rng.randint(1, 28)}, {rng.randint(1945, 2004)}"
        if "location" in about:
            return rng.choice(lists.PLACES)
        if "code" in about:
            return f"{''.join(rng.choices('ABCDEFGHJKLMNPQRSTUVWXYZ', k=3))}{rng.randint(100, 999)}"
        return str(rng.randint(1000, 9999) if "pin" in about else rng.randint(10_000_000, 99_999_999))

    # --- records ----------------------------------------------------------------------------------------------

    def _records(self) -> list[Row]:
        if self.shape.question:
            return self._quiz()
        rows: dict[str, Row] = {}
        asked = [f.name for f in (*self.fixed, *self.shape.varying)]
        for keys in itertools.islice(self._keys(), LARGEST_PRODUCT):
            same = str([keys[name] for name in asked if name in keys] if not self.shape.criteria else len(rows))
            rows.setdefault(same, self._record(keys))
        return list(rows.values())

    def _quiz(self) -> list[Row]:
        number = self.shape.keys[0]
        span = number.high - number.low + 1
        quiz = list(lists.QUIZ)
        self.rng.shuffle(quiz)
        return [
            {number.name: number.low + n % span, "Question": question, "Answer": answer, "Wrong": list(wrong)}
            for n, (question, answer, wrong) in enumerate(quiz)
        ]

    def _keys(self) -> Iterable[Row]:
        """The key values of every record: all combinations where there are few, else groups that share the fixed."""
        fixed, varying = self.fixed, [f for f in self.shape.keys if f not in self.fixed]
        asked = [f for f in (*fixed, *self.shape.varying) if f in self.shape.keys]
        if not self.shape.criteria and all(f.kind == "Categorical" for f in asked):
            combos = [dict(zip([f.name for f in asked], c, strict=True)) for c in _product(asked)]
            self.rng.shuffle(combos)
            return combos[: max(1, len(combos) * 9 // 10)] if not self.shape.request else combos
        groups, size = (40, 4) if fixed and self.shape.varying else (120, 1)
        if self.shape.criteria:
            groups, size = (50, 3) if self._asked_before() else (1, 140)
        keys = []
        for _ in range(groups):
            shared = self._distinct({f.name: self.draw(f) for f in fixed or self._asked_before()})
            keys += [self._distinct({**{f.name: self.draw(f) for f in varying}, **shared}) for _ in range(size)]
        return keys

    def _asked_before(self) -> list[Field]:
        """Asked keys of a task with criteria (they stay the same when other criteria are tried)."""
        asked = {self.shape.asks[n].name for n in self.shape.order if n in self.shape.asks}
        return [f for f in self.shape.keys if f.name in asked] if self.shape.criteria else []

    def _distinct(self, row: Row) -> Row:
        """Two fields with the same choices (departure and arrival) never hold the same value."""
        fields = [f for f in self.shape.keys if f.name in row and (f.categories or "location" in words(f.name))]
        for one, other in itertools.combinations(fields, 2):
            alike = one.categories == other.categories and set(words(one.name)) & set(words(other.name))
            while alike and row[one.name] == row[other.name]:
                row[other.name] = self.draw(other)
        return row

    def _record(self, keys: Row) -> Row:
        row = dict(keys)
        shape = self.shape
        for field in (*shape.task.inputs, *shape.task.outputs):
            if field.name in row or field.kind in ("RequestType", "CategoricalList", "LongString"):
                continue
            if field.name not in shape.confirmed:
                free = shape.status is not None and field == shape.person  # nobody has booked it yet
                row[field.name] = "" if free else self.draw(field)
        row = {name: value for name, value in row.items() if self._applies(name, row)}
        if shape.status:
            row |= {shape.status.name: shape.status.categories[0], "Bookable": True}
        for field in shape.task.outputs:
            if field.kind == "ShortString" and field.name not in keys:
                row |= self._message(field, row)
        return row | self._steps(row)

    def _applies(self, name: str, row: Row) -> bool:
        field = next((f for f in self.shape.task.outputs if f.name == name), None)
        return field is None or field.only_when is None or row.get(field.only_when[0]) == field.only_when[1]

    def _message(self, field: Field, row: Row) -> Row:
        """A message that the API makes up: the request is granted, or it is not."""
        granted = self.rng.random() < 0.6
        about = ", ".join(str(row[f.name]) for f in self.shape.keys if f.categories)
        text = self.rng.choice(lists.GRANTED if granted else lists.DENIED)
        return {field.name: text.format(about), "Granted": granted}

    def _steps(self, row: Row) -> Row:
        for field in self.shape.lists:
            if field.only_when is None or row.get(field.only_when[0]) == field.only_when[1]:
                steps = [f"{str(step).rstrip('.')}." for step in self.rng.choice(field.categories)]
                hints = self.rng.sample(lists.ERRANDS, len(steps))
                details = [f"{s} {h}" for s, h in zip(steps, hints, strict=True)]
                return {field.name: steps, DETAILS: details}
        return {}

    # --- users ------------------------------------------------------------------------------------------------

    def _user(self, number: int) -> Row:
        shape = self.shape
        base = self.rng.choice(self.records)
        row: Row = {"Found": not (self.misses and number % 4 == 3)}
        for field in shape.asks.values():
            person = field.slot == (shape.person.slot if shape.person else "CustomerName")
            own = lists.PEOPLE[number % len(lists.PEOPLE)] if person else self.draw(field)
            row[field.slot] = base[field.name] if field in _named(shape.keys, field) else own
        if shape.fallbacks:
            row |= {f"{f.slot}{WRONG}": self._other(f, base.get(f.name)) for f in shape.keys if f.kind == "ShortString"}
        if "Granted" in base:
            row["Granted"] = base["Granted"]
        if shape.question:
            return row | self._player(row, number)
        for turn in range(1, PASSES + 1):
            record = base if turn == 1 else self._another(base)
            row |= self._wishes(record, turn, number)
        if shape.lists:
            row["Brief"] = self.rng.random() < 0.5
        if shape.returns or shape.again in shape.asks:
            row |= {f"Direct_{turn}": self.rng.random() < DIRECT for turn in range(1, PASSES)}
        if shape.criteria and not self._asked_before():
            row["Correctable"] = any(row[f.slot] is not None and f.kind != "Boolean" for f in shape.varying)
        return row if row["Found"] else self._missing(row)

    def _other(self, field: Field, value: Any) -> Any:
        for _ in range(50):
            drawn = self.draw(field)
            if drawn != value:
                return drawn
        return value

    def _another(self, base: Row) -> Row:
        """Another record that agrees with the base on what is not asked again."""
        same = self.fixed or self._asked_before()
        fitting = [r for r in self.records if r is not base and all(r[f.name] == base[f.name] for f in same)]
        return self.rng.choice(fitting or [base])

    def _wishes(self, record: Row, turn: int, number: int) -> Row:
        shape = self.shape
        if not shape.criteria:
            return {slot_of(f, turn): record[f.name] for f in shape.varying if f.name in record}
        fields = {f.slot: f for f in shape.varying}
        holding = [t for t in self.told if all(record[fields[slot].name] is not False for slot in t)]
        told = holding[number % len(holding)] if turn == 1 else self.rng.choice(holding)
        prompted = {f.slot for f in shape.prompts.values() if record[f.name] is not False} - set(told)
        asked = self.rng.sample(sorted(prompted), min(len(prompted), self.rng.choice((0, 0, 0, 1, 1, 2))))
        row: Row = {slot_of(f, turn): None for f in shape.varying}
        for slot in (*told, *asked):
            field = fields[slot]
            row[slot_of(field, turn)] = wanted(field) if field.kind == "Boolean" else record[field.name]
        mark = "" if turn == 1 else f"_{turn}"
        return {**row, f"Told{mark}": "-".join(told) or "none", f"Asked{mark}": sorted(asked)}

    def _missing(self, row: Row) -> Row:
        """Change what is wanted first until no record fits; a user for whom that fails finds something after all."""
        shape = self.shape
        first = [f for f in (shape.varying or self.fixed) if row.get(f.slot) is not None and f.kind != "Boolean"]
        for _ in range(80 if first else 0):
            changed = self.rng.choice(first)
            trial = self._distinct_user({**row, changed.slot: self.draw(changed)})
            if not self._matching(trial):
                return trial
        return {**row, "Found": True}

    def _distinct_user(self, row: Row) -> Row:
        keys = {f.name: row[f.slot] for f in self.shape.keys if row.get(f.slot) is not None}
        return {**row, **{f.slot: self._distinct(dict(keys))[f.name] for f in self.shape.keys if f.name in keys}}

    def _matching(self, row: Row) -> list[Row]:
        given = {f.name: row[f.slot] for f in self.shape.keys if row.get(f.slot) is not None}
        truth = {f.name: True for f in self.shape.keys if f.kind == "Boolean" and f.name in given}
        given |= truth
        return [r for r in self.records if all(r.get(name) == value for name, value in given.items())]

    def _player(self, row: Row, number: int) -> Row:
        """Which questions a player meets, and what is answered to each: right, wrong, or nothing."""
        field = self.shape.keys[0]
        start = self.rng.randint(field.low, max(field.low, field.high - PASSES + 1))
        first = start if row["Found"] else field.high + self.rng.randint(1, 9)
        row |= {field.slot: first, f"{field.slot}_2": start, f"{field.slot}_3": start}
        row["Answers"] = ("right", "wrong", "unknown")[number // 4 % 3]
        for turn in range(1, PASSES + 1):
            step = turn - 1 if row["Found"] else max(0, turn - 2)
            asked = [r for r in self.records if r[field.name] == start + step]
            variant = self.rng.randrange(len(asked))
            kind = row["Answers"] if step == 0 else self.rng.choice(("right", "right", "wrong", "unknown"))
            record = asked[variant]
            said = {"right": record["Answer"], "wrong": self.rng.choice(record["Wrong"]), "unknown": None}[kind]
            mark = "" if turn == 1 else f"_{turn}"
            row |= {f"Variant{mark}": variant, f"Reply{mark}": said}
        return row


def _named(fields: tuple[Field, ...], field: Field) -> tuple[Field, ...]:
    return (field,) if any(field.name == other.name for other in fields) else ()


def _product(fields: list[Field]) -> list[tuple[Any, ...]]:
    return list(itertools.islice(itertools.product(*(f.categories for f in fields)), LARGEST_PRODUCT))
