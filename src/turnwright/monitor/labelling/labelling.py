"""Labelling a stream of conversations: every side that the labelled set has acts on, and what became of it.

It fits what `reading.write_reference` asks for labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from turnwright.errors import InputError
from turnwright.monitor.labelling.labeller import Labelled, Labeller, fit_labeller, labelled_notes
from turnwright.monitor.labelling.seen import Sides
from turnwright.reading import Example, ExampleSet
from turnwright.records import Json

__all__ = ["Labelling", "learn_labels"]

SIDES: tuple[Sides, ...] = ("assistant", "user")


class Labelling:
    """Labels what comes with these labellers, one a side.

    Args:
        least_sure: a label of less certainty (0 to 1) is not given.
    """

    def __init__(self, labellers: Sequence[Labeller], least_sure: float = 0.5) -> None:
        self.labellers, self.least_sure = tuple(labellers), least_sure
        self._counts = [Labelled(side=one.side) for one in labellers]

    def label(self, examples: Sequence[Example]) -> Sequence[Example]:
        """The conversations with acts, counted."""
        for number, labeller in enumerate(self.labellers):
            examples, labelled = labeller.label(examples, least_sure=self.least_sure)
            self._counts[number] += labelled
        return examples

    @property
    def counts(self) -> tuple[Labelled, ...]:
        """What became of the turns of each side so far."""
        return tuple(self._counts)

    def told(self) -> tuple[Json, ...]:
        """For a card: the counts, how right the labeller is, and from which certainty on it gave labels."""
        return tuple(
            msgspec.to_builtins({"labelled": count, "held_out": one.held_out, "least_sure": self.least_sure})
            for one, count in zip(self.labellers, self._counts, strict=True)
        )

    def notes(self) -> tuple[str, ...]:
        """What readers of the labelled set must know."""
        pairs = zip(self.labellers, self._counts, strict=True)
        return tuple(note for one, count in pairs for note in labelled_notes(one, count))


def learn_labels(labelled: ExampleSet, *, least_sure: float = 0.5) -> Labelling:
    """Learn to label each side on which the set has two acts or more.

    Raises:
        InputError: there is no such side, too few conversations, or the extra `measure` is not installed.
    """
    acts: dict[Sides, set[str]] = {side: set() for side in SIDES}
    for one in labelled.examples:
        for turn in one.turns:
            if turn.act and turn.role in acts:
                acts[turn.role].add(turn.act)
    sides = [side for side in SIDES if len(acts[side]) > 1]
    if not sides:
        raise InputError(
            "the labelled conversations have fewer than two acts on either side: nothing can be learnt",
            where=", ".join(labelled.sources),
            fix="give conversations whose turns have `act`",
        )
    return Labelling([fit_labeller(labelled.examples, side=side) for side in sides], least_sure)
