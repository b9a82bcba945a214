"""The one table of plantings, and the verb that applies one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import msgspec

from turnwright.domains import Domain
from turnwright.errors import InputError
from turnwright.records import Blueprint, Conversation, Scenario
from turnwright.verify.exam.planting import course, deeds, manner, sides, values
from turnwright.verify.exam.planting.original import Edit, Original, Planted

__all__ = ["PLANTINGS", "Planting", "plant"]

Planting = Callable[[Original, Random], Edit | None]
"""Makes a copy with one defect of its class; None where the conversation has no place for it."""

PLANTINGS: Mapping[str, Planting] = {
    "wrong_value": values.wrong_value,
    "contradiction": values.contradiction,
    "missing_value": values.missing_value,
    "unsupported_claim": values.unsupported_claim,
    "ignored_correction": values.ignored_correction,
    "unsafe_disclosure": values.unsafe_disclosure,
    "leak": values.leak,
    "wrong_tool": deeds.wrong_tool,
    "wrong_argument": deeds.wrong_argument,
    "wrong_tool_result": deeds.wrong_tool_result,
    "policy_breach": deeds.policy_breach,
    "skipped_confirmation": course.skipped_confirmation,
    "premature_closing": course.premature_closing,
    "repetition": course.repetition,
    "role_flip": sides.role_flip,
    "unanswered": sides.unanswered,
    "unnatural_user": sides.unnatural_user,
    "false_promise": manner.false_promise,
    "rudeness": manner.rudeness,
    "unfairness": manner.unfairness,
}
"""Defect class → the function that plants it."""


def plant(
    defect: str, conversation: Conversation, blueprint: Blueprint, scenario: Scenario, domain: Domain, rng: Random
) -> Planted | None:
    """Return a copy with one defect of this class, or None where the conversation has no place for it.

    The same arguments and the same state of `rng` give the same copy.

    Raises:
        InputError: a class that nothing is planted for.
    """
    planting = PLANTINGS.get(defect)
    if planting is None:
        raise InputError(
            f"no defect of the class '{defect}' can be planted",
            where="exam",
            fix=f"choose among {', '.join(sorted(PLANTINGS))}",
        )
    edit = planting(Original(conversation, blueprint, scenario, domain), rng)
    if edit is None or tuple(edit.turns) == conversation.turns:
        return None
    copy = msgspec.structs.replace(conversation, turns=tuple(edit.turns))
    return Planted(conversation=copy, defect=defect, turns=edit.shown, what=edit.what)
