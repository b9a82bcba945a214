"""A small run with a quarrelsome council, written once for all tests that trace it."""

from __future__ import annotations

from pathlib import Path

import turnwright

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEC = """\
version: 1
name: traced
domain: {domain}
seed: {seed}
scenarios: 5
attempts: 1
models:
  double: {{kind: scripted, script: {script}}}
roles: {{user: double, teacher: double}}
refine: {{council: true}}
simulate: {{fill: {{style: {{request_refund: ["gimme my cash back pal"]}}}}}}
export: {{formats: [trl, openai]}}
run: {{concurrency: 2, durability: process}}
"""


def made(folder: Path, *, script: str = "quarrelsome", seed: int = 11) -> Path:
    """Run it; returns the run folder."""
    folder.mkdir(parents=True)
    spec = folder / "factory.yaml"
    spec.write_text(SPEC.format(domain=FIXTURES / "mini_shop", script=script, seed=seed))
    turnwright.load(spec).run(folder / "run")
    return folder / "run"
