"""What trials come to: success, pass^k, where it fails and why, each with an interval over scenarios.

Scenarios are drawn in the bootstrap, never trials: the trials of one scenario are alike. pass^k is the chance that k
trials of a scenario all succeed, by the unbiased estimate C(c, k) / C(n, k) of tau-bench (Yao et al. 2024), averaged
over scenarios.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import comb

import msgspec
import numpy as np

from turnwright.records import Usage
from turnwright.train import Estimate
from turnwright.train.tally import drawn, estimate, ratio

__all__ = ["Rate", "Trial", "TrialFigures", "figures_of", "pass_k"]

ROUNDS = 1_000
SHOWN = 10
"""How many failing trials are named."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One trial of one scenario, by its place in the trials' folder.

    scenario: number of the scenario, from 0. trial: from 0. reason, detail: why it failed, empty where it succeeded.
    flawless: whether no check found a defect in the student's turns. user_erred: whether one lies in the user's.
    idle: whether doing nothing would have done. said: user turns. calls: tool calls that the student made.
    """

    ordinal: int
    scenario: int
    trial: int
    conversation_id: str
    succeeded: bool
    reason: str = ""
    detail: str = ""
    flawless: bool = True
    user_erred: bool = False
    idle: bool = False
    said: int = 0
    calls: int = 0
    levels: dict[str, str] = {}
    usage: Usage = Usage()


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its 95 % interval. of: `all`, or `factor=level`."""

    name: str
    of: str
    score: Estimate
    scenarios: int
    trials: int


class TrialFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of all trials.

    rates: `success`, `success without a defect`, `pass^1` ... `pass^K`, `user turns to success`,
    `calls to success`, and `success` by factor level. reasons: why trials failed → how many, the commonest first.
    user_erred: failed trials in which a check found a defect in the user model's turns. idle: scenarios in which
    doing nothing succeeds. failing: the first failing trials, each of another scenario as far as there are any.
    """

    scenarios: int
    trials: int
    rates: tuple[Rate, ...]
    reasons: dict[str, int]
    user_erred: int
    idle: int
    failing: tuple[Trial, ...]

    def rate(self, name: str, of: str = "all") -> Rate:
        """One figure by its name; KeyError where these trials have none."""
        return {(one.name, one.of): one for one in self.rates}[name, of]


def figures_of(trials: Sequence[Trial], *, most: int, seed: int = 0) -> TrialFigures:
    """Work the figures out of at least one trial. most: the K up to which pass^k is given; seed: of the bootstrap."""
    by_scenario: dict[int, list[Trial]] = {}
    for one in trials:
        by_scenario.setdefault(one.scenario, []).append(one)
    groups = list(by_scenario.values())
    failed = [one for one in trials if not one.succeeded]
    return TrialFigures(
        scenarios=len(groups),
        trials=len(trials),
        rates=tuple(_rates(groups, most, seed)),
        reasons=dict(Counter(one.reason for one in failed).most_common()),
        user_erred=sum(one.user_erred for one in failed),
        idle=sum(group[0].idle for group in groups),
        failing=_shown(failed),
    )


def pass_k(trials: int, successes: int, k: int) -> float:
    """Unbiased estimate of the chance that k trials all succeed, of so many trials with so many successes."""
    return comb(successes, k) / comb(trials, k)


Group = list[Trial]
Amount = Callable[[Group], float]


def _rates(groups: list[Group], most: int, seed: int) -> Iterable[Rate]:
    yield _rate("success", "all", groups, _successes, len, seed)
    yield _rate("success without a defect", "all", groups, _flawless, len, seed)
    for k in range(1, most + 1):
        whole = [group for group in groups if len(group) >= k]
        if whole:
            yield _rate(f"pass^{k}", "all", whole, _passing(k), lambda _: 1, seed)
    if any(map(_successes, groups)):
        yield _rate("user turns to success", "all", groups, _of_successes("said"), _successes, seed)
        yield _rate("calls to success", "all", groups, _of_successes("calls"), _successes, seed)
    for factor, level in sorted({pair for group in groups for pair in group[0].levels.items()}):
        some = [group for group in groups if group[0].levels.get(factor) == level]
        yield _rate("success", f"{factor}={level}", some, _successes, len, seed)


def _rate(name: str, of: str, groups: list[Group], part: Amount, whole: Amount, seed: int) -> Rate:
    statistic = ratio(np.array([part(one) for one in groups], float), np.array([whole(one) for one in groups], float))
    score = estimate(statistic, len(groups), drawn(len(groups), ROUNDS, seed))
    return Rate(name=name, of=of, score=score, scenarios=len(groups), trials=sum(map(len, groups)))


def _successes(group: Group) -> int:
    return sum(one.succeeded for one in group)


def _flawless(group: Group) -> int:
    return sum(one.succeeded and one.flawless for one in group)


def _passing(k: int) -> Amount:
    return lambda group: pass_k(len(group), _successes(group), k)


def _of_successes(field: str) -> Amount:
    return lambda group: sum(getattr(one, field) for one in group if one.succeeded)


def _shown(failed: list[Trial]) -> tuple[Trial, ...]:
    """First one of every scenario, then more of them."""
    firsts: dict[int, Trial] = {}
    for one in failed:
        firsts.setdefault(one.scenario, one)
    rest = [one for one in failed if firsts[one.scenario] is not one]
    return tuple([*firsts.values(), *rest][:SHOWN])
