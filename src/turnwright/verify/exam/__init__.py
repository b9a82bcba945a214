"""The exam: planted defects, clean and harmlessly edited controls, and the licence that comes of it.

`grading` marks answers: exact bounds, class by class. What is planted, and who is asked, is not its business.
"""

from turnwright.verify.exam.grading import Grading, correlations, needed, phi, shortfall, upper_bound

__all__ = ["Grading", "correlations", "needed", "phi", "shortfall", "upper_bound"]
