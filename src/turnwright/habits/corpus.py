"""Setting human conversations beside a domain: which task is whose, and what each of its acts is called in the data.

People label by other lists of acts than a domain has. Names are matched only where a reply says exactly what a phrasing
of the domain says; every such match is written down, and none is used on other data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from turnwright.domains import Domain
from turnwright.reading import Example, Said, counted_as

__all__ = ["Aligned", "align", "folded", "matched_names"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SLOT = re.compile(r"\{[A-Za-z][A-Za-z0-9_]*\}")
LEAST_WORDS = 2
"""Words of its own that a phrasing needs before a text that fits it can name its act."""


class Aligned(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One conversation in the words of the domain's acts.

    turns: as they were read, acts renamed to those of the domain (after what its acts count as).
    """

    example: Example
    turns: tuple[Said, ...]

    @cached_property
    def acts(self) -> tuple[str, ...]:
        """The assistant's acts in order; unlabelled turns are left out."""
        return tuple(turn.act for turn in self.turns if turn.role == "assistant" and turn.act)

    @cached_property
    def values(self) -> dict[str, str]:
        """Argument → value of the first call that has it, as text."""
        found: dict[str, str] = {}
        for turn in self.turns:
            for name, value in ((turn.call.arguments or {}) if turn.call else {}).items():
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    found.setdefault(name, str(value))
        return found

    def first(self, act: str) -> int:
        """Place of the first assistant turn with this act; the number of turns where there is none."""
        places = (place for place, turn in enumerate(self.turns) if turn.role == "assistant" and turn.act == act)
        return next(places, len(self.turns))


def folded(text: str) -> str:
    """Lower-case words alone, with single spaces: what texts are compared by."""
    return " ".join(word.replace("’", "'").lower() for word in _WORD.findall(text))


def matched_names(domain: Domain, examples: Sequence[Example], counts: Mapping[str, str]) -> dict[str, Counter[str]]:
    """The domain's act → what the data calls it, with the number of replies that show it.

    Only acts of the data that the domain does not have (after `counts`, what its acts count as) are matched, and only
    to acts that never occur under their own name in these conversations.
    """
    own = {counted_as(act, counts) for act in _labels(domain)}
    used = {turn.act for each in examples for turn in each.turns if turn.role == "assistant"}
    patterns = [(act, way) for act in domain.assistant_acts if act not in used for way in _ways(domain, act)]
    found: dict[str, Counter[str]] = {}
    for text, label in _foreign(examples, own):
        act = next((act for act, way in patterns if way.fullmatch(text)), None)
        if act is not None:
            found.setdefault(counted_as(act, counts), Counter())[label] += 1
    return found


def align(examples: Sequence[Example], names: Mapping[str, Iterable[str]]) -> list[Aligned]:
    """Give the conversations the domain's act names; `names`: the domain's act → its names in the data."""
    back = {label: act for act, labels in names.items() for label in labels}
    return [
        Aligned(
            example=each,
            turns=tuple(msgspec.structs.replace(turn, act=back.get(turn.act, turn.act)) for turn in each.turns),
        )
        for each in examples
    ]


def _labels(domain: Domain) -> set[str]:
    """Acts of the assistant, and those of its calls."""
    nodes = [node for flow in domain.spec.flows.values() for node in flow.nodes.values() if node.call]
    return set(domain.assistant_acts) | {node.act or node.call for node in nodes}


def _foreign(examples: Sequence[Example], own: set[str]) -> Iterable[tuple[str, str]]:
    for each in examples:
        for turn in each.turns:
            if turn.role == "assistant" and turn.act and turn.act not in own and turn.text:
                yield folded(turn.text), turn.act


def _ways(domain: Domain, act: str) -> Iterable[re.Pattern[str]]:
    """The act's phrasings as patterns of folded text: a slot stands for anything."""
    for phrasing in domain.assistant_acts[act].phrasings:
        parts = [folded(part) for part in _SLOT.split(phrasing)]
        if sum(len(part.split()) for part in parts) >= LEAST_WORDS:
            yield re.compile(".*?".join(re.escape(part) for part in parts))
