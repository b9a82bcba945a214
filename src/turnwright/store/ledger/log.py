"""The log in the run database: entries as they were appended, and the hashes over them as immutable tiles.

256 hashes side by side make a tile, the roots of 256 tiles a tile of the next level. A tile is written once, when it
is full; what is not full yet is at most 255 hashes a level, kept in memory and found again when the run is opened.
So an append costs one small row and two hashes, and a proof reads a few tiles, however long the log is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import msgspec

from turnwright.errors import InputError
from turnwright.store.database import Database
from turnwright.store.faults import run_corrupt
from turnwright.store.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of
from turnwright.store.writer import Row, Table

__all__ = ["Head", "Ledger", "LedgerEntry"]

_ENTRIES = Table("ledger", ("number", "leaf", "body"))
_TILES = Table("ledger_tiles", ("level", "number", "root", "hashes"))
_HEIGHT = 8  # levels of the tree in one tile
_WIDTH = 1 << _HEIGHT
_HASH = 32  # bytes
_KEPT = 64  # tiles in memory
_A_QUERY = 512  # entries


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a log is at one size: the root over its first `size` entries, as 64 hex digits."""

    size: int
    root: str


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its place. body: canonical JSON, byte for byte as it was appended."""

    number: int
    body: bytes

    @property
    def leaf(self) -> bytes:
        """Its hash in the log."""
        return leaf_hash(self.body)


class Ledger:
    """The log of one run. `rows` appends; whoever writes the rows must write all of them, in order.

    size: entries so far, with those on their way.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.size = int(database.value("SELECT coalesce(max(number) + 1, 0) FROM ledger"))
        self._edges = list(self._found_edges())

    def rows(self, bodies: Sequence[bytes]) -> list[Row]:
        """Append entries: the rows that keep them, for the transaction that keeps what they tell of."""
        made: list[Row] = []
        for body in bodies:
            leaf = leaf_hash(body)
            made.append((_ENTRIES, (self.size, leaf, body)))
            self.size += 1
            made += self._grown(0, leaf)
        return made

    def head(self, size: int | None = None) -> Head:
        """The head at this size, by default of all entries.

        Raises:
            InputError: the log is shorter.
        """
        wanted = self._checked(self.size if size is None else size)
        return Head(size=wanted, root=root_of(wanted, self._node).hex())

    def inclusion(self, number: int, size: int | None = None) -> list[bytes]:
        """Proof that an entry is in the log of this size; see `merkle.root_from_inclusion`.

        Raises:
            InputError: there is no such entry, or the log is shorter.
        """
        wanted = self._checked(self.size if size is None else size)
        if not 0 <= number < wanted:
            raise InputError(f"the ledger of {wanted} entries has no entry {number}", fix="ask for one that it has")
        return inclusion_proof(number, wanted, self._node)

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof that the log of `second` entries begins with that of `first`; see `merkle.is_consistent`.

        Raises:
            InputError: the log is shorter.
        """
        wanted = self._checked(self.size if second is None else second)
        if not 0 <= first <= wanted:
            raise InputError(f"a ledger of {wanted} entries does not begin with {first}", fix="name the earlier first")
        return consistency_proof(first, wanted, self._node)

    def entries(self, start: int = 0) -> Iterator[LedgerEntry]:
        """Stream the entries from this number on.

        Raises:
            RunCorrupt: one is missing, or is not what was appended.
        """
        while rows := self._database.rows(
            "SELECT number, leaf, body FROM ledger WHERE number >= ? ORDER BY number LIMIT ?", start, _A_QUERY
        ):
            for number, leaf, body in rows:
                if number != start:
                    raise run_corrupt(self._database.path, f"entry {start} of its ledger is missing")
                if not isinstance(body, bytes) or leaf_hash(body) != leaf:
                    raise run_corrupt(self._database.path, f"entry {start} of its ledger was changed")
                yield LedgerEntry(number=number, body=body)
                start += 1

    def _checked(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise InputError(f"the ledger has {self.size} entries, not {size}", fix="ask for a size that it had")
        return size

    # --- the right edge -----------------------------------------------------------------------------------------

    def _grown(self, level: int, found: bytes) -> Iterator[Row]:
        """Put a hash at the end of a level; a tile that is full now is kept, and its root goes one level up."""
        if level == len(self._edges):
            self._edges.append([])
        edge = self._edges[level]
        edge.append(found)
        if len(edge) < _WIDTH:
            return
        root = _folded(edge)
        number = self._whole(level) - 1
        yield _TILES, (level, number, root, b"".join(edge))
        self._keep(level, number, b"".join(edge))
        edge.clear()
        yield from self._grown(level + 1, root)

    def _whole(self, level: int) -> int:
        """How many tiles of this level are full."""
        return self.size >> (_HEIGHT * (level + 1))

    def _found_edges(self) -> Iterator[list[bytes]]:
        level, left = 0, self.size
        while left:
            whole = left >> _HEIGHT
            edge = self._edge(level, whole << _HEIGHT)
            if len(edge) != left - (whole << _HEIGHT):
                raise run_corrupt(self._database.path, f"hashes of its ledger are missing (level {level})")
            yield edge
            level, left = level + 1, whole

    def _edge(self, level: int, start: int) -> list[bytes]:
        """Hashes of a level from this place on: of entries, or of the tiles below."""
        if level == 0:
            rows = self._database.rows("SELECT leaf FROM ledger WHERE number >= ? ORDER BY number", start)
        else:
            rows = self._database.rows(
                "SELECT root FROM ledger_tiles WHERE level = ? AND number >= ? ORDER BY number", level - 1, start
            )
        return [bytes(found) for (found,) in rows]

    # --- reading hashes -----------------------------------------------------------------------------------------

    def _node(self, level: int, index: int) -> bytes:
        """Hash over the entries [index << level, (index + 1) << level)."""
        tier, height = divmod(level, _HEIGHT)
        start = index << height
        number, offset = start >> _HEIGHT, start & (_WIDTH - 1)
        edge = self._edges[tier] if tier < len(self._edges) else []
        if number == self._whole(tier):
            hashes = edge[offset : offset + (1 << height)]
        else:
            tile = self._tile(tier, number)
            hashes = [tile[at : at + _HASH] for at in range(offset * _HASH, (offset + (1 << height)) * _HASH, _HASH)]
        return _folded(hashes)

    def _tile(self, level: int, number: int) -> bytes:
        found = self._tiles.get((level, number))
        if found is None:
            blob = self._database.value("SELECT hashes FROM ledger_tiles WHERE level = ? AND number = ?", level, number)
            if blob is None or len(blob) != _WIDTH * _HASH:
                raise run_corrupt(self._database.path, f"tile {number} of level {level} of its ledger is missing")
            found = bytes(blob)
        self._keep(level, number, found)
        return found

    def _keep(self, level: int, number: int, hashes: bytes) -> None:
        self._tiles[level, number] = hashes
        self._tiles.move_to_end((level, number))
        if len(self._tiles) > _KEPT:
            self._tiles.popitem(last=False)


def _folded(hashes: Sequence[bytes]) -> bytes:
    """Root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
