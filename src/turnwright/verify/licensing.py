"""The licence as a file, and when it no longer holds.

The file names what was examined, so that anybody can compare it with what is about to rule. It carries its own content
id: a licence that was changed by hand is noticed. It is no signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from turnwright.errors import InputError
from turnwright.records import Json, Licence, canonical, content_id
from turnwright.store import write_bytes
from turnwright.verify.rubric import CriterionSpec

__all__ = ["read_licence", "rubric_hash", "void", "write_licence"]

VERSION = 1
_AGAIN = "take the exam again: turnwright examine"


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in the file."""

    id: str
    licence: Licence


def read_licence(path: Path) -> Licence:
    """Read a licence.

    Raises:
        InputError: it is not there, cannot be read, is of another version, or was changed after the exam.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise InputError("there is no licence", where=str(path), fix=_AGAIN) from None
    except OSError as error:
        fix = "check the path and its permissions"
        raise InputError(f"the licence cannot be read ({error.strerror})", where=str(path), fix=fix) from error
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is not a whole licence ({error})", where=str(path), fix=_AGAIN) from error
    licence = document.licence
    if licence.version != VERSION:
        what = f"the licence is of version {licence.version}, this program reads version {VERSION}"
        raise InputError(what, where=str(path), fix=_AGAIN)
    if licence.id != document.id:
        raise InputError("the licence was changed after the exam", where=str(path), fix=_AGAIN)
    return licence


def write_licence(path: Path, licence: Licence) -> None:
    """Write it whole, as indented JSON.

    Raises:
        DiskFull, StoreError: it could not be written; what was there is as it was.
    """
    document: Json = {"id": licence.id, "licence": licence}
    write_bytes(path, msgspec.json.format(canonical(document), indent=2) + b"\n")


def rubric_hash(criteria: Iterable[CriterionSpec]) -> str:
    """Hash of the criteria, whatever their order: each is asked on its own."""
    rows = [criterion.model_dump(mode="json") for criterion in criteria]
    return content_id("ru", sorted(rows, key=canonical))


def void(
    licence: Licence, *, arbiters: Sequence[str], tie: str, prompts: Mapping[str, str], rubric_hash: str, domain: str
) -> str:
    """Say in one line why a licence does not hold for these arbiters; empty when it does.

    Args:
        arbiters: fingerprints of the models in the order of the panel. prompts: as `Arbiter.prompts` gives them.
        domain: fingerprint of the domain.
    """
    if tuple(arbiters) != licence.arbiters:
        return _other_arbiters(licence.arbiters, tuple(arbiters))
    if domain != licence.domain:
        return f"the exam was about the domain {licence.domain}, this is {domain}"
    if rubric_hash != licence.rubric:
        return "the rubric changed since the exam"
    if tie != licence.tie:
        return f"the tie rule was '{licence.tie}' in the exam and is '{tie}' now"
    for name in sorted({*prompts, *licence.prompts}):
        if prompts.get(name) != licence.prompts.get(name):
            return f"the prompt '{name}' changed since the exam"
    return ""


def _other_arbiters(examined: tuple[str, ...], now: tuple[str, ...]) -> str:
    unknown = [name for name in now if name not in examined]
    if unknown:
        return f"the arbiter {unknown[0]} was not examined (examined: {', '.join(examined)})"
    return f"the panel was {', '.join(examined)} in the exam and is {', '.join(now) or 'empty'} now"
