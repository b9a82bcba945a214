"""The labeller: logistic regression over what is seen of a turn, one conversation from its first turn to its last.

The act before a turn is the given label where there is one, else the one that was just predicted, in training as in
use. It predicts main acts only, and leaves labels that are there alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.monitor.labelling.held_out import HeldOut, Trial, folds_of, held_out_of
from turnwright.monitor.labelling.seen import (
    Array,
    Place,
    Sides,
    Vocabulary,
    act_before,
    learn_vocabularies,
    places,
    seen,
)
from turnwright.reading import START, Example, ExampleSet

__all__ = ["Labelled", "Labeller", "fit_labeller", "label_set", "labelled_notes"]

ALPHA, EPOCHS = 1e-5, 10
"""Chosen on STAR and SGD: 3e-6 to 3e-5 do as well."""
BEFORE = 0.5
"""What the act before counts."""


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the turns of the side. had: with a label before. predicted: given one. unsure: left without.

    sure: mean certainty of all predictions, of the kept and of those that were not.
    """

    side: Sides
    had: int = 0
    predicted: int = 0
    unsure: int = 0
    sure: float = 0.0

    def __add__(self, other: Labelled) -> Labelled:
        mine, its = self.predicted + self.unsure, other.predicted + other.unsure
        sure = (self.sure * mine + other.sure * its) / (mine + its) if mine + its else 0.0
        return Labelled(
            side=self.side,
            had=self.had + other.had,
            predicted=self.predicted + other.predicted,
            unsure=self.unsure + other.unsure,
            sure=sure,
        )


