"""The human conversations that a run is held against: read once, and frozen when the run is opened.

A set that is compared with another reference at every look cannot be told to drift, so a run keeps the first.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from turnwright.engine.spec import Spec
from turnwright.errors import InputError, RunFolderError
from turnwright.monitor.gates import check_gates
from turnwright.reading import ExampleSet, read_conversations
from turnwright.store import Run

__all__ = ["REFERENCE", "freeze", "reference_of"]

REFERENCE = "reference"
"""Key under which a run keeps the content id of its reference."""
LEAST = 10
"""Conversations below which nothing can be said of the reference's spread."""
NEEDED = ("sklearn", "scipy", "wordllama")
"""What the monitors are made with: the extra `measure`."""


def reference_of(spec: Spec, base: Path) -> ExampleSet | None:
    """Read the spec's reference; None where it names none.

    Raises:
        InputError: a file cannot be read, there are too few conversations, a gate names no monitor, or what measures
            them is not installed.
    """
    watching = spec.monitor
    if not watching.reference:
        return None
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"{', '.join(missing)} is not installed, and `monitor` needs it", fix="pip install 'turnwright[measure]'"
        )
    if watching.gates:
        check_gates(watching.gates)
    paths = [base / name for name in watching.reference]
    return read_conversations(paths, rename=watching.rename, name="reference", least=LEAST)


async def freeze(run: Run, reference: ExampleSet) -> None:
    """Keep the reference's content id with the run.

    Raises:
        RunFolderError: the run is held against other conversations.
    """
    frozen, now = run.records.meta(REFERENCE), reference.hash.encode()
    if frozen is None:
        await run.records.put_meta(REFERENCE, now)
    elif frozen != now:
        raise RunFolderError(
            f"this run is held against another reference ({frozen.decode()}), not {reference.hash}",
            where=str(run.folder.path),
            fix="give the conversations that it began with, name a new folder, or compare with `turnwright monitor`",
        )
