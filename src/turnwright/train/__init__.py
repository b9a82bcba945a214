"""Stage `train`: sets → students, their evaluation on real conversations, and what a set is worth.

Students learn next acts from files, runs and exports alike; worth is counted in real conversations. scikit-learn is
an extra (`measure`) and is imported only when a student learns or answers.
"""

from turnwright.train.card import student_card
from turnwright.train.curve import SIZES, Curve, curve_of, equivalent
from turnwright.train.evaluate import Comparison, Difference, Evaluation, Measure, compare, evaluate
from turnwright.train.features import FEATURES
from turnwright.train.linear import LinearStudent, fit_linear
from turnwright.train.mix import Mixture, Shares, mixed, shares
from turnwright.train.negatives import Negative, by_class, negatives
from turnwright.train.overlap import Overlap, overlap
from turnwright.train.plot import worth_plot
from turnwright.train.saving import load_student, require_new, save_student
from turnwright.train.student import Predictions, Student
from turnwright.train.tally import Estimate
from turnwright.train.worth import CurvePoint, Plus, Worth, score_sets, worth

__all__ = [
    "FEATURES",
    "SIZES",
    "Comparison",
    "Curve",
    "CurvePoint",
    "Difference",
    "Estimate",
    "Evaluation",
    "LinearStudent",
    "Measure",
    "Mixture",
    "Negative",
    "Overlap",
    "Plus",
    "Predictions",
    "Shares",
    "Student",
    "Worth",
    "by_class",
    "compare",
    "curve_of",
    "equivalent",
    "evaluate",
    "fit_linear",
    "load_student",
    "mixed",
    "negatives",
    "overlap",
    "require_new",
    "save_student",
    "score_sets",
    "shares",
    "student_card",
    "worth",
    "worth_plot",
]
