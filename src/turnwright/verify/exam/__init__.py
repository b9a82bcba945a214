"""The exam: planted defects, clean and harmlessly edited controls, and the licence that comes of it.

`planting` makes the copies, `harmless` the controls, `grading` marks answers: exact bounds, class by class. Who is
asked is not their business.
"""

from turnwright.verify.exam.grading import Grading, correlations, needed, phi, shortfall, upper_bound
from turnwright.verify.exam.harmless import harmless
from turnwright.verify.exam.planting import PLANTINGS, Planted, plant

__all__ = [
    "PLANTINGS",
    "Grading",
    "Planted",
    "correlations",
    "harmless",
    "needed",
    "phi",
    "plant",
    "shortfall",
    "upper_bound",
]
