"""What can be chosen when a student is tuned: how long, how fast, how much of a conversation it sees.

Nothing here reads data or weights; a setting that cannot be is refused before either is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from turnwright.errors import InputError

__all__ = ["LoraSettings", "Order", "Precision", "Tell", "Tuning", "checked"]

Order = Literal["shuffled", "as_given"]
Precision = Literal["auto", "float32", "bfloat16"]


class LoraSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a student is tuned.

    epochs: passes over the set. max_steps: end after so many steps, 0 for no such end. batch: conversations a step.
    rank: of the adapter; its alpha is twice that. rate: highest learning rate; it rises over the first twentieth and
    falls to zero along a cosine. context: tokens that the student sees; of longer conversations the oldest turns are
    cut. order: `shuffled`, or `as_given` for a curriculum that the set's own order spells out.
    precision: of the base's weights; `auto` takes bfloat16 where the device computes with it (four times as fast on
    such CPUs) and float32 elsewhere. The adapter is always float32.
    save_every: steps between two checkpoints. call_tokens: how long a call may be that is written when decisions are
    predicted, 0 to predict no arguments, which is much faster. beta: of DPO, the larger the less a preference moves it;
    pair_epochs, pair_rate: passes over preference pairs, and their rate.
    """

    epochs: float = 3.0
    max_steps: int = 0
    batch: int = 4
    rank: int = 16
    rate: float = 1e-3
    dropout: float = 0.0
    context: int = 1024
    order: Order = "shuffled"
    precision: Precision = "auto"
    save_every: int = 50
    call_tokens: int = 0
    beta: float = 0.1
    pair_epochs: float = 1.0
    pair_rate: float = 5e-5
    seed: int = 0


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """News of a training. part: `learn` or `prefer`. loss: of the last step; None for the first news, before any.

    tokens: that went through the model since this process began to train. seconds: since then.
    """

    part: Literal["learn", "prefer"]
    step: int
    steps: int
    loss: float | None = None
    tokens: int = 0
    seconds: float = 0.0


Tell = Callable[[Tuning], None]

_LEAST: dict[str, float] = {
    "max_steps": 0,
    "batch": 1,
    "rank": 1,
    "context": 64,
    "save_every": 1,
    "call_tokens": 0,
    "dropout": 0,
}
_ONE_OF = {"order": get_args(Order), "precision": get_args(Precision)}
_ABOVE_ZERO = ("epochs", "rate", "beta", "pair_epochs", "pair_rate")


def checked(settings: LoraSettings) -> LoraSettings:
    """Return the settings; raises InputError for a value that cannot be."""
    for name, least in _LEAST.items():
        if not getattr(settings, name) >= least:
            raise InputError(f"{name} is {getattr(settings, name):g}", fix=f"at least {least:g}")
    for name in _ABOVE_ZERO:
        if not 0 < getattr(settings, name) < float("inf"):
            raise InputError(f"{name} is {getattr(settings, name):g}", fix="a number above 0")
    if settings.dropout >= 1:
        raise InputError(f"dropout is {settings.dropout:g}", fix="below 1")
    for name, known in _ONE_OF.items():
        if getattr(settings, name) not in known:
            raise InputError(f"there is no {name} '{getattr(settings, name)}'", fix=f"one of: {', '.join(known)}")
    return settings
