"""How right a labeller is on conversations that it did not learn from.

Conversations are parted whole, and copies stay together; while one is labelled, all of its labels are hidden, as they
are in use. Intervals come from resampling conversations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from turnwright.errors import InputError
from turnwright.reading import Example
from turnwright.records import content_id, derive_seed, seeded

__all__ = ["ActScore", "Coverage", "HeldOut", "Trial", "folds_of", "held_out_of"]

DRAWS = 1000
SURE = (0.5, 0.7, 0.9)


class Trial(NamedTuple):
    """One labelled turn and what was said of it. known: whether the same words stood in what was learnt from."""

    conversation: tuple[int, int]
    act: str
    said: str
    sure: float
    known: bool


class ActScore(msgspec.Struct, frozen=True, kw_only=True):
    """One act: how often it was meant (n), the share of right ones among those said and those meant, and F1."""

    act: str
    n: int
    precision: float
    recall: float
    f1: float


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Labels of at least this certainty: their share, and the share of right ones among them."""

    least_sure: float
    share: float
    accuracy: float


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """Share of right labels with its 95 % interval, and what it must be seen against.

    commonest: share of the act that is said most. macro_f1: mean over acts. sure: mean certainty. fresh: accuracy on
    the fresh_turns turns whose words were not learnt from, None where there are none. acts: commonest first.
    """

    conversations: int
    turns: int
    folds: int
    accuracy: float
    low: float
    high: float
    commonest: float
    macro_f1: float
    sure: float
    fresh: float | None
    fresh_turns: int
    acts: tuple[ActScore, ...]
    coverage: tuple[Coverage, ...]


def folds_of(examples: Sequence[Example], folds: int, seed: int) -> list[int]:
    """The part of each conversation; those of the same words are in one.

    Raises:
        InputError: there are fewer different conversations than parts.
    """
    marks = [content_id("wd", [turn.text for turn in one.turns]) for one in examples]
    order = list(dict.fromkeys(marks))
    if len(order) < folds:
        raise InputError(
            f"{len(order)} different labelled conversation(s) are too few to learn from and to be examined with",
            fix=f"give at least {folds}, better some hundred",
        )
    seeded("labelling folds", seed, len(order)).shuffle(order)
    part = {mark: place % folds for place, mark in enumerate(order)}
    return [part[mark] for mark in marks]


def held_out_of(trials: Sequence[Trial], folds: int, seed: int) -> HeldOut:
    """The figures of all trials of all parts."""
    right = np.array([trial.act == trial.said for trial in trials])
    sure = np.array([trial.sure for trial in trials])
    fresh = np.array([not trial.known for trial in trials])
    low, high = _interval(trials, right, seed)
    acts = _act_scores(trials)
    return HeldOut(
        conversations=len({trial.conversation for trial in trials}),
        turns=len(trials),
        folds=folds,
        accuracy=float(right.mean()),
        low=low,
        high=high,
        commonest=acts[0].n / len(trials),
        macro_f1=float(np.mean([one.f1 for one in acts])),
        sure=float(sure.mean()),
        fresh=float(right[fresh].mean()) if fresh.any() else None,
        fresh_turns=int(fresh.sum()),
        acts=acts,
        coverage=tuple(
            Coverage(
                least_sure=least,
                share=float((sure >= least).mean()),
                accuracy=float(right[sure >= least].mean()) if (sure >= least).any() else 0.0,
            )
            for least in SURE
        ),
    )


def _interval(trials: Sequence[Trial], right: np.ndarray, seed: int) -> tuple[float, float]:
    """Bootstrap over conversations of the share of right labels."""
    number = {one: place for place, one in enumerate(dict.fromkeys(trial.conversation for trial in trials))}
    rows = np.array([number[trial.conversation] for trial in trials])
    turns = np.bincount(rows, minlength=len(number))
    rights = np.bincount(rows, weights=right, minlength=len(number))
    chance = np.random.default_rng(derive_seed("labelling interval", seed))
    drawn = chance.integers(len(number), size=(DRAWS, len(number)))
    shares = rights[drawn].sum(axis=1) / turns[drawn].sum(axis=1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def _act_scores(trials: Sequence[Trial]) -> tuple[ActScore, ...]:
    meant = Counter(trial.act for trial in trials)
    said = Counter(trial.said for trial in trials)
    hit = Counter(trial.act for trial in trials if trial.act == trial.said)
    order = sorted(meant, key=lambda act: (-meant[act], act))
    return tuple(
        ActScore(
            act=act,
            n=meant[act],
            precision=hit[act] / said[act] if said[act] else 0.0,
            recall=hit[act] / meant[act],
            f1=2 * hit[act] / (meant[act] + said[act]),
        )
        for act in order
    )
