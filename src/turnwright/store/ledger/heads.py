"""The signed heads of a run: the last one in `head.json`, to be given to others, and every earlier one beside it.

A head is only signed where the log still begins with what was signed before. Whose key it is is not known here.
"""

from __future__ import annotations

import msgspec

from turnwright.errors import InputError
from turnwright.records import canonical, content_id
from turnwright.store.faults import run_corrupt
from turnwright.store.files import write_bytes
from turnwright.store.ledger.signing import SignedHead, SigningKey, sign
from turnwright.store.run import Run

__all__ = ["HEAD", "HEADS", "head_id", "heads_of", "log_id", "sign_run", "unsigned_head"]

HEAD, HEADS = "head.json", "heads.jsonl"


def log_id(run: Run) -> str:
    """Which log this is: the id of the spec that the run was begun with."""
    return content_id("sp", run.begun_with)


def head_id(head: SignedHead) -> str:
    """How the next head names this one: hash over all of it."""
    return content_id("hd", head)


def heads_of(run: Run) -> tuple[SignedHead, ...]:
    """Every head that was signed, the first one first.

    Raises:
        RunCorrupt: the file cannot be read as heads.
    """
    path = run.folder.path / HEADS
    if not path.exists():
        return ()
    try:
        return tuple(msgspec.json.decode(line, type=SignedHead) for line in path.read_bytes().splitlines())
    except (OSError, msgspec.MsgspecError) as fault:
        raise run_corrupt(path, f"its signed heads cannot be read: {fault}") from None


def sign_run(run: Run, key: SigningKey) -> SignedHead:
    """Sign the head of a run and keep it; what was signed already is not signed again.

    Raises:
        InputError: the log does not begin with what was signed before.
        RunCorrupt, StoreError: the heads cannot be read or written.
    """
    ledger, kept = run.records.log.ledger, heads_of(run)
    last, head = kept[-1] if kept else None, run.records.log.ledger.head()
    if last is not None and (last.size > ledger.size or ledger.head(last.size) != last.head):
        raise InputError(
            f"the ledger does not begin with the {last.size:,} entries that were signed before",
            where=str(run.folder.path),
            fix="put the run database back that belongs to these heads",
        )
    signed = last
    if signed is None or (signed.head, signed.key) != (head, key.id):
        signed = sign(head, key, log=log_id(run), previous=head_id(last) if last is not None else "")
        lines = b"".join(canonical(one) + b"\n" for one in (*kept, signed))
        write_bytes(run.folder.path / HEADS, lines)
    write_bytes(run.folder.path / HEAD, canonical(signed) + b"\n")
    return signed


def unsigned_head(run: Run) -> SignedHead:
    """The head of a run that nobody signs."""
    head = run.records.log.ledger.head()
    return SignedHead(log=log_id(run), size=head.size, root=head.root, key="", signature="")
