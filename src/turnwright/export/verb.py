"""The verb of the stage: admitted conversations become files, in one pass and in constant memory.

All files of an export are written beside their places and appear together at the end; what an earlier export left
and this one does not write is removed. Names of files come from the spec, never from what a model wrote.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, BinaryIO

import msgspec

from turnwright.domains import Domain
from turnwright.errors import DomainError
from turnwright.export.critique import critique_lines
from turnwright.export.kept import Kept, LeftOut, Line, about, said_last
from turnwright.export.manifest import ExportedFile, Manifest, ViewFile
from turnwright.export.openai_chat import openai_lines, openai_name
from turnwright.export.preference import preference_lines
from turnwright.export.settings import ExportSettings
from turnwright.export.sharegpt import sharegpt_lines
from turnwright.export.splits import split_of
from turnwright.export.trl import trl_lines
from turnwright.export.views.prov import prov_of_conversation
from turnwright.records import content_id
from turnwright.store.files import whole_file, write_bytes, write_text
from turnwright.store.parquet import ConversationRow, write_conversations

__all__ = ["FORMATS", "export"]

Format = Callable[[Kept, Domain, ExportSettings], Iterable[Line | LeftOut]]
WriteParquet = Callable[[Path, Iterable[ConversationRow]], int]

FORMATS: dict[str, Format] = {
    "openai": openai_lines,
    "sharegpt": sharegpt_lines,
    "trl": trl_lines,
    "preference": preference_lines,
    "critique": critique_lines,
}
"""Formats of JSON lines, each with what it gives of one conversation; `parquet` is written by the store."""

MANIFEST, CARD, VIEWS = "manifest.json", "README.md", "views"


def export(
    kept: Iterable[Kept],
    domain: Domain,
    settings: ExportSettings,
    folder: Path,
    write_parquet: WriteParquet = write_conversations,
    spec_hash: str = "",
    card: Callable[[Manifest], str] | None = None,
    views: Callable[[Manifest], dict[str, bytes]] | None = None,
) -> Manifest:
    """Write all formats of the settings into `folder` and return the manifest (also `manifest.json` there).

    The same conversations in the same order give the same bytes.

    Args:
        card: gives the text of the dataset card (`README.md` in the folder) from the finished manifest.
        views: gives the files of the folder `views`, name → content, from the manifest of the training files.

    Raises:
        DomainError: two tools would have one name in OpenAI's format.
        InputError: Parquet is wanted and pyarrow is not installed.
        DiskFull, StoreError: a file could not be written; what stood there before still does.
    """
    _check_names(domain)
    before = _earlier(folder)
    pass_ = _Pass(domain, settings, folder)
    with pass_.stack:
        for one in kept:
            pass_.take(one)
        if "parquet" in settings.formats:
            pass_.parquet(write_parquet)
        manifest = pass_.manifest(spec_hash, CARD if card else "")
        # before the files appear: a view or a card that fails leaves the earlier export
        described = views(manifest) if views else {}
        manifest = msgspec.structs.replace(manifest, views=tuple(_view(*each) for each in sorted(described.items())))
        text = card(manifest) if card else ""
    for name, content in described.items():
        write_bytes(folder / VIEWS / name, content)
    if manifest.card:
        write_text(folder / CARD, text)
    write_bytes(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    for stale in before - manifest.paths:
        (folder / stale).unlink(missing_ok=True)
    return manifest


class _Hashed:
    """A file that counts and hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, hashlib.sha256()
        self.lines = self.size = self.conversations = 0

    def write(self, value: Any) -> None:
        line = msgspec.json.encode(value) + b"\n"
        self.file.write(line)
        self.digest.update(line)
        self.lines, self.size = self.lines + 1, self.size + len(line)


