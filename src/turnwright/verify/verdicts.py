"""The verb of the stage: `verify` a finished conversation, or `guard` one while it is being simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from turnwright.domains import Domain
from turnwright.errors import InputError
from turnwright.records import Blueprint, Conversation, Defect, Scenario, Turn, Verdict
from turnwright.verify.catalogue import CHECKS
from turnwright.verify.check import Check, Context, TextReader
from turnwright.verify.settings import VerifySettings

__all__ = ["guard", "verify"]


def verify(
    conversation: Conversation,
    blueprint: Blueprint,
    scenario: Scenario,
    domain: Domain,
    settings: VerifySettings,
    reader: TextReader | None = None,
) -> Verdict:
    """Run the checks, cheap ones first; a fatal finding ends it unless the settings say otherwise.

    Pure: no I/O, no randomness, the same verdict for the same arguments.

    Args:
        reader: a classifier of turns; without it, roles and missing labels are judged by phrases alone.

    Raises:
        InputError: the blueprint was made for another version of the domain.
        DomainError: a policy rule that cannot be worked out.
    """
    if blueprint.domain != domain.fingerprint:
        raise InputError(
            f"the blueprint was made for {blueprint.domain}, the domain is {domain.fingerprint}",
            where=f"blueprint of {scenario.id}",
            fix="plan again, or load the domain that it was planned with",
        )
    context = Context(domain, blueprint, scenario, settings, conversation.way, reader)
    ran: list[str] = []
    defects: list[Defect] = []
    for check in _chosen(settings):
        ran.append(check.name)
        defects += _once(_findings(check(context), conversation))
        if settings.stop_early and any(defect.severity == "fatal" for defect in defects):
            break
    return Verdict(conversation_id=conversation.id, checks=tuple(ran), defects=tuple(defects))


def guard(
    domain: Domain,
    blueprint: Blueprint,
    scenario: Scenario,
    settings: VerifySettings,
    *,
    way: str = "interplay",
    reader: TextReader | None = None,
) -> Callable[[tuple[Turn, ...]], Defect | None]:
    """Return a watch over one growing conversation: give it all turns so far, it returns the first fatal finding.

    Each turn is looked at once; a conversation that does not go on from the one given before is read anew.
    """
    return _Guard(domain, blueprint, scenario, settings, way, reader)


class _Guard:
    def __init__(
        self,
        domain: Domain,
        blueprint: Blueprint,
        scenario: Scenario,
        settings: VerifySettings,
        way: str,
        reader: TextReader | None,
    ) -> None:
        self._context = Context(domain, blueprint, scenario, settings, way, reader)
        self._live = [check for check in _chosen(settings) if check.is_live()]
        self._begin()

    def _begin(self) -> None:
        self._seen: tuple[Turn, ...] = ()
        self._checks = [check(self._context) for check in self._live]
        self._fatal: Defect | None = None

    def __call__(self, turns: tuple[Turn, ...]) -> Defect | None:
        seen = len(self._seen)
        if len(turns) < seen or any(old is not new for old, new in zip(self._seen, turns, strict=False)):
            self._begin()
            seen = 0
        self._seen = turns
        for index in range(seen, len(turns)):
            for check in self._checks:
                for defect in check.turn(index, turns[index]):
                    if defect.severity == "fatal" and self._fatal is None:
                        self._fatal = defect
        return self._fatal


def _chosen(settings: VerifySettings) -> list[type[Check]]:
    return [check for check in CHECKS if check.name not in settings.skip]


def _findings(check: Check, conversation: Conversation) -> Iterator[Defect]:
    if check.is_live():
        for index, turn in enumerate(conversation.turns):
            yield from check.turn(index, turn)
    yield from check.end(conversation)


def _once(defects: Iterator[Defect]) -> list[Defect]:
    return list(dict.fromkeys(defects))
