"""What a set still lacks: which steps its students get wrong that students of real conversations get right.

Measured on a half of the pool that the real students do not learn from, never on the test: whoever pulls the lever
that this names has not seen the test. A step is an act and the act before it; what it loses is the share of all
decisions that are right with real conversations and wrong with the set, less the other way round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from cells import answered

from turnwright.reading import START, Decision, Example, decisions
from turnwright.train.curve import take
from turnwright.train.tally import drawn

__all__ = ["halves", "lost"]

Array = np.ndarray[Any, Any]
ROUNDS = 1_000
SHOWN = 15
NAMELESS = "an act that the set does not have, or calls otherwise"
LEAST = 5  # conversations in which a step must occur


def halves(pool: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The pool in two, by the hash of a conversation's name: to learn from, and to look at."""
    parts: tuple[list[Example], list[Example]] = ([], [])
    for one in pool:
        parts[hashlib.sha256(f"outcome/{one.name}".encode()).digest()[0] % 2].append(one)
    return parts


def lost(ours: Sequence[Sequence[Example]], pool: Sequence[Example], real: int, seeds: int) -> dict[str, Any]:
    """Compare students of the set with students of `real` conversations.

    Args:
        ours: the conversations of the set, by generation seed.

    Returns:
        steps, tasks, kinds: rows with how much is lost (in points of accuracy), its interval, and what is said instead.
    """
    learn, look = halves(pool)
    points = decisions(look)
    mine = _right([answered(each, points, [seed])[0] for seed, each in enumerate(ours)], points)
    theirs = [answered(take(learn, real, seed), points, [seed])[0] for seed in range(seeds)]
    gap = _right(theirs, points) - mine
    said = answered(ours[0], points, [0])[0]
    known = {(point.example.task, point.act) for each in ours for point in decisions(each)}
    where = np.unique([point.conversation for point in points], return_inverse=True)[1]
    return {
        "real": real,
        "learnt from": len(learn),
        "looked at": len(look),
        "decisions": len(points),
        "nameless": NAMELESS,
        "accuracy": {"ours": float(mine.mean()), "real": float(_right(theirs, points).mean())},
        "steps": _rows(gap, where, [_step(point) for point in points], points, said)[:SHOWN],
        "tasks": _rows(gap, where, [point.example.task for point in points], points, said),
        "kinds": _rows(gap, where, [_kind(point, known) for point in points], points, said),
    }


def _right(rows: Sequence[Sequence[str]], points: Sequence[Decision]) -> Array:
    """Share of the students that are right at each decision."""
    gold = np.array([point.act for point in points], dtype=object)
    return np.mean([np.array(row, dtype=object) == gold for row in rows], axis=0)


def _rows(
    gap: Array, where: Array, names: Sequence[str], points: Sequence[Decision], said: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows by what they lose, the worst first."""
    weights = drawn(int(where.max()) + 1, ROUNDS)
    rows = []
    for name in sorted(set(names)):
        mask = np.array([each == name for each in names])
        if len(set(where[mask])) < LEAST:
            continue
        part = np.bincount(where[mask], weights=gap[mask], minlength=weights.shape[1])
        whole = np.bincount(where, minlength=weights.shape[1]).astype(float)
        low, high = np.quantile((weights @ part) / (weights @ whole), [0.025, 0.975])
        instead = _instead([(points[n].act, said[n]) for n in np.flatnonzero(mask)])
        rows.append({
            "name": name, "decisions": int(mask.sum()), "conversations": len(set(where[mask])),
            "lost": {"value": float(gap[mask].sum() / len(gap)), "low": float(low), "high": float(high)},
            "instead": instead,
        })  # fmt: skip
    return sorted(rows, key=lambda row: (-row["lost"]["value"], row["name"]))


def _instead(pairs: Sequence[tuple[str, str]]) -> str:
    """What is most often said where another act was right."""
    wrong = [said for right, said in pairs if right != said]
    return max(sorted(set(wrong)), key=wrong.count) if wrong else ""


def _step(point: Decision) -> str:
    return f"{_before(point)} → {point.act}"


def _before(point: Decision) -> str:
    return point.previous[-1] if point.previous else START


def _kind(point: Decision, known: Collection[tuple[str, str]]) -> str:
    """The kind of behaviour that a step belongs to, by what acts are called: the levers that a generator has.

    known: task and act of everything that the set does; what it never does under this name no student can learn.
    """
    before, act = _before(point), point.act
    if (point.example.task, act) not in known:
        return NAMELESS
    if "bye" in act:
        return "goodbye again" if "bye" in before else "goodbye"
    if "bye" in before or before == "anything_else":
        return "going on after the end"
    if act == "anything_else":
        return "asking for more"
    if "out_of_scope" in (before, act):
        return "not understood, and after it"
    if act == "query":
        return "calling again" if before == "query" else "calling"
    if before == "query":
        return "telling or asking after a result"
    if before in (START, "hello"):
        return "opening"
    if act == before:
        return "the same act again"
    return "another question" if "ask" in act else "another statement"
