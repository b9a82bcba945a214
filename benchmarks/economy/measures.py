"""What an arm is worth: defects by all deterministic checks, yield, cost, variety, and what its council did.

Everything is read from the arm's run folder. Intervals are 95 % percentile bootstrap intervals over conversations
(2,000 resamples, fixed seed); conversations of one naive prompt are drawn together, for they are not independent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import turnwright
from turnwright.admit import Signature
from turnwright.admit.signature import sign, similarities
from turnwright.domains import Domain
from turnwright.domains.reader import Reader
from turnwright.engine.catalogue import ELAPSED
from turnwright.engine.debates import debate_figures
from turnwright.records import Conversation, Council, Defect, Usage
from turnwright.store import Concluded
from turnwright.verify import VerifySettings, verify

__all__ = ["Found", "council_figures", "distinct_bigrams", "figures", "found_in"]

RESAMPLES, SEED = 2000, 20261122
WITHOUT_BLUEPRINT = {"form", "calls", "acts", "language", "roles", "repetition", "leaks"}
"""Checks that need nothing but the conversation and its domain."""
NEEDS_BLUEPRINT = {"wrong_outline", "wrong_ending", "leak"}
"""Classes of theirs that do need the blueprint."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Judged(msgspec.Struct, frozen=True):
    """A conversation with all that the checks hold against it, notes left out."""

    conversation: Conversation
    defects: tuple[Defect, ...]


class Found(msgspec.Struct, frozen=True):
    """One scenario of an arm: every conversation that was simulated for it, drafts of councils by their id.

    broken: simulations that gave no conversation at all.
    """

    concluded: Concluded
    simulated: tuple[Judged, ...]
    drafts: dict[str, Judged]
    broken: int


class Run(msgspec.Struct, frozen=True):
    """An arm's run: its scenarios that have a blueprint, and the times that it took in all."""

    found: tuple[Found, ...]
    concluded: int
    model_seconds: float
    wall_seconds: float


def found_in(spec: Path, folder: Path) -> Run:
    """Read a run folder and judge every conversation that was simulated in it, all checks run to the end."""
    factory = turnwright.load(spec)
    domain = factory.domain()
    judge = _judge(domain)
    with factory.open_run(folder) as run:
        concluded = list(run.records.concluded())
        seconds, wall = run.journal.seconds(), float(run.records.meta(ELAPSED) or b"0")
    planned = [each for each in concluded if each.blueprint is not None]
    return Run(tuple(_found(each, judge) for each in planned), len(concluded), seconds, wall)


def _judge(domain: Domain) -> Callable[[Concluded, Conversation], Judged]:
    reader, settings = Reader(domain), VerifySettings(stop_early=False)

    def judge(concluded: Concluded, conversation: Conversation) -> Judged:
        assert concluded.blueprint is not None
        verdict = verify(conversation, concluded.blueprint, concluded.scenario, domain, settings, reader=reader)
        return Judged(conversation, tuple(each for each in verdict.defects if each.severity != "note"))

    return judge


def _found(concluded: Concluded, judge: Callable[[Concluded, Conversation], Judged]) -> Found:
    last = [concluded.conversation] if concluded.conversation else []
    simulated = [*(conversation for conversation, _ in concluded.earlier), *last]
    drafts = [*concluded.drafts, *([concluded.draft] if concluded.draft else [])]
    return Found(
        concluded,
        tuple(judge(concluded, each) for each in simulated),
        {each.id: judge(concluded, each) for each in drafts},
        sum(failure.stage == "simulate" for failure in concluded.failures),
    )


