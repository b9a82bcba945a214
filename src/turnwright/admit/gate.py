"""The gate of the set: takes conversations in order of ordinals and says which are new, wanted and clean enough.

It looks only at what it admitted before, so the same conversations in the same order get the same answers, whether
the run was interrupted (`prime`) or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from turnwright.admit.held_out import HeldOut
from turnwright.admit.recall import MemoryRecall, Recall
from turnwright.admit.settings import AdmitSettings
from turnwright.admit.signature import (
    ENTRIES,
    Signature,
    bands_of,
    conversation_id,
    rows_for,
    sign,
    similarities,
    text_hash,
    unpacked,
)
from turnwright.records import Admission, Blueprint, Conversation, Scenario, Stage, Usage, Verdict

__all__ = ["Gate"]

ALWAYS_TAKEN = 10
"""So many conversations of one skeleton are taken before a share says anything."""
_FEWEST_RUNS = 3
"""One run or two in common is chance."""


class Refusal(NamedTuple):
    """Why a conversation is not taken: a short code, and one sentence."""

    reason: str
    detail: str
    nearest: str = ""
    stage: Stage = "admit"


class Gate:
    """Admission of one run.

    Args:
        held_out: what the set must not repeat (`load_held_out`).
        recall: where admitted signatures are kept; in memory by default, about 0.7 KB each.
    """

    def __init__(
        self, settings: AdmitSettings, *, held_out: HeldOut | None = None, recall: Recall | None = None
    ) -> None:
        self.settings, self.held_out = settings, held_out
        self._rows = rows_for(settings.near_duplicate)
        self._stores_bands = recall is not None
        self._recall: Recall = recall if recall is not None else MemoryRecall(ENTRIES // self._rows)
        self._counts_skeletons = settings.skeleton_share < 1 or settings.skeleton_limit is not None
        self._skeletons: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()
        self._last = -1
        self.admitted = 0

    def prime(self, bodies: Iterable[bytes]) -> None:
        """Take in the signatures of what an earlier part of the run admitted, in order of ordinals.

        Raises:
            RunCorrupt: one of them cannot be read.
        """
        for body in bodies:
            signature, levels = unpacked(body)
            self._take(signature, levels)

    def consider(
        self,
        conversation: Conversation,
        scenario: Scenario,
        verdict: Verdict,
        blueprint: Blueprint,
        usage: Usage,
        attempts: int,
        ordinal: int,
    ) -> tuple[Admission, Signature | None]:
        """Say the last word on a conversation; the signature is None unless it is admitted.

        Raises:
            ValueError: the ordinal does not follow the ones before.
        """
        if ordinal <= self._last:
            raise ValueError(f"ordinal {ordinal} comes after {self._last}: admission must be asked in order")
        self._last = ordinal
        levels = self._limited(scenario)
        refusal = self._unverified(verdict) or self._full(levels)
        signature, nearest = None, ""
        if refusal is None:
            signature = sign(conversation, levels, mask_values=self.settings.mask_values)
            refusal, nearest = self._alike(signature)
            refusal = refusal or self._same_skeleton(signature) or self._contaminated(conversation)
        admission = Admission(
            ordinal=ordinal,
            scenario_id=scenario.id,
            admitted=refusal is None,
            stage=refusal.stage if refusal else "admit",
            reason=refusal.reason if refusal else "admitted",
            detail=refusal.detail if refusal else "",
            blueprint_id=blueprint.id,
            conversation_id=conversation.id,
            verdict_id=verdict.id,
            nearest_id=refusal.nearest if refusal else nearest,
            usage=usage,
            attempts=attempts,
        )
        if refusal is not None or signature is None:
            return admission, None
        return admission, self._take(signature, levels)

    # --- reasons to refuse, cheap first -------------------------------------------------------------------------

    def _unverified(self, verdict: Verdict) -> Refusal | None:
        worst = verdict.worst
        if verdict.passed or worst is None:
            return None
        turns = ", ".join(str(turn) for turn in worst.turns)
        where = f" (turn {turns})" if turns else ""
        return Refusal(worst.kind, f"{worst.found_by}{where}: {worst.evidence}", stage="verify")

    def _full(self, levels: list[str]) -> Refusal | None:
        for name in levels:
            factor, _, level = name.partition("=")
            most = self.settings.limit[factor][level]
            if self._levels[name] >= most:
                return Refusal("quota_full", f"the set has its {most} conversations with {factor} {level}")
        return None

    def _alike(self, signature: Signature) -> tuple[Refusal | None, str]:
        """Compare with the candidates; the nearest one is named either way."""
        others = list(self._recall.near(bands_of(signature.fixed, self._rows)))
        if not others:
            return None, ""
        for other in others:
            if text_hash(other) == text_hash(signature.fixed):
                same = conversation_id(other)
                return Refusal("exact_duplicate", f"the same words as {same}", same), same
        alike = similarities(signature.fixed, others)
        best = max(alike)
        nearest, limit = conversation_id(others[alike.index(best)]), self.settings.near_duplicate
        if best < limit:
            return None, nearest
        return Refusal("near_duplicate", f"{best:.0%} alike to {nearest}, the limit is {limit:.0%}", nearest), nearest

    def _same_skeleton(self, signature: Signature) -> Refusal | None:
        count = self._skeletons[signature.skeleton]
        limit, share = self.settings.skeleton_limit, self.settings.skeleton_share
        if limit is not None and count >= limit:
            return Refusal("same_skeleton", f"{count} conversations have this act skeleton, the limit is {limit}")
        if share < 1 and count >= ALWAYS_TAKEN and count + 1 > share * (self.admitted + 1):
            so_far = f"{count} of {self.admitted} conversations have this act skeleton"
            return Refusal("same_skeleton", f"{so_far}, the limit is {share:.0%}")
        return None

    def _contaminated(self, conversation: Conversation) -> Refusal | None:
        if self.held_out is None:
            return None
        found, total = self.held_out.overlap(conversation)
        if found < _FEWEST_RUNS or found < self.settings.held_out_share * total:
            return None
        words, limit = self.held_out.words, self.settings.held_out_share
        share = f"{found} of its {total} runs of {words} words ({found / total:.0%}) stand in held-out files"
        return Refusal("contaminated", f"{share}, the limit is {limit:.0%}")

    # --- what was taken -----------------------------------------------------------------------------------------

    def _limited(self, scenario: Scenario) -> list[str]:
        """The scenario's levels that have a limit, as `factor=level`."""
        limits = self.settings.limit
        return [f"{f}={level}" for f, level in sorted(scenario.levels.items()) if level in limits.get(f, {})]

    def _take(self, signature: Signature, levels: Iterable[str]) -> Signature:
        bands = bands_of(signature.fixed, self._rows)
        self._recall.keep(bands, signature.fixed)
        self._levels.update(levels)
        if self._counts_skeletons:
            self._skeletons[signature.skeleton] += 1
        self.admitted += 1
        if not self._stores_bands:
            return signature
        return Signature(bands=tuple(bands), body=signature.body, skeleton=signature.skeleton)
