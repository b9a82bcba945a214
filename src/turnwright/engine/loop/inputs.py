"""What a loop may not be begun with: everything that would make its figures worthless is found before a call is paid.

The dev set steers, so it may never touch the final test; where it is part of the human conversations that the student
learns from, the student is cross-fitted. A folder belongs to one loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from pydantic import ValidationError

from turnwright.domains import Domain
from turnwright.engine.designing import domain_of
from turnwright.engine.guards import refuse_own_guard
from turnwright.engine.loop.records import LoopSettings, Placed
from turnwright.errors import InputError, RunFolderError
from turnwright.monitor.gates import check_gates
from turnwright.monitor.settings import GateSettings
from turnwright.reading import ExampleSet
from turnwright.records import Json, canonical
from turnwright.store import write_bytes
from turnwright.store.lock import RunLock
from turnwright.train.folds import known_by
from turnwright.train.overlap import overlap, refuse_overlap

__all__ = ["ENOUGH", "begin", "begun_with", "domains_of", "is_cross_fitted", "refuse_inputs", "refuse_reference"]

BEGUN, LOCK = "begun.json", "loop.lock"
ALIKE = 0.1
"""Share of real conversations that may have most of their word runs from the test; of STAR's halves 2 % have."""
ENOUGH = 20
"""Human conversations from which on rounds are compared with them."""
_SHOWN = 3


def refuse_inputs(settings: LoopSettings, dev: ExampleSet, human: ExampleSet | None, test: ExampleSet | None) -> None:
    """Raise InputError where rounds, floor or the sets of conversations cannot be used together."""
    if settings.rounds < 1:
        raise InputError(f"a loop of {settings.rounds} rounds", fix="ask for at least 1")
    if not 0 <= settings.human_floor < 1:
        raise InputError(f"a human floor of {settings.human_floor:g} is impossible", fix="give a share in [0, 1)")
    if settings.patience < 0:
        raise InputError(f"a patience of {settings.patience} rounds", fix="give 0 (never stop early) or more")
    check_gates([_gate(when) for when in settings.gates])
    if settings.human_floor and human is None:
        raise InputError(
            f"a human floor of {settings.human_floor:g} without human conversations", fix="name them with --human"
        )
    if test is None:
        return
    for one, name in ((dev, "dev set"), (human, "human set")):
        if one is not None:
            _refuse_shared(one, test, name)


def refuse_reference(reference: ExampleSet | None, at_hand: ExampleSet, gates: Sequence[str]) -> None:
    """Raise InputError where rounds are to be compared with a reference that is too small for it.

    at_hand: what stands in where nobody names a reference, which only gates insist on.
    """
    against = reference or at_hand
    if len(against) < ENOUGH and (reference is not None or gates):
        raise InputError(
            f"{len(against)} human conversations are too few to follow rounds with",
            where=", ".join(against.sources),
            fix=f"give at least {ENOUGH} with --reference, better some hundred",
        )


def _gate(when: str) -> GateSettings:
    try:
        return GateSettings(when=when)
    except ValidationError as error:
        raise InputError(str(error.errors()[0]["msg"]).removeprefix("Value error, "), fix="see `--gate`") from None


def _refuse_shared(one: ExampleSet, test: ExampleSet, name: str) -> None:
    tested = {known_by(example) for example in test.examples}
    both = [example.name for example in one.examples if known_by(example) in tested]
    if both:
        raise InputError(
            f"{len(both):,} of the {len(one):,} conversations of the {name} stand in the test too, "
            f"e.g. {', '.join(both[:_SHOWN])}",
            where=", ".join(test.sources),
            fix="the loop is steered by the dev set, so the test must be other conversations",
        )
    refuse_overlap(overlap(one.examples, test.examples), ALIKE, name)


def is_cross_fitted(dev: ExampleSet, human: ExampleSet | None) -> bool:
    """Whether the dev set is part of the human conversations that are learnt from.

    Raises:
        InputError: a part of it is, and a part is not.
    """
    learnt = {known_by(one) for one in human.examples} if human else set()
    shared = [one.name for one in dev.examples if known_by(one) in learnt]
    if shared and len(shared) < len(dev):
        raise InputError(
            f"{len(shared):,} of the dev set's {len(dev):,} conversations are among the human ones, the others are not",
            where=", ".join(dev.sources),
            fix="give other conversations, or a dev set that is wholly among them, which is then cross-validated",
        )
    return bool(shared)


def domains_of(placed: Sequence[Placed]) -> list[Domain]:
    """Load the domains, one a spec.

    Raises:
        InputError: a spec or domain cannot be used, or two specs are of one domain.
    """
    if not placed:
        raise InputError("a loop without a spec", fix="name one or more factory.yaml")
    domains = []
    for one in placed:
        refuse_own_guard(one.spec, one.base)
        domains.append(domain_of(one.spec, one.base))
    names = [domain.name for domain in domains]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two specs are of the domain '{twice}'", fix="give one spec a domain")
    return domains


def begun_with(
    placed: Sequence[Placed],
    domains: Sequence[Domain],
    settings: LoopSettings,
    dev: ExampleSet,
    human: ExampleSet | None,
    reference: ExampleSet | None,
) -> dict[str, Json]:
    """Everything that decides a round; how many there may be, what warns and what tests them at the end decide none."""
    kept: dict[str, Json] = msgspec.to_builtins(settings)
    for ends in ("rounds", "patience", "human_warning"):
        kept.pop(ends)
    if not settings.gates:
        kept.pop("gates")
    specs = {domain.name: one.spec.id for one, domain in zip(placed, domains, strict=True)}
    files = {domain.name: domain.fingerprint for domain in domains}
    against = {} if reference is None else {"reference": reference.hash}
    return {
        **against,
        "specs": specs,
        "domains": files,
        "dev": dev.hash,
        "human": human.hash if human else "",
        "settings": kept,
    }


def begin(folder: Path, whole: dict[str, Json]) -> RunLock:
    """Take a new or empty folder for this loop, or go on with it; the lock is the caller's to release.

    Raises:
        RunFolderError: it belongs to another loop, is in use, or holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise RunFolderError("this is a file, not a folder", where=str(folder), fix="name a folder")
    _require_ours(folder, whole)
    folder.mkdir(parents=True, exist_ok=True)
    lock = RunLock(folder / LOCK)
    write_bytes(folder / BEGUN, canonical(whole) + b"\n")
    return lock


def _require_ours(folder: Path, whole: dict[str, Json]) -> None:
    path = folder / BEGUN
    if path.exists():
        before = _read(path)
        other = [name for name in whole if before.get(name) != msgspec.json.decode(canonical(whole[name]))]
        if other:
            raise RunFolderError(
                f"this loop was begun with other {' and '.join(other)}",
                where=str(folder),
                fix="change it back, or name a new folder",
            )
        return
    there = [entry.name for entry in folder.iterdir() if entry.name != LOCK] if folder.is_dir() else []
    if there:
        raise RunFolderError(
            f"the folder holds other things ({', '.join(sorted(there)[:_SHOWN])}) and no loop",
            where=str(folder),
            fix="name a new or an empty folder",
        )


def _read(path: Path) -> dict[str, Json]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Json])
    except (OSError, msgspec.DecodeError) as fault:
        raise RunFolderError(f"cannot be read ({fault})", where=str(path), fix="name a new folder") from fault
