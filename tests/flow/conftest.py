"""Whole runs on scripted models: specs in a temporary folder, and children that can be killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow_runs import WriteSpec

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
name: scripted
domain: {domain}
seed: 11
scenarios: {scenarios}
attempts: 2
models:
  double: {{kind: scripted, script: {script}, latency: {latency}, log: calls.log}}
roles: {{user: double, teacher: double}}
export: {{formats: [openai, sharegpt, trl]}}
run: {{concurrency: {concurrency}, durability: process, keep_requests: {keep}}}
{more}
"""


@pytest.fixture
def write_spec(tmp_path: Path) -> WriteSpec:
    """Write a spec for scripted models into a folder of its own; returns its path."""

    def write(
        name: str = "a", *, scenarios: int = 12, concurrency: int = 4, script: str = "obliging", latency: float = 0,
        domain: str = str(FIXTURES / "mini_shop"), more: str = "",
        keep_requests: bool = False,
    ) -> Path:  # fmt: skip
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        path = folder / "factory.yaml"
        values = {
            "scenarios": scenarios,
            "concurrency": concurrency,
            "script": script,
            "latency": latency,
            "keep": str(keep_requests).lower(),
        }
        path.write_text(SPEC.format(domain=domain, more=more, **values))
        return path

    return write
