"""Stage `verify`: Conversation → Verdict. Deterministic checks, cheap first, each with class, turns and evidence.

`verify` judges a finished conversation, `guard` watches one in mid-simulation. Every check is in `CHECKS`, every
defect class in `DEFECTS`.
"""

from turnwright.verify.catalogue import CHECKS
from turnwright.verify.check import Check, Context, TextReader
from turnwright.verify.defects import DEFECTS, DefectClass
from turnwright.verify.settings import VerifySettings
from turnwright.verify.verdicts import guard, verify

__all__ = [
    "CHECKS",
    "DEFECTS",
    "Check",
    "Context",
    "DefectClass",
    "TextReader",
    "VerifySettings",
    "guard",
    "verify",
]
