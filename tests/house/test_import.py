"""What importing turnwright costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "aiohttp", "xllamacpp", "faker", "pydantic", "rensa", "covertable", "pyarrow", "typer", "jinja2")


def test_importing_turnwright_loads_nothing_heavy() -> None:
    code = f"import sys, turnwright; print([name for name in {HEAVY!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
