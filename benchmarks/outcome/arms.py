"""The arms: what each set is made of. The student, the test and the seeds are the same for all.

An arm is a row of `ARMS`; one more arm is one more row. What a spec of an arm says besides what all arms share stands
in `spec`; how its set comes to be is decided by `kind`, in `sets.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

__all__ = ["ARMS", "REAL_SIZES", "SILENT", "TEACHERS", "Arm", "spec_of", "write_spec"]

PLAIN: dict[str, Any] = {
    "disclosure": {"asked": 1.0},
    "memory": {"sure": 1.0},
    "mood": {"calm": 1.0},
    "detour": {"none": 1.0},
    "tool_fault": {"none": 1.0},
}
"""Nothing but the main path: what a plain walk of the task graph gives."""
WALK_PLAN = {
    "user_opens": 0.5, "join": 0.0, "asks_for_more": 1.0, "farewell": 0.0, "farewell_returned": 0.0, "unfinished": 0.0,
}  # fmt: skip
CHECKS = ("form", "calls", "gold", "acts", "course", "policy", "repetition", "roles", "language", "leaks", "values", "replay")  # fmt: skip  # noqa: E501
UNCHECKED: dict[str, Any] = {"verify": {"skip": list(CHECKS)}, "admit": {"near_duplicate": 1.0}}
"""No check, and novelty that turns down nothing but the same words in the same order."""
SILENT = {"kind": "scripted", "script": "silent"}
"""A teacher that says nothing, so that every word is one of the domain's own phrasings."""
TEACHERS = ("qwen2.5-coder-1.5b", "smollm2-135m-instruct")
"""Teachers of the paid arms: what the name of a GGUF file, or of a model in the catalogue, begins with."""
REAL_SIZES = (24, 100, 240, 0)
"""Sizes of the real arms; 0 is the whole pool."""

Kind = Literal["spec", "real", "constant", "loop"]


@dataclass(frozen=True)
class Arm:
    """says: the row's explanation. few: how many real conversations the arm may see.

    learns: whether the generator learns habits from the few. adds: whether the few are added to training, at WEIGHT.
    rounds: failure-driven rounds after the first. words: besides, for `turnwright loop`. teacher: of TEACHERS; paid
    arms run only where they are asked for. sizes: the only sizes that it is run at, all when empty.
    like: the arm whose number of conversations of each task is not passed.
    """

    name: str
    says: str
    kind: Kind = "spec"
    spec: dict[str, Any] = field(default_factory=dict)
    few: int = 0
    learns: bool = False
    adds: bool = False
    rounds: int = 0
    words: tuple[str, ...] = ()
    teacher: str = ""
    like: str = ""
    sizes: tuple[int, ...] = ()
    group: Literal["arms", "ablation"] = "arms"


def _naive(teacher: str) -> Arm:
    naive = {"batch": 1, "tries": 1, "temperature": 0.8, "tokens_each": 1000}
    return Arm(
        f"naive, {teacher}",
        "one prompt asks for a whole conversation with labels and made-up results; taken as it comes back",
        spec={"simulate": {"way": "naive", "naive": naive}, **UNCHECKED},
        teacher=teacher,
        sizes=(100,),
    )


def _loop(name: str, says: str, rounds: int, how: str = "--explore") -> Arm:
    """--explore: 24 conversations show nothing for certain, so shrunken estimates steer."""
    plain = how != "--explore"
    return Arm(
        name, says, kind="loop", few=24, learns=True, adds=True, rounds=rounds, words=(how,),
        group="ablation" if plain else "arms", sizes=(300,) if plain else (),
    )  # fmt: skip


def _worded(teacher: str, council: bool) -> Arm:
    """No arbiter: none of these models earns a licence in the exam, and without one an arbiter is never asked."""
    return Arm(
        f"full, {'debated' if council else 'worded'} by {teacher}",
        "as full, the words by the model" + (", then debated by its council" if council else ""),
        spec={"attempts": 2, "simulate": {"fill": {"tries": 2}}, "refine": {"council": council}},
        teacher=teacher,
        sizes=(100,),
        group="ablation",
    )


def _cut(teacher: str) -> Arm:
    says = f"as full, cut task by task to as many conversations as came back from naive, {teacher}"
    return Arm(f"full at naive's N, {teacher}", says, like=f"naive, {teacher}", sizes=(100,))


_ROWS = (
    Arm("majority", "no student: the most frequent act of each task in the walk, whatever was said", kind="constant"),
    Arm("walk", "plain walk of the task graph, no detours, no checks",
        spec={"design": {"factors": PLAIN}, "plan": WALK_PLAN, **UNCHECKED}),
    *map(_naive, TEACHERS),
    Arm("fill", "designed scenarios, plan and fill; no check, no novelty gate, no arbiter", spec=UNCHECKED),
    Arm("full", "the whole factory from schema, API and graph alone"),
    *map(_cut, TEACHERS),
    Arm("seeded", "the factory with habits of 24 real conversations, and these 24 added at weight 5",
        few=24, learns=True, adds=True),
    _loop("loop 1", "as seeded, in two rounds of N/2: the second steered by what fails on the 24 (cross-fitted)", 1),
    _loop("loop 3", "as seeded, in four rounds of N/4: three steered likewise", 3),
    Arm("real", "real conversations of the pool alone", kind="real"),
    _loop("loop 3, unsteered", "as loop 3, the rounds differ in their seeds alone", 3, "--no-steering"),
    Arm("covering off", "as full, each level covered once instead of each pair of levels",
        spec={"design": {"strength": 1}}, group="ablation", sizes=(300,)),
    Arm("detours off", "as full, without the standard factors' rare levels", spec={"design": {"factors": PLAIN}},
        group="ablation", sizes=(300,)),
    *(_worded(teacher, council) for teacher in TEACHERS for council in (False, True)),
    Arm("natural weights", "as full, each conversation counted as often as its target says", group="ablation",
        sizes=(300,)),
    Arm("habits without the 24", "as seeded, the 24 real conversations left out of training", few=24, learns=True,
        group="ablation", sizes=(300,)),
    Arm("the 24 without habits", "as seeded, habits not learnt: the full set and the 24", few=24, adds=True,
        group="ablation", sizes=(300,)),
)  # fmt: skip
ARMS: dict[str, Arm] = {arm.name: arm for arm in _ROWS}


def spec_of(arm: Arm, domain: Path, scenarios: int, seed: int, model: dict[str, Any], habits: str) -> dict[str, Any]:
    """The whole spec of one task of an arm as plain data. model: the teacher's. habits: a file, "" for none."""
    return {
        "version": 1,
        "domain": str(domain),
        "seed": seed,
        "scenarios": scenarios,
        "attempts": 1 if arm.teacher else 2,
        "models": {"teacher": model},
        "roles": {"user": "teacher", "teacher": "teacher"},
        "simulate": {"fill": {"tries": 1}},
        "export": {"formats": ["trl"]},
        "run": {"concurrency": 4, "durability": "process"},
        **({"habits": habits} if habits else {}),
        **arm.spec,
    }


def write_spec(path: Path, spec: dict[str, Any]) -> None:
    """Write one task's factory.yaml."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
