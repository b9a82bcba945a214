"""What varies between the conversations of an imported task: factors for its branches, and what it cannot express.

Weights say how often a branch is taken where the schema says nothing: the plain way most often, every other branch
often enough to be learnt.
"""

from __future__ import annotations

from typing import Any

from turnwright.domains.importers.star_flow import Flow
from turnwright.domains.importers.star_graph import Shape
from turnwright.domains.importers.star_world import StarWorld

__all__ = ["constraints", "factors"]

DECIDED: dict[str, dict[str, Any]] = {
    "rounds": {
        "says": "how often the user goes through the task",
        "levels": {"once": {"weight": 0.5}, "twice": {"weight": 0.3}, "three_times": {"weight": 0.2}},
    },
    "decision": {
        "says": "what the user says to an offer",
        "levels": {"accepts": {"weight": 0.8}, "declines": {"weight": 0.2, "says": "declines the first offer"}},
    },
    "persistence": {
        "says": "what the user does when it does not work out",
        "levels": {"gives_up": {"weight": 0.5}, "tries_again": {"weight": 0.5, "says": "tries something else once"}},
    },
    "guidance": {
        "says": "how much explanation the user wants on the way",
        "levels": {
            "plain": {"weight": 0.45},
            "one_detail": {"weight": 0.3},
            "every_detail": {"weight": 0.15},
            "knows_the_way": {"weight": 0.1},
        },
    },
}
FEW = 3
"""Below so many asks, a user who tells some details may have told all."""
MEMORY = {
    "says": "how well the user knows their own details",
    "levels": {
        "sure": {"weight": 0.55, "says": "knows every detail"},
        "corrects": {"weight": 0.1, "says": "first says one detail wrong and puts it right later"},
        "forgets": {"weight": 0.35, "says": "does not know one of the details"},
    },
}


def factors(shape: Shape, world: StarWorld, flow: Flow) -> dict[str, dict[str, Any]]:
    """The task's own factors; `memory` stands in for the standard one where the graph has a way around it."""
    out = {name: DECIDED[name] for name in sorted(flow.factors)}
    if shape.fallbacks:
        out["memory"] = MEMORY
        out["credentials"] = _two("whether what the user gives is right", "right", "wrong", 0.85)
        out["fallback"] = {
            **_two("whether the user knows the details that are asked instead", "knows", "forgets", 0.75),
            "when": "memory == 'forgets'",
        }
    if world.misses:
        out["search"] = _two("whether there is what the user asks for first", "found", "nothing", 0.88)
    if shape.status:
        no = {f"record.{shape.status.name}": shape.status.categories[1]}
        out["availability"] = _two("whether it can be had", "available", "unavailable", 0.75, {"unavailable": no})
        failing = {"record.Bookable": False}
        out["booking"] = _two("whether the booking goes through", "succeeds", "fails", 0.85, {"fails": failing})
        out["booking"]["when"] = "availability == 'available'"
    if shape.question:
        levels = {"right": {"weight": 0.5}, "wrong": {"weight": 0.28}, "unknown": {"weight": 0.22}}
        out["answers"] = {"says": "what the user answers to the first question", "levels": levels}
    if any("Granted" in user for user in world.users):
        out["outcome"] = _two("what comes of the request", "granted", "refused", 0.6)
    return out


def _two(
    says: str, usual: str, other: str, weight: float, cells: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    levels: dict[str, dict[str, Any]] = {usual: {"weight": weight}, other: {"weight": round(1 - weight, 2)}}
    for level, cell in (cells or {}).items():
        levels[level]["set"] = cell
    return {"says": says, "levels": levels}


def constraints(shape: Shape, flow: Flow, declared: dict[str, Any]) -> list[dict[str, str]]:
    """Levels that this task cannot express, each with the reason; `declared` are its own factors."""
    out = [
        _forbid("detour == 'digression'", "the task has no documents to answer from"),
        _forbid("detour == 'refusal'", "the task has no act that explains why a detail is needed"),
        _forbid("tool_fault == 'slow'", "the task has no act that asks to wait"),
    ]
    if shape.fallbacks:
        out.append(
            _forbid("fallback == 'forgets' and tool_fault != 'none'", "a user who is not recognised needs no tool")
        )
    if not shape.repeat:
        out.append(_forbid("detour == 'repair'", "the task has no act for what is not understood"))
    choices = {node for node in shape.order if shape.asked_choice(node)}
    if not any(len(node.get("choose", {})) > 1 for node in flow.nodes.values()):
        out.append(_forbid("detour == 'change_of_mind'", "the task leaves nothing to the user's choice"))
    elif choices <= {shape.nothing} and "search" in declared:
        only = "detour == 'change_of_mind' and search != 'nothing'"
        out.append(_forbid(only, "only a search without a result leaves the user a choice"))
    else:
        out.append(_forbid("detour == 'change_of_mind' and tool_fault != 'none'", "one surprise at a time"))
    if choices <= {shape.nothing}:
        early = "disclosure != 'asked'" if len(shape.asks) < FEW else "disclosure == 'eager'"
        why = "a user who has told everything is asked nothing more"
        out.append(_forbid(f"{early} and (detour in ['repair', 'abandon'] or mood == 'angry')", why))
    if shape.question:
        nothing = " or search == 'nothing'" if "search" in declared else ""
        why = "only the answer to a question can be forgotten"
        out.append(_forbid(f"memory == 'forgets' and (answers == 'unknown'{nothing})", why))
    if not shape.fallbacks and not shape.question:
        out.append(_forbid("memory == 'forgets'", "every detail is the user's wish, which is not forgotten"))
    return out


def _forbid(what: str, why: str) -> dict[str, str]:
    return {"forbid": what, "why": why}
