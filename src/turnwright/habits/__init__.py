"""What a few human conversations show of how people behave: estimates with intervals, in a file that people can edit.

Learns from conversations, and writes and reads the habits file. Does not plan, design or word anything: what draws from
the habits is told by the engine.
"""

from turnwright.habits.learn import Learnt, Subject, learn
from turnwright.habits.levels import Planned
from turnwright.habits.record import DomainHabits, Estimate, General, Habits, Name, load_habits
from turnwright.habits.shares import Prior, Share, share
from turnwright.habits.writing import as_yaml

__all__ = [
    "DomainHabits",
    "Estimate",
    "General",
    "Habits",
    "Learnt",
    "Name",
    "Planned",
    "Prior",
    "Share",
    "Subject",
    "as_yaml",
    "learn",
    "load_habits",
    "share",
]
