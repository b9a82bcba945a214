"""Specs, designs and dev sets for the tests of the closed loop: one small shop, or two, and words without a model."""

from __future__ import annotations

from pathlib import Path

from turnwright.design import Design
from turnwright.domains import Domain
from turnwright.engine import design_of, domain_of, load_spec, run_spec
from turnwright.engine.loop.records import Placed
from turnwright.engine.loop.steering import Site
from turnwright.reading import Example, ExampleSet, Said, read_set

SHOP = Path(__file__).parents[1] / "fixtures" / "mini_shop"
SPEC = """\
version: 1
name: {name}
domain: {domain}
seed: {seed}
scenarios: {scenarios}
models:
  silent: {{kind: scripted, script: silent, log: calls.log}}
roles: {{user: silent, teacher: silent}}
simulate: {{fill: {{tries: 1}}}}
design:
  strength: 1
  factors:
    detour: {{none: {none}, repair: {repair}}}
    memory: {{sure: {sure}, forgets: {forgets}}}
    mood: {{calm: 1}}
    tool_fault: {{none: 1}}
    disclosure: {{asked: 1}}
export: {{formats: [trl]}}
run: {{concurrency: 4, durability: process}}
{more}
"""


def shop_named(folder: Path, name: str) -> Path:
    """A copy of the shop under another name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (SHOP / "domain.yaml").read_text().replace("name: mini_shop", f"name: {name}")
    (folder / "domain.yaml").write_text(text)
    return folder


def spec_in(
    folder: Path, *, name: str = "shop", seed: int = 11, scenarios: int = 40, repair: float = 0.03,
    forgets: float = 0.03, domain: Path = SHOP, more: str = "",
) -> Path:  # fmt: skip
    """Write a spec whose detours and memory have these shares; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "factory.yaml"
    values = {"none": round(1 - repair, 4), "repair": repair, "sure": round(1 - forgets, 4), "forgets": forgets}
    path.write_text(SPEC.format(name=name, domain=domain, seed=seed, scenarios=scenarios, more=more, **values))
    return path


def placed(path: Path) -> Placed:
    """A spec, loaded."""
    return Placed(spec=load_spec(path), base=path.parent)


async def made_by(path: Path, folder: Path) -> ExampleSet:
    """Run a spec and read what it gave, as a dev set."""
    one = placed(path)
    await run_spec(one.spec, one.base, folder)
    return read_set([folder], name="dev set")


def site_of(path: Path) -> Site:
    """A spec's first round without a run: conversations whose acts show their levels."""
    one = placed(path)
    domain: Domain = domain_of(one.spec, one.base)
    sampled: Design = design_of(one.spec, domain)
    generated = tuple(example_of(f"{domain.name}/{n}", domain.name, each.levels) for n, each in enumerate(sampled))
    return Site(spec=one.spec, domain=domain, sampled=sampled, generated=generated)


def example_of(name: str, task: str, levels: dict[str, str]) -> Example:
    """A conversation in which `repair` is asked to repeat, `forgets` asks for the e-mail, and all else is the same."""
    acts = ["ask_order_id"]
    acts += ["ask_repeat"] if levels.get("detour") == "repair" else []
    acts += ["ask_email"] if levels.get("memory") == "forgets" else []
    acts += ["get_order", "confirm_refund", "goodbye"]
    turns = tuple(Said(role="assistant", text=act, act=act) for act in acts)
    return Example(name=name, task=task, levels=levels, turns=turns)
