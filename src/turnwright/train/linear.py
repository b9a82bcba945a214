"""The linear student: TF-IDF of a situation's words, and one logistic regression an act, trained by seeded SGD.

It learns in seconds, so it can be the measure of a set. Its parameters are those of the outcome yardstick and fixed:
a measure that is tuned measures nothing. A conversation of weight w is learnt w times a pass (the order of a set does
not matter, it is shuffled in every pass). How a student is kept on disk stands in `saving`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading.example import Decision, Example, decisions
from turnwright.train.features import FEATURES, described
from turnwright.train.overlap import mark
from turnwright.train.student import Array, Predictions

__all__ = ["LinearStudent", "Weights", "acts_by_task", "fit_linear", "measuring_version", "tools_by_act"]

ALPHA, EPOCHS, NGRAMS = 1e-5, 15, (1, 2)
MOST_TIMES = 64  # that a conversation is repeated; what weighs more counts more each time


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt: coef is acts x features, intercept acts, idf features; a row an act, also for two acts."""

    coef: Array
    intercept: Array
    idf: Array


class LinearStudent(msgspec.Struct, frozen=True, kw_only=True):
    """See `Student`. vocabulary: feature words in the order of the weights. calls: task → act → the tool it calls."""

    features: str
    seed: int
    acts: tuple[str, ...]
    vocabulary: tuple[str, ...]
    weights: Weights
    calls: dict[str, dict[str, str]]
    legal: dict[str, tuple[str, ...]]
    seen: frozenset[str]
    name: str = "linear"

    def predict(self, points: Sequence[Decision]) -> Predictions:
        """Predict acts, and calls through the acts that make them; arguments are not predicted."""
        lines = described(self.features, list(points))
        table = _fitted(self.vocabulary, self.weights.idf).transform(lines)
        chances = _chances(table @ self.weights.coef.T + self.weights.intercept)
        said = chances.argmax(axis=1)
        calls = [self._call(point.example.task, self.acts[act]) for point, act in zip(points, said, strict=True)]
        return Predictions(chances=chances, calls=tuple(calls))

    def _call(self, task: str, act: str) -> str:
        return self.calls.get(task, {}).get(act) or self.calls.get("", {}).get(act, "")


def fit_linear(examples: Sequence[Example], *, features: str = "yardstick", seed: int = 0) -> LinearStudent:
    """Train a student on these conversations; each counts as much as its weight says.

    Raises:
        InputError: there are fewer than two acts, no such feature set, or scikit-learn is not installed.
    """
    if features not in FEATURES:
        raise InputError(f"there are no features '{features}'", fix=f"one of: {', '.join(FEATURES)}")
    points = decisions(examples)
    if len({point.act for point in points}) < 2:
        raise InputError(
            f"{len(examples):,} conversations with fewer than two acts: there is nothing to tell apart",
            fix="train on more conversations, or on some with labelled assistant turns",
        )
    vectorizer = _vectorizer()
    table = vectorizer.fit_transform(described(features, points))
    model = _classifier(seed, table, [point.act for point in points], [point.example.weight for point in points])
    return LinearStudent(
        features=features,
        seed=seed,
        acts=tuple(map(str, model.classes_)),
        vocabulary=tuple(sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)),
        weights=_weights(model, vectorizer),
        calls=tools_by_act(points),
        legal=acts_by_task(points),
        seen=frozenset(map(mark, examples)),
    )


def _weights(model: Any, vectorizer: Any) -> Weights:
    """With two acts there is one row, for the second: the first one's is its negative."""
    coef, intercept = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    return Weights(coef=coef.astype(np.float32), intercept=intercept, idf=vectorizer.idf_)


def _chances(scores: Array) -> Array:
    """One-against-all probabilities, scaled to add up to 1; equal shares where all of them vanish."""
    chances = 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500)))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def tools_by_act(points: Sequence[Decision]) -> dict[str, dict[str, str]]:
    """Task ("" for all together) → act → tool, where most turns with this act call one."""
    named: dict[tuple[str, str], Counter[str]] = {}
    for point in points:
        for task in (point.example.task, ""):
            named.setdefault((task, point.act), Counter())[point.call.name if point.call else ""] += 1
    calls: dict[str, dict[str, str]] = {}
    for (task, act), counted in sorted(named.items()):
        if tool := min(counted, key=lambda name: (-counted[name], name)):
            calls.setdefault(task, {})[act] = tool
    return calls


def acts_by_task(points: Sequence[Decision]) -> dict[str, tuple[str, ...]]:
    """Task → the acts that were seen in it."""
    acts: dict[str, set[str]] = {}
    for point in points:
        acts.setdefault(point.example.task, set()).add(point.act)
    return {task: tuple(sorted(names)) for task, names in sorted(acts.items())}


# --- scikit-learn, which is an extra: nothing else here names it ------------------------------------------------


def measuring_version() -> str:
    """The version of scikit-learn; raises InputError where it is not installed."""
    try:
        import sklearn  # an extra, and slow to import
    except ModuleNotFoundError as fault:
        raise InputError("scikit-learn is not installed", fix="pip install 'turnwright[measure]'") from fault
    return str(sklearn.__version__)


def _vectorizer(vocabulary: Sequence[str] | None = None) -> Any:
    measuring_version()
    from sklearn.feature_extraction.text import TfidfVectorizer  # an extra, and slow to import

    untyped: Any = TfidfVectorizer
    return untyped(ngram_range=NGRAMS, min_df=1, sublinear_tf=True, vocabulary=vocabulary)


def _fitted(vocabulary: Sequence[str], idf: Array) -> Any:
    vectorizer = _vectorizer(vocabulary)
    vectorizer.idf_ = idf
    return vectorizer


def _classifier(seed: int, table: Any, acts: Sequence[str], weights: Sequence[float]) -> Any:
    """A trained one. The number of passes is part of the measure, so that it stops early is nothing to warn of.

    Weights are repetitions, the last of them in part, since one large step undoes what others taught: 24 human
    conversations of STAR at weight 10 beside 600 walks of the graph reach 0.488, 0.509, 0.518 of their weighted F1
    when repeated, 0.403, 0.480, 0.515 as weights of the samples (391 conversations of the training part, 3 seeds).
    """
    from sklearn.exceptions import ConvergenceWarning  # an extra, and slow to import
    from sklearn.linear_model import SGDClassifier

    untyped: Any = SGDClassifier
    rows, parts = _repeated(weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = untyped(loss="log_loss", alpha=ALPHA, max_iter=EPOCHS, random_state=seed)
        return model.fit(table[rows], np.asarray(acts)[rows], sample_weight=parts)


def _repeated(weights: Sequence[float]) -> tuple[Array, Array]:
    """How often each row is repeated so that none counts more than once a time: rows, and what each of them counts."""
    whole = np.asarray(weights, dtype=np.float64)
    times = np.clip(np.ceil(whole), 1, MOST_TIMES).astype(np.int64)
    return np.repeat(np.arange(len(whole)), times), np.repeat(whole / times, times)
