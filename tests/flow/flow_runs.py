"""Running specs in children, and comparing what they left behind."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WriteSpec = Callable[..., Path]


def exports_of(folder: Path) -> dict[str, str]:
    """File → SHA-256 of everything that a run exported."""
    files = sorted(path for path in (folder / "exports").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def start(spec: Path, folder: Path) -> subprocess.Popen[str]:
    """Start `turnwright run` as a child."""
    command = [sys.executable, "-m", "turnwright", "run", str(spec), "--folder", str(folder), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