def figures(run: Run, batch: int) -> dict[str, Any]:
    """All figures of an arm; `batch`: conversations that share a prompt (1 but for naive)."""
    found = run.found
    units = _units(found, batch)
    used = sum((each.concluded.admission.usage for each in found), Usage())
    admitted = sum(each.concluded.admission.admitted for each in found)
    simulated = sum(len(each.simulated) for each in found)
    every = [judged for each in found for judged in each.simulated]
    return {
        "scenarios": len(found),
        "concluded": run.concluded,
        "simulated": simulated,
        "no conversation": _share(units, lambda each: each.broken, lambda each: each.broken + len(each.simulated)),
        "defective": _share(units, lambda each: sum(bool(j.defects) for j in each.simulated), _count),
        "defective at the first try": _share(units, lambda each: _first(each, lambda j: bool(j.defects)), _has_first),
        "defective, no blueprint needed": _share(
            units, lambda each: sum(bool(_plain(j)) for j in each.simulated), _count
        ),
        "defects a conversation": _ratio(units, lambda each: sum(len(j.defects) for j in each.simulated), _count),
        "classes": _classes(every),
        "admitted": admitted,
        "admitted share": _share(units, lambda each: each.concluded.admission.admitted, lambda each: 1),
        "rejected for": dict(Counter(_why(each) for each in found if not each.concluded.admission.admitted)),
        "calls per admitted": _ratio(units, lambda each: each.concluded.admission.usage.calls, _admitted),
        "prompt tokens per admitted": _ratio(
            units, lambda each: each.concluded.admission.usage.prompt_tokens, _admitted
        ),
        "completion tokens per admitted": _ratio(
            units, lambda each: each.concluded.admission.usage.completion_tokens, _admitted
        ),
        "model seconds per admitted": _per(run.model_seconds, admitted),
        "wall seconds per admitted": _per(run.wall_seconds, admitted),
        "model seconds": round(run.model_seconds, 1),
        "wall seconds": round(run.wall_seconds, 1),
        "usage": msgspec.to_builtins(used),
        "nearest neighbour": _nearest(every),
        "template words": _ratio(units, lambda each: _words_of(each, "template"), lambda each: _words_of(each)),
        "text turns": round(float(np.mean([_text_turns(j) for j in every])), 1) if every else None,
    }


def _why(each: Found) -> str:
    return f"{each.concluded.admission.stage}: {each.concluded.admission.reason}"


def _units(found: Sequence[Found], batch: int) -> list[list[Found]]:
    """What is drawn together: the conversations of one prompt."""
    groups: dict[int, list[Found]] = {}
    for each in found:
        groups.setdefault(each.concluded.scenario.ordinal // batch, []).append(each)
    return list(groups.values())


def _ratio(
    units: Sequence[Sequence[Found]], part: Callable[[Found], float], whole: Callable[[Found], float]
) -> dict[str, Any]:
    """A ratio of sums with its interval; value None where the whole is nothing, an end None where it has no bound."""
    sums = np.array([[sum(map(part, unit)), sum(map(whole, unit))] for unit in units], dtype=float).reshape(-1, 2)
    total = sums.sum(axis=0) if len(sums) else np.zeros(2)
    if not total[1]:
        return {"value": None, "low": None, "high": None, "of": 0}
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (RESAMPLES, len(sums)))
    resampled = sums[drawn].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = resampled[:, 0] / resampled[:, 1]
    ratios = np.sort(ratios[~np.isnan(ratios)])
    low, high = ratios[int(0.025 * len(ratios))], ratios[min(len(ratios) - 1, int(0.975 * len(ratios)))]
    return {"value": _rounded(total[0] / total[1]), "low": _rounded(low), "high": _rounded(high), "of": int(total[1])}


def _share(
    units: Sequence[Sequence[Found]], part: Callable[[Found], float], whole: Callable[[Found], float]
) -> dict[str, Any]:
    """A ratio of counts. Where none or all count, resampling cannot tell anything: the exact bound stands instead."""
    ratio = _ratio(units, part, whole)
    bound = 0.025 ** (1 / max(1, sum(any(whole(each) for each in unit) for unit in units)))
    if ratio["value"] == 0:
        ratio["high"] = _rounded(1 - bound)
    elif ratio["value"] == 1:
        ratio["low"] = _rounded(bound)
    return ratio


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _per(amount: float, admitted: int) -> float | None:
    return round(amount / admitted, 1) if admitted else None


def _count(each: Found) -> int:
    return len(each.simulated)


def _admitted(each: Found) -> int:
    return int(each.concluded.admission.admitted)


def _first(each: Found, test: Callable[[Judged], bool]) -> int:
    return sum(test(judged) for judged in each.simulated if judged.conversation.attempt == 0)


def _has_first(each: Found) -> int:
    return _first(each, lambda judged: True)


def _plain(judged: Judged) -> list[Defect]:
    return [d for d in judged.defects if d.found_by in WITHOUT_BLUEPRINT and d.kind not in NEEDS_BLUEPRINT]


def _classes(every: Sequence[Judged]) -> dict[str, float]:
    """Class → share of the conversations that have such a defect."""
    seen = Counter(kind for judged in every for kind in {defect.kind for defect in judged.defects})
    return {kind: round(count / len(every), 3) for kind, count in seen.most_common()}


