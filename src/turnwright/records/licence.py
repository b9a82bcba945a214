"""What an arbiter may rule on: the outcome of an exam with planted defects, as a document."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from turnwright.records.identity import Record

__all__ = ["ClassLicence", "Correlation", "Licence"]


class ClassLicence(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one defect class, and whether they suffice.

    criterion: name of the rubric's criterion. planted: copies with this defect; missed: those ruled clean.
    controls: clean and harmlessly edited conversations; alarms: those ruled defective.
    miss_bound, alarm_bound: exact (Clopper-Pearson) one-sided upper bounds of both rates.
    stopped: whether the exam of this class ended early, since it could not be passed any more.
    """

    defect: str
    criterion: str
    planted: int
    missed: int
    miss_bound: float
    controls: int
    alarms: int
    alarm_bound: float
    licensed: bool
    stopped: bool = False


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """How far two arbiters of a panel err together: phi coefficient of their errors over `count` questions.

    None where one of them never erred (or always did), since it is not defined there.
    """

    one: str
    other: str
    phi: float | None
    count: int


class Licence(Record, frozen=True, kw_only=True):
    """The outcome of one exam. It holds only for these arbiters, prompts, rubric, domain and rules of voting.

    arbiters: fingerprints of the models, in the order of the panel. tie: the panel's tie rule.
    prompts: name → hash of the prompt. rubric: hash of the criteria. domain: fingerprint.
    spec: id of the spec that the exam was set with. examined: ISO date.
    miss_limit, alarm_limit, confidence: what had to be shown.
    logprobs: arbiter → whether its endpoint gave probabilities.
    """

    prefix: ClassVar[str] = "li"

    arbiters: tuple[str, ...]
    tie: str
    prompts: dict[str, str]
    rubric: str
    domain: str
    spec: str
    examined: str
    miss_limit: float = 0.05
    alarm_limit: float = 0.10
    confidence: float = 0.95
    classes: tuple[ClassLicence, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    logprobs: dict[str, bool] = {}
    version: int = 1

    @property
    def licensed(self) -> frozenset[str]:
        """The defect classes that these arbiters may rule on."""
        return frozenset(each.defect for each in self.classes if each.licensed)
