"""Acts for sets that have none, before they are compared: learnt from labelled conversations that the user names.

Only a side that has no label at all in a set gets some; labels that are there are never mixed with predicted ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from turnwright.errors import InputError
from turnwright.monitor.labelling import fit_labeller, label_set
from turnwright.reading import ExampleSet, read_conversations

__all__ = ["with_acts"]

Side = Literal["assistant", "user"]
SIDES: tuple[Side, ...] = ("assistant", "user")


def with_acts(
    path: Path, sets: tuple[ExampleSet, ExampleSet], *, rename: Mapping[str, str], seed: int = 0
) -> tuple[ExampleSet, ExampleSet]:
    """Both sets, with predicted acts where a side has none; their notes say so.

    Raises:
        InputError: the file teaches nothing, or the extra `measure` is not installed.
    """
    labelled = read_conversations([path], rename=rename, name="labelled set")
    teaches = [side for side in SIDES if len(_acts(labelled, side)) > 1]
    if not teaches:
        raise InputError(
            "there are not two different acts to learn from", where=str(path), fix="name conversations with `act`"
        )
    for side in teaches:
        sets = _side(labelled, sets, side, seed)
    return sets


def _side(
    labelled: ExampleSet, sets: tuple[ExampleSet, ExampleSet], side: Side, seed: int
) -> tuple[ExampleSet, ExampleSet]:
    bare = [not _acts(one, side) for one in sets]
    if not any(bare):
        return sets
    labeller = fit_labeller(labelled.examples, side=side, seed=seed)
    made = [label_set(labeller, one)[0] if lacks else one for one, lacks in zip(sets, bare, strict=True)]
    if not all(bare):
        said = f"acts of the {side} are predicted in one set only, so errors of the labeller look like differences"
        place = bare.index(True)
        made[place] = msgspec.structs.replace(made[place], notes=(*made[place].notes, said))
    return made[0], made[1]


def _acts(given: ExampleSet, side: Side) -> set[str]:
    return {turn.act for one in given.examples for turn in one.turns if turn.role == side and turn.act}
