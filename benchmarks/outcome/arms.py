"""The arms: one spec each over the ten STAR tasks. What differs is what a set is made of; the student is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["ARMS", "spec_of", "write_spec"]

PLAIN: dict[str, Any] = {
    "disclosure": {"asked": 1.0},
    "memory": {"sure": 1.0},
    "mood": {"calm": 1.0},
    "detour": {"none": 1.0},
    "tool_fault": {"none": 1.0},
}
"""Nothing but the main path: what a plain walk of the task graph gives."""
EVERY_CHECK = (
    "form", "calls", "gold", "acts", "course", "policy", "repetition", "roles", "language", "leaks", "values", "replay",
)  # fmt: skip

ARMS: dict[str, dict[str, Any]] = {
    "walk": {"design": {"factors": PLAIN}, "plan": {"user_opens": 0.5, "join": 0.0, "farewell": 0.0}},
    "fill, unverified": {"verify": {"skip": list(EVERY_CHECK)}},
    "fill": {},
}
"""Arm → what its spec says besides what all share. Words are the domains' own unless a teacher is given."""


def spec_of(arm: str, domain: Path, scenarios: int, seed: int, teacher: dict[str, Any] | None) -> dict[str, Any]:
    """The whole spec of one task of an arm as plain data."""
    silent = {"kind": "scripted", "script": "silent"}
    return {
        "version": 1,
        "domain": str(domain),
        "seed": seed,
        "scenarios": scenarios,
        "models": {"teacher": teacher or silent},
        "roles": {"user": "teacher", "teacher": "teacher"},
        "simulate": {"fill": {"tries": 1 if teacher is None else 2}},
        "export": {"formats": ["trl"]},
        "run": {"concurrency": 8, "durability": "process"},
        **ARMS[arm],
    }


def write_spec(path: Path, spec: dict[str, Any]) -> None:
    """Write one task's factory.yaml."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
