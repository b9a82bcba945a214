"""A small run with a council, to be bundled; and reading what a bundle holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import turnwright

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = f"""\
version: 1
domain: {FIXTURES / "mini_shop"}
seed: 11
scenarios: 10
attempts: 2
admit: {{limit: {{mood: {{calm: 0}}}}}}
refine: {{council: true}}
models:
  double: {{kind: scripted, script: obliging}}
  critic: {{kind: scripted, script: quarrelsome}}
roles: {{user: double, teacher: critic}}
export: {{formats: [trl, preference], splits: {{train: 0.7, aside: 0.3}}}}
run: {{durability: process}}
"""


def ran(folder: Path, spec: str = SPEC, *, key: str = "") -> turnwright.Factory:
    """Write the spec, run it in `folder/run`, and give the factory."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "factory.yaml").write_text(spec)
    factory = turnwright.load(folder)
    factory.run(folder / "run", key=key)
    return factory


def lines(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
