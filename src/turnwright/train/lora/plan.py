"""Which conversations are learnt in which step: fixed before training, so that it can go on where it was killed.

Conversations of like length share a step, since the shorter are filled up to the longest; which ones, and the order
of steps, is drawn from the seed. A conversation that is longer than the context is several windows here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from turnwright.records import seeded
from turnwright.train.lora.settings import LoraSettings

__all__ = ["steps_of"]

_NEIGHBOURS = 8  # steps whose windows are sorted by length together


def steps_of(lengths: Sequence[int], settings: LoraSettings) -> list[list[int]]:
    """Numbers of the windows of each step. lengths: tokens of each window; settings: see there."""
    wanted = math.ceil(settings.epochs * math.ceil(len(lengths) / settings.batch))
    count = min(wanted, settings.max_steps) if settings.max_steps else wanted
    steps: list[list[int]] = []
    for epoch in range(math.ceil(settings.epochs)):
        if len(steps) >= count:
            break
        steps += _epoch(lengths, settings, epoch)
    return steps[:count]


def _epoch(lengths: Sequence[int], settings: LoraSettings, epoch: int) -> list[list[int]]:
    order = list(range(len(lengths)))
    if settings.order == "as_given":
        return _cut(order, settings.batch)
    chance = seeded("lora steps", settings.seed, epoch)
    chance.shuffle(order)
    groups = _cut(order, settings.batch * _NEIGHBOURS)
    steps = [step for group in groups for step in _cut(sorted(group, key=lengths.__getitem__), settings.batch)]
    chance.shuffle(steps)
    return steps


def _cut(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[n : n + size] for n in range(0, len(numbers), size)]
