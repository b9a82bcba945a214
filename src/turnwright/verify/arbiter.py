"""The arbiter: asks a panel one question of yes or no at a time, and rules only on classes that it is licensed for.

It is shown the normalised transcript and nothing of how the conversation was made. What it says is only ever read as
one of two words, or as numbers of turns that are checked; it never changes a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from turnwright.domains import Domain
from turnwright.models import Message, Request, Speaker
from turnwright.models.prompting import prompt
from turnwright.records import (
    Blueprint,
    Conversation,
    Defect,
    Json,
    Objection,
    Ruling,
    Severity,
    Verdict,
    Vote,
)
from turnwright.verify.defects import DEFECTS, severity_of
from turnwright.verify.panel import Panel, Words, counted
from turnwright.verify.rubric import ArbiterSettings, CriterionSpec
from turnwright.verify.transcript import FORMAT, folded, surroundings, transcript

__all__ = ["Arbiter", "Preference"]

Preference = Literal["first", "second", "tie"]

PROMPTS = ("arbiter_system", "criterion", "evidence", "objection", "preference")
YES_NO: Words = ("yes", "no")
PLACES: Words = ("first", "second")
LONGEST_EVIDENCE = 300
EVIDENCE_TOKENS = 200


class Arbiter:
    """A panel over one domain.

    Args:
        panel: fingerprint (or name) → speaker, in the order of the panel.
        licensed: the classes that it may rule on; None when there is no licence at all.
        severity: defect class → what a finding weighs, where that is not what the table of classes says.
    """

    def __init__(
        self,
        domain: Domain,
        panel: Mapping[str, Speaker],
        settings: ArbiterSettings,
        licensed: frozenset[str] | None,
        *,
        severity: Mapping[str, Severity] | None = None,
    ) -> None:
        self.domain, self.settings, self.licensed = domain, settings, licensed or frozenset()
        self._panel, self._severity = Panel(panel), dict(severity or {})

    def through(self, panel: Mapping[str, Speaker]) -> Arbiter:
        """The same arbiter behind other speakers, so that what one scenario costs can be told apart."""
        other = Arbiter(self.domain, panel, self.settings, self.licensed, severity=self._severity)
        other._panel = self._panel.through(panel)
        return other

    @property
    def prompts(self) -> dict[str, str]:
        """Name → hash of every prompt, and of what else shapes a question: what a licence holds for."""
        hashes = {name: prompt("verify", name).hash for name in PROMPTS}
        return hashes | {"transcript": FORMAT, "max_tokens": str(self.settings.max_tokens)}

    @property
    def gave_logprobs(self) -> dict[str, bool]:
        """Arbiter → whether its endpoint gives probabilities, for those that were asked so far."""
        return self._panel.gave_logprobs

    async def ask(
        self,
        criterion: CriterionSpec,
        conversation: Conversation,
        blueprint: Blueprint,
        *,
        seed: int = 0,
        evidence: bool = False,
    ) -> Ruling:
        """Put one criterion to all arbiters, licensed or not; with `evidence`, a finding names its turns.

        Raises:
            ModelError: an arbiter cannot be reached or refuses.
        """
        shown = transcript(conversation, blueprint, self.domain).text
        question = prompt("verify", "criterion").render(transcript=shown, asks=criterion.asks)
        word = YES_NO[0 if criterion.says_yes == "defect" else 1]
        votes = await self._panel.votes(self._request(question, seed), YES_NO, found=word)
        found, how = counted(votes, self.settings.tie)
        turns: tuple[int, ...] = ()
        why = ""
        if found and evidence:
            asked = prompt("verify", "evidence").render(transcript=shown, asks=criterion.asks, answer=word)
            turns, why = await self._evidence(asked, votes, len(conversation.turns), seed)
        return Ruling(
            question=criterion.name, defect=criterion.defect, found=found, how=how, votes=votes, turns=turns,
            evidence=why,
        )  # fmt: skip

    async def judge(
        self, conversation: Conversation, blueprint: Blueprint, verdict: Verdict, order: Sequence[str] = ()
    ) -> Verdict:
        """Return the verdict with a ruling on every licensed criterion and a defect for each that was found.

        Args:
            order: names of criteria (or their classes) to ask first; the rest follows in the rubric's order.
        """
        rulings: list[Ruling] = []
        defects: list[Defect] = []
        for criterion in self._licensed_criteria(order):
            ruling = await self.ask(criterion, conversation, blueprint, evidence=self.settings.evidence)
            rulings.append(ruling)
            if ruling.found:
                defects.append(self._defect(ruling, criterion))
                if self.settings.stop_early and defects[-1].severity != "note":
                    break
        if not rulings:
            return verdict
        return msgspec.structs.replace(
            verdict, rulings=(*verdict.rulings, *rulings), defects=(*verdict.defects, *defects)
        )

    async def rule(
        self, conversation: Conversation, blueprint: Blueprint, objection: Objection, argument: str
    ) -> Ruling:
        """Rule on a contested objection; on a class without a licence nobody is asked, and the objection lapses.

        Args:
            argument: what the teacher says openly, never its scratchpad.
        """
        if objection.defect not in self.licensed:
            return Ruling(question=objection.id, defect=objection.defect, found=False, how="no_licence")
        known = DEFECTS.get(objection.defect, DEFECTS["policy_breach"])
        question = prompt("verify", "objection").render(
            transcript=transcript(conversation, blueprint, self.domain).text,
            turns=objection.turns,
            defect=objection.defect,
            means=known.means,
            quote=folded(objection.quote),
            claim=folded(objection.claim),
            argument=folded(argument),
        )
        votes = await self._panel.votes(self._request(question), YES_NO, found=YES_NO[0])
        found, how = counted(votes, self.settings.tie)
        return Ruling(
            question=objection.id, defect=objection.defect, found=found, how=how, votes=votes,
            turns=objection.turns if found else (), evidence=folded(objection.claim) if found else "",
        )  # fmt: skip

    async def prefer(
        self, conversation_a: Conversation, conversation_b: Conversation, blueprint: Blueprint
    ) -> Preference:
        """Say which of two conversations of one blueprint teaches better, asked in both orders.

        An arbiter that does not name the same conversation in both orders has no preference; more than half of the
        panel must share one, else it is a tie.
        """
        shown = [transcript(each, blueprint, self.domain).chat for each in (conversation_a, conversation_b)]
        forward = await self._preferred(blueprint, shown)
        backward = await self._preferred(blueprint, shown[::-1])
        agreed = [one for one, other in zip(forward, backward, strict=True) if one is not None and other == (not one)]
        if 2 * agreed.count(True) > len(forward):
            return "first"
        return "second" if 2 * agreed.count(False) > len(forward) else "tie"

    async def _preferred(self, blueprint: Blueprint, shown: Sequence[str]) -> list[bool | None]:
        """By arbiter, whether the chat that is shown first is the better one."""
        around = surroundings(blueprint, self.domain)
        question = prompt("verify", "preference").render(surroundings=around, first=shown[0], second=shown[1])
        votes = await self._panel.votes(self._request(question), PLACES, found=PLACES[0])
        return [vote.defect_found for vote in votes]

    def _licensed_criteria(self, order: Sequence[str]) -> list[CriterionSpec]:
        place = {name: index for index, name in reversed(list(enumerate(order)))}
        last = len(place)
        licensed = [criterion for criterion in self.settings.rubric if criterion.defect in self.licensed]
        return sorted(licensed, key=lambda each: min(place.get(each.name, last), place.get(each.defect, last)))

    def _defect(self, ruling: Ruling, criterion: CriterionSpec) -> Defect:
        return Defect(
            kind=ruling.defect,
            severity=self._severity.get(ruling.defect) or severity_of(ruling.defect),
            turns=ruling.turns,
            evidence=ruling.evidence or f"asked: {criterion.asks}",
            found_by="arbiter",
        )

    def _request(self, question: str, seed: int = 0) -> Request:
        """System and question; the question stands last, so that a prefix cache serves all that came before."""
        spec = self.domain.spec
        policy = spec.policy.strip() or "\n".join(f"- {rule.says}" for rule in spec.rules if rule.says)
        system = prompt("verify", "arbiter_system").render(
            title=spec.title or spec.name, now=spec.now, policy=policy, tools=list(self.domain.tools.values())
        )
        messages = (Message(role="system", content=system), Message(role="user", content=question))
        return Request(messages=messages, max_tokens=self.settings.max_tokens, temperature=0.0, seed=seed)

    async def _evidence(
        self, question: str, votes: Sequence[Vote], count: int, seed: int
    ) -> tuple[tuple[int, ...], str]:
        """Ask the first arbiter that found it for the turns; nothing where its answer cannot be read."""
        speakers = self._panel.speakers.values()
        said_so = [speaker for speaker, vote in zip(speakers, votes, strict=True) if vote.defect_found]
        request = msgspec.structs.replace(
            self._request(question, seed),
            max_tokens=max(EVIDENCE_TOKENS, self.settings.max_tokens),
            json_schema=_schema(count),
        )
        return _evidence_read((await said_so[0].ask(request)).reply.text, count)


def _schema(count: int) -> dict[str, Json]:
    number = {"type": "integer", "minimum": 0, "maximum": max(count - 1, 0)}
    return {
        "type": "object",
        "properties": {
            "turns": {"type": "array", "items": number, "minItems": 1, "maxItems": 6},
            "why": {"type": "string", "minLength": 1, "maxLength": LONGEST_EVIDENCE},
        },
        "required": ["turns", "why"],
        "additionalProperties": False,
    }


def _evidence_read(text: str, count: int) -> tuple[tuple[int, ...], str]:
    start, end = text.find("{"), text.rfind("}")
    try:
        document: Any = msgspec.json.decode(text[start : end + 1])
    except (msgspec.DecodeError, UnicodeError):
        return (), ""
    if not isinstance(document, dict):
        return (), ""
    named, why = document.get("turns"), document.get("why")
    numbers = named if isinstance(named, list) else []
    turns = sorted({each for each in numbers if type(each) is int and 0 <= each < count})
    return tuple(turns), folded(why)[:LONGEST_EVIDENCE] if isinstance(why, str) else ""
