"""All checks, in the order in which they run: cheap first, the world last."""

from __future__ import annotations

from turnwright.verify.check import Check
from turnwright.verify.checks import (
    Acts,
    Calls,
    Course,
    Form,
    Gold,
    Language,
    Leaks,
    Policy,
    Repetition,
    Replay,
    Roles,
    Values,
)

__all__ = ["CHECKS"]

CHECKS: tuple[type[Check], ...] = (
    Form,  # roles and order, characters, debris, ending
    Calls,  # known tools, arguments by JSON Schema
    Gold,  # the calls of the blueprint, no others
    Acts,  # declared labels, the planned outline
    Course,  # closing, confirmation, correction
    Policy,  # the domain's rules over the trace
    Repetition,  # repeated turns, loops, echoes
    Roles,  # role flips, language-model boilerplate
    Language,  # script and language
    Leaks,  # secrets, hidden facts, inner names
    Values,  # planned values carried, claims grounded
    Replay,  # the tools run again in the world
)
