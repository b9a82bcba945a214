"""The checks, one module a family; `verify.catalogue` lists them in the order in which they run."""

from turnwright.verify.checks.acts import Acts
from turnwright.verify.checks.calls import Calls
from turnwright.verify.checks.course import Course
from turnwright.verify.checks.form import Form
from turnwright.verify.checks.gold import Gold
from turnwright.verify.checks.language import Language
from turnwright.verify.checks.leaks import Leaks
from turnwright.verify.checks.policy import Policy
from turnwright.verify.checks.repetition import Repetition
from turnwright.verify.checks.replay import Replay
from turnwright.verify.checks.roles import Roles
from turnwright.verify.checks.values import Values

__all__ = [
    "Acts",
    "Calls",
    "Course",
    "Form",
    "Gold",
    "Language",
    "Leaks",
    "Policy",
    "Repetition",
    "Replay",
    "Roles",
    "Values",
]
