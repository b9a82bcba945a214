"""Importing tasks of STAR: a runnable domain from a task's schema, API and graph alone.

Reads no conversation. The graph gives the flow and the acts, the replies give the assistant's phrasings, the API
gives the tool, the slots, the world and the users' wishes. Nothing is written by hand and nothing needs mending.
STAR: Mosig, Mehri and Kober 2020, arXiv:2010.11853.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from turnwright.domains.importers.star_domain import StarDomain
from turnwright.domains.importers.star_schema import read_task, task_names
from turnwright.domains.load import load_domain
from turnwright.errors import DomainError, StoreError

__all__ = ["import_star", "import_star_all"]


def import_star(source: Path, task: str, target: Path) -> Path:
    """Write the domain of one task into `target` (which must not exist, or be empty) and return it.

    Args:
        source: a folder with `tasks/` and `apis/`.

    Raises:
        DomainError: the source is not a STAR task, or the target is in use; nothing was written.
    """
    _check_free(target)
    _write_all(target, {target: StarDomain(read_task(source, task))})
    return target


def import_star_all(source: Path, target: Path) -> list[Path]:
    """Write the domains of all tasks into folders of their names below `target`; returns these folders.

    Raises:
        DomainError: as `import_star`; either all tasks are written or none.
    """
    _check_free(target)
    domains = {target / task: StarDomain(read_task(source, task)) for task in task_names(source)}
    _write_all(target, domains)
    return list(domains)


def _check_free(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DomainError("exists and is not an empty folder", where=str(target), fix="give a new folder")


def _write_all(top: Path, domains: dict[Path, StarDomain]) -> None:
    """Write into a folder beside the target, load every domain to be sure that it runs, then rename."""
    try:
        top.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=top.parent, prefix=f".{top.name}-") as scratch:
            fresh = Path(scratch) / "new"
            for folder, domain in domains.items():
                place = fresh / folder.relative_to(top)
                _write(place, domain)
                _try_loading(place, domain)
            if top.exists():
                top.rmdir()
            fresh.rename(top)
    except OSError as fault:
        raise StoreError(
            f"cannot be written ({fault.strerror})", where=str(top), fix="check the folder's rights and space"
        ) from fault


def _write(folder: Path, domain: StarDomain) -> None:
    folder.mkdir(parents=True)
    text = yaml.dump(
        domain.document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=118, default_flow_style=False
    )
    (folder / "domain.yaml").write_text(domain.heading() + text, encoding="utf-8")
    for name, rows in domain.tables().items():
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _try_loading(folder: Path, domain: StarDomain) -> None:
    try:
        load_domain(str(folder))
    except DomainError as fault:
        raise DomainError(
            f"the task cannot be made into a domain: {fault.what}",
            where=f"task {domain.task.name}",
            fix=fault.fix or "check the task's graph and API",
        ) from fault
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)


class _Plain(yaml.SafeDumper):
    """Writes values out, since the loader reads no aliases, and texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _Plain.represent_text)
