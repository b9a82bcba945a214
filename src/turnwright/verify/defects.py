"""Every defect class that the checks know: its name, how grave it is, which check finds it, what it means.

The documentation is generated from this table. A domain's rules may name further classes; those weigh as much as
`policy_breach`.
"""

from __future__ import annotations

from typing import NamedTuple

from turnwright.records import Severity

__all__ = ["DEFECTS", "DefectClass", "severity_of"]


class DefectClass(NamedTuple):
    """A class of defects.

    severity: what a finding weighs where the spec does not say otherwise. check: the check that finds it; `arbiter`
    for classes that only a reader of meaning can find.
    means: one line for readers.
    """

    severity: Severity
    check: str
    means: str


DEFECTS: dict[str, DefectClass] = {
    "broken_form": DefectClass("fatal", "form", "roles out of order, a call without its result, a turn without words"),
    "bad_characters": DefectClass("fault", "form", "control characters or text that was decoded wrongly"),
    "debris": DefectClass("fault", "form", "unfilled placeholders, special tokens, markup or role names in the words"),
    "too_long": DefectClass("fault", "form", "a turn or a conversation beyond the length that the settings allow"),
    "wrong_ending": DefectClass("fault", "form", "the conversation does not end as its blueprint does"),
    "unknown_tool": DefectClass("fatal", "calls", "a call of a tool that the domain does not have"),
    "invalid_arguments": DefectClass("fault", "calls", "arguments that the tool's JSON Schema refuses"),
    "unknown_act": DefectClass("fault", "acts", "a label that the domain does not declare"),
    "wrong_outline": DefectClass("fault", "acts", "other acts, or in another order, than the blueprint planned"),
    "premature_closing": DefectClass("fault", "course", "goodbye before the goal is reached"),
    "skipped_confirmation": DefectClass("fault", "course", "a change is made before the user agreed to it"),
    "ignored_correction": DefectClass("fault", "course", "a value is used after the user put it right"),
    "policy_breach": DefectClass("fatal", "policy", "a rule of the domain's policy does not hold"),
    "unsafe_disclosure": DefectClass("fatal", "leaks", "the assistant says a secret value"),
    "leak": DefectClass("fatal", "leaks", "a hidden fact or an inner name of the machinery is said"),
    "role_flip": DefectClass("fatal", "roles", "one side talks like the other"),
    "boilerplate": DefectClass("fatal", "roles", "the phrases of a language model about itself or its task"),
    "repetition": DefectClass("fault", "repetition", "the same words again, within a turn or by the same side"),
    "echo": DefectClass("fault", "repetition", "a turn that only repeats what the other side just said"),
    "wrong_language": DefectClass("fault", "language", "another script or language than the domain's"),
    "missing_value": DefectClass("fault", "values", "a value that the turn must carry is not in its words"),
    "wrong_value": DefectClass("fault", "values", "another value stands where a planned one should"),
    "contradiction": DefectClass("fault", "values", "a value differs from what the same side said before"),
    "unsupported_claim": DefectClass("fault", "values", "the assistant states a value that nothing supports"),
    "invented_value": DefectClass("fault", "values", "the user states a value that the blueprint does not give them"),
    "wrong_tool": DefectClass("fatal", "gold", "a call that is not among the gold calls"),
    "wrong_argument": DefectClass("fatal", "gold", "a gold call made with other arguments"),
    "missing_call": DefectClass("fault", "gold", "a gold call that was never made"),
    "wrong_tool_result": DefectClass("fault", "replay", "the tool, run again, gives another result than recorded"),
    "wrong_end_state": DefectClass("fault", "replay", "the world does not end in the state that the blueprint fixed"),
    "false_promise": DefectClass("fault", "arbiter", "the assistant claims or promises what no call did or will do"),
    "unanswered": DefectClass("fault", "arbiter", "the assistant passes over what the user just said or asked"),
    "rudeness": DefectClass("fault", "arbiter", "the assistant is rude, mocks, blames or presses the user"),
    "unfairness": DefectClass("fatal", "arbiter", "the assistant judges or treats the user by who they are"),
    "unnatural_user": DefectClass("fault", "arbiter", "the user talks as no person would: knows or says too much"),
}


def severity_of(kind: str) -> Severity:
    """The severity of a class; that of `policy_breach` for classes that only a domain's rules know."""
    return DEFECTS.get(kind, DEFECTS["policy_breach"]).severity
