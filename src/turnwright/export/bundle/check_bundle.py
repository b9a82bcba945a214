#!/usr/bin/env python3
"""Check a turnwright audit bundle, without turnwright: this file needs Python 3.11 and, for signatures, `cryptography`.

    python check_bundle.py BUNDLE [--key PUBLISHER.pub] [--known HEAD.json]

BUNDLE is a folder. --key: the publisher's public key as you got it from them, not out of the bundle; without it a
signature only shows that the bundle is of one piece. --known: a tree head that you kept from an earlier bundle; the
ledger must begin with what that head covered. Prints every fault with its place; exit 0: sound, 1: not, 2: unreadable.

What is checked: the seal over bundle.json; every file's size and SHA-256, and that there is no other; the ledger's
root (RFC 6962) against the signed head, and its order; that every record has the id which the ledger gives it; that
the set holds what was admitted and nothing else; the counts; that a licence covers each class said to be ruled on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FORMAT, HEAD_FORMAT = "turnwright-bundle-1", "turnwright-head-1"
MANIFEST, SEAL, LEDGER = "bundle.json", "bundle.seal", "ledger.jsonl"
KINDS = {"scenarios": "sc", "blueprints": "bp", "conversations": "cv", "rejected": "cv", "verdicts": "vd",
         "councils": "co", "admissions": "ad"}  # fmt: skip
_TEXTS = ("admission", "stage", "reason", "scenario", "blueprint", "conversation", "verdict", "council", "outline")
ENTRIES: dict[str, dict[str, type]] = {
    "admission": {"ordinal": int, "admitted": bool, "turns": list, **dict.fromkeys(_TEXTS, str)},
    "deletion": {"turns": list},
    "quarantine": {"first": int, "last": int},
}
"""What entries of each kind must have."""
OUTLINE = {"ending": "complete", "attempt": 0}
"""Fields of a conversation that are not written where they have this value."""
SHOWN = 20


class Fault(NamedTuple):
    """One fault. kind: short code; where: file and line, or field; what: in words."""

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"


class Unreadable(Exception):
    """The bundle cannot even be read."""


def check(folder: Path, public: bytes | None = None, known: dict[str, Any] | None = None) -> list[Fault]:
    """All faults of a bundle, none where it is sound; raises Unreadable.

    public: 32 bytes of the publisher's key. known: a signed head that was kept from earlier.
    """
    return list(_Check(folder, public, known).faults())


class _Check:
    def __init__(self, folder: Path, public: bytes | None, known: dict[str, Any] | None) -> None:
        self.folder, self.public, self.known = folder, public, known
        self.manifest = _object(folder / MANIFEST)
        self.entries: list[dict[str, Any]] = []
        self.leaves: list[bytes] = []
        self.ids: dict[str, set[str]] = {}
        self.gone: set[str] = set()  # turns whose words were deleted
        self.out: set[int] = set()  # scenarios in quarantine
        self.erased: set[int] = set()  # scenarios that such turns are of
        self.admissions: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []

    def faults(self) -> Iterator[Fault]:
        if self.manifest.get("format") != FORMAT:
            yield Fault("format", MANIFEST, f"this is {self.manifest.get('format')!r}, not {FORMAT!r}")
            return
        outside, inside = (self.sealed, self.files, self.ledger, self.head, self.past), (self.records, self.counts)
        for step in (*outside, *inside, self.licences):
            try:
                yield from step()
            except (KeyError, TypeError, ValueError, AttributeError) as fault:  # whoever changed it may change anything
                what = f"its form is not that of a bundle ({type(fault).__name__}: {fault})"
                yield Fault("malformed", f"{MANIFEST} or what it names: {step.__name__}", what)

    # --- the outside ---------------------------------------------------------------------------------------------

    def sealed(self) -> Iterator[Fault]:
        """The seal: hash and signature of bundle.json."""
        seal = _object(self.folder / SEAL)
        digest = hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()
        if seal.get("sha256") != digest:
            what = f"SHA-256 is {digest[:16]}..., the seal says {str(seal.get('sha256'))[:16]}..."
            yield Fault("seal", MANIFEST, what)
        expected = {"sha256", "key", "public", "signature"}
        if set(seal) != expected:
            yield Fault("seal", SEAL, f"has the fields {sorted(seal)}, not {sorted(expected)}")
            return
        if (self.folder / SEAL).read_bytes() != _canonical(seal) + b"\n":
            yield Fault("seal", SEAL, "its bytes are not as a seal is written")
        message = f"{FORMAT}\n{seal['sha256']}\n".encode()
        yield from self.signature(SEAL, seal["public"], seal["key"], seal["signature"], message)

    def signature(self, where: str, public: Any, key: Any, signature: Any, message: bytes) -> Iterator[Fault]:
        if not any((public, key, signature)):
            if self.public:
                yield Fault("unsigned", where, "nobody signed it, but a key was given")
            return
        try:
            own = bytes.fromhex(public)
        except (TypeError, ValueError):
            own = b""
        if len(own) != 32 or own.hex() != public or hashlib.sha256(own).hexdigest()[:16] != key:
            yield Fault("key", where, "the public key does not have the id that is given")
        elif self.public and own != self.public:
            yield Fault("key", where, f"signed by {key}, not by the key that was given")
        elif not _is_signed(own, signature, message):
            yield Fault("signature", where, "the signature is not of these bytes")

    def files(self) -> Iterator[Fault]:
        told = self.manifest.get("files") or {}
        for name, about in sorted(told.items()):
            path = self.folder / name
            if ".." in Path(name).parts or not path.is_file():
                yield Fault("missing file", name, "the bundle says that it is there")
                continue
            size = path.stat().st_size
            if size < about["bytes"]:
                yield Fault("truncated file", name, f"{size:,} of {about['bytes']:,} bytes")
            elif size > about["bytes"]:
                yield Fault("grown file", name, f"{size:,} instead of {about['bytes']:,} bytes")
            elif _sha(path) != about["sha256"]:
                yield Fault("changed file", name, "its SHA-256 is another than the bundle says")
        there = {p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file()}
        for name in sorted(there - set(told) - {MANIFEST, SEAL}):
            yield Fault("extra file", name, "the bundle does not tell of it")

    # --- the ledger ----------------------------------------------------------------------------------------------

    def ledger(self) -> Iterator[Fault]:
        for line, body in _lines(self.folder / LEDGER):
            self.leaves.append(hashlib.sha256(b"\x00" + body).digest())
            entry = _entry(body)
            if not entry:
                yield Fault("changed entry", f"{LEDGER}:{line}", "its form is not that of an entry")
            self.entries.append(entry)
            if entry.get("kind") == "deletion":
                self.gone.update(entry["turns"])
            if entry.get("kind") == "quarantine":
                self.out.update(range(entry["first"], entry["last"] + 1))
        self.admissions = [entry for entry in self.entries if entry.get("kind") == "admission"]
        self.erased = {e["ordinal"] for e in self.admissions if not self.gone.isdisjoint(e["turns"])}
        out = self.out | self.erased
        self.taken = [e for e in self.admissions if e["admitted"] and e["ordinal"] not in out]
        ordinals = [entry["ordinal"] for entry in self.admissions]
        for place, (found, expected) in enumerate(zip(ordinals, range(len(ordinals)), strict=True)):
            if found != expected:
                how = "reordered log" if sorted(ordinals) == list(range(len(ordinals))) else "removed entry"
                yield Fault(how, f"{LEDGER}: admission {place + 1}", f"tells of scenario {found}, not of {expected}")
                return

    def head(self) -> Iterator[Fault]:
        """The head: its size and root are those of the log, and it is signed."""
        head = self.manifest.get("head") or {}
        size = head.get("size")
        if size != len(self.leaves):
            how = "removed entry" if isinstance(size, int) and size > len(self.leaves) else "added entry"
            yield Fault(how, LEDGER, f"{len(self.leaves):,} entries, the tree head says {size}")
        root = _root(self.leaves).hex()
        if head.get("root") != root:
            what = f"the log's root is {root[:16]}..., the tree head says {str(head.get('root'))[:16]}..."
            yield Fault("forged tree head" if size == len(self.leaves) else "tree head", f"{MANIFEST}: head", what)
        told = {name: value for name, value in head.items() if name != "signature"}
        if head.get("format") != HEAD_FORMAT or head.get("log") != self.manifest.get("spec"):
            yield Fault("tree head", f"{MANIFEST}: head", "it is of another log or form")
        key, public = head.get("key"), self.manifest.get("public") if head.get("key") else ""
        where = f"{MANIFEST}: head"
        for fault in self.signature(where, public, key, head.get("signature"), _canonical(told)):
            yield fault._replace(kind="forged tree head") if fault.kind == "signature" else fault

    def past(self) -> Iterator[Fault]:
        """The log begins with what a head that was kept has covered."""
        if self.known is None:
            return
        size, root = self.known.get("size", 0), self.known.get("root")
        if self.known.get("log") != self.manifest.get("spec"):
            yield Fault("other log", "the known head", f"is of {self.known.get('log')}")
        elif size > len(self.leaves):
            what = f"the ledger has {len(self.leaves):,} entries, a head of {size:,} is known"
            yield Fault("replayed older bundle", LEDGER, what)
        elif _root(self.leaves[:size]).hex() != root:
            yield Fault("rewritten log", LEDGER, f"its first {size:,} entries are not those that were signed before")

    # --- the records ---------------------------------------------------------------------------------------------

    def records(self) -> Iterator[Fault]:
        without = set(self.manifest.get("without", ()))
        if without - {"rejected", "journal"}:
            yield Fault("malformed", f"{MANIFEST}: without", f"a bundle cannot be without {sorted(without)}")
        taken = {entry["conversation"]: entry for entry in self.taken}
        refused = {e["conversation"]: e for e in self.admissions if e["conversation"] not in {*taken, ""}}
        for name, prefix in KINDS.items():
            quoting = name in ("verdicts", "councils") and "rejected" in without
            told = self.taken if quoting else self.admissions
            wanted = {"conversations": set(taken), "rejected": set(refused)}.get(name)
            if name != "rejected" or "rejected" not in without:
                wanted = {e[name[:-1]] for e in told} - {""} if wanted is None else wanted
                yield from self.kind(name, prefix, wanted, {**taken, **refused})
        for one in sorted(self.ids.get("conversations", set()) & set(refused)):
            yield Fault("rejected in the set", "records/conversations.jsonl", f"{one} was not admitted")

    def kind(self, name: str, prefix: str, wanted: set[str], entries: dict[str, Any]) -> Iterator[Fault]:
        """The records of one kind: each is what the ledger names, and none is missing."""
        file, found = f"records/{name}.jsonl", self.ids.setdefault(name, set())
        blank = {str(e.get(name[:-1])) for e in self.admissions if e["ordinal"] in self.erased}
        for line, body in _lines(self.folder / file, missing_is_empty=True):
            made = f"{prefix}_{hashlib.sha256(body).hexdigest()[:32]}"
            if prefix == "cv":
                made = yield from self.conversation(f"{file}:{line}", made, body, entries)
            elif body.startswith(b'{"deleted":'):  # it could quote words that were deleted
                made = next((one for one in blank if body == _canonical({"deleted": one})), made)
            if made and made not in wanted:
                yield Fault("changed record", f"{file}:{line}", f"the ledger knows no such record ({made})")
            elif made in found:
                yield Fault("doubled record", f"{file}:{line}", made)
            found.add(made)
        for one in sorted(wanted - found)[:SHOWN]:
            yield Fault("missing record", file, f"{one}, of which the ledger tells, is not there or was changed")

    def conversation(self, where: str, made: str, body: bytes, entries: dict[str, Any]) -> Any:
        """Its turns have the ids of the entry; turns whose words were deleted are known by their tombstones."""
        try:
            told = json.loads(body)
            deleted = told.pop("deleted", None)
            turns = told.pop("turns")
        except (ValueError, KeyError, TypeError, AttributeError):
            yield Fault("changed record", where, "not a conversation")
            return ""
        made = deleted["conversation"] if deleted else made
        entry = entries.get(made)
        if entry is None:
            return made
        outline = f"ol_{hashlib.sha256(_canonical({**OUTLINE, **told})).hexdigest()[:32]}"
        if outline != entry["outline"] or len(turns) != len(entry["turns"]):
            yield Fault("changed record", where, "its outline is not that of the ledger")
        for number, (turn, expected) in enumerate(zip(turns, entry["turns"], strict=False)):
            if expected in self.gone:
                origin = {"origin": turn["provenance"]["origin"]}
                if turn != {"deleted": expected, "role": turn["role"], "provenance": origin}:
                    yield Fault("deleted turn", f"{where}, turn {number}", "its words were to be deleted")
            elif f"tn_{hashlib.sha256(_canonical(turn)).hexdigest()[:32]}" != expected:
                yield Fault("changed turn", f"{where}, turn {number}", f"the ledger has {expected}")
        return made

    # --- claims --------------------------------------------------------------------------------------------------

    def counts(self) -> Iterator[Fault]:
        """What bundle and card say of numbers, counted anew."""
        refused = Counter(f"{e['stage']}: {e['reason']}" for e in self.admissions if not e["admitted"])
        out = self.out | self.erased
        left = [e["ordinal"] for e in self.admissions if e["admitted"] and e["ordinal"] in out]
        refused.update("monitor: quarantined" if one in self.out else "delete: words_deleted" for one in left)
        origins: Counter[str] = Counter()
        for _, body in _lines(self.folder / "records/conversations.jsonl", missing_is_empty=True):
            origins.update(_origins(body))
        counted: dict[str, Any] = {"scenarios": len(self.admissions), "admitted": len(self.taken)}
        counted |= {"rejected": dict(refused), "origins": dict(origins)}
        said = self.manifest.get("counts") or {}
        for name, value in counted.items():
            if said.get(name) != value:
                yield Fault("counts", f"{MANIFEST}: counts.{name}", f"says {said.get(name)}, the data has {value}")
        card = self.folder / "exports/README.md"
        if card.is_file():
            told = re.search(r"^([\d,]+) synthetic multi-turn conversations", card.read_text("utf-8"), re.MULTILINE)
            if told is None or int(told[1].replace(",", "")) != len(self.taken):
                yield Fault("counts", "exports/README.md", f"the card does not say {len(self.taken):,} conversations")

    def licences(self) -> Iterator[Fault]:
        """Every class that an arbiter is said to guard is covered by a licence of exactly these arbiters."""
        claimed = [g["defect"] for g in self.manifest.get("guards", ()) if g["guarded_by"].endswith("arbiter")]
        arbiters, held = self.manifest.get("arbiters") or [], set()
        for path in sorted((self.folder / "licences").glob("*.json")):
            licence = _object(path)
            if licence.get("arbiters") == arbiters:
                classes = licence.get("classes", ())
                held |= {each["defect"] for each in classes if each["licensed"] and _passes(each, licence)}
        for defect in claimed:
            if defect not in held:
                yield Fault("licence", f"{MANIFEST}: guards", f"no licence of these arbiters covers {defect}")


def _entry(body: bytes) -> dict[str, Any]:
    """An entry that has all that its kind has, of the right types; {} for anything else."""
    try:
        told = json.loads(body)
        form = ENTRIES[told["kind"]]
    except (ValueError, KeyError, TypeError):
        return {}
    return told if all(type(told.get(name)) is kind for name, kind in form.items()) else {}


def _origins(body: bytes) -> list[str]:
    """Who wrote each turn of words; none for a line that is no conversation, which `records` names."""
    try:
        turns = json.loads(body)["turns"]
        return [turn["provenance"]["origin"] for turn in turns if turn.get("text") and turn["role"] != "tool"]
    except (ValueError, KeyError, TypeError):
        return []


def _passes(each: dict[str, Any], licence: dict[str, Any]) -> bool:
    return bool(
        each["miss_bound"] <= licence.get("miss_limit", 0.05) and each["alarm_bound"] <= licence.get("alarm_limit", 0.1)
    )


# --- bytes and hashes -------------------------------------------------------------------------------------------


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as fault:
        raise Unreadable(f"{path.name}: cannot be read ({fault.strerror})") from None
    except ValueError as fault:
        raise Unreadable(f"{path.name}: not JSON ({fault})") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{path.name}: not a JSON object")
    return found


def _lines(path: Path, *, missing_is_empty: bool = False) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip(b"\n")
    except OSError as fault:
        if not missing_is_empty:
            raise Unreadable(f"{path.name}: cannot be read ({fault.strerror})") from None


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: neighbours are joined level by level, a last one without a neighbour rises as it is."""
    level = leaves
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0] if level else hashlib.sha256().digest()


def _is_signed(public: bytes, signature: Any, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        made = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(made, message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return bool(base64.b64encode(made).decode() == signature)  # the last character has bits that decoding passes over


def main(words: list[str]) -> int:
    """Check the bundle that is named on the command line."""
    options = dict(zip(words[1::2], words[2::2], strict=False))
    if not words or len(words) % 2 == 0 or set(options) - {"--key", "--known"}:
        sys.stdout.write(f"{__doc__}\n")
        return 2
    try:
        public = bytes.fromhex(Path(options["--key"]).read_text("ascii").strip()) if "--key" in options else None
        known = _object(Path(options["--known"])) if "--known" in options else None
        faults = check(Path(words[0]), public, known)
    except (Unreadable, OSError, ValueError) as why:
        sys.stdout.write(f"unreadable: {why}\n")
        return 2
    said = [*map(str, faults[:SHOWN]), *([f"... and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else [])]
    said.append("not sound" if faults else "sound" if public else "sound; who published it was not checked: give --key")
    sys.stdout.writelines(f"{line}\n" for line in said)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
