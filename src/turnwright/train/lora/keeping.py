"""Keeping a lora student: a folder with its adapter, what it knows (JSON), and a card for people.

Weights are safetensors and nothing is pickled. The base model is not copied: it is found again by its name, and
refused if it is not the one that the student was tuned from.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.errors import InputError
from turnwright.store import write_bytes, write_text
from turnwright.train.lora.base import base_of, load_tongue, require_train
from turnwright.train.lora.checkpoints import CHECKPOINTS
from turnwright.train.lora.fit import with_adapter
from turnwright.train.lora.student import Known, LoraStudent
from turnwright.train.student_file import STUDENT, read_student_file

__all__ = ["load_lora", "require_free", "save_lora"]

ADAPTER, CARD = "adapter", "README.md"


class _Kept(Known, frozen=True, kw_only=True):
    """The content of `student.json`."""

    format: Literal[1] = 1
    kind: Literal["lora"] = "lora"


def require_free(folder: Path) -> None:
    """Raise InputError unless the folder is new, empty, or holds nothing but an unfinished training."""
    if not folder.exists():
        return
    names = {each.name for each in folder.iterdir()} if folder.is_dir() else {""}
    unfinished = CHECKPOINTS in names and names <= {CHECKPOINTS, ADAPTER, f".{ADAPTER}.part", CARD}
    if names and not unfinished:
        raise InputError(
            "exists and is not an empty folder; nothing is overwritten", where=str(folder), fix="name a new folder"
        )


def save_lora(student: LoraStudent, folder: Path, card: str) -> None:
    """Write the student into its folder, and remove the checkpoints that led to it; `student.json` comes last.

    Raises:
        InputError: the folder is in use. DiskFull, StoreError: it could not be written.
    """
    require_free(folder)
    fresh = folder / f".{ADAPTER}.part"
    for left in (fresh, folder / ADAPTER):
        shutil.rmtree(left, ignore_errors=True)
    model = student.tongue.model
    model.peft_config["default"].base_model_name_or_path = student.known.base
    model.save_pretrained(str(fresh), selected_adapters=["default"], save_embedding_layers=False)
    (fresh / CARD).unlink(missing_ok=True)  # peft's, which says nothing
    fresh.rename(folder / ADAPTER)
    write_text(folder / CARD, card)
    told = msgspec.structs.asdict(student.known)
    write_bytes(folder / STUDENT, msgspec.json.encode(_Kept(**told)) + b"\n")
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def load_lora(folder: Path, base: str | Path | None = None) -> LoraStudent:
    """Read a student and load its base.

    Args:
        base: where its base model is now; where it was when the student was trained by default.

    Raises:
        InputError: there is none, its parts do not fit together, the extra `train` is missing, or the base model is
            another one. CatalogueError: the base model is not there.
    """
    kept = read_student_file(folder, _Kept)
    require_train()
    found = base_of(base or kept.base)
    if found.sha256 != kept.sha256:
        raise InputError(
            f"the student was tuned from another base model ({kept.sha256[:12]}, and {found.path} is "
            f"{found.sha256[:12]})",
            where=str(folder),
            fix="put the base model back where it was",
        )
    from safetensors import SafetensorError  # comes with transformers, an extra

    tongue = load_tongue(found, kept.settings.precision)
    try:
        tongue = with_adapter(tongue, kept.settings, folder / ADAPTER)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as fault:
        line = " ".join(str(fault).split())[:200]
        raise InputError(
            f"the student's adapter cannot be read ({line})", where=str(folder / ADAPTER), fix="train it again"
        ) from fault
    known = {name: getattr(kept, name) for name in Known.__struct_fields__}
    return LoraStudent(Known(**known), tongue)
