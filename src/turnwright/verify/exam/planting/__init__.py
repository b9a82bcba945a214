"""Planting: one known defect in one copy of a clean conversation, to examine whoever claims to find such defects.

Each planting changes words, calls or results and leaves labels and all other turns as they are; it says in words what
it did. It does not look at what any check or arbiter makes of the copy.
"""

from turnwright.verify.exam.planting.original import Edit, Original, Planted
from turnwright.verify.exam.planting.table import PLANTINGS, Planting, plant

__all__ = ["PLANTINGS", "Edit", "Original", "Planted", "Planting", "plant"]
