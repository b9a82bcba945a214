"""The human conversations that all rounds are compared with, frozen at the start, and what it means to be compared.

A loop that is compared with its own last round never sees where it went. So the reference is summed up once, kept in
`reference.json`, and another one is refused in every later round. Rounds themselves are read in `rounds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.monitor.variety import FIGURES, Counted, Measured, act_counts, measured
from turnwright.reading import Example, set_hash
from turnwright.records import Record, canonical, derive_seed
from turnwright.records.fidelity import Floor
from turnwright.store.files import write_bytes

__all__ = ["LEAST", "FrozenReference", "Level", "compared", "freeze", "kept_reference", "same_reference"]

BELOW = 0.05
"""Acts with a smaller share of the reference's labelled turns are its tail."""
SIZE = 100
"""Conversations at which entropies are compared."""
HALVES = 50
LEAST = 10
"""Conversations below which a set is not read."""


class FrozenReference(Record, frozen=True, kw_only=True):
    """The human conversations of all rounds. reference: their content id. tail: its rare acts, with this share of the
    labelled turns, None without labels. levels: of the reference itself, entropies at `size` conversations. floors:
    what one half of it shows against the other.
    """

    prefix: ClassVar[str] = "fz"

    reference: str
    conversations: int
    size: int
    below: float
    tail: tuple[str, ...]
    tail_share: float | None
    levels: dict[str, Measured]
    floors: dict[str, Floor]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a round beside the reference's. value: the part of the tail that is left (1: all), or bits more
    than the reference has (0: as much); None where `why` says why not. error: standard error of the round's own draw;
    shared: that of the reference, which all rounds share. floor: the lowest that human halves show.
    """

    name: str
    value: float | None
    error: float = 0.0
    shared: float = 0.0
    floor: float | None = None
    why: str = ""


def freeze(reference: Sequence[Example], *, below: float = BELOW, size: int = SIZE, seed: int = 0) -> FrozenReference:
    """Sum up the reference once and for all.

    Raises:
        InputError: there are fewer than 20 conversations, too few for two halves.
    """
    if len(reference) < 2 * LEAST:
        raise InputError(
            f"{len(reference)} human conversations are too few to follow rounds with",
            fix=f"give at least {2 * LEAST}, better some hundred",
        )
    acts = act_counts(reference)
    whole = acts.total()
    tail = tuple(sorted(act for act, count in acts.items() if count < below * whole))
    at = min(size, len(reference))
    counted = Counted(reference)
    levels = measured(counted, frozenset(tail), size=at, seed=seed)
    return FrozenReference(
        reference=set_hash(reference),
        conversations=len(reference),
        size=at,
        below=below,
        tail=tail,
        tail_share=levels["tail_retention"].value if tail else None,
        levels=levels,
        floors=_floors(counted, frozenset(tail), at, seed),
    )


def kept_reference(
    path: Path, reference: Sequence[Example], *, below: float = BELOW, size: int = SIZE
) -> FrozenReference:
    """The reference as `path` (`reference.json`) keeps it; frozen and written there if it is not yet.

    Raises:
        InputError: the file keeps another reference, or none that can be read.
    """
    if not path.exists():
        frozen = freeze(reference, below=below, size=size)
        write_bytes(path, canonical(frozen) + b"\n")
        return frozen
    try:
        frozen = msgspec.json.decode(path.read_bytes(), type=FrozenReference)
    except msgspec.DecodeError as error:
        raise InputError(f"no frozen reference: {error}", where=str(path), fix="put the file back as it was") from error
    same_reference(frozen, set_hash(reference), str(path))
    return frozen


def same_reference(frozen: FrozenReference, given: str, where: str) -> None:
    """Raise InputError where the content id that is given is not the frozen reference's."""
    if frozen.reference != given:
        raise InputError(
            f"rounds are compared with reference {frozen.reference[:11]}, and this one is {given[:11]}",
            where=where,
            fix="give the reference of the first round, or begin anew in another folder",
        )


def _floors(counted: Counted, tail: frozenset[str], size: int, seed: int) -> dict[str, Floor]:
    """What random halves of the reference show against one another."""
    rng = np.random.default_rng(derive_seed("halves", seed, counted.size))
    half = counted.size // 2
    found: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(HALVES):
        order = rng.permutation(counted.size)
        one, other = (
            measured(counted, tail, size=min(size, half), seed=seed, among=places)
            for places in (order[:half], order[half : 2 * half])
        )
        for name in FIGURES:
            value = compared(name, one[name], other[name]).value
            if value is not None:
                found[name].append(value)
    quantiles = {name: np.quantile(values, [0.025, 0.5, 0.975]) for name, values in found.items() if values}
    return {
        name: Floor(median=float(middle), low=float(low), high=float(high), halves=len(found[name]), size=half)
        for name, (low, middle, high) in quantiles.items()
    }


def compared(name: str, now: Measured, human: Measured, fewer: float = 0.0) -> Level:
    """The figure beside the reference's. fewer: how many times as wide as the reference's own the error is at least:
    a set that shows no rare act at all has no spread, and yet it is a draw.
    """
    if now.value is None or human.value is None or (name == "tail_retention" and not human.value):
        why = "no act labels" if name in ("tail_retention", "act_entropy", "flow_entropy") else "no words"
        return Level(name=name, value=None, why=why)
    error = max(now.error, fewer * human.error)
    if name != "tail_retention":
        return Level(name=name, value=now.value - human.value, error=error, shared=human.error)
    left = now.value / human.value
    return Level(name=name, value=left, error=error / human.value, shared=left * human.error / human.value)
