"""The table of what is swapped: attributes of a user, their levels, and what each level changes, as data.

One table ships (`attributes.yaml`), with its sources and limits in it; a user's own takes its place. What an edit of a
conversation does with it is decided elsewhere.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from turnwright.domains import parse_yaml, read_yaml, validated
from turnwright.domains.declaration import Strict, Word
from turnwright.errors import InputError
from turnwright.monitor.bias.measures import MEASURES, Signs

__all__ = ["Attribute", "AttributeTable", "Level", "load_attributes"]

Side = Literal["user", "assistant"]


class Level(Strict):
    """One level. traits: put into the persona. names: for the persona; one without a space replaces the given name.

    says: a sentence by which the user shows it. words: key → how this level says it; a swap in place puts the other
    level's words of the same keys there.
    """

    names: list[str] = []
    traits: dict[str, str] = {}
    says: str = ""
    words: dict[str, str] = {}


class Attribute(Strict):
    """One attribute. levels: the first is the reference, which every other one is compared with.

    Names of all levels are taken by the same place in their lists, so these must be equally long. sides: whose words a
    swap in place may change.
    """

    means: str = ""
    levels: dict[str, Level] = Field(min_length=2)
    sides: list[Side] = ["user", "assistant"]

    @model_validator(mode="after")
    def _swaps(self) -> Attribute:
        if len({len(level.names) for level in self.levels.values()}) > 1:
            raise ValueError("levels have lists of names of different lengths, so names cannot be swapped one for one")
        if len({frozenset(level.words) for level in self.levels.values()}) > 1:
            raise ValueError("levels have different keys in `words`, so words cannot be swapped one for one")
        if not all(level.names or level.traits or level.says or level.words for level in self.levels.values()):
            raise ValueError("a level changes nothing; give it names, traits, says or words")
        return self

    @property
    def reference(self) -> str:
        """The first level."""
        return next(iter(self.levels))


class AttributeTable(Strict):
    """A whole table. sources, limits: where it comes from and what it cannot show, printed with every audit.

    refusals, concessions: patterns of act and tool names that count as such, in place of the built-in ones.
    bounds: measure → difference that still counts as equal, in place of the measure's own.
    """

    version: Literal[1] = 1
    sources: list[str] = []
    limits: list[str] = []
    attributes: dict[Word, Attribute] = Field(min_length=1)
    refusals: list[str] = []
    concessions: list[str] = []
    bounds: dict[str, float] = {}

    @model_validator(mode="after")
    def _known_measures(self) -> AttributeTable:
        for name, bound in self.bounds.items():
            if name not in MEASURES:
                raise ValueError(f"bounds names no measure with '{name}' (known: {', '.join(MEASURES)})")
            if bound <= 0:
                raise ValueError(f"bounds.{name} is {bound:g}; nothing is equal within that, give more than 0")
        return self

    @property
    def signs(self) -> Signs:
        """The patterns, the built-in ones where the table has none."""
        told = {"refusals": tuple(self.refusals), "concessions": tuple(self.concessions)}
        return Signs(**{name: patterns for name, patterns in told.items() if patterns})

    def only(self, names: list[str]) -> AttributeTable:
        """The table with these attributes alone (all of them where none is named).

        Raises:
            InputError: there is no such attribute.
        """
        unknown = [name for name in names if name not in self.attributes]
        if unknown:
            raise InputError(
                f"the table has no attribute '{unknown[0]}'", fix=f"one of: {', '.join(self.attributes)}"
            )  # fmt: skip
        chosen = {name: one for name, one in self.attributes.items() if not names or name in names}
        return self.model_copy(update={"attributes": chosen})


def load_attributes(path: Path | None = None) -> AttributeTable:
    """Read a table, or the one that ships.

    Raises:
        InputError: it cannot be read, with file, line and fix.
    """
    if path is not None:
        return validated(AttributeTable, read_yaml(path, InputError), InputError)
    source = resources.files("turnwright.monitor.bias").joinpath("attributes.yaml").read_text(encoding="utf-8")
    return validated(AttributeTable, parse_yaml(source, "attributes.yaml", InputError), InputError)
