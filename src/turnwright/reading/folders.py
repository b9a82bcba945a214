"""Which files of a folder hold conversations: Hugging Face folders, saved data sets, folders of JSONL.

A folder must be of one kind, since the same conversations often lie there in several forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from turnwright.errors import InputError

__all__ = ["RUN_FILE", "files_of"]

RUN_FILE = "run.db"
_ENDINGS = {
    ".jsonl": "JSONL",
    ".jsonl.gz": "JSONL",
    ".ndjson": "JSONL",
    ".ndjson.gz": "JSONL",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".json": "JSON",
    ".json.gz": "JSON",
}
_MANIFEST = "manifest.json"
_ABOUT = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", _MANIFEST, "croissant.json"}
_ABOUT_ENDINGS = (".provenance.jsonl", ".reference.json", ".critique.jsonl", ".preference.jsonl")


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files with conversations that a folder holds, in the order of their names.

    Raises:
        InputError: there is none, or they are of several kinds.
    """
    if not path.is_dir():
        return [path]
    if (path / _MANIFEST).is_file():
        raise InputError(
            "this folder holds the exports of a run, maybe the same conversations in several forms",
            where=str(path),
            fix="name the run folder, or the folder of one form",
        )
    found = {file: kind for file in sorted(path.rglob("*")) if (kind := _kind(file, path))}
    kinds = Counter(found.values())
    if len(kinds) > 1:  # JSON files beside others mostly tell about them
        kinds.pop("JSON", None)
    if not kinds:
        raise InputError(
            "there is no run in this folder, and no file of conversations", where=str(path), fix=_told(_ENDINGS)
        )
    if len(kinds) > 1:
        counted = " and ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        raise InputError(
            f"the folder holds {counted} files, maybe the same conversations twice",
            where=str(path),
            fix="name the files to read",
        )
    return [file for file, kind in found.items() if kind in kinds]


def _told(endings: Sequence[str] | dict[str, str]) -> str:
    return f"name a run folder, or a folder with files of {', '.join(endings)}"


def _kind(file: Path, folder: Path) -> str:
    """By its ending; "" for what is hidden, tells about others, or is something else."""
    inside = file.relative_to(folder).parts
    name = file.name.lower()
    if any(part.startswith(".") for part in inside) or name in _ABOUT or name.endswith(_ABOUT_ENDINGS):
        return ""
    kind = next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), "")
    return kind if kind and file.is_file() else ""
