"""Stage `export`: what was admitted → files that trainers read, with splits that never share a scenario."""

from turnwright.export.card import CardFacts, Guard, Written, card
from turnwright.export.kept import Kept, LeftOut, Line
from turnwright.export.manifest import ExportedFile, Manifest, ViewFile
from turnwright.export.openai_chat import check_openai
from turnwright.export.settings import ExportSettings
from turnwright.export.splits import split_of
from turnwright.export.verb import FORMATS, export

__all__ = [
    "FORMATS",
    "CardFacts",
    "ExportSettings",
    "ExportedFile",
    "Guard",
    "Kept",
    "LeftOut",
    "Line",
    "Manifest",
    "ViewFile",
    "Written",
    "card",
    "check_openai",
    "export",
    "split_of",
]
