"""The lenses: what each critic looks for, and which defect classes it may name. One visible table.

Names of classes stand here as plain text, since stages do not import one another; a test holds them against the
table of verification.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from turnwright.domains.declaration import Strict, Word
from turnwright.records import Severity

__all__ = ["LENSES", "SEVERITIES", "SHOWN_BY_CALLS", "SIDES", "WORDLESS", "LensSpec"]


class LensSpec(Strict):
    """A critic's view. looks_for: in words, for the critic. defects: the classes that it may name."""

    name: Word
    looks_for: str = Field(min_length=1)
    defects: list[str] = Field(min_length=1)


_TABLE = (
    LensSpec(
        name="policy_and_facts",
        looks_for=(
            "Is every assistant turn true and allowed? Compare it with the policy, with the results of the calls and "
            "with what was said before. Look for claims that nothing supports, values that differ, promises of things "
            "that no call did, steps that the policy forbids or that were taken before the customer agreed."
        ),
        defects=[
            "policy_breach",
            "unsupported_claim",
            "wrong_value",
            "contradiction",
            "false_promise",
            "skipped_confirmation",
        ],
    ),
    LensSpec(
        name="realism",
        looks_for=(
            "Would a real person write the customer's turns? Look for customers who talk like an agent or like a "
            "language model, who know what only the assistant can know, who give away everything at once or speak "
            "like a form, and for values that this customer does not have."
        ),
        defects=["unnatural_user", "role_flip", "boilerplate", "invented_value"],
    ),
    LensSpec(
        name="pedagogy",
        looks_for=(
            "Should another assistant learn from every assistant turn? Look for turns that pass over what the customer "
            "just said or asked, that go on with a value after the customer put it right, that say goodbye too early, "
            "or that promise what was never done."
        ),
        defects=["unanswered", "ignored_correction", "premature_closing", "false_promise"],
    ),
    LensSpec(
        name="safety_and_fairness",
        looks_for=(
            "Could a turn hurt somebody? Look for secrets that the assistant says, for hidden or inner details, for "
            "rude, mocking or pressing words, and for treatment that depends on who the customer is."
        ),
        defects=["unsafe_disclosure", "leak", "rudeness", "unfairness"],
    ),
    LensSpec(
        name="redundancy",
        looks_for=(
            "Is anything said twice for no reason? Look for the same words or the same content again within a turn or "
            "by the same side, and for turns that only repeat what the other side just said."
        ),
        defects=["repetition", "echo"],
    ),
)
LENSES: Mapping[str, LensSpec] = {lens.name: lens for lens in _TABLE}
"""The built-in lenses, in the order in which they are heard unless the run learned a better one."""

SEVERITIES: Mapping[str, Severity] = {
    "policy_breach": "fatal",
    "role_flip": "fatal",
    "boilerplate": "fatal",
    "unsafe_disclosure": "fatal",
    "leak": "fatal",
    "unfairness": "fatal",
    "wrong_tool": "fatal",
    "wrong_argument": "fatal",
}
"""What an upheld objection weighs where the caller does not say; `fault` for every class that is not here."""

SIDES: Mapping[str, str] = {
    "false_promise": "assistant",
    "unanswered": "assistant",
    "ignored_correction": "assistant",
    "rudeness": "assistant",
    "unfairness": "assistant",
    "unsafe_disclosure": "assistant",
    "unsupported_claim": "assistant",
    "unnatural_user": "user",
    "invented_value": "user",
}
"""Classes that only words of one side can show; critics that are weak blame the other side for them."""

SHOWN_BY_CALLS = frozenset(
    ["policy_breach", "skipped_confirmation", "ignored_correction", "wrong_tool", "wrong_argument"]
)
"""The classes that a call itself can show; all others are about words."""

WORDLESS = frozenset(
    [
        "broken_form",
        "invalid_arguments",
        "missing_call",
        "unknown_act",
        "unknown_tool",
        "wrong_argument",
        "wrong_end_state",
        "wrong_ending",
        "wrong_outline",
        "wrong_tool",
        "wrong_tool_result",
    ]
)
"""The classes that no other words can mend, whatever turn shows them."""
