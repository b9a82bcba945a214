"""Making a set again from its bundle: spec, domain and journal, no model and no network, and the same bytes.

Where a byte is another, it says in which file. It runs the domain's own code, so that only a bundle that is sound is
touched; who published it is the reader's question (`turnwright verify --key`).
"""

from __future__ import annotations

import asyncio
import filecmp
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
from pydantic import Field

from turnwright.engine.assemble import open_kit
from turnwright.engine.bundling import DOMAIN, SPEC
from turnwright.engine.events import Listener, silent
from turnwright.engine.exporting import export_run
from turnwright.engine.fidelity import FIDELITY
from turnwright.engine.local import run_flow
from turnwright.engine.spec import CapSpec, ScriptedSpec, Spec
from turnwright.errors import CapReached, InputError
from turnwright.export.bundle import Unreadable, check
from turnwright.export.bundle.write import JOURNAL, BundleFacts, write_bundle
from turnwright.models import Reply, Request
from turnwright.records import Json, Licence, canonical, content_id
from turnwright.store import Journal
from turnwright.store.ledger.heads import unsigned_head
from turnwright.verify.licensing import write_licence

__all__ = ["Reproduced", "reproduce"]

LICENCE = "licence.json"
_COMPARED = ("ledger.jsonl", "records", "exports")
_CALLS_AT_ONCE = 256


