"""The arms: one spec each, with the same teacher, domain, seed and scenarios. What differs is how words are made."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import yaml

from turnwright.models import CATALOGUE

__all__ = ["ARMS", "spec_of", "write_spec"]

ARMS: dict[str, dict[str, Any]] = {
    "naive": {"simulate": {"way": "naive"}},
    "fill": {"simulate": {"way": "fill"}},
    "interplay": {"simulate": {"way": "interplay"}},
    "fill+council": {"simulate": {"way": "fill"}, "refine": {"council": True}},
}
"""Arm → what its spec says besides what all share."""
SMALL = {"by": "turn", "tries": 2, "formulae": 0.5}
"""Words by turn, closely held: for models that cannot keep to an outline."""
STRONG = {"new_words": None, "surprise": None}


def spec_of(arm: str, chosen: Namespace) -> dict[str, Any]:
    """The whole spec of an arm as plain data."""
    models = {"teacher": model_of(chosen.teacher, chosen)}
    roles: dict[str, Any] = {"user": "teacher", "teacher": "teacher"}
    if chosen.arbiter and arm == "fill+council":
        models["arbiter"] = model_of(chosen.arbiter, chosen)
        roles["arbiter"] = "arbiter"
    simulate = {
        **ARMS[arm]["simulate"],
        "fill": _fill(chosen),
        "naive": {"batch": chosen.batch, "tries": 1, "temperature": chosen.temperature, "tokens_each": chosen.tokens},
    }
    refine = ARMS[arm].get("refine", {})
    if refine:
        refine = {**refine, "rounds": chosen.rounds, **({"lenses": chosen.lenses} if chosen.lenses else {})}
    return {
        "version": 1,
        "name": arm.replace("+", "_"),
        "domain": chosen.domain,
        "seed": chosen.seed,
        "scenarios": chosen.scenarios,
        "attempts": chosen.attempts,
        "design": {"drop": chosen.drop} if chosen.drop else {},
        "models": models,
        "roles": roles,
        "simulate": simulate,
        **({"refine": refine} if refine else {}),
        "export": {"formats": ["openai"]},
        "caps": {"minutes": chosen.minutes} if chosen.minutes else {},
        "run": {"concurrency": chosen.concurrency or chosen.slots, "durability": "process"},
    }


def _fill(chosen: Namespace) -> dict[str, Any]:
    is_small = chosen.teacher in {entry.name for entry in CATALOGUE} or chosen.teacher.startswith("scripted")
    by = chosen.fill_by or ("turn" if is_small else "conversation")
    return {**(SMALL if is_small else STRONG), "by": by}


def model_of(given: str, chosen: Namespace) -> dict[str, Any]:
    """`http://host/v1#model`, `scripted:SCRIPT`, a path of a GGUF file, or a name of the catalogue."""
    if given.startswith(("http://", "https://")):
        base_url, _, model = given.partition("#")
        return {"kind": "openai", "base_url": base_url, "model": model, "api_key_env": chosen.api_key_env,
                "concurrency": chosen.slots, "timeout": 600}  # fmt: skip
    if given.startswith("scripted:"):
        return {"kind": "scripted", "script": given.partition(":")[2]}
    model = str(Path(given).resolve()) if given.endswith(".gguf") else given
    return {"kind": "embedded", "model": model, "slots": chosen.slots, "context": chosen.context}


def write_spec(arm: str, chosen: Namespace) -> Path:
    """Write the arm's factory.yaml under the chosen folder; returns its path."""
    path = chosen.out / arm.replace("+", "_") / "factory.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(spec_of(arm, chosen), sort_keys=False), encoding="utf-8")
    return path