class _Pass:
    """One pass over the conversations: files are opened when their first line comes."""

    def __init__(self, domain: Domain, settings: ExportSettings, folder: Path) -> None:
        self.domain, self.settings, self.folder = domain, settings, folder
        self.stack = ExitStack()
        self.open: dict[str, _Hashed] = {}
        self.kinds: dict[str, tuple[str, str]] = {}
        self.spools: dict[str, IO[bytes]] = {}
        self.others: list[ExportedFile] = []
        self.splits: Counter[str] = Counter()
        self.left_out: dict[str, Counter[str]] = {}
        self.shortened = 0

    def take(self, kept: Kept) -> None:
        split = split_of(kept.scenario, self.settings.splits, self.settings.split_by)
        self.splits[split] += 1
        self.shortened += len(said_last(kept.conversation)) < len(kept.conversation.turns)
        for name in self.settings.formats:
            if name == "parquet":
                self._spool(split).write(msgspec.json.encode(_row(kept, split)) + b"\n")
            else:
                self._lines(name, split, kept)
        if "prov_conversations" in self.settings.views:
            path = f"{VIEWS}/prov.{split}.provenance.jsonl"  # an ending that readers of conversations pass over
            self._file(path, "prov", split).write(prov_of_conversation(kept))
            self.open[path].conversations += 1

    def _lines(self, name: str, split: str, kept: Kept) -> None:
        written: set[str] = set()
        for line in FORMATS[name](kept, self.domain, self.settings):
            if isinstance(line, LeftOut):
                self.left_out.setdefault(name, Counter())[line.reason] += 1
            else:
                written |= self._line(name, split, kept, line)
        for path in written:
            self.open[path].conversations += 1

    def _line(self, name: str, split: str, kept: Kept, line: Line) -> set[str]:
        """Write one line; the service behind OpenAI's format refuses metadata, which stands in a file beside."""
        rows = {f"{name}/{split}.jsonl": (name, line.content)}
        if self.settings.with_metadata:
            told = {**about(kept, split, self.settings), **line.told}
            if name == "openai":
                rows[f"{name}/{split}.provenance.jsonl"] = ("provenance", told)
            else:
                rows[f"{name}/{split}.jsonl"] = (name, {**line.content, "metadata": told})
        for path, (kind, row) in rows.items():
            self._file(path, kind, split).write(row)
        return set(rows)

    def _file(self, path: str, name: str, split: str) -> _Hashed:
        if path not in self.open:
            self.open[path] = _Hashed(self.stack.enter_context(whole_file(self.folder / path)))
            self.kinds[path] = (name, split)
        return self.open[path]

    def _spool(self, split: str) -> IO[bytes]:
        """Parquet is written a split at a time, so conversations wait on disk, not in memory."""
        if split not in self.spools:
            file = tempfile.TemporaryFile()  # noqa: SIM115 (the exit stack closes it)
            self.spools[split] = self.stack.enter_context(file)
        return self.spools[split]

    def parquet(self, write: WriteParquet) -> None:
        """Write what was spooled, one file a split."""
        for split, spool in self.spools.items():
            path = self.folder / "parquet" / f"{split}.parquet"
            count = write(path, _rows(spool))
            sha, size = _sum(path)
            file = ExportedFile(
                path=path.relative_to(self.folder).as_posix(),
                format="parquet",
                split=split,
                conversations=count,
                bytes=size,
                sha256=sha,
                lines=count,
            )
            self.others.append(file)

    def manifest(self, spec_hash: str, card: str) -> Manifest:
        lines = [
            ExportedFile(
                path=path,
                format=self.kinds[path][0],
                split=self.kinds[path][1],
                conversations=file.conversations,
                bytes=file.size,
                sha256=file.digest.hexdigest(),
                lines=file.lines,
            )
            for path, file in self.open.items()
        ]
        return Manifest(
            domain=self.domain.fingerprint,
            settings=content_id("ex", self.settings.model_dump(mode="json")),
            spec=spec_hash,
            conversations=sum(self.splits.values()),
            splits={name: self.splits[name] for name in self.settings.splits},
            shortened=self.shortened,
            left_out={name: dict(sorted(reasons.items())) for name, reasons in sorted(self.left_out.items())},
            files=tuple(sorted([*lines, *self.others], key=lambda file: file.path)),
            card=card,
        )


def _view(name: str, content: bytes) -> ViewFile:
    return ViewFile(path=f"{VIEWS}/{name}", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def _row(kept: Kept, split: str) -> ConversationRow:
    return ConversationRow(
        conversation=kept.conversation,
        scenario=kept.scenario,
        blueprint=kept.blueprint,
        admission=kept.admission,
        split=split,
    )


def _rows(spool: IO[bytes]) -> Iterator[ConversationRow]:
    spool.seek(0)
    decoder = msgspec.json.Decoder(ConversationRow)
    yield from map(decoder.decode, spool)


def _sum(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _earlier(folder: Path) -> set[str]:
    """The files that an earlier export says it wrote, kept to its own folders."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return set()
    own = (*FORMATS, "parquet", VIEWS)
    files = {path for path in manifest.paths if Path(path).parent.as_posix() in own and ".." not in path}
    return files | ({CARD} & {manifest.card})


def _check_names(domain: Domain) -> None:
    names = Counter(openai_name(name) for name in domain.tools)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise DomainError(
            f"two tools would both be called '{twice[0]}' in an export",
            where=f"domain {domain.name}",
            fix="use names of letters, digits, '_' and '-', at most 64",
        )
