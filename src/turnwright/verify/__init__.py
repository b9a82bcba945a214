"""Stage `verify`: Conversation → Verdict. Deterministic checks first, then the arbiter's rubric where it is licensed.

`verify` judges a finished conversation by checks, `guard` watches one in mid-simulation, an `Arbiter` answers questions
that need a reader of meaning. Every check is in `CHECKS`, every criterion in `RUBRIC`, every defect class in `DEFECTS`;
`exam` decides what an arbiter may rule on, `calibration` compares verdicts with people.
"""

from turnwright.verify.arbiter import Arbiter, Preference
from turnwright.verify.catalogue import CHECKS
from turnwright.verify.check import Check, Context, TextReader
from turnwright.verify.defects import DEFECTS, DefectClass
from turnwright.verify.rubric import RUBRIC, ArbiterSettings, CriterionSpec
from turnwright.verify.settings import VerifySettings
from turnwright.verify.verdicts import guard, verify

__all__ = [
    "CHECKS",
    "DEFECTS",
    "RUBRIC",
    "Arbiter",
    "ArbiterSettings",
    "Check",
    "Context",
    "CriterionSpec",
    "DefectClass",
    "Preference",
    "TextReader",
    "VerifySettings",
    "guard",
    "verify",
]
