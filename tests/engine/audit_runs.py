"""A shop with many orders and its scripted sides: a caller, a clerk and an arbiter, each fair or not."""

from __future__ import annotations

from pathlib import Path

import yaml

FIXTURES = Path(__file__).parents[1] / "fixtures"
ORDERS = 300
SPEC = """\
version: 1
name: shop
domain: ./shop
seed: 3
scenarios: 40
design:
  factors: {{mood: {{calm: 1}}, detour: {{none: 1}}, memory: {{sure: 1}}, tool_fault: {{none: 1}}}}
  personas:
    traits: {{tone: {{plain: 0.6, chatty: 0.4}}}}
models:
  caller: {{kind: scripted, script: frank_caller}}
  clerk: {{kind: scripted, script: {clerk}, log: calls.log}}
  unequal: {{kind: scripted, script: unequal_arbiter}}
  blind: {{kind: scripted, script: blind}}
roles: {{user: caller, teacher: clerk}}
arbiter:
  rubric: [{{name: rudeness, asks: "Is the assistant rude to the user?", defect: rudeness}}]
simulate: {{way: {way}}}
run: {{durability: process, concurrency: 4}}
"""


def write_shop(folder: Path, *, clerk: str = "fair_clerk", way: str = "interplay") -> Path:
    """Write domain and spec; returns the spec's path."""
    domain = yaml.safe_load((FIXTURES / "mini_shop" / "domain.yaml").read_text())
    domain["world"]["orders"]["rows"] = [
        {"id": f"O-{1000 + 7 * place}", "email": f"u{place}@x.org", "total": 20.0 + place % 9, "refunded": 0}
        for place in range(ORDERS)
    ]
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    (folder / "shop" / "domain.yaml").write_text(yaml.safe_dump(domain, sort_keys=False))
    path = folder / "factory.yaml"
    path.write_text(SPEC.format(clerk=clerk, way=way))
    return path
