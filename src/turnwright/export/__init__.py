"""Stage `export`: what was admitted → files that trainers read, with splits that never share a scenario."""

from turnwright.export.kept import Kept
from turnwright.export.manifest import ExportedFile, Manifest
from turnwright.export.openai_chat import check_openai
from turnwright.export.settings import ExportSettings
from turnwright.export.splits import split_of
from turnwright.export.verb import FORMATS, export

__all__ = ["FORMATS", "ExportSettings", "ExportedFile", "Kept", "Manifest", "check_openai", "export", "split_of"]
