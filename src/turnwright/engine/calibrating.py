"""Calibration of a run: what people's labels say about its verdicts, with every figure that follows from them.

Puts labels beside the machine's words and hands arrays to `verify.calibration`; no statistics are done here, and
nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np

from turnwright.records import Admission, Label, Verdict, derive_seed
from turnwright.store import Run
from turnwright.store.labels import Labels
from turnwright.verify import DEFECTS
from turnwright.verify.calibration import Agreement, Judged, Share, Side, agreement, share

__all__ = ["Calibration", "Contradiction", "calibrate", "defect_classes"]

_RULED = ("vote", "tie")  # ways of ruling in which an arbiter had a say


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that one reviewer would take and another would not."""

    conversation_id: str
    ordinal: int
    accepted_by: tuple[str, ...]
    rejected_by: tuple[str, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What the labels of a run say.

    labels: conversations with a word that counts. reviewers: name → conversations that they labelled.
    shares: of conversations that people would accept: over all verified ones, the admitted, the rejected, and of these
    the ones rejected for a defect where others were rejected although nothing was found in them (duplicates, quotas).
    agreements: machine and people; arbiter and people, where one ruled; every two reviewers with conversations in
    common. contradictions: count for no share and for no agreement with the machine until one of them is changed.
    defects: class → how often people saw it; missed: the same over admitted conversations.
    unknown: ids that were labelled and are not in this run.
    """

    labels: int
    reviewers: dict[str, int]
    shares: tuple[Share, ...]
    agreements: tuple[Agreement, ...]
    contradictions: tuple[Contradiction, ...] = ()
    defects: dict[str, int] = {}
    missed: dict[str, int] = {}
    unknown: tuple[str, ...] = ()


class _Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine says of one conversation. arbiter: its word, None where it did not rule."""

    conversation_id: str
    ordinal: int
    admitted: bool
    for_defect: bool
    passed: bool
    predicted: float
    arbiter: bool | None


def calibrate(run: Run, labels: Iterable[Label]) -> Calibration:
    """Work out what the labels say about the run as it stands; reads every verdict once.

    Args:
        labels: as they were given; the latest of each reviewer on each conversation counts.
    """
    machine = {one.conversation_id: one for one in _machine(run)}
    latest = Labels(given=tuple(labels)).latest
    known = [label for label in latest if label.conversation_id in machine]
    contradictions = _contradictions(known, machine)
    unsettled = {one.conversation_id for one in contradictions}
    counting = [label for label in known if label.conversation_id not in unsettled]
    people = {label.conversation_id: label.accepted for label in counting}
    unknown = dict.fromkeys(label.conversation_id for label in latest if label.conversation_id not in machine)
    return Calibration(
        labels=len(people),
        reviewers=dict(sorted(Counter(label.reviewer for label in known).items())),
        shares=_shares(machine.values(), people),
        agreements=(*_with_people(machine.values(), people), *_among_reviewers(machine, known)),
        contradictions=contradictions,
        defects=_defects(counting),
        missed=_defects(label for label in counting if machine[label.conversation_id].admitted),
        unknown=tuple(unknown),
    )


def defect_classes(run: Run) -> tuple[str, ...]:
    """The classes that a label may name: those of the checks, and those of the domain's rules that were met."""
    met = {reason for stage, reason in run.records.outcomes() if stage == "verify"}
    return tuple(sorted(met | set(DEFECTS)))


# --- what the machine says --------------------------------------------------------------------------------------


def _machine(run: Run) -> Iterator[_Machine]:
    for concluded in run.records.concluded():
        if concluded.conversation is not None and concluded.verdict is not None:
            yield _word(concluded.admission, concluded.verdict)


def _word(admission: Admission, verdict: Verdict) -> _Machine:
    ruled = [ruling.found for ruling in verdict.rulings if ruling.how in _RULED]
    return _Machine(
        conversation_id=admission.conversation_id,
        ordinal=admission.ordinal,
        admitted=admission.admitted,
        for_defect=not admission.admitted and admission.stage != "admit",
        passed=verdict.passed,
        predicted=_predicted(verdict),
        arbiter=not any(ruled) if ruled else None,
    )


def _predicted(verdict: Verdict) -> float:
    """The machine's chance that people accept it.

    1 or 0 as the verdict has it; where arbiters gave probabilities, 1 less the highest that one of their questions got
    (the mean over its votes), unless a check found something. It need not be right: the labels correct it.
    """
    if any(defect.severity != "note" and defect.found_by != "arbiter" for defect in verdict.defects):
        return 0.0
    chances = []
    for ruling in verdict.rulings:
        given = [vote.probability for vote in ruling.votes if vote.probability is not None]
        if given:
            chances.append(sum(given) / len(given))
    return 1.0 - max(chances) if chances else float(verdict.passed)


# --- figures ----------------------------------------------------------------------------------------------------


def _shares(machine: Collection[_Machine], people: Mapping[str, bool]) -> tuple[Share, ...]:
    admitted = _side("admitted", [one for one in machine if one.admitted], people)
    refused = [one for one in machine if not one.admitted]
    rejected = _side("rejected", refused, people)
    shares = [share("all", [admitted, rejected]), share("admitted", [admitted]), share("rejected", [rejected])]
    defective = [one for one in refused if one.for_defect]
    if 0 < len(defective) < len(refused):
        name = "rejected for a defect"
        shares.append(share(name, [_side(name, defective, people)]))
    return tuple(shares)


def _side(name: str, ones: Sequence[_Machine], people: Mapping[str, bool]) -> Side:
    labelled = [one for one in ones if one.conversation_id in people]
    return Side(
        name=name,
        predicted=np.array([one.predicted for one in ones], dtype=np.float64),
        said=np.array([one.predicted for one in labelled], dtype=np.float64),
        accepted=np.array([people[one.conversation_id] for one in labelled], dtype=np.bool_),
    )


def _with_people(machine: Collection[_Machine], people: Mapping[str, bool]) -> Iterator[Agreement]:
    yield _agreement("admission and people", machine, lambda one: one.admitted, people)
    if any(one.passed != one.admitted for one in machine):
        yield _agreement("verdict and people", machine, lambda one: one.passed, people)
    ruled = [one for one in machine if one.arbiter is not None]
    if ruled:
        yield _agreement("arbiter and people", ruled, lambda one: bool(one.arbiter), people)


def _among_reviewers(machine: Mapping[str, _Machine], labels: Iterable[Label]) -> Iterator[Agreement]:
    words: dict[str, dict[str, bool]] = {}
    for label in labels:
        words.setdefault(label.reviewer, {})[label.conversation_id] = label.accepted
    for (one, first), (other, second) in combinations(sorted(words.items()), 2):
        sides = {machine[found].admitted for found in first.keys() & second.keys()}
        common = [each for each in machine.values() if each.admitted in sides]  # a side without a word says nothing
        if common:
            yield _agreement(f"{one} and {other}", common, _words_of(first), second)


def _words_of(reviewer: Mapping[str, bool]) -> Callable[[_Machine], bool | None]:
    return lambda one: reviewer.get(one.conversation_id)


def _agreement(
    between: str,
    ones: Collection[_Machine],
    word: Callable[[_Machine], bool | None],
    others: Mapping[str, bool],
) -> Agreement:
    sides = []
    for name, admitted in (("admitted", True), ("rejected", False)):
        side = [one for one in ones if one.admitted == admitted]
        pairs = [(word(one), others[one.conversation_id]) for one in side if one.conversation_id in others]
        both = [(mine, theirs) for mine, theirs in pairs if mine is not None]
        table = np.array(both, dtype=np.bool_).reshape(-1, 2)
        sides.append(Judged(name=name, size=len(side), one=table[:, 0], other=table[:, 1]))
    return agreement(between, sides, derive_seed("agreement", between))


def _contradictions(labels: Iterable[Label], machine: Mapping[str, _Machine]) -> tuple[Contradiction, ...]:
    said: dict[str, dict[bool, list[str]]] = {}
    for label in labels:
        said.setdefault(label.conversation_id, {True: [], False: []})[label.accepted].append(label.reviewer)
    found = [
        Contradiction(
            conversation_id=conversation,
            ordinal=machine[conversation].ordinal,
            accepted_by=tuple(sorted(words[True])),
            rejected_by=tuple(sorted(words[False])),
        )
        for conversation, words in said.items()
        if words[True] and words[False]
    ]
    return tuple(sorted(found, key=lambda one: one.ordinal))


def _defects(labels: Iterable[Label]) -> dict[str, int]:
    """Class → conversations in which somebody saw it."""
    seen = {(label.conversation_id, label.defect) for label in labels if label.defect and not label.accepted}
    return dict(sorted(Counter(defect for _, defect in seen).items()))
