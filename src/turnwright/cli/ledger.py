"""What proves a set: keys, audit bundles and their checking, deletion on request, and making a set again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from turnwright.api import load
from turnwright.cli.console import complain, out
from turnwright.errors import InputError

__all__ = ["bundle", "delete", "keys", "reproduce", "verify"]

HERE = Path("factory.yaml")
SHOWN = 20
BundlePath = Annotated[Path, typer.Argument(help="the bundle's folder")]


def keys(
    name: Annotated[str, typer.Argument(help="make a key of this name; lists the public keys without one")] = "",
) -> None:
    """Make a key that signs tree heads and bundles, or list the public keys."""
    from turnwright.store.ledger.keys import key_folder, new_key, public_keys  # here: cryptography takes its time
    from turnwright.store.ledger.signing import key_id

    if name:
        path = new_key(name)
        out.print(f"made the key '{name}'; give others its public half: {path}", markup=False)
    found = {each: public for each, public in public_keys().items() if name in ("", each)}
    for each, public in found.items():
        out.print(f"{each}  id {key_id(public)}  public {public.hex()}", markup=False)
    if not found:
        out.print(f"there are no keys in {key_folder()}; make one with `turnwright keys NAME`", markup=False)


def bundle(
    to: Annotated[Path, typer.Option("--to", help="a new folder for the bundle")],
    spec: Annotated[Path, typer.Argument(help="factory.yaml, or the folder that holds it")] = HERE,
    folder: Annotated[Path | None, typer.Option("--folder", "-f", help="the run folder")] = None,
    key: Annotated[str, typer.Option("--key", help="the key that signs it (see `turnwright keys`)")] = "",
    without: Annotated[list[str] | None, typer.Option("--without", help="leave out: `rejected` or `journal`")] = None,
) -> None:
    """Write an audit bundle of a run: set, records, ledger, journal, and a small program that checks them."""
    from turnwright.engine.bundling import bundle_run

    factory = load(spec)
    place = folder if folder is not None else factory.folder
    made = bundle_run(factory.spec, factory.base, place, to, key=key, without=without or ())
    signed = f"signed with the key {made.key}" if made.key else "not signed (give --key NAME)"
    held = f"{made.admitted:,} of {made.scenarios:,} scenarios admitted, {made.files:,} files"
    out.print(f"{made.folder}: {held}, {signed}", markup=False)
    out.print(f"ledger: {made.head.size:,} entries, root {made.head.root}")
    out.print(f"anyone can check it: python {made.folder / 'check_bundle.py'} {made.folder}", markup=False)


def verify(
    bundle: BundlePath,
    key: Annotated[
        Path | None, typer.Option("--key", help="the publisher's public key, as you got it from them")
    ] = None,
    known: Annotated[
        Path | None, typer.Option("--known", help="a tree head (head.json) that you kept from earlier")
    ] = None,
) -> int:
    """Check every hash, the ledger, signatures, counts and licences of a bundle: 0 sound, 1 not, 2 unreadable."""
    from turnwright.export.bundle import Unreadable, check
    from turnwright.store.ledger.keys import public_key

    public = public_key(key) if key is not None else None
    try:
        faults = check(bundle, public, _head(known) if known is not None else None)
    except Unreadable as why:
        complain(str(why), "name a folder that `turnwright bundle` wrote")
        return 2
    for fault in faults[:SHOWN]:
        out.print(str(fault), markup=False)
    if len(faults) > SHOWN:
        out.print(f"... and {len(faults) - SHOWN:,} more")
    told = "sound" if public else "sound; who published it was not checked: give --key"
    out.print(f"not sound: {len(faults):,} {'fault' if len(faults) == 1 else 'faults'}" if faults else told)
    return 1 if faults else 0


def _head(path: Path) -> dict[str, object]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError) as fault:
        raise InputError(f"not a tree head ({fault})", where=str(path), fix="name a head.json") from None


def delete(
    run: Annotated[Path, typer.Argument(help="the run folder")],
    turns: Annotated[list[str], typer.Argument(help="ids of turns (tn_...)")],
    reason: Annotated[str, typer.Option("--reason", help="why; stands in the ledger for good")],
) -> None:
    """Delete the words of turns from a run; hashes stay, so that proofs hold."""
    from turnwright.engine.deleting import delete_turns

    done = delete_turns(run, turns, reason)
    for ordinal, conversation in done.conversations.items():
        out.print(f"scenario {ordinal}: {conversation} leaves the set")
    out.print(f"deleted: the words of {len(done.turns)} turns, of {done.calls} calls, and {done.records} other records")
    out.print("exports and reports of the run were removed: write them again with `turnwright export`", markup=False)
    out.print("not reached: bundles, copies and backups outside of the run folder, and what was trained on them")


def reproduce(
    bundle: BundlePath,
    to: Annotated[Path, typer.Option("--to", help="a new folder for what is made")],
    base: Annotated[
        Path | None, typer.Option("--base", help="where files lie that the spec names and no bundle holds")
    ] = None,
) -> int:
    """Make a set again from its bundle, without any model, and compare every byte: 0 the same, 1 not.

    It runs the domain's own code (tools.py): look at it, or know who signed the bundle.
    """
    from turnwright.engine.reproducing import reproduce as make_again

    made = asyncio.run(make_again(bundle, to, base=base))
    for line in made.differences:
        out.print(f"differs: {line}", markup=False)
    how = f"{made.scenarios:,} scenarios from {made.calls:,} calls of the journal, no model was asked"
    same = "every byte is the same" if not made.differences else f"{len(made.differences):,} differ"
    out.print(f"{how}: {made.files:,} files compared, {same}")
    return 1 if made.differences else 0