class Reproduced(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. files: how many were compared. differences: one line a file that is not the same, none when the
    bytes are the same. folder: where everything lies.
    """

    folder: Path
    scenarios: int
    calls: int
    files: int
    differences: tuple[str, ...] = ()


class _ToldSpec(Spec):
    """A spec that goes by the id of another: what is told of it is told of that one."""

    told_id: str = Field(default="", exclude=True)

    @property
    def id(self) -> str:
        return self.told_id or super().id


class _FromJournal:
    """Stands in for a model: everything that it said is in the journal, and it says nothing more."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint, self.missing = fingerprint, ""

    async def complete(self, request: Request) -> Reply:
        """Refuse.

        Raises:
            CapReached: always; a call that is not there must stop everything and not become a rejection.
        """
        self.missing = self.missing or content_id("cl", (self.fingerprint, request))
        raise CapReached("a call is not in the journal")

    async def close(self) -> None:
        """Nothing is held."""


async def reproduce(bundle: Path, to: Path, *, base: Path | None = None, tell: Listener = silent) -> Reproduced:
    """Run a bundle's spec again from its journal alone, and compare records, ledger and exports byte by byte.

    Args:
        to: a new folder, which gets domain, run, and the bundle of what was made.
        base: where files lie that the spec names and that no bundle holds (held-out and reference conversations).

    Raises:
        InputError: the bundle is not sound, has no journal or not all of it, or the folder is there.
    """
    manifest, spec = _read(bundle)
    local = _unpacked(spec, bundle, to, base)
    clients = {name: _FromJournal(manifest["roles"][role]) for role, name in spec.speaking.items()}
    async with open_kit(local, to, to / "run", tell, clients=clients) as kit:
        calls = await _load(kit.run.journal, bundle / JOURNAL)
        await run_flow(kit)
        _require_all_found(clients.values())
        if (bundle / FIDELITY).exists():
            shutil.copyfile(bundle / FIDELITY, to / "run" / FIDELITY)
        kit.run.spec = {**kit.run.spec, **spec.decided()}  # what is told of the models is told of those that spoke
        export_run(kit.run, kit.domain, spec, kit.guards, kit.fingerprints)
        facts = BundleFacts(spec=manifest["spec"], domain=manifest["domain"], version="", roles=manifest["roles"])
        made = write_bundle(
            to / "bundle", kit.run.records.concluded(), kit.run.records.log.ledger.entries(), unsigned_head(kit.run),
            kit.run.folder.exports, facts, without_rejected="rejected" in manifest["without"],
            out=frozenset(kit.run.records.batches.ordinals()),
        )  # fmt: skip
    files = sorted(set(_names(bundle)) | set(_names(made.folder)))
    differences = tuple(line for name in files for line in _difference(bundle / name, made.folder / name, name))
    return Reproduced(folder=to, scenarios=made.scenarios, calls=calls, files=len(files), differences=differences)


# --- what a bundle holds ----------------------------------------------------------------------------------------


def _read(bundle: Path) -> tuple[dict[str, Json], _ToldSpec]:
    """The manifest and the spec of a bundle that is sound, whole, and can be made again."""
    try:
        faults = check(bundle)
    except Unreadable as fault:
        raise InputError(str(fault), where=str(bundle), fix="name a bundle of `turnwright bundle`") from None
    if faults:
        raise InputError(f"the bundle is not sound: {faults[0]}", where=str(bundle), fix="see `turnwright verify`")
    manifest = msgspec.json.decode((bundle / "bundle.json").read_bytes())
    if "journal" in manifest["without"] or not (bundle / SPEC).exists():
        raise InputError("the bundle was made without its journal", where=str(bundle), fix="ask for one that has it")
    told = msgspec.json.decode((bundle / SPEC).read_bytes())
    spec = _ToldSpec.model_validate({**told["spec"], "told_id": told["id"]})
    deleted = manifest["counts"]["rejected"].get("delete: words_deleted", 0)
    if deleted or b'"kind":"deletion"' in (bundle / "ledger.jsonl").read_bytes():
        raise InputError("words were deleted from this set, and cannot be made again", where=str(bundle))
    return manifest, spec


def _unpacked(spec: _ToldSpec, bundle: Path, to: Path, base: Path | None) -> Spec:
    """The spec as it runs here: models that send nothing, no caps, and files where they lie now."""
    needed = spec.monitor.reference if spec.monitor.gates else []  # what was measured at the end lies in the bundle
    held_out, reference = _elsewhere(spec.admit.held_out, base), _elsewhere(needed, base)
    if to.exists():
        raise InputError("there is something already", where=str(to), fix="name a new folder")
    to.mkdir(parents=True)
    shutil.copytree(bundle / DOMAIN, to / DOMAIN)
    licence = Path(spec.arbiter.licence)
    if licence.is_absolute() or ".." in licence.parts:
        licence = Path(LICENCE)
    for found in sorted((bundle / "licences").glob("*.json"))[:1]:
        (to / licence).parent.mkdir(parents=True, exist_ok=True)
        write_licence(to / licence, msgspec.json.decode(found.read_bytes(), type=Licence))
    return spec.model_copy(
        update={
            "domain": DOMAIN,
            "models": {name: ScriptedSpec(kind="scripted", script=_which(spec, name)) for name in spec.models},
            "arbiter": spec.arbiter.model_copy(update={"licence": licence.as_posix()}),
            "caps": CapSpec(),
            "run": spec.run.model_copy(update={"durability": "process", "keep_requests": False}),
            "admit": spec.admit.model_copy(update={"held_out": held_out}),
            "monitor": spec.monitor.model_copy(update={"reference": reference}),
        }
    )


def _which(spec: Spec, name: str) -> str:
    """A name that two models share exactly where they are one model."""
    told = spec.models[name].model_dump(include={"kind", "model", "script"})
    return canonical({field: str(value).casefold() for field, value in told.items()}).decode()


def _elsewhere(files: list[str], base: Path | None) -> list[str]:
    if files and base is None:
        what = f"the run was held against files that no bundle holds ({', '.join(files[:3])})"
        raise InputError(what, fix="name the folder that they lie in with --base")
    return [str((base or Path()).absolute() / name) for name in files]


async def _load(journal: Journal, path: Path) -> int:
    """Put the bundle's calls into a run's journal; returns how many."""
    count = 0
    with path.open("rb") as lines:
        while some := list(islice(lines, _CALLS_AT_ONCE)):
            await asyncio.gather(*(_put(journal, msgspec.json.decode(line)) for line in some))
            count += len(some)
    return count


async def _put(journal: Journal, told: dict[str, Json]) -> None:
    reply = msgspec.convert(told["reply"], Reply)
    await journal.record(
        told["id"], role=told["role"], model=told["model"], request=None, reply=canonical(reply), usage=reply.usage,
        seconds=reply.seconds,
    )  # fmt: skip


def _require_all_found(clients: Iterable[_FromJournal]) -> None:
    for client in clients:
        if client.missing:
            what = f"the journal has no reply of {client.fingerprint} to the call {client.missing}"
            fix = "the run was not whole when it was bundled, or another turnwright made it"
            raise InputError(what, where=JOURNAL, fix=fix)


# --- comparing --------------------------------------------------------------------------------------------------


def _names(folder: Path) -> Iterator[str]:
    for top in _COMPARED:
        place = folder / top
        found = [place] if place.is_file() else place.rglob("*")
        yield from (path.relative_to(folder).as_posix() for path in found if path.is_file())


def _difference(told: Path, made: Path, name: str) -> Iterator[str]:
    """One line where two files are not the same bytes, with the place where they part."""
    if not (told.exists() and made.exists()):
        yield f"{name}: only in {'the bundle' if told.exists() else 'what was made now'}"
    elif not filecmp.cmp(told, made, shallow=False):
        with told.open("rb") as one, made.open("rb") as other:
            places = enumerate(zip(one, other, strict=False), start=1)
            line = next((number for number, (a, b) in places if a != b), None)
        yield f"{name}: {f'line {line} is another' if line else 'one of them is longer'}"
