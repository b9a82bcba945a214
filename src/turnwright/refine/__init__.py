"""Stage `refine`: a draft → a debated conversation and the record of its council.

Critics with distinct lenses object, the teacher mends or rebuts, the arbiter (which is the caller's) rules on what is
contested. The words of cited spans may change, and nothing else.
"""

from turnwright.refine.debate import Refined, Rule, refine
from turnwright.refine.lenses import LENSES, LensSpec
from turnwright.refine.revision import Check
from turnwright.refine.settings import RefineSettings

__all__ = ["LENSES", "Check", "LensSpec", "RefineSettings", "Refined", "Rule", "refine"]
