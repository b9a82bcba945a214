"""`turnwright init`: a commented factory.yaml and a domain to edit, in a new or empty folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from turnwright.cli.template import FACTORY
from turnwright.domains import nearest, packs
from turnwright.errors import InputError

__all__ = ["write"]


def write(folder: Path, domain: str) -> list[Path]:
    """Write the files; refuse a folder that holds any of them.

    Raises:
        InputError: the domain is unknown, or something is in the way. Nothing is written then.
    """
    built_in = packs()
    if domain not in built_in:
        raise InputError(
            f"no built-in domain '{domain}'{nearest(domain, built_in)}", fix=f"one of: {', '.join(sorted(built_in))}"
        )
    spec, target = folder / "factory.yaml", folder / "domain"
    for path in (spec, target):
        if path.exists():
            raise InputError("is there already", where=str(path), fix="name a new or empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(built_in[domain], target, ignore=shutil.ignore_patterns("__pycache__"))
    spec.write_text(FACTORY, encoding="utf-8")
    return [spec, *sorted(path for path in target.rglob("*") if path.is_file())]
