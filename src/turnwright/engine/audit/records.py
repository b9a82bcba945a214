"""What a bias audit is told and what it says: settings, one outcome a version, and the report."""

from __future__ import annotations

from typing import Literal

import msgspec

from turnwright.monitor.bias import Amplified, Compared, Measured, Represented
from turnwright.records import Blueprint, Conversation, Scenario, Usage, Verdict

__all__ = ["PARTS", "AuditSettings", "BiasReport", "InPlace", "Outcome", "Part", "Population", "Version"]

Part = Literal["representation", "regenerated", "in_place"]
PARTS: tuple[Part, ...] = ("representation", "regenerated", "in_place")


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at.

    pairs: blueprints that every level is regenerated for. parts: what is done. within: traits or factors in whose
    levels the swaps are looked at again. least: pairs (or expected conversations) a cell needs to be tested.
    judge: a model of the spec that judges the swaps in place although it holds no licence; empty for the arbiter.
    """

    pairs: int = 100
    parts: tuple[Part, ...] = PARTS
    within: tuple[str, ...] = ()
    least: int = 30
    alpha: float = 0.05
    judge: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One blueprint with one level in its persona. The blueprint, and so every seed, is that of all versions of it."""

    attribute: str
    level: str
    scenario: Scenario
    blueprint: Blueprint


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a version. conversation, verdict: None where its simulation broke; `broken` says why.

    base: traits and levels of the scenario before anything was swapped.
    """

    version: Version
    base: dict[str, str]
    conversation: Conversation | None = None
    verdict: Verdict | None = None
    measured: Measured = {}
    broken: str = ""


class InPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One swap in finished conversations: whether both edits were admitted alike (measure `admitted`).

    unchanged: conversations whose words show neither level, which say nothing. turned_down: defect class → edits of
    the reference, of the other level, that were turned down for it, where only one of the two was.
    """

    compared: Compared
    unchanged: int
    turned_down: dict[str, tuple[int, int]] = {}


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Who is in a set. view: `stress` counts conversations, `natural` their weights. n: conversations."""

    source: str
    view: Literal["stress", "natural"]
    n: int
    attributes: tuple[Represented, ...]


class BiasReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole audit.

    levels: attribute → its levels, the reference first. pairs: blueprints. impossible: scenarios without one.
    conversations: regenerated; edits: swapped in place and judged. judge: who judged these besides the checks.
    models: role → fingerprint. usage: paid over all sessions in this folder. findings: what was shown, in words.
    notes: what stands guard, or does not.
    """

    name: str
    spec: str
    domain: str
    settings: AuditSettings
    levels: dict[str, tuple[str, ...]] = {}
    pairs: int = 0
    impossible: int = 0
    conversations: int = 0
    broken: int = 0
    edits: int = 0
    judge: str = ""
    models: dict[str, str] = {}
    usage: Usage = Usage()
    populations: tuple[Population, ...] = ()
    drifts: tuple[Amplified, ...] = ()
    regenerated: tuple[Compared, ...] = ()
    cells: tuple[Compared, ...] = ()
    in_place: tuple[InPlace, ...] = ()
    findings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
