"""What the gates of a run said after each batch, and which conversations they keep out of the set.

It keeps records; what a gate is and what follows from its word is not known here.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from turnwright.records import canonical
from turnwright.records.fidelity import BatchVerdict
from turnwright.store.database import Database
from turnwright.store.faults import run_corrupt
from turnwright.store.ledger.entry import quarantine_entry
from turnwright.store.ledger.logged import LoggedWriter
from turnwright.store.packing import pack, unpack
from turnwright.store.writer import Row, Table

__all__ = ["BatchTables"]

_BATCHES = Table("batches", ("look", "number", "id", "body"))
_QUARANTINED = Table("quarantined", ("ordinal", "batch"), "ON CONFLICT DO NOTHING")
_DECODER = msgspec.json.Decoder(BatchVerdict)


class BatchTables:
    """The verdicts on the batches of one run, look by look."""

    def __init__(self, database: Database, log: LoggedWriter) -> None:
        self._database, self._log = database, log

    async def keep(self, verdict: BatchVerdict, quarantined: Collection[int] = ()) -> None:
        """Write what the gates said at the next look, all of it or nothing; return when it is durable.

        Args:
            quarantined: ordinals of the conversations that leave the set by it; the ledger tells of that.

        Raises:
            StoreError: it could not be written, or another look is next.
        """
        rows: list[Row] = [(_BATCHES, (verdict.look, verdict.number, verdict.id, pack(canonical(verdict))))]
        rows += [(_QUARANTINED, (ordinal, verdict.number)) for ordinal in quarantined]
        await self._log.write(rows, [quarantine_entry(verdict)] if quarantined else [])

    def verdicts(self) -> tuple[BatchVerdict, ...]:
        """Everything that was said, in order of looks."""
        rows = self._database.rows("SELECT id, body FROM batches ORDER BY look")
        return tuple(self._decoded(id_, body) for id_, body in rows)

    def quarantined(self) -> int:
        """How many conversations are kept out of the set."""
        return int(self._database.value("SELECT count(*) FROM quarantined"))

    def ordinals(self) -> tuple[int, ...]:
        """Which scenarios' conversations are kept out of the set."""
        return tuple(ordinal for (ordinal,) in self._database.rows("SELECT ordinal FROM quarantined ORDER BY ordinal"))

    def quarantining(self, ordinal: int) -> int:
        """Number of the batch with which this conversation was put in quarantine, 0 where it was not."""
        return int(self._database.value("SELECT batch FROM quarantined WHERE ordinal = ?", ordinal) or 0)

    def _decoded(self, id_: str, body: bytes) -> BatchVerdict:
        path: Path = self._database.path
        with self._database.reading():
            found = _DECODER.decode(unpack(body))
        if found.id != id_:
            raise run_corrupt(path, f"the verdict {id_} is not what was written")
        return found
