"""The bias audit's figures: who is in a set, who is treated how, and which way rounds drift. No model is asked here."""

from turnwright.monitor.bias.amplification import Amplified, Drift, amplification
from turnwright.monitor.bias.attributes import Attribute, AttributeTable, Level, load_attributes
from turnwright.monitor.bias.measures import MEASURES, Measure, Measured, Seen, Signs, measured
from turnwright.monitor.bias.paired import Answer, Compared, Group, Pair, paired
from turnwright.monitor.bias.representation import Member, Represented, Row, representation

__all__ = [
    "MEASURES",
    "Amplified",
    "Answer",
    "Attribute",
    "AttributeTable",
    "Compared",
    "Drift",
    "Group",
    "Level",
    "Measure",
    "Measured",
    "Member",
    "Pair",
    "Represented",
    "Row",
    "Seen",
    "Signs",
    "amplification",
    "load_attributes",
    "measured",
    "paired",
    "representation",
]
