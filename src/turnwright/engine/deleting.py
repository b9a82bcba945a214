"""Deleting words on request: out of the run database, and with it every file of the run that could repeat them.

Exports and reports are taken away, since they were written before; they are written again without the conversation.
What has left the run folder (bundles, copies, backups, students that were trained) cannot be reached.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from turnwright.engine.bundling import DELETED
from turnwright.engine.fidelity import FIDELITY, PAGE
from turnwright.errors import InputError
from turnwright.models import Reply
from turnwright.records import canonical
from turnwright.store import open_run, read_run
from turnwright.store.ledger.erasing import Erased, erase_turns

__all__ = ["delete_turns"]

_PAGES = ("report.html", FIDELITY, PAGE)


def delete_turns(folder: Path, turns: Sequence[str], reason: str) -> Erased:
    """Delete the words of these turns from a run, and leave tombstones.

    Args:
        turns: ids, or beginnings that name one turn each. reason: stands in the ledger for good; no words of the turn.

    Raises:
        InputError: there is no such turn, no reason, or another process has the run.
        StoreError: it could not be written; nothing was changed.
    """
    if not turns:
        raise InputError("no turn is named", where=str(folder), fix="give ids of turns (tn_...)")
    if not reason.strip():
        raise InputError("a deletion needs a reason", where=str(folder), fix='say --reason "..."')
    with read_run(folder) as run:
        begun = run.begun_with
    with open_run(folder, spec=begun, create=False) as run:
        done = erase_turns(run, turns, reason, _without_words)
        shutil.rmtree(run.folder.exports, ignore_errors=True)
        run.folder.exports.mkdir(exist_ok=True)
        for name in _PAGES:
            (folder / name).unlink(missing_ok=True)
    return done


def _without_words(reply: bytes) -> bytes:
    """What was paid, and nothing of what was said."""
    paid = msgspec.json.decode(reply, type=Reply)
    return canonical(Reply(finish=DELETED, usage=paid.usage, seconds=paid.seconds))
