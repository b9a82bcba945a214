"""Stage `admit`: Verdict → Admission. Novelty of words and skeleton, quotas, contamination; every refusal has a reason.

One `Gate` a run, asked in order of ordinals; `load_held_out` reads the files that the set must not repeat.
"""

from turnwright.admit.gate import Gate
from turnwright.admit.held_out import HeldOut, load_held_out
from turnwright.admit.recall import MemoryRecall, Recall
from turnwright.admit.settings import AdmitSettings
from turnwright.admit.signature import Signature

__all__ = ["AdmitSettings", "Gate", "HeldOut", "MemoryRecall", "Recall", "Signature", "load_held_out"]
