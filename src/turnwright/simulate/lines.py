"""What a planned turn has to say, before anyone words it: the domain's phrasings with the values behind masks.

A mask is the slot's label in brackets, `[order number]`. A model that only ever sees masks cannot get a value wrong,
and every conversation sends the same examples, so that a prefix cache serves them. A turn that does several things
is several lines, for the same two reasons.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property

import msgspec

from turnwright.domains import Domain
from turnwright.domains.checking import placeholders
from turnwright.domains.phrasing import joined, phrasings
from turnwright.records import Step, seeded

__all__ = ["Line", "lines_of", "spare_pairs", "whole"]

MOST_VARIANTS = 12
FORMULA_WORDS = 4
_SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


class Line(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One thing that a turn says.

    acts: what it does. means: the same in words. variants: ways to say it in the domain's own words, with masks;
    always the same ones in the same order for the same domain and phrase, whatever the values.
    surfaces: mask → the value as it is said. mentions: slot and surface of the same values. facts: whether the
    phrasings state facts of their own (answers from the documents), which a rewording could bend.
    """

    role: str
    acts: tuple[str, ...]
    means: str
    variants: tuple[str, ...]
    surfaces: dict[str, str] = {}
    mentions: tuple[tuple[str, str], ...] = ()
    english: bool = True
    facts: bool = False

    @cached_property
    def is_formula(self) -> bool:
        """Whether it is one of the short lines that everyone says in the same few ways."""
        lengths = sorted(len(variant.split()) for variant in self.variants)
        return not self.surfaces and lengths[len(lengths) // 2] <= FORMULA_WORDS

    def unmasked(self, text: str) -> str:
        """Put the values in place of their masks."""
        for mask, surface in self.surfaces.items():
            text = re.sub(re.escape(mask), surface.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return text

    def masked(self, text: str) -> str:
        """Put masks in place of the values, the longest value first."""
        for mask, surface in sorted(self.surfaces.items(), key=lambda pair: len(pair[1]), reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(surface)}(?!\w)", mask.replace("\\", r"\\"), text)
        return text

    def pairs(self, most: int) -> list[tuple[str, str]]:
        """Examples of saying the same thing in two ways; no phrasing comes twice while there are others."""
        ways = self.variants
        apart = list(zip(ways[::2], ways[1::2], strict=False))
        again = list(zip(ways[1::2], ways[2::2], strict=False))
        return [*apart, *again][:most]

    def order(self, rng: random.Random, shown: int = 0) -> list[str]:
        """The ways to say it, shuffled, those first that the first `shown` examples do not give away."""
        given = {way for pair in self.pairs(shown) for way in pair}
        ways = list(self.variants)
        rng.shuffle(ways)
        return sorted(ways, key=lambda way: way in given)


def lines_of(domain: Domain, step: Step) -> list[Line]:
    """Return the lines of a text step, in saying order; together they carry every mention.

    Raises:
        DomainError: an act without phrasings.
    """
    parts = step.phrase.split("+") if step.phrase else list(step.acts[:1])
    masks = _masks(domain, step)
    lines: list[Line] = []
    carried: set[str] = set()
    for part in parts:
        own = _masks_of(part, step, masks)
        templates = _fitting(domain, step.role, part, set(own), {slot for slot, mask in own.items() if mask in carried})
        used = [own[slot] for slot in placeholders(templates[0]) if slot in own]
        carried |= set(used)
        lines.append(_line(domain, step, part, [_put(text, own) for text in templates], masks, used))
    for mask in masks:
        if mask not in carried:
            # the planner wants it said, and no phrasing has a place for it
            plain = [f"{mask[1].upper()}{mask[2:-1]}: {mask}."]
            lines.append(_line(domain, step, parts[-1], plain, masks, [mask]))
    return lines


def whole(lines: list[Line]) -> Line:
    """The lines of a turn as one, for those who word turns in one go."""
    first = lines[0]
    if len(lines) == 1:
        return first
    count = max(len(line.variants) for line in lines)
    rows = ([line.variants[number % len(line.variants)] for line in lines] for number in range(count))
    return Line(
        role=first.role,
        acts=tuple(dict.fromkeys(act for line in lines for act in line.acts)),
        means=" and ".join(dict.fromkeys(line.means for line in lines)),
        variants=tuple(dict.fromkeys(joined(row) for row in rows)),
        surfaces={mask: surface for line in lines for mask, surface in line.surfaces.items()},
        mentions=tuple(dict.fromkeys(mention for line in lines for mention in line.mentions)),
        english=first.english,
        facts=any(line.facts for line in lines),
    )


def spare_pairs(domain: Domain, role: str, most: int) -> list[tuple[str, str]]:
    """Examples from other acts of this side, for lines whose own act has too few phrasings."""
    plain = ([text for text in act.phrasings if "{" not in text] for _, act in sorted(domain.acts(role).items()))
    rich = sorted((texts for texts in plain if len(texts) > 1), key=len, reverse=True)
    return [(texts[0], texts[1]) for texts in rich[:most]]


def _line(domain: Domain, step: Step, part: str, texts: list[str], masks: dict[str, int], used: list[str]) -> Line:
    act = part.partition(":")[0]
    spec = domain.acts(step.role).get(act)
    said = {mask: step.mentions[masks[mask]] for mask in used}
    return Line(
        role=step.role,
        acts=(act,),
        means=(spec.means if spec else "") or act.replace("_", " "),
        variants=tuple(dict.fromkeys(texts))[:MOST_VARIANTS],
        surfaces={mask: domain.say(slot, value) for mask, (slot, value) in said.items()},
        mentions=tuple((slot, domain.say(slot, value)) for slot, value in said.values()),
        english=domain.spec.language.startswith("en"),
        facts=step.role == "assistant" and act == domain.spec.behaviour.answer,
    )


def _masks(domain: Domain, step: Step) -> dict[str, int]:
    """Mask → place of its mention."""
    masks: dict[str, int] = {}
    for place, (slot, _) in enumerate(step.mentions):
        name = " ".join(re.sub(r"[^\w' -]+", " ", domain.label(slot)).split()) or slot
        mask, number = f"[{name}]", 2
        while mask in masks:
            mask, number = f"[{name} {number}]", number + 1
        masks[mask] = place
    return masks


def _masks_of(part: str, step: Step, masks: Mapping[str, int]) -> dict[str, str]:
    """Slot → mask; of a slot said twice (wrong, then right) a correction takes the last, others the first."""
    pairs = [(step.mentions[place][0], mask) for mask, place in masks.items()]
    return dict(pairs if part.startswith("correct") else reversed(pairs))


def _fitting(domain: Domain, role: str, part: str, known: set[str], carried: set[str]) -> list[str]:
    """The templates that need no unknown value and say the most that is still unsaid; all with the same slots."""
    templates = phrasings(domain, role, part)
    slots = {text: frozenset(placeholders(text)) for text in templates}
    fitting = [text for text in templates if slots[text] <= known] or templates
    most = max(len(slots[text] - carried) for text in fitting)
    best = [text for text in fitting if len(slots[text] - carried) == most]
    counts = Counter(slots[text] for text in best)
    common = max(counts, key=lambda kind: (counts[kind], sorted(kind)))
    chosen = [text for text in best if slots[text] == common]
    seeded("variants", domain.name, role, part).shuffle(chosen)
    return chosen


def _put(template: str, masks: Mapping[str, str]) -> str:
    text = _SLOT.sub(lambda found: masks.get(found.group(1), found.group(1).replace("_", " ")), template)
    return text.replace("{{", "{").replace("}}", "}")
