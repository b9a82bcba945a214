"""What importing turnwright costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "aiohttp", "xllamacpp", "faker", "pydantic", "rensa", "covertable", "pyarrow", "typer", "jinja2")


def test_importing_turnwright_loads_nothing_heavy() -> None:
    code = f"import sys, turnwright; print([name for name in {HEAVY!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_command_line_needs_nothing_that_is_not_declared() -> None:
    """`click` came with other packages and was missing on a clean machine: import only what is declared."""
    code = (
        "import importlib.metadata as m, re, sys\n"
        "need, seen = ['turnwright'], set()\n"
        "while need:\n"
        "    name = re.sub(r'[-_.]+', '-', need.pop()).lower()\n"
        "    if name in seen: continue\n"
        "    seen.add(name)\n"
        "    try: rows = m.requires(name) or []\n"
        "    except m.PackageNotFoundError: continue\n"
        "    need += [re.match(r'[A-Za-z0-9._-]+', row)[0] for row in rows if 'extra ==' not in row]\n"
        "import turnwright.cli.app\n"
        "homes = m.packages_distributions()\n"
        "used = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(u for u in used - {'_distutils_hack'} if homes.get(u) and not any("
        "re.sub(r'[-_.]+', '-', h).lower() in seen for h in homes[u])))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