class Labeller(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. coef: acts x (columns of the vocabularies, meaning, acts before and START); intercept: acts.

    calls: whether turns that only call a tool have acts in what it learnt from; else they are given none.
    held_out: how right it is on conversations that it did not learn from; None while that is being found out.
    """

    side: Sides
    acts: tuple[str, ...]
    vocabularies: tuple[Vocabulary, ...]
    coef: Array
    intercept: Array
    calls: bool = True
    held_out: HeldOut | None = None

    def label(self, examples: Sequence[Example], *, least_sure: float = 0.0) -> tuple[tuple[Example, ...], Labelled]:
        """The conversations with an act on every turn of the side that is told surely enough, and the count of it.

        Args:
            least_sure: a label of less certainty (0 to 1) is not given.
        """
        turns = [turn for turn in places(examples, self.side) if turn.act or turn.words or self.calls]
        acts, sure = self.predict(turns)
        made = [list(example.turns) for example in examples]
        fresh = [number for number, turn in enumerate(turns) if not turn.act]
        given = [number for number in fresh if sure[number] >= least_sure]
        for number in given:
            place = turns[number]
            turn = made[place.conversation][place.turn]
            made[place.conversation][place.turn] = msgspec.structs.replace(turn, act=self.acts[acts[number]])
        labelled = Labelled(
            side=self.side,
            had=len(turns) - len(fresh),
            predicted=len(given),
            unsure=len(fresh) - len(given),
            sure=float(sure[fresh].mean()) if fresh else 0.0,
        )
        whole = zip(examples, made, strict=True)
        return tuple(msgspec.structs.replace(one, turns=tuple(turns)) for one, turns in whole), labelled

    def predict(self, turns: Sequence[Place]) -> tuple[Array, Array]:
        """Number of the act of each turn, and how certain it is; given labels are only used as the act before."""
        columns = self.coef.shape[1] - len(self.acts) - 1
        before = self.coef[:, columns:].T * BEFORE
        acts, sure = np.zeros(len(turns), dtype=np.int64), np.zeros(len(turns))
        if not turns:
            return acts, sure
        base = np.asarray(seen(turns, self.vocabularies) @ self.coef[:, :columns].T) + self.intercept
        known = {act: number for number, act in enumerate(self.acts)}
        last = np.full(1 + max(turn.conversation for turn in turns), len(self.acts))
        for step in _steps(turns):
            chances = _chances(base[step] + before[last[[turns[row].conversation for row in step]]])
            acts[step], sure[step] = chances.argmax(axis=1), chances.max(axis=1)
            for row in step:
                turn = turns[row]
                last[turn.conversation] = known.get(turn.act, len(self.acts)) if turn.act else acts[row]
        return acts, sure


def fit_labeller(labelled: Sequence[Example], *, side: Sides = "assistant", folds: int = 3, seed: int = 0) -> Labeller:
    """Learn to label turns of a side, and find out how right that is on conversations that were not learnt from.

    Raises:
        InputError: fewer than two acts or too few conversations, or the extra `measure` is not installed.
    """
    examples = [one for one in labelled if any(turn.role == side and turn.act for turn in one.turns)]
    if len({turn.act for one in examples for turn in one.turns if turn.role == side and turn.act}) < 2:
        raise InputError(
            f"{len(labelled):,} conversations with fewer than two acts on the {side}'s turns: nothing can be learnt",
            fix=f"give conversations whose {side} turns have `act`",
        )
    parts = folds_of(examples, folds, seed)
    trials = [trial for part in range(folds) for trial in _trials(examples, parts, part, side, seed)]
    return msgspec.structs.replace(_fitted(examples, side, seed), held_out=held_out_of(trials, folds, seed))


def label_set(labeller: Labeller, given: ExampleSet, *, least_sure: float = 0.0) -> tuple[ExampleSet, Labelled]:
    """The set with predicted acts; its notes say so."""
    examples, labelled = labeller.label(given.examples, least_sure=least_sure)
    notes = (*given.notes, *labelled_notes(labeller, labelled))
    return msgspec.structs.replace(given, examples=examples, notes=notes), labelled


def labelled_notes(labeller: Labeller, labelled: Labelled) -> tuple[str, ...]:
    """What a reader of a labelled set must know."""
    held_out = labeller.held_out
    all_of_them = labelled.had + labelled.predicted
    if not labelled.predicted:
        return (f"no act of the {labelled.side} was predicted",)
    said = f"{labelled.predicted / all_of_them:.1%} of the {all_of_them:,} acts of the {labelled.side} are predicted"
    if held_out is None:
        return (said,)
    right = f"{held_out.accuracy:.3f} ({held_out.low:.3f}…{held_out.high:.3f})"
    notes = [f"{said}; right on held-out conversations of the labelled set: {right}, n = {held_out.conversations:,}"]
    if labelled.sure < held_out.sure - 0.1:
        notes.append(
            f"the labeller is less certain here ({labelled.sure:.2f}) than on held-out conversations "
            f"({held_out.sure:.2f}): these differ from what it learnt from, and its labels are worth less than it says"
        )
    return tuple(notes)


def _trials(examples: Sequence[Example], parts: Sequence[int], part: int, side: Sides, seed: int) -> list[Trial]:
    """What the labeller that learnt from the other parts says of this one, from which all labels were taken away."""
    learnt = [one for one, its in zip(examples, parts, strict=True) if its != part]
    asked = [one for one, its in zip(examples, parts, strict=True) if its == part]
    labeller = _fitted(learnt, side, seed)
    known = {turn.words for turn in places(learnt, side) if turn.act}
    turns = places(asked, side)
    acts, sure = labeller.predict([turn._replace(act="") for turn in turns])
    return [
        Trial(
            conversation=(part, turn.conversation),
            act=turn.act,
            said=labeller.acts[acts[row]],
            sure=float(sure[row]),
            known=turn.words in known,
        )
        for row, turn in enumerate(turns)
        if turn.act
    ]


def _fitted(examples: Sequence[Example], side: Sides, seed: int) -> Labeller:
    turns = places(examples, side)
    before = act_before(turns)
    rows = [row for row, turn in enumerate(turns) if turn.act]
    taught = [turns[row] for row in rows]
    acts = sorted({turn.act for turn in taught})
    if len(acts) < 2:
        raise InputError(
            f"{len(examples):,} conversations with fewer than two acts are too few to learn and to be examined with",
            fix="give more labelled conversations",
        )
    vocabularies = learn_vocabularies(taught)
    numbers = {act: number for number, act in enumerate(acts)}
    last = [numbers.get(before[row], len(acts)) if before[row] != START else len(acts) for row in rows]
    model = _model(seen(taught, vocabularies), last, [turn.act for turn in taught], len(acts) + 1, seed)
    coef, intercept = model.coef_, model.intercept_
    if len(acts) == 2:  # one row, for the second act
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    return Labeller(
        side=side,
        acts=tuple(acts),
        vocabularies=vocabularies,
        coef=coef.astype(np.float32),
        intercept=intercept.astype(np.float32),
        calls=any(not turn.words for turn in taught),
    )


def _model(table: Any, last: Sequence[int], acts: Sequence[str], width: int, seed: int) -> Any:
    from scipy import sparse  # extras, and slow to import
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import SGDClassifier

    marks = sparse.csr_matrix((np.ones(len(last)), (np.arange(len(last)), last)), shape=(len(last), width))
    untyped: Any = SGDClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of passes is fixed
        model = untyped(loss="log_loss", alpha=ALPHA, max_iter=EPOCHS, random_state=seed)
        return model.fit(sparse.hstack([table, marks * BEFORE], format="csr"), acts)


def _steps(turns: Sequence[Place]) -> list[Array]:
    """Rows of all first turns, of all second turns, ...: what can be predicted at once."""
    steps: list[list[int]] = []
    conversation, place = -1, 0
    for row, turn in enumerate(turns):
        place = place + 1 if turn.conversation == conversation else 0
        conversation = turn.conversation
        if place == len(steps):
            steps.append([])
        steps[place].append(row)
    return [np.array(step) for step in steps]


def _chances(scores: Array) -> Array:
    """One-against-all probabilities, scaled to add up to 1."""
    chances = 1.0 / (1.0 + np.exp(-np.clip(scores, -50, 50)))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
