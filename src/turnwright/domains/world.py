"""A world: the state behind a domain's tools.

Tables of rows, all plain JSON: table → key → row. One world belongs to one conversation; nothing is shared, so
a tool can do no harm outside its own conversation. A world can be snapshotted, restored, hashed and compared.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from typing import Any

import msgspec

from turnwright.errors import ToolError
from turnwright.records import Change, Json, canonical, seeded

__all__ = ["Row", "Tables", "World"]

Row = dict[str, Json]
Tables = dict[str, dict[str, Row]]


class World:
    """Executable state, seeded.

    Attributes:
        tables: table → key → row. Tools may change rows through the methods or directly.
        now: the date of the conversation (ISO 8601), fixed, so that runs repeat.
        rng: a generator of this world's own, for tools that make up ids.
    """

    def __init__(self, tables: Tables, seed: int, now: str = "2026-06-15") -> None:
        self.tables: Tables = msgspec.json.decode(msgspec.json.encode(tables))
        self.seed, self.now = seed, now
        self.rng: random.Random = seeded("world", seed)

    @classmethod
    def reopened(cls, tables: bytes, seed: int, now: str, rng: Json) -> World:
        """Return a world with these encoded tables and this generator state, without seeding anything again."""
        world = cls.__new__(cls)
        world.tables = msgspec.json.decode(tables)
        world.seed, world.now, world.rng = seed, now, random.Random(0)
        world.rng.setstate(rng)
        return world

    def table(self, name: str) -> dict[str, Row]:
        """Return a table; an unknown one is a fault of the domain's code."""
        if name not in self.tables:
            raise KeyError(f"the world has no table '{name}' (it has {', '.join(sorted(self.tables))})")
        return self.tables[name]

    def get(self, table: str, key: str) -> Row | None:
        """Return a row, or None."""
        return self.table(table).get(str(key))

    def need(self, table: str, key: str, what: str = "") -> Row:
        """Return a row, or refuse the call with a `ToolError`."""
        row = self.get(table, key)
        if row is None:
            raise ToolError(f"no {what or table.removesuffix('s')} with id {key}")
        return row

    def find(self, table: str, **fields: Json) -> list[Row]:
        """Return the rows whose fields equal these, in key order."""
        rows = self.table(table)
        fitting = rows
        for field, value in fields.items():
            fitting = {key: row for key, row in fitting.items() if row.get(field) == value}
        return [fitting[key] for key in sorted(fitting)]

    def put(self, table: str, key: str, row: Row) -> Row:
        """Write a whole row."""
        self.tables.setdefault(table, {})[str(key)] = row
        return row

    def next_id(self, table: str, stem: str) -> str:
        """Return a free id `STEM-n` for a table, counted, so that replays give the same id."""
        rows = self.tables.setdefault(table, {})
        count = len(rows) + 1
        while f"{stem}-{count:04d}" in rows:
            count += 1
        return f"{stem}-{count:04d}"

    def apply(self, changes: Iterable[Change]) -> None:
        """Set cells (or whole rows, where `field` is empty)."""
        for change in changes:
            rows = self.tables.setdefault(change.table, {})
            if change.field:
                rows.setdefault(change.key, {})[change.field] = change.value
            elif change.value is None:
                rows.pop(change.key, None)
            else:
                rows[change.key] = dict(change.value)

    def snapshot(self) -> bytes:
        """Freeze the state; `restore` brings it back."""
        return msgspec.json.encode((self.tables, self.rng.getstate()[1], self.rng.getstate()[2]))

    def restore(self, snapshot: bytes) -> None:
        """Go back to a snapshot of this world."""
        tables, state, gauss = msgspec.json.decode(snapshot)
        self.tables = tables
        self.rng.setstate((3, tuple(state), gauss))

    def hash(self) -> str:
        """SHA-256 of the canonical form of all tables (32 hex digits)."""
        return hashlib.sha256(canonical(self.tables)).hexdigest()[:32]

    def diff(self, before: Tables) -> tuple[Change, ...]:
        """Return what changed since `before`, cell by cell, in table, key and field order."""
        changes: list[Change] = []
        for table in sorted(set(before) | set(self.tables)):
            old, new = before.get(table, {}), self.tables.get(table, {})
            for key in sorted(set(old) | set(new)):
                changes += _row_changes(table, key, old.get(key), new.get(key))
        return tuple(changes)


def _row_changes(table: str, key: str, old: Row | None, new: Row | None) -> list[Change]:
    if old == new:
        return []
    if old is None or new is None:
        return [Change(table=table, key=key, field="", value=new)]
    fields: list[Any] = [field for field in sorted(set(old) | set(new)) if old.get(field) != new.get(field)]
    return [Change(table=table, key=key, field=field, value=new.get(field)) for field in fields]
