"""Audits of a factory: who is in its set, how its models treat users, and whether its arbiter judges them alike.

`versions` and `regenerating` make the same conversation for another user, `in_place` edits finished ones, `populations`
counts who is there; `whole` is the audit on one page.
"""

from turnwright.engine.audit.page import keep_audit
from turnwright.engine.audit.populations import Targets, load_targets
from turnwright.engine.audit.records import PARTS, AuditSettings, BiasReport, InPlace, Part, Population
from turnwright.engine.audit.whole import announced, audit_bias

__all__ = [
    "PARTS",
    "AuditSettings",
    "BiasReport",
    "InPlace",
    "Part",
    "Population",
    "Targets",
    "announced",
    "audit_bias",
    "keep_audit",
    "load_targets",
]
