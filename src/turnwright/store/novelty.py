"""What the set holds already, findable: signatures by band, and how often each skeleton has come.

It finds candidates; whether one is too near is for the admit stage to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from turnwright.store.database import Database
from turnwright.store.packing import pack, unpack
from turnwright.store.writer import Row, Table

__all__ = ["NoveltyTables", "Signature"]

_BANDS = Table("bands", ("band", "value", "ordinal"), "ON CONFLICT DO NOTHING")
_SIGNATURES = Table("signatures", ("ordinal", "body"), "ON CONFLICT DO NOTHING")
_SKELETONS = Table("skeletons", ("hash", "count"), "ON CONFLICT (hash) DO UPDATE SET count = count + 1")


class Signature(msgspec.Struct, frozen=True):
    """How a conversation is found by its like.

    bands: one integer of up to 64 bits for each band; two conversations that share one are candidates.
    body: what the admit stage compares them by, any bytes.
    """

    bands: tuple[int, ...]
    body: bytes


class NoveltyTables:
    """Signatures and skeletons of the concluded conversations of one run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, ordinal: int, signature: Signature | None, skeleton: str) -> Iterator[Row]:
        """The rows that keep these, for the transaction that concludes the scenario."""
        if signature is not None:
            for band, value in enumerate(signature.bands):
                yield _BANDS, (band, _signed(value), ordinal)
            yield _SIGNATURES, (ordinal, pack(signature.body))
        if skeleton:
            yield _SKELETONS, (skeleton, 1)

    def candidates(self, bands: Sequence[int], *, limit: int = 1000) -> list[int]:
        """Ordinals of concluded conversations that share at least one band, ascending, the first `limit`."""
        if not bands:
            return []
        places = ", ".join(f"({band:d}, ?)" for band in range(len(bands)))
        rows = self._database.rows(
            f"WITH wanted (band, value) AS (VALUES {places}) SELECT DISTINCT ordinal FROM wanted CROSS JOIN bands "
            "USING (band, value) ORDER BY ordinal LIMIT ?",
            *map(_signed, bands),
            limit,
        )
        return [ordinal for (ordinal,) in rows]

    def signature_of(self, ordinal: int) -> bytes | None:
        """The body of this conversation's signature, None when it has none."""
        blob = self._database.value("SELECT body FROM signatures WHERE ordinal = ?", ordinal)
        if blob is None:
            return None
        with self._database.reading():
            return unpack(blob)

    def bodies(self) -> Iterator[bytes]:
        """Stream the bodies of all signatures, in order of ordinals."""
        start = -1
        while rows := self._database.rows(
            "SELECT ordinal, body FROM signatures WHERE ordinal > ? ORDER BY ordinal LIMIT 512", start
        ):
            for ordinal, blob in rows:
                with self._database.reading():
                    body = unpack(blob)
                yield body
                start = ordinal

    def conversation_id_of(self, ordinal: int) -> str:
        """The id of the conversation with this ordinal, empty when there is none."""
        found = self._database.value("SELECT conversation_id FROM admissions WHERE ordinal = ?", ordinal)
        return found or ""

    def skeleton_count(self, skeleton: str) -> int:
        """How many concluded conversations have this skeleton."""
        return self._database.value("SELECT count FROM skeletons WHERE hash = ?", skeleton) or 0


def _signed(value: int) -> int:
    """SQLite's integers are signed: the upper half of an unsigned 64-bit value becomes negative."""
    return value - (1 << 64) if value >= 1 << 63 else value
