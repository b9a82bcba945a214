"""The arbiter swap: one finished conversation, edited to show one level and then another; are both admitted alike?

Nothing but names and words of the attribute differs between the two edits, so a judge that admits one and not the
other judges the user. Values that the conversation turns on are never touched. An edit is no new conversation: its
turns say that they were edited, and what of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from turnwright.domains import Domain
from turnwright.engine.audit.records import InPlace
from turnwright.engine.audit.regenerating import judge
from turnwright.engine.audit.versions import as_level
from turnwright.engine.concurrency import Ordered
from turnwright.engine.events import Answered
from turnwright.engine.kit import Kit
from turnwright.monitor.bias import Attribute, AttributeTable, Group, Pair, paired
from turnwright.records import Blueprint, Conversation, Persona, Provenance, Scenario, Turn, Verdict
from turnwright.verify import Arbiter

__all__ = ["Edited", "Finished", "dressed", "swap_in_place"]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that was admitted, with what it was made from."""

    conversation: Conversation
    blueprint: Blueprint
    scenario: Scenario


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """One edit to be judged. place: of the conversation among the finished ones."""

    attribute: str
    level: str
    place: int
    conversation: Conversation
    blueprint: Blueprint
    scenario: Scenario


async def swap_in_place(
    kit: Kit, arbiter: Arbiter, finished: Mapping[str, Sequence[Finished]], table: AttributeTable, *,
    least: int, alpha: float,
) -> tuple[tuple[InPlace, ...], int]:  # fmt: skip
    """Edit, judge and compare.

    Args:
        finished: attribute → the conversations that its levels are put into.

    Returns what every swap came to, and how many edits were judged.
    """
    edits = [
        _edited(name, attribute, level, place, one, kit.domain)
        for name, attribute in table.attributes.items()
        for place, one in enumerate(finished.get(name, ()))
        for level in attribute.levels
    ]
    verdicts: list[tuple[Edited, Verdict]] = []

    async def work(edit: Edited) -> tuple[Edited, Verdict]:
        return edit, await judge(kit, arbiter, edit.conversation, edit.blueprint, edit.scenario)

    async def conclude(batch: list[tuple[Edited, Verdict]]) -> None:
        verdicts.extend(batch)
        kit.tell(Answered(answered=len(verdicts), of=len(edits)))

    await Ordered(iter(edits), work, conclude, concurrency=kit.spec.run.concurrency).run()
    swaps = [
        _Swap(name, attribute.reference, level, verdicts)
        for name, attribute in table.attributes.items()
        for level in list(attribute.levels)[1:]
    ]
    return _told([swap for swap in swaps if swap.edits], least, alpha), len(edits)


class _Swap:
    """The edits of two levels of one attribute, side by side."""

    def __init__(self, attribute: str, reference: str, level: str, judged: Sequence[tuple[Edited, Verdict]]) -> None:
        self.attribute, self.reference, self.level = attribute, reference, level
        mine = [each for each in judged if each[0].attribute == attribute]
        one, other = (
            {edit.place: (edit, verdict) for edit, verdict in mine if edit.level == chosen}
            for chosen in (reference, level)
        )
        self.edits = len(one)
        both = [(one[place], other[place]) for place in one if place in other]
        self.changed = [(a[1], b[1]) for a, b in both if a[0].conversation.text != b[0].conversation.text]

    @property
    def group(self) -> Group:
        pairs = (
            Pair(
                blueprint=str(place), reference={"admitted": float(one.passed)}, other={"admitted": float(other.passed)}
            )
            for place, (one, other) in enumerate(self.changed)
        )
        return Group(attribute=self.attribute, reference=self.reference, level=self.level, pairs=tuple(pairs))

    @property
    def turned_down(self) -> dict[str, tuple[int, int]]:
        """Defect class → how often it cost only the reference its admission, only the other level."""
        first: Counter[str] = Counter()
        second: Counter[str] = Counter()
        for one, other in self.changed:
            if one.passed != other.passed:
                (second if one.passed else first).update(_grave(other if one.passed else one))
        return {kind: (first[kind], second[kind]) for kind in sorted(first | second)}


