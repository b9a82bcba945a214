"""The log in the run database: its proofs are those of the RFC, it goes on where it stopped, and it never changes."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from turnwright.errors import InputError, RunCorrupt
from turnwright.store.database import Database, create_database
from turnwright.store.ledger.log import Ledger
from turnwright.store.ledger.merkle import EMPTY, is_consistent, leaf_hash, node_hash, root_from_inclusion

LONG = 256 * 3 + 17
"""More than three tiles of entries, and a part of one."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_database(tmp_path / "run.db", {})
    return tmp_path / "run.db"


def made(start: int, end: int) -> list[bytes]:
    return [f'{{"entry":{number}}}'.encode() for number in range(start, end)]


def appended(path: Path, bodies: list[bytes], *, at_once: int = 100) -> None:
    async def append() -> None:
        database = Database(path)
        ledger = Ledger(database)
        for start in range(0, len(bodies), at_once):
            await database.write(ledger.rows(bodies[start : start + at_once]))
        database.close()

    asyncio.run(append())


def root(leaves: list[bytes]) -> bytes:
    """Straight from the RFC: a second way to the root."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def test_heads_of_every_size_are_the_rfcs_however_the_entries_came(path: Path) -> None:
    bodies = made(0, LONG)
    appended(path, bodies[:300], at_once=7)
    appended(path, bodies[300:301])
    appended(path, bodies[301:], at_once=400)
    leaves = [leaf_hash(body) for body in bodies]
    ledger = Ledger(Database(path, read_only=True))
    assert ledger.size == LONG
    for size in (0, 1, 255, 256, 257, 300, 511, 512, 513, LONG):
        assert ledger.head(size).root == root(leaves[:size]).hex()
    assert [entry.body for entry in ledger.entries(250)] == bodies[250:]


def test_proofs_lead_to_the_head_and_from_each_past_head_to_the_present(path: Path) -> None:
    bodies = made(0, LONG)
    appended(path, bodies)
    ledger = Ledger(Database(path, read_only=True))
    head = bytes.fromhex(ledger.head().root)
    for number in (0, 1, 255, 256, 600, LONG - 1):
        proof = ledger.inclusion(number)
        assert root_from_inclusion(leaf_hash(bodies[number]), number, LONG, proof) == head
        assert len(proof) <= 10
    for first in (1, 200, 256, 700, LONG):
        assert is_consistent(first, LONG, bytes.fromhex(ledger.head(first).root), head, ledger.consistency(first))


def test_two_hundred_and_fifty_six_tiles_make_a_tile_of_the_next_level(path: Path) -> None:
    bodies = made(0, 256 * 256 + 3)
    appended(path, bodies, at_once=4096)
    leaves = [leaf_hash(body) for body in bodies]
    ledger = Ledger(Database(path, read_only=True))
    assert ledger.head().root == root(leaves).hex()
    assert root_from_inclusion(leaves[70], 70, len(leaves), ledger.inclusion(70)) == root(leaves)


def test_nothing_in_the_log_can_be_changed_removed_or_put_between(path: Path) -> None:
    appended(path, made(0, 10))
    with sqlite3.connect(path) as connection:
        for statement in (
            "UPDATE ledger SET body = 'x' WHERE number = 3",
            "DELETE FROM ledger WHERE number = 9",
            "INSERT INTO ledger (number, leaf, body) VALUES (12, 'x', 'x')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)


def test_a_log_that_lacks_hashes_is_called_damaged(path: Path) -> None:
    appended(path, made(0, LONG))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM ledger_tiles WHERE number = 1")
    with pytest.raises(RunCorrupt, match="ledger"):
        Ledger(Database(path, read_only=True))


def test_places_that_the_log_does_not_have_are_refused_in_one_line(path: Path) -> None:
    appended(path, made(0, 3))
    ledger = Ledger(Database(path, read_only=True))
    for ask in (lambda: ledger.inclusion(3), lambda: ledger.head(4), lambda: ledger.consistency(2, 5)):
        with pytest.raises(InputError):
            ask()
