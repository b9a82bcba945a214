"""Files as streams of conversations in JSON: what a file is, is told by its first bytes; gzip is opened on the way.

One conversation at a time is in memory, however big the file is. What stands in it is read by `lines` and `messages`;
Parquet and Arrow files are read by `tables`.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from turnwright.errors import InputError

__all__ = ["Kind", "array_items", "file_lines", "kind_of"]

Kind = Literal["JSONL", "JSON", "Parquet", "Arrow"]
EMPTY_FIX, OTHER_FIX = "name a file with conversations", "name a file of conversations, or a folder"
_HEAD, _CHUNK, _BOM = 4096, 1 << 20, b"\xef\xbb\xbf"
_AT_THE_END = 16  # letters in which a cut literal or escape ends
_GZIP = b"\x1f\x8b"
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive", "unpack it and name the files"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it, or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it, or compress it with gzip"),
    (b"BZh", "compressed with bzip2", "unpack it, or compress it with gzip"),
    (b"SQLite format 3", "an SQLite database", "name the run folder, not its database"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


def kind_of(path: Path) -> Kind:
    """What the file holds, told by its first bytes; raises InputError where it is nothing that can be read."""
    with _opened(path) as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        return "Parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "Arrow"
    for mark, what, fix in _OTHERS:
        if head.startswith(mark):
            raise InputError(f"the file is {what}, which is not read", where=str(path), fix=fix)
    if b"\x00" in head:
        raise InputError("the file is no text", where=str(path), fix="name a JSONL, JSON, Parquet or Arrow file")
    return "JSON" if head.removeprefix(_BOM).lstrip().startswith(b"[") else "JSONL"


def file_lines(path: Path, *, called: str = "", fix: str = OTHER_FIX) -> Iterator[tuple[str, bytes]]:
    """Every line that is not blank, with its place.

    Args:
        called: what the file is called in complaints.
        fix: what to do about a file that cannot be read.

    Raises:
        InputError: the file cannot be read, or has no such line.
    """
    count = 0
    with _opened(path, called, fix) as file:
        for number, line in enumerate(file, start=1):
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                count += 1
                yield f"{path}:{number}", line
    if not count:
        raise _empty(path, called)


def _empty(path: Path, called: str = "") -> InputError:
    return InputError(f"{called or 'the file'} is empty", where=str(path), fix=EMPTY_FIX)


@contextmanager
def _opened(path: Path, called: str = "", fix: str = OTHER_FIX) -> Iterator[IO[bytes]]:
    """Open a file, unpacking gzip; what the disk or the packing says while it is read is raised as InputError."""
    head = f"{called} cannot be read" if called else "cannot be read"
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield unpacked  # type: ignore[misc]  # a GzipFile is read as any file
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise InputError(f"{head} (damaged gzip: {fault})", where=str(path), fix="fetch the file again") from fault
    except OSError as fault:
        raise InputError(f"{head} ({fault.strerror})", where=str(path), fix=fix) from fault


# --- one JSON array ---------------------------------------------------------------------------------------------


def array_items(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every item of the JSON array that the file is, with the line where it begins."""
    count = 0
    with _opened(path) as file:
        text = _Text(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), path)
        text.take("[")
        while text.next() not in ("]", ""):
            count += 1
            yield text.place, text.item().encode()
            if text.next() != "]":
                text.take(",")
        text.take("]")
        if text.next():
            raise InputError("something stands after the array", where=text.place, fix="keep one array, or write JSONL")
    if not count:
        raise _empty(path)


class _Text:
    """A window over a long text, of which only what is being read is held."""

    def __init__(self, file: io.TextIOWrapper, path: Path) -> None:
        self._file, self._path = file, path
        self._held, self._at, self._line, self._counted = "", 0, 1, 0
        self._decoder = json.JSONDecoder()

    @property
    def place(self) -> str:
        """File and line of what comes next."""
        self._line += self._held.count("\n", self._counted, self._at)
        self._counted = self._at
        return f"{self._path}:{self._line}"

    def next(self) -> str:
        """The next letter that is no space, "" at the end."""
        while True:
            while self._at < len(self._held):
                if not self._held[self._at].isspace():
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, letter: str) -> None:
        """Go over this letter, which must come next."""
        found = self.next()
        if found != letter:
            there = f"'{found}' stands" if found else "the file ends"
            what = f"not a JSON array ({there} where '{letter}' should be)"
            raise InputError(what, where=self.place, fix="mend the file, or write JSONL")
        self._at += 1

    def item(self) -> str:
        """The text of the next value, which is read on until it is whole."""
        while True:
            try:
                _, end = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as fault:
                cut = fault.msg.startswith("Unterminated") or fault.pos + _AT_THE_END >= len(self._held)
                if not (cut and self._more()):
                    where = self._place_of(fault)
                    raise InputError(f"not JSON ({fault.msg})", where=where, fix="mend the file") from None
            except RecursionError:
                raise InputError("nested too deeply", where=self.place, fix="mend the file") from None
            else:
                text, self._at = self._held[self._at : end], end
                return text

    def _place_of(self, fault: json.JSONDecodeError) -> str:
        return f"{self._path}:{self._line + self._held.count(chr(10), self._counted, fault.pos)}"

    def _more(self) -> bool:
        """Drop what was read and read on, twice as much each time where a value is long; False at the end."""
        self._line += self._held.count("\n", self._counted, self._at)
        self._held, self._at, self._counted = self._held[self._at :], 0, 0
        try:
            fresh = self._file.read(max(_CHUNK, len(self._held)))
        except UnicodeDecodeError as fault:
            raise InputError(f"not UTF-8 ({fault.reason})", where=self.place, fix="save it as UTF-8") from None
        self._held += fresh
        return bool(fresh)
