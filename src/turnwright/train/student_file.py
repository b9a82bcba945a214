"""The file in which every student keeps what it is, and how it is read. What stands in it is its kind's business."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from turnwright.errors import InputError

__all__ = ["STUDENT", "read_student_file"]

STUDENT = "student.json"
_Kept = TypeVar("_Kept")


def read_student_file(folder: Path, kind: type[_Kept]) -> _Kept:
    """Read what the student in this folder is.

    Raises:
        InputError: there is none, or none of this kind that this turnwright reads.
    """
    try:
        return msgspec.json.decode((folder / STUDENT).read_bytes(), type=kind)
    except OSError as fault:
        raise InputError(
            f"there is no student here ({fault.strerror})", where=str(folder), fix="name a folder that `train` wrote"
        ) from fault
    except msgspec.DecodeError as fault:
        raise InputError(
            f"not a student that this turnwright reads ({fault})", where=str(folder / STUDENT), fix="train it again"
        ) from fault
