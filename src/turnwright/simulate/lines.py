"""What a planned turn has to say, before anyone words it: the domain's phrasings with the values behind masks.

A mask is the slot's label in brackets, `[order number]`. A model that only ever sees masks cannot get a value wrong,
and every conversation sends the same examples, so that a prefix cache serves them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cached_property

from turnwright.domains import Domain
from turnwright.domains.checking import placeholders
from turnwright.domains.phrasing import phrasings
from turnwright.records import Step, seeded

__all__ = ["Line", "spare_pairs"]

MOST_VARIANTS = 12
FORMULA_WORDS = 4
_SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


class Line:
    """One text step.

    Attributes:
        index: place of the step in the blueprint.
        surfaces: mask → the value as it is said, in saying order.
        variants: ways to say it in the domain's own words, with masks; always the same order for the same
            domain and phrase, whatever the values.
    """

    def __init__(self, domain: Domain, step: Step, index: int) -> None:
        self.domain, self.step, self.index, self.role = domain, step, index, step.role
        self._masks = _masks(domain, step)
        pairs = zip(self._masks, step.mentions, strict=True)
        self.surfaces = {mask: domain.say(slot, value) for mask, (slot, value) in pairs}
        self.variants = self._variants()

    @property
    def parts(self) -> list[str]:
        """The parts of the phrase (`act` or `act:slot`), in saying order."""
        return self.step.phrase.split("+") if self.step.phrase else list(self.step.acts[:1])

    @cached_property
    def mentions(self) -> tuple[tuple[str, str], ...]:
        """Slot and surface of every value."""
        return tuple((slot, self.domain.say(slot, value)) for slot, value in self.step.mentions)

    @cached_property
    def is_formula(self) -> bool:
        """Whether it is one of the short turns that everyone says in the same few ways."""
        lengths = sorted(len(variant.split()) for variant in self.variants)
        return not self.surfaces and lengths[len(lengths) // 2] <= FORMULA_WORDS

    @cached_property
    def means(self) -> str:
        """What the turn does, in words."""
        acts = self.domain.acts(self.role)
        told = [acts[act].means or act.replace("_", " ") for act in self.step.acts if act in acts]
        return " and ".join(told) or " and ".join(self.step.acts)

    def unmasked(self, text: str) -> str:
        """Put the values in place of their masks."""
        for mask, surface in self.surfaces.items():
            text = re.sub(re.escape(mask), surface.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return text

    def pairs(self, most: int) -> list[tuple[str, str]]:
        """Examples of saying the same thing in two ways; no phrasing comes twice while there are others."""
        ways = self.variants
        apart = list(zip(ways[::2], ways[1::2], strict=False))
        again = list(zip(ways[1::2], ways[2::2], strict=False))
        return [*apart, *again][:most]

    def order(self, rng: random.Random, shown: int) -> list[str]:
        """The ways to say it, shuffled, those first that the first `shown` examples do not give away."""
        given = {way for pair in self.pairs(shown) for way in pair}
        ways = list(self.variants)
        rng.shuffle(ways)
        return sorted(ways, key=lambda way: way in given)

    def _variants(self) -> tuple[str, ...]:
        choices = [_fitting(self.domain, self.role, part, self._slots_of(part)) for part in self.parts]
        count = min(MOST_VARIANTS, max(len(templates) for templates in choices))
        rows = ([templates[number % len(templates)] for templates in choices] for number in range(count))
        return tuple(dict.fromkeys(self._joined(row) for row in rows))

    def _joined(self, templates: list[str]) -> str:
        sentences = [
            _put(template, self._slots_of(part)) for part, template in zip(self.parts, templates, strict=True)
        ]
        said = " ".join(sentences)
        sentences += [f"{mask[1].upper()}{mask[2:-1]}: {mask}." for mask in self._masks if mask not in said]
        last = len(sentences) - 1
        return " ".join(_ended(sentence, last=number == last) for number, sentence in enumerate(sentences))

    def _slots_of(self, part: str) -> dict[str, str]:
        """Slot → mask; of a slot said twice (wrong, then right) a correction takes the last, others the first."""
        pairs = list(zip((slot for slot, _ in self.step.mentions), self._masks, strict=True))
        return dict(pairs if part.startswith("correct") else reversed(pairs))


def spare_pairs(domain: Domain, role: str, most: int) -> list[tuple[str, str]]:
    """Examples from other acts of this side, for turns whose own act has too few phrasings."""
    plain = ([text for text in act.phrasings if "{" not in text] for _, act in sorted(domain.acts(role).items()))
    rich = sorted((texts for texts in plain if len(texts) > 1), key=len, reverse=True)
    return [(texts[0], texts[1]) for texts in rich[:most]]


def _masks(domain: Domain, step: Step) -> list[str]:
    masks: list[str] = []
    for slot, _ in step.mentions:
        name = re.sub(r"[^\w' -]+", " ", domain.label(slot)).strip() or slot
        number = sum(mask == f"[{name}]" or mask.startswith(f"[{name} ") for mask in masks)
        masks.append(f"[{name} {number + 1}]" if f"[{name}]" in masks else f"[{name}]")
    return masks


def _fitting(domain: Domain, role: str, part: str, masks: Mapping[str, str]) -> list[str]:
    """The templates that need no unknown value and carry the most known ones, in an order of their own."""
    templates = phrasings(domain, role, part)
    fitting = [text for text in templates if set(placeholders(text)) <= set(masks)] or templates
    most = max(len(set(placeholders(text))) for text in fitting)
    best = [text for text in fitting if len(set(placeholders(text))) == most]
    seeded("variants", domain.name, role, part).shuffle(best)
    return best


def _put(template: str, masks: Mapping[str, str]) -> str:
    text = _SLOT.sub(lambda found: masks.get(found.group(1), found.group(1).replace("_", " ")), template)
    return text.replace("{{", "{").replace("}}", "}")


def _ended(sentence: str, last: bool) -> str:
    return sentence if last or sentence[-1:] in ".!?," else sentence + "."
