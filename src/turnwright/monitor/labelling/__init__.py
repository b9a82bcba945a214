"""Acts for turns that have none: a small classifier, trained in the run on labelled conversations of the same kind.

It says how right it is on conversations that it did not learn from, and marks the sets that it labelled as predicted.
"""

from turnwright.monitor.labelling.held_out import ActScore, Coverage, HeldOut
from turnwright.monitor.labelling.labeller import Labelled, Labeller, fit_labeller, label_set
from turnwright.monitor.labelling.labelling import Labelling, learn_labels
from turnwright.monitor.labelling.saving import load_labeller, save_labeller

__all__ = [
    "ActScore",
    "Coverage",
    "HeldOut",
    "Labelled",
    "Labeller",
    "Labelling",
    "fit_labeller",
    "label_set",
    "learn_labels",
    "load_labeller",
    "save_labeller",
]
