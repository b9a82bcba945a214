"""Under which licence conversations may be used, as far as something says so; never guessed.

Looked at, in this order: the line itself, `dataset_info.json`, the front matter of `README.md`, `LICENSES/NAME.txt` for
the data set, file or folder of that name, and a `LICENSE` beside the file. Whether a licence suits a purpose is not
judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

__all__ = ["UNKNOWN", "FoundLicence", "dataset_name", "find_licence"]

UNKNOWN = "unknown"
_INFO, _README = "dataset_info.json", "README.md"
_LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
_NAME = re.compile(r"[\w.+ -]{1,100}")  # what may become a part of a path: the line says it
_READ = 4000  # letters of a licence's text, of which the head names it
_DASHES = {0x2013: "-", 0x2014: "-"}
_TEXTS = (
    ("attribution-noncommercial-sharealike 4.0", "CC-BY-NC-SA-4.0"),
    ("attribution-noncommercial-noderivatives 4.0", "CC-BY-NC-ND-4.0"),
    ("attribution-noncommercial 4.0", "CC-BY-NC-4.0"),
    ("attribution-sharealike 4.0", "CC-BY-SA-4.0"),
    ("attribution-noderivatives 4.0", "CC-BY-ND-4.0"),
    ("attribution 4.0 international", "CC-BY-4.0"),
    ("cc0 1.0 universal", "CC0-1.0"),
    ("community data license agreement - sharing - version 1.0", "CDLA-Sharing-1.0"),
    ("community data license agreement - permissive - version 1.0", "CDLA-Permissive-1.0"),
    ("community data license agreement - permissive - version 2.0", "CDLA-Permissive-2.0"),
    ("apache license version 2.0", "Apache-2.0"),
    ("permission is hereby granted, free of charge, to any person", "MIT"),
)
"""Words at the head of a licence's text, spaces and dashes alike → its SPDX id."""


class FoundLicence(msgspec.Struct, frozen=True):
    """A licence, and the file that says so; "" where it is unknown."""

    licence: str
    where: str = ""


def find_licence(file: Path, root: Path, source: str = "") -> FoundLicence:
    """The licence of a file of conversations.

    Args:
        file: the file. root: what was named to be read, the file itself or a folder around it.
        source: the data set, as the line calls it.
    """
    folders = _around(file, root)
    names = [name for name in (source, *_stems(file), *(folder.name for folder in folders)) if _NAME.fullmatch(name)]
    for folder in folders:
        for found in (_info(folder), _front_matter(folder), _by_name(folder, names), _beside(folder)):
            if found:
                return found
    return _by_name(folders[-1].parent, names) or FoundLicence(UNKNOWN)


def dataset_name(file: Path, root: Path) -> str:
    """What `dataset_info.json` calls the data set; "" where it does not say."""
    named = (_json(folder / _INFO).get("dataset_name") for folder in _around(file, root))
    return next((name for name in named if isinstance(name, str) and name), "")


def _around(file: Path, root: Path) -> list[Path]:
    """Folders around the file, nearest first, up to the one that was named."""
    folders = [folder for folder in file.parents if folder == root or root in folder.parents]
    return folders or [file.parent]


def _stems(file: Path) -> Iterator[str]:
    yield file.name
    yield file.name.partition(".")[0]


def _info(folder: Path) -> FoundLicence | None:
    return _given(_json(folder / _INFO).get("license"), folder / _INFO)


def _json(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _front_matter(folder: Path) -> FoundLicence | None:
    try:
        head = (folder / _README).read_text(encoding="utf-8")
        _, _, rest = head.partition("---\n")
        matter = yaml.safe_load(rest.partition("\n---")[0]) if head.startswith("---\n") else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return _given(matter.get("license"), folder / _README) if isinstance(matter, dict) else None


def _given(licence: Any, path: Path) -> FoundLicence | None:
    """A licence that a field names; a list of them is told as it is."""
    names = [licence] if isinstance(licence, str) else licence if isinstance(licence, list) else []
    told = " AND ".join(str(name).strip() for name in names if str(name).strip())
    return FoundLicence(told, path.name) if told and told.lower() not in (UNKNOWN, "other") else None


def _by_name(folder: Path, names: list[str]) -> FoundLicence | None:
    paths = (folder / "LICENSES" / f"{name}.txt" for name in names)
    return next((_of_text(path, f"LICENSES/{path.name}") for path in paths if path.is_file()), None)


def _beside(folder: Path) -> FoundLicence | None:
    paths = (folder / name for name in _LICENCE_FILES)
    return next((_of_text(path, path.name) for path in paths if path.is_file()), None)


def _of_text(path: Path, shown: str) -> FoundLicence:
    """The licence whose text this is; a text that is not known is pointed at."""
    try:
        text = path.read_bytes()[:_READ].decode("utf-8", "replace").lower()
    except OSError:
        return FoundLicence(f"see {shown}", shown)
    words = " ".join(text.translate(_DASHES).split())
    return FoundLicence(next((spdx for head, spdx in _TEXTS if head in words), f"see {shown}"), shown)
