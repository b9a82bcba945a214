"""Which views there are: name → file and function. A new view is one module and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from turnwright.export.views.croissant import croissant
from turnwright.export.views.data_trust import data_trust
from turnwright.export.views.eu_summary import eu_summary
from turnwright.export.views.facts import ViewFacts
from turnwright.export.views.implicit_label import implicit_label
from turnwright.export.views.prov import prov_of_set
from turnwright.records import Json

__all__ = ["VIEWS", "view_files"]

VIEWS: dict[str, tuple[str, Callable[[ViewFacts], dict[str, Json]]]] = {
    "croissant": ("croissant.json", croissant),
    "data_trust": ("data_trust.json", data_trust),
    "eu_summary": ("eu_summary.json", eu_summary),
    "implicit_label": ("implicit_label.json", implicit_label),
    "prov": ("prov.json", prov_of_set),
}
"""Views of a whole set; `prov_conversations` is written line by line, with the other files of an export."""


def view_files(facts: ViewFacts, names: Iterable[str]) -> dict[str, bytes]:
    """Name of a file → its content, for those of the names that are views of a whole set."""
    asked = set(names)
    return {
        file: msgspec.json.format(msgspec.json.encode(view(facts)), indent=2) + b"\n"
        for name, (file, view) in VIEWS.items()
        if name in asked
    }