def _spoken(conversation: Conversation, origin: str = "") -> list[str]:
    turns = (turn for turn in conversation.turns if turn.text and turn.role != "tool")
    return [w for turn in turns if origin in ("", turn.provenance.origin) for w in _WORD.findall(turn.text.casefold())]


def _words_of(each: Found, origin: str = "") -> int:
    return sum(len(_spoken(judged.conversation, origin)) for judged in each.simulated)


def _text_turns(judged: Judged) -> int:
    return sum(bool(turn.text) for turn in judged.conversation.turns)


def _nearest(every: Sequence[Judged]) -> dict[str, Any]:
    """Mean MinHash similarity to the nearest other conversation (0 all new, 1 copies), one attempt a scenario."""
    one_each = {judged.conversation.scenario_id: judged.conversation for judged in every}
    signed: list[Signature] = [sign(conversation) for conversation in one_each.values()]
    if len(signed) < 2:
        return {"value": None, "low": None, "high": None, "of": len(signed)}
    fixed = [each.fixed for each in signed]
    best = [max(similarities(own, fixed[:at] + fixed[at + 1 :])) for at, own in enumerate(fixed)]
    drawn = np.random.default_rng(SEED).choice(best, (RESAMPLES, len(best))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "value": _rounded(float(np.mean(best))),
        "low": _rounded(float(low)),
        "high": _rounded(float(high)),
        "of": len(best),
    }


def distinct_bigrams(runs: dict[str, Run]) -> dict[str, Any]:
    """Share of word pairs that are distinct, over as many words as the arm with the fewest has (at least 200)."""
    texts: dict[str, list[str]] = {}
    for arm, run in runs.items():
        last = (each.simulated[-1].conversation for each in run.found if each.simulated)
        texts[arm] = [word for conversation in last for word in _spoken(conversation)]
    enough = {arm: words for arm, words in texts.items() if len(words) >= 200}
    size = min((len(words) for words in enough.values()), default=0)
    shares = {}
    for arm, words in enough.items():
        pairs = list(pairwise(words[:size]))
        shares[arm] = round(len(set(pairs)) / len(pairs), 3)
    return {"words": size, "shares": shares}


def council_figures(run: Run) -> dict[str, Any]:
    """What the councils of a run did, and what the deterministic checks say to that; {} where there were none."""
    councils = [council for each in run.found for council in each.concluded.councils]
    if not councils:
        return {}
    changed = [pair for each in run.found for pair in _pairs(each)]
    before, after = ([len(pair[side].defects) for pair in changed] for side in (0, 1))
    gone = Counter(kind for one, other in changed for kind in _kinds(one) - _kinds(other))
    come = Counter(kind for one, other in changed for kind in _kinds(other) - _kinds(one))
    figures = msgspec.to_builtins(debate_figures(councils, ()))
    return {
        **figures,
        "raised": sum(len(council.objections) for council in councils),
        "by defect": dict(Counter(o.defect for c in councils for o in c.objections if not o.dismissed).most_common()),
        "ruled": dict(Counter(r.how for c in councils for e in c.rounds for r in e.rulings).most_common()),
        "conversations changed": len(changed),
        "defects before": sum(before),
        "defects after": sum(after),
        "clean before": sum(not count for count in before),
        "clean after": sum(not count for count in after),
        "classes gone": dict(gone.most_common()),
        "classes come": dict(come.most_common()),
        "examples": _examples(councils),
    }


def _pairs(each: Found) -> list[tuple[Judged, Judged]]:
    """Draft and outcome of every council that changed something."""
    ends = {judged.conversation.id: judged for judged in each.simulated}
    return [
        (each.drafts[council.draft_id], ends[council.final_id])
        for council in each.concluded.councils
        if council.draft_id in each.drafts and council.final_id in ends
    ]


def _kinds(judged: Judged) -> set[str]:
    return {defect.kind for defect in judged.defects}


def _examples(councils: Sequence[Council], most: int = 8) -> list[dict[str, str]]:
    """The first revisions that were taken, for people to judge what no check can."""
    taken = []
    for council in councils:
        claims = {objection.id: objection for objection in council.objections}
        for revision in council.revisions:
            objection = claims[revision.objection]
            taken.append(
                {
                    "lens": objection.lens,
                    "defect": objection.defect,
                    "claim": objection.claim,
                    "before": revision.before.text,
                    "after": revision.after.text,
                }
            )
    return taken[:most]
