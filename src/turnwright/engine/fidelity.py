"""How like its reference a run's set is: compared at the end of a run, kept in its folder, read for card and report.

It costs no model call. `fidelity.json` is for programs, `fidelity.html` for people.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from turnwright import __version__
from turnwright.engine.kit import Kit
from turnwright.errors import InputError
from turnwright.monitor.compare import compare
from turnwright.monitor.page import fidelity_json, fidelity_page
from turnwright.reading import ExampleSet, example_of
from turnwright.records import content_id
from turnwright.records.fidelity import Fidelity, GateOutcome
from turnwright.store import write_bytes, write_text

__all__ = ["FIDELITY", "PAGE", "keep_fidelity", "kept_fidelity"]

FIDELITY, PAGE = "fidelity.json", "fidelity.html"
MEASURED = "fidelity"
"""Key under which a run keeps what its comparison is of."""


async def keep_fidelity(kit: Kit) -> tuple[str, ...]:
    """Compare what was admitted with the reference and write both files; return what is to be said of it.

    Nothing is measured twice. Where they cannot be compared, the reason is told and files of an earlier state are
    removed.
    """
    if kit.reference is None:
        return ()
    folder, watching = kit.run.folder.path, kit.spec.monitor
    reference = msgspec.structs.replace(kit.reference, sources=tuple(watching.reference))
    ours = _admitted(kit)
    of = _what_decides(reference, ours, kit)
    if kit.run.records.meta(MEASURED) == of and all((folder / name).exists() for name in (FIDELITY, PAGE)):
        return ()
    try:
        made = compare(reference, ours, watching, seed=kit.spec.seed)
    except InputError as error:
        for name in (FIDELITY, PAGE):
            (folder / name).unlink(missing_ok=True)
        return (f"how like the reference the set is was not measured: {error.what}",)
    write_bytes(folder / FIDELITY, fidelity_json(made))
    write_text(folder / PAGE, fidelity_page(made, gates=_last_words(kit), heading=f"{kit.spec.name}: fidelity"))
    await kit.run.records.put_meta(MEASURED, of)
    return ()


def kept_fidelity(folder: Path, admitted: int) -> Fidelity | None:
    """What was measured of this run's set; None where nothing was, or of a set with fewer or more conversations."""
    try:
        made = msgspec.json.decode((folder / FIDELITY).read_bytes(), type=Fidelity)
    except (OSError, msgspec.DecodeError):
        return None
    return made if made.n[1] == admitted else None


def _admitted(kit: Kit) -> ExampleSet:
    rename = kit.spec.monitor.rename
    examples = tuple(
        example_of(each.conversation, each.scenario, rename=rename)
        for each in kit.run.records.concluded(admitted=True)
        if each.conversation is not None
    )
    return ExampleSet(examples=examples, sources=(f"run {kit.spec.name}",), specs=(kit.spec.id,))


def _what_decides(reference: ExampleSet, ours: ExampleSet, kit: Kit) -> bytes:
    """Everything on which the files depend."""
    watching = kit.spec.monitor.model_dump(mode="json")
    said = [one.id for one in _last_words(kit)]
    return content_id("fm", [reference.hash, ours.hash, watching, kit.spec.seed, said, __version__]).encode()


def _last_words(kit: Kit) -> tuple[GateOutcome, ...]:
    verdicts = kit.judging.verdicts if kit.judging is not None else ()
    return verdicts[-1].outcomes if verdicts else ()
