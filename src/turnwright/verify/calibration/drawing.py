"""Which conversations people are to label next: rejected ones far more often than they occur.

A set that admits nearly everything would otherwise spend nearly all labels where the machine is surest. Nothing is
estimated here; that the draw was uneven is undone in `powered` and `agreement`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from turnwright.records import Admission, derive_seed

__all__ = ["Drawn", "draw"]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation to be labelled, and the chance with which this draw took it, in (0, 1]."""

    conversation_id: str
    ordinal: int
    probability: float


def draw(
    admissions: Iterable[Admission],
    n: int,
    seed: int,
    share_rejected: float = 0.5,
    labelled: Collection[str] = (),
) -> tuple[Drawn, ...]:
    """Draw up to `n` conversations, `share_rejected` of them from the rejected side, in an order that tells nothing.

    Stratified without replacement (Cochran 1977, Sampling Techniques, ch. 5): each side stands in one random order
    that depends only on the seed, and the first `n_h` that are not yet `labelled` are taken, each with probability
    `n_h / N_h`, `N_h` being how many of the side were left. So all draws of one seed together are again a plain sample
    of each side, and reviewers with the same seed meet the same conversations. Where a side has too few, the other
    makes up for it.

    Args:
        admissions: of the whole run; those without a conversation cannot be labelled.
        labelled: ids of the conversations that this reviewer has labelled already.

    Raises:
        ValueError: `n` is negative, or `share_rejected` is not in [0, 1].
    """
    if n < 0 or not 0 <= share_rejected <= 1:
        raise ValueError(f"cannot draw {n} conversations, {share_rejected:.0%} of them rejected")
    known = frozenset(labelled)
    sides: dict[bool, list[Admission]] = {True: [], False: []}
    for admission in admissions:
        if admission.conversation_id and admission.conversation_id not in known:
            sides[admission.admitted].append(admission)
    rejected = min(len(sides[False]), round(n * share_rejected))
    admitted = min(len(sides[True]), n - rejected)
    counts = {True: admitted, False: min(len(sides[False]), n - admitted)}
    drawn = [
        Drawn(conversation_id=one.conversation_id, ordinal=one.ordinal, probability=counts[side] / len(sides[side]))
        for side in counts
        for one in sorted(sides[side], key=lambda one: _place(seed, "side", one))[: counts[side]]
    ]
    return tuple(sorted(drawn, key=lambda one: _place(seed, "shown", one)))


def _place(seed: int, purpose: str, one: Admission | Drawn) -> tuple[int, str]:
    """A place in a random order that stays the same when conversations are added or left out."""
    return derive_seed("label", purpose, seed, one.conversation_id), one.conversation_id
