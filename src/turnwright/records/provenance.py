"""Where a turn came from: who or what wrote it, with which model, prompt, seed and calls."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Origin", "Provenance"]

Origin = Literal["human", "model", "tool", "template", "human-edited", "model-edited"]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The origin of one turn.

    origin: who wrote the text that stands there now.
    role: the model role that spoke (`user`, `teacher`); empty for tools and templates.
    model: fingerprint of the model (name and file hash or endpoint).
    prompt: hash of the prompt template.
    seed: sampling seed of the call whose words were taken.
    calls: journal ids of every call that was paid for this turn, the one whose words were taken last.
    tries: how many texts were sampled before one was taken; 0 where no model was asked.
    parents: hashes of the turns that this one was derived from (drafts, human sources).
    """

    origin: Origin
    role: str = ""
    model: str = ""
    prompt: str = ""
    seed: int | None = None
    calls: tuple[str, ...] = ()
    tries: int = 0
    parents: tuple[str, ...] = ()
