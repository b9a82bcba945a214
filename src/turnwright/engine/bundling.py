"""Audit bundles of runs: signing the ledger's head, and gathering everything that an outsider needs to check a set.

What a bundle looks like is said in `export/bundle`. Nothing secret goes into it: keys are only ever in the environment,
and a spec that is written down leaves out what could be one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from turnwright import __version__
from turnwright.domains import Domain, packs
from turnwright.engine.designing import domain_of
from turnwright.engine.fidelity import FIDELITY
from turnwright.engine.guards import guards_of, licence_at, models_of, panel_of
from turnwright.engine.spec import Spec
from turnwright.errors import InputError
from turnwright.models import Reply
from turnwright.records import Json, canonical
from turnwright.store import Journal, Run, read_run

if TYPE_CHECKING:  # cryptography takes its time, and only who signs or bundles needs it
    from turnwright.export.bundle import Bundle, BundleFacts

__all__ = ["DELETED", "DOMAIN", "SPEC", "bundle_run", "signer", "told_spec"]

SPEC, DOMAIN = "spec.json", "domain"
DELETED = "deleted"
"""`finish` of a reply whose words were deleted."""
LEFT_OUT = ("rejected", "journal")
"""What a bundle may be without."""
_DOMAIN_FILES = {".yaml", ".yml", ".json", ".py", ".md", ".txt"}
_CALLS_AT_ONCE = 256


def signer(key: str) -> Callable[[Run], None]:
    """What signs the head of a run with the key of this name and keeps it; with no name, nothing does.

    Raises:
        InputError: there is no such key, or it cannot be used.
    """
    if not key:
        return lambda run: None
    from turnwright.store.ledger.heads import sign_run  # here, since cryptography takes its time
    from turnwright.store.ledger.keys import key_named

    found = key_named(key)

    def sign(run: Run) -> None:
        sign_run(run, found)

    return sign


def bundle_run(
    spec: Spec, base: Path, folder: Path, to: Path, *, key: str = "", without: Collection[str] = ()
) -> Bundle:
    """Write the audit bundle of a run.

    Args:
        base: the folder that the spec's paths are relative to. to: the bundle's folder; it must not be there yet.
        key: name of the key that signs head and bundle; nobody does where it is empty.
        without: `rejected` (conversations that are not in the set, and what quotes them), `journal` (calls).

    Raises:
        InputError: the folder is there, there is no such key, or spec, domain or exports are not the run's.
    """
    from turnwright.export.bundle import write_bundle
    from turnwright.store.ledger.heads import sign_run, unsigned_head
    from turnwright.store.ledger.keys import key_named

    unknown = sorted(set(without) - set(LEFT_OUT))
    if unknown:
        raise InputError(f"a bundle cannot be without '{unknown[0]}'", fix=f"one of: {', '.join(LEFT_OUT)}")
    signing = key_named(key) if key else None
    with read_run(folder) as run:
        domain = domain_of(spec, base)
        _check_run(run, spec, domain)
        _check_secrets(spec, base)
        done = run.records.done_up_to()
        made = write_bundle(
            to,
            run.records.concluded(),
            run.records.log.ledger.entries(),
            sign_run(run, signing) if signing else unsigned_head(run),
            run.folder.exports,
            _facts(run, spec, base, domain),
            journal=None if "journal" in without else _calls(run.journal),
            without_rejected="rejected" in without,
            out=frozenset(run.records.batches.ordinals()),
            key=signing,
        )
        if run.records.done_up_to() != done:
            shutil.rmtree(to)
            raise InputError("the run went on while it was bundled", where=str(folder), fix="wait until it has ended")
        return made


def told_spec(spec: Spec) -> dict[str, Json]:
    """The whole spec as plain data; writing it down leaves out what could be a secret (see `models.redaction`)."""
    return spec.model_dump(mode="json", by_alias=True)


def _check_run(run: Run, spec: Spec, domain: Domain) -> None:
    where = str(run.folder.path)
    if run.records.logged_up_to() != run.records.done_up_to():
        raise InputError("the run was begun before there was a ledger", where=where, fix="go on with it once")
    begun = run.begun_with
    if begun.get("domain_files") != domain.fingerprint:
        what = f"the run was made with the domain {begun.get('domain_files')}, and this is {domain.fingerprint}"
        raise InputError(what, where=where, fix="put the domain's files back as they were")
    try:
        manifest = msgspec.json.decode((run.folder.exports / "manifest.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        raise InputError("the run has no exports", where=where, fix="write them with `turnwright export`") from None
    if manifest.get("spec") != spec.id:
        what = "the exports were written with another spec"
        raise InputError(what, where=where, fix="name that spec, or write them again with `turnwright export`")
    if manifest.get("conversations") != run.records.admitted():
        what = f"the exports have {manifest.get('conversations')} conversations, the set {run.records.admitted()}"
        raise InputError(what, where=where, fix="write them again with `turnwright export`")


def _facts(run: Run, spec: Spec, base: Path, domain: Domain) -> BundleFacts:
    from turnwright.export.bundle import BundleFacts
    from turnwright.store.ledger.heads import log_id

    models, licence = models_of(run, spec), licence_at(spec, base)
    texts = {f"{DOMAIN}/{name}": content for name, content in _domain_files(spec, base)}
    told = msgspec.json.encode({"id": spec.id, "spec": told_spec(spec)})  # as it stands: the order of splits counts
    texts[SPEC] = msgspec.json.format(told, indent=1) + b"\n"
    fidelity = run.folder.path / FIDELITY
    if fidelity.exists():
        texts[FIDELITY] = fidelity.read_bytes()
    return BundleFacts(
        spec=log_id(run),
        domain=domain.fingerprint,
        version=__version__,
        roles=models,
        arbiters=tuple(panel_of(models).values()),
        guards=guards_of(spec, base, domain, licence, models).table,
        licences=(licence,) if licence else (),
        texts=texts,
    )


def _domain_files(spec: Spec, base: Path) -> Iterator[tuple[str, bytes]]:
    """Every file that the domain's fingerprint is over."""
    folder = packs().get(spec.domain) or base / spec.domain
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _DOMAIN_FILES and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _check_secrets(spec: Spec, base: Path) -> None:
    """Refuse a bundle whose domain files hold a key or header of the spec (where spec and domain share a folder)."""
    secrets = spec.secrets
    for name, content in _domain_files(spec, base):
        if secrets.among(content.decode("utf-8", "replace")):
            raise InputError(
                "a file of the domain holds a secret of the spec, and would be bundled",
                where=name,
                fix="keep spec and domain in folders of their own, or keys in variables (api_key_env)",
            )


def _calls(journal: Journal) -> Iterator[bytes]:
    """A line for each finished call, by id: the reply, and the request where the run kept it."""
    ids = journal.call_ids()
    while some := tuple(islice(ids, _CALLS_AT_ONCE)):
        for call in sorted(journal.calls_of(some), key=lambda one: one.call_id):
            reply = msgspec.json.decode(journal.get(call.call_id) or b"{}", type=Reply)
            if reply.finish == DELETED:
                continue
            request = journal.request_of(call.call_id)
            asked = {} if request is None else {"request": msgspec.Raw(request)}
            told = {"id": call.call_id, "role": call.role, "model": call.model, "reply": reply}
            yield canonical({**told, **asked})