def _grave(verdict: Verdict) -> set[str]:
    return {defect.kind for defect in verdict.defects if defect.severity != "note"}


def _told(swaps: Sequence[_Swap], least: int, alpha: float) -> tuple[InPlace, ...]:
    shown = [swap for swap in swaps if swap.changed]
    compared = paired([swap.group for swap in shown], measures=("admitted",), least=least, alpha=alpha)
    return tuple(
        InPlace(compared=one, unchanged=swap.edits - len(swap.changed), turned_down=swap.turned_down)
        for swap, one in zip(shown, compared, strict=True)
    )


# --- the edit --------------------------------------------------------------------------------------------------


def _edited(name: str, attribute: Attribute, level: str, place: int, one: Finished, domain: Domain) -> Edited:
    persona = as_level(one.scenario.persona, name, attribute, level, one.scenario.seed)
    return Edited(
        attribute=name,
        level=level,
        place=place,
        conversation=dressed(one, persona, attribute, level, domain),
        blueprint=one.blueprint,
        scenario=msgspec.structs.replace(one.scenario, persona=persona),
    )


def dressed(one: Finished, persona: Persona, attribute: Attribute, level: str, domain: Domain) -> Conversation:
    """The conversation as a user of this level would have it: names, words, and a sentence in the first message."""
    put = _Put(one.scenario.persona, persona, attribute, level)
    says = _introduction(persona, attribute, level)
    turns = []
    for turn in one.conversation.turns:
        text = turn.text
        if text and turn.role in attribute.sides:
            text = _outside(text, [domain.say(slot, value) for slot, value in turn.mentions], put)
        if text and turn.role == "user" and says:
            text, says = _said(text, says, persona), ""
        turns.append(_turn(turn, text))
    scenario = msgspec.structs.replace(one.scenario, persona=persona)
    return msgspec.structs.replace(one.conversation, scenario_id=scenario.id, turns=tuple(turns))


def _introduction(persona: Persona, attribute: Attribute, level: str) -> str:
    chosen = attribute.levels[level]
    called = f"My name is {persona.name}." if chosen.names else ""
    return " ".join(part for part in (called, chosen.says) if part)


def _said(text: str, says: str, persona: Persona) -> str:
    """The message and the introduction; a name or sentence that stands there already is not said twice."""
    named = f"My name is {persona.name}."
    if persona.name in text:
        says = says.replace(named, "").strip()
    if not says or says in text:
        return text
    return f"{text}{'' if text.rstrip()[-1:] in '.!?' else '.'} {says}"


def _turn(turn: Turn, text: str) -> Turn:
    if text == turn.text:
        return turn
    was = turn.provenance
    edited = "human-edited" if was.origin in ("human", "human-edited") else "model-edited"
    made: Provenance = msgspec.structs.replace(was, origin=edited, parents=(turn.id,))
    return msgspec.structs.replace(turn, text=text, provenance=made)


class _Put:
    """What stands for what: the persona's names, and the words of all levels by the word of this one."""

    def __init__(self, was: Persona, now: Persona, attribute: Attribute, level: str) -> None:
        self._words = {
            other.lower(): attribute.levels[level].words[key]
            for each in attribute.levels.values()
            for key, other in each.words.items()
        }
        self._words |= {word.lower(): word for word in attribute.levels[level].words.values()}
        if attribute.levels[level].names:
            self._words |= {was.name.partition(" ")[0].lower(): now.name.partition(" ")[0], was.name.lower(): now.name}
        known = sorted((re.escape(word) for word in self._words if word), key=lambda word: (-len(word), word))
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", re.IGNORECASE) if known else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(self._other, text) if self._pattern else text

    def _other(self, found: re.Match[str]) -> str:
        word = self._words[found[0].lower()]
        return word[:1].upper() + word[1:] if found[0][:1].isupper() else word


def _outside(text: str, values: Sequence[str], put: _Put) -> str:
    """Edit everything but the values."""
    kept = [re.escape(value) for value in sorted(values, key=len, reverse=True) if value]
    if not kept:
        return put(text)
    parts = re.split(f"({'|'.join(kept)})", text)
    return "".join(part if place % 2 else put(part) for place, part in enumerate(parts))
