"""Views of a set in the forms of standards: all from one record, none with a word that the record does not know."""

from turnwright.export.views.croissant import croissant
from turnwright.export.views.data_trust import data_trust
from turnwright.export.views.eu_summary import eu_summary
from turnwright.export.views.facts import RunTold, ViewFacts, view_facts
from turnwright.export.views.implicit_label import implicit_label
from turnwright.export.views.prov import prov_of_conversation, prov_of_set
from turnwright.export.views.table import VIEWS, view_files

__all__ = [
    "VIEWS",
    "RunTold",
    "ViewFacts",
    "croissant",
    "data_trust",
    "eu_summary",
    "implicit_label",
    "prov_of_conversation",
    "prov_of_set",
    "view_facts",
    "view_files",
]
