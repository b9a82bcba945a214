"""Trials: a student talks with the user model in the domain's world, and is judged by what it brought about.

`run` goes through the scenarios; `students` makes any student speak, `talk` holds one conversation, `scoring` judges
it, `figures` works out success and pass^k. The student is blind to the blueprint, and nothing said here becomes
training data.
"""

from turnwright.engine.trials.figures import Rate, Trial, TrialFigures
from turnwright.engine.trials.run import TrialReport, run_trials
from turnwright.engine.trials.students import Candidate, candidate_of

__all__ = ["Candidate", "Rate", "Trial", "TrialFigures", "TrialReport", "candidate_of", "run_trials"]
