"""How an exam is marked: exact bounds of both error rates, class by class, and how arbiters err together.

Nothing is asked here, and nothing depends on when an answer came: answers are given in the order of the exam, and a
class that can no longer be passed is closed, which makes every later answer count for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from turnwright.records import ClassLicence
from turnwright.records.licence import Correlation

__all__ = ["Grading", "correlations", "needed", "phi", "shortfall", "upper_bound"]

_BISECTIONS = 60


def upper_bound(errors: int, n: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided upper bound of an error rate: `errors` seen in `n` questions.

    Clopper & Pearson 1934: the rate at which so few errors or fewer have probability 1 - confidence; with no question
    asked, or nothing but errors, it is 1.

    Raises:
        ValueError: counts that cannot be, or a confidence outside [0.5, 1).
    """
    if not 0 <= errors <= n:
        raise ValueError(f"{errors} errors in {n} questions cannot be")
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"a confidence of {confidence} cannot be used; it is at least 0.5 and below 1")
    if errors == n:
        return 1.0
    if errors == 0:
        return -math.expm1(math.log1p(-confidence) / n)
    low, high = errors / n, 1.0  # so few errors have a probability of at least one half at errors / n
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(errors, n, middle) > 1.0 - confidence else (low, middle)
    return high


def _at_most(errors: int, n: int, rate: float) -> float:
    """Probability of at most so many errors, for a rate of at least errors / n.

    The largest term comes from logarithms, the others from their ratios, which fall fast on this side.
    """
    if rate >= 1.0:
        return 0.0
    choices = math.lgamma(n + 1) - math.lgamma(errors + 1) - math.lgamma(n - errors + 1)
    largest = choices + errors * math.log(rate) + (n - errors) * math.log1p(-rate)
    odds, term, whole = (1.0 - rate) / rate, 1.0, 1.0
    for count in range(errors, 0, -1):
        term *= count / (n - count + 1) * odds
        whole += term
        if term < whole * 1e-17:
            break
    return math.exp(largest) * whole


def needed(errors: int, limit: float, confidence: float = 0.95) -> int:
    """Return the fewest questions of which so many may be missed while the bound is still within the limit.

    59, 93 and 124 questions for 0, 1 and 2 errors at a limit of 5 %.
    """
    if not 0.0 < limit < 1.0:
        raise ValueError(f"a limit of {limit} cannot be used; it is between 0 and 1")
    low, high = errors, errors + 1
    while upper_bound(errors, high, confidence) > limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper_bound(errors, middle, confidence) > limit else (low, middle)
    return high


def shortfall(have: int, what: str, limit: float, confidence: float = 0.95) -> str:
    """Say what is missing where `have` are too few for the bound even without an error; empty when they suffice.

    Args:
        what: what is counted, in the plural ("clean conversations").
    """
    least = needed(0, limit, confidence)
    if have >= least:
        return ""
    return f"{have} {what}; {least} are needed for a bound of {100 * limit:g} % with no error"


class Grading:
    """The marks of one defect class.

    Args:
        planted: copies with this defect that the exam will show. controls: clean and harmlessly edited ones.
        miss_limit, alarm_limit: upper bounds that the rates of misses and false alarms must not pass.
        curtail: close the class as soon as no run of right answers could pass it any more.

    Attributes:
        closed: no later answer counts. Only failing can close a class: passing takes all that was planned, so that
            looking at the marks in between makes no licence easier to get.
    """

    def __init__(
        self,
        defect: str,
        criterion: str,
        *,
        planted: int,
        controls: int,
        miss_limit: float = 0.05,
        alarm_limit: float = 0.10,
        confidence: float = 0.95,
        curtail: bool = True,
    ) -> None:
        self.defect, self.criterion = defect, criterion
        self._planned = (planted, controls)
        self._limits, self._confidence, self._curtail = (miss_limit, alarm_limit), confidence, curtail
        self._seen = [0, 0]
        self._errors = [0, 0]
        self.closed = False
        self._close()

    def planted(self, found: bool) -> None:
        """Mark the next planted copy; an unreadable answer found nothing."""
        self._mark(0, error=not found)

    def control(self, found: bool) -> None:
        """Mark the next control; an unreadable answer found nothing."""
        self._mark(1, error=found)

    @property
    def complete(self) -> bool:
        """Whether all that was planned is marked."""
        return tuple(self._seen) == self._planned

    def licence(self) -> ClassLicence:
        """The figures so far; licensed only when the exam of this class is complete and both bounds hold."""
        bounds = [self._bound(side, self._seen[side]) for side in (0, 1)]
        within = all(bound <= limit for bound, limit in zip(bounds, self._limits, strict=True))
        return ClassLicence(
            defect=self.defect,
            criterion=self.criterion,
            planted=self._seen[0],
            missed=self._errors[0],
            miss_bound=bounds[0],
            controls=self._seen[1],
            alarms=self._errors[1],
            alarm_bound=bounds[1],
            licensed=self.complete and within,
            stopped=self.closed and not self.complete,
        )

    def _mark(self, side: int, *, error: bool) -> None:
        if self.closed:
            return
        if self._seen[side] == self._planned[side]:
            raise ValueError(f"class {self.defect}: more answers than the {self._planned[side]} planned")
        self._seen[side] += 1
        self._errors[side] += error
        if error:
            self._close()

    def _close(self) -> None:
        """Close when even right answers to all that is left could not keep both bounds."""
        best = [self._bound(side, self._planned[side]) for side in (0, 1)]
        self.closed = self._curtail and any(bound > limit for bound, limit in zip(best, self._limits, strict=True))

    def _bound(self, side: int, n: int) -> float:
        return upper_bound(self._errors[side], n, self._confidence)


def phi(errors_a: Sequence[bool], errors_b: Sequence[bool]) -> float | None:
    """Return the phi coefficient (Pearson's correlation of two yes-or-no series) over the same questions, in order.

    None where one of them is constant, since it is not defined there.

    Raises:
        ValueError: series of different length.
    """
    pairs = list(zip(errors_a, errors_b, strict=True))
    n, a, b = len(pairs), sum(map(bool, errors_a)), sum(map(bool, errors_b))
    both = sum(bool(one and other) for one, other in pairs)
    spread = a * (n - a) * b * (n - b)
    return (n * both - a * b) / math.sqrt(spread) if spread else None


def correlations(errors: Mapping[str, Sequence[bool]]) -> tuple[Correlation, ...]:
    """Compare every pair of arbiters: name → whether it erred, question by question."""
    return tuple(
        Correlation(one=one, other=other, phi=phi(errors[one], errors[other]), count=len(errors[one]))
        for one, other in combinations(errors, 2)
    )
