"""What a check is, and what it may ask about the conversation's surroundings.

A check is made anew for each conversation and is given its turns one after the other, so that the same code runs
in mid-simulation and at the end. It reads; it changes nothing and knows no other check.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar, Protocol

from turnwright.domains import Domain
from turnwright.records import Blueprint, Conversation, Defect, Json, Scenario, Step, Turn
from turnwright.verify.defects import severity_of
from turnwright.verify.lexicon import Lexicon, lexicon_of
from turnwright.verify.planned import Planned
from turnwright.verify.reading import Said, said_of
from turnwright.verify.settings import VerifySettings
from turnwright.verify.surface import carries

__all__ = ["Check", "Context", "TextReader"]

LONGEST_EVIDENCE = 200


class TextReader(Protocol):
    """A small classifier of turns, learned from a domain's own phrasings."""

    def role(self, text: str) -> float:
        """Probability that the assistant says this."""
        ...

    def act(self, role: str, text: str) -> tuple[str, float]:
        """The likeliest act of this side, and its probability."""
        ...


class Context:
    """All that surrounds a conversation: domain, blueprint, scenario, settings."""

    def __init__(
        self,
        domain: Domain,
        blueprint: Blueprint,
        scenario: Scenario,
        settings: VerifySettings,
        way: str = "interplay",
        reader: TextReader | None = None,
    ) -> None:
        self.domain, self.blueprint, self.scenario = domain, blueprint, scenario
        self.settings, self.way, self.reader = settings, way, reader
        self.lexicon: Lexicon = lexicon_of(domain)

    @cached_property
    def planned(self) -> Planned:
        """The blueprint, read."""
        return Planned(self.blueprint, self.domain, self.lexicon.writes)

    def said(self, text: str) -> Said:
        """A text with what is read from it, once for all checks."""
        return said_of(text)

    def carries(self, slot: str, value: Json, text: str, *, loosely: bool = True) -> bool:
        """Whether the text says this value of this slot; `loosely`: a date may lack its year."""
        return carries(self.domain, slot, value, self.said(text), loosely=loosely)

    def say(self, slot: str, value: Json) -> str:
        """A value in quotes, as people say it, for evidence."""
        return f"'{self.domain.say(slot, value)}'"

    def step(self, index: int, turn: Turn) -> Step | None:
        """The planned step of this turn where the whole skeleton was filled in; None elsewhere."""
        if self.way != "fill" or index >= len(self.blueprint.steps):
            return None
        step = self.blueprint.steps[index]
        return step if step.role == turn.role and bool(step.call) == bool(turn.call) else None

    def mentions(self, index: int, turn: Turn) -> tuple[tuple[str, Json], ...]:
        """The values that this turn must carry: its own, else those of its planned step."""
        step = self.step(index, turn)
        return turn.mentions or (step.mentions if step else ())

    def acts(self, turn: Turn) -> tuple[str, ...]:
        """The turn's acts; where it has none, the one of which the reader is sure."""
        if turn.acts or self.reader is None or not turn.text:
            return turn.acts
        act, certainty = self.reader.act(turn.role, turn.text)
        return (act,) if certainty >= self.settings.act_certainty else ()


class Check:
    """A deterministic test. Subclasses set `name` and `kinds` and yield from `turn`, `end` or both.

    name: what the spec and the verdict call it. kinds: the defect classes that it claims to find.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]

    def __init__(self, context: Context) -> None:
        self.context = context

    def turn(self, index: int, turn: Turn) -> Iterable[Defect]:
        """Look at the next turn; called once a turn, in order, also in mid-simulation."""
        return ()

    def end(self, conversation: Conversation) -> Iterable[Defect]:
        """Look at the whole, after its last turn."""
        return ()

    def defect(self, kind: str, turns: int | Iterable[int], evidence: str) -> Defect:
        """Make a finding with the severity that the settings or the table give it."""
        shown = evidence if len(evidence) <= LONGEST_EVIDENCE else evidence[: LONGEST_EVIDENCE - 3] + "..."
        return Defect(
            kind=kind,
            severity=self.context.settings.severity.get(kind) or severity_of(kind),
            turns=tuple(at for at in ((turns,) if isinstance(turns, int) else turns) if at >= 0),
            evidence=shown,
            found_by=self.name,
        )

    @classmethod
    def is_live(cls) -> bool:
        """Whether it looks at single turns, so that it can run in mid-simulation."""
        return cls.turn is not Check.turn
