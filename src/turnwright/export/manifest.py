"""What an export wrote: every file with its count and hash, and what was left out and why."""

from __future__ import annotations

import msgspec

__all__ = ["ExportedFile", "Manifest", "ViewFile"]


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file; `path` is relative to the export folder, `bytes` its size, `sha256` in hex.

    conversations: how many it has something of. lines: how many lines (or rows) it has; a council may leave several
    of one conversation.
    """

    path: str
    format: str
    split: str
    conversations: int
    bytes: int
    sha256: str
    lines: int = 0


class ViewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A view of the set in the form of a standard; `path`, `bytes` and `sha256` as of an `ExportedFile`."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `manifest.json`.

    domain: fingerprint of the domain. settings: hash of the export settings. spec: hash of the whole spec, where the
    caller gave one. conversations: how many were taken in. splits: split → how many of them. shortened: how many
    end on another turn than they did (chat formats end on the assistant). left_out: format → reason → how many.
    card: name of the dataset card's file, empty when none was written. views: what describes the set otherwise.
    """

    domain: str
    settings: str
    spec: str
    conversations: int
    splits: dict[str, int]
    shortened: int
    left_out: dict[str, dict[str, int]]
    files: tuple[ExportedFile, ...]
    card: str = ""
    views: tuple[ViewFile, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """Everything that was written beside the manifest: training files, views, the card."""
        listed = [file.path for file in self.files] + [view.path for view in self.views]
        return frozenset([*listed, self.card] if self.card else listed)
