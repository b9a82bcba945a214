"""Writing an audit bundle: everything an outsider needs to check a set, and the small program that checks it.

Records and ledger entries are written as the canonical bytes that their ids and leaves are hashes of, one a line. The
bundle appears under its name when it is whole. What it must never hold (keys, requests) is not given to it.
"""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.export.bundle import check_bundle
from turnwright.export.card import Guard
from turnwright.records import Admission, Conversation, Json, Licence, Record, canonical
from turnwright.store import Concluded, write_bytes
from turnwright.store.ledger.log import LedgerEntry
from turnwright.store.ledger.signing import SignedHead, SigningKey

__all__ = ["Bundle", "BundleFacts", "write_bundle"]

QUOTING = ("verdicts", "councils")
RECORDS = tuple(check_bundle.KINDS)
CHECKER, JOURNAL = "check_bundle.py", "journal.jsonl"


class BundleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the run knows besides its records. roles: role → fingerprint. arbiters: of the panel, in order.

    spec, domain: their ids. version: of turnwright.

    guards: one a defect class. licences: those of the arbiters. texts: file → content (the spec, the domain's files).
    """

    spec: str
    domain: str
    version: str
    roles: dict[str, str]
    arbiters: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    licences: tuple[Licence, ...] = ()
    texts: dict[str, bytes] = {}


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What was written. files: how many. key: id of the key that signed it, "" when nobody did."""

    folder: Path
    scenarios: int
    admitted: int
    files: int
    head: SignedHead
    key: str = ""


def write_bundle(
    folder: Path,
    concluded: Iterable[Concluded],
    entries: Iterable[LedgerEntry],
    head: SignedHead,
    exports: Path,
    facts: BundleFacts,
    *,
    journal: Iterable[bytes] | None = None,
    without_rejected: bool = False,
    out: frozenset[int] = frozenset(),
    key: SigningKey | None = None,
) -> Bundle:
    """Write a bundle into a folder that is not there yet.

    Args:
        concluded: every scenario of the run in order. entries: the whole ledger. head: over exactly these entries.
        exports: the run's export folder, copied as it is. journal: a line for each finished call, None to leave it out.
        without_rejected: leave out the conversations that are not in the set, with what quotes them.
        out: ordinals of admitted conversations that were quarantined. key: signs the bundle.

    Raises:
        InputError: the folder is there already. DiskFull, StoreError: it cannot be written; nothing is left.
    """
    if folder.exists():
        raise InputError("there is something already", where=str(folder), fix="name a new folder for the bundle")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        counts = _records(part, concluded, out, without_rejected=without_rejected)
        _write(part / check_bundle.LEDGER, (entry.body for entry in entries))
        if journal is not None:
            _write(part / JOURNAL, journal)
        _beside(part, exports, facts)
        files = {name: _about(part / name) for name in sorted(_names(part))}
        left_out = {"rejected": without_rejected, "journal": journal is None}
        told = _manifest(facts, head, counts, files, key) | {"without": [name for name, so in left_out.items() if so]}
        _seal(part, msgspec.json.format(canonical(told), indent=1) + b"\n", key)
        part.rename(folder)
    except OSError as fault:
        what = f"the bundle cannot be written ({fault.strerror})"
        raise InputError(what, where=str(folder), fix="free some space, or name another folder") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    made = {"scenarios": counts.scenarios, "admitted": counts.admitted}
    return Bundle(folder=folder, files=len(files) + 2, head=head, key=key.id if key else "", **made)


# --- records ----------------------------------------------------------------------------------------------------


class _Counts:
    """What is counted while records are written."""

    def __init__(self) -> None:
        self.scenarios = self.admitted = 0
        self.rejected: Counter[str] = Counter()
        self.origins: Counter[str] = Counter()

    def take(self, admission: Admission, conversation: Conversation | None, *, out: bool, deleted: bool) -> bool:
        """Count one scenario; returns whether the set has it."""
        self.scenarios += 1
        if not admission.admitted or conversation is None:
            self.rejected[f"{admission.stage}: {admission.reason}"] += 1
        elif out or deleted:
            self.rejected["monitor: quarantined" if out else "delete: words_deleted"] += 1
        else:
            self.admitted += 1
            words = [turn for turn in conversation.turns if turn.text and turn.role != "tool"]
            self.origins.update(turn.provenance.origin for turn in words)
            return True
        return False

    @property
    def told(self) -> dict[str, Json]:
        return {"scenarios": self.scenarios, "admitted": self.admitted,
                "rejected": dict(self.rejected), "origins": dict(self.origins)}  # fmt: skip


def _records(part: Path, concluded: Iterable[Concluded], out: frozenset[int], *, without_rejected: bool) -> _Counts:
    counts = _Counts()
    (part / "records").mkdir()
    kinds = [name for name in RECORDS if name != "rejected" or not without_rejected]
    with ExitStack() as stack:
        files = {name: stack.enter_context((part / "records" / f"{name}.jsonl").open("wb")) for name in kinds}
        for one in concluded:
            out_of_it = one.admission.ordinal in out
            kept = counts.take(one.admission, one.conversation, out=out_of_it, deleted=bool(one.tombstone))
            for name, line in lines_of(one, kept=kept):
                if kept or not without_rejected or name not in ("rejected", *QUOTING):
                    files[name].write(line + b"\n")
    return counts


def lines_of(one: Concluded, *, kept: bool) -> Iterator[tuple[str, bytes]]:
    """The lines of one scenario, each with the name of its file; `kept`: whether the set has it.

    Of a scenario of which words were deleted, a record that is not there as it was is only named.
    """
    admission = one.admission
    yield "scenarios", canonical(one.scenario)
    yield "admissions", _line(admission, admission.id)
    if one.blueprint is not None:
        yield "blueprints", canonical(one.blueprint)
    if one.conversation is not None and admission.conversation_id:
        yield ("conversations" if kept else "rejected"), one.tombstone or canonical(one.conversation)
    if admission.verdict_id and (one.verdict is not None or one.tombstone):
        yield "verdicts", _line(one.verdict, admission.verdict_id)
    if admission.council_id and (one.council is not None or one.tombstone):
        yield "councils", _line(one.council, admission.council_id)


def _line(record: Record | None, named: str) -> bytes:
    whole = canonical(record) if record is not None else b""
    is_whole = record is not None and named == f"{record.prefix}_{hashlib.sha256(whole).hexdigest()[:32]}"
    return whole if is_whole else canonical({"deleted": named})


# --- what stands beside -----------------------------------------------------------------------------------------


def _beside(part: Path, exports: Path, facts: BundleFacts) -> None:
    if exports.is_dir():
        shutil.copytree(exports, part / "exports")
    for name, content in facts.texts.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_bytes(content)
    (part / "licences").mkdir()
    for licence in facts.licences:
        (part / "licences" / f"{licence.id}.json").write_bytes(canonical(licence) + b"\n")
    (part / CHECKER).write_bytes(Path(check_bundle.__file__).read_bytes())


def _manifest(
    facts: BundleFacts, head: SignedHead, counts: _Counts, files: dict[str, Json], key: SigningKey | None
) -> dict[str, Json]:
    return {
        "format": check_bundle.FORMAT,
        "turnwright": facts.version,
        "spec": facts.spec,
        "domain": facts.domain,
        "roles": facts.roles,
        "arbiters": list(facts.arbiters),
        "guards": [{"defect": one.defect, "guarded_by": one.guarded_by, "detail": one.detail} for one in facts.guards],
        "counts": counts.told,
        "head": msgspec.structs.asdict(head),
        "public": key.public.hex() if key else "",
        "files": files,
    }


def _seal(part: Path, manifest: bytes, key: SigningKey | None) -> None:
    digest = hashlib.sha256(manifest).hexdigest()
    signature = key.sign(f"{check_bundle.FORMAT}\n{digest}\n".encode()) if key else b""
    seal = {
        "sha256": digest,
        "key": key.id if key else "",
        "public": key.public.hex() if key else "",
        "signature": b64encode(signature).decode("ascii"),
    }
    write_bytes(part / check_bundle.MANIFEST, manifest)
    write_bytes(part / check_bundle.SEAL, canonical(seal) + b"\n")


def _write(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)


def _names(part: Path) -> Iterator[str]:
    return (path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())


def _about(path: Path) -> dict[str, Json]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
