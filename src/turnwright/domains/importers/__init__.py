"""Importers: folders of other formats become domain folders. Built-in ones stand in the table `IMPORTERS`.

An importer takes the source folder and the target folder and returns the domain folders that it wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from turnwright.domains.importers.star import import_star, import_star_all

__all__ = ["IMPORTERS", "import_star", "import_star_all"]

IMPORTERS: dict[str, Callable[[Path, Path], list[Path]]] = {
    "star": import_star_all,
}
