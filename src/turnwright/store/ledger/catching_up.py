"""A run that was begun before there was a ledger: its admissions get the entries that they would have had.

They are a function of what is kept, so that whoever catches up comes to the same log. A ledger that has any entry is
never added to here.
"""

from __future__ import annotations

from collections.abc import Iterator

from turnwright.store.faults import run_corrupt
from turnwright.store.ledger.entry import admission_entry, quarantine_entry
from turnwright.store.run_database import RunDatabase

__all__ = ["catch_up"]


def catch_up(records: RunDatabase) -> int:
    """Append what the ledger of a run has missed; returns how many entries that were. Call it before the run goes on.

    Raises:
        RunCorrupt: the ledger tells of other admissions than the run has.
        StoreError: they could not be stored.
    """
    done, logged = records.done_up_to(), records.logged_up_to()
    if done == logged:
        return 0
    if records.log.ledger.size:
        raise run_corrupt(records.path, f"its ledger tells of {logged} scenarios, and {done} were concluded")
    records.log.write_at_once((), (), _entries(records))
    return records.log.ledger.size


def _entries(records: RunDatabase) -> Iterator[bytes]:
    """All entries in the order in which a run appends them: a quarantine comes after its batch."""
    quarantines = [verdict for verdict in records.batches.verdicts() if verdict.quarantined]
    for concluded in records.concluded():
        ordinal = concluded.admission.ordinal
        while quarantines and quarantines[0].last < ordinal:
            yield quarantine_entry(quarantines.pop(0))
        yield admission_entry(concluded.admission, concluded.conversation)
    yield from map(quarantine_entry, quarantines)
